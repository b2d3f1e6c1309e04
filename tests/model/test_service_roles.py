"""Role uses: every place in which a template hands a role to a service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import stacks

from copilot_preflight.model.service_roles import ROLE_HANDOVERS, RoleHandover, RoleUse, role_uses
from copilot_preflight.resolve.view import View

OPEN = {
    "Parameters": {"P": {"Type": "String"}},
    "Conditions": {"Open": {"Fn::Equals": [{"Ref": "P"}, "x"]}},
}
ROLE = "arn:aws:iam::111122223333:role/x"


def uses(resources: dict[str, Any]) -> list[RoleUse]:
    text = json.dumps({**OPEN, "Resources": resources})
    return list(role_uses(View(stacks.stack(text, file="t.json"))))


def nested(path: str, value: Any, *, lists: bool) -> Any:
    for key in reversed(path.split(".")):
        value = {key: [value] if lists and isinstance(value, dict) else value}
    return value


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize(
    "handover", ROLE_HANDOVERS, ids=lambda handover: f"{handover.kind} {handover.path}"
)
def test_every_row_finds_its_role(handover: RoleHandover, lists: bool) -> None:
    """A role is found at the path of its row, through maps and lists alike, and only once."""
    properties = nested(handover.path, ROLE, lists=lists)
    (use,) = uses({"It": {"Type": handover.kind, "Properties": properties}})
    assert (use.owner, use.handover, str(use.value.text())) == ("It", handover, ROLE)
    assert use.value.path[-1] == handover.path.split(".")[-1]
    assert "{" not in use.fails


@pytest.mark.parametrize(
    "handover", ROLE_HANDOVERS, ids=lambda handover: f"{handover.kind} {handover.path}"
)
def test_every_row_cites_its_source(handover: RoleHandover) -> None:
    """A row names the service in full and the page of AWS that says so."""
    assert handover.service.endswith(".amazonaws.com")
    assert handover.page.startswith("https://docs.aws.amazon.com/")
    assert handover.kind.startswith("AWS::")


def test_no_row_is_there_twice() -> None:
    """A place hands its role to one service."""
    places = [(handover.kind, handover.path) for handover in ROLE_HANDOVERS]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("properties", [None, "x", [], {"TaskRoleArn": None}, {"TaskRoleArn": []}])
def test_other_shapes_hand_over_nothing(properties: Any) -> None:
    """What has another shape is skipped, not refused: other questions judge it."""
    assert uses({"It": {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}}) == []


def test_wrong_shapes_on_the_way_are_skipped() -> None:
    """So is a wrong shape on the way to the role."""
    properties = {"Targets": ["x", 1, {"RoleArn": {"Ref": "AWS::NoValue"}}, {"RoleArn": ROLE}]}
    (use,) = uses({"It": {"Type": "AWS::Events::Rule", "Properties": properties}})
    assert use.value.path[-2:] == (3, "RoleArn")


def test_each_branch_of_a_condition_is_a_use() -> None:
    """A role behind Fn::If is one for each branch, with the condition as its guard."""
    properties = {"TaskRoleArn": {"Fn::If": ["Open", ROLE, {"Ref": "P"}]}}
    found = uses({"It": {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}})
    assert [(str(use.value.text()), use.value.guard) for use in found] == [
        (ROLE, (("Open", True),)),
        ("${P}", (("Open", False),)),
    ]


def pipeline(provider: str, *, role: Any = ROLE) -> dict[str, Any]:
    action = {
        "RoleArn": f"{ROLE}-action",
        "ActionTypeId": {"Provider": provider},
        "Configuration": {"RoleArn": f"{ROLE}-deploy"},
    }
    properties = {"RoleArn": role, "Stages": [{"Actions": [action]}]}
    return {"It": {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}}


def told(found: list[RoleUse]) -> list[tuple[str, str]]:
    return [(str(use.value.text()).removeprefix(ROLE), use.caller) for use in found]


def test_the_actions_of_a_pipeline() -> None:
    """The pipeline's role goes to CodePipeline, an action's to that role, and what CloudFormation
    deploys with to CloudFormation."""
    own = ("", "'codepipeline.amazonaws.com'")
    action = ("-action", "the pipeline's role")
    assert told(uses(pipeline("CloudFormation"))) == [
        own,
        action,
        ("-deploy", "'cloudformation.amazonaws.com'"),
    ]
    assert told(uses(pipeline("CodeBuild"))) == [own, action]


def test_an_action_with_the_role_of_its_pipeline() -> None:
    """A role that has itself as the role of an action assumes no other."""
    found = pipeline("CodeBuild")
    properties = found["It"]["Properties"]
    properties["Stages"][0]["Actions"][0]["RoleArn"] = properties["RoleArn"]
    assert {caller for _, caller in told(uses(found))} == {"'codepipeline.amazonaws.com'"}


def test_an_action_of_a_pipeline_without_one_certain_role() -> None:
    """Where it is open which role the pipeline has, nothing is said of its actions' roles."""
    either = {"Fn::If": ["Open", ROLE, f"{ROLE}2"]}
    found = uses(pipeline("CodeBuild", role=either))
    assert {caller for _, caller in told(found)} == {"'codepipeline.amazonaws.com'"}
