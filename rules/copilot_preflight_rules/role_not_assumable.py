"""E9732: the trust policy of a task's role does not let ECS assume it."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.analysis import Analysis
from copilot_preflight.finding import Finding, Place, Related
from copilot_preflight.iam.policy import Principal
from copilot_preflight.model.roles import Role, role_named
from copilot_preflight.model.tasks import TaskDefinition, task_definitions
from copilot_preflight.model.trust import ECS_TASKS, kept_out, may_assume, trusted
from copilot_preflight.rule import rule

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"


@rule("E9732", "role-not-assumable", "ECS tasks may not assume the role")
def role_not_assumable(analysis: Analysis) -> Iterator[Finding]:
    stack = analysis.stack
    seen: set[Place] = set()
    for task in task_definitions(stack):
        for what, value in (("execution", task.execution_role), ("task", task.task_role)):
            if value is None:
                continue
            for scenario in stack.where(value.guard):
                role = role_named(stack.run, stack, scenario, value.text())
                if role is not None and role.place not in seen and may_assume(role) is False:
                    seen.add(role.place)
                    yield _finding(task, what, value.place, role)


def _finding(task: TaskDefinition, what: str, asked: Place, role: Role) -> Finding:
    names = trusted(role)
    if (denies := kept_out(role)) is not None:
        return Finding(
            at=denies.place,
            message=f"the trust policy of {what} {role} denies '{ECS_TASKS}' sts:AssumeRole, so "
            f"ECS cannot start the tasks of '{task.logical_id}'",
            label="the Deny",
            related=(Related(asked, f"used as the {what} role"),),
            cause="not-assumable",
            help=f"take '{ECS_TASKS}' out of the Deny statement: no Allow can overrule it",
        )
    if any(map(_is_ecs_tasks, names)):
        return _without_action(what, asked, role)
    at = names[0].entry.place if names else role.trust_place
    found = ", ".join(map(_told, names)) or "nobody"
    return Finding(
        at=at,
        message=f"the trust policy of {what} {role} lets {found} assume it, but ECS starts the "
        f"tasks of '{task.logical_id}' as '{ECS_TASKS}'",
        label=f"did you mean '{ECS_TASKS}'?" if names else f"'{ECS_TASKS}' is missing",
        related=(Related(asked, f"used as the {what} role"),),
        cause="not-assumable",
        help=f"let Principal.Service '{ECS_TASKS}' call sts:AssumeRole ({_PAGE})",
    )


def _is_ecs_tasks(name: Principal) -> bool:
    return name.kind == "Service" and name.entry.text.literal == ECS_TASKS


def _told(name: Principal) -> str:
    return f"'{name.entry.text}'" if name.kind == "Service" else f"{name.kind} '{name.entry.text}'"


def _without_action(what: str, asked: Place, role: Role) -> Finding:
    statement = next(
        statement
        for statement in role.trust
        if statement.effect == "Allow" and any(map(_is_ecs_tasks, statement.principals))
    )
    actions = statement.actions
    return Finding(
        at=actions[0].place if actions else statement.place,
        message=f"the trust policy of {what} {role} names '{ECS_TASKS}' but does not allow it "
        "sts:AssumeRole",
        label="ECS calls sts:AssumeRole",
        related=(Related(asked, f"used as the {what} role"),),
        cause="not-assumable",
        help=f"add sts:AssumeRole to the statement's Action ({_PAGE})",
    )
