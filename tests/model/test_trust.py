"""Trust policies: a service is let in, kept out, or nobody can tell."""

from __future__ import annotations

import pytest

from copilot_preflight.document import parse
from copilot_preflight.model.roles import roles
from copilot_preflight.model.trust import may_assume, trusted
from copilot_preflight.package import Package
from copilot_preflight.stack import Run

TEMPLATE = """
Parameters: {{Env: {{Type: String}}, Service: {{Type: String}}}}
Conditions: {{IsProd: !Equals [!Ref Env, prod]}}
Resources:
  Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {0}}}}}
"""
TASKS = "{Service: ecs-tasks.amazonaws.com}"


def trust(principal: str, effect: str = "Allow", action: str = "'sts:AssumeRole'") -> str:
    return f"{{Effect: {effect}, Principal: {principal}, Action: {action}}}"


def answer(*statements: str) -> bool | None:
    document = f"{{Statement: [{', '.join(statements)}]}}"
    (role,) = roles(Run().add(Package(parse(TEMPLATE.format(document), "t.yml"))))
    return may_assume(role)


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        (trust(TASKS), True),
        (trust("{Service: [ec2.amazonaws.com, ecs-tasks.amazonaws.com]}"), True),
        (trust(TASKS, action="'sts:*'"), True),
        (trust(TASKS, action="['sts:TagSession', 'STS:assumerole']"), True),
        (trust("{Service: ecs-task.amazonaws.com}"), False),
        (trust("{Service: ecs.amazonaws.com}"), False),
        (trust("{Service: ec2.amazonaws.com}"), False),
        (trust("{AWS: 'arn:aws:iam::111122223333:root'}"), False),
        (trust("{Federated: cognito-identity.amazonaws.com}"), False),
        (trust(TASKS, action="'sts:TagSession'"), False),
        (trust(TASKS, effect="Deny"), False),
        # What nobody can tell.
        (trust("'*'"), None),
        (trust("{Service: '*'}"), None),
        (trust("{Service: ecs-tasks.amazonaws.com.cn}"), None),
        (trust("{Service: !Sub 'ecs-tasks.${AWS::URLSuffix}'}"), None),
        (trust("{Service: !Ref Service}"), None),
        (trust("{Service: !If [IsProd, ecs-tasks.amazonaws.com, x.amazonaws.com]}"), None),
        (trust(TASKS, effect="!Ref Env"), None),
        ("{Effect: Allow, NotPrincipal: {AWS: x}, Action: 'sts:AssumeRole'}", None),
        (
            "{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, "
            "Action: 'sts:AssumeRole', Condition: {StringEquals: {'aws:SourceAccount': x}}}",
            None,
        ),
    ],
)
def test_may_assume(statement: str, verdict: bool | None) -> None:
    """ECS may assume a role that names its tasks service, and nothing else is proof."""
    assert answer(statement) is verdict


def test_one_statement_is_enough() -> None:
    """The statements of a trust policy work together."""
    assert answer(trust("{Service: ec2.amazonaws.com}"), trust(TASKS)) is True


def test_a_certain_deny_wins() -> None:
    """A Deny without conditions keeps the service out, whatever else is allowed."""
    assert answer(trust(TASKS), trust(TASKS, effect="Deny")) is False
    open_deny = trust("{Service: !If [IsProd, ecs-tasks.amazonaws.com, x]}", effect="Deny")
    assert answer(trust(TASKS), open_deny) is not False


def test_no_trust_policy_is_no_answer() -> None:
    """A role without a trust policy that can be read may be assumed by anybody."""
    assert answer() is None
    text = TEMPLATE.format("!If [IsProd, {Statement: []}, !Ref AWS::NoValue]")
    (role,) = roles(Run().add(Package(parse(text, "t.yml"))))
    assert may_assume(role) is None


def test_who_is_trusted() -> None:
    """The principals that an Allow lets in, for the message."""
    document = (
        "{Statement: ["
        + trust("{Service: [a, b]}")
        + ","
        + trust("{Service: c}", effect="Deny")
        + "]}"
    )
    (role,) = roles(Run().add(Package(parse(TEMPLATE.format(document), "t.yml"))))
    assert [str(principal.entry.text) for principal in trusted(role)] == ["a", "b"]
