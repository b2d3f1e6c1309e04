"""How a text is written, as its lines tell: no tree is built for that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.edits.text.values import Style

LARGE: Final = 2_000
"""Characters of a text; the tree of a smaller one is there in no time."""

_ENOUGH: Final = 100_000
"""Characters of a text from which its style is read, at most."""

_OPENS: Final = lazy_pattern(r":(?:[ ]+[!&][^\s#]+)*[ ]*(?:[ ]#[^\n]*)?\n")
"""The end of a line with a key and nothing behind it but a tag or an anchor."""

_SCALAR: Final = lazy_pattern(r"[ ][|>][0-9+-]*[ ]*(?:[ ]#[^\n]*)?\n")
"""The end of a line behind which the lines of a block scalar stand."""

_MARGIN: Final = lazy_pattern(r"[ ]*(?:-[ ]+)*")
_NEXT: Final = lazy_pattern(r"(?:[ ]*(?:#[^\n]*)?\n)*([ ]*)(-?)")
"""How far in the next line is that is more than a comment."""

_TAG: Final = lazy_pattern(r"[:\-,\[] ?![A-Z][A-Za-z]")


@lru_cache(maxsize=2)
def style_of_lines(text: str) -> Style:
    """How the beginning of a document is written, of which there is enough."""
    steps, list_steps = Counter[int](), Counter[int]()
    begin = text[:_ENOUGH]
    for start, end in _outside_of_scalars(begin):
        for found in _OPENS.finditer(begin, start, end):
            column, first = _column(begin, found.start())
            below = _NEXT.match(begin, found.end())
            if below is None or first in "#-":
                continue
            step = len(below[1]) - column
            if step >= 0 and below[2]:
                list_steps[step] += 1
            elif step > 0:
                steps[step] += 1
    step = max(steps, key=steps.__getitem__, default=2)
    list_step = max(list_steps, key=list_steps.__getitem__, default=min(step, 2))
    return Style(step, list_step, _TAG.search(text) is not None)


def _column(text: str, at: int) -> tuple[int, str]:
    """Where the key of a line begins, or what has none, and its first character."""
    start = text.rfind("\n", 0, at) + 1
    margin = _MARGIN.match(text, start)
    behind = start if margin is None else margin.end()
    return behind - start, text[behind]


def _outside_of_scalars(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of a text between its block scalars, whose lines are further in than the key.

    Those of an item are further in than its dash.
    """
    at = 0
    while (begin := _SCALAR.search(text, at)) is not None:
        yield at, begin.end()
        column, first = _column(text, begin.start())
        line = text[text.rfind("\n", 0, begin.start()) + 1 :][:column]
        deeper = len(line.rstrip()) if first in "|>" else column + 1
        inside = _lines_deeper(max(deeper, 1)).match(text, begin.end())
        at = begin.end() if inside is None else inside.end()
    yield at, len(text)


@lru_cache(maxsize=64)
def _lines_deeper(column: int) -> re.Pattern[str]:
    return re.compile(rf"(?:[ ]{{{column}}}[^\n]*\n|[ ]*\n)*")
