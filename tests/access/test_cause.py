"""Causes: of everything that is true of a denial, the one that says most."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.access import cause as causes
from copilot_preflight.access.cause import Cause, cause_of, is_other_version
from copilot_preflight.access.decide import Decision
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.checks.analysis import Analysis

ONE, TWO = "1" * 64, "2" * 64
TEMPLATE = """
Parameters: {{Env: {{Type: String}}}}
Conditions: {{IsProd: !Equals [!Ref Env, prod]}}
Resources:
  Bucket: {{Type: AWS::S3::Bucket, Properties: {{BucketName: b}}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      TaskRoleArn: !GetAtt TaskRole.Arn
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles: [{{Type: s3, Value: '{file}'}}]
  Role:
    Type: AWS::IAM::Role
    Properties: {{Policies: [{{PolicyName: P, PolicyDocument: {{Statement: [{statements}]}}}}]}}
  TaskRole:
    Type: AWS::IAM::Role
    Properties: {{Policies: [{{PolicyName: P, PolicyDocument: {{Statement: [{task}]}}}}]}}
"""
FILE = f"arn:aws:s3:::b/manual/env-files/web.env/{ONE}.env"


def cause(
    *statements: str,
    task: str = "",
    file: str = FILE,
    action: str = "s3:GetObject",
    region: str = "",
) -> Cause:
    text = TEMPLATE.format(statements=", ".join(statements), task=task, file=file)
    pseudo = {"AWS::Region": region} if region else {}
    found = Analysis(stacks.stack(text, pseudo=pseudo)).decisions
    return next(cause_of(d) for d in found if d.is_denied and d.call.action == action)


def allow(resource: str, action: str = "s3:GetObject", effect: str = "Allow") -> str:
    return f"{{Effect: {effect}, Action: {action}, Resource: {resource}}}"


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (FILE.replace(ONE, TWO), "stale-hash"),
        ("arn:aws:s3:::b", "object-action-on-bucket-arn"),
        ("!GetAtt Bucket.Arn", "object-action-on-bucket-arn"),
        (FILE.replace("aws", "aws-cn"), "other-partition"),
        ("'arn:aws-us-gov:s3:::b/*'", "other-partition"),
        ("'arn:aws:s3:::b/other/*'", "other-key"),
        (FILE.replace("web.env/", "api.env/"), "other-key"),
        ("'arn:aws:s3:::c/*'", "other-bucket"),
        ("arn:aws:s3:::c", "other-bucket"),
        (FILE.replace("s3:::b", "s3:::c"), "other-bucket"),
        ("'arn:aws:kms:::x'", "no-grant"),
    ],
)
def test_grants_for_something_else(resource: str, kind: str) -> None:
    """A grant of the right action says by how much its ARN misses."""
    found = cause(allow(resource))
    assert found.kind == kind
    assert (found.entry is not None) is (kind != "no-grant")


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:GetBucketLocation"])
@pytest.mark.parametrize(
    "resource",
    ["['arn:aws:s3:::b', 'arn:aws:s3:::b/*']", "['arn:aws:s3:::b/*', 'arn:aws:s3:::b']"],
)
def test_both_levels_of_a_bucket_in_another_partition(resource: str, action: str) -> None:
    """In GovCloud neither ARN of the pair is what is meant: the partition is the fault of both."""
    found = cause(
        allow(resource, "[s3:GetObject, s3:GetBucketLocation]"),
        file="arn:aws-us-gov:s3:::b/web.env",
        action=action,
        region="us-gov-west-1",
    )
    assert found.kind == "other-partition"
    assert found.entry is not None
    assert str(found.entry.text).endswith("/*") is (action == "s3:GetObject")


@pytest.mark.parametrize("partition", ["aws", "${AWS::Partition}"])
def test_a_grant_of_the_same_service(partition: str) -> None:
    """However its partition is spelt, an alias is told as another resource than its key."""
    alias = f"!Sub 'arn:{partition}:kms:${{AWS::Region}}:${{AWS::AccountId}}:alias/app'"
    role = stacks.role(
        "{Effect: Allow, Action: 'secretsmanager:*', Resource: !Ref Db}",
        f"{{Effect: Allow, Action: kms:Decrypt, Resource: {alias}}}",
    )
    text = f"""
Resources:
  Key: {{Type: AWS::KMS::Key}}
  Db: {{Type: AWS::SecretsManager::Secret, Properties: {{KmsKeyId: !Ref Key}}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{{Name: web, Secrets: [{{Name: DB, ValueFrom: !Ref Db}}]}}]
{role}
"""
    found = Analysis(stacks.stack(text)).decisions
    causes = [cause_of(decision) for decision in found if decision.is_denied]
    assert [cause.kind for cause in causes] == ["other-resource"]


def test_a_grant_under_a_condition_that_the_call_does_not_meet() -> None:
    """The clause that does not hold is told, with the statement that it keeps from granting."""
    granted = allow(FILE)[:-1] + ", Condition: {Bool: {'aws:SecureTransport': 'false'}}}"
    found = cause(granted, allow("'arn:aws:s3:::c/*'"))
    assert found.kind == "unmet-condition"
    assert found.clause is not None
    assert (found.clause.operator, found.clause.key) == ("Bool", "aws:SecureTransport")


def test_a_grant_of_another_action() -> None:
    """A statement that covers the file allows something else."""
    found = cause(allow(FILE, "s3:PutObject"))
    assert found.kind == "other-action"
    assert found.entry is not None
    assert str(found.entry.text) == "s3:PutObject"


def test_a_deny() -> None:
    """A Deny comes first, with its statement."""
    found = cause(allow("'*'"), allow("'*'", "s3:*", "Deny"))
    assert found.kind == "explicit-deny"
    assert found.statement is not None
    assert found.statement.effect == "Deny"


LAYERS = """
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties: {Bucket: !Ref Bucket, PolicyDocument: {Statement: [%s]}}
"""


@pytest.mark.parametrize(
    ("statements", "bucket", "kind", "effect"),
    [
        # A Deny of the bucket goes before what the role lacks, and before the role's own.
        (
            (),
            "{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'}",
            "bucket-policy",
            "Deny",
        ),
        (
            (allow("'*'", "s3:*", "Deny"),),
            "{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'}",
            "bucket-policy",
            "Deny",
        ),
        ((allow("'*'", "s3:*", "Deny"),), "", "explicit-deny", "Deny"),
    ],
)
def test_layers(statements: tuple[str, ...], bucket: str, kind: str, effect: str) -> None:
    """A denial by another layer names it, with the statement that decides."""
    text = TEMPLATE.format(statements=", ".join(statements), task="", file=FILE) + LAYERS % bucket
    found = Analysis(stacks.stack(text)).decisions
    denied = cause_of(next(d for d in found if d.is_denied))
    assert denied.kind == kind
    assert denied.statement is not None
    assert denied.statement.effect == effect


def test_no_grant() -> None:
    """Where nothing comes near, nothing is shown."""
    assert cause(allow("'*'", "kms:Decrypt")) == Cause("no-grant")
    assert cause() == Cause("no-grant")


def test_the_grant_on_the_task_role() -> None:
    """The grant that would serve stands on the role of the application."""
    found = cause(task=allow(FILE))
    assert found.kind == "wrong-role"
    assert found.role is not None
    assert found.role.logical_id == "TaskRole"


def test_a_grant_that_is_switched_off() -> None:
    """The grant that would serve stands under a condition that does not hold."""
    found = cause(f"!If [IsProd, {allow(FILE)}, !Ref AWS::NoValue]")
    assert (found.kind, found.condition) == ("condition-off", "IsProd")


def test_a_task_with_one_role_has_no_other() -> None:
    """A grant on a role that the task does not name is no cause of its denial."""
    text = TEMPLATE.format(statements="", task=allow(FILE), file=FILE)
    for named, kind in (
        ("TaskRoleArn: !GetAtt TaskRole.Arn", "wrong-role"),
        ("Cpu: 256", "no-grant"),
        ("TaskRoleArn: arn:aws:iam::111122223333:role/theirs", "no-grant"),
    ):
        changed = text.replace("TaskRoleArn: !GetAtt TaskRole.Arn", named)
        found = Analysis(stacks.stack(changed)).decisions
        assert {cause_of(d).kind for d in found if d.is_denied and _reads(d)} == {kind}


def _reads(decision: Decision) -> bool:
    return decision.call.action == "s3:GetObject"


def test_a_condition_that_is_on_switches_nothing_off() -> None:
    """Of two conditions above a grant, the one that does not hold is named."""
    text = TEMPLATE.format(statements="%s", task="", file=FILE).replace(
        "Conditions: {", "Conditions: {IsOn: !Equals [a, a], "
    )
    inner = f"!If [IsOn, !If [IsProd, {allow(FILE)}, !Ref AWS::NoValue], !Ref AWS::NoValue]"
    found = Analysis(stacks.stack(text % inner, {"Env": "test"})).decisions
    causes = [cause_of(d) for d in found if d.is_denied and _reads(d)]
    assert [(c.kind, c.condition) for c in causes] == [("condition-off", "IsProd")]


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("Bool: {'aws:SecureTransport': 'false'}", "aws:SecureTransport"),
        # The clause that holds, and one of which nothing is known, keep nothing back.
        (
            "StringEquals: {'aws:PrincipalTag/x': y}, Bool: {'aws:SecureTransport': 'false'}",
            "aws:SecureTransport",
        ),
        ("Null: {'aws:SecureTransport': 'false'}, Bool: {'aws:SecureTransport': 'false'}", None),
    ],
)
def test_only_the_clause_that_does_not_hold_is_told(keys: str, key: str | None) -> None:
    """Other clauses of the same statement are not to blame."""
    found = cause(allow(FILE)[:-1] + f", Condition: {{{keys}}}}}")
    assert found.kind == "unmet-condition"
    assert found.clause is not None
    assert found.clause.operator == "Bool"
    assert key in (None, found.clause.key)


def test_a_conditional_grant_for_something_else_is_not_unmet() -> None:
    """A condition is not to blame where the statement would not grant the call without it."""
    clause = ", Condition: {Bool: {'aws:SecureTransport': 'false'}}}"
    assert cause(allow("'arn:aws:s3:::c/*'")[:-1] + clause).kind == "other-bucket"
    assert cause(allow(FILE, "s3:PutObject")[:-1] + clause).kind == "other-action"


def test_a_grant_whose_not_resource_leaves_the_file_out() -> None:
    """NotResource with this file is told; with another one, it is no cause."""
    grant = "{{Effect: Allow, Action: 's3:Get*', NotResource: {}}}"
    found = cause(grant.format(f"['arn:aws:s3:::c/*', '{FILE}']"))
    assert found.kind == "excluded"
    assert found.entry is not None
    assert str(found.entry.text) == FILE


def test_an_arn_that_is_there_for_the_other_level() -> None:
    """The bucket's own ARN is no mistake where objects of it are named next to it."""
    both = allow("['arn:aws:s3:::b', 'arn:aws:s3:::b/other/*']", "[s3:GetObject, s3:ListBucket]")
    assert cause(both).kind == "other-key"
    assert cause(allow("arn:aws:s3:::b", "'s3:Get*'")).kind == "half-granted-pair"
    assert cause(allow("arn:aws:s3:::b")).kind == "object-action-on-bucket-arn"


def test_a_managed_policy_of_another_partition() -> None:
    """It is told, unless a condition leaves open whether the role lists it at all."""
    arn = "arn:aws-cn:iam::aws:policy/AmazonS3ReadOnlyAccess"
    text = TEMPLATE.format(statements="", task="", file=FILE)
    for entry, kind in ((arn, "other-partition"), (f"!If [IsProd, {arn}, arn:aws:x]", None)):
        changed = text.replace(
            "  Role:\n    Type: AWS::IAM::Role\n    Properties: {",
            f"  Role:\n    Type: AWS::IAM::Role\n    Properties: {{ManagedPolicyArns: [{entry}], ",
        )
        assert changed != text
        found = Analysis(stacks.stack(changed, pseudo={"AWS::Region": "eu-west-1"})).decisions
        kinds = {cause_of(d).kind for d in found if d.is_denied and _reads(d)}
        assert kinds == ({kind} if kind else set()), entry


@pytest.mark.parametrize(
    ("statements", "task", "kind"),
    [
        # This very file in another version says more than the grant on the other role.
        ((allow(FILE.replace(ONE, TWO)),), allow(FILE), "stale-hash"),
        ((allow("arn:aws:s3:::b"),), allow(FILE), "object-action-on-bucket-arn"),
        # The other role says more than a grant for another file.
        ((allow("'arn:aws:s3:::b/other/*'"),), allow(FILE), "wrong-role"),
        # Of two grants for other things, the nearer one.
        ((allow("'arn:aws:s3:::c/*'"), allow("'arn:aws:s3:::b/x'")), "", "other-key"),
    ],
)
def test_the_most_specific_cause_wins(statements: tuple[str, ...], task: str, kind: str) -> None:
    """One denial has one cause."""
    assert cause(*statements, task=task).kind == kind


def test_causes_of_the_bucket_call() -> None:
    """The same for GetBucketLocation, whose ARN is the bucket's."""
    action = "s3:GetBucketLocation"
    on_objects = cause(allow("'arn:aws:s3:::b/*'", action), action=action)
    assert on_objects.kind == "bucket-action-on-object-arn"
    assert cause(allow("arn:aws:s3:::c", action), action=action).kind == "other-bucket"
    assert cause(allow(FILE), action=action).kind == "no-grant"


@pytest.mark.parametrize(
    ("granted", "asked", "answer"),
    [
        (f"a/{TWO}.env", f"a/{ONE}.env", True),
        (f"a/{ONE}.env", f"a/{ONE}.env", False),
        (f"b/{TWO}.env", f"a/{ONE}.env", False),
        ("a/x.env", f"a/{ONE}.env", False),
        ("a/x.env", "a/y.env", False),
        (f"a/{TWO}0.env", f"a/{ONE}.env", False),
        (f"a/{TWO[:-1]}.env", f"a/{ONE}.env", False),
    ],
)
def test_versions_of_one_file(granted: str, asked: str, answer: bool) -> None:
    """Keys are two versions of one file where only a SHA-256 tells them apart."""
    assert is_other_version(Text.of(granted), Text.of(asked)) is answer


def test_causes_take_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else asks for something is looked up, for each grant once: not again for each denial."""
    counted = 0

    def counting(pattern: Text, target: Text) -> bool | None:
        nonlocal counted
        counted += 1
        return match(pattern, target)

    monkeypatch.setattr(causes, "match", counting)

    def matches(count: int) -> int:
        nonlocal counted
        counted = 0
        text = TEMPLATE.format(statements=allow("'arn:aws:s3:::other/*'"), task="", file=FILE)
        files = ", ".join(
            f"{{Type: s3, Value: 'arn:aws:s3:::b/{number}.env'}}" for number in range(count)
        )
        text = text.replace(f"{{Type: s3, Value: '{FILE}'}}", files)
        denied = [d for d in Analysis(stacks.stack(text)).decisions if d.is_denied]
        assert len(denied) >= count
        assert {cause_of(decision).kind for decision in denied} >= {"other-bucket"}
        return counted

    assert matches(80) < 5 * matches(20)


def test_grants_of_other_names_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ARN without wildcards is not compared with all that the template asks for."""
    counted = 0

    def counting(pattern: Text, target: Text) -> bool | None:
        nonlocal counted
        counted += 1
        return match(pattern, target)

    monkeypatch.setattr(causes, "match", counting)

    def matches(count: int) -> int:
        nonlocal counted
        counted = 0
        parts = ["Resources:"]
        for number in range(count):
            granted = f"'arn:aws:s3:::b/{number}/{TWO}.env'"
            asked = f"'arn:aws:s3:::b/{number}/{ONE}.env'"
            parts.append(
                f"""
  Role{number}:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{{PolicyDocument: {{Statement: [{allow(granted)}]}}}}]
  Task{number}:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role{number}.Arn
      ContainerDefinitions: [{{EnvironmentFiles: [{{Type: s3, Value: {asked}}}]}}]
"""
            )
        denied = [d for d in Analysis(stacks.stack("".join(parts))).decisions if d.is_denied]
        kinds = [cause_of(d).kind for d in denied if d.call.action == "s3:GetObject"]
        assert kinds == ["stale-hash"] * count
        return counted

    assert matches(40) <= 4 * matches(10)
