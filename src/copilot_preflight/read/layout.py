"""Where everything of a text stands: its nodes, their keys, its comments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import DataPath, Position, Span
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.read.yaml.faults import LINE_BREAK
from copilot_preflight.read.yaml.scalars import content_start

if TYPE_CHECKING:
    from copilot_preflight.read.yaml.tree import Children, MapEntry, Node, Tree

_COMMENT = lazy_pattern(r"(?<!\S)#[^\r\n]*")


class Comment(NamedTuple):
    """A comment and where it begins, 1-based; ``text`` includes the ``#``."""

    line: int
    column: int
    text: str


class Layout:
    """The positions of a text, worked out as far as somebody asks for them."""

    def __init__(self, text: str, tree: Tree) -> None:
        self.text = text
        self._tree = tree
        self._places: dict[int, tuple[_Places, _Places]] = {}  # by the id of a node's children
        self._spoken_of: dict[int, int] = {}  # line -> the first from there on that is no comment

    def span(self, path: DataPath, *, key: bool = False) -> Span:
        """Where the node at a path stands, or its nearest ancestor where there is no such node.

        ``key`` asks for the key of the path's last element instead; an item of a list, which has
        none, stands for itself. The key of a short tag is the tag. What an alias repeats stands at
        the alias, and everything below it at the anchor. A path from `path_of` is a comment's.
        """
        if path and isinstance(path[-1], str) and path[-1].startswith("#"):
            comment = self._comments_by_path.get(path)
            if comment is not None:
                at = Position(comment.line, comment.column)
                return Span(at, at._replace(column=at.column + len(comment.text)))
        node = self._tree.root
        value_place = key_place = (node.start, node.end)
        below_tag = False
        for step in path:
            if node.tag and not below_tag:
                if step != node.tag:
                    break
                below_tag = True
                key_place = self._tag_place(node)
                continue
            children = node.children
            if isinstance(children, dict):
                entry = children.get(step) if isinstance(step, str) else None
                if entry is None:
                    break
                node = entry.value
                key_place = (entry.key_start, entry.key_end)
            elif isinstance(children, list):
                if not isinstance(step, int) or not 0 <= step < len(children):
                    break
                node = children[step]
                key_place = (node.start, node.end)
            else:
                break
            value_place = (node.start, node.end)
            below_tag = False
        start, end = key_place if key else value_place
        return Span(self._position(start), self._position(end))

    def path_at(self, position: Position) -> DataPath:
        """The path of the innermost node around a character; its key and its tag are part of it.

        The path of the root where there is none, and what an alias repeats has no paths.
        """
        if not 0 < position.line <= len(self._line_starts):
            return ()
        at = self._line_starts[position.line - 1] + position.column - 1
        node: Node | None = self._tree.root
        path: list[str | int] = []
        while node is not None:
            if node.tag:
                path.append(node.tag)
            node = self._step_to(at, node.children, path)
        return tuple(path)

    def _step_to(self, at: int, children: Children, path: list[str | int]) -> Node | None:
        """The child around an offset, which is added to the path."""
        if not children:
            return None
        places = self._places.get(id(children))
        if places is None:
            places = self._places[id(children)] = _places(children)
        for found in places:
            index = bisect_right(found.starts, at) - 1
            for near in (index - 1, index):  # of two that touch the first one
                if near >= 0 and at <= found.ends[near]:
                    path.append(found.steps[near])
                    return found.nodes[near]
        return None

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """Every comment, in order; never text inside a scalar."""
        found = []
        scalars = iter(self._tree.hashed)
        start, end = next(scalars, (len(self.text), len(self.text)))
        at = 0
        while match := _COMMENT.search(self.text, at):
            while end <= match.start() < len(self.text):
                start, end = next(scalars, (len(self.text), len(self.text)))
            if match.start() >= start:
                at = end
                continue
            at = match.end()
            found.append(Comment(*self._position(match.start()), match[0].rstrip()))
        return tuple(found)

    def line_of(self, comment: Comment) -> int:
        """The line that a comment speaks of: its own, or the next one if it stands alone on it.

        Between the two there may be other comments, and no blank line; 0 where there is no line.
        """
        if self._line(comment.line)[: comment.column - 1].strip(" \t-"):
            return comment.line
        line, passed = comment.line + 1, []
        while line not in self._spoken_of:
            text = self._line(line).strip() if line <= len(self._line_starts) else ""
            if not text.lstrip(" \t-").startswith("#"):
                self._spoken_of[line] = line if text else 0
            else:
                passed.append(line)
                line += 1
        found = self._spoken_of[line]
        self._spoken_of.update(dict.fromkeys(passed, found))
        return found

    @cached_property
    def _comments_by_path(self) -> dict[DataPath, Comment]:
        return {self.path_of(comment): comment for comment in reversed(self.comments)}

    def path_of(self, comment: Comment) -> DataPath:
        """A path for a comment, which has none: its text, below the node of which it speaks."""
        line = self.line_of(comment)
        text = self._line(line) if line else ""
        column = len(text) - len(text.lstrip(" \t-")) + 1
        return (*self.path_at(Position(line, column)), comment.text)

    def _line(self, line: int) -> str:
        starts = self._line_starts
        return self.text[starts[line - 1] : starts[line] if line < len(starts) else None]

    def _tag_place(self, node: Node) -> tuple[int, int]:
        tag = "!" + node.tag.removeprefix("Fn::")
        body = content_start(self.text, node.start, node.end)
        start = self.text.find(tag, node.start, body)
        return (start, start + len(tag)) if start >= 0 else (node.start, node.end)

    @cached_property
    def _line_starts(self) -> list[int]:
        return line_starts(self.text)

    def _position(self, offset: int) -> Position:
        return position(self._line_starts, offset)


class _Places(NamedTuple):
    """The children of a node in the order of the text, each with its step and its stretch."""

    starts: list[int]
    ends: list[int]
    steps: list[str | int]
    nodes: list[Node]


def _places(children: dict[str, MapEntry] | list[Node]) -> tuple[_Places, _Places]:
    """The children that a node has itself, and those that a ``<<`` merges into it."""
    items: Iterable[tuple[int, int, str | int, Node]]
    if isinstance(children, dict):
        items = (
            (entry.key_start, max(entry.key_end, entry.value.end), key, entry.value)
            for key, entry in children.items()
        )
    else:
        items = ((item.start, item.end, index, item) for index, item in enumerate(children))
    own, merged, last = [], [], -1
    for item in items:
        if item[0] < last:  # they stand further up
            merged.append(item)
        else:
            own.append(item)
            last = item[1]
    merged.sort(key=itemgetter(0))
    return _columns(own), _columns(merged)


def _columns(items: list[tuple[int, int, str | int, Node]]) -> _Places:
    return _Places(*(list(map(itemgetter(column), items)) for column in range(4)))


def line_starts(text: str) -> list[int]:
    """The offsets at which the lines of a text begin."""
    return [0, *(match.end() for match in LINE_BREAK.finditer(text))]


def position(line_starts: list[int], offset: int) -> Position:
    """The line and column, 1-based, of an offset."""
    line = bisect_right(line_starts, offset)
    return Position(line, offset - line_starts[line - 1] + 1)
