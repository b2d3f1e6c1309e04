"""The tree of a template in plain block style, line by line and without PyYAML.

It takes the texts that `block_style` takes, lists, and parts of such texts, however far they are
indented, and gives the tree that `events` gives of them.
"""

from __future__ import annotations

from sys import intern
from typing import Any

from copilot_preflight.read.yaml.block_style import (
    CLOSED,
    END_OF_LINE,
    ITEM,
    KEY_IN_FLOW,
    LINE,
    MOST_LEVELS,
    REST,
    literal,
)
from copilot_preflight.read.yaml.faults import LONGEST_KEY, NotPlain
from copilot_preflight.read.yaml.scalars import BLANKS, BLOCK_HEADER, content_start, plain
from copilot_preflight.read.yaml.tags import spelt, tagged
from copilot_preflight.read.yaml.tree import MapEntry, Node, Tree


def build(text: str) -> Tree:
    """The data and the tree of a text. Raises NotPlain."""
    if not text.replace("\n", "").isprintable():
        raise NotPlain
    return _Builder(text).build()


class _Collection:
    """A list or a mapping whose end has not come yet, and its key whose value is to come."""

    __slots__ = ("children", "column", "data", "key", "key_end", "key_start", "node")

    def __init__(self, column: int, data: Any, node: Node) -> None:
        self.column = column
        self.data = data
        self.node = node
        self.children: Any = node.children
        self.key = ""
        self.key_start = self.key_end = node.start


class _Builder:
    def __init__(self, text: str) -> None:
        self.text = text
        self.hashed: list[tuple[int, int]] = []
        self.root: _Collection | None = None
        self.inner: _Collection | None = None
        self.outer: list[_Collection] = []
        # Of the value that is still to come: where its tag begins, its tag, and where it would be.
        self.is_open = False
        self.tag = ""
        self.tag_start = self.gap = 0

    def build(self) -> Tree:
        text, at, size = self.text, 0, len(self.text)
        while at < size:
            match = LINE.match(text, at)
            assert match is not None
            begin, at = at, match.end()
            spaces, dashes, key1, key2, key3, value, rest = match.groups()
            name = key1 or key2 or key3
            is_empty = value is None and (not rest or rest[0] == "#")
            indent = len(spaces)
            if dashes or name is not None:
                key = match.span(3) if key1 else (match.start(4 if key2 else 5) - 1, 0)
                self._move(indent, begin + indent, dashes, name, key)
            elif is_empty:
                continue
            elif not self.is_open or self.inner is None or indent <= self.inner.column:
                raise NotPlain
            if value is not None:
                self._put_scalar(value, *match.span(6), is_plain=True)
            elif is_empty:
                self._leave_open("", 0)
            else:
                at = self._put_rest(rest, match.start(7), at)
        self._close_value()
        if self.root is None:
            raise NotPlain
        while self.outer:
            self._leave()
        return Tree(self.root.data, self.root.node, self.hashed)

    # --- collections -------------------------------------------------------------------------

    def _move(
        self, indent: int, start: int, dashes: str, name: str | None, key: tuple[int, int]
    ) -> None:
        """Goes to the collection that a line with a key or an item belongs to."""
        inner = self.inner
        if inner is None:
            data: Any = [] if dashes else {}
            children: Any = [] if dashes else {}
            self.root = self.inner = _Collection(indent, data, Node(start, start, children))
        elif self.is_open and (
            indent > inner.column or (dashes and indent == inner.column and inner.key)
        ):
            self._open_collection([] if dashes else {}, indent, start)
        else:
            self._close_value()
            while indent < self._inner.column and self.outer:
                self._leave()
            if self._inner.data.__class__ is list and not dashes and self.outer:
                self._leave()
            if indent != self._inner.column:
                raise NotPlain
        if dashes:
            self._move_into_items(indent, start, dashes, name, key)
        if name is not None:
            self._take_key(name, key)

    def _move_into_items(
        self, indent: int, start: int, dashes: str, name: str | None, key: tuple[int, int]
    ) -> None:
        if self._inner.data.__class__ is dict:
            raise NotPlain
        places = [place for place, dash in enumerate(dashes) if dash == "-"]
        for place in places[1:]:
            self._open_collection([], indent + place, start + place)
        self.gap = start + places[-1] + 1
        if name is not None:
            self._open_collection({}, indent + len(dashes), key[0])

    def _take_key(self, name: str, key: tuple[int, int]) -> None:
        inner = self._inner
        if inner.data.__class__ is list or name in inner.data or len(name) > LONGEST_KEY:
            raise NotPlain
        start, end = key
        end = end or start + len(name) + 2  # with its quotes
        if "#" in name:
            self.hashed.append((start, end))
        inner.key, inner.key_start, inner.key_end = intern(name), start, end
        self.gap = end + 1

    def _open_collection(self, data: Any, column: int, start: int) -> None:
        tag = self.tag
        node = Node(
            self.tag_start if tag else start, start, {} if data.__class__ is dict else [], tag
        )
        self._put({tag: data} if tag else data, node)
        if self.inner is not None:
            self.outer.append(self.inner)
        self.inner = _Collection(column, data, node)
        if len(self.outer) > MOST_LEVELS:
            raise NotPlain

    def _leave(self) -> None:
        """Goes out of a collection, which ends where its last child does."""
        done = self._inner.node
        self.inner = self.outer.pop()
        self.inner.node.end = done.end

    @property
    def _inner(self) -> _Collection:
        assert self.inner is not None
        return self.inner

    # --- values ------------------------------------------------------------------------------

    def _leave_open(self, tag: str, start: int) -> None:
        self.is_open, self.tag, self.tag_start = True, tag, start

    def _close_value(self) -> None:
        """What is open has no value, which stands behind the colon or the dash."""
        if self.tag:
            raise NotPlain
        if self.is_open:
            self._put(None, Node(self.gap, self.gap))

    def _put(self, found: Any, node: Node) -> None:
        self.is_open, self.tag = False, ""
        inner = self._inner
        inner.node.end = node.end
        if inner.data.__class__ is dict:
            inner.data[inner.key] = found
            inner.children[inner.key] = MapEntry(inner.key_start, inner.key_end, node)
        else:
            inner.data.append(found)
            inner.children.append(node)

    def _put_scalar(self, value: str, start: int, end: int, *, is_plain: bool) -> None:
        tag, begin = self.tag, self.tag_start if self.tag else start
        self._put(*self._scalar(value, tag, begin, end, is_plain=is_plain))

    def _scalar(
        self, value: str, tag: str, start: int, end: int, *, is_plain: bool
    ) -> tuple[Any, Node]:
        if not tag:
            return plain(value, is_json=False) if is_plain else value, Node(start, end)
        found = tagged(tag, value)
        if tag != "Fn::GetAtt":
            return found, Node(start, end, None, tag)
        body = content_start(self.text, start, end)
        return found, Node(start, end, [Node(body, end) for _ in found[tag]], tag)

    def _put_rest(self, rest: str, start: int, at: int) -> int:
        """The value that begins with the rest of a line; ``at`` is where the next line does.

        Returns where the line behind the value begins.
        """
        match = REST.match(rest)
        if match is None:
            raise NotPlain
        name, scalar, single, double, header, nothing = match.groups()
        if name is not None:
            if self.tag:
                raise NotPlain
            self.tag, self.tag_start = spelt(name), start
        if nothing is not None:
            self._leave_open(self.tag, self.tag_start)
            return at
        if scalar is not None:
            begin, end = match.span(2)
            self._put_scalar(scalar, start + begin, start + end, is_plain=True)
        elif single is not None or double is not None:
            begin, end = match.span(3 if single is not None else 4)
            begin, end = start + begin - 1, start + end + 1
            value = double if single is None else single.replace("''", "'")
            if "#" in value:
                self.hashed.append((begin, end))
            self._put_scalar(value, begin, end, is_plain=False)
        elif header is not None:
            return self._put_literal(start + match.start(5) - 1, at, header)
        else:
            return self._put_flow(start + match.end())
        return at

    def _put_literal(self, start: int, at: int, header: str) -> int:
        value, behind = literal(self.text, at, self._inner.column, header)
        end = behind
        while self.text[end - 1] in BLANKS:
            end -= 1
        if "#" in value:
            head = BLOCK_HEADER.match(self.text, start)
            assert head is not None
            self.hashed.append((head.end(), end))
        self._put_scalar(value, start, end, is_plain=False)
        return behind

    def _put_flow(self, start: int) -> int:
        tag, begin = self.tag, self.tag_start
        found, node = self._flow(start, 1)
        behind = END_OF_LINE.match(self.text, node.end)
        if behind is None:
            raise NotPlain
        if tag:
            node.start, node.tag = begin, tag
        self._put(tagged(tag, found) if tag else found, node)
        return behind.end()

    def _flow(self, start: int, depth: int) -> tuple[Any, Node]:
        """The collection that a bracket opens."""
        if depth > MOST_LEVELS:
            raise NotPlain
        text, at = self.text, start + 1
        is_list = text[start] == "["
        data: Any = [] if is_list else {}
        children: Any = [] if is_list else {}
        while (closing := CLOSED.match(text, at)) is None or closing[1] == ",":
            if data:
                if closing is None:
                    raise NotPlain
                at = closing.end()
                if (last := CLOSED.match(text, at)) is not None:
                    closing = last
                    break
            elif closing is not None:
                raise NotPlain
            key, key_start, key_end = "", 0, 0
            if not is_list:
                match = KEY_IN_FLOW.match(text, at)
                if match is None:
                    raise NotPlain
                key = match[1] or match[2] or match[3]
                at = match.end()
                key_start, key_end = match.span(match.lastindex or 0)
                if not match[1]:
                    key_start, key_end = key_start - 1, key_end + 1
                if key in data or len(key) > LONGEST_KEY:
                    raise NotPlain
                if "#" in key:
                    self.hashed.append((key_start, key_end))
            found, node = self._item(at, depth)
            at = node.end
            if is_list:
                data.append(found)
                children.append(node)
            else:
                data[intern(key)] = found
                children[key] = MapEntry(key_start, key_end, node)
        if closing[1] != ("]" if is_list else "}"):
            raise NotPlain
        return data, Node(start, closing.end(), children)

    def _item(self, at: int, depth: int) -> tuple[Any, Node]:
        match = ITEM.match(self.text, at)
        if match is None:
            raise NotPlain
        name, scalar, single, double = match.groups()
        tag = "" if name is None else spelt(name)
        if scalar is not None:
            start, end = match.span(2)
            return self._scalar(
                scalar, tag, match.start(1) - 1 if tag else start, end, is_plain=True
            )
        if single is None and double is None:
            found, node = self._flow(match.end(), depth + 1)
            if tag:
                node.start, node.tag = match.start(1) - 1, tag
                found = tagged(tag, found)
            return found, node
        start, end = match.span(3 if single is not None else 4)
        start, end = start - 1, end + 1
        value = double if single is None else single.replace("''", "'")
        if "#" in value:
            self.hashed.append((start, end))
        return self._scalar(value, tag, match.start(1) - 1 if tag else start, end, is_plain=False)
