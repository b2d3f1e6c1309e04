"""Real stacks, made rough, and the edits that fixes are made of: nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.edits.apply import applied
from tests.edits.text import rough
from tests.edits.text.plain import insert, remove, replace

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Edit, Operation
from copilot_preflight.edits.text.changes import TextChange, changed, text_changes
from copilot_preflight.read.document import Document, DocumentError, parse, read
from copilot_preflight.read.layout import line_starts

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
STACKS = 6
"""In each style, about 200 in all; which ones they are is the same in every run."""
EDITS = 1
"""Of the five of each stack, by chance."""

STATEMENT = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:GetObjectVersion"],
    "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:s3:::b/manual/env-files/web.env/*"}],
}
POLICY = {
    "Fn::If": [
        "HasEnvFile",
        {"PolicyName": "EnvFile", "PolicyDocument": {"Statement": [STATEMENT]}},
        {"Ref": "AWS::NoValue"},
    ]
}
ARN = {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/x"}


@cache
def _stacks() -> list[Document]:
    found = []
    for file in sorted(CORPUS.rglob("*.y*ml")):
        try:
            document = read(file, str(file.relative_to(CORPUS)))
        except DocumentError:
            continue
        if isinstance(document.data, dict) and any(_roles(document.data)):
            found.append(document)
    return found


def _roles(data: Any) -> Iterator[DataPath]:
    for name, resource in data.get("Resources", {}).items():
        if resource.get("Type") == "AWS::IAM::Role":
            yield ("Resources", name)


def _statements(data: Any, above: DataPath = ()) -> Iterator[DataPath]:
    """The statements of a document that stand in lists."""
    children = data.items() if isinstance(data, dict) else enumerate(data)
    for step, child in children:
        path = (*above, step)
        if step == "Statement" and isinstance(child, list):
            yield from ((*path, n) for n, item in enumerate(child) if "Effect" in item)
        elif isinstance(child, (dict, list)):
            yield from _statements(child, path)


def _edits(data: Any, chance: Random) -> Iterator[Edit]:
    role = chance.choice([*_roles(data)])
    yield insert((*role, "Properties", "Policies", END), POLICY)
    yield insert((*chance.choice([*_roles(data)]), "DependsOn", END), "Other")
    statements = [*_statements(data)]
    several = [path for path in statements if len(_at(data, path[:-1])) > 1]
    narrowed = [path for path in statements if "Resource" in _at(data, path)]
    yield replace((*chance.choice(narrowed), "Resource"), ARN)
    if several:
        yield remove(chance.choice(several))
    yield insert((*chance.choice(statements), "Action", END), "kms:Decrypt")


def _at(data: Any, path: DataPath) -> Any:
    for step in path:
        data = data[step]
    return data


CASES = [
    pytest.param(make, id=make.__name__) for make in (rough.ROUGHENED if CORPUS.exists() else ())
]


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
@pytest.mark.parametrize("make", CASES)
def test_nothing_else_changes(make: Callable[[str], str]) -> None:
    """The lines around an edit stay as they are, to the byte, and the data are those meant."""
    chance = Random(make.__name__)
    stacks = [stack for stack in _stacks() if len([*_statements(stack.data)]) > 2]
    for stack in chance.sample(stacks, min(STACKS, len(stacks))):
        text = make(stack.text)
        document = parse(text, stack.file, is_shown=True)
        data = json.loads(json.dumps(document.data))
        for edit in chance.sample([*_edits(data, chance)], EDITS):
            changes = text_changes(text, [edit])
            _assert_local(document, edit, changes)
            assert parse(changed(text, changes), stack.file).data == applied(data, edit)


def _stretch(document: Document, edit: Edit) -> tuple[int, int]:
    """Where an edit may change something: from its key to the end of its value.

    To the end of its line where lines come or go.
    """
    text, path = document.text, edit.path
    starts = line_starts(text)

    def offsets(path: DataPath, *, key: bool = False) -> tuple[int, int]:
        span = document.span(path, key=key)
        start, end = (starts[it.line - 1] + it.column - 1 for it in (span.start, span.end))
        return start, end

    if edit.operation is Operation.INSERT:
        path = path[:-1]
        if offsets(path, key=True) == offsets(path[:-1], key=True):
            path = path[:-1]  # the list is not there yet
    begin, end = offsets(path, key=True)[0], offsets(path)[1]
    if edit.operation is Operation.REMOVE:
        list_path, index = path[:-1], int(path[-1])
        begin = offsets((*list_path, index - 1))[1] if index else offsets(list_path, key=True)[1]
        after = offsets((*list_path, index + 1))
        if after != offsets(list_path):
            return begin, after[0]
    if "\n" in text[begin:end] or edit.operation is not Operation.REPLACE:
        end = next((start for start in starts if start > end), len(text))
    return begin, end


def _assert_local(document: Document, edit: Edit, changes: tuple[TextChange, ...]) -> None:
    """Asserts that an edit is where its node stands, and that an insertion takes nothing away."""
    begin, end = _stretch(document, edit)
    assert begin <= changes[0].start
    assert changes[-1].end <= end
    if edit.operation is Operation.INSERT:
        assert not "".join(document.text[it.start : it.end] for it in changes).strip()
