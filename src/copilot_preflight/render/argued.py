"""One finding as a person reads it in a terminal: argued on the source itself."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from copilot_preflight.base.finding import Finding, Place, Report, Source, Span
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.read.yaml.faults import LINE_BREAK
from copilot_preflight.render.formats import Look
from copilot_preflight.render.safe_text import COMMAND, SNIPPET_LINE, safe
from copilot_preflight.render.text import Block, painted
from copilot_preflight.render.ways_out import WaysOut

_TAB_STOP = 4
_DEEPER = " " * 4
_MANY = 40  # findings in one block, of which no other files are shown
_ELLIPSIS = "..."
_HOLE = re.compile(r"\$\{[^{}]*\}")
_WORD = re.compile("( *)([^ ]+)")


class _Mark(NamedTuple):
    """A place as shown: the sign that underlines it, in which style, and what is said there."""

    place: Place
    span: Span
    sign: str
    style: str
    label: str

    @property
    def file(self) -> str:
        return self.place.file


class Writer:
    """The lines of one finding."""

    def __init__(self, report: Report, block: Block, ways_out: WaysOut, look: Look) -> None:
        self.report = report
        self.sources = report.sources
        self.block_of = block
        self.finding = finding = block.finding
        self.ways_out = ways_out
        self.look = look
        self.colour = look.colour
        self.width = max(look.width, 40)
        self.inside: list[str] = []  # the resources of the places, where JSON is
        self.marks = list(_marks(report, finding))
        digits = max(len(str(mark.span.start.line)) for mark in self.marks)
        self.gutter = max(2, digits)  # columns of the line numbers
        self.room = self.width - self.gutter - len(" | ")  # columns of the source

    def __iter__(self) -> Iterator[str]:
        if self.block_of.heading:
            yield self.paint("strong", safe(self.block_of.heading))
            yield ""
        yield from self.title()
        primary, *others = _by_file(self.marks)
        if len(self.block_of.others) > _MANY:
            others = []  # the files of one finding among many
        yield from self.block(primary, "-->")
        for marks in others:
            if not self.finding.is_secret:
                yield self.row()
            yield from self.block(marks, ":::")
        yield from self.notes()
        yield from self.help()
        if self.block_of.others:
            from copilot_preflight.render.grouping import more

            for other in self.block_of.others:
                self.ways_out.count(other)
            yield from more(self.report, self.block_of, self.width)

    def title(self) -> Iterator[str]:
        it = self.finding
        label = f"{it.severity.label}[{safe(it.rule)}]"
        rule = self.paint(it.severity.label, label)
        if self.look.has_links:
            from copilot_preflight.render.links import linked

            rule = linked(it.url, rule)
        begin, message = f"{label} {safe(it.name)}: ", safe(it.message)
        if not self.look.wraps or len(begin) + _columns(message) <= self.width:
            yield f"{rule} {safe(it.name)}: {self.paint('strong', message)}"
            return
        first, *rest = self.wrapped(f"{'x' * len(begin)}{message}", 0, len(_DEEPER))
        yield f"{rule} {safe(it.name)}: {self.paint('strong', first[len(begin) :])}"
        for line in rest:
            yield _DEEPER + self.paint("strong", line[len(_DEEPER) :])

    def block(self, marks: Sequence[_Mark], arrow: str) -> Iterator[str]:
        """The marks of one file: where the first one stands, and the source that has them all."""
        source = self.sources.get(marks[0].file)
        if source is None or self.finding.is_secret:
            for mark in marks:
                yield f"{self.head(mark, arrow)}: {safe(mark.label)}".removesuffix(": ")
                arrow = ":::"
            return
        yield self.head(marks[0], arrow)
        yield self.row()
        lines = _lines_of(source)
        yield from self.excerpt(lines, marks)
        if source.text[:200].lstrip()[:1] == "{":  # most files are not, and load nothing
            from copilot_preflight.render.whole import residence

            self.inside += residence(source, lines, ((mark.place, mark.span) for mark in marks))

    def head(self, mark: _Mark, arrow: str) -> str:
        line, column = mark.span.start
        where = self.paint("strong", f"{safe(mark.file)}:{line}:{column}")
        return f"{' ' * self.gutter}{self.paint('gutter', arrow)} {where}"

    def excerpt(self, lines: Sequence[str], marks: Sequence[_Mark]) -> Iterator[str]:
        last, shown = 0, ""
        for mark in sorted(marks, key=lambda mark: mark.span.start):
            number = mark.span.start.line
            text, start, length = _view(*_whole(lines, mark.span), self.room)
            if last and number - last == 2:  # the line between is as short as its ellipsis
                between = _view(_line(lines, last + 1), None, self.room)[0]
                yield self.row(between, last + 1)
            elif last and number - last > 2:
                yield self.paint("gutter", _ELLIPSIS)
            if (last, shown) != (number, text):
                yield self.row(text, number)
            yield from self.underline(mark, start, length)
            last, shown = number, text

    def underline(self, mark: _Mark, start: int, length: int) -> Iterator[str]:
        """The signs under a place with its label, which stands below where it has no room."""
        label = safe(mark.label)
        line = f"{mark.sign * length} {label}".rstrip()
        free = self.room - _columns(label)
        if start + length < free or not label:
            yield self.row(" " * start + self.paint(mark.style, line))
        else:
            yield self.row(" " * start + self.paint(mark.style, mark.sign * length))
            yield self.row(" " * max(0, min(start, free)) + self.paint(mark.style, label))

    def row(self, text: str = "", number: int | None = None) -> str:
        edge = self.paint("gutter", f"{'' if number is None else number:>{self.gutter}} |")
        return f"{edge} {text}".rstrip()

    def notes(self) -> Iterator[str]:
        lead = " " * self.gutter + self.paint("gutter", " = ")
        call = self.finding.call
        if call or self.finding.cause or self.inside:
            yield self.row()
        for inside in self.inside:
            yield f"{lead}{self.paint('strong', 'in:')} {safe(inside)}"
        if call:
            sentence = safe(f"{call.principal} calls {call.action} on {call.resource}")
            indent = self.gutter + len(" = call: ")
            if self.look.wraps and indent + len(sentence) > self.width:
                sentence, *more = self.wrapped(sentence, indent)
                sentence = sentence[indent:]
            else:
                more = []
            yield f"{lead}{self.paint('strong', 'call:')} {sentence}"
            yield from more
            yield from self.wrapped(call.because, self.gutter + len(" = call: "))
        if self.finding.cause:
            yield f"{lead}{self.paint('strong', 'cause:')} {safe(self.finding.cause)}"

    def help(self) -> Iterator[str]:
        """The way out: prose wraps, the lines of a snippet stay whole for pasting."""
        text = self.ways_out.of(self.finding).help.strip()
        if not text:
            return
        indent = len("help: ")
        prose, *rest = text.split("\n")
        first, *more = self.wrapped(prose, indent) or [""]
        yield f"{self.paint('help', 'help:')} {first[indent:]}"
        yield from more
        for line in rest:
            if SNIPPET_LINE.match(line):
                yield (" " * indent + safe(line)).rstrip()
            else:
                yield from self.wrapped(line, indent) or [""]

    def wrapped(self, text: str, indent: int, deeper: int | None = None) -> list[str]:
        margin = " " * indent
        below = margin if deeper is None else " " * deeper
        # whole words only: ARNs and links are copied from here, with the blanks of their holes
        text = _HOLE.sub(lambda hole: hole[0].replace(" ", "\0"), safe(text))
        return [line.replace("\0", " ") for line in filled(text, self.width, margin, below)]

    def paint(self, style: str, text: str) -> str:
        return painted(style, text) if self.colour else text


def _marks(report: Report, finding: Finding) -> Iterator[_Mark]:
    at = finding.at
    yield _Mark(at, report.span(at), "^", finding.severity.label, finding.label)
    for related in finding.related:
        place = related.place
        yield _Mark(place, report.span(place), "-", "gutter", related.message)


def _by_file(marks: Sequence[_Mark]) -> list[list[_Mark]]:
    files: dict[str, list[_Mark]] = {}
    for mark in marks:
        files.setdefault(mark.file, []).append(mark)
    return list(files.values())


def _lines_of(source: Source) -> Sequence[str]:
    """The lines of a file; of one that others have read, those that a report quotes."""
    lines: Sequence[str] | None = getattr(source, "lines", None)
    return _lines(source.text) if lines is None else lines


@lru_cache(maxsize=8)
def _lines(text: str) -> list[str]:
    return LINE_BREAK.split(text)


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number - 1] if number <= len(lines) else ""


def _whole(lines: Sequence[str], span: Span) -> tuple[str, Span]:
    """The first line of a place, with what follows where it is no more than a bracket."""
    line = _line(lines, span.start.line)
    if span.end.line > span.start.line and line.rstrip()[-1:] in ("{", "["):
        from copilot_preflight.render.whole import whole

        return whole(lines, span) or (line, span)
    return line, span


def _view(line: str, span: Span | None, room: int) -> tuple[str, int, int]:
    """What to show of ``line`` in ``room`` columns, and the first column and length to underline.

    A line that is too long is cut to a window around the span, and a span that is too long loses
    its middle: it is by their ends that ARNs differ.
    """
    line = line.rstrip(" \t")
    start, end = _stretch(span, len(line))
    if len(line) > room:
        line, start, end = _nearby(line, start, end, room)
    cells, edges = _cells(line)
    left, right = _window(edges, start, end, room)
    head = _ELLIPSIS if left else ""
    tail = _ELLIPSIS if right < len(cells) else ""
    text = head + "".join(cells[left:right]) + tail
    length = edges[min(end, right)] - edges[start]
    return text, len(head) + edges[start] - edges[left], max(1, length)


def _stretch(span: Span | None, size: int) -> tuple[int, int]:
    """The characters of its first line that ``span`` covers, as a slice."""
    if span is None:
        return 0, 0
    start = min(span.start.column - 1, size)
    one_line = span.end.line == span.start.line
    end = min(span.end.column - 1, size) if one_line else size
    return start, max(start, end)


def _nearby(line: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """The line without the middle of a long span, and without what is too far off to be shown."""
    keep = (room - 3 * len(_ELLIPSIS) - min(start, room // 4)) // 2
    if end - start > 2 * keep + len(_ELLIPSIS):
        line = line[: start + keep] + _ELLIPSIS + line[end - keep :]
        end = start + 2 * keep + len(_ELLIPSIS)
    skip = max(0, start - room)
    return line[skip : end + room], start - skip, end - skip


def _cells(line: str) -> tuple[list[str], list[int]]:
    """The characters of ``line`` as shown, and the columns between which they stand."""
    if line.isascii() and line.isprintable() and "##" not in line:  # as nearly all are
        return list(line), list(range(len(line) + 1))
    cells, edges = [], [0]
    obeyed = {match.start() for match in COMMAND.finditer(line)}
    for index, char in enumerate(line):
        tab = _TAB_STOP - edges[-1] % _TAB_STOP
        shown = "\\x23" if index in obeyed else safe(char)
        cells.append(" " * tab if char == "\t" else shown)
        edges.append(edges[-1] + _columns(cells[-1]))
    return cells, edges


def _window(edges: Sequence[int], start: int, end: int, room: int) -> tuple[int, int]:
    """The cells to show: all, or from the first if that reaches the span, or around the span."""
    if edges[-1] <= room:
        return 0, len(edges) - 1
    room -= 2 * len(_ELLIPSIS)
    if edges[end] <= room:
        return 0, bisect_right(edges, room) - 1
    before = max(0, room - (edges[end] - edges[start])) // 2
    window = max(0, min(edges[start] - before, edges[-1] - room))
    return bisect_left(edges, window), bisect_right(edges, window + room) - 1


def _columns(text: str) -> int:
    """The columns of a terminal that ``text`` takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(char) in ("Mn", "Me") else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )


def filled(text: str, width: int, margin: str, below: str) -> Iterator[str]:
    """The lines of a text of one line, filled with whole words; ``below`` begins all but the first.

    As `textwrap` fills them, whose loading takes longer than all that is wrapped in a short report.
    """
    line = ""
    for blanks, word in _WORD.findall(text):
        if len(margin) + len(line) + len(blanks) + len(word) <= width:
            line += blanks + word
            continue
        if line:
            yield margin + line
            margin = below
        line = word
    if line:
        yield margin + line
