"""What is known of a string: literal parts and holes, and matching that answers yes, no or unknown.

A template rarely spells an ARN out. ``!Sub 'arn:${AWS::Partition}:s3:::${Bucket}/app.env'`` is a
string of which some parts are written and others are known by name only. `Text` keeps both, so
that two strings with the same holes can be *proved* equal without knowing what fills them.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

WILDCARDS: Final = "*?"


@dataclass(frozen=True, slots=True)
class Hole:
    """An unknown stretch of a string.

    Two holes with the same ``name`` and ``scope`` stand for the same value. ``excludes`` are
    characters that the value cannot hold, ``never`` whole values that it is known not to have.
    ``condition`` names the template condition whose outcome would fill the hole.
    """

    name: str
    scope: str = ""
    excludes: str = field(default="", compare=False)
    nonempty: bool = field(default=False, compare=False)
    never: frozenset[str] = field(default=frozenset(), compare=False)
    condition: str = field(default="", compare=False)

    @property
    def may_be_wildcard(self) -> bool:
        return not all(character in self.excludes for character in WILDCARDS)

    def __str__(self) -> str:
        """``${name}``, as a template would write it; long expressions are cut short."""
        return "${" + (self.name if len(self.name) <= 60 else self.name[:57] + "…") + "}"


class Pieces(NamedTuple):
    """A split string: the leading pieces that are certain, and whether those are all of them."""

    items: tuple[Text, ...]
    complete: bool


@dataclass(frozen=True)
class Text:
    """A string made of literal parts and holes; ``Text(())`` is the empty string."""

    parts: tuple[str | Hole, ...]

    @staticmethod
    def of(*parts: str | Hole | Text) -> Text:
        """Joins strings, holes and texts; neighbouring literals become one."""
        joined: list[str | Hole] = []
        for part in parts:
            for atom in part.parts if isinstance(part, Text) else (part,):
                if isinstance(atom, Hole):
                    joined.append(atom)
                elif atom and joined and isinstance(joined[-1], str):
                    joined[-1] += atom
                elif atom:
                    joined.append(atom)
        return Text(tuple(joined))

    @cached_property
    def literal(self) -> str | None:
        """The whole string, or None where a hole is left in it."""
        if not self.parts:
            return ""
        only = self.parts[0]
        return only if len(self.parts) == 1 and isinstance(only, str) else None

    @property
    def holes(self) -> Iterator[Hole]:
        return (part for part in self.parts if isinstance(part, Hole))

    @property
    def only_hole(self) -> Hole | None:
        """The hole that is the whole of the string, if it is nothing else."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Hole):
            return self.parts[0]
        return None

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    def lower(self) -> Text:
        return Text(tuple(p.lower() if isinstance(p, str) else p for p in self.parts))

    def has_wildcard(self) -> bool:
        return any(w in part for part in self.parts if isinstance(part, str) for w in WILDCARDS)

    def equals(self, other: Text) -> bool | None:
        """Whether the two strings are the same, whatever fills the holes."""
        if self == other:
            return True
        for one, two in ((self, other), (other, self)):
            hole, literal = one.only_hole, two.literal
            if hole is not None and literal is not None and literal in hole.never:
                return False
        return None if _may_match(_as_set(self), _as_set(other)) else False

    def split(self, separator: str, limit: int = -1) -> Pieces:
        """Splits at a literal separator, ``limit`` times at most (-1: as often as it stands).

        Stops where a hole may hold the separator itself.
        """
        if not separator:
            return Pieces((self,), complete=True)
        pieces: list[Text] = []
        current: list[str | Hole] = []
        for part in self.parts:
            if isinstance(part, str):
                head, *rest = part.split(
                    separator, max(limit - len(pieces), 0) if limit >= 0 else -1
                )
                current.append(head)
                for piece in rest:
                    pieces.append(Text.of(*current))
                    current = [piece]
            elif len(pieces) == limit or (len(separator) == 1 and separator in part.excludes):
                current.append(part)
            else:
                name = f"piece {len(pieces)} of {self} split at '{separator}'"
                pieces.append(Text.of(*current, Hole(name, part.scope, excludes=separator)))
                return Pieces(tuple(pieces), complete=False)
        pieces.append(Text.of(*current))
        return Pieces(tuple(pieces), complete=True)


EMPTY: Final = Text(())


def match(pattern: Text, target: Text) -> bool | None:
    """Whether an IAM pattern matches a string: True, False, or None where the holes decide.

    ``*`` stands for any characters, ``?`` for one; both span ``/`` and ``:``.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    known_pattern, known_target = pattern.literal, target.literal
    if known_pattern is not None and known_target is not None:
        return wildcard_match(known_pattern, known_target)
    if _must_match(pattern, target):
        return True
    return None if _may_match(_as_pattern_set(pattern), _as_set(target)) else False


def wildcard_match(pattern: str, target: str) -> bool:
    """Whether a pattern with ``*`` and ``?`` matches the whole of a known string."""
    if pattern == "*" or pattern == target:
        return True
    return _compiled(pattern).match(target) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    # fnmatch writes a star so that it cannot backtrack exponentially. IAM knows no [sets].
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))


# --- matching with holes ---------------------------------------------------------------------


class _Step(NamedTuple):
    """One character (``many`` false) or any number of them, out of a set of characters."""

    only: str  # the one character, or "" for all but `excludes`
    excludes: str
    many: bool

    def shares(self, other: _Step) -> bool:
        """Whether some character belongs to both steps."""
        if self.only:
            return self.only == other.only if other.only else self.only not in other.excludes
        return not other.only or other.only not in self.excludes


def _hole_steps(hole: Hole) -> tuple[_Step, ...]:
    many = _Step("", hole.excludes, many=True)
    return (many._replace(many=False), many) if hole.nonempty else (many,)


def _as_set(text: Text) -> tuple[_Step, ...]:
    """The strings that a text can be, as steps; what several holes share is not kept."""
    steps: list[_Step] = []
    for part in text.parts:
        if isinstance(part, Hole):
            steps += _hole_steps(part)
        else:
            steps += (_Step(character, "", many=False) for character in part)
    return tuple(steps)


def _as_pattern_set(pattern: Text) -> tuple[_Step, ...]:
    """The strings that a pattern can match; a hole that may hold a wildcard can match anything."""
    steps: list[_Step] = []
    for part in pattern.parts:
        if isinstance(part, Hole):
            free = Hole(part.name) if part.may_be_wildcard else part
            steps += _hole_steps(free)
            continue
        for character in part:
            wild = character in WILDCARDS
            steps.append(_Step("" if wild else character, "", many=character == "*"))
    return tuple(steps)


def _may_match(left: tuple[_Step, ...], right: tuple[_Step, ...]) -> bool:
    """Whether the two sets of strings have one in common: a walk over pairs of positions."""
    pending, seen = [(0, 0)], {(0, 0)}
    while pending:
        i, j = pending.pop()
        a = left[i] if i < len(left) else None
        b = right[j] if j < len(right) else None
        if a is None and b is None:
            return True
        nexts = []
        if a is not None and a.many:
            nexts.append((i + 1, j))
        if b is not None and b.many:
            nexts.append((i, j + 1))
        if a is not None and b is not None and a.shares(b):
            nexts.append((i + (not a.many), j + (not b.many)))
        for state in nexts:
            if state not in seen:
                seen.add(state)
                pending.append(state)
    return False


def _must_match(pattern: Text, target: Text) -> bool:
    """Whether the pattern matches whatever fills the holes: each hole meets itself or a star."""
    left, right = _atoms(pattern), _atoms(target)
    pending, seen = [(0, 0)], {(0, 0)}
    while pending:
        i, j = pending.pop()
        if i == len(left):
            if j == len(right):
                return True
            continue
        a = left[i]
        b = right[j] if j < len(right) else None
        nexts = []
        if a == "*":
            nexts.append((i + 1, j))
            if b is not None:
                nexts.append((i, j + 1))
        elif b is not None and (a == b or (a == "?" and isinstance(b, str))):
            nexts.append((i + 1, j + 1))
        for state in nexts:
            if state not in seen:
                seen.add(state)
                pending.append(state)
    return False


def _atoms(text: Text) -> list[str | Hole]:
    atoms: list[str | Hole] = []
    for part in text.parts:
        atoms += [part] if isinstance(part, Hole) else part
    return atoms
