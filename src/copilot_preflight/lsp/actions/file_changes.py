"""What becomes of files, and that as an edit of an editor's workspace."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from lsprotocol import types

from copilot_preflight.edits.text.changes import TextChange
from copilot_preflight.lsp.positions import Lines
from copilot_preflight.read.layout import line_starts, position

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

_MARK: Final = "\ufeff"


class CannotOffer(Exception):
    """Why something cannot be done now; ``str()`` is one line for the user."""


class FileChanges(NamedTuple):
    """What becomes of a file, by its path; ``text`` is None for one that is still to be made.

    ``text`` is that of a document, without the byte order mark that the file may begin with.
    """

    file: str
    text: str | None
    changes: tuple[TextChange, ...]


class OpenText(NamedTuple):
    """A file as the editor has it: its text, and its version where it is open."""

    uri: str
    text: str
    version: int | None


def difference(old: str, new: str) -> tuple[TextChange, ...]:
    """The changes that make one text of another, found by lines, and no longer than they must be.

    Where the editor has a cursor or a mark in what stays, it stays there.
    """
    before, after = _LINE.findall(old), _LINE.findall(new)
    same = _shared(before, after)
    behind = _shared(before[same:][::-1], after[same:][::-1])
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    matcher = SequenceMatcher(
        None, before[same : len(before) - behind], after[same : len(after) - behind]
    )
    return tuple(
        _shortened(old, starts[same + a], starts[same + b], "".join(after[same + c : same + d]))
        for operation, a, b, c, d in matcher.get_opcodes()
        if operation != "equal"
    )


def _shortened(old: str, start: int, end: int, new: str) -> TextChange:
    head = _shared(old[start:end], new)
    start, new = start + head, new[head:]
    tail = _shared(old[start:end][::-1], new[::-1])
    return TextChange(start, end - tail, new[: len(new) - tail])


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items two sequences have in common at their beginnings."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def workspace_edit(
    files: Iterable[FileChanges],
    open_text: Callable[[str], OpenText],
    encoding: str,
    capabilities: types.ClientCapabilities,
) -> types.WorkspaceEdit:
    """The edit for a client, in the form that it takes. Raises CannotOffer.

    ``open_text`` gives a file as it is now: if that is not what the changes were made for, nothing
    is changed.
    """
    edits = [(it, open_text(it.file)) for it in files if it.changes]
    for file, now in edits:
        if file.text is not None and now.text.lstrip(_MARK) != file.text:
            raise CannotOffer(f"'{os.path.basename(file.file)}' has changed meanwhile: ask again")
    if not takes_versions(capabilities):
        changes = {now.uri: list(_text_edits(file, now, encoding)) for file, now in edits}
        return types.WorkspaceEdit(changes=changes)
    steps: list[types.TextDocumentEdit | types.CreateFile] = []
    for file, now in edits:
        if file.text is None:
            steps.append(types.CreateFile(now.uri))
        identifier = types.OptionalVersionedTextDocumentIdentifier(now.uri, now.version)
        steps.append(types.TextDocumentEdit(identifier, list(_text_edits(file, now, encoding))))
    return types.WorkspaceEdit(document_changes=steps)


def takes_versions(capabilities: types.ClientCapabilities) -> bool:
    """Whether a client takes edits with the versions that they are for.

    Source: https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#workspaceEdit
    """
    workspace = capabilities.workspace
    edit = workspace and workspace.workspace_edit
    return bool(edit and (edit.document_changes or edit.resource_operations))


def takes_new_files(capabilities: types.ClientCapabilities) -> bool:
    """Whether a client makes files, where an edit says so."""
    workspace = capabilities.workspace
    edit = workspace and workspace.workspace_edit
    operations = edit and edit.resource_operations
    return bool(operations and types.ResourceOperationKind.Create in operations)


def _text_edits(file: FileChanges, now: OpenText, encoding: str) -> Iterator[types.TextEdit]:
    text = "" if file.text is None else now.text
    lines, starts = Lines(text, encoding), line_starts(text)
    mark = len(text) - len(text.lstrip(_MARK))
    for change in file.changes:
        start, end = (
            lines.place(position(starts, mark + offset)) for offset in (change.start, change.end)
        )
        yield types.TextEdit(types.Range(start, end), change.new)
