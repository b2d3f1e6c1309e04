"""Any YAML or JSON text -> plain data and their tree, or what is wrong with it.

Both are built from libyaml's events in one pass without recursion, so neither deep nesting nor
aliases can exhaust the stack or the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.read.yaml.errors import depth_limit, explain
from copilot_preflight.read.yaml.faults import EMPTY, MAX_DEPTH, ONLY_COMMENTS, Fault, line_of
from copilot_preflight.read.yaml.json_data import MAY_BE_JSON
from copilot_preflight.read.yaml.json_text import (
    BRACKET,
    as_yaml,
    load_json,
    may_differ,
)
from copilot_preflight.read.yaml.scalars import (
    BLANKS,
    BLOCK_HEADER,
    content_start,
    converted,
    plain,
    shortened,
)
from copilot_preflight.read.yaml.tags import COLLECTION_TAGS, meaning_of_tag
from copilot_preflight.read.yaml.tree import MapEntry, Node, Tree

try:
    from yaml._yaml import CParser as EventParser
except ImportError:  # a PyYAML without libyaml: the same events, more than ten times slower
    from copilot_preflight.read.yaml.pure_python import EventParser  # type: ignore[assignment]

_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"

MAX_NODES = 100_000
"""Nodes once every alias is written out; 1 MB, CloudFormation's limit, holds about 100,000."""


def build(text: str) -> Tree:
    """The data and the tree of a text. Raises Fault."""
    return _Builder(text).build()


_Event = Any  # PyYAML's stubs say that marks may be None; those of a parser's events never are


class _Frame:
    """A mapping or sequence whose end has not come yet."""

    __slots__ = (
        "anchor", "children", "count", "data", "depth", "height", "key", "key_end", "key_start",
        "last", "merged", "start", "tag",
    )  # fmt: skip

    def __init__(self, start: int, data: Any, tag: str, anchor: str | None, depth: int) -> None:
        self.start = start
        self.data = data
        self.children: Any = {} if isinstance(data, dict) else []
        self.tag = tag
        self.anchor = anchor
        self.depth = depth  # levels of data from the root down to this one
        self.height = 0  # levels of data below this one
        self.count = 0  # nodes of the document before this one
        self.last = start  # the end of the last child
        self.key: str | None = None
        self.key_start = self.key_end = start
        self.merged: list[tuple[dict[str, Any], dict[str, MapEntry]]] | None = None


class _Anchored(NamedTuple):
    data: Any
    node: Node
    height: int
    nodes: int


_MERGE = "<<"
_MERGE_KEY = "\0<<"  # compared by identity: no key of a text is this object


class _Builder:
    def __init__(self, text: str) -> None:
        self._text = text
        self._is_json = bool(MAY_BE_JSON.match(text))
        self._parsed = as_yaml(text) if BRACKET.match(text) else text
        self._frames: list[_Frame] = []
        self._frame: _Frame | None = None
        self._anchors: dict[str, _Anchored | None] = {}  # None while the node is still open
        self._count = 0
        self._hashed: list[tuple[int, int]] = []
        self._root: Node | None = None
        self._data: Any = None

    def build(self) -> Tree:
        documents = 0
        for event in self._events():
            kind = event.__class__
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._open(event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._close(event)
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise Fault(
                        event.start_mark.index, "a second document begins here: expected only one"
                    )
        if self._root is None or (self._data is None and self._root.start == self._root.end):
            raise Fault(0, ONLY_COMMENTS if self._text.strip() else EMPTY)
        return Tree(self._data, self._root, self._hashed)

    def _events(self) -> Iterator[_Event]:
        try:
            next_event = EventParser(self._parsed).get_event
            while (event := next_event()) is not None:
                yield event
        except (YAMLError, UnicodeError) as error:
            limit = depth_limit(error)
            fault = explain(self._text, error) if limit is None else self._too_deep(limit)
            raise fault from None

    def _too_deep(self, limit: int) -> Fault:
        """Where our levels are used up, though libyaml read ahead and stopped at its own limit.

        What stands before that is read again by itself: its events come as far as ours. A line end
        follows it, so that the parser stops looking for the end of a key.
        """
        before = _Builder(self._text)
        before._parsed = self._parsed[:limit] + "\n"
        try:
            before.build()
        except Fault as fault:
            if fault.at < limit:
                return fault
        return Fault(limit, _TOO_DEEP)

    def _scalar(self, event: _Event) -> None:
        text, value = self._text, event.value
        start, end = event.start_mark.index, event.end_mark.index
        frame = self._frame
        if event.style in ("|", ">"):
            end = self._end_of_block(start, end, value)
        elif start == end and frame is not None and text[start - 1] not in ":-":
            start = end = frame.key_end  # the mark of a value left out is that of what follows
        if "#" in value:
            self._hashed.append((self._body_start(event, start, end), end))
        if "\ufffd" in value and self._parsed is not text:
            value = self._original(event, start, end)
        is_key = frame is not None and frame.key is None and frame.children.__class__ is dict
        tag = event.tag
        if tag is None:
            if is_key:
                merges = value == _MERGE and event.implicit[0]
                self._key(event.anchor, _MERGE_KEY if merges else value, start, end)
                return
            data = plain(value, is_json=self._is_json) if event.implicit[0] else value
            self._add(data, Node(start, end), event.anchor, 0, self._count)
            return
        short, standard = meaning_of_tag(event.tag, start)
        if is_key:
            if short:
                raise Fault(start, f"a key cannot carry a tag: {shortened(tag)}")
            self._key(event.anchor, value, start, end)
            return
        if short == "Fn::GetAtt":
            body = content_start(text, start, end)
            parts = value.split(".", 1)
            node = Node(start, end, [Node(body, end) for _ in parts], short)
            self._add({short: parts}, node, event.anchor, 2, self._count)
        elif short:
            self._add({short: value}, Node(start, end, None, short), event.anchor, 1, self._count)
        else:
            data = converted(value, standard, start)
            self._add(data, Node(start, end), event.anchor, 0, self._count)

    def _end_of_block(self, start: int, end: int, value: str) -> int:
        """The end of a ``|`` or ``>`` scalar: libyaml's mark lies behind the blank lines too."""
        text = self._text
        if not value.strip(BLANKS):
            header = BLOCK_HEADER.match(text, content_start(text, start, end), end)
            if header:
                return header.end() - len(header[0]) + len(header[0].split("#")[0].rstrip())
        while text[end - 1] in BLANKS:
            end -= 1
        return end

    def _body_start(self, event: _Event, start: int, end: int) -> int:
        """Where a scalar's own characters begin; the header of a block may end in a comment."""
        body = content_start(self._text, start, end) if event.tag or event.anchor else start
        if event.style in ("|", ">"):
            header = BLOCK_HEADER.match(self._text, body, end)
            return header.end() if header else body
        return body

    def _original(self, event: _Event, start: int, end: int) -> str:
        """A string of a JSON text that may hold what ``as_yaml`` took out."""
        value: str = event.value
        body = content_start(self._text, start, end)
        if event.style != '"' or not may_differ(self._text, body, end):
            return value
        try:
            value = load_json(self._text[body:end])
        except ValueError:
            raise Fault(start, "a string with special characters must be valid JSON") from None
        try:
            value.encode()
        except UnicodeEncodeError:
            message = "half a character in this string: '\\ud8..' and '\\udc..' go in pairs"
            raise Fault(start, message) from None
        return value

    def _key(self, anchor: str | None, key: str, start: int, end: int) -> None:
        frame = self._frames[-1]
        if key in frame.children:
            first = line_of(self._text, frame.children[key].key_start)
            shown = "this key" if "=" in key else f"key '{shortened(key)}'"
            raise Fault(start, f"{shown} is already on line {first}")
        frame.key, frame.key_start, frame.key_end = key, start, end
        if anchor:
            self._anchors[anchor] = _Anchored(key, Node(start, end), 0, 1)

    def _open(self, event: _Event) -> None:
        start, frame = event.start_mark.index, self._frame
        is_mapping = event.__class__ is MappingStartEvent
        if frame is not None and frame.key is None and frame.children.__class__ is dict:
            what, quotes = ("mapping", "{") if is_mapping else ("list", "[")
            raise Fault(
                start, f"a {what} cannot be a key: a value that starts with '{quotes}' needs quotes"
            )
        short = ""
        if event.tag is not None:
            short, standard = meaning_of_tag(event.tag, start)
            if standard and COLLECTION_TAGS.get(standard) is not (dict if is_mapping else list):
                raise Fault(start, f"tag '!!{standard}' does not fit the value")
        depth = (frame.depth if frame is not None else 0) + (2 if short else 1)
        if depth > MAX_DEPTH:
            raise Fault(start, _TOO_DEEP)
        self._frame = _Frame(start, {} if is_mapping else [], short, event.anchor, depth)
        self._frame.count = self._count
        self._frames.append(self._frame)
        if event.anchor:
            self._anchors[event.anchor] = None

    def _close(self, event: _Event) -> None:
        frame = self._frames.pop()
        self._frame = self._frames[-1] if self._frames else None
        end = event.end_mark.index
        if event.start_mark.index == end:  # no bracket closes it: libyaml's mark is the next token
            end = frame.last
        if frame.merged:
            _merge(frame)
        data, height = frame.data, frame.height + 1
        if frame.tag:
            data, height = {frame.tag: data}, height + 1
        node = Node(frame.start, end, frame.children, frame.tag)
        self._add(data, node, frame.anchor, height, frame.count)

    def _alias(self, event: _Event) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        anchored = self._anchors.get(event.anchor)
        name = shortened(event.anchor)
        if anchored is None:
            if event.anchor in self._anchors:
                raise Fault(start, f"alias '*{name}' stands inside the value that it repeats")
            raise Fault(start, f"alias '*{name}' repeats nothing: no '&{name}' before it")
        data, node, height, nodes = anchored
        frame = self._frame
        if frame is not None and frame.key is None and frame.children.__class__ is dict:
            if node.children is not None or node.tag:
                raise Fault(start, f"alias '*{name}' is a key, but '&{name}' is no plain value")
            key = data if isinstance(data, str) else self._text[node.start : node.end]
            self._key(None, key, start, end)
            return
        before = self._count
        self._count += nodes - 1
        if self._count > MAX_NODES:
            raise Fault(start, f"aliases multiply the template to more than {MAX_NODES:,} nodes")
        if (frame.depth if frame is not None else 0) + height > MAX_DEPTH:
            raise Fault(start, _TOO_DEEP)
        self._add(data, Node(start, end, node.children, node.tag), None, height, before)

    def _add(self, data: Any, node: Node, anchor: str | None, height: int, before: int) -> None:
        """Put a finished node where it belongs. ``before`` is the node count at its start."""
        self._count += 1
        if anchor:
            self._anchors[anchor] = _Anchored(data, node, height, self._count - before)
        frame = self._frame
        if frame is None:
            self._data, self._root = data, node
            return
        frame.height = max(frame.height, height)
        frame.last = node.end
        key = frame.key
        if key is None:
            frame.data.append(data)
            frame.children.append(node)
        elif key is _MERGE_KEY:
            frame.key = None
            frame.merged = (frame.merged or []) + _mappings(data, node)
        else:
            frame.key = None
            frame.data[key] = data
            frame.children[key] = MapEntry(frame.key_start, frame.key_end, node)


def _mappings(data: Any, node: Node) -> list[tuple[dict[str, Any], dict[str, MapEntry]]]:
    """The mappings that a ``<<`` key names: one, or a list of them."""
    if not node.tag and isinstance(node.children, dict):
        return [(data, node.children)]
    if not node.tag and isinstance(node.children, list):
        merged = []
        for item, child in zip(data, node.children, strict=True):
            if child.tag or not isinstance(child.children, dict):
                break
            merged.append((item, child.children))
        else:
            return merged
    raise Fault(node.start, "'<<' merges only a mapping or a list of mappings")


def _merge(frame: _Frame) -> None:
    for data, children in frame.merged or ():
        for key, value in data.items():
            if key not in frame.data:
                frame.data[key] = value
                frame.children[key] = children[key]
