"""Where nodes of JSON stand is what the positions of the whole text say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from copilot_preflight.base.finding import DataPath
from copilot_preflight.read.document import parse
from copilot_preflight.read.json_places import json_span

DATA = {
    "a": [1, {"b": 'x\\"y', "ß": [], "": None}, [[]], "\n", 1.5e3, True],
    "Policy": '{"Statement": []}',
    "c": {},
}


def _paths(data: Any, path: DataPath = ()) -> Iterator[DataPath]:
    yield path
    for key, value in data.items() if isinstance(data, dict) else ():
        yield from _paths(value, (*path, key))
    for index, value in enumerate(data if isinstance(data, list) else ()):
        yield from _paths(value, (*path, index))


@pytest.mark.parametrize("indent", [None, 0, 2, 4])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_the_same_as_by_the_whole_text(indent: int | None, is_ascii: bool) -> None:
    """Every node and every key, and the nearest ancestor of what is not there."""
    text = json.dumps(DATA, indent=indent, ensure_ascii=is_ascii)
    whole = parse(text, "a.json", is_shown=True)
    paths = list(_paths(DATA))
    paths += [(*path, step) for path in paths for step in ("nothing", 9)]
    for path in paths:
        for key in (False, True):
            assert json_span(text, path, key=key) == whole.span(path, key=key), (path, key)


@pytest.mark.parametrize("text", ["", "{", '{"a" 1}', "{a: 1}", '{"a": 1,, "b": 2}', "a: 1", "[1"])
def test_what_is_no_json(text: str) -> None:
    assert json_span(text, ("b",)) is None
