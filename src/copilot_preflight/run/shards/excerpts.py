"""The lines of a file that a report quotes, without the rest of the file.

A line may be a whole template of 1 MB. Only what a report can show of it is kept, so that nothing
leaves the machine that no report would show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, overload

from copilot_preflight.base.finding import DataPath, Finding, Place, Position, Source, Span
from copilot_preflight.render import whole

RADIUS: Final = 120
"""Characters around a place that a report may show: the width of the widest one."""

_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")
_FAR: Final = 1_000_000
"""A column behind the end of any line."""

_START: Final = Span(Position(1, 1), Position(1, 1))


class Line(NamedTuple):
    """A line of ``length`` characters, and pieces of it, each with the characters before it."""

    length: int
    pieces: Sequence[tuple[int, str]]


def quoted(
    finding: Finding, sources: Mapping[str, Source]
) -> Iterator[tuple[str, int, Span | None]]:
    """The lines that a report quotes for a finding: file, number, and the place on it if any."""
    if finding.is_secret:
        return
    spans: dict[str, list[Span]] = {}
    for place in (finding.at, *(related.place for related in finding.related)):
        source = sources.get(place.file)
        if source is not None:
            spans.setdefault(place.file, []).append(source.span(place.path, key=place.key))
    for file, marks in spans.items():
        marks.sort()
        last = 0
        for span in marks:
            number = span.start.line
            if last and number - last == 2:  # a report shows the one between too
                yield file, number - 1, None
            yield file, number, span
            if span.end.line > number:
                for other in whole.lines_of(_lines(sources[file].text), span)[1:]:
                    yield file, other, Span(Position(other, 1), Position(other, _FAR))
            last = number


@lru_cache(maxsize=8)
def _lines(text: str) -> list[str]:
    return _LINE_BREAK.split(text)


def lines_of(text: str, wanted: Mapping[int, Iterable[Span | None]]) -> Iterator[tuple[int, Line]]:
    """Some lines of a text by their numbers, as far as their places need them."""
    lines = _lines(text)
    for number in sorted(wanted):
        line = lines[number - 1].rstrip(" \t") if number <= len(lines) else ""
        stretches = [_around(span, len(line)) for span in wanted[number]]
        edges = sorted(edge for stretch in stretches for edge in stretch)
        yield number, Line(len(line), list(_pieces(line, edges)))


def _around(span: Span | None, length: int) -> Iterator[tuple[int, int]]:
    start = 0 if span is None else min(span.start.column - 1, length)
    end = start
    if span is not None:
        end = min(span.end.column - 1, length) if span.end.line == span.start.line else length
    for at in (start, max(start, end)):
        yield max(0, at - RADIUS), min(length, at + RADIUS)


def _pieces(line: str, stretches: Iterable[tuple[int, int]]) -> Iterator[tuple[int, str]]:
    begin = end = 0
    for start, stop in stretches:
        if start > end:
            yield begin, line[begin:end]
            begin = start
        end = max(end, stop)
    yield begin, line[begin:end]


class Excerpt:
    """What is known of a file that others have read: places, and lines as they are quoted.

    Of a file in JSON, ``text`` and ``data`` say that it is, and what made its resources.
    """

    def __init__(self) -> None:
        self.text = ""
        self.data: dict[str, Any] = {"Resources": {}}
        self.spans: dict[tuple[DataPath, bool], Span] = {}
        self.lines = Lines()

    def span(self, path: DataPath, *, key: bool = False) -> Span:
        return self.spans.get((path, key), _START)

    def put_json(self, constructs: Mapping[str, str] | None) -> None:
        """The file is JSON; None where no construct of the CDK is named in it."""
        self.text = "{" if constructs is None else '{"aws:cdk:path"'
        for name, path in (constructs or {}).items():
            self.data["Resources"][name] = {"Metadata": {"aws:cdk:path": path}}

    def put(self, place: Place, span: Span) -> None:
        self.spans[place.path, place.key] = span


class Lines(Sequence[str]):
    """The lines of a file, of which few are there; what is missing inside of one is filled up."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[int, list[tuple[int, str]]]] = {}

    def put(self, number: int, line: Line) -> None:
        self._lines.setdefault(number, (line.length, []))[1].extend(line.pieces)

    def __len__(self) -> int:
        return max(self._lines, default=1)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(len(self))[index]]
        if index >= len(self):
            raise IndexError(index)
        length, pieces = self._lines.get(index + 1, (0, []))
        text, at = [], 0
        for start, piece in sorted(pieces):
            if start > at:
                text.append("x" * (start - at))
                at = start
            text.append(piece[at - start :])
            at = max(at, start + len(piece))
        return "".join([*text, "x" * (length - at)])
