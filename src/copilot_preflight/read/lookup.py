"""Where one node stands, without a look at the rest: a report shows a few places of each file.

In block style, the keys of a mapping and the items of a list begin a line each, all in one column.
Where as many lines begin there as there are keys or items, these are they, and what stands between
two of them is read by itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from copilot_preflight.base.finding import DataPath, Span
from copilot_preflight.read.layout import Layout
from copilot_preflight.read.yaml.faults import Fault
from copilot_preflight.read.yaml.tree import build

_OTHER_BREAKS: Final = "\r\x85\u2028\u2029"
"""What ends a line too, for YAML or for us, and not always for both."""

_LINE: Final = re.compile(r"\n( *)[^\s#]")


def span_of(text: str, data: Any, path: DataPath, *, key: bool = False) -> Span | None:
    """What `Layout.span` says of a text that has some data; None where it takes a look at all."""
    rest, above = _begun(text), 0  # what may hold the node, and the number of lines before that
    if not rest:
        return None
    part, before, known, inside = "", 0, data, path
    for depth, step in enumerate(path, 1):
        lines = _lines_of(rest, data, step)
        if lines is None:
            break
        before = above + rest.count("\n", 0, lines.start)
        part, data = rest[lines.start : lines.stop], data[step]
        if isinstance(step, str):
            known, inside = {step: data}, (step, *path[depth:])
            rest, above = part[part.find("\n", 1) :], before + 1
        else:
            known, inside = [data], (0, *path[depth:])
            rest, above = part.replace("-", " ", 1), before  # it goes on behind its dash
    try:
        tree = build(part[1:])
    except Fault:
        return None
    if tree.data != known:
        return None
    start, end = Layout(part[1:], tree).span(inside, key=key)
    return Span(start._replace(line=start.line + before), end._replace(line=end.line + before))


@lru_cache(maxsize=2)
def _begun(text: str) -> str:
    """A text with a line break before each of its lines; ``""`` where others than ours end some.

    One string for all questions about a text: what is kept of its lines is found by it.
    """
    return "" if any(it in text for it in _OTHER_BREAKS) else f"\n{text}"


def _lines_of(text: str, data: Any, step: str | int) -> slice | None:
    """The lines of a key or an item, each with the line break before it."""
    first = _LINE.search(text)
    if first is None:
        return None
    line = rf"\n {{{len(first[1])}}}"
    if isinstance(data, dict) and step in data:
        begins, index = [f"{key}:" for key in data], list(data).index(str(step))
        line += r"(?!-\s)[^\s#]"  # the items of a list may stand in the column of its key
    elif isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
        begins, index = ["-"] * len(data), step
        line += r"[^\s#]"
    else:
        return None
    lines = _spans(line, text)
    if len(lines) != len(begins):
        return None
    if not all(text.startswith(it, end - 1) for it, (_, end) in zip(begins, lines, strict=True)):
        return None
    return slice(lines[index][0], (*lines, (len(text), 0))[index + 1][0])


@lru_cache(maxsize=8)
def _spans(pattern: str, text: str) -> list[tuple[int, int]]:
    """Where a pattern stands in a text; the parts that many paths lead through come again."""
    return [it.span() for it in re.finditer(pattern, text)]
