"""Edits that rules make: where they go, and that they end the finding that they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.edits.apply import applied

from copilot_preflight.base.finding import DataPath, Finding, Place
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import Rule
from copilot_preflight.checks.wording.corrections import list_of
from copilot_preflight.edits.edit import END, Applicability, Edit, Help, Operation
from copilot_preflight.inputs.package import Package
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight_rules import RULES

SAFE, REVIEW = Applicability.SAFE, Applicability.REVIEW
INSERT, REPLACE, REMOVE = Operation.INSERT, Operation.REPLACE, Operation.REMOVE


@pytest.mark.parametrize(
    ("entry", "depth", "path"),
    [
        (("Resource",), 1, ("Resource", END)),
        (("Resource", 2), 1, ("Resource", END)),
        (("Resource", "Fn::If", 1), 1, ("Resource", "Fn::If", 1, END)),
        (("Resource", "Fn::If", 2, 0), 1, ("Resource", "Fn::If", 2, END)),
        (("Resource", 0, "Fn::If", 1), 1, ("Resource", END)),
        (("Principal", "Service", 0), 2, ("Principal", "Service", END)),
        (("Principal", "Fn::If", 1, "Service"), 2, ("Principal", "Fn::If", 1, "Service", END)),
        (("Condition", "Bool", "k", 0), 3, ("Condition", "Bool", "k", END)),
        (("Principal",), 2, None),
        (("Statement", 0, "Resource", 0), 1, None),
    ],
)
def test_a_list_is_found_from_one_of_its_entries(
    entry: DataPath, depth: int, path: DataPath | None
) -> None:
    """Branches around a whole list are entered, those around one item are left."""
    statement = Place("t.yml", ("Resources", 0))
    found = list_of(statement, Place("t.yml", (*statement.path, *entry)), depth)
    assert found == (None if path is None else (*statement.path, *path))


def test_an_entry_elsewhere_has_no_list_in_the_statement() -> None:
    """A value that another file gives, or another statement, cannot be added to there."""
    statement = Place("t.yml", ("Resources", 0))
    assert list_of(statement, Place("u.yml", (*statement.path, "Resource", 0)), 1) is None
    assert list_of(statement, Place("t.yml", ("Resources", 1, "Resource", 0)), 1) is None


# --- rules ----------------------------------------------------------------------------------------


def findings(text: str) -> Iterator[Finding]:
    """The errors and warnings of a template, by all rules that judge one."""
    analysis = Analysis(Run().add(Package(parse(text, "t.yml"))))
    for rule in RULES:
        if not _is_remark(rule):
            yield from rule(analysis)


def _is_remark(rule: Rule) -> bool:
    return rule.id.startswith("I") or rule.name == "unused-suppression"


def edits_of(text: str, rule: str) -> list[Edit]:
    return [
        edit
        for finding in findings(text)
        if finding.rule == rule
        for edit in (finding.remedy.edits if isinstance(finding.remedy, Help) else ())
    ]


def carried_out(text: str, edits: list[Edit]) -> str:
    data = parse(text, "t.yml").data
    for edit in sorted(edits, key=lambda edit: edit.operation is REMOVE):
        data = applied(data, edit)
    return json.dumps(data)


TASK = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: web, EnvironmentFiles: [{Type: s3, Value: !Sub '${Files.Arn}/KEY'}]}
  Limit: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: [ANY]}}}
  Files: {Type: AWS::S3::Bucket}
  FilesPolicy:
    Type: AWS::S3::BucketPolicy
    Properties: {Bucket: !Ref Files, PolicyDocument: {Statement: [KEEP, DENY]}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: web
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: SERVICE}, Action: ASSUME}]
      Policies: [{PolicyName: files, PolicyDocument: {Statement: [GRANTS]}}]
"""
VALUES = {
    "KEY": "web.env",
    "ANY": "{Effect: Allow, Action: '*', Resource: '*'}",
    "KEEP": "{Effect: Deny, Principal: '*', "
    "Action: 's3:DeleteBucket', Resource: !GetAtt Files.Arn}",
    "DENY": "{Effect: Deny, Principal: '*', "
    "Action: 's3:PutObject', Resource: !Sub '${Files.Arn}/*'}",
    "SERVICE": "ecs-tasks.amazonaws.com",
    "ASSUME": "'sts:AssumeRole'",
    "GRANTS": "{Effect: Allow, Action: 's3:GetObject', Resource: !Sub '${Files.Arn}/*'}, "
    "{Effect: Allow, Action: 's3:GetBucketLocation', Resource: !GetAtt Files.Arn}",
}


def template(**values: str) -> str:
    text = TASK
    for name, value in (VALUES | values).items():
        text = text.replace(name, value, 1)
    return text


def denied(principal: str, more: str = "") -> str:
    what = "Action: 's3:GetObject', Resource: !Sub '${Files.Arn}/*'"
    return template(DENY=f"{{Effect: Deny, {principal}, {what}{more}}}")


def granted(*statements: str) -> str:
    return template(GRANTS=", ".join(f"{{Effect: Allow, {statement}}}" for statement in statements))


OTHER = "arn:aws:iam::111122223333:role/other"
OBJECTS = "!Sub '${Files.Arn}/*'"
LOCATE = "Action: 's3:GetBucketLocation', Resource: !GetAtt Files.Arn"
OLD, NEW = "0" * 64, "1" * 64


def with_boundary(text: str) -> str:
    start = "      AssumeRolePolicyDocument:"
    return text.replace(start, f"      PermissionsBoundary: !Ref Limit\n{start}")


def stale(*statements: str) -> str:
    """The task asks for another version of the file than the role is granted."""
    folder = "${Files.Arn}/manual/env-files/web.env"
    grant = f"{{Effect: Allow, Action: 's3:GetObject', Resource: !Sub '{folder}/{OLD}.env'}}"
    others = (f"{{Effect: Allow, {statement}}}" for statement in statements)
    key = f"manual/env-files/web.env/{NEW}.env"
    return template(KEY=key, GRANTS=", ".join((grant, *others)))


@pytest.mark.parametrize(
    ("text", "rule", "kinds"),
    [
        # A bucket policy that denies.
        (denied("Principal: '*'"), "E9761", {(INSERT, REVIEW)}),
        (denied("Principal: '*'", ", Condition: {Bool: {'aws:SecureTransport': 'true'}}"), "E9761",
         {(INSERT, REVIEW)}),
        (denied("Principal: '*'",
                f", Condition: {{ArnNotLike: {{'aws:PrincipalArn': '{OTHER}'}}}}"),
         "E9761", {(INSERT, REVIEW)}),
        (denied("Principal: '*'",
                f", Condition: {{StringNotEquals: {{'aws:PrincipalArn': ['{OTHER}']}}}}"),
         "E9761", {(INSERT, REVIEW)}),
        (denied(f"NotPrincipal: {{AWS: '{OTHER}'}}"), "E9761", {(INSERT, REVIEW)}),
        (with_boundary(denied(f"NotPrincipal: {{AWS: '{OTHER}'}}")), "E9761",
         {(REMOVE, REVIEW), (INSERT, REVIEW)}),
        (denied("Principal: {AWS: !GetAtt Role.Arn}"), "E9761", {(REMOVE, REVIEW)}),
        (denied(f"Principal: {{AWS: [!GetAtt Role.Arn, '{OTHER}']}}"), "E9761", {(REMOVE, REVIEW)}),
        # A trust policy.
        (template(SERVICE="ecs-task.amazonaws.com"), "E9732", {(REPLACE, SAFE)}),
        (template(SERVICE="lambda.amazonaws.com"), "E9732", {(INSERT, SAFE)}),
        (template(SERVICE="[lambda.amazonaws.com]"), "E9732", {(INSERT, SAFE)}),
        (template(ASSUME="'sts:TagSession'"), "E9732", {(INSERT, SAFE)}),
        # ARNs.
        (granted("Action: 's3:GetObject', Resource: !GetAtt Files.Arn", LOCATE), "E9751",
         {(REPLACE, SAFE)}),
        (granted("Action: ['s3:GetObject', 's3:GetBucketLocation'], Resource: !GetAtt Files.Arn"),
         "E9751", {(INSERT, SAFE)}),
        (granted(f"Action: ['s3:GetObject', 's3:GetBucketLocation'], Resource: {OBJECTS}"),
         "E9752", {(INSERT, SAFE)}),
        (granted(f"Action: 's3:GetObject', Resource: {OBJECTS}",
                 f"Action: 's3:GetBucketLocation', Resource: [{OBJECTS}]"),
         "E9752", {(REPLACE, SAFE)}),
        (granted(f"Action: 's3:GetObject', Resource: {OBJECTS}", LOCATE,
                 "Action: ['ecr:BatchGetImage', 'ecr:GetAuthorizationToken'], "
                 "Resource: 'arn:aws:ecr:eu-west-1:111122223333:repository/web'"),
         "E9755", {(INSERT, SAFE)}),
        (granted(f"Action: 's3:GetObject', Resource: {OBJECTS}", LOCATE,
                 "Action: 'logs:PutLogEvents', Resource: 'arn:aws:logs:eu-west-1:1:log-group:a'"),
         "E9755", {(REPLACE, SAFE)}),
        # Another version of the file, with the grant for its bucket and without.
        (stale(LOCATE), "E9712", {(REPLACE, SAFE)}),
        (stale(), "E9712", {(REPLACE, SAFE), (INSERT, SAFE)}),
    ],
)  # fmt: skip
def test_the_edits_of_a_finding_end_it(
    text: str, rule: str, kinds: set[tuple[Operation, Applicability]]
) -> None:
    """The one finding is gone with its edits carried out, and there is no other one."""
    assert {finding.rule for finding in findings(text)} == {rule}
    edits = edits_of(text, rule)
    assert {(edit.operation, edit.applicability) for edit in edits} == kinds
    assert not any(edit.gaps for edit in edits)
    assert [finding.message for finding in findings(carried_out(text, edits))] == []


def test_a_deny_is_not_corrected_unseen() -> None:
    """A Deny that could never match denies something once it does."""
    text = template(
        DENY="{Effect: Deny, Principal: '*', Action: 's3:PutObject', Resource: !GetAtt Files.Arn}"
    )
    assert [edit.applicability for edit in edits_of(text, "E9751")] == [REVIEW]


def test_a_condition_is_left_to_somebody_who_knows_what_it_is_for() -> None:
    """No edit lets a service in where a condition keeps it out."""
    when = "Condition: {ArnLike: {'aws:SourceArn': 'arn:aws:lambda:*:*:function:*'}}, Action"
    text = template().replace("Action: 'sts:AssumeRole'", f"{when}: 'sts:AssumeRole'", 1)
    found = [finding for finding in findings(text) if finding.rule == "E9732"]
    assert len(found) == 1
    assert edits_of(text, "E9732") == []


def test_a_service_is_let_in_where_roles_are_assumed() -> None:
    """A statement that allows something else is not where a service is missing."""
    other = "{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:TagSession'}"
    text = template().replace(
        "[{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}",
        f"[{other}, {{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}",
        1,
    )
    (edit,) = edits_of(text, "E9732")
    assert edit.path[-4:] == (1, "Principal", "Service", END)
    assert [*findings(carried_out(text, [edit]))] == []
