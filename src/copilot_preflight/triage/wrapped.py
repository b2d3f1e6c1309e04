"""Lines that a program has broken in the middle of words, made whole again."""

from __future__ import annotations

import re
from typing import Final

_LEAST: Final = 40
"""Columns, at least, of a text that is broken: lists of short words are left alone."""

_BEFORE: Final = re.compile(r"[ \t]*(?:[-*•] |> ?|│ |\| )*[ \t]*")


def unwrapped(text: str) -> str:
    """Joins lines as Copilot's progress prints them: of one width, in one column, but for the last.

    The width is counted from where the text begins, behind what lists and quotes put before it.
    """
    lines = text.split("\n")
    found: list[str] = []
    number = 0
    while number < len(lines):
        end = _end_of_block(lines, number)
        first = lines[number]
        rest = (lines[n][_begin(lines[number + 1]) :] for n in range(number + 1, end))
        found.append("".join((first, *rest)))
        number = end
    return "\n".join(found)


def _end_of_block(lines: list[str], number: int) -> int:
    """The line behind a broken one that begins at a line; the very next if it is whole."""
    if number + 2 >= len(lines):
        return number + 1
    column = _begin(lines[number + 1])
    width = len(lines[number + 1])
    if width - column < _LEAST or column == 0 or len(lines[number]) != width:
        return number + 1
    at = number + 1
    while at < len(lines) and len(lines[at]) == width and _is_filled(lines[at], column):
        at += 1
    is_last = at < len(lines) and column < len(lines[at]) < width and _is_filled(lines[at], column)
    return at + 1 if is_last else at


def _is_filled(line: str, column: int) -> bool:
    """Whether nothing but what the first line has stands before a column."""
    return not line[:column].strip(" \t>│|") and bool(line[column:].strip())


def _begin(line: str) -> int:
    found = _BEFORE.match(line)
    return found.end() if found is not None else 0
