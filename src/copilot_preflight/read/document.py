"""A template, manifest or parameter file as plain data that remembers where everything stands.

YAML 1.1 as CloudFormation reads it, and JSON through the same parser. Reading costs no positions:
``Document.span`` walks down from the root for the few paths that a report shows.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from copilot_preflight.base.finding import DataPath, Position, Span
from copilot_preflight.read.yaml.errors import LINE_BREAK, Fault
from copilot_preflight.read.yaml.scalars import content_start
from copilot_preflight.read.yaml.tree import Children, MapEntry, Node, Tree, build

MAX_SIZE = 10_000_000
"""Bytes. CloudFormation takes a template of at most 1 MB (AWS CloudFormation quotas)."""

_WAIT_FOR_WRITER = 1.0
"""Seconds."""

_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")


class DocumentError(Exception):
    """An input that cannot be read. ``line`` and ``column`` are 1-based, 0 where unknown."""

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.column = column
        self.message = message


class Comment(NamedTuple):
    """A comment and where it begins, 1-based; ``text`` includes the ``#``."""

    line: int
    column: int
    text: str


class Document:
    """A file's text and data; ``file`` is its name as shown to the user.

    ``data`` is plain: dict, list, str, int, float, bool, None. Short tags are spelt long
    (``!Ref x`` is ``{"Ref": "x"}``, ``!If [...]`` is ``{"Fn::If": [...]}``), keys are strings as
    written, and an anchor's value is the same object wherever an alias repeats it: do not change
    it in place.
    """

    def __init__(self, file: str, text: str, tree: Tree) -> None:
        self.file = file
        self.text = text
        self.data: Any = tree.data
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

    def fault(self, path: DataPath, message: str) -> DocumentError:
        """What is wrong with the node at a path."""
        start = self.span(path).start
        return DocumentError(self.file, start.line, start.column, message)

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
        return _line_starts(self.text)

    def _position(self, offset: int) -> Position:
        return _position(self._line_starts, offset)


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


Read = Callable[[Path, str], Document]
"""Reads the file at a path, under its name for the user. Raises DocumentError."""


def read(path: os.PathLike[str] | str, file: str | None = None) -> Document:
    """The document in a file. ``file`` is its name for the user, the path unless told.

    Raises DocumentError, also for what the file system refuses.
    """
    name = os.fspath(path) if file is None else file
    try:
        with open(path, "rb", opener=_opened) as stream:
            size = os.fstat(stream.fileno()).st_size  # 0 for a pipe: hence one byte too many below
            begun = _begun(stream.fileno())
            content = begun + stream.read(MAX_SIZE + 1) if size <= MAX_SIZE else b""
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DocumentError(name, 0, 0, f"cannot read: {reason[:1].lower()}{reason[1:]}") from None
    if size > MAX_SIZE:
        raise _too_large(name, size)
    return parse(content, name)


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe's opening waits for writers


def _begun(handle: int) -> bytes:
    """What can be read at once of a pipe, which has a writer then; nothing of any other file.

    A pipe of ``<(command)`` is waited for as standard input is. One that nobody writes to would be
    waited for without end: OSError.
    """
    content = b""
    if stat.S_ISFIFO(os.fstat(handle).st_mode):
        content = _first_of(handle)
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(handle, True)
    return content


def _first_of(pipe: int) -> bytes:
    end = time.monotonic() + _WAIT_FOR_WRITER
    try:
        while not (content := os.read(pipe, MAX_SIZE)):
            if time.monotonic() > end:
                raise OSError(0, "nothing is written to this pipe")
            time.sleep(0.01)
    except BlockingIOError:
        return b""  # there is a writer, who has not written yet
    return content


def parse(text: str | bytes, file: str) -> Document:
    """The document in a text; bytes are UTF-8, or UTF-16 with a byte order mark.

    Raises DocumentError.
    """
    if len(text) > MAX_SIZE:
        raise _too_large(file, len(text))
    if isinstance(text, bytes):
        text = _decoded(text, file)
    text = text.removeprefix("\ufeff")
    try:
        return Document(file, text, build(text))
    except Fault as fault:
        line, column = _position(_line_starts(text), fault.at)
        raise DocumentError(file, line, column, str(fault)) from None


def _decoded(content: bytes, file: str) -> str:
    # PowerShell 5 writes UTF-16 for `copilot svc package > stack.yml`.
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError as error:
        if wide:
            raise DocumentError(file, 0, 0, "file is broken UTF-16: save it as UTF-8") from None
        before = content[: error.start].decode().removeprefix("\ufeff")
        line, column = _position(_line_starts(before), len(before))
        message = f"byte 0x{content[error.start]:02x} is not UTF-8: save the file as UTF-8"
        raise DocumentError(file, line, column, message) from None


def _too_large(file: str, size: int) -> DocumentError:
    message = f"file has {size / 1e6:.0f} MB: CloudFormation takes a template of at most 1 MB"
    return DocumentError(file, 0, 0, message)


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in LINE_BREAK.finditer(text))]


def _position(line_starts: list[int], offset: int) -> Position:
    line = bisect_right(line_starts, offset)
    return Position(line, offset - line_starts[line - 1] + 1)


def kind_of(data: Any) -> str:
    """What a value is, in the words of an error message."""
    if isinstance(data, dict):
        return "a map"
    if isinstance(data, list):
        return "a list"
    return (
        "nothing" if data is None else "a string" if isinstance(data, str) else f"{data!r}".lower()
    )
