"""Sets of strings, as steps of characters, and whether two of them have a string in common.

A step is one character out of a set, or any number of them: what a pattern or an unknown string may
be, without the names of its holes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.wildcards import WILDCARDS


class Characters(NamedTuple):
    """A set of characters."""

    only: str = ""  # the one character, or "" for all but `excludes`
    excludes: str = ""
    owner: str = ""  # the unique name of which they are a part

    def shares(self, other: Characters) -> bool:
        """Whether some character belongs to both sets."""
        if self.owner and other.owner and self.owner != other.owner:
            return False
        if self.only:
            return self.only == other.only if other.only else self.only not in other.excludes
        return not other.only or other.only not in self.excludes


class Step(NamedTuple):
    """One character (``many`` false) or any number of them, out of a set."""

    characters: Characters
    many: bool


@lru_cache(maxsize=1024)
def literal_step(character: str) -> Step:
    return Step(Characters(character), many=False)


@lru_cache(maxsize=1024)
def pattern_step(character: str) -> Step:
    wild = character in WILDCARDS
    return Step(Characters("" if wild else character), many=character == "*")


@lru_cache(maxsize=1024)
def hole_steps(excludes: str, owner: str, length: int, nonempty: bool) -> tuple[Step, ...]:
    """The strings that fill a hole; ``length`` 0 stands for any number of characters."""
    characters = Characters("", excludes, owner)
    if length:
        return (Step(characters, many=False),) * length
    many = Step(characters, many=True)
    return (Step(characters, many=False), many) if nonempty else (many,)


def may_meet(left: Sequence[Step], right: Sequence[Step]) -> bool:
    """Whether the two sets of strings have one in common.

    Walks along the right, with all positions that it can have on the left as the bits of a number.
    """
    many, letters, others = 0, dict[str, int](), dict[Characters, int]()
    for index, (characters, is_many) in enumerate(left):
        many |= is_many << index
        if characters.only:
            letters[characters.only] = letters.get(characters.only, 0) | 1 << index
        else:
            others[characters] = others.get(characters, 0) | 1 << index
    passes: dict[Characters, int] = {}
    places = flood(1, many)
    for characters, is_many in right:
        onward = passes.get(characters, -1)
        if onward < 0:
            onward = passes[characters] = _sharing(characters, letters, others)
        if is_many:
            places = flood(places, onward | many)
        else:
            places = flood((places & onward & many) | (places & onward & ~many) << 1, many)
        if not places:
            return False
    return bool(places >> len(left))


def _sharing(mine: Characters, letters: dict[str, int], others: dict[Characters, int]) -> int:
    """The positions, as bits, of the letters and other sets that share a character with one."""
    found = letters.get(mine.only, 0)
    if not mine.only:
        for letter, bits in letters.items():
            if letter not in mine.excludes:
                found |= bits
    for characters, bits in others.items():
        if characters.shares(mine):
            found |= bits
    return found


def flood(places: int, onward: int) -> int:
    """Adds the places that are reached through an unbroken run of ``onward``: a carry runs on."""
    return (((places & onward) + onward) ^ onward) | places
