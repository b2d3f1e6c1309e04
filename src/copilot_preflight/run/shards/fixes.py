"""The fix of a finding, as a shard writes it and as it is read again."""

from __future__ import annotations

from typing import Any

from copilot_preflight.base.finding import Position, Span
from copilot_preflight.edits.edit import Applicability, Operation
from copilot_preflight.edits.shown import Change, ChangedLines, DataChange, ShownFix
from copilot_preflight.read.document import MAX_SIZE
from copilot_preflight.run.shards.values import Value


def told(fix: ShownFix) -> list[Any]:
    """A fix as data for JSON."""
    return [
        fix.title,
        fix.applicability.value,
        [[it.file, [*it.span.start, *it.span.end], it.text] for it in fix.changes],
        [[it.operation.value, it.file, list(it.path), it.value] for it in fix.operations],
        [[it.file, it.first, it.old, it.new, it.above] for it in fix.lines],
    ]


def fix_of(value: Value) -> ShownFix:
    title, applicability, changes, operations, lines = value.several(5)
    return ShownFix(
        title.text(),
        Applicability(applicability.one_of([it.value for it in Applicability])),
        changes.each(_change),
        operations.each(_operation),
        lines.each(_changed_lines),
    )


def _change(value: Value) -> Change:
    file, where, text = value.several(3)
    return Change(file.text(), _span(where), text.text())


def _operation(value: Value) -> DataChange:
    operation, file, path, data = value.several(4)
    known = [it.value for it in Operation]
    return DataChange(
        Operation(operation.one_of(known)), file.text(), path.each(Value.step), data.plain()
    )


def _changed_lines(value: Value) -> ChangedLines:
    file, first, old, new, above = value.several(5)
    return ChangedLines(
        file.text(),
        first.number(1, MAX_SIZE),
        old.each(Value.text),
        new.each(Value.text),
        above.text(),
    )


def _span(where: Value) -> Span:
    numbers = where.each(lambda it: it.number(1, MAX_SIZE + 1))
    if len(numbers) != 4 or numbers[:2] > numbers[2:]:
        raise where.wrong("where the place starts and ends")
    return Span(Position(*numbers[:2]), Position(*numbers[2:]))
