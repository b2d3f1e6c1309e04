"""Edits of a document as changes of its text, each proved before it is given out."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Edit, Operation
from copilot_preflight.edits.text import meaning
from copilot_preflight.edits.text.entry import alone
from copilot_preflight.edits.text.part import data_of_part
from copilot_preflight.edits.text.source import CannotWrite, Source, TextChange
from copilot_preflight.edits.text.writing import written
from copilot_preflight.read.document import DocumentError, parse
from copilot_preflight.read.yaml.faults import Fault

__all__ = ["CannotWrite", "TextChange", "changed", "text_changes"]

_ORDER: Final = (Operation.REPLACE, Operation.INSERT, Operation.REMOVE)

_Task = tuple[Operation, DataPath, Any]


def text_changes(text: str, edits: Sequence[Edit], data: Any = None) -> tuple[TextChange, ...]:
    """The changes of ``Document.text`` that carry out edits: sorted, and never overlapping.

    All paths are those of the document as it is, also where an edit before it moves what is there.
    Several values may be added to one list, and follow each other in the order of the edits. An
    edit that is there twice is carried out once, and one that changes nothing gives no change.
    ``Edit.file`` is not looked at, nor whether a value has gaps that somebody has to fill in.

    The changed text is read again, of a large one the entry that changed, and its data are those
    that the edits mean and no others: nothing else changes by way of an anchor, an alias or a merge
    key. Edits that do not touch each other are proved together, as reading a text costs more than
    all else.

    ``data`` are those of the text, where they are known already: then of a large text no more is
    read than the entry that changes.

    Raises CannotWrite for all of them where there is no such node to replace or remove, a key to
    insert is there already, an edit would reach other places too, two edits are of the same node or
    one of a node inside of the other's (the caller writes them one round after the other), or the
    text cannot be read.
    """
    found = None if data is None else _in_one_entry(text, edits, data)
    if found is not None:
        return found
    work = _Work(text)
    work.carry_out(_tasks(work.source.data, edits))
    return tuple(_changes(work.pieces, text))


def _in_one_entry(text: str, edits: Sequence[Edit], data: Any) -> tuple[TextChange, ...] | None:
    """The changes of one entry of a large text; None where they have to be found in all of it."""
    first, *others = edits
    if any(edit.path[:2] != first.path[:2] for edit in others):
        return None
    entry = alone(text, data, first.path)
    if entry is None:
        return None
    try:
        if any(not _stays_inside(edit, data) for edit in edits):
            return None
        work = _Work(entry.text, text)
        if not meaning.is_proved(work.source.data, entry.data):
            return None
        work.carry_out(_tasks(entry.data, edits))
    except (CannotWrite, KeyError):  # as it is said of the whole text
        return None
    found = _changes(work.pieces, entry.text)
    if not all(entry.start <= it.start <= it.end <= entry.end for it in found):
        return None
    return tuple(TextChange(it.start + entry.shift, it.end + entry.shift, it.new) for it in found)


def _stays_inside(edit: Edit, data: Any) -> bool:
    """Whether an edit leaves the entry where it is. Raises KeyError for a removal of nothing."""
    is_removal = edit.operation is Operation.REMOVE
    return len(meaning.removed(data, edit.path) if is_removal else edit.path) > 2


def changed(text: str, changes: Iterable[TextChange]) -> str:
    """A text with changes carried out that are sorted and do not overlap."""
    parts: list[str] = []
    at = 0
    for change in changes:
        parts += (text[at : change.start], change.new)
        at = change.end
    return "".join((*parts, text[at:]))


@lru_cache(maxsize=2)
def _read(text: str, whole: str) -> Source:
    """A text taken apart. A file has several findings, one after the other."""
    try:
        return Source(text, whole)
    except Fault as fault:
        raise CannotWrite(f"the file cannot be read: {fault}") from None


def _refusal(path: DataPath, why: str) -> CannotWrite:
    from copilot_preflight.read.jsonpath import spell

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
    _refuse_conflicts(data, [(operation, path) for operation, path, _ in tasks])
    removals = [task for task in tasks if task[0] is Operation.REMOVE]
    removals.sort(key=lambda task: [(isinstance(it, str), it) for it in task[1]], reverse=True)
    others = [task for kind in _ORDER[:2] for task in tasks if task[0] is kind]
    return [*others, *removals]


def _refuse_conflicts(data: Any, tasks: list[tuple[Operation, DataPath]]) -> None:
    paths = sorted((path for _, path in tasks), key=_sortable)
    for before, path in pairwise(paths):
        if path[: len(before)] == before and not (path == before and path[-1:] == (END,)):
            raise _refusal(path, _TWICE)
    for single in {path[:-1] for path in paths if _makes_a_list(data, path)}:
        # It becomes the first item of a list, and what is below it has another path then.
        for path in paths:
            if path[: len(single)] == single and path != (*single, END):
                raise _refusal(path, _TWICE)


_TWICE: Final = "is changed by two edits: write one after the other"


def _makes_a_list(data: Any, path: DataPath) -> bool:
    """Whether a path adds to a single value."""
    if path[-1:] != (END,):
        return False
    try:
        node = meaning.node_at(data, path[:-1])
    except KeyError:
        return False
    return node is not None and not isinstance(node, list)


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


# --- many edits at once ---------------------------------------------------------------------------


class _Work:
    """A text in the middle of being changed, and what has become of the original.

    ``whole`` is the text that it is an entry of, if it is one.
    """

    def __init__(self, text: str, whole: str = "") -> None:
        self.source = _read(text, whole)
        self._whole = whole
        self.pieces: list[_Piece] = [_Piece(0, len(text), text)]
        self._text = text

    def carry_out(self, tasks: Sequence[_Task]) -> None:
        """Carries out edits that are in order, as many as can be at a time. Raises CannotWrite."""
        rest = tasks
        while rest:
            if self.source.text != self._text:
                self.source = _read(self._text, self._whole)
            batch = _Batch(self.source)
            rest = batch.take(rest)
            if batch.tasks:
                self._carry_out(batch)

    def _carry_out(self, batch: _Batch) -> None:
        text = changed(self._text, batch.changes)
        data = data_of_part(self.source, batch.changes)
        if data is None:
            is_meant = meaning.is_proved(_data_of(text), batch.data)
        else:  # whatever lies outside of the entry is the same object
            is_meant = meaning.is_proved(*meaning.apart(data, batch.data))
        if is_meant:
            self.pieces = _cut(self.pieces, batch.changes)
            self._text = text
            return
        tasks = batch.tasks
        if len(tasks) == 1:
            raise _unsafe(self.source, tasks[0][1])
        half = len(tasks) // 2
        self.carry_out(tasks[:half])
        self.carry_out(tasks[half:])


class _Batch:
    """Edits of one text none of which touches a character that another one does.

    ``data`` are those that they mean, ``changes`` those of the text, sorted.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._containers: set[DataPath] = set()
        self._spans: list[tuple[int, int, DataPath]] = []
        self._changes: list[TextChange] = []
        self.data = source.data
        self.tasks: list[_Task] = []

    @property
    def changes(self) -> list[TextChange]:
        return sorted(self._changes, key=_span)  # what is added to one list stays in its order

    def take(self, tasks: Sequence[_Task]) -> list[_Task]:
        """Takes the edits that it can, and gives back the others, in their order."""
        later: list[_Task] = []
        for number, task in enumerate(tasks):
            if self._moves(task, later):
                return [*later, *tasks[number:]]
            if self._takes(task):
                continue
            if task[0] is Operation.REMOVE:  # those behind it rely on it
                return [*later, *tasks[number:]]
            later.append(task)
        return later

    def _takes(self, task: _Task) -> bool:
        """Whether an edit is done, if only because there is nothing to do. Raises CannotWrite."""
        operation, path, value = task
        meant = _meant(self.data, task)
        if meaning.is_same(meant, self.data):
            return True
        container = path[:-1]
        if operation is Operation.REMOVE:
            container = meaning.removed(self.data, path)[:-1]
            if container in self._containers:
                return False
        try:
            changes = written(self._source, operation, path, value)
        except CannotWrite as error:
            if self.tasks:
                return False  # it may be written once the others are
            raise _refusal(path, error.reason) from None
        shared = path if path[-1:] == (END,) and self._has_items(container) else ()
        spans = [(change.start, change.end, shared) for change in changes]
        if any(map(self._is_taken, spans)):
            return False
        for span in spans:
            insort(self._spans, span, key=_span)
        self._changes += changes
        self._containers.add(container)
        self.tasks.append(task)
        self.data = meant
        return True

    def _moves(self, task: _Task, others: Sequence[_Task]) -> bool:
        """Whether an edit takes away an item of a list in which others still have a place."""
        if task[0] is not Operation.REMOVE or not others:
            return False
        try:
            *container, last = meaning.removed(self.data, task[1])
        except KeyError:
            return False
        depth = len(container)
        return isinstance(last, int) and any([*it[1][:depth]] == container for it in others)

    def _has_items(self, path: DataPath) -> bool:
        """Whether there is a list to which several values can be added in one place."""
        try:
            there = meaning.node_at(self._source.data, path)
        except KeyError:
            return False
        return isinstance(there, list) and bool(there)

    def _is_taken(self, span: tuple[int, int, DataPath]) -> bool:
        start, end, shared = span
        at = bisect_left(self._spans, (start, end), key=_span)
        for other_start, other_end, other in self._spans[max(at - 1, 0) : at + 1]:
            is_same_place = start == end == other_start == other_end
            if is_same_place and (not shared or shared != other):
                return True
            if start < other_end and other_start < end:
                return True
        return False


def _span(of: TextChange | tuple[int, int] | tuple[int, int, DataPath]) -> tuple[int, int]:
    return of[0], of[1]


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
