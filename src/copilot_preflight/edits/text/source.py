"""A text together with its nodes: lines, columns, what is written in which style."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import cached_property
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.text.layout import LARGE, style_of_lines
from copilot_preflight.edits.text.values import Style
from copilot_preflight.read.layout import line_starts
from copilot_preflight.read.yaml.faults import LINE_BREAK, begins_with_bracket
from copilot_preflight.read.yaml.scalars import content_start
from copilot_preflight.read.yaml.tree import MapEntry, Node, Tree, build

_COLON: Final = lazy_pattern(r"\s*:")
_BLANK_LINE: Final = lazy_pattern(r"(?:\r\n|\r|\n)[ \t]*(?=[\r\n]|\Z)")


class TextChange(NamedTuple):
    """Characters ``start`` to ``end`` of a text become ``new``."""

    start: int
    end: int
    new: str


class CannotWrite(Exception):
    """An edit that cannot be written into the text. ``reason`` is a clause for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Spot(NamedTuple):
    """A node on the way along a path.

    ``container`` is the node in which it is the value of ``entry``, or an item where there is none;
    None at the root. ``is_flow``: it stands between brackets. ``is_argument``: the step was the
    short tag of the node, which is the same as that before it.
    """

    node: Node
    container: Node | None = None
    entry: MapEntry | None = None
    is_flow: bool = False
    is_argument: bool = False


class Source:
    """A text, its data and its tree. Raises Fault where it cannot be read.

    ``whole`` is the text that it is an entry of, if it is one: it is written in its style.
    """

    def __init__(self, text: str, whole: str = "") -> None:
        self.text = text
        self.tree: Tree = build(text)
        self._whole = whole or text

    @property
    def data(self) -> Any:
        return self.tree.data

    # --- lines -------------------------------------------------------------------------------

    def line_start(self, at: int) -> int:
        """Where the line of an offset begins."""
        return self._lines[bisect_right(self._lines, at) - 1]

    @cached_property
    def _lines(self) -> list[int]:
        return line_starts(self.text)

    def line_end(self, at: int) -> int:
        """Where the line of an offset ends, its line break not counted."""
        found = LINE_BREAK.search(self.text, at)
        return found.start() if found else len(self.text)

    def next_line(self, at: int) -> int:
        """Where the line after that of an offset begins, or the text ends."""
        found = LINE_BREAK.search(self.text, at)
        return found.end() if found else len(self.text)

    def column(self, at: int) -> int:
        """The characters before an offset on its line."""
        return at - self.line_start(at)

    def indentation(self, at: int) -> str:
        """The blanks with which the line of an offset begins."""
        start = self.line_start(at)
        line = self.text[start : self.line_end(at)]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def line_break(self, at: int) -> str:
        """The line break of the line of an offset; that before it where the text ends."""
        found = LINE_BREAK.match(self.text, self.line_end(at))
        if found:
            return found[0]
        before = self.line_start(at)
        if self.text[:before].endswith("\r\n"):
            return "\r\n"
        return self.text[before - 1] if before else "\n"

    def is_first(self, at: int) -> bool:
        """Whether only blanks stand before an offset on its line."""
        return not self.text[self.line_start(at) : at].strip(" \t")

    # --- nodes -------------------------------------------------------------------------------

    def spots(self, path: DataPath) -> list[Spot]:
        """The nodes from the root down along a path, as far as there are any.

        Raises CannotWrite below an alias, and for what comes out of a merge key.
        """
        spot = Spot(self.tree.root)
        found = [spot]
        for step in path:
            node = spot.node
            if self.is_alias(node):
                raise CannotWrite("lies below an alias: change it at its anchor, by hand")
            if node.tag and not spot.is_argument:
                if step != node.tag:
                    break
                spot = spot._replace(is_argument=True)
                found.append(spot)
                continue
            children, is_flow = node.children, spot.is_flow or self.is_flow(node)
            if isinstance(children, dict) and isinstance(step, str) and step in children:
                entry = children[step]
                if not node.start <= entry.key_start < node.end:
                    raise CannotWrite("comes out of a '<<' key: change it at its anchor, by hand")
                spot = Spot(entry.value, node, entry, is_flow)
            elif isinstance(children, list) and isinstance(step, int) and step < len(children):
                spot = Spot(children[step], node, None, is_flow)
            else:
                break
            found.append(spot)
        return found

    def is_alias(self, node: Node) -> bool:
        return self.text.startswith("*", node.start) and node.end > node.start

    def is_flow(self, node: Node) -> bool:
        """Whether a node is a list or mapping in brackets."""
        content = self.content(node)
        return content < node.end and self.text[content] in "[{" and not self.is_alias(node)

    def is_parts(self, node: Node) -> bool:
        """Whether a node is the two halves of a ``!GetAtt Resource.Attribute``."""
        children = node.children
        return (
            isinstance(children, list)
            and bool(children)
            and node.tag == "Fn::GetAtt"
            and children[0].start == self.content(node)
        )

    def is_block(self, node: Node) -> bool:
        """Whether a node is a list or mapping without brackets."""
        return (
            node.children is not None
            and not self.is_alias(node)
            and not self.is_flow(node)
            and not self.is_parts(node)
        )

    def is_empty(self, node: Node) -> bool:
        """Whether a node is a value that is left out."""
        return node.start == node.end

    def content(self, node: Node) -> int:
        """Where a node begins behind its anchor and tag; those of its first key are not its."""
        children = node.children
        if isinstance(children, dict):
            first = next(iter(children.values()), None)
            if first is not None and first.key_start == node.start:
                return node.start
        return content_start(self.text, node.start, node.end)

    def own_entries(self, node: Node) -> list[MapEntry]:
        """The entries of a mapping without those that a merge key adds."""
        children = node.children
        if not isinstance(children, dict):
            return []
        inside = (it for it in children.values() if node.start <= it.key_start < node.end)
        return sorted(inside, key=lambda it: it.key_start)

    def colon_end(self, entry: MapEntry) -> int:
        """The offset behind the colon of an entry; behind its key where it has none."""
        found = _COLON.match(self.text, entry.key_end)
        return found.end() if found else entry.key_end

    def entry_end(self, entry: MapEntry) -> int:
        """The end of a key with its value."""
        return self.colon_end(entry) if self.is_empty(entry.value) else entry.value.end

    def below(self, end: int) -> int:
        """The end of the line behind which something new may follow a node that ends somewhere.

        The blank lines that end a block scalar may be part of it.
        """
        at = self.line_end(end)
        while found := _BLANK_LINE.match(self.text, at):
            at = found.end()
        return at

    def quote(self, node: Node) -> str | None:
        """The quotes around a scalar, ``""`` where it has none; None where there is no scalar."""
        content = self.content(node)
        if content >= node.end or self.is_alias(node):
            return None
        if node.children is not None and not self.is_parts(node):
            return None
        first = self.text[content]
        return first if first in "'\"" else None if first in "|>" else ""

    # --- style -------------------------------------------------------------------------------

    @cached_property
    def is_json(self) -> bool:
        if not begins_with_bracket(self.text):  # as nearly none does
            return False
        from copilot_preflight.read.yaml.json_text import load_json

        try:
            load_json(self.text)
        except (ValueError, RecursionError):
            return False
        return True

    @cached_property
    def style(self) -> Style:
        """How most of the document is written."""
        if len(self._whole) >= LARGE:
            return style_of_lines(self._whole)
        steps: Counter[int] = Counter()
        list_steps: Counter[int] = Counter()
        has_tags = False
        rest = [self.tree.root]
        while rest:
            node = rest.pop()
            has_tags = has_tags or bool(node.tag)
            if node.children is None or self.is_alias(node) or self.is_parts(node):
                continue
            if isinstance(node.children, list):
                rest.extend(node.children)
                continue
            entries = self.own_entries(node)
            rest.extend(entry.value for entry in entries)
            if self.is_flow(node):
                continue
            column = self.column(self.content(node))
            for value in (entry.value for entry in entries):
                if value.children is None or not self.is_block(value):
                    continue
                if self.is_first(self.content(value)):
                    below = self.column(self.content(value)) - column
                    (list_steps if isinstance(value.children, list) else steps)[below] += 1
        step = max(steps, key=steps.__getitem__, default=2)
        list_step = max(list_steps, key=list_steps.__getitem__, default=min(step, 2))
        return Style(step, list_step, has_tags)

    @cached_property
    def unit(self) -> str:
        """The blanks by which JSON is indented for each level."""
        first = next(iter(self.own_entries(self.tree.root)), None)
        at = first.key_start if first else self._first_item()
        return (self.indentation(at) if at is not None and self.is_first(at) else "") or "  "

    def _first_item(self) -> int | None:
        children = self.tree.root.children
        return children[0].start if isinstance(children, list) and children else None
