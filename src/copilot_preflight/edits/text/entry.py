"""One entry of a large text, such as a resource, as a text of its own.

A template may have a megabyte, and all that a fix needs to know of it is a hundredth: where the
lines of an entry are is seen without a tree of them all, where the data are known already.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.text.layout import LARGE
from copilot_preflight.edits.text.part import reaches_out
from copilot_preflight.read.document import MAX_SIZE

_OTHER_BREAKS: Final = "\r\x85\u2028\u2029"
"""What ends a line too, for YAML or for us, and not always for both."""

_FIRST: Final = lazy_pattern(r"\n( +)[^\s#]")


class Alone(NamedTuple):
    """An entry by itself: a text, its data, and what to add to an offset to have that in the whole.

    What stands there from ``start`` to ``end`` are the lines of the entry. Behind them is another
    entry where there is one in the whole, so that the text goes on in the same column.
    """

    text: str
    data: Any
    shift: int
    start: int
    end: int


def alone(text: str, data: Any, path: DataPath) -> Alone | None:
    """The entry of a section of a text in which a path leads, as ``data``, those of the text, have
    it.

    None where it is not certain that these are its lines, or that they mean by themselves what they
    mean in the text: see `part.data_of_part`.
    """
    if not LARGE <= len(text) <= MAX_SIZE // 2 or len(path) < 3 or not isinstance(data, dict):
        return None
    section, name = path[:2]
    entries = data.get(section)
    if not isinstance(name, str) or not isinstance(entries, dict) or name not in entries:
        return None
    if not _is_plain(text):
        return None
    found = _lines_of(text, 0, len(text), "", data, str(section))
    if found is None:
        return None
    first = _FIRST.search(text, *found)
    if first is None:
        return None
    below = text.find("\n", found[0]), found[1]  # the line break before the first entry counts
    lines = _lines_of(text, *below, first[1], entries, name)
    if lines is None:
        return None
    start, end = lines
    head, known, more = f"{section}:\n", {name: entries[name]}, {}
    tail = ""
    if end < found[1]:
        tail, known = f"{first[1]}{name}_: 0\n", {**known, f"{name}_": 0}
    elif end < len(text):
        tail, more = f"{section}_: 0\n", {f"{section}_": 0}
    whole = "".join((head, text[start:end], tail))
    here = len(head)
    return Alone(whole, {section: known, **more}, start - here, here, here + end - start)


@lru_cache(maxsize=2)
def _is_plain(text: str) -> bool:
    """Whether lines are what they seem, and no part of a text repeats another."""
    return not any(it in text for it in _OTHER_BREAKS) and not reaches_out(text)


def _lines_of(
    text: str, start: int, end: int, indent: str, entries: dict[str, Any], name: str
) -> tuple[int, int] | None:
    """Where the lines of an entry of a block mapping begin and end.

    Each key begins a line in one column. Where as many lines begin there as there are keys, and
    each with the key that is due, these are they.
    """
    begins = _begins(text, start, end, indent)
    if len(begins) != len(entries):
        return None
    if not all(text.startswith(f"{key}:", at) for key, at in zip(entries, begins, strict=True)):
        return None
    index = list(entries).index(name)
    behind = (*begins[index + 1 : index + 2], end + len(indent))[0]
    return begins[index] - len(indent), behind - len(indent)


@lru_cache(maxsize=4)
def _begins(text: str, start: int, end: int, indent: str) -> list[int]:
    """The offsets of what begins a line in a column, without the items of lists."""
    found = [it.end() - 1 for it in re.finditer(rf"\n{indent}(?!-\s)[^\s#]", text[start:end])]
    found = [start + at for at in found]
    is_first = not start and text[:1] not in ("", " ", "\n", "#", "\t")
    return [0, *found] if is_first else found
