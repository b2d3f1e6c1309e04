"""A picture as JSON in which every value stands once, for the script of the page.

Stacks of one generator are alike: a thousand of them share most of their texts, statements and
chains of layers. A node is a text, a number, a truth value or a list: the number of its kind, then
the numbers of the nodes that it consists of. Kind -1 is a plain list.
"""

from __future__ import annotations

import json
from typing import Any, Final

from copilot_preflight.base.finding import InputError, Place
from copilot_preflight.render.safe_text import safe
from copilot_preflight.report.model import (
    Call,
    Caller,
    Cited,
    Excerpt,
    FindingShown,
    Flow,
    Group,
    Hop,
    Lane,
    LayerSaid,
    Picture,
    RoleBox,
    StackPicture,
    Target,
)

_KINDS: Final[tuple[Any, ...]] = (
    Picture,
    StackPicture,
    Lane,
    Group,
    RoleBox,
    Caller,
    Target,
    Call,
    LayerSaid,
    Cited,
    Excerpt,
    FindingShown,
    Flow,
    Hop,
    InputError,
)
_LEFT_OUT: Final = frozenset({"at"})
"""Fields with places, for which a page has no use: it has lines."""


def encoded(picture: Picture) -> str:
    """The picture as JSON that may stand in an HTML document: ASCII, and without ``<``."""
    pool = _Pool()
    root = pool.number_of(picture)
    fields = [[name for name in kind._fields if name not in _LEFT_OUT] for kind in _KINDS]
    data = {"kinds": fields, "nodes": pool.nodes, "root": root}
    text = json.dumps(data, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def shown(text: str) -> str:
    """A text of one or several lines, with what no output may carry spelt out."""
    return "\n".join(map(safe, text.split("\n"))) if "\n" in text else safe(text)


class _Pool:
    """The nodes so far, each once."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self._numbers: dict[Any, int] = {}
        self._kinds = {kind: number for number, kind in enumerate(_KINDS)}

    def number_of(self, value: Any) -> int:
        if isinstance(value, tuple):
            kind = self._kinds.get(type(value), -1)
            own = [it for it in value if not isinstance(it, Place)] if kind >= 0 else value
            node: Any = (kind, *map(self.number_of, own))
        else:
            node = shown(value) if isinstance(value, str) else value
        key = type(node), node  # True is 1 otherwise
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.nodes)
            self.nodes.append(node)
        return number
