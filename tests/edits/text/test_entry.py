"""Of a large text an entry is changed as if it were all that there is, in the style of all."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import examples
from tests.edits.text.emit import emitted
from tests.edits.text.plain import insert, replace
from tests.edits.text.test_any_text import DOCUMENTS, edits
from tests.edits.text.test_part import STACK
from tests.test_samples import ROOT

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Edit
from copilot_preflight.edits.text import changes, entry, layout, source
from copilot_preflight.edits.text.changes import CannotWrite, TextChange, text_changes
from copilot_preflight.edits.text.entry import alone
from copilot_preflight.edits.text.source import Source
from copilot_preflight.read.document import DocumentError, parse


@pytest.fixture(autouse=True, scope="module")
def _small_texts_too() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "LARGE", 0)
        patch.setattr(source, "LARGE", 0)
        changes._read.cache_clear()
        yield
    changes._read.cache_clear()


def made(text: str, edit: Edit, data: Any = None) -> tuple[TextChange, ...] | str:
    try:
        return text_changes(text, [edit], data)
    except CannotWrite as error:
        return error.reason


@settings(max_examples=examples(500))
@given(DOCUMENTS, DOCUMENTS, DOCUMENTS, st.integers(0, 2**32), st.data())
def test_any_edit_is_written_as_in_the_whole(
    first: Any, second: Any, third: Any, seed: int, draw: st.DataObject
) -> None:
    body = emitted({"One": first, "Two": second, "Three": third}, Random(seed))
    indented = "".join(f"  {line}" for line in body.splitlines(keepends=True))
    text = draw.draw(st.sampled_from(["Head: 1\nSection:\n{}", "Section:\n{}Foot: 1\n"]))
    text = text.format(indented)
    try:
        data = parse(text, "").data
    except DocumentError:  # a block scalar may not survive being indented
        return
    edit = draw.draw(edits({"Section": data["Section"]}))
    assert made(text, edit, data) == made(text, edit)


@settings(max_examples=examples(500))
@given(st.booleans(), st.data())
def test_any_edit_of_a_stack(is_last: bool, draw: st.DataObject) -> None:
    text = STACK[: STACK.index("Outputs")] if is_last else STACK
    data = parse(text, "").data
    edit = draw.draw(edits({"Resources": data["Resources"]}))
    assert made(text, edit, data) == made(text, edit)


@pytest.mark.parametrize("name", ["First", "Second", "Third"])
@pytest.mark.parametrize("is_last", [True, False])
def test_an_entry_is_by_itself(name: str, is_last: bool) -> None:
    text = STACK[: STACK.index("Outputs")] if is_last else STACK
    data = parse(text, "").data
    found = alone(text, data, ("Resources", name, "Type"))
    assert found is not None
    assert parse(found.text, "").data == found.data
    lines = found.text[found.start : found.end]
    assert lines == text[found.start + found.shift :][: len(lines)]
    assert data["Resources"][name]["Type"] in lines


@pytest.mark.parametrize(
    "text",
    [
        STACK.replace("Type: A", "Type: &a A"),
        STACK.replace("\n", "\r\n"),
        "---\n" + STACK,
        STACK.replace("  Second:", "  'Second':"),
        "Resources: {First: {Type: A}, Second: {Type: B}}\n",
        '{"Resources": {\n  "Second": {"Type": "B"}\n}}\n',
    ],
    ids=["anchor", "line breaks", "document", "quotes", "brackets", "JSON"],
)
def test_what_is_read_as_a_whole(text: str) -> None:
    assert alone(text, parse(text, "").data, ("Resources", "Second", "Type")) is None


@pytest.mark.parametrize(
    "path", [("Resources", "Second"), ("Description",), ("Resources", "No", 1)]
)
def test_what_is_no_place_in_an_entry(path: DataPath) -> None:
    assert alone(STACK, parse(STACK, "").data, path) is None


def test_two_entries_are_changed_in_the_whole() -> None:
    data = parse(STACK, "").data
    both = [replace(("Resources", name, "Type"), "D") for name in ("First", "Third")]
    assert text_changes(STACK, both, data) == text_changes(STACK, both)


def test_nothing_else_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Noted(Source):
        def __init__(self, text: str, whole: str = "") -> None:
            sizes.append(len(text))
            super().__init__(text, whole)

    monkeypatch.setattr(changes, "Source", Noted)
    changes._read.cache_clear()
    text = STACK.replace("Type: B", "Type: B\n    Names: [x]")
    edit = insert(("Resources", "Second", "Names", END), "y")
    (change,) = text_changes(text, [edit], parse(text, "").data)
    assert text[change.start - 1] == "x"
    assert max(sizes) < len(text) / 2


def test_lines_tell_the_style_of_a_template() -> None:
    """As its tree does, for every sample."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "LARGE", 10_000_000)
        for path in (ROOT / "sample_templates").rglob("*.yml"):
            text = path.read_text()
            assert layout.style_of_lines(text) == Source(text).style, path


@pytest.mark.parametrize(
    ("text", "step", "list_step"),
    [
        ("a:\n   b:\n      c: 1\n", 3, 2),
        ("a:\n- b:\n  - c: 1\n", 2, 0),
        ("a: # why\n\n    # what\n    b: !If\n      - x\n", 4, 2),
        ("a:\n    b: |\n      c:\n        d: 1\n      e:\n        f: 1\n", 4, 2),
        ("a:\n    b:\n    - c: >-\n        d:\n          e: 1\n      f:\n          g: 1\n", 4, 0),
        ("a:\n    - |\n     b:\n       c:\n         d: 1\n", 2, 4),
    ],
    ids=["steps", "lists", "comments and tags", "scalar", "scalar in a list", "scalar as an item"],
)
def test_how_far_lines_are_indented(text: str, step: int, list_step: int) -> None:
    found = layout.style_of_lines(text)
    assert (found.step, found.list_step) == (step, list_step)
    assert found == Source(text, whole=text).style


def test_what_lines_say_of_tags() -> None:
    assert layout.style_of_lines("a:\n  b: !Ref x\n").has_short_tags
    assert not layout.style_of_lines("a:\n  b: surely! Ref x\n").has_short_tags
