"""Whatever is edited in whatever style: the changed text says what the edit means, no more."""

from __future__ import annotations

import copy
import json
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.amount import examples
from tests.edits.apply import applied
from tests.edits.text.emit import emitted
from tests.edits.text.plain import insert, remove, replace
from tests.edits.text.rough import anchored

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Edit, Operation
from copilot_preflight.edits.text.changes import CannotWrite, changed, text_changes
from copilot_preflight.edits.text.values import Style, flow, string
from copilot_preflight.read.document import parse

WORDS = st.sampled_from(
    ["a", "Effect", "yes", "2012-10-17", "a: b", "x #y", "s3:Get", "", " a", "- a", "it's", "é"]
)
TEXTS = WORDS | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
KEYS = st.sampled_from(["A", "B", "Effect", "on", "12", "a b"])
FUNCTIONS = st.one_of(
    st.builds(lambda text: {"Ref": text}, st.sampled_from(["AWS::NoValue", "B"])),
    st.builds(lambda text: {"Fn::Sub": text}, st.sampled_from(["${A}:x", "x\ny\n"])),
    st.builds(lambda: {"Fn::GetAtt": ["Role", "Arn"]}),
    st.builds(lambda value: {"Fn::If": ["C", value, "x"]}, st.builds(lambda: {"A": ["b"]}) | WORDS),
)


def _trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3),
        max_leaves=8,
    )


VALUES = _trees(TEXTS | FUNCTIONS | st.none() | st.booleans() | st.integers(-9, 300))
EMITTED = WORDS.filter(bool) | st.sampled_from(["a\nb\n", "abc"]) | FUNCTIONS | st.none()
DOCUMENTS = st.dictionaries(KEYS, _trees(EMITTED), min_size=1, max_size=3)


def _paths(data: Any, above: DataPath = ()) -> list[DataPath]:
    found = [above] if above else []
    children: Any = ()
    if isinstance(data, dict):
        children = data.items()
    elif isinstance(data, list):
        children = enumerate(data)
    for step, child in children:
        found += _paths(child, (*above, step))
    return found


def _at(data: Any, path: DataPath) -> Any:
    for step in path:
        data = data[step]
    return data


@st.composite
def edits(draw: st.DrawFn, data: Any) -> Edit:
    """Any edit that fits a document."""
    path = draw(st.sampled_from(_paths(data)))
    operation = draw(st.sampled_from(Operation))
    if operation is Operation.REPLACE:
        return replace(path, draw(VALUES))
    if operation is Operation.REMOVE:
        return remove(path)
    there = _at(data, path)
    if isinstance(there, dict) and draw(st.booleans()):
        return insert((*path, "New", *draw(st.sampled_from([(), ("Sub",), (END,)]))), draw(VALUES))
    assume(there is not None)  # nothing is no item
    return insert((*path, END), draw(VALUES))


EXPECTED_REFUSALS = ("lies below the function", "part of a name", "argument of a function")


def _check(text: str, edit: Edit) -> None:
    data = parse(text, "t.yml").data
    try:
        found = text_changes(text, [edit])
    except CannotWrite as error:
        if any(words in error.reason for words in EXPECTED_REFUSALS):
            return
        raise
    new = changed(text, found)
    expected = applied(copy.deepcopy(data), edit)
    assert parse(new, "t.yml").data == expected
    assert list(found) == sorted(found)
    assert all(one.end <= two.start for one, two in pairwise(found))
    is_argument = len(edit.path) > 1 and str(edit.path[-2]).startswith(("Fn::", "Ref"))
    if edit.operation is Operation.INSERT and not is_argument:
        assert not "".join(text[it.start : it.end] for it in found).strip(
            " \r\n#notecflw[]{}&a0123456789"
        )


@settings(max_examples=examples(200))
@given(st.data(), DOCUMENTS, st.integers(0, 2**32))
def test_yaml_in_any_style(data: st.DataObject, document: Any, seed: int) -> None:
    """Block and flow style, comments, quotes, tags, indentation and line breaks by chance."""
    text = emitted(document, Random(seed))
    assert parse(text, "t.yml").data == document, text
    _check(text, data.draw(edits(document)))


@settings(max_examples=examples(40))
@given(st.data(), DOCUMENTS, st.integers(0, 2**32))
def test_anchors_stay(data: st.DataObject, document: Any, seed: int) -> None:
    """An anchor that nobody repeats is no obstacle."""
    text = anchored(emitted(document, Random(seed)))
    assume(parse(text, "t.yml").data == document)
    _check(text, data.draw(edits(document)))


@settings(max_examples=examples(70))
@given(st.data(), DOCUMENTS, st.integers(0, 2**32))
def test_several_edits_are_carried_out_together(
    data: st.DataObject, document: Any, seed: int
) -> None:
    """All paths are those of the document as it is: so what moves others comes last."""
    text = emitted(document, Random(seed))
    several = data.draw(st.lists(edits(document), min_size=2, max_size=4))
    try:
        found = text_changes(text, several)
    except CannotWrite:
        return
    expected = document
    order = [*Operation]
    unique = [it for n, it in enumerate(several) if it not in several[:n]]
    for edit in sorted(unique, key=lambda it: order.index(it.operation)):
        if edit.operation is not Operation.REMOVE:
            expected = applied(expected, edit)
    removals = [it for it in unique if it.operation is Operation.REMOVE]
    for edit in sorted(removals, key=lambda it: str(it.path), reverse=True):
        expected = applied(expected, edit)
    assert parse(changed(text, found), "t.yml").data == expected


@settings(max_examples=examples(70))
@given(
    st.data(),
    st.dictionaries(KEYS, VALUES, min_size=1, max_size=3),
    st.sampled_from([None, 0, 1, 4, "\t"]),
    st.sampled_from([(",", ":"), (", ", ": ")]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_json_in_any_style(
    data: st.DataObject,
    document: Any,
    indent: int | str | None,
    separators: tuple[str, str],
    line_break: str,
) -> None:
    """What was JSON remains JSON."""
    text = json.dumps(document, indent=indent, separators=separators).replace("\n", line_break)
    edit = data.draw(edits(document))
    _check(text, edit)
    assert json.loads(changed(text, text_changes(text, [edit]))) == applied(document, edit)


@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from([None, "", "'", '"']))
@example(["=", "<<", "1:30", "0b1", "0x1f", "1_000", "12e3", "+1", ".5", "~", "Null"], None)
@example(["2001-12-14t21:59:43.10-05:00", "y", "NO", "null", "!a", "&a", "*a", "@a", "%a"], "")
def test_every_reader_takes_a_string_for_a_string(texts: list[str], quote: str | None) -> None:
    """Ours and a plain reader of YAML 1.1, as a value, a key, an item and between brackets."""
    lines = [f"? {string(text, quote=quote)}\n: - {string(text, quote=quote)}\n" for text in texts]
    assume(len(set(texts)) == len(texts))
    document = "".join(lines)
    expected = {text: [text] for text in texts}
    assert yaml.safe_load(document) == expected
    assert parse(document, "t.yml").data == expected
    listed = [string(text, in_flow=True, quote=quote) for text in texts]
    between = f"A: [{', '.join(listed)}]\nB: {flow({texts[0]: texts}, Style())}\n"
    meant = {"A": texts, "B": {texts[0]: texts}}
    assert yaml.safe_load(between) == meant
    assert parse(between, "t.yml").data == meant


@pytest.mark.parametrize("text", ["[a, b]\n", "- a\n- b\n", '["a", "b"]'])
def test_a_document_may_be_a_list(text: str) -> None:
    """Its items are edited as any others."""
    edits = [insert((END,), "c"), replace((0,), "d"), remove((1,))]
    assert parse(changed(text, text_changes(text, edits)), "t.yml").data == ["d", "c"]
