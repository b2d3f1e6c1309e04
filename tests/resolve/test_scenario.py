"""Scenarios split on a condition: no case is lost, none contradicts itself, none is idle."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import examples

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.scenario import Scenario, spelt
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

PARAMETERS: dict[str, Any] = {
    "Env": {"Type": "String"},
    "App": {"Type": "String"},
    "Size": {"Type": "String", "AllowedValues": ["a", "b", "c"]},
    "Flag": {"Type": "String", "AllowedValues": ["a", "b"]},
    "Optional": {"Type": "String", "Default": ""},
    "Fixed": {"Type": "String", "Default": "a"},
}
VALUES = {
    "Env": ["a", "b", "", "other"],
    "App": ["a", "b", "", "other"],
    "Size": ["a", "b", "c"],
    "Flag": ["a", "b"],
    "Optional": ["", "a", "b", "other"],
    "Fixed": ["a"],
}


def stack(conditions: Mapping[str, Any], **given: str) -> Stack:
    template = {"Parameters": PARAMETERS, "Conditions": conditions, "Resources": {}}
    values = {name: ParameterValue(value) for name, value in given.items()}
    package = Package(parse(json.dumps(template), "t.json"), values, has_parameters=bool(given))
    return Run().add(package)


# --- the naive reader, who knows every value ------------------------------------------------------


def assignments() -> Iterator[dict[str, str]]:
    for values in itertools.product(*VALUES.values()):
        yield dict(zip(VALUES, values, strict=True))


def spelled(operand: Any, values: Mapping[str, str]) -> str:
    if isinstance(operand, str):
        return operand
    if "Ref" in operand:
        return values[operand["Ref"]]
    return "-".join(spelled(item, values) for item in operand["Fn::Join"][1])


def holds(expression: Any, conditions: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    function, argument = next(iter(expression.items()))
    if function == "Condition":
        return holds(conditions[argument], conditions, values)
    if function == "Fn::Equals":
        one, two = (spelled(operand, values) for operand in argument)
        return one == two
    answers = [holds(item, conditions, values) for item in argument]
    if function == "Fn::Not":
        return not answers[0]
    return all(answers) if function == "Fn::And" else any(answers)


def filled(text: Text, values: Mapping[str, str]) -> str:
    return "".join(values[part.name] if isinstance(part, Hole) else part for part in text.parts)


def agrees(scenario: Scenario, values: Mapping[str, str]) -> bool:
    """Whether an assignment is one of those that a scenario stands for."""
    for name, text, never in scenario.values:
        if text.literal not in (None, values[name]) or values[name] in never:
            return False
    return all(
        (filled(one, values) == filled(two, values)) is equal
        for one, two, equal in scenario.assumed
    )


# --- strategies -----------------------------------------------------------------------------------

references = st.sampled_from([{"Ref": name} for name in PARAMETERS])
literals = st.sampled_from(["a", "b", ""])
simple = st.tuples(references, literals).flatmap(
    lambda pair: st.sampled_from([{"Fn::Equals": [*pair]}, {"Fn::Equals": [*reversed(pair)]}])
)
joined = st.lists(references, min_size=2, max_size=2).map(lambda r: {"Fn::Join": ["-", r]})
composite = st.builds(
    lambda one, two: {"Fn::Equals": [one, two]},
    st.one_of(references, joined),
    st.one_of(references, st.sampled_from(["a-b", "a-a", "-"])),
)


def trees(atoms: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            inner.map(lambda one: {"Fn::Not": [one]}),
            st.lists(inner, min_size=2, max_size=3).map(lambda some: {"Fn::And": some}),
            st.lists(inner, min_size=2, max_size=3).map(lambda some: {"Fn::Or": some}),
        ),
        max_leaves=4,
    )


def sections(atoms: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions C0, C1 and C2; the later ones may build on the earlier ones."""

    def section(index: int) -> st.SearchStrategy[Any]:
        names = [{"Condition": f"C{earlier}"} for earlier in range(index)]
        return trees(st.one_of(atoms, st.sampled_from(names)) if names else atoms)

    return st.fixed_dictionaries({f"C{index}": section(index) for index in range(3)})


def leaves_of(found: View) -> list[View]:
    leaves = [found]
    for condition in ("C0", "C1", "C2"):
        leaves = [leaf for start in leaves for leaf in start.settle(condition)]
    return leaves


# --- properties -----------------------------------------------------------------------------------


@settings(max_examples=examples(150), deadline=None)
@given(sections(simple))
def test_every_case_is_in_exactly_one_scenario(conditions: dict[str, Any]) -> None:
    """Parameters compared with literals: every assignment agrees with one leaf, and it is right."""
    found = View(stack(conditions))
    leaves = leaves_of(found)
    for values in assignments():
        (leaf,) = (leaf for leaf in leaves if agrees(leaf.scenario, values))
        for name in conditions:
            expected = holds({"Condition": name}, conditions, values)
            assert leaf.resolver.decide(name) is expected, values


@settings(max_examples=examples(150), deadline=None)
@given(sections(st.one_of(simple, composite)))
def test_no_case_is_lost(conditions: dict[str, Any]) -> None:
    """Whatever is compared, every assignment agrees with a leaf, and each such leaf is right."""
    found = View(stack(conditions))
    leaves = leaves_of(found)
    for values in assignments():
        mine = [leaf for leaf in leaves if agrees(leaf.scenario, values)]
        assert mine, values
        for leaf in mine:
            for name in conditions:
                expected = holds({"Condition": name}, conditions, values)
                assert leaf.resolver.decide(name) is expected, values


@settings(max_examples=examples(100), deadline=None)
@given(sections(simple))
def test_scenarios_are_possible_and_minimal(conditions: dict[str, Any]) -> None:
    """Each leaf stands for some assignment, and no two leaves split what nobody asked for."""
    found = View(stack(conditions))
    for condition in conditions:
        leaves = found.settle(condition)
        for leaf in leaves:
            assert any(agrees(leaf.scenario, values) for values in assignments()), leaf
            assert leaf.resolver.decide(condition) is not None
        if found.resolver.decide(condition) is not None:
            assert leaves == [found]
        asked = json.dumps(conditions)
        assert all(f'"{name}"' in asked for leaf in leaves for name, _, _ in leaf.scenario.values)


@settings(max_examples=examples(100), deadline=None)
@given(sections(st.one_of(simple, composite)), st.sampled_from([True, False]))
def test_where_keeps_the_outcome(conditions: dict[str, Any], outcome: bool) -> None:
    """The scenarios of a guard are those in which it holds, and they cover all of its cases."""
    found = View(stack(conditions))
    leaves = found.where((("C2", outcome),))
    assert all(leaf.resolver.decide("C2") is outcome for leaf in leaves)
    for values in assignments():
        if holds(conditions["C2"], conditions, values) is outcome:
            assert any(agrees(leaf.scenario, values) for leaf in leaves)


# --- single cases ---------------------------------------------------------------------------------


def equals(parameter: str, literal: str) -> dict[str, Any]:
    return {"Fn::Equals": [{"Ref": parameter}, literal]}


def told(leaves: list[View]) -> list[str]:
    return [str(leaf.scenario) for leaf in leaves]


def test_one_parameter_is_never_two_values() -> None:
    """A production stack is not a staging stack, in whatever order it is asked."""
    found = View(stack({"IsProd": equals("Env", "prod"), "IsStaging": equals("Env", "staging")}))
    (prod,) = found.where((("IsProd", True),))
    assert prod.resolver.decide("IsStaging") is False
    both = [leaf for one in found.settle("IsStaging") for leaf in one.settle("IsProd")]
    assert told(both) == [
        "IsStaging is true",
        "IsStaging is false and IsProd is true",
        "IsStaging is false and IsProd is false",
    ]
    assert found.where((("IsProd", True), ("IsStaging", True))) == []


def test_many_values_of_one_parameter_stay_apart() -> None:
    """However many literals a parameter is compared with, each comparison splits once."""
    names = [f"Is{index}" for index in range(40)]
    found = View(stack({name: equals("Env", name) for name in names}))
    for name in names:
        assert len(found.settle(name)) == 2
    leaves = [found]
    for name in names:
        leaves = [leaf for start in leaves for leaf in start.settle(name)]
    assert len(leaves) == 41
    assert found.where((("Is9", True), ("Is30", True))) == []


def test_unrelated_conditions_do_not_multiply() -> None:
    """Forty open conditions in a template: settling one of them gives two scenarios."""
    conditions: dict[str, Any] = {
        f"C{i}": {"Fn::Equals": [{"Fn::FindInMap": ["M", str(i), "x"]}, "y"]} for i in range(40)
    }
    conditions["All"] = {"Fn::And": [{"Condition": f"C{i}"} for i in range(40)]}
    found = View(stack(conditions))
    assert told(found.settle("C7")) == ["C7 is true", "C7 is false"]
    assert len(found.settle("All")) == 41


def test_conditions_on_no_parameter_stay_consistent() -> None:
    """A condition and its negation differ, also where what they compare cannot be read."""
    unreadable = {"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "x"]}, "y"]}
    found = View(
        stack(
            {
                "Is": unreadable,
                "IsNot": {"Fn::Not": [{"Condition": "Is"}]},
                "Again": unreadable,
                "Other": {"Fn::Equals": [unreadable["Fn::Equals"][0], "z"]},
            }
        )
    )
    for name in ("Is", "IsNot"):
        (leaf,) = found.where(((name, True),))
        resolver = leaf.resolver
        assert resolver.decide("Is") is (name == "Is")
        assert resolver.decide("IsNot") is (name == "IsNot")
        assert resolver.decide("Again") is (name == "Is")
        assert resolver.decide("Other") is (False if name == "Is" else None)


def test_what_is_assumed_is_held_against_what_is_chosen() -> None:
    """A joined name that is assumed leaves its parameters no other value."""
    joined = {"Fn::Equals": [{"Fn::Join": ["-", [{"Ref": "Env"}, {"Ref": "App"}]]}, "a-a"]}
    found = View(stack({"C": {"Fn::And": [joined, equals("Env", "b")]}}))
    leaves = found.settle("C")
    assert [leaf.resolver.decide("C") for leaf in leaves] == [False] * len(leaves)
    assert all(any(agrees(leaf.scenario, values) for values in assignments()) for leaf in leaves)


def test_conditions_that_nobody_declares_are_open() -> None:
    """A condition that is missing from the template may be true or false, and stays what it is."""
    found = View(stack({"Uses": {"Fn::Not": [{"Condition": "Missing"}]}}))
    assert told(found.settle("Missing")) == ["Missing is true", "Missing is false"]
    (leaf,) = found.where((("Missing", True),))
    assert leaf.resolver.decide("Uses") is False


def test_allowed_values_bound_the_choices() -> None:
    """Of two allowed values the second is what the first is not; others are never chosen."""
    found = View(
        stack(
            {
                "FlagIsA": equals("Flag", "a"),
                "FlagIsX": equals("Flag", "x"),
                "SizeIsA": equals("Size", "a"),
            }
        )
    )
    first, second = found.settle("FlagIsA")
    assert first.resolver.parameter("Flag").literal == "a"
    assert second.resolver.parameter("Flag").literal == "b"
    assert found.where((("FlagIsX", True),)) == []
    (rest,) = found.where((("SizeIsA", False),))
    assert rest.resolver.parameter("Size").literal is None
    assert rest.resolver.parameter("Size").equals(Text.of("a")) is False


def test_pseudo_parameters_are_chosen_like_others() -> None:
    """A region is compared as a parameter is, and tells the partition."""
    conditions = {
        "IsChina": {"Fn::Equals": [{"Ref": "AWS::Partition"}, "aws-cn"]},
        "IsBeijing": {"Fn::Equals": [{"Ref": "AWS::Region"}, "cn-north-1"]},
        "IsIreland": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
    }
    found = View(stack(conditions))
    (beijing,) = found.where((("IsBeijing", True),))
    assert beijing.resolver.decide("IsChina") is True
    assert found.where((("IsIreland", True), ("IsChina", True))) == []
    assert found.where((("IsChina", True), ("IsIreland", True))) == []
    (both,) = found.where((("IsChina", True), ("IsBeijing", True)))
    assert both.resolver.pseudo("AWS::URLSuffix").literal == "amazonaws.com.cn"


def test_given_values_decide() -> None:
    """What is provided is not split on."""
    found = View(stack({"IsProd": equals("Env", "prod")}, Env="prod"))
    assert found.settle("IsProd") == [found]
    assert found.resolver.decide("IsProd") is True


def test_every_branch_decides_nothing() -> None:
    """The scenario that sees every branch is not split."""
    found = View(stack({"IsProd": equals("Env", "prod")}, Env="prod"))
    everything = found.at(Scenario(every_branch=True))
    assert everything.resolver.decide("IsProd") is None
    assert everything.settle("IsProd") == [everything]


@pytest.mark.parametrize(
    ("scalar", "text"), [(True, "true"), (False, "false"), (8080, "8080"), (0.5, "0.5"), ("x", "x")]
)
def test_scalars_are_spelt_as_cloudformation_does(scalar: str | float | bool, text: str) -> None:
    """Booleans in small letters, numbers as written."""
    assert spelt(scalar) == text
