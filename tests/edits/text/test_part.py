"""An entry that is read alone says what the whole text says, whatever becomes of it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import examples
from tests.edits.text.emit import emitted
from tests.edits.text.plain import insert, replace
from tests.edits.text.test_any_text import DOCUMENTS

from copilot_preflight.edits.edit import END
from copilot_preflight.edits.text import part
from copilot_preflight.edits.text.changes import TextChange, changed, text_changes
from copilot_preflight.edits.text.meaning import is_same
from copilot_preflight.edits.text.source import Source
from copilot_preflight.read.document import DocumentError, parse

STACK = """\
Description: a stack
Resources:
  First:
    Type: A
    Properties: {Names: [a, b]}
  # of the second
  Second:
    Type: B
    Text: |
      some

      text

  Third:
    Type: 'C'
    Plain: of
      two lines
Outputs:
  One: {Value: 1}
"""

SNIPPETS = (
    "", "\n", "\n\n", " ", "  ", "\t", "x", "x: 1", "\n  x: 1\n", "\n    x: 1\n", "\nx: 1\n", "- ",
    "'", '"', "|", ">-\n", "{", "}", "[", "]", ",", ":", ": ", "?", "? ", "#", " # ", "---",
    "\n---\n",
    "\n...\n", "*a", "&a ", "!Ref ", "!If [a, b, c]", "<<: ", "%YAML 1.1\n", "\r\n", "\r", "\x85",
    "\u2028", "\x07", "0", "Third:", "\n  Third: 2\n",
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _small_texts_too() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "WORTH_IT", 0)
        yield


def whole(text: str) -> Any:
    try:
        return parse(text, "").data
    except DocumentError:
        return None


def assert_sound(source: Source, changes: list[TextChange]) -> bool:
    """Whether an entry could be read alone; what it says is right."""
    found = part.data_of_part(source, changes)
    if found is None:
        return False
    text = changed(source.text, changes)
    assert is_same(found, whole(text)), text
    assert list(found) == list(whole(text))
    return True


@settings(max_examples=examples(1500))
@given(
    st.sampled_from([STACK, STACK.replace("\n", "\r\n"), STACK.rstrip(), STACK + "...\n"]),
    st.lists(
        st.tuples(st.integers(0, len(STACK)), st.integers(0, 9), st.sampled_from(SNIPPETS)),
        min_size=1,
        max_size=2,
    ),
)
def test_any_change_of_a_stack(text: str, splices: list[tuple[int, int, str]]) -> None:
    changes: list[TextChange] = []
    at = 0
    for start, length, new in sorted(splices):
        if start < at or start + length > len(text):
            continue
        changes.append(TextChange(start, start + length, new))
        at = start + length
    assert_sound(Source(text), changes)


@settings(max_examples=examples(300))
@given(
    DOCUMENTS, st.integers(0, 2**32), st.floats(0, 1), st.integers(0, 5), st.sampled_from(SNIPPETS)
)
def test_any_change_of_any_text(document: Any, seed: int, at: float, length: int, new: str) -> None:
    text = emitted({"Head": "1", "Section": document, "Foot": document}, Random(seed))
    start = int(at * len(text))
    assert_sound(Source(text), [TextChange(start, min(start + length, len(text)), new)])


@pytest.mark.parametrize("name", ["First", "Second", "Third"])
def test_an_entry_is_read_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large text nothing else is read again."""
    source = Source(STACK)
    edits = [replace(("Resources", name, "Type"), "D"), insert(("Resources", name, "New"), [1])]
    changes = text_changes(STACK, edits)
    assert assert_sound(source, [*changes])
    read: list[int] = []

    def noted(text: str, file: str) -> Any:
        read.append(len(text))
        return parse(text, file)

    monkeypatch.setattr(part, "parse", noted)
    assert part.data_of_part(source, changes) is not None
    assert max(read) < len(STACK) / 2


@pytest.mark.parametrize(
    ("old", "text"),
    [
        ("Type: B", STACK.replace("Type: A", "Type: &a A")),
        ("Type: B", STACK.replace("  First", "  <<: {Zero: 1}\n  First")),
        ("Type: B", "%YAML 1.1\n---\n" + STACK),
        ("a stack", STACK),
        ("Second:", STACK),
    ],
    ids=["anchor", "merge key", "directive", "no section", "key"],
)
def test_what_is_read_as_a_whole(old: str, text: str) -> None:
    at = text.index(old)
    source = Source(text)
    assert part.data_of_part(source, [TextChange(at, at + len(old), "Type: D")]) is None
    assert part.data_of_part(source, []) is None
    both = [TextChange(text.index(it), text.index(it) + 1, "t") for it in ("Type: B", "Type: 'C'")]
    assert part.data_of_part(source, both) is None
    assert part.data_of_part(source, [TextChange(len(text), len(text), "End: 1\n")]) is None


def test_small_texts_are_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "WORTH_IT", len(STACK) + 1)
    at = STACK.index("Type: B")
    assert part.data_of_part(Source(STACK), [TextChange(at, at + 1, "t")]) is None


def test_an_edit_of_a_large_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The changes are those of a whole text."""
    text = STACK.replace("Outputs", "  Policies:\n    Policies: [a]\nOutputs")
    edit = insert(("Resources", "Policies", "Policies", END), {"b": "*"})
    alone = text_changes(text, [edit])
    monkeypatch.setattr(part, "WORTH_IT", len(text) + 1)
    assert text_changes(text, [edit]) == alone


JSON = json.dumps(parse(STACK, "").data)

MEMBERS: tuple[str, ...] = (
    "",
    " ",
    "\n",
    '"',
    '"x"',
    ", ",
    ',"x": 1',
    '"x": 1,',
    "{",
    "}",
    "[",
    "]",
    "[1, 2]",
    "x",
)
MEMBERS += ("null", "{}", ":", "}, {", '"Second": 1', "\t", "\\u0041", "&a ", "#", "1", "'")


@settings(max_examples=examples(1500))
@given(
    st.sampled_from([JSON, json.dumps(json.loads(JSON), indent=2)]),
    st.floats(0, 1),
    st.integers(0, 12),
    st.sampled_from(MEMBERS),
)
def test_any_change_of_a_stack_in_json(text: str, at: float, length: int, new: str) -> None:
    start = int(at * len(text))
    assert_sound(Source(text), [TextChange(start, min(start + length, len(text)), new)])


@pytest.mark.parametrize("indent", [None, 2])
def test_a_member_is_read_alone(indent: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(json.loads(JSON), indent=indent)
    edits = [replace(("Resources", "Second", "Type"), "D"), insert(("Resources", "Second", "X"), 1)]
    changes = text_changes(text, edits)
    read: list[int] = []

    def noted(text: str, file: str) -> Any:
        read.append(len(text))
        return parse(text, file)

    monkeypatch.setattr(part, "parse", noted)
    assert assert_sound(Source(text), [*changes])
    assert 0 < max(read) < len(text) / 2
