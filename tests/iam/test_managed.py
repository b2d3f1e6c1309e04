from __future__ import annotations

import json
from pathlib import Path

import pytest

from copilot_preflight.iam import managed
from copilot_preflight.iam.managed import statements_of

TABLE = Path(managed.__file__).parent.parent / "data" / "managed_policies.tsv"


def test_task_execution_role_policy() -> None:
    """The policy most execution roles carry grants image pulls and log delivery, nothing else."""
    assert statements_of("service-role/AmazonECSTaskExecutionRolePolicy") == [
        {
            "Effect": "Allow",
            "Action": [
                "ecr:GetAuthorizationToken",
                "ecr:BatchCheckLayerAvailability",
                "ecr:GetDownloadUrlForLayer",
                "ecr:BatchGetImage",
                "logs:CreateLogStream",
                "logs:PutLogEvents",
            ],
            "Resource": "*",
        }
    ]


def test_administrator_access() -> None:
    """A star for all services is kept: it grants ours as well."""
    statements = statements_of("AdministratorAccess")
    assert statements == [{"Effect": "Allow", "Action": ["*"], "Resource": "*"}]


def test_wildcards_of_our_services_are_kept() -> None:
    """`s3:Get*` stays as AWS wrote it."""
    (statement,) = statements_of("AmazonS3ReadOnlyAccess") or []
    assert {"s3:Get*", "s3:List*"} <= set(statement["Action"])


def test_not_action_is_kept() -> None:
    """A statement with NotAction may grant anything, so it is never left out."""
    (allow, *_) = statements_of("PowerUserAccess") or []
    assert "iam:*" in allow["NotAction"]
    assert "Action" not in allow


def test_conditions_are_kept() -> None:
    """A condition limits a grant: without it the statement would say more than AWS's."""
    statements = statements_of("AmazonECS_FullAccess") or []
    assert all("Condition" in s for s in statements if "iam:PassRole" in s["Action"])


def test_known_policy_without_our_services() -> None:
    """A policy that is all about other services is known and empty."""
    assert statements_of("AmazonSQSFullAccess") == []


@pytest.mark.parametrize(
    "arn_tail",
    [
        "",
        "NoSuchPolicy",
        "AmazonECSTaskExecutionRolePolicy",
        "service-role/AmazonECSTaskExecutionRole",
        "service-role/AmazonECSTaskExecutionRolePolicy\t[",
        "ECSTaskExecutionRolePolicy",
        "AmazonSQSFullAccess\t[]\nAmazonSQSReadOnlyAccess",
        "*",
    ],
)
def test_unknown_policies(arn_tail: str) -> None:
    """Only the whole tail of an ARN, its path included, names a policy."""
    assert statements_of(arn_tail) is None


def test_callers_own_the_answer() -> None:
    """A caller that changes its statements does not change another caller's."""
    first = statements_of("AdministratorAccess")
    assert first is not None
    first.clear()
    assert statements_of("AdministratorAccess") != []


def test_every_row_is_found() -> None:
    """Every row can be looked up by its key, the first and the last included."""
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    keys = [key for key, _ in rows]
    assert keys == sorted(set(keys))
    for key, statements in rows:
        assert statements_of(key) == json.loads(statements)


@pytest.mark.parametrize(
    ("tail", "right"),
    [
        ("AmazonECSTaskExecutionRolePolicy", "service-role/AmazonECSTaskExecutionRolePolicy"),
        (
            "service-role/amazonecstaskexecutionrolepolicy",
            "service-role/AmazonECSTaskExecutionRolePolicy",
        ),
        ("aws-service-role/ReadOnlyAccess", "ReadOnlyAccess"),
        ("service-role/AmazonECSTaskExecutionRolePolicy", None),
        ("AmazonECSTaskExecutionRolPolicy", None),
        ("", None),
        ("service-role/", None),
        ("a.c", None),
        ("x\ty", None),
        ("AmazonSQSFullAccess\t[]\nAmazonSQSReadOnlyAccess", None),
    ],
)
def test_the_right_path_of_a_policy(tail: str, right: str | None) -> None:
    """A name that AWS has elsewhere is meant to be that one; any other may be new."""
    assert managed.right_path(tail) == right
