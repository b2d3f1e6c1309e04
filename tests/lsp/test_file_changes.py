"""Changes of texts as an editor gets them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from tests.lsp.editor import with_edits

from copilot_preflight.edits.text.changes import TextChange, changed
from copilot_preflight.lsp.actions.file_changes import (
    CannotOffer,
    FileChanges,
    OpenText,
    difference,
    workspace_edit,
)

LINES = st.lists(st.sampled_from(["a: 1", "b: '\U0001f600'", "- x", ""]), max_size=8)
TEXTS = st.tuples(LINES, st.sampled_from(["\n", "\r\n"])).map(lambda it: it[1].join(it[0]))
VERSIONED = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
    )
)


@given(old=TEXTS, new=TEXTS)
def test_a_difference_makes_one_text_of_another(old: str, new: str) -> None:
    changes = difference(old, new)
    assert changed(old, changes) == new
    assert bool(changes) is (old != new)


@given(text=TEXTS, mark=st.sampled_from(["", "\ufeff"]), data=st.data())
def test_an_editor_gets_the_same_text(text: str, mark: str, data: st.DataObject) -> None:
    """In its own columns, and with the byte order mark that it shows, if it does."""
    lines = text.split("\n")
    line = data.draw(st.integers(0, len(lines) - 1))
    start = sum(len(it) + 1 for it in lines[:line])
    end = start + len(lines[line].rstrip("\r"))
    changes = (TextChange(start, end, "new"),)
    edit = workspace_edit(
        [FileChanges("x.yml", text, changes)],
        lambda _file: OpenText("file:///x.yml", mark + text, 3),
        "utf-16",
        VERSIONED,
    )
    (step,) = edit.document_changes or ()
    assert isinstance(step, types.TextDocumentEdit)
    assert step.text_document.version == 3
    assert with_edits(mark + text, step.edits) == mark + changed(text, changes)


def test_another_text_is_not_changed() -> None:
    file = FileChanges("x.yml", "a", (TextChange(0, 1, "b"),))
    with pytest.raises(CannotOffer, match="has changed meanwhile"):
        workspace_edit([file], lambda _: OpenText("file:///x.yml", "c", 1), "utf-16", VERSIONED)
