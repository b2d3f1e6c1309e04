"""The ARNs of the Service Authorization Reference, and what an ARN pattern can match of them."""

from __future__ import annotations

import pytest

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import actions
from copilot_preflight.iam.arn_formats import (
    NEEDS_EVERYTHING,
    can_match,
    format_of,
    forms_of,
    is_arn,
    kinds_of,
    matched_by,
)

ANYTHING = Hole("Parameter")
NAME = Hole("Name", excludes=":/*?", nonempty=True)
HEAD = {
    "logs": "arn:aws:logs:eu-west-1:111122223333:",
    "secretsmanager": "arn:aws:secretsmanager:eu-west-1:111122223333:",
    "ssm": "arn:aws:ssm:eu-west-1:111122223333:",
    "kms": "arn:aws:kms:eu-west-1:111122223333:",
    "ecr": "arn:aws:ecr:eu-west-1:111122223333:",
    "ecs": "arn:aws:ecs:eu-west-1:111122223333:",
}

# Action, ARN (a tail stands behind the head of the action's service), whether they can meet.
CASES: list[tuple[str, tuple[str | Hole, ...], bool]] = [
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
    ("logs:PutLogEvents", ("log-group:web",), False),
    ("logs:PutLogEvents", ("log-group:web:*",), True),
    ("logs:PutLogEvents", ("log-group:web:log-stream:*",), True),
    ("logs:PutLogEvents", ("log-group:web:log-stream",), False),
    # As AWS spells a group where it denies CreateLogGroup, so a stream's ARN may end there too.
    # https://github.com/elastic/apm-aws-lambda/issues/526
    ("logs:PutLogEvents", ("log-group:web:log-stream:",), True),
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html
    ("logs:PutLogEvents", ("log-group:web:log-stream:a:b",), False),
    ("logs:PutLogEvents", ("log-group:a:b:log-stream:c",), False),
    ("logs:PutLogEvents", ("log-group:web*",), True),
    ("logs:PutLogEvents", ("log-group:*",), True),
    ("logs:PutLogEvents", ("log-group/web:*",), False),
    ("logs:PutLogEvents", ("*",), True),
    ("logs:PutLogEvents", ("log-group:", NAME), False),
    ("logs:PutLogEvents", ("log-group:", ANYTHING), True),
    ("logs:PutLogEvents", ("log-group:", Hole("Star", excludes=":")), True),  # if it is "*"
    ("logs:CreateLogGroup", ("log-group:web",), True),
    ("logs:CreateLogGroup", ("log-group:web:log-stream:",), True),
    ("logs:DescribeLogStreams", ("log-group:web",), True),
    ("logs:CreateLogGroup", ("log-group/web:*",), False),
    ("logs:DescribeLogGroups", ("log-group:web",), True),
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
    ("secretsmanager:GetSecretValue", ("secret:db/password",), False),
    ("secretsmanager:GetSecretValue", ("secret:db/password-??????",), True),
    ("secretsmanager:GetSecretValue", ("secret:db/password-*",), True),
    ("secretsmanager:GetSecretValue", ("secret:db/password-a1B2c3",), True),
    ("secretsmanager:GetSecretValue", ("secret:db/password-a1B2c3:key::",), False),
    ("secretsmanager:GetSecretValue", ("secret:db-a1B2c3:db-secret",), False),
    ("secretsmanager:GetSecretValue", ("secret:db-secret",), True),  # six letters: it may be one
    ("secretsmanager:GetSecretValue", ("secret:", NAME, "/password"), False),
    ("secretsmanager:GetSecretValue", ("secret:db/", NAME), True),
    ("secretsmanager:GetSecretValue", ("secret:", ANYTHING, ":password::"), False),
    ("secretsmanager:GetSecretValue", ("secret:?????????????",), True),
    ("secretsmanager:CreateSecret", ("secret:db/password",), True),
    ("secretsmanager:GetRandomPassword", ("secret:db/password-a1B2c3",), True),
    # https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html
    ("kms:Decrypt", ("alias/web",), False),
    ("kms:Decrypt", ("key/*",), True),
    ("kms:Decrypt", ("key/alias/web",), False),
    ("kms:Decrypt", ("key/mrk-1234abcd12ab34cd56ef1234567890ab",), True),
    ("kms:Decrypt", ("*",), True),
    ("kms:CreateAlias", ("alias/web",), True),
    ("kms:CreateAlias", ("alias/web:1",), False),
    ("kms:ListKeys", ("key/*",), False),
    ("kms:Decrypt", ("key/",), False),
    # https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
    ("ssm:GetParameters", ("parameter//web/token",), False),
    ("ssm:GetParameters", ("parameter/web/token",), True),
    ("ssm:GetParameters", ("parameter/a",), True),
    ("ssm:GetParameters", ("parameter/*",), True),
    ("ssm:GetParameters", ("parameter", ANYTHING), True),
    ("ssm:GetParametersByPath", ("parameter//web",), True),
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
    ("ecr:GetAuthorizationToken", ("repository/web",), False),
    ("ecr:BatchGetImage", ("repository/web",), True),
    ("ecr:BatchGetImage", ("repository/web:latest",), False),
    ("ecr:BatchGetImage", ("web",), False),
    ("ecr:BatchGetImage", ("repository/",), False),
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    ("ecs:RunTask", ("task-definition/web",), True),
    ("ecs:UpdateService", ("service/web",), True),
    ("ecs:DescribeTasks", ("cluster/web",), False),
    ("ecs:StopTask", ("task/0123456789abcdef",), True),  # an ARN without the cluster's name
    ("ecs:UpdateContainerInstancesState", ("container-instance/0123456789abcdef",), True),
    # The cluster is a condition key of theirs.
    ("ecs:RunTask", ("cluster/web",), False),
    ("ecs:StopTask", ("cluster/web",), False),
    ("ecs:UpdateService", ("cluster/web",), False),
    ("ecs:UpdateContainerInstancesState", ("cluster/web",), False),
    ("ecs:ExecuteCommand", ("cluster/web",), True),
]


@pytest.mark.parametrize(("action", "tail", "answer"), CASES)
def test_arns_that_an_action_can_match(
    action: str, tail: tuple[str | Hole, ...], answer: bool
) -> None:
    """Only what no ARN of the action's kinds can be is said to match nothing."""
    head = HEAD[action.partition(":")[0]]
    assert can_match(Text.of(head, *tail), action) is answer


@pytest.mark.parametrize(
    ("resource", "action", "answer"),
    [
        ("", "kms:Decrypt", False),
        ("*", "ecr:GetAuthorizationToken", True),
        ("arn:*", "kms:Decrypt", True),
        ("arn:aws:ssm:eu-west-1::parameter/aws/service/x", "ssm:GetParameters", True),
        ("arn:aws:k*:eu-west-1:111122223333:key/*", "kms:Decrypt", True),
        ("arn:aws:s3:::b", "kms:Decrypt", False),
        ("arn:aws:kms:eu-west-1::key/*", "kms:Decrypt", False),
        ("arn:aws:kms::111122223333:key/*", "kms:Decrypt", False),
        ("arn::kms:eu-west-1:111122223333:key/*", "kms:Decrypt", False),
        ("arn:aws:iam::111122223333:role/a/b/web", "iam:PassRole", True),
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
        ("arn:aws:iam::111122223333:role/a:b/web", "iam:PassRole", True),
        ("arn:aws:iam::111122223333:role/", "iam:PassRole", False),
        ("arn:aws:iam::111122223333:web", "iam:PassRole", False),
        ("arn:aws:iam:eu-west-1:111122223333:role/web", "iam:PassRole", False),
        ("arn:aws:iam::111122223333:role/web", "sts:AssumeRole", True),
        ("arn:aws:s3:::b/*", "s3:GetObject", True),
        ("arn:aws:s3:::b", "s3:GetObject", True),  # a bucket for objects: another rule's
        ("arn:aws:s3:::", "s3:GetObject", False),
        ("arn:aws:s3:::b/a:b", "s3:GetObject", True),
        ("arn:aws:sns:::b", "s3:GetObject", False),
        ("arn:aws:s3::b/*", "s3:GetObject", False),
        ("arn:aws:s3:eu-west-1:111122223333:b/*", "s3:GetObject", False),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/p/object/*", "s3:GetObject", True),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/p", "s3:GetObject", False),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/p/object/", "s3:GetObject", False),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/p", "s3:ListBucket", True),
        ("arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/p", "s3:GetObject", True),
        ("arn:aws:ec2:eu-west-1:111122223333:instance/*", "ssm:SendCommand", True),
        ("arn:aws:dynamodb:eu-west-1:111122223333:web", "dynamodb:GetItem", True),
    ],
)
def test_arns_of_other_services_and_forms(resource: str, action: str, answer: bool) -> None:
    """Regions, accounts and paths are where the reference has them; unknown actions are let be."""
    assert can_match(Text.of(resource), action) is answer


def test_an_unknown_name_is_not_everything() -> None:
    """A value without wildcards covers no action that needs ``*``; one that may be ``*`` does."""
    assert can_match(Text.of(NAME), "kms:ListKeys") is False
    assert can_match(Text.of(Hole("Text", excludes="*?")), "kms:ListKeys") is False
    assert can_match(Text.of(ANYTHING), "kms:ListKeys") is True


def test_an_access_point_of_an_unknown_name() -> None:
    """A name holds no slash, so an ARN that ends with it leads to no object behind it."""
    head = "arn:aws:s3:eu-west-1:111122223333:accesspoint/"
    assert can_match(Text.of(head, NAME), "s3:GetObject") is False
    assert can_match(Text.of(head, NAME, "/object/*"), "s3:GetObject") is True
    assert can_match(Text.of(head, ANYTHING), "s3:GetObject") is True


@pytest.mark.parametrize(
    ("parts", "answer"),
    [
        (("",), False),
        (("arn:",), False),
        (("*",), True),
        (("arn:aws:s3:::b",), True),
        (("arn:aws-cn:s3:::b",), True),
        (("arn:*:s3:::b",), True),
        ((ANYTHING,), True),
        (("arn:", ANYTHING, ":s3:::b"), True),
        (("arn::s3:::b",), False),
        (("arn:amazon:s3:::b",), False),
        (("arn:awsome:s3:::b",), False),
        (("s3://b/k",), False),
        (("s3://", ANYTHING), False),
        (("of arn:aws:",), False),
        (("my-bucket",), False),
        ((NAME,), False),
    ],
)
def test_what_may_be_an_arn(parts: tuple[str | Hole, ...], answer: bool) -> None:
    """IAM takes ARNs of a partition that there is, and "*"."""
    assert is_arn(Text.of(*parts)) is answer


def test_wildcards_become_holes() -> None:
    """What a pattern can match is told by holes of different names."""
    found = matched_by(Text.of("a*b?", NAME, ANYTHING))
    assert [hole.nonempty for hole in found.holes] == [False, True, True, False]
    assert len({hole.name for hole in found.holes}) == 4
    assert found.parts[0] == "a"


def test_formats_are_those_of_the_reference() -> None:
    """The accessor gives the form as the reference writes it."""
    assert format_of("kms", "key") == "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}"
    assert actions.arn_formats("nothing") == {}


def test_every_kind_of_every_action_has_a_format() -> None:
    """Each action that is judged finds the form of each of its kinds in its service's table."""
    for service in ("ecr", "ecs", "iam", "kms", "logs", "s3", "secretsmanager", "ssm", "sts"):
        for action in actions.expand(f"{service}:*") or ():
            for kind in kinds_of(action) or ():
                assert format_of(service, kind).startswith("arn:${Partition}:")


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("ecr:GetAuthorizationToken", HEAD["ecr"] + "repository/web"),
        ("ecs:DeregisterTaskDefinition", HEAD["ecs"] + "task-definition/web:*"),
        ("ecs:DescribeTaskDefinition", HEAD["ecs"] + "task-definition/web:*"),
        ("kms:CreateKey", HEAD["kms"] + "key/*"),
        ("kms:GenerateRandom", HEAD["kms"] + "key/*"),
        ("kms:ListAliases", HEAD["kms"] + "alias/*"),
        ("kms:ListKeys", HEAD["kms"] + "*"),
    ],
)
def test_actions_that_no_arn_covers(action: str, arn: str) -> None:
    """The ARN of a kind that the action sounds like is no use; ``*`` is."""
    assert can_match(Text.of(arn), action) is False
    assert can_match(Text.of("*"), action) is True


def test_actions_without_resources_are_in_the_table() -> None:
    """An action that needs "*" has no resource type in the reference."""
    assert {actions.resource_kinds(action) for action in NEEDS_EVERYTHING} == {frozenset()}
    assert all(kinds_of(action) == () for action in NEEDS_EVERYTHING)
    assert kinds_of("logs:DescribeLogGroups") is None
    assert forms_of("logs:DescribeLogGroups") == ()
