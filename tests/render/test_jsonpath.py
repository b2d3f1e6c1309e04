from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_ng.parser import parse

from copilot_preflight.base.finding import DataPath
from copilot_preflight.read.jsonpath import check, find, spell


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


WORKS_OUT = "works something out: it must find what stands there"
TOO_LONG = "would take too long: of '..', '`parent`', and '$' in a filter, use two"
PATTERN = "has a regular expression, which may take forever: compare with '=='"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # newer ones of jsonpath-ng want &&
@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ('$..*[?(@ =~ "(.*)*x(.*)*y(.*)*z$")]', PATTERN),
        ("$.a[?(@.b == 1 & @.c[?(@.d =~ 'x')])]", PATTERN),
        ("$.a.`sub(/(.*)*x/, y)`", WORKS_OUT),
        ("$.a[?(@.b.`split(x, 0, -1)` == 'c')]", WORKS_OUT),
        ("$.a.`len`", WORKS_OUT),
        ("$.a[/b]", WORKS_OUT),
        ("$..a + $..b", WORKS_OUT),
        ("$..*..*..*", TOO_LONG),
        ("$..*[?(@..*[?(@..a)])]", TOO_LONG),
        ("$..*[?($..a)]", TOO_LONG),
        ("$.*.`parent`.*.`parent`.*.`parent`", TOO_LONG),
        ("$" + ".(*|*)" * 20, TOO_LONG),
        ("$" + "['a','a']" * 20, TOO_LONG),
    ],
)
def test_what_may_take_forever_is_refused(expression: str, told: str) -> None:
    """Before it meets a template: patterns, functions, and steps that multiply."""
    with pytest.raises(ValueError, match=" ") as caught:
        check(expression)
    assert str(caught.value) == f"'{expression}' {told}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # newer ones of jsonpath-ng want &&
@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (
            "$..Statement..Action",
            [("R", "Statement", 0, "Action"), ("R", "Statement", 1, "Action")],
        ),
        ("$.R.Statement[?(@.Action == 'b')].Action", [("R", "Statement", 1, "Action")]),
        ("$.R.Statement[?(@.Action != 'a' & @.Count > 1)]", [("R", "Statement", 1)]),
        ("$.R.(Name|Other)", [("R", "Name")]),
        ("$.R.Statement[*].`parent`.`parent`.Name", [("R", "Name")]),
        ("$.R['Name', 'Other']", [("R", "Name")]),
        ("$.R.Statement[0:1].Count", [("R", "Statement", 0, "Count")]),
    ],
)
def test_what_only_finds_is_followed(expression: str, found: list[DataPath]) -> None:
    """Names, indices, wildcards, alternatives, comparisons and up to two steps to anywhere."""
    data = {
        "R": {"Name": "n", "Statement": [{"Action": "a", "Count": 1}, {"Action": "b", "Count": 2}]}
    }
    assert list(dict.fromkeys(find(expression, data))) == found
