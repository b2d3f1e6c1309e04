"""Patterns with ``*`` and ``?``, as IAM has them, and strings of which everything is known."""

from __future__ import annotations

import fnmatch
from typing import Final

WILDCARDS: Final = "*?"


def wildcard_match(pattern: str, target: str) -> bool:
    """Whether a pattern with ``*`` and ``?`` matches the whole of a known string."""
    if pattern == "*" or pattern == target:
        return True
    beginning, star, rest = pattern.partition("*")
    if not star:
        return len(pattern) == len(target) and "?" in pattern and _stands(pattern, target, 0)
    if not _stands(beginning, target, 0):
        return False
    *between, ending = rest.split("*")
    begin, end = len(beginning), len(target) - len(ending)
    if begin > end or not _stands(ending, target, end):
        return False
    # The leftmost place is as good as any other: what follows has the most room behind it.
    for piece in between:
        begin = _find(piece, target, begin, end)
        if begin < 0:
            return False
        begin += len(piece)
    return True


def _stands(piece: str, target: str, begin: int) -> bool:
    """Whether a piece without stars stands at a place of a string."""
    if "?" not in piece:
        return target.startswith(piece, begin)
    return len(target) - begin >= len(piece) and all(
        wanted in ("?", found) for wanted, found in zip(piece, target[begin:], strict=False)
    )


def _find(piece: str, target: str, begin: int, end: int) -> int:
    """The first place of a piece without stars, or -1."""
    if "?" not in piece:
        return target.find(piece, begin, end)
    places = range(begin, end - len(piece) + 1)
    return next((place for place in places if _stands(piece, target, place)), -1)


def regex_of(pattern: str) -> str:
    """The regular expression of a pattern, as a whole string; several can be joined by ``|``."""
    # fnmatch writes a star so that it cannot backtrack exponentially. IAM knows no [sets].
    return fnmatch.translate(pattern.replace("[", "[[]"))
