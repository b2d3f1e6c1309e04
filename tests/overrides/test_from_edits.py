"""Edits of a template as patches: the shortest pointer, and no index where none is needed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.edits.apply import applied

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Applicability, Edit, Operation
from copilot_preflight.overrides.append import CannotPatch
from copilot_preflight.overrides.apply import apply
from copilot_preflight.overrides.from_edits import AsPatches, patches_of
from copilot_preflight.read import document

TEMPLATE = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Old.Arn
      TaskRoleArn: {Fn::GetAtt: [Old, Arn]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Action: 'sts:AssumeRole'}
      Policies:
        - PolicyName: first
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: a, Resource: '*'}
              - {Effect: Allow, Action: b, Resource: !Sub 'x-${y}'}
              - {Effect: Allow, Action: c, Resource: '*'}
        - !If
          - HasEnvFile
          - PolicyName: second
            PolicyDocument:
              Statement:
                - {Effect: Allow, Action: d, Resource: [!Ref EnvFileARN]}
          - !Ref AWS::NoValue
      ManagedPolicyArns: !Split [',', !Ref Arns]
  Other:
    Type: AWS::IAM::Role
    Properties: {Tags: [{Key: a}], Path: /}
"""
ROLE: DataPath = ("Resources", "Role", "Properties")
FIRST: DataPath = (*ROLE, "Policies", 0, "PolicyDocument", "Statement")
SECOND: DataPath = (*ROLE, "Policies", 1, "Fn::If", 1, "PolicyDocument", "Statement")
ROLE_AT = "/Resources/Role/Properties"
FIRST_AT = f"{ROLE_AT}/Policies/0/PolicyDocument/Statement"
SECOND_AT = f"{ROLE_AT}/Policies/1/1/PolicyDocument/Statement"


class Value:
    """Something to write, as a fix may have it."""

    def __init__(self, plain: Any) -> None:
        self.plain = plain
        self.yaml = ""
        self.gaps = ()


def edit(operation: Operation, path: DataPath, value: Any = None, file: str = "t.yml") -> Edit:
    new: Any = None if operation is Operation.REMOVE else Value(value)
    return Edit(operation, file, path, new, "change it", Applicability.SAFE)


def insert(path: DataPath, value: Any) -> Edit:
    return edit(Operation.INSERT, path, value)


def replace(path: DataPath, value: Any) -> Edit:
    return edit(Operation.REPLACE, path, value)


def remove(path: DataPath) -> Edit:
    return edit(Operation.REMOVE, path)


def as_patches(*edits: Edit, template: str = TEMPLATE) -> AsPatches:
    return patches_of(edits, document.parse(template, "t.yml"))


def spelt(made: AsPatches) -> list[tuple[str, str, Any]]:
    return [(patch.op, patch.path, patch.data) for patch in made.patches]


def data_after(made: AsPatches, template: str = TEMPLATE) -> Any:
    return apply(made.patches, document.parse(template, "t.yml")).template.data


@pytest.mark.parametrize(
    ("change", "patch"),
    [
        (insert((*ROLE, "Policies", END), {"a": "1"}), ("add", f"{ROLE_AT}/Policies/-")),
        (insert((*FIRST, END), {"a": "1"}), ("add", f"{FIRST_AT}/-")),
        (insert((*SECOND, END), {"a": "1"}), ("add", f"{SECOND_AT}/-")),
        (insert((*FIRST, 0, "Sid"), "s"), ("add", f"{FIRST_AT}/0/Sid")),
        (replace((*FIRST, 0, "Action"), "z"), ("replace", f"{FIRST_AT}/0/Action")),
        (remove((*FIRST, 1)), ("remove", f"{FIRST_AT}/1")),
        (
            replace((*SECOND, 0, "Resource", 0), "z"),
            ("replace", f"{SECOND_AT}/0/Resource/0"),
        ),
    ],
)
def test_an_edit_is_one_patch(change: Edit, patch: tuple[str, str]) -> None:
    """It does to the template what the edit does to its data."""
    made = as_patches(change)
    assert [(it.op, it.path) for it in made.patches] == [patch]
    assert made.patches[0].data == change.value
    assert data_after(made) == applied(document.parse(TEMPLATE, "t.yml").data, change)


def test_missing_parents_come_with_what_is_below_them() -> None:
    """One patch for the whole of it."""
    made = as_patches(insert(("Resources", "Other", "Properties", "Policies", END), {"a": "1"}))
    assert spelt(made) == [("add", "/Resources/Other/Properties/Policies", [{"a": "1"}])]
    made = as_patches(insert(("Resources", "Task", "DependsOn", END), "Role"))
    assert spelt(made) == [("add", "/Resources/Task/DependsOn", ["Role"])]
    made = as_patches(insert(("Conditions", "a", "b"), "c"))
    assert spelt(made) == [("add", "/Conditions", {"a": {"b": "c"}})]


def test_a_single_value_becomes_a_list() -> None:
    """Which replaces it, and a second one finds the list."""
    statement = (*ROLE, "AssumeRolePolicyDocument", "Statement")
    at = f"{ROLE_AT}/AssumeRolePolicyDocument/Statement"
    old = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    made = as_patches(insert((*statement, END), {"a": "1"}), insert((*statement, END), {"b": "2"}))
    assert spelt(made) == [
        ("replace", at, [old, {"a": "1"}]),
        ("add", f"{at}/-", {"b": "2"}),
    ]
    sub = (*FIRST, 1, "Resource", END)
    assert spelt(as_patches(insert(sub, "z"))) == [
        ("replace", f"{FIRST_AT}/1/Resource", [{"Fn::Sub": "x-${y}"}, "z"])
    ]


def test_the_argument_of_a_function_takes_the_function_with_it() -> None:
    """A pointer cannot lead below a tag that stands before a single value."""
    made = as_patches(replace((*FIRST, 1, "Resource", "Fn::Sub"), "z-${y}"))
    assert spelt(made) == [("replace", f"{FIRST_AT}/1/Resource", {"Fn::Sub": "z-${y}"})]
    task = ("Resources", "Task", "Properties")
    for name in ("ExecutionRoleArn", "TaskRoleArn"):
        made = as_patches(replace((*task, name, "Fn::GetAtt", 0), "Role"))
        new = data_after(made)["Resources"]["Task"]["Properties"][name]
        assert new == {"Fn::GetAtt": ["Role", "Arn"]}
    assert made.patches[0].path == "/Resources/Task/Properties/TaskRoleArn/Fn::GetAtt/0"


def test_indices_are_those_of_the_moment() -> None:
    """Edits name the template as it is; patches what the ones before them have left."""
    made = as_patches(remove((*FIRST, 0)), replace((*FIRST, 2, "Action"), "z"), remove((*FIRST, 1)))
    assert [(it.op, it.path) for it in made.patches] == [
        ("remove", f"{FIRST_AT}/0"),
        ("replace", f"{FIRST_AT}/1/Action"),
        ("remove", f"{FIRST_AT}/0"),
    ]
    left = data_after(made)["Resources"]["Role"]["Properties"]["Policies"][0]
    assert left["PolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Action": "z", "Resource": "*"}
    ]


def test_what_is_left_empty_goes_too() -> None:
    """Up to what is not; the branch of an ``!If`` has to be something."""
    made = as_patches(remove(("Resources", "Other", "Properties", "Tags", 0, "Key")))
    assert spelt(made) == [("remove", "/Resources/Other/Properties/Tags", None)]
    made = as_patches(remove((*SECOND, 0)))
    assert spelt(made) == [("remove", f"{ROLE_AT}/Policies/1/1/PolicyDocument", None)]
    made = as_patches(remove((*ROLE, "Policies", 1, "Fn::If", 1)))
    assert spelt(made) == [("replace", f"{ROLE_AT}/Policies/1/1", {"Ref": "AWS::NoValue"})]


def test_who_depends_on_positions_is_told() -> None:
    """An index into a list is one; the branch of an ``!If`` is none."""
    made = as_patches(insert((*SECOND, END), {}))
    assert made.positions == (f"{ROLE_AT}/Policies/1",)
    assert made.is_position_dependent
    assert as_patches(replace((*FIRST, 2, "Action"), "z")).positions == (
        f"{ROLE_AT}/Policies/0",
        f"{FIRST_AT}/2",
    )
    made = as_patches(insert((*ROLE, "Policies", END), {}), insert((*ROLE, "Path"), "/"))
    assert not made.is_position_dependent


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            edit(Operation.REPLACE, ("Parameters", "EnvFileARN"), "x", "t.params.json"),
            "t.params.json is no template, and Copilot patches nothing else",
        ),
        (
            insert((*ROLE, "ManagedPolicyArns", END), "z"),
            "'/Resources/Role/Properties/ManagedPolicyArns/-' is a list that !Split makes",
        ),
        (insert((*ROLE, "Policies"), []), "'/Resources/Role/Properties/Policies' is there already"),
        (
            replace((*ROLE, "Path"), "/"),
            "'/Resources/Role/Properties/Path' is not there to be replaced",
        ),
        (
            remove((*ROLE, "Path")),
            "'/Resources/Role/Properties/Path' is not there to be taken away by itself",
        ),
        (
            insert((*ROLE, "Policies", 7, "a"), "b"),
            "'/Resources/Role/Properties/Policies/7/a' has no place: '7' is no key of a mapping",
        ),
        (
            remove((*ROLE, "ManagedPolicyArns", "Fn::Split", 0)),
            "'/Resources/Role/Properties/ManagedPolicyArns/Fn::Split/0' is an argument of !Split, "
            "which needs it",
        ),
    ],
)
def test_what_cannot_be_a_patch_says_why(change: Edit, message: str) -> None:
    """In one line, with the place."""
    with pytest.raises(CannotPatch) as raised:
        as_patches(change)
    assert str(raised.value) == message


def test_two_edits_of_one_thing_do_not_fit_together() -> None:
    """What is inside of a value that was replaced is gone."""
    with pytest.raises(CannotPatch, match="is changed by another edit as well"):
        as_patches(replace(FIRST, []), replace((*FIRST, 0, "Action"), "z"))


def test_nothing_goes_behind_an_alias() -> None:
    """Copilot does not follow it."""
    with pytest.raises(CannotPatch, match="'/b/x' is behind an alias"):
        as_patches(replace(("b", "x"), "2"), template="a: &a {x: 1}\nb: *a\n")
    with pytest.raises(CannotPatch, match="'/b/x' is merged in by '<<'"):
        as_patches(replace(("b", "x"), "2"), template="a: &a {x: 1}\nb: {<<: *a}\n")
