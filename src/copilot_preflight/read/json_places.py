"""Where a node of a JSON text stands, found by walking over what comes before it.

A file of an account's answers may have tens of megabytes, of which a report shows three places: no
positions of all the others are worked out for that, which would fill the memory.
"""

from __future__ import annotations

import json
import re
from typing import Final

from copilot_preflight.base.finding import DataPath, Position, Span

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_DECODER: Final = json.JSONDecoder()


def json_span(text: str, path: DataPath, *, key: bool = False) -> Span | None:
    """What `Document.span` says of a text that is JSON; None for one that is not, or only nearly.

    The node at the path, or its nearest ancestor where there is no such node.
    """
    try:
        return _span(text, path, key=key)
    except (ValueError, IndexError, RecursionError):
        return None


def _span(text: str, path: DataPath, *, key: bool) -> Span | None:
    at = _after_blanks(text, 0)
    own_key: tuple[int, int] | None = None
    for step in path:
        entry = _entry(text, at, step)
        if entry is None:
            break
        own_key, at = entry
    if key and own_key is not None:
        start, end = own_key
    else:
        start, end = at, _DECODER.raw_decode(text, at)[1]
    return Span(_position(text, start), _position(text, end))


def _entry(text: str, at: int, step: str | int) -> tuple[tuple[int, int] | None, int] | None:
    """The key, and the beginning of the value, of one entry of a map or a list."""
    opening = text[at]
    if opening not in "{[" or isinstance(step, str) is not (opening == "{"):
        return None
    at, index = _after_blanks(text, at + 1), 0
    while text[at] not in "}]":
        own_key = None
        if opening == "{":
            name, end = _string(text, at)
            own_key, at = (at, end), _after_blanks(text, _after_blanks(text, end) + 1)
            if name == step:
                return own_key, at
        elif index == step:
            return None, at
        index += 1
        at = _after_blanks(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _after_blanks(text, at + 1)
    return None


def _string(text: str, at: int) -> tuple[str, int]:
    found = _STRING.match(text, at)
    if found is None:
        raise ValueError("no key")
    return json.loads(found[0]), found.end()


def _after_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return at if found is None else found.end()


def _position(text: str, at: int) -> Position:
    line = text.count("\n", 0, at)
    return Position(line + 1, at - text.rfind("\n", 0, at))
