"""What a fix refuses to write: names that are not there, circles, policies without a statement."""

from __future__ import annotations

from typing import Any

import pytest

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.edits.edit import (
    END,
    Applicability,
    Edit,
    Help,
    NoFix,
    Operation,
    insertion,
    removal,
)
from copilot_preflight.edits.fix import Fix, Way, answer_of
from copilot_preflight.edits.grant import Grant, PolicyOwner
from copilot_preflight.edits.references import names_in, refused, waits_for
from copilot_preflight.edits.removals import without_empty_policies
from copilot_preflight.edits.spelling import Expression, Spelling
from copilot_preflight.iam.layers import Layer
from copilot_preflight.read.document import parse

FILE = "t.yml"
ROLE = ("Resources", "Role")
OWNER = PolicyOwner(Layer.IDENTITY, "role 'Role'", Place(FILE, ROLE), "Role")
TEMPLATE = """
Parameters: {Name: {Type: String}}
Conditions: {IsOn: !Equals [!Ref Name, x]}
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Key:
    Type: AWS::KMS::Key
    Properties: {KeyPolicy: {Statement: {Principal: {AWS: !GetAtt Role.Arn}}}}
  Alias: {Type: AWS::KMS::Alias, Properties: {TargetKeyId: !Ref Key}}
  Bucket: {Type: AWS::S3::Bucket}
  Queue: {Type: AWS::SQS::Queue, DependsOn: [Role]}
"""


CIRCLE = (
    "refers to 'Role' itself, and CloudFormation takes no circle: "
    "grant it in a policy of its own, an AWS::IAM::Policy"
)


def data(text: str = TEMPLATE) -> Any:
    return parse(text, FILE).data


def answer(*grants: Grant, text: str = TEMPLATE, edits: tuple[Edit, ...] = ()) -> Fix | NoFix:
    help = Help("grant it", grants, edits)
    finding = Finding(Place(FILE, ROLE), "denied", remedy=help)
    return answer_of(finding, lambda file: data(text) if file == FILE else None, Way.ADDED)


def on(resource: str | Expression, under: str = "") -> Grant:
    return Grant(OWNER, ("s3:GetObject",), (resource,), under=under)


@pytest.mark.parametrize(
    ("value", "values", "conditions"),
    [
        ({"Ref": "A"}, {"A"}, set()),
        ({"Ref": "AWS::Region"}, set(), set()),
        ({"Fn::GetAtt": ["A", "Arn"]}, {"A"}, set()),
        ({"Fn::GetAtt": "A.Arn"}, {"A"}, set()),
        ({"Fn::Sub": "${A}${B.Arn}${!C}${AWS::Region}${aws:x}"}, {"A", "B"}, set()),
        ({"Fn::Sub": ["${A}${B}", {"B": {"Ref": "C"}}]}, {"A", "C"}, set()),
        ({"Fn::If": ["On", {"Ref": "A"}, "b"]}, {"A"}, {"On"}),
        ([{"Fn::Join": ["", [{"Ref": "A"}]]}, "B"], {"A"}, set()),
    ],
)
def test_the_names_in_a_value(value: Any, values: set[str], conditions: set[str]) -> None:
    """References of every kind, and the names of conditions."""
    found = names_in(value)
    assert (set(found.values), set(found.conditions)) == (values, conditions)


@pytest.mark.parametrize(
    ("resource", "under", "reason"),
    [
        ("${Bucket.Arn}/*", "", ""),
        ("arn:aws:s3:::${Name}/*", "IsOn", ""),
        ("${Images.Arn}/*", "", "t.yml has no 'Images' to refer to"),
        (Expression("x", {"Ref": "Images"}), "", "t.yml has no 'Images' to refer to"),
        ("arn:aws:s3:::b", "HasImages", "t.yml has no 'HasImages' to refer to"),
        (
            "${Key.Arn}",
            "",
            f"'Key' {CIRCLE}",
        ),
        (
            "${Alias}",
            "",
            f"'Alias' {CIRCLE}",
        ),
        (
            "${Queue.Arn}",
            "",
            f"'Queue' {CIRCLE}",
        ),
        (
            "${Role.Arn}",
            "",
            f"'Role' {CIRCLE}",
        ),
    ],
)
def test_a_grant_names_what_its_template_has(
    resource: str | Expression, under: str, reason: str
) -> None:
    """A name of another template is not written, nor one that waits for the role."""
    found = answer(on(resource, under))
    assert (found.reason if isinstance(found, NoFix) else "") == reason


def test_what_somebody_fills_in_is_not_looked_at() -> None:
    """A fix with a gap is shown, and written by nobody."""
    found = answer(on("<Images of other.yml>/${Role.Arn}"))
    assert isinstance(found, Fix)
    assert found.gaps


def test_what_is_there_under_a_condition_is_named_under_it() -> None:
    """The policy is there whenever the bucket is; a document that always is cannot name it."""
    text = TEMPLATE + "  Maybe: {Type: AWS::S3::Bucket, Condition: IsOn}\n"
    found = answer(on("${Maybe.Arn}/*"), text=text)
    assert isinstance(found, Fix)
    [edit] = found.edits
    assert isinstance(edit.value, dict)
    assert [*edit.value] == ["Fn::If"]
    assert "'IsOn'" in str(edit.value)
    key = on("${Maybe.Arn}/*")._replace(
        owner=PolicyOwner(Layer.RESOURCE, "the policy of 'Key'", Place(FILE, ("Resources", "Key")))
    )
    assert answer(key, text=text) == NoFix("'Maybe' is there under condition 'IsOn' alone")
    same = text.replace("AWS::IAM::Role, ", "AWS::IAM::Role, Condition: IsOn, ")
    found = answer(on("${Maybe.Arn}/*"), text=same)
    assert isinstance(found, Fix)
    value = found.edits[0].value
    assert isinstance(value, dict)
    assert "PolicyName" in value


def test_a_policy_file_has_no_functions() -> None:
    """What only CloudFormation fills in is a policy variable there, or nothing."""
    edit = insertion(FILE, ("Statement", END), Spelling("${AWS::Partition}", "Fn::Sub"), "x")
    assert refused([edit], {"Statement": []}, FILE) == (
        "t.yml is no template, in which functions could be written"
    )
    plain = insertion(FILE, ("Statement", END), Spelling("arn:aws:s3:::b"), "x")
    assert refused([plain], {"Statement": []}, FILE) == ""


def test_what_waits_for_what() -> None:
    """By references and by DependsOn, over any number of resources."""
    assert waits_for(data(), "Alias", "Role")
    assert waits_for(data(), "Queue", "Role")
    assert not waits_for(data(), "Role", "Key")
    assert not waits_for(data(), "Bucket", "Role")


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        ("!If [IsOn, [], []]", "a function gives the policies of role 'Role'"),
        ("!Ref Name", "a function gives the policies of role 'Role'"),
    ],
)
def test_policies_that_a_function_gives_are_left_alone(policies: str, reason: str) -> None:
    """Neither branch of it is the role's policies."""
    text = TEMPLATE.replace("{Path: /}", f"{{Policies: {policies}}}")
    assert answer(on("*"), text=text) == NoFix(reason)


def test_the_role_of_a_sam_function_is_written_by_cloudformation() -> None:
    """It is no resource that a policy could be added to."""
    text = TEMPLATE.replace("AWS::IAM::Role", "AWS::Serverless::Function")
    reason = "CloudFormation writes the policies of role 'Role' by itself"
    assert answer(on("*"), text=text) == NoFix(reason)


def test_a_role_of_no_file_is_left_alone() -> None:
    """An imported role, or a policy of AWS's."""
    grant = on("*")._replace(owner=OWNER._replace(place=None))
    assert answer(grant) == NoFix("role 'Role' is in no file of the run")
    grant = on("*")._replace(owner=OWNER._replace(place=Place("other.yml", ROLE)))
    assert answer(grant) == NoFix("role 'Role' is not written in other.yml")


def test_a_policy_gets_a_name_that_no_other_has() -> None:
    """Not even a policy that is a resource of its own: the two would be one."""
    policy = "  P: {Type: AWS::IAM::Policy, Properties: {PolicyName: AllowS3GetObject}}\n"
    found = answer(on("*"), text=TEMPLATE + policy)
    assert isinstance(found, Fix)
    [edit] = found.edits
    assert isinstance(edit.value, dict)
    assert edit.value["PolicyName"] == "AllowS3GetObject2"


# --- removals -------------------------------------------------------------------------------------

_STATEMENTS = "{Effect: Deny, Action: 'a:*', Resource: '*'}, {Effect: Allow}"
_ROLE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - {PolicyName: a, PolicyDocument: {Version: v, Statement: [%s]}}
        - !If
          - IsOn
          - {PolicyName: b, PolicyDocument: {Statement: {Effect: Deny}}}
          - !Ref AWS::NoValue
  Policy: {Type: AWS::IAM::Policy, Properties: {PolicyDocument: {Statement: [{Effect: Deny}]}}}
"""
_POLICIES = ("Resources", "Role", "Properties", "Policies")
_FIRST = (*_POLICIES, 0)
_DOCUMENT = (*_FIRST, "PolicyDocument", "Statement")


def taken(*paths: tuple[str | int, ...]) -> list[Edit]:
    return [removal(Place(FILE, path), "take it out") for path in paths]


def left(edits: list[Edit], statements: str = _STATEMENTS) -> Any:
    found = without_empty_policies(edits, data(_ROLE % statements))
    if isinstance(found, NoFix):
        return found.reason
    return [(edit.operation, edit.path) for edit in found]


def test_a_policy_keeps_its_other_statements() -> None:
    """Then the statement goes alone, or a part of it."""
    assert left(taken((*_DOCUMENT, 0))) == [(Operation.REMOVE, (*_DOCUMENT, 0))]
    part = (*_DOCUMENT, 0, "Action")
    assert left(taken(part)) == [(Operation.REMOVE, part)]


def test_a_policy_goes_with_its_last_statement() -> None:
    """Nothing else is left of it; a branch of a function says that there is none."""
    both = taken((*_DOCUMENT, 0), (*_DOCUMENT, 1))
    assert left(both) == [(Operation.REMOVE, _FIRST)]
    assert left(taken((*_DOCUMENT, 0)), "{Effect: Deny}") == [(Operation.REMOVE, _FIRST)]
    branch = (*_POLICIES, 1, "Fn::If", 1)
    edits = taken((*branch, "PolicyDocument", "Statement"))
    assert left(edits) == [(Operation.REPLACE, branch)]


def test_a_statement_that_comes_takes_the_place_of_the_last_one() -> None:
    """The policy stays for it."""
    new = Edit(
        Operation.INSERT, FILE, (*_DOCUMENT, END), on("*"), "narrow it", Applicability.REVIEW
    )
    edits = [new, *taken((*_DOCUMENT, 0), (*_DOCUMENT, 1))]
    assert len(left(edits)) == 3


def test_a_policy_of_its_own_is_not_taken_away() -> None:
    """Something may refer to it, or wait for it."""
    at = ("Resources", "Policy", "Properties", "PolicyDocument", "Statement", 0)
    assert left(taken(at)) == "no statement would be left in 'Policy'"


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::GetAtt": []},
        {"Fn::GetAtt": None},
        {"Fn::Sub": []},
        {"Fn::Sub": ["${a}", 5]},
        {"Fn::Sub": ["${a}", None]},
        {"Fn::If": []},
        {"Fn::If": None},
        {"Ref": []},
    ],
)
def test_functions_of_a_wrong_shape_name_what_they_can(value: Any) -> None:
    """What refers to a name stands in whole templates, where somebody may have mistyped it."""
    assert names_in([value, {"Ref": "Key"}]).values - {"a"} == {"Key"}
