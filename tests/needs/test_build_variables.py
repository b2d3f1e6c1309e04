"""Variables of builds that are kept in Secrets Manager or Parameter Store, and reading them."""

from __future__ import annotations

import pytest
from tests.needs.asked import findings
from tests.needs.builds import LOGS, answers, build, calls

from copilot_preflight.needs.container_secrets import SECRET

HEAD = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}"
SECRETS = HEAD % "secretsmanager" + ":secret"
PARAMETERS = HEAD % "ssm" + ":parameter"
KEPT = """
Key: {Type: AWS::KMS::Key}
Own: {Type: AWS::SecretsManager::Secret, Properties: {Name: shop/own}}
Sealed: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !Ref Key}}
Param: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: x}}
"""
READ, GET = "secretsmanager:GetSecretValue", "ssm:GetParameters"


def variable(value: str, kind: str) -> str:
    return f"Environment: {{EnvironmentVariables: [{{Name: V, Type: {kind}, Value: {value}}}]}}"


def allow(action: str, resource: str) -> str:
    return f"{{Effect: Allow, Action: {action}, Resource: {resource}}}"


@pytest.mark.parametrize(
    ("value", "resource"),
    [
        ("/app/db", f"{PARAMETERS}/app/db"),
        ("plain", f"{PARAMETERS}/plain"),
        ("!Ref Param", f"{PARAMETERS}/${{Param}}"),
        ("'/app/db:3'", f"{PARAMETERS}/app/db${{version}}"),
        (
            "arn:aws:ssm:eu-west-1:111122223333:parameter/a",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/a",
        ),
    ],
)
def test_a_parameter_is_read_by_its_name(value: str, resource: str) -> None:
    """A version behind it leaves open which ARN is asked for."""
    found = build(variable(value, "PARAMETER_STORE"), LOGS, more=KEPT)
    assert calls(found, SECRET) == [(GET, resource)]


@pytest.mark.parametrize(
    ("value", "resource"),
    [
        ("shop/db", f"{SECRETS}:shop/db-${{suffix}}"),
        ("'shop/db:password'", f"{SECRETS}:shop/db-${{suffix}}"),
        ("'shop/db:password:AWSCURRENT:v1'", f"{SECRETS}:shop/db-${{suffix}}"),
        ("shop/own", f"{SECRETS}:shop/own-${{Own suffix}}"),
        ("!Ref Own", f"{SECRETS}:shop/own-${{Own suffix}}"),
        ("!Sub '${Own}:password'", f"{SECRETS}:shop/own-${{Own suffix}}"),
        ("!Sub '${Own}:password:AWSPREVIOUS'", f"{SECRETS}:shop/own-${{Own suffix}}"),
        (
            "'arn:aws:secretsmanager:eu-west-1:444455556666:secret:theirs-AbCdEf:key'",
            "arn:aws:secretsmanager:eu-west-1:444455556666:secret:theirs-AbCdEf",
        ),
    ],
)
def test_a_secret_is_read_by_its_name_or_arn(value: str, resource: str) -> None:
    """What is behind it is a part of the secret, or a version."""
    found = build(variable(value, "SECRETS_MANAGER"), LOGS, more=KEPT)
    assert calls(found, SECRET) == [(READ, resource)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", "PLAINTEXT"),
        ("''", "SECRETS_MANAGER"),
        ("''", "PARAMETER_STORE"),
        ("x", "!Ref Given"),
        ("arn:aws:s3:::bucket", "PARAMETER_STORE"),
        ("arn:aws:ssm:eu-west-1:111122223333:parameter/a", "SECRETS_MANAGER"),
        ("!Sub '${Given}:${Given}:x'", "PLAINTEXT"),
    ],
)
def test_nothing_is_asked_of_what_is_kept_nowhere(value: str, kind: str) -> None:
    """Nor of a value that no page describes."""
    found = build(variable(value, kind), LOGS, more=KEPT)
    assert calls(found, SECRET) == []
    assert findings(found) == []


def test_a_value_that_nobody_knows_is_left_open() -> None:
    """Any grant may be the one that is needed; without any, whatever it is, it is denied."""
    name = variable("!Ref Given", "SECRETS_MANAGER")
    one = allow(READ, "!Ref Own")
    assert answers(build(name, one, LOGS, more=KEPT), SECRET) == {READ: "UNDETERMINED"}
    assert answers(build(name, LOGS, more=KEPT), SECRET) == {READ: "IMPLICIT_DENY"}
    both = variable("!Sub '${Given}:${Given}'", "SECRETS_MANAGER")
    assert findings(build(both, one, LOGS, more=KEPT), "EW") == []


def test_the_key_of_a_secret_is_needed_too() -> None:
    """Secrets Manager decrypts with the permissions of the role."""
    sealed = variable("!Ref Sealed", "SECRETS_MANAGER")
    read = allow(READ, "!Ref Sealed")
    decrypt = allow("kms:Decrypt", "!GetAtt Key.Arn")
    good = build(sealed, read, decrypt, LOGS, more=KEPT)
    assert answers(good, SECRET) == {READ: "ALLOWED", "kms:Decrypt": "ALLOWED"}
    assert findings(good) == []
    assert [
        it.message.partition(" on ")[0] for it in findings(build(sealed, read, LOGS, more=KEPT))
    ] == ["build role 'Role' may not kms:Decrypt"]


@pytest.mark.parametrize(
    ("granted", "reason"),
    [
        (
            allow("ssm:GetParameter", "'*'"),
            "the grant is for ssm:GetParameter, and CodeBuild calls ssm:GetParameters",
        ),
        (
            allow(READ, f"!Sub '{SECRETS}:shop/db-??????'"),
            "the variable has the type PARAMETER_STORE, and the role is granted "
            "secretsmanager:GetSecretValue: for a secret the type is SECRETS_MANAGER",
        ),
        (
            allow(GET, f"!Sub '{PARAMETERS}/other'"),
            f"the grant is for another resource, '{PARAMETERS}/other'",
        ),
    ],
)
def test_what_is_said_is_about_codebuild(granted: str, reason: str) -> None:
    """And not about ECS, which takes names for parameters."""
    (found,) = findings(build(variable("shop/db", "PARAMETER_STORE"), granted, LOGS))
    assert (
        found.message.partition(": ")[2].rpartition("needs: ")[2] == reason
        or reason in found.message
    )
    assert "ECS" not in found.message + found.help


PIPELINE = """
Pipeline:
  Type: AWS::CodePipeline::Pipeline
  Properties:
    RoleArn: arn:aws:iam::111122223333:role/pipeline
    Stages:
      - Name: Build
        Actions:
          - Name: Build
            ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}
            Configuration: {ProjectName: !Ref Project, EnvironmentVariables: %s}
"""


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ('\'[{"name": "V", "value": "x"}]\'', "UNDETERMINED"),
        ("!Ref Given", "UNDETERMINED"),
        ('\'[{"name": "W", "value": "x"}]\'', "IMPLICIT_DENY"),
    ],
)
def test_a_pipeline_may_give_a_variable_another_value(given: str, outcome: str) -> None:
    """What the project says of it is then not read."""
    found = build(variable("/app/db", "PARAMETER_STORE"), LOGS, more=PIPELINE % given)
    assert answers(found, SECRET) == {GET: outcome}
