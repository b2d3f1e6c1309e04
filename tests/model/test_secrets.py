"""Secrets and parameters of the run: ARNs with and without suffix, tags, keys, policies."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.model.secrets import (
    complete_arn,
    has_suffix,
    parameter_arn,
    parameter_with_arn,
    secret_policy,
    secret_with_arn,
    without_suffix,
)
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

HERE = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}
SECRETS = "arn:aws:secretsmanager:eu-west-1:111122223333:secret"

TEMPLATE = """
Parameters:
  KeyParam: {Type: String}
Conditions:
  IsProd: !Equals [!Ref KeyParam, '']
Resources:
  Key: {Type: AWS::KMS::Key}
  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/app, TargetKeyId: !Ref Key}}
  Named:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: app/named
      KmsKeyId: %s
      Tags:
        - {Key: app, Value: shop}
        - !If [IsProd, {Key: stage, Value: prod}, !Ref AWS::NoValue]
        - {Key: open, Value: !Ref KeyParam}
  Policy:
    Type: AWS::SecretsManager::ResourcePolicy
    Properties:
      SecretId: %s
      ResourcePolicy: {Statement: {Effect: Deny, Principal: '*', Action: '*', Resource: '*'}}
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: {Name: /app/x, Tags: {app: shop}}
"""


def stack(key: str = "!Ref Key", secret: str = "!Ref Named") -> Stack:
    return stacks.stack(TEMPLATE % (key, secret), pseudo=HERE)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("x:secret:db-AbCdEf",), True),
        (("x:secret:app-secret",), True),
        (("x:secret:db",), False),
        (("x:secret:db_AbCdEf",), False),
        (("x:secret:db-AbC_Ef",), False),
        (("x:secret:", Hole("Name")), None),
        (("x:secret:", Hole("Name"), "db"), None),
        (("x:secret:", Hole("Name"), "-db"), False),
        (("x:secret:", Hole("Name"), "-secret"), True),
        (("x:secret:db-", Hole("suffix", length=6)), True),
        (("x:secret:db", Hole("suffix", length=6)), None),
    ],
)
def test_whether_an_arn_has_its_suffix(
    parts: tuple[str | Hole, ...], expected: bool | None
) -> None:
    """Six letters or digits behind a hyphen are one, whatever was meant."""
    assert has_suffix(Text.of(*parts)) is expected


def test_an_arn_is_completed_and_cut() -> None:
    """One is the way back of the other, where the suffix is not written out."""
    partial, complete = Text.of("x:secret:db"), Text.of("x:secret:db-AbCdEf")
    assert str(complete_arn(partial)) == "x:secret:db-${suffix}"
    assert without_suffix(complete_arn(partial)) == partial
    assert complete_arn(complete) == without_suffix(complete) == complete


@pytest.mark.parametrize(
    ("name", "expected"),
    [("x", "/x"), ("/a/x", "/a/x"), ("a/x", "/a/x")],
)
def test_the_arn_of_a_parameter_has_one_slash(name: str, expected: str) -> None:
    found = parameter_arn(View(stack()), Text.of(name))
    assert str(found) == f"arn:aws:ssm:eu-west-1:111122223333:parameter{expected}"


def test_a_secret_is_found_by_either_arn() -> None:
    """Under the name in its ARN, and by the ARN that Ref returns; under no other."""
    found = stack()
    by_name = secret_with_arn(View(found), Text.of(f"{SECRETS}:app/named"))
    assert by_name is not None
    assert secret_with_arn(View(found), by_name.arn) == by_name
    assert secret_with_arn(View(found), Text.of(f"{SECRETS}:app/other")) is None


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("!Ref Key", "arn:aws:kms:eu-west-1:111122223333:key/${Key}"),
        ("!GetAtt Key.Arn", "arn:aws:kms:eu-west-1:111122223333:key/${Key}"),
        ("alias/app", "arn:aws:kms:eu-west-1:111122223333:key/${Key}"),
        ("alias/aws/secretsmanager", "None"),
        ("alias/elsewhere", "None"),
        ("!Ref AWS::NoValue", "None"),
        ("''", "None"),
        ("!Ref KeyParam", "${KeyParam}"),
    ],
)
def test_the_key_of_a_secret(key: str, expected: str) -> None:
    """Only a customer's key has an ARN to be granted; an unknown alias shows none."""
    found = stack(key)
    secret = secret_with_arn(View(found), Text.of(f"{SECRETS}:app/named"))
    assert secret is not None
    assert str(secret.key) == expected


def test_tags_are_those_that_are_certain() -> None:
    """One under an open condition may not be there."""
    found = stack()
    secret = secret_with_arn(View(found), Text.of(f"{SECRETS}:app/named"))
    parameter = parameter_with_arn(View(found), parameter_arn(View(found), Text.of("/app/x")))
    assert secret is not None
    assert parameter is not None
    assert {key: str(value) for key, value in secret.tags.items()} == {
        "app": "shop",
        "open": "${KeyParam}",
    }
    assert {key: str(value) for key, value in parameter.tags.items()} == {"app": "shop"}


@pytest.mark.parametrize(
    ("owner", "asked", "effects"),
    [
        ("!Ref Named", "app/named", ["Deny"]),
        ("app/named", "app/named", ["Deny"]),
        (f"{SECRETS}:app/named", "app/named", ["Deny"]),
        ("!Ref Named", "app/other", []),
        ("!Ref KeyParam", "app/other", ["Deny if open"]),
    ],
)
def test_the_policy_of_a_secret(owner: str, asked: str, effects: list[str]) -> None:
    """By whatever the policy calls the secret; one that may be another's is open."""
    found = stack(secret=owner)
    secret = secret_with_arn(View(found), Text.of(f"{SECRETS}:{asked}"))
    resource = secret.arn if secret else complete_arn(Text.of(f"{SECRETS}:{asked}"))
    said = secret_policy(View(found), resource)
    assert [f"{s.effect}{' if open' * bool(s.conditions)}" for s in said] == effects
