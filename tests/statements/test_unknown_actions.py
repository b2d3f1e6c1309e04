"""Actions that AWS does not have, in whole templates."""

from __future__ import annotations

import json

import pytest

from copilot_preflight.iam.actions import names_of
from copilot_preflight.inputs.package import Package
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight.statements.unknown_actions import meant_by, unknown_actions

TEMPLATE = """
Parameters:
  Action: {{Type: String}}
Conditions:
  IsProd: !Equals [!Ref Action, prod]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: P
          PolicyDocument: {{Statement: [{0}]}}
"""


def found(*statements: str) -> list[tuple[str, str]]:
    """(action, what was meant) of all that is found."""
    text = TEMPLATE.format(", ".join(statements))
    stack = Run().add(Package(parse(text, "t.yml")))
    return [(str(it.action.text), it.meant) for it in unknown_actions(stack)]


def allow(actions: str, element: str = "Action", effect: str = "Allow") -> str:
    return f"{{Effect: {effect}, {element}: {actions}, Resource: '*'}}"


@pytest.mark.parametrize(
    "action",
    [
        "s3:GetObject",
        "s3:getobject",
        "S3:GETOBJECT",
        "s3:GetObject*",
        "s3:*Object",
        "s3:Get?bject",
        "s3:*",
        "'*'",
        "'*:*'",
        "s*:GetObject",
        "sqs:SendMessage",
        "dynamodb:Batch*",
        "nosuchservice:DoThings",
        "!Ref Action",
        "!Sub 's3:Get${Action}'",
        "!Sub '${Action}:GetObjects'",
        "''",
        "GetObject",
        "sts:AssumeRole",
        "ecs:ExecuteCommand",
        "ssmmessages:OpenDataChannel",
        "iam:PassRole",
        "xray:PutTraceSegments",
        "ecs:DescribeDaemon",  # only AWS's own policies tell of it
    ],
)
def test_actions_that_there_are_or_may_be(action: str) -> None:
    """What AWS has, in any case and by any wildcard, and what nobody knows, is not found."""
    assert found(allow(f"[{action}]")) == []
    assert found(allow(f"[{action}]", "NotAction")) == []


@pytest.mark.parametrize(
    ("action", "meant"),
    [
        ("s3:GetObjects", "s3:GetObject"),
        ("s3:getobjects", "s3:GetObject"),
        ("S3:GetObjects", "s3:GetObject"),
        ("s3:GetObjcet*", "s3:GetObject*"),
        ("s3:ListObjects", "s3:ListBucket"),
        ("s3:HeadObject", "s3:GetObject"),
        ("s3:Zzz*", ""),
        ("sqs:SendMessages", "sqs:SendMessage"),
        ("ssm:GetParametersByPaths", "ssm:GetParametersByPath"),
        ("secretsmanager:GetSecretValues", "secretsmanager:GetSecretValue"),
        ("logs:PutLogEvent", "logs:PutLogEvents"),
        ("ecr:GetAuthorisationToken", "ecr:GetAuthorizationToken"),
    ],
)
def test_actions_that_there_are_not(action: str, meant: str) -> None:
    """Each is found with the action that was meant, where one is alike or known to stand for it."""
    assert found(allow(f"[s3:GetObject, '{action}']")) == [(action, meant)]
    assert found(allow(f"['{action}']", effect="Deny")) == [(action, meant)]
    assert found(allow(f"['{action}']", "NotAction")) == [(action, meant)]


def test_what_copilot_writes_is_not_found() -> None:
    """Names that stand in Copilot's own stacks are left alone; one of them only among its like."""
    own = "resource-groups:GetResources, 'route53:Describe*', s3:EmptyBucket, s3:ListBucketByTags"
    assert found(allow(f"[{own}]")) == []
    assert found(allow("[s3:ListBucketByTags, s3:HeadBucket, s3:GetObject]")) == []
    assert found(allow("[s3:HeadBucket, s3:GetObject]")) == [("s3:HeadBucket", "s3:ListBucket")]


def test_an_action_is_found_where_it_stands_under_a_condition() -> None:
    """A statement that only some scenario has is read too, and each action is found once."""
    statement = allow("s3:GetObjects")
    assert len(found(f"!If [IsProd, {statement}, !Ref AWS::NoValue]")) == 1
    assert found(allow("[!If [IsProd, s3:GetObject, s3:GetObjects]]")) == [
        ("s3:GetObjects", "s3:GetObject")
    ]


def test_hardly_an_action_in_the_policies_of_aws_is_unknown() -> None:
    """Of all that AWS itself writes, only what is newer than the tables would be found."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    names, told = set(), set()
    for policy in json.loads(aws_managed_policies_data).values():
        statements = policy["Document"]["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            for element in ("Action", "NotAction"):
                actions = statement.get(element, [])
                for action in [actions] if isinstance(actions, str) else actions:
                    names.add(action)
                    if meant_by(action) is not None:
                        told.add(action)
    assert len(names) > 10_000
    assert len(told) < len(names) / 1000, sorted(told)


def test_the_names_of_one_service() -> None:
    """The names come under their lower case; a service that is not known has none."""
    names = names_of("S3")
    assert names is not None
    assert names["getobject"] == "GetObject"
    assert names_of("nosuchservice") is None
    assert names_of("s") is None
    assert names_of("") is None
