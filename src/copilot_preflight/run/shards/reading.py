"""The JSON of a shard, read by those who trust nothing in it.

It may come from an artifact that anybody could write: every value has the type and the bounds that
it must have, or the file is refused in one line. Names and pages of rules are not taken from it.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from copilot_preflight._version import NAME, __version__
from copilot_preflight.base.finding import (
    EXTERNAL,
    IN_SOURCE,
    Asked,
    CallCounts,
    CitedCall,
    Finding,
    InputError,
    Place,
    Position,
    Related,
    Severity,
    Span,
)
from copilot_preflight.edits.shown import WayOut
from copilot_preflight.needs.unread import UNREAD
from copilot_preflight.read.document import MAX_SIZE
from copilot_preflight.run.shards.excerpts import Line
from copilot_preflight.run.shards.fixes import fix_of
from copilot_preflight.run.shards.share import MOST, Shard
from copilot_preflight.run.shards.values import ShardError, Value
from copilot_preflight_rules import CATALOGUE

LARGEST: Final = 500_000_000
"""Bytes of a report."""

_SEVERITIES: Final = {severity.label: severity for severity in Severity}
_FAIL_ON: Final = (*_SEVERITIES, "never")


class Found(NamedTuple):
    """A finding as its shard has it.

    ``by`` are the suppressions that it falls under, ``known`` is the number of its entry in the
    baseline and how many findings that is for. ``template`` is the number of its template in the
    run, ``order`` where a finding on a suppression is told among the others.
    """

    finding: Finding
    template: int
    by: Sequence[int]
    known: tuple[int, int] | None
    order: tuple[int, ...]


class Told(NamedTuple):
    """What a shard says about a suppression; ``until`` is the last day on which it counts."""

    rule: str
    kind: str
    reason: str
    until: str
    at: Place


class Part(NamedTuple):
    """What one shard says; ``parts`` has the keys in words. The file is ``name``."""

    name: str
    shard: Shard
    run: str
    today: str
    ignored: int
    paths: Sequence[str]
    asked: Asked | None
    templates: Sequence[tuple[int, str, bool]]
    left_out: frozenset[str]
    not_judged: Mapping[str, int]
    calls: CallCounts
    before: Sequence[InputError]
    errors: Sequence[tuple[int, InputError]]
    after: Sequence[InputError]
    absent: Sequence[tuple[str, str]]
    findings: Sequence[Found]
    faults: Sequence[Found]
    void: Sequence[tuple[int, Found | None, Found | None]]
    suppressions: Mapping[int, Told]
    baseline: str | None
    entries: Sequence[tuple[int, int]]
    spans: Mapping[Place, Span | None]
    lines: Mapping[str, Sequence[tuple[int, Line]]]
    json: Mapping[str, Mapping[str, str] | None]


def read(name: str) -> Part:
    """The part of a run in a file. Raises ShardError."""
    try:
        with open(name, "rb", opener=_opened) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ShardError(f"{name}: not a file")
            if status.st_size > LARGEST:
                size = f"{status.st_size / 1e6:.0f} MB, and {LARGEST / 1e6:.0f} are the most"
                raise ShardError(f"{name}: the report has {size}: more shards make smaller ones")
            content = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ShardError(f"{name}: cannot read: {reason[:1].lower()}{reason[1:]}") from None
    try:
        data = json.loads(content)
    except RecursionError:
        raise ShardError(f"{name}: lists and maps nest too deeply") from None
    except ValueError as error:  # no JSON, no UTF-8, a number of thousands of digits
        what = re.split(r"[:(]", str(error))[0].strip()
        line = getattr(error, "lineno", 0)
        place = f":{line}:{getattr(error, 'colno', 0)}" if line else ""
        raise ShardError(f"{name}{place}: no JSON: {what[:1].lower()}{what[1:]}") from None
    return _part(name, Value(data, name, "$"))


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe's opening waits for writers


# --- what a shard says ---------------------------------------------------------------------------


def _part(name: str, report: Value) -> Part:
    if not isinstance(report.data, dict) or "findings" not in report.data:
        raise ShardError(f"{name}: no report: it must be what 'check --shard --format json' writes")
    if report["version"].number() != 1:
        raise ShardError(f"{name}: a report of another version of the format, which must be 1")
    report["tool"]["name"].one_of([NAME])
    if report["tool"]["version"].text() != __version__:
        message = f"written by another version of {NAME} than {__version__}, which reads it"
        raise ShardError(f"{name}: {message}: join reports with the version that wrote them")
    if "shard" not in report.data:
        raise ShardError(
            f"{name}: a report of a whole run: only those of 'check --shard' are joined"
        )
    said = report["shard"]
    of = said["of"].number(1, MOST)
    table = _Table(said["places"])
    baseline = said["baseline"]
    return Part(
        name,
        Shard(said["number"].number(1, of), of, said["fail_on"].one_of(_FAIL_ON)),
        said["run"].text(),
        said["today"].text(),
        said["ignored"].number(),
        said["paths"].each(Value.text),
        said["asked"].maybe(_asked),
        said["templates"].each(_template),
        frozenset(said["left_out"].each(Value.text)),
        dict(said["not_judged"].each(_count)),
        CallCounts(*(it.number() for it in said["calls"].several(3))),
        said["before"].each(_error),
        said["errors"].each(_turn),
        said["after"].each(_error),
        said["absent"].each(_pair),
        said["findings"].each(table.finding),
        said["faults"].each(table.suppression_finding),
        said["void"].each(table.void),
        dict(said["suppressions"].each(table.suppression)),
        None if baseline.data is None else baseline["file"].text(),
        () if baseline.data is None else baseline["entries"].each(_numbers),
        table.spans,
        {file: _lines(lines) for file, lines in said["lines"].items()},
        {file: names.maybe(_constructs) for file, names in said["json"].items()},
    )


def _asked(value: Value) -> Asked:
    return value.each(lambda it: tuple(it.each(Value.text)))


def _template(value: Value) -> tuple[int, str, bool]:
    number, file, is_sound = value.several(3)
    return number.number(), file.text(), is_sound.flag()


def _error(value: Value) -> InputError:
    file, line, column, message = value.several(4)
    return InputError(
        file.text(), line.number(0, MAX_SIZE), column.number(0, MAX_SIZE), message.text()
    )


def _turn(value: Value) -> tuple[int, InputError]:
    reached, error = value.several(2)
    return reached.number(), _error(error)


def _count(value: Value) -> tuple[str, int]:
    kind, count = value.several(2)
    return kind.one_of(tuple(UNREAD)), count.number(1)


def _pair(value: Value) -> tuple[str, str]:
    first, second = value.several(2)
    return first.text(), second.text()


def _numbers(value: Value) -> tuple[int, int]:
    first, second = value.several(2)
    return first.number(), second.number(1)


def _constructs(value: Value) -> Mapping[str, str]:
    return {name: path.text() for name, path in value.items()}


def _lines(value: Value) -> Sequence[tuple[int, Line]]:
    lines, size = [], 0
    for item in value:
        number, length, *pieces = item.at_least(2)
        line = Line(length.number(0, MAX_SIZE), [_piece(it, length) for it in pieces])
        size += line.length
        lines.append((number.number(1, MAX_SIZE), line))
    if size > MAX_SIZE:  # no file has as many: text would be made up out of nothing
        raise value.wrong(f"lines of {MAX_SIZE} characters at most")
    return lines


def _piece(value: Value, length: Value) -> tuple[int, str]:
    start, text = value.several(2)
    piece = text.text()
    start.number(0, length.number() - len(piece))
    return start.data, piece


@cache
def _rule(id: str) -> tuple[str, str] | None:
    """The name of a rule and the address of its page."""
    found = next((entry for entry in CATALOGUE if entry.id == id), None)
    return None if found is None else (found.name, found.load().url)


class _Table:
    """The places of a shard, and the findings that name them by their numbers."""

    def __init__(self, places: Value) -> None:
        self.spans: dict[Place, Span | None] = {}
        self._places: list[Place] = []
        for value in places:
            file, path, key, where = value.several(4)
            place = Place(file.text(), path.each(Value.step), key.flag())
            numbers = where.each(lambda it: it.number(1, MAX_SIZE + 1))
            if len(numbers) not in (0, 4) or numbers[:2] > numbers[2:]:
                raise where.wrong("where the place starts and ends, or nothing")
            span = Span(Position(*numbers[:2]), Position(*numbers[2:])) if numbers else None
            self.spans[place] = span
            self._places.append(place)

    def place(self, value: Value) -> Place:
        return self._places[value.number(0, len(self._places) - 1)]

    def finding(self, value: Value) -> Found:
        known = value["known"].maybe(_numbers)
        numbers = value["by"].each(Value.number)
        template = value["template"].number()
        return Found(self._finding(value), template, numbers, known, ())

    def suppression_finding(self, value: Value) -> Found:
        order = value["order"].each(lambda it: it.number(-1))
        return self.finding(value)._replace(order=order)

    def _finding(self, value: Value) -> Finding:
        rule = _rule(value["rule"].text())
        if rule is None:
            raise value["rule"].wrong("the id of a rule")
        severity = value["severity"].maybe(lambda it: it.one_of(tuple(_SEVERITIES)))
        call = value["call"].maybe(lambda it: CitedCall(*(one.text() for one in it.several(4))))
        fix = value["fix"].maybe(fix_of)
        return Finding(
            self.place(value["at"]),
            value["message"].text(),
            value["label"].text(),
            value["related"].each(self._related),
            call,
            value["cause"].text(),
            value["help"].text(),
            None if fix is None else WayOut(value["help"].text(), fix),
            value["is_secret"].flag(),
            value["rule"].text(),
            *rule,
            None if severity is None else _SEVERITIES[severity],
            value["assumes"].each(Value.text),
            value["is_patched"].flag(),
            value["account_knows"].flag(),
        )

    def _related(self, value: Value) -> Related:
        place, message = value.several(2)
        return Related(self.place(place), message.text())

    def suppression(self, value: Value) -> tuple[int, Told]:
        number, rule, kind, reason, until, at = value.several(6)
        return number.number(), Told(
            rule.text(),
            kind.one_of((IN_SOURCE, EXTERNAL)),
            reason.text(),
            until.text(),
            self.place(at),
        )

    def void(self, value: Value) -> tuple[int, Found | None, Found | None]:
        number, expired, unused = value.several(3)
        return (
            number.number(),
            expired.maybe(self.suppression_finding),
            unused.maybe(self.suppression_finding),
        )
