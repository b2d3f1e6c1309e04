"""A light tree that remembers where each node of a text stands, next to the data.

Offsets are in characters; ``document`` turns them into lines and columns for the few places that
somebody asks for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.read.yaml.faults import NotPlain


class Node:
    """A node of the tree, from offset ``start`` to just behind its last character.

    ``children`` are the entries of a mapping, the items of a sequence, or None. ``tag`` is the
    long spelling of a short tag (``"Fn::If"``): there the data has one level more than the tree.
    """

    __slots__ = ("children", "end", "start", "tag")

    def __init__(self, start: int, end: int, children: Children = None, tag: str = "") -> None:
        self.start = start
        self.end = end
        self.children = children
        self.tag = tag


class MapEntry(NamedTuple):
    """A value of a mapping, and where its key stands."""

    key_start: int
    key_end: int
    value: Node


Children = dict[str, MapEntry] | list[Node] | None


class Tree(NamedTuple):
    """What a text holds. ``hashed`` are the stretches of the scalars that contain a ``#``."""

    data: Any
    root: Node
    hashed: list[tuple[int, int]]


_SHORT = 10_000
"""Characters of a text whose tree is worth keeping: parts of templates come again word for word."""


def build(text: str) -> Tree:
    """The data and the tree of a text. Raises Fault.

    A report asks several times for those of one text, which are built once: do not change them.
    """
    return _of_short(text) if len(text) < _SHORT else _of_long(text)


def _build(text: str) -> Tree:
    from copilot_preflight.read.yaml import block_tree

    try:
        return block_tree.build(text)
    except NotPlain:
        from copilot_preflight.read.yaml import events  # here: PyYAML comes with it

        return events.build(text)


_of_short = lru_cache(maxsize=100)(_build)
_of_long = lru_cache(maxsize=2)(_build)
