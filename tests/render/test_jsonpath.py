from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_ng.parser import parse

from copilot_preflight.base.finding import DataPath
from copilot_preflight.read.jsonpath import spell


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        ((), "$"),
        (("Resources", "Role_1"), "$.Resources.Role_1"),
        (
            ("Resources", "Role", "Policies", 1, "Fn::If", 1, "PolicyDocument"),
            "$.Resources.Role.Policies[1]['Fn::If'][1].PolicyDocument",
        ),
        ((0, ""), "$[0]['']"),
        (("1st", "a.b", "Größe", "x\n"), "$['1st']['a.b']['Größe']['x\n']"),
        (("it's", "a\\b"), r"$['it\'s']['a\\b']"),
        (("where", "wherenot", "parent"), "$['where']['wherenot'].parent"),
    ],
)
def test_path_is_spelt_as_jsonpath(path: DataPath, spelling: str) -> None:
    """Plain names follow a dot; all others, and the words of jsonpath-ng, stand in quotes."""
    assert spell(path) == spelling


def node_at(path: DataPath) -> Any:
    """Data that has "found" at ``path``, beside other keys and items."""
    node: Any = "found"
    for part in reversed(path):
        node = [None] * part + [node, None] if isinstance(part, int) else {"_": None, part: node}
    return node


# jsonpath-ng 1.8, the last for Python 3.10, takes a quoted * for the wildcard; newer ones do not.
NAMES = st.text().filter(lambda name: name != "*") | st.sampled_from(
    ["a,b", "**", "'", "\\", "\\'", "`this`", "where", "wherenot", "$", "@", "0"]
)


@given(st.lists(NAMES | st.integers(0, 3), max_size=5))
def test_spelling_finds_its_node(parts: list[str | int]) -> None:
    """jsonpath-ng, which reads suppressions and ``--at``, finds exactly the node of the path."""
    path = tuple(parts)
    found = parse(spell(path)).find(node_at(path))
    assert [match.value for match in found] == [node_at(()) if path else "found"]
