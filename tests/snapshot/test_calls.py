"""The calls that a snapshot may make, and the policy that allows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import actions
from copilot_preflight.iam.evaluate import Outcome, Request, evaluate
from copilot_preflight.iam.policy import Statement
from copilot_preflight.read.document import parse
from copilot_preflight.simulator.simulate import policy_set
from copilot_preflight.snapshot import asking
from copilot_preflight.snapshot.calls import OPERATIONS, Call, Operation, call
from copilot_preflight.snapshot.following import any_call, expected
from copilot_preflight.snapshot.leave import policy_for
from copilot_preflight.snapshot.subjects import Where

HERE = Where("aws", "eu-west-1", "111122223333")
KEY = "arn:aws:kms:eu-west-1:111122223333:key/5b1f6c1e-7d0e-4a52-9a55-0c6f2a9d8e31"
PLANNED = (
    *asking.of_role("web"),
    *asking.of_policy("arn:aws:iam::111122223333:policy/limits/boundary"),
    *asking.of_bucket("artifacts"),
    *asking.of_key(KEY),
    *asking.of_secret("shop/db"),
    *asking.of_parameter("/copilot/shop/test/secrets/db"),
    *asking.of_repository("shop/web", "444455556666"),
    *asking.of_file_system("fs-1234"),
    *asking.of_stack("web-test"),
    *asking.of_exports(),
    *asking.of_task_definition("web:1"),
    *asking.of_service("web", "shop"),
    *asking.of_organization("111122223333"),
    *asking.of_object("artifacts", "new/web.env"),
)


def _statements(document: Any) -> tuple[Statement, ...]:
    return policy_set(parse(json.dumps(document), "policy.json")).statements


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda it: it.command)
def test_an_operation_only_reads(operation: Operation) -> None:
    """Its action is one that AWS has, and neither it nor the call is one that gives a secret."""
    service, _, name = operation.action.partition(":")
    names = actions.names_of(service)
    assert names is not None
    assert names.get(name.lower()) == name
    assert operation.api.startswith(("Get", "List", "Describe", "Head"))
    assert not operation.api.startswith(("GetSecretValue", "GetParameter", "GetObject"))
    assert operation.action not in ("secretsmanager:GetSecretValue", "kms:Decrypt")
    assert not operation.action.startswith("ssm:Get")


@pytest.mark.parametrize("asked", any_call(), ids=str)
def test_an_action_is_granted_on_what_it_works_on(asked: Call) -> None:
    """On ``*`` where it has no resources, and on nothing as wide where it has some."""
    action = asked.operation.action
    if actions.is_known_service(action.partition(":")[0]):
        has_resources = bool(actions.resource_kinds(action))
        assert has_resources == (asked.arns(HERE) != ("*",))


def _arns_of(planned: Call) -> Iterator[Text]:
    for arn in planned.arns(HERE):
        yield Text.of(arn.replace("*", "x").replace("?", "x"))


def test_the_policy_allows_every_call_and_what_follows() -> None:
    """As our own evaluation has it, on each of the resources that a call may be made on."""
    statements = _statements(policy_for(PLANNED, HERE))
    for planned in expected(PLANNED):
        for resource in _arns_of(planned):
            verdict = evaluate(statements, Request(planned.operation.action, resource))
            assert verdict.outcome is Outcome.ALLOWED, (planned, resource)


def test_the_policy_allows_no_other_action() -> None:
    """Of any of the services, on anything that it names."""
    statements = _statements(policy_for(PLANNED, HERE))
    planned = {it.operation.action for it in expected(PLANNED)}
    for one in PLANNED:
        service = one.operation.action.partition(":")[0]
        resource = next(_arns_of(one))
        for name in (actions.names_of(service) or {}).values():
            if f"{service}:{name}" not in planned:
                verdict = evaluate(statements, Request(f"{service}:{name}", resource))
                assert verdict.outcome is Outcome.IMPLICIT_DENY, (service, name)


@pytest.mark.parametrize(
    ("action", "other"),
    [
        ("iam:GetRole", "arn:aws:iam::111122223333:role/webber"),
        ("iam:GetRolePolicy", "arn:aws:iam::111122223333:role/x/other"),
        ("s3:GetBucketPolicy", "arn:aws:s3:::artifacts-of-others"),
        ("s3:GetObject", "arn:aws:s3:::artifacts/new/web.env.bak"),
        (
            "secretsmanager:DescribeSecret",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db2-abcdef",
        ),
        ("ecr:GetRepositoryPolicy", "arn:aws:ecr:eu-west-1:111122223333:repository/shop/web"),
        ("kms:GetKeyPolicy", "arn:aws:kms:us-east-1:111122223333:key/1"),
        (
            "cloudformation:GetTemplate",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/web/1234",
        ),
    ],
)
def test_the_policy_allows_nothing_on_other_things(action: str, other: str) -> None:
    """The roles of a stack have names that nobody knows before: they are left out here."""
    planned = [
        it for it in PLANNED if "stack-resources" not in it.command and "ecs" not in it.command
    ]
    verdict = evaluate(_statements(policy_for(planned, HERE)), Request(action, Text.of(other)))
    assert verdict.outcome is Outcome.IMPLICIT_DENY


@pytest.mark.parametrize("kind", ["service_control_policy", "resource_control_policy"])
@pytest.mark.parametrize("owner", ["999988887777:policy/o-1", "aws:policy"])
def test_the_policy_allows_to_read_both_types_of_organization_policies(
    owner: str, kind: str
) -> None:
    """Levels count only where the policies of both types are known."""
    found = _statements(policy_for(asking.of_organization("111122223333"), HERE))
    resource = Text.of(f"arn:aws:organizations::{owner}/{kind}/p-12345678")
    verdict = evaluate(found, Request("organizations:DescribePolicy", resource))
    assert verdict.outcome is Outcome.ALLOWED


def test_a_policy_without_account_or_region() -> None:
    """What is not known is open; what covers another resource of an action stands alone."""
    policy = policy_for([*asking.of_role("web"), *asking.of_secret("shop/db")], Where())
    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["iam:GetPolicy", "iam:GetPolicyVersion"],
            "Resource": ["arn:*:iam::*:policy/*"],
        },
        {
            "Effect": "Allow",
            "Action": [
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
            ],
            "Resource": ["arn:*:iam::*:role/*/web", "arn:*:iam::*:role/web"],
        },
        {
            "Effect": "Allow",
            "Action": ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListResourceTags"],
            "Resource": ["arn:*:kms:*:*:key/*"],
        },
        {"Effect": "Allow", "Action": ["kms:ListAliases"], "Resource": ["*"]},
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"],
            "Resource": ["arn:*:secretsmanager:*:*:secret:shop/db-??????"],
        },
    ]


def test_any_call_has_every_operation() -> None:
    """Each with the parameters that tell what it is about."""
    assert {it.command for it in any_call()} == set(OPERATIONS)
    assert all(it.arns(HERE) and it.folder for it in any_call())


@pytest.mark.parametrize(
    ("made", "typed"),
    [
        (call("iam get-role", RoleName="web"), "aws iam get-role --role-name web"),
        (
            call("kms get-key-policy", "us-east-1", KeyId="alias/a b"),
            "aws kms get-key-policy --key-id 'alias/a b' --policy-name default --region us-east-1",
        ),
        (
            next(asking.of_parameter("db")),
            "aws ssm describe-parameters --parameter-filters Key=Name,Option=Equals,Values=/db,db",
        ),
        (
            next(asking.of_service("web")),
            "aws ecs describe-services --services web",
        ),
        (
            call("ec2 describe-subnets", SubnetIds="subnet-1,subnet-2"),
            "aws ec2 describe-subnets --subnet-ids subnet-1 subnet-2",
        ),
    ],
)
def test_a_call_is_printed_as_the_aws_cli_takes_it(made: Call, typed: str) -> None:
    """Whoever wants to can make it by hand."""
    assert str(made) == typed
