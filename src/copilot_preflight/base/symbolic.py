"""What is known of a string: literal parts and holes, and matching that answers yes, no or unknown.

A template rarely spells an ARN out. ``!Sub 'arn:${AWS::Partition}:s3:::${Bucket}/app.env'`` is a
string of which some parts are written and others are known by name only. `Text` keeps both, so
that two strings with the same holes can be *proved* equal without knowing what fills them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from copilot_preflight.base.character_sets import (
    Step,
    flood,
    hole_steps,
    literal_step,
    may_meet,
    pattern_step,
)
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.wildcards import WILDCARDS, wildcard_match

_BEFORE_WILDCARD: Final = re.compile(r"[^*?]*")
_BEHIND_WILDCARD: Final = re.compile(r".*[*?]", re.DOTALL)
_NOTHING: Final = frozenset[str]()


# Both classes are written out by hand: texts are made by the thousand for every template, and a
# frozen dataclass takes four times as long to make.


class Hole:
    """An unknown stretch of a string.

    Two holes with the same ``name`` and ``scope`` stand for the same value, and are equal. The
    others say what is known of it: ``excludes`` are characters that it cannot hold, ``never`` whole
    values that it is known not to have, ``nonempty`` that it has a character at least.
    ``condition`` names the template condition whose outcome would fill the hole. A hole that is
    ``unique`` is a name that AWS makes up for one resource: it has no stretch in common with that
    of another. ``length`` is the number of its characters, 0 where that is not known.
    """

    __slots__ = (
        "condition", "excludes", "length", "name", "never", "nonempty", "scope", "unique"
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        scope: str = "",
        excludes: str = "",
        nonempty: bool = False,
        never: frozenset[str] = _NOTHING,
        condition: str = "",
        unique: bool = False,
        length: int = 0,
    ) -> None:
        self.name: Final = name
        self.scope: Final = scope
        self.excludes: Final = excludes
        self.nonempty: Final = nonempty
        self.never: Final = never
        self.condition: Final = condition
        self.unique: Final = unique
        self.length: Final = length

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Hole) and self.name == other.name and self.scope == other.scope
        )

    def __hash__(self) -> int:
        return hash((self.name, self.scope))

    def __repr__(self) -> str:
        known = ", ".join(f"{field}={getattr(self, field)!r}" for field in self.__slots__)
        return f"Hole({known})"

    def but(
        self,
        *,
        excludes: str | None = None,
        nonempty: bool | None = None,
        never: frozenset[str] | None = None,
        length: int | None = None,
    ) -> Hole:
        """The same hole, of which something else is known."""
        return Hole(
            self.name,
            self.scope,
            self.excludes if excludes is None else excludes,
            self.nonempty if nonempty is None else nonempty,
            self.never if never is None else never,
            self.condition,
            self.unique,
            self.length if length is None else length,
        )

    def may_be(self, value: str) -> bool:
        """Whether the value may be a known one."""
        return (
            value not in self.never
            and (bool(value) or not self.nonempty)
            and self.length in (0, len(value))
            and not any(character in self.excludes for character in value)
        )

    @property
    def may_be_wildcard(self) -> bool:
        return "*" not in self.excludes or "?" not in self.excludes

    def __str__(self) -> str:
        """``${name}``, as a template would write it; long expressions are cut short."""
        return "${" + (self.name if len(self.name) <= 60 else self.name[:57] + "…") + "}"


class Pieces(NamedTuple):
    """A split string: the leading pieces that are certain, and whether those are all of them."""

    items: tuple[Text, ...]
    complete: bool


class Text:
    """A string made of literal parts and holes; ``Text(())`` is the empty string.

    ``literal`` is the whole string, or None where a hole is left in it.
    """

    __slots__ = ("_split", "literal", "parsed", "parts")

    def __init__(self, parts: tuple[str | Hole, ...]) -> None:
        self.parts: Final = parts
        only = parts[0] if len(parts) == 1 else None if parts else ""
        self.literal: Final[str | None] = only if only.__class__ is str else None
        self._split: tuple[str, int, Pieces] | None = None  # how it was split last
        self.parsed: Any = False  # what `iam.arn.parse` makes of it; False: nobody has asked

    @staticmethod
    def of(*parts: str | Hole | Text) -> Text:
        """Joins strings, holes and texts; neighbouring literals become one."""
        if len(parts) == 1:
            only = parts[0]
            if isinstance(only, str):
                return _literal(only) if len(only) < _SHORT else Text((only,))
            return only if isinstance(only, Text) else Text((only,))
        joined: list[str | Hole] = []
        begun = ""  # a literal that may go on
        for part in parts:
            if isinstance(part, str):
                begun += part
                continue
            for atom in part.parts if isinstance(part, Text) else (part,):
                if isinstance(atom, str):
                    begun += atom
                    continue
                if begun:
                    joined.append(begun)
                    begun = ""
                joined.append(atom)
        if begun:
            joined.append(begun)
        return Text(tuple(joined))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Text) and self.parts == other.parts)

    def __hash__(self) -> int:
        return hash(self.parts)

    def __repr__(self) -> str:
        return f"Text({self.parts!r})"

    @property
    def holes(self) -> Iterator[Hole]:
        return (part for part in self.parts if isinstance(part, Hole))

    @property
    def identity(self) -> str:
        """A spelling that only equal texts share; ``str`` cuts names short and drops scopes."""
        return "".join(
            f"${{{part.scope}:{part.name}}}" if isinstance(part, Hole) else part.replace("$", "$$")
            for part in self.parts
        )

    @property
    def only_hole(self) -> Hole | None:
        """The hole that is the whole of the string, if it is nothing else."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Hole):
            return self.parts[0]
        return None

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    def lower(self) -> Text:
        """For comparison with another lowered text: a hole then stands for its value lowered."""
        if self.literal is not None:
            return Text.of(self.literal.lower())
        return Text(tuple(p.lower() if isinstance(p, str) else _lowered(p) for p in self.parts))

    def has_wildcard(self) -> bool:
        return any(w in part for part in self.parts if isinstance(part, str) for w in WILDCARDS)

    def equals(self, other: Text) -> bool | None:
        """Whether the two strings are the same, whatever fills the holes."""
        if self == other:
            return True
        if self.literal is not None and other.literal is not None:
            return False
        left, right = _different(self, other)
        for one, two in ((left, right), (right, left)):
            hole, literal = one.only_hole, two.literal
            if hole is not None and literal is not None:
                return None if hole.may_be(literal) else False
        return None if _may_meet(_shape(left), _shape(right), is_pattern=False) else False

    def split(self, separator: str, limit: int = -1) -> Pieces:
        """Splits at a literal separator, ``limit`` times at most (-1: as often as it stands).

        Stops where a hole may hold the separator itself, or a part of it. The last answer is kept:
        one ARN of a policy is taken apart for every question about its statement.
        """
        last = self._split
        if last is None or last[0] != separator or last[1] != limit:
            last = self._split = separator, limit, self._pieces(separator, limit)
        return last[2]

    def _pieces(self, separator: str, limit: int) -> Pieces:
        if not separator:
            return Pieces((self,), complete=True)
        if self.literal is not None:
            found = self.literal.split(separator, limit)
            return Pieces(tuple([Text.of(it) for it in found]), complete=True)
        pieces: list[Text] = []
        current: list[str | Hole] = []
        for part in self.parts:
            if isinstance(part, str):
                head, *rest = part.split(
                    separator, max(limit - len(pieces), 0) if limit >= 0 else -1
                )
                current.append(head)
                for piece in rest:
                    pieces.append(_joined(current))
                    current = [piece]
            elif len(pieces) == limit or _keeps_out(part, separator):
                current.append(part)
            elif len(separator) == 1:
                name = f"piece {len(pieces)} of {self} split at '{separator}'"
                hole = Hole(name, self.identity, excludes=separator, condition=part.condition)
                return Pieces((*pieces, Text.of(*current, hole)), complete=False)
            else:  # what stands before the hole may be the first half of a separator
                return Pieces(tuple(pieces), complete=False)
        pieces.append(_joined(current))
        return Pieces(tuple(pieces), complete=True)


def _joined(atoms: list[str | Hole]) -> Text:
    """The text of atoms of which no two strings are neighbours; some may be empty."""
    kept = [atom for atom in atoms if atom]
    return Text.of(kept[0]) if len(kept) == 1 else Text(tuple(kept)) if kept else EMPTY


_SHORT: Final = 200
"""Characters of a string that is worth keeping."""


@lru_cache(maxsize=4_000)
def _literal(text: str) -> Text:
    """A short string: the same ones come again and again, and are taken apart once."""
    return Text((text,)) if text else EMPTY


def _keeps_out(hole: Hole, separator: str) -> bool:
    """Whether no separator can begin, end or come about in a hole."""
    if len(separator) == 1:
        return separator in hole.excludes
    apart = hole.nonempty or len(separator) == 1
    return apart and all(character in hole.excludes for character in separator)


def _lowered(hole: Hole) -> Hole:
    kept = "".join(c for c in hole.excludes if c.lower() == c.upper())
    return hole.but(excludes=kept, never=_NOTHING)


EMPTY: Final = Text(())


def match(pattern: Text, target: Text) -> bool | None:
    """Whether an IAM pattern matches a string: True, False, or None where the holes decide.

    ``*`` stands for any characters, ``?`` for one; both span ``/`` and ``:``.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    known_pattern, known_target = pattern.literal, target.literal
    if known_pattern is not None and known_target is not None:
        return wildcard_match(known_pattern, known_target)
    if known_pattern == "*" or pattern == target:
        return True
    only = pattern.only_hole
    if only is not None and only.may_be_wildcard:
        return None
    if _begin_apart(pattern, target) or _end_apart(pattern, target):
        return False
    left, right = _different(pattern, target, wild=True)
    if left.has_wildcard() and _must_match(left, right):  # else it matches its equal only
        return True
    if not _may_meet(_pattern_shape(left), _shape(right)):
        return False
    begin = left.parts[0] if left.parts else ""
    is_shared = isinstance(begin, Hole) and begin in right.parts[:1]
    return False if is_shared and _ends_apart(left, right) else None


def match_by_segment(pattern: Text, target: Text, separator: str, count: int) -> bool | None:
    """`match`, but True only where no wildcard inside a segment has to run over a separator.

    Segments are what stands between the first ``count`` separators (one character each) of the
    pattern; behind those, a wildcard runs on freely, and so does a star that ends its segment.
    """
    verdict = match(pattern, target)
    if verdict and has_inner_wildcard(pattern, separator, count):
        return True if _must_match(pattern, target, separator, count) else None
    return verdict


def has_inner_wildcard(pattern: Text, separator: str, count: int) -> bool:
    """Whether a wildcard stands inside one of the first ``count`` segments and does not end it."""
    return pattern.has_wildcard() and _confined(_atoms(pattern), separator, count) > 0


def _confined(atoms: Sequence[str | Hole], separator: str, count: int) -> int:
    """The wildcards inside a segment of a pattern, as the bits of a number."""
    found = begun = 0
    for index, atom in enumerate(atoms):
        if begun == count:
            break
        begun += atom == separator
        following = atoms[index + 1] if index + 1 < len(atoms) else separator
        if atom == "?" or (atom == "*" and following not in (separator, "*")):
            found |= 1 << index
    return found


# --- matching with holes ---------------------------------------------------------------------


def _hole_steps(hole: Hole) -> tuple[Step, ...]:
    owner = f"{hole.scope}:{hole.name}" if hole.unique else ""
    return hole_steps(hole.excludes, owner, hole.length, hole.nonempty)


_ANYTHING: Final = hole_steps("", "", 0, False)


_Shape = tuple["str | tuple[Step, ...]", ...]
"""What is known of a string without the names of its holes: what several share is not kept."""


def _shape(text: Text) -> _Shape:
    return tuple([_hole_steps(it) if isinstance(it, Hole) else it for it in text.parts])


def _pattern_shape(pattern: Text) -> _Shape:
    """The same of a pattern; a hole that may hold a wildcard can match anything."""
    return tuple(
        [
            it if isinstance(it, str) else _ANYTHING if it.may_be_wildcard else _hole_steps(it)
            for it in pattern.parts
        ]
    )


@lru_cache(maxsize=1024)
def _may_meet(one: _Shape, two: _Shape, *, is_pattern: bool = True) -> bool:
    """Whether there is a string that both can be; the first may be a pattern.

    The objects of a hundred parameters are alike but for their names.
    """
    step = pattern_step if is_pattern else literal_step
    return may_meet(_steps(one, step), _steps(two, literal_step))


def _steps(shape: _Shape, step: Callable[[str], Step]) -> list[Step]:
    found: list[Step] = []
    for part in shape:
        found += map(step, part) if isinstance(part, str) else part
    return found


def _different(left: Text, right: Text, *, wild: bool = False) -> tuple[Text, Text]:
    """Two strings without the beginning and the end that they share.

    ``wild``: the left one is a pattern, whose wildcards stand for nothing in particular.
    """
    one, two = left.parts, right.parts
    for _ in range(2):  # the end, then the beginning: both are turned round each time
        one, two = _behind_shared(_turned(one), _turned(two), WILDCARDS if wild else "")
    return Text(one), Text(two)


_Parts = tuple[str | Hole, ...]


def _turned(parts: _Parts) -> _Parts:
    return tuple([it[::-1] if isinstance(it, str) else it for it in reversed(parts)])


def _behind_shared(one: _Parts, two: _Parts, wildcards: str) -> tuple[_Parts, _Parts]:
    """What is left of both behind the beginning that they share, up to a wildcard of the first."""
    while one and two:
        first, other = one[0], two[0]
        if isinstance(first, str) and isinstance(other, str):
            size = _shared(first, other, wildcards)
            if not size:
                break
            one, two = _from(size, first, one), _from(size, other, two)
        elif first == other and not (wildcards and _is_wild(first)):
            one, two = one[1:], two[1:]
        else:
            break
    return one, two


def _shared(one: str, two: str, wildcards: str) -> int:
    """How many letters two strings begin with alike, up to a wildcard."""
    for index, (letter, other) in enumerate(zip(one, two, strict=False)):
        if letter != other or letter in wildcards:
            return index
    return min(len(one), len(two))


def _from(size: int, first: str, parts: _Parts) -> _Parts:
    return (first[size:], *parts[1:]) if size < len(first) else parts[1:]


def _begin_apart(pattern: Text, target: Text) -> bool:
    """Whether the first letters behind what both share, as far as they are known, differ."""
    for one, two in zip(pattern.parts, target.parts, strict=False):
        if isinstance(one, str) and isinstance(two, str):
            head = _BEFORE_WILDCARD.match(one)
            known = head[0] if head is not None else ""
            if one != two or known != one:
                return not (known.startswith(two) or two.startswith(known))
        elif one != two or _is_wild(one):
            return False
    return False


def _end_apart(pattern: Text, target: Text) -> bool:
    """Whether the last letters, as far as both are known, differ."""
    one, two = pattern.parts[-1:], target.parts[-1:]
    if not one or not two or isinstance(one[0], Hole) or isinstance(two[0], Hole):
        return False
    known = _BEHIND_WILDCARD.sub("", one[0])
    return not (known.endswith(two[0]) or two[0].endswith(known))


def _ends_apart(pattern: Text, target: Text) -> bool:
    """Whether a pattern and a string that begin with the same hole certainly go on differently.

    Whatever wildcards a value holds, as a pattern it matches itself, and at no earlier place can
    its stars leave off: the letters behind it are still to be found behind it in the string.
    """
    shared = 0
    for index, (one, two) in enumerate(zip(pattern.parts, target.parts, strict=False), 1):
        if one != two:
            break
        if isinstance(one, Hole):
            shared = index
    rest, behind = pattern.parts[shared:], target.parts[shared:]
    if not rest or isinstance(rest[0], Hole):
        return False
    begin = rest[0].lstrip(WILDCARDS)
    if not begin:
        return False
    if len(behind) == 1 and isinstance(behind[0], str) and len(rest) == 1:
        return not wildcard_match(f"*{begin}", behind[0])
    anywhere = _pattern_shape(Text((f"*{begin}", *rest[1:])))
    return not _may_meet(anywhere, _shape(Text(behind)))


def _is_wild(atom: str | Hole) -> bool:
    return atom.may_be_wildcard if isinstance(atom, Hole) else atom in WILDCARDS


def _must_match(pattern: Text, target: Text, separator: str = "", count: int = 0) -> bool:
    """Whether the pattern matches whatever fills the holes: each hole meets itself or a star.

    ``separator`` and ``count`` are those of `match_by_segment`.
    """
    stars, any_character, by_atom = 0, 0, dict["str | Hole", int]()
    atoms = _atoms(pattern)
    for index, atom in enumerate(atoms):
        stars |= (atom == "*") << index
        any_character |= (atom == "?") << index
        by_atom[atom] = by_atom.get(atom, 0) | 1 << index
    free = ~_confined(atoms, separator, count) if count else -1
    places = flood(1, stars)
    for atom in _atoms(target):
        separates = count and (atom == separator or _may_hold(atom, separator))
        passing, single = (
            (stars & free, any_character & free) if separates else (stars, any_character)
        )
        onward = by_atom.get(atom, 0) | (single if isinstance(atom, str) else 0)
        through = places
        places = flood((places & passing) | (places & onward & ~stars) << 1, stars)
        if isinstance(atom, Hole) and atom.length:  # as many question marks match it too
            for _ in range(atom.length):
                through = flood((through & passing) | (through & single & ~stars) << 1, stars)
            places |= through
        if not places:
            return False
    return bool(places >> len(atoms))


def _may_hold(atom: str | Hole, separator: str) -> bool:
    return isinstance(atom, Hole) and separator not in atom.excludes


def _atoms(text: Text) -> list[str | Hole]:
    atoms: list[str | Hole] = []
    for part in text.parts:
        atoms += [part] if isinstance(part, Hole) else part
    return atoms
