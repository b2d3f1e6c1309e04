"""Which resource of a template waits for which, as CloudFormation makes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import stacks
from tests.amount import examples

from copilot_preflight.resolve.dependencies import Waits, waits_for
from copilot_preflight.resolve.view import View

TEMPLATE: Final = """
Parameters:
  Answer: {Type: String}
Conditions:
  Holds: !Equals [a, a]
  Fails: !Equals [a, b]
  Open: !Equals [!Ref Answer, a]
Resources:
  One: %s
  Two: {Type: AWS::SNS::Topic}
  Three: {Type: AWS::SNS::Topic, DependsOn: Two}
  IfYes: {Type: AWS::SNS::Topic, Condition: Holds, DependsOn: Two}
  IfNo: {Type: AWS::SNS::Topic, Condition: Fails, DependsOn: Two}
  IfOpen: {Type: AWS::SNS::Topic, Condition: Open, DependsOn: Two}
"""


def waits(one: str, more: str = "") -> Waits:
    return waits_for(View(stacks.stack(TEMPLATE % one + more)), "One", "Two")


@pytest.mark.parametrize(
    "one",
    [
        "{Type: X, DependsOn: Two}",
        "{Type: X, DependsOn: [Two]}",
        "{Type: X, DependsOn: Three}",
        "{Type: X, DependsOn: IfYes}",
        "{Type: X, Properties: {A: !Ref Two}}",
        "{Type: X, Properties: {A: [{B: !GetAtt Two.Name}]}}",
        "{Type: X, Properties: {A: !GetAtt [Two, Name]}}",
        "{Type: X, Properties: {A: !Sub '${Two}'}}",
        "{Type: X, Properties: {A: !Sub 'x-${Two.Name}-y'}}",
        "{Type: X, Properties: {A: !Sub ['${B}', {B: !Ref Two}]}}",
        "{Type: X, Properties: {A: !Join ['', [!Ref Three]]}}",
        "{Type: X, Properties: {A: {Ref: Two.Name}}}",
        "{Type: X, Properties: {A: !If [Holds, !Ref Two, x]}}",
        "{Type: X, Properties: {A: !If [Fails, x, !Ref Three]}}",
        "{Type: X, Properties: {A: !If [Open, !Ref Two, !Ref Two]}, DependsOn: Three}",
        "{Type: X, Metadata: {A: !Ref Two}}",
        "{Type: X, UpdatePolicy: {A: !Ref Two}}",
    ],
)
def test_it_waits(one: str) -> None:
    assert waits(one) == Waits(True)


@pytest.mark.parametrize(
    "one",
    [
        "{Type: X}",
        "{Type: X, DependsOn: Four}",
        "{Type: X, DependsOn: IfNo}",
        "{Type: X, Properties: {A: Two, Two: 1}}",
        "{Type: X, Properties: {A: !Sub '${!Two}'}}",
        "{Type: X, Properties: {A: !Sub ['${Two}', {Two: x}]}}",
        "{Type: X, Properties: {A: !If [Fails, !Ref Two, x]}}",
        "{Type: X, Properties: {A: !If [Holds, x, !Ref Two]}}",
        "{Type: X, Properties: {A: !Ref One, B: !Ref Answer, C: !Ref AWS::Region}}",
        "{Type: X, Condition: Open}",
    ],
)
def test_it_does_not_wait(one: str) -> None:
    assert waits(one) == Waits(False)


@pytest.mark.parametrize(
    ("one", "conditions"),
    [
        ("{Type: X, Properties: {A: !If [Open, !Ref Two, x]}}", ("Open",)),
        ("{Type: X, DependsOn: IfOpen}", ("Open",)),
        ("{Type: X, Properties: {A: !If [Open, !Ref IfOpen, x]}}", ("Open",)),
        ("{Type: X, Properties: {A: {'Fn::Transform': {Name: M}}}}", ()),
        ("{Type: X, Properties: {'Fn::ForEach::L': [A, [B], {'${A}': 1}]}}", ()),
        ("{Type: X, Properties: {A: {Ref: !Sub 'T${Answer}'}}}", ()),
        ("{Type: X, DependsOn: [!If [Open, Two, Three]]}", ()),
    ],
)
def test_it_is_open(one: str, conditions: tuple[str, ...]) -> None:
    assert waits(one) == Waits(None, conditions)


def test_a_macro_may_add_anything() -> None:
    assert waits("{Type: X}", "Transform: Mine") == Waits(None)
    assert waits("{Type: X}", "Transform: AWS::Serverless-2016-10-31") == Waits(False)


# --- against a reachability that is computed in another way ---------------------------------------

_NAMES: Final = tuple("ABCDEFGH")
_CONDITIONS: Final = ("None", "Holds", "Fails")
_WAYS: Final = ("depends", "ref", "sub", "if-holds", "if-fails")

graphs = st.fixed_dictionaries(
    {
        name: st.tuples(
            st.sampled_from(_CONDITIONS),
            st.lists(st.tuples(st.sampled_from(_NAMES[at + 1 :]), st.sampled_from(_WAYS)))
            if at + 1 < len(_NAMES)
            else st.just([]),
        )
        for at, name in enumerate(_NAMES)
    }
)
Graph = Mapping[str, tuple[str, list[tuple[str, str]]]]


_WRITTEN: Final[Mapping[str, Callable[[str], Any]]] = {
    "ref": lambda to: {"Ref": to},
    "sub": lambda to: {"Fn::Sub": f"a-${{{to}}}"},
    "if-holds": lambda to: {"Fn::If": ["Holds", {"Fn::GetAtt": [to, "Arn"]}, "x"]},
    "if-fails": lambda to: {"Fn::If": ["Fails", {"Ref": to}, {"Ref": "AWS::NoValue"}]},
}


def _template(graph: Graph) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for name, (condition, edges) in graph.items():
        resources[name] = {
            "Type": "AWS::SNS::Topic",
            "DependsOn": [to for to, way in edges if way == "depends"],
            "Properties": {"Tags": [_WRITTEN[way](to) for to, way in edges if way != "depends"]},
            **({} if condition == "None" else {"Condition": condition}),
        }
    equal = {"Holds": {"Fn::Equals": ["a", "a"]}, "Fails": {"Fn::Equals": ["a", "b"]}}
    return {"Conditions": equal, "Resources": resources}


@settings(max_examples=examples(150), deadline=None)
@given(graphs)
def test_it_is_reachability_among_what_is_made(graph: Graph) -> None:
    view = View(stacks.stack(json.dumps(_template(graph)), file="t.json"))
    made = {name for name, (condition, _) in graph.items() if condition != "Fails"}
    reaches = {(a, b) for a in made for b, way in graph[a][1] if way != "if-fails" and b in made}
    for through in _NAMES:  # Warshall's
        reaches |= {
            (a, b)
            for a in made
            for b in made
            if (a, through) in reaches and (through, b) in reaches
        }
    for one in made:
        for other in made - {one}:
            assert waits_for(view, one, other).verdict is ((one, other) in reaches)
