"""Trust policies: which service may assume a role.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from __future__ import annotations

from typing import Final

from copilot_preflight.iam.evaluate import covers_action
from copilot_preflight.iam.policy import Principal, Statement
from copilot_preflight.model.roles import Role
from copilot_preflight.text import Text

ECS_TASKS: Final = "ecs-tasks.amazonaws.com"

_ASSUME: Final = "sts:AssumeRole"


def may_assume(role: Role, service: str = ECS_TASKS) -> bool | None:
    """Whether a service may assume a role; False only where no statement of it can let it."""
    if not role.trust:
        return None
    if kept_out(role, service) is not None:
        return False
    open_ones = False
    for statement in role.trust:
        if statement.effect == "Deny" or covers_action(statement, _ASSUME).verdict is False:
            continue
        if statement.effect != "Allow" or statement.not_principals:
            return None
        answers = [_is_service(principal, service) for principal in statement.principals]
        certain = covers_action(statement, _ASSUME).verdict and not statement.conditions
        if True in answers and certain and not statement.clauses:
            return True
        open_ones = open_ones or any(answer is not False for answer in answers)
    return None if open_ones else False


def kept_out(role: Role, service: str = ECS_TASKS) -> Statement | None:
    """The Deny statement that certainly keeps a service from assuming a role."""
    for statement in role.trust:
        named = any(_is_service(principal, service) for principal in statement.principals)
        certain = named and not statement.conditions and not statement.clauses
        if statement.effect == "Deny" and certain and covers_action(statement, _ASSUME).verdict:
            return statement
    return None


def trusted(role: Role) -> tuple[Principal, ...]:
    """The principals that the trust policy lets in."""
    return tuple(
        principal
        for statement in role.trust
        if statement.effect == "Allow"
        for principal in statement.principals
    )


def _is_service(principal: Principal, service: str) -> bool | None:
    name = principal.entry.text
    if name.literal == "*":
        return None  # whether that takes in services is for AWS to say
    if principal.kind != "Service":
        return False if principal.kind in ("AWS", "Federated", "CanonicalUser") else None
    if name.literal is not None and name.literal.startswith(f"{service}."):
        return None  # ecs-tasks.amazonaws.com.cn: a spelling of the China regions
    answer = name.equals(Text.of(service))
    return None if answer and principal.entry.conditions else answer
