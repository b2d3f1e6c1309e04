"""Which files a list of patterns is about.

``*`` and ``?`` stop at a slash, ``**`` does not. A pattern without a slash is one of names, in
whatever folder; what lies in a folder that matches belongs to it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import zip_longest
from typing import Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple

_TOKEN: Final = lazy_pattern(r"\*\*/|/\*\*$|\*\*|\*|\?|\[!?[^\]/]+\]|.", re.DOTALL)


class Globs(NamedTuple):
    """Patterns of files, from a folder (its real path)."""

    folder: str
    patterns: tuple[str, ...]

    def match(self, file: str) -> bool:
        """Whether a file, by its name from the current folder, is one of them."""
        return _match(self, os.getcwd(), file)


@lru_cache(maxsize=1024)
def _match(globs: Globs, current: str, file: str) -> bool:
    where = os.path.realpath(os.path.join(current, file)).replace(os.sep, "/")
    return any(_compiled(globs.folder, pattern).matches(where) for pattern in globs.patterns)


def fault_of(pattern: str) -> str:
    """What is wrong with a pattern, ``""`` where nothing is."""
    for token in _TOKEN.findall(pattern):
        for low, high in _ranges(token) if _is_class(token) else ():
            if low > high:
                return f"'{pattern}': range '{low}-{high}' runs backwards"
    return ""


@lru_cache(maxsize=256)
def _compiled(folder: str, pattern: str) -> _Matcher:
    named = pattern.replace(os.sep, "/").removesuffix("/")
    below = f"**/{named}" if "/" not in named else named
    steps = [step for step in below.removeprefix("/").split("/") if step not in ("", ".")]
    # Any folders, and below them any folders: that is said once.
    steps = [it for it, after in zip_longest(steps, steps[1:]) if (it, after) != ("**", "**")]
    root = folder.replace(os.sep, "/").rstrip("/")
    while steps[:1] == [".."]:
        steps, root = steps[1:], root.rpartition("/")[0]
    return _Matcher([*root, "/", *_TOKEN.findall("/".join(steps)), "/**"])


class _Matcher:
    """A pattern as states, one for each thing that it expects, all of them tried at once.

    The states that are reached are the bits of a number. So a path takes time in proportion to its
    length, however many stars there are; a regular expression tries every way to share it out.
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        self._expected: list[tuple[str, bool]] = []  # a character, a class or a star; is it many
        self._skipped = [0, 0, 0, 0]  # by n: the states from which the n-th next one is reached
        for token in tokens:
            self._add(token)
        self._steps: dict[str, tuple[int, int]] = {}

    def matches(self, text: str) -> bool:
        """Whether the pattern describes a whole text."""
        reached = self._onward(1)
        for character in text:
            advancing, staying = self._step(character)
            reached = self._onward((reached & advancing) << 1 | reached & staying)
            if not reached:
                return False
        return bool(reached >> len(self._expected) & 1)

    def _add(self, token: str) -> None:
        if token == "**/":  # any folders and a slash, or nothing
            self._skip(1, 3)
            self._expected.append(("", False))
        elif token == "/**":
            self._skip(2)
            self._expected.append(("/", False))
        if token in ("*", "**", "**/", "/**"):
            self._skip(1)
            self._expected.append(("?" if token == "*" else "**", True))
        else:
            self._expected.append((token, False))
        if token == "**/":
            self._expected.append(("/", False))

    def _skip(self, *steps: int) -> None:
        for step in steps:
            self._skipped[step] |= 1 << len(self._expected)

    def _onward(self, states: int) -> int:
        """States, and those that are reached from them without a character."""
        while True:
            more = states
            for step in (1, 2, 3):
                more |= (more & self._skipped[step]) << step
            if more == states:
                return states
            states = more

    def _step(self, character: str) -> tuple[int, int]:
        """The states that a character leads on from, and those in which it changes nothing."""
        known = self._steps.get(character)
        if known is None:
            advancing = staying = 0
            for state, (token, is_many) in enumerate(self._expected):
                if _takes(token, character):
                    advancing |= (not is_many) << state
                    staying |= is_many << state
            known = self._steps[character] = advancing, staying
        return known


def _takes(token: str, character: str) -> bool:
    if token == "**":
        return True
    if token == "?":
        return character != "/"
    if not _is_class(token):
        return token == character
    is_in = any(low <= character <= high for low, high in _ranges(token))
    return character != "/" and is_in is not _is_negated(token)


def _is_class(token: str) -> bool:
    return len(token) > 2 and token.startswith("[")


def _is_negated(token: str) -> bool:
    return token.startswith("[!") and len(token) > 3


def _ranges(token: str) -> Iterator[tuple[str, str]]:
    """The ranges of a class such as ``[a-z_]``; a character by itself is a range too."""
    inside = token[2 if _is_negated(token) else 1 : -1]
    at = 0
    while at < len(inside):
        is_range = inside[at + 1 : at + 2] == "-" and at + 2 < len(inside)
        yield inside[at], inside[at + 2 if is_range else at]
        at += 3 if is_range else 1
