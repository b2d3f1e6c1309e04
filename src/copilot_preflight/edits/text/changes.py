"""Edits of a document as changes of its text, each proved before it is given out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Edit, Operation
from copilot_preflight.edits.text import meaning
from copilot_preflight.edits.text.source import CannotWrite, Source, TextChange
from copilot_preflight.edits.text.writing import written
from copilot_preflight.read.document import DocumentError, parse
from copilot_preflight.read.jsonpath import spell
from copilot_preflight.read.yaml.errors import Fault

__all__ = ["CannotWrite", "TextChange", "changed", "text_changes"]

_ORDER: Final = (Operation.REPLACE, Operation.INSERT, Operation.REMOVE)

_Task = tuple[Operation, DataPath, Any]


def text_changes(text: str, edits: Sequence[Edit]) -> tuple[TextChange, ...]:
    """The changes of ``Document.text`` that carry out edits: sorted, and never overlapping.

    All paths are those of the document as it is, also where an edit before it moves what is there.
    Several values may be added to one list, and follow each other in the order of the edits. An
    edit that is there twice is carried out once, and one that changes nothing gives no change.
    ``Edit.file`` is not looked at, nor whether a value has gaps that somebody has to fill in.

    The changed text is read again after each edit, and its data are those that the edit means and
    no others: nothing else changes by way of an anchor, an alias or a merge key.

    Raises CannotWrite for all of them where there is no such node to replace or remove, a key to
    insert is there already, an edit would reach other places too, two edits are of the same node or
    one of a node inside of the other's (the caller writes them one round after the other), or the
    text cannot be read.
    """
    source = _read(text)
    pieces: list[_Piece] = [_Piece(0, len(text), text)]
    tasks = _tasks(source.data, edits)
    for task in tasks:
        operation, path, value = task
        expected = _meant(source.data, task)
        if meaning.is_same(expected, source.data):
            continue
        try:
            changes = written(source, operation, path, value)
        except CannotWrite as error:
            raise _refusal(path, error.reason) from None
        pieces = _cut(pieces, changes)
        new = changed(source.text, changes)
        if task is tasks[-1]:
            _prove(source, _data_of(new), expected, path)
        else:
            source = _proved(source, new, expected, path)
    return tuple(_changes(pieces, text))


def changed(text: str, changes: Iterable[TextChange]) -> str:
    """A text with changes carried out that are sorted and do not overlap."""
    parts: list[str] = []
    at = 0
    for change in changes:
        parts += (text[at : change.start], change.new)
        at = change.end
    return "".join((*parts, text[at:]))


@lru_cache(maxsize=2)
def _read(text: str) -> Source:
    """A text taken apart. A file has several findings, one after the other."""
    try:
        return Source(text)
    except Fault as fault:
        raise CannotWrite(f"the file cannot be read: {fault}") from None


def _refusal(path: DataPath, why: str) -> CannotWrite:
    shown = path[:-1] if path[-1:] == (END,) else path
    return CannotWrite(f"'{spell(shown)}' {why}")


# --- which edits, in which order ------------------------------------------------------------------


def _tasks(data: Any, edits: Sequence[Edit]) -> list[_Task]:
    """The edits in an order in which none moves what a later one is of. Raises CannotWrite."""
    tasks: list[_Task] = []
    for edit in edits:
        path = edit.path
        if edit.operation is Operation.REMOVE:
            _meant(data, (edit.operation, path, None))
        elif edit.operation is Operation.REPLACE:
            _meant(data, (edit.operation, path, edit.value))
        task = (edit.operation, path, edit.value)
        if task not in tasks:
            tasks.append(task)
    _refuse_conflicts([(operation, path) for operation, path, _ in tasks])
    removals = [task for task in tasks if task[0] is Operation.REMOVE]
    removals.sort(key=lambda task: [(isinstance(it, str), it) for it in task[1]], reverse=True)
    others = [task for kind in _ORDER[:2] for task in tasks if task[0] is kind]
    return [*others, *removals]


def _refuse_conflicts(tasks: list[tuple[Operation, DataPath]]) -> None:
    paths = sorted((path for _, path in tasks), key=_sortable)
    for before, path in pairwise(paths):
        if path[: len(before)] == before and not (path == before and path[-1:] == (END,)):
            raise _refusal(path, "is changed by two edits: write one after the other")


def _sortable(path: DataPath) -> list[tuple[bool, str | int]]:
    return [(isinstance(step, str), step) for step in path]


def _meant(data: Any, task: _Task) -> Any:
    operation, path, value = task
    try:
        return meaning.applied(data, operation, path, value)
    except KeyError:
        if operation is not Operation.INSERT:
            raise _refusal(path, "is not there") from None
    try:
        meaning.node_at(data, path)
    except KeyError:
        raise _refusal(path, "lies below something that is no mapping") from None
    raise _refusal(path, "is there already")


def _proved(source: Source, text: str, expected: Any, path: DataPath) -> Source:
    """The changed text, if it is read as what was meant. Raises CannotWrite."""
    try:
        new = Source(text)
    except Fault:
        raise _unsafe(source, path) from None
    _prove(source, new.data, expected, path)
    return new


def _prove(source: Source, data: Any, expected: Any, path: DataPath) -> None:
    if not meaning.is_same(data, expected):
        raise _unsafe(source, path)


def _data_of(text: str) -> Any:
    """What a text is read as, at half the cost of its tree; None where it cannot be read."""
    try:
        return parse(text, "").data
    except DocumentError:
        return None


def _unsafe(source: Source, path: DataPath) -> CannotWrite:
    has_anchors = "&" in source.text and "*" in source.text
    why = (
        "cannot be changed without other places that an alias or a '<<' key repeats"
        if has_anchors
        else "is written in a way that cannot be changed safely"
    )
    return _refusal(path, f"{why}: change it by hand")


# --- changes of a changed text --------------------------------------------------------------------


class _Piece:
    """A stretch of a changed text: characters of the original, or new ones (``start`` is -1)."""

    __slots__ = ("end", "start", "text")

    def __init__(self, start: int, end: int, text: str) -> None:
        self.start = start
        self.end = end
        self.text = text

    def part(self, begin: int, end: int) -> _Piece:
        if self.start < 0:
            return _Piece(-1, -1, self.text[begin:end])
        return _Piece(self.start + begin, self.start + end, self.text[begin:end])


def _cut(pieces: list[_Piece], changes: Sequence[TextChange]) -> list[_Piece]:
    """The pieces after further changes, whose offsets are those of the text of the pieces."""
    found: list[_Piece] = []
    rest = list(reversed(pieces))
    at = 0

    def pass_over(to: int, *, keep: bool) -> None:
        nonlocal at
        while at < to:
            piece = rest.pop()
            length = min(len(piece.text), to - at)
            if keep:
                found.append(piece.part(0, length))
            if length < len(piece.text):
                rest.append(piece.part(length, len(piece.text)))
            at += length

    for change in changes:
        pass_over(change.start, keep=True)
        pass_over(change.end, keep=False)
        if change.new:
            found.append(_Piece(-1, -1, change.new))
    return [*found, *reversed(rest)]


def _changes(pieces: list[_Piece], text: str) -> list[TextChange]:
    """What has become of the original text."""
    found: list[TextChange] = []
    at, new = 0, ""
    for piece in [*pieces, _Piece(len(text), len(text), "")]:
        if piece.start < 0:
            new += piece.text
            continue
        if new or piece.start > at:
            found.append(TextChange(at, piece.start, new))
        at, new = piece.end, ""
    return found
