"""A fix as reports show it: what it changes in which text, without the documents that it is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from copilot_preflight.base.finding import DataPath, Position, Span
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.edit import Applicability, Operation
from copilot_preflight.edits.spelling import Plain
from copilot_preflight.read.layout import line_starts
from copilot_preflight.read.yaml.faults import LINE_BREAK


class OffsetChange(Protocol):
    """The characters of a text from ``start`` to just before ``end``, and what is there instead."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def new(self) -> str: ...


class Change(NamedTuple):
    """A stretch of a file, empty where something is added, and what comes in its place."""

    file: str
    span: Span
    text: str


class ChangedLines(NamedTuple):
    """Whole lines that go, from line ``first`` on, and those that come in their place.

    Where none goes, the new ones come before line ``first``, and after the line ``above``: the
    text of that, ``""`` for the beginning of the file.
    """

    file: str
    first: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    above: str = ""


class DataChange(NamedTuple):
    """The same as an edit of data, for whoever writes files on their own. See `Edit`."""

    operation: Operation
    file: str
    path: DataPath
    value: Plain | None


class ShownFix(NamedTuple):
    """A fix with its changes in the order of their places, all of which belong together.

    ``lines`` are none where a secret stands in them, where they are too long to be read, and where
    a tool writes the file anew.
    """

    title: str
    applicability: Applicability
    changes: tuple[Change, ...]
    operations: tuple[DataChange, ...]
    lines: tuple[ChangedLines, ...] = ()


class WayOut(NamedTuple):
    """What reports show of the way out of a finding: the help, and the fix if it has one."""

    help: str
    fix: ShownFix | None = None

    @property
    def text(self) -> str:
        """The help, as of every remedy."""
        return self.help


class Lines:
    """A text whose lines and offsets are asked for."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._text = text
        self._starts = line_starts(text)

    def position(self, offset: int) -> Position:
        """Where a character is."""
        from bisect import bisect_right

        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """A line without its end, ``""`` where there is none."""
        if not 0 < number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self._text)
        return self._text[start:end].rstrip("\r\n")

    def changes(self, changes: Iterable[OffsetChange]) -> Iterator[Change]:
        """Changes of the text, with lines and columns."""
        for change in changes:
            span = Span(self.position(change.start), self.position(change.end))
            yield Change(self.file, span, change.new)

    def changed(self, changes: Sequence[OffsetChange]) -> Iterator[ChangedLines]:
        """The lines that changes touch, those of one line and of neighbouring lines together."""
        group: list[OffsetChange] = []
        last = 0
        for change in changes:
            if group and self.position(change.start).line > last + 1:
                yield from self._group(group)
                group = []
            group.append(change)
            last = self.position(change.end).line
        if group:
            yield from self._group(group)

    def _group(self, changes: Sequence[OffsetChange]) -> Iterator[ChangedLines]:
        first = self.position(changes[0].start).line
        last = self.position(changes[-1].end).line
        start = at = self._starts[first - 1]
        end = self._starts[last] if last < len(self._starts) else len(self._text)
        pieces: list[str] = []
        for change in changes:
            pieces += (self._text[at : change.start], change.new)
            at = change.end
        pieces.append(self._text[at:end])
        old = _split(self._text[start:end])
        new = _split("".join(pieces))
        while old and new and old[0] == new[0]:
            del old[0], new[0]
            first += 1
        while old and new and old[-1] == new[-1]:
            del old[-1], new[-1]
        if old or new:
            above = "" if old else self.line(first - 1)
            yield ChangedLines(self.file, first, tuple(old), tuple(new), above)


def _split(text: str) -> list[str]:
    """The lines of a text; an end of the last one begins no other."""
    lines = LINE_BREAK.split(text)
    return lines[:-1] if lines[-1] == "" else lines
