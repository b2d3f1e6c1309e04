"""E9731: something at the start of a task needs an execution role, and there is none."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.analysis import Analysis
from copilot_preflight.finding import Finding, Place, Related
from copilot_preflight.needs.need import Need
from copilot_preflight.rule import rule

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"


@rule("E9731", "execution-role-missing", "Task definition needs an execution role")
def execution_role_missing(analysis: Analysis) -> Iterator[Finding]:
    tasks: dict[Place, list[Need]] = {}
    for need in analysis.needs:
        if need.user == "execution" and need.task is not None:
            tasks.setdefault(need.task.place, []).append(need)
    for place, needs in tasks.items():
        lacking = [need for need in needs if need.role_value is None and need.needs_role]
        if not lacking:
            continue
        need, task = lacking[0], lacking[0].task
        always = all(other.role_value is None for other in needs)
        when = "" if always else f" when {need.scenario}"
        once = {other.key: other for other in reversed(lacking)}
        yield Finding(
            at=place,
            message=f"task definition '{task.logical_id if task else ''}' has no ExecutionRoleArn"
            f"{when}, and ECS needs that role for the {need.subject}",
            label="no ExecutionRoleArn",
            related=tuple(
                Related(other.place, "this needs the role") for other in reversed(once.values())
            ),
            cause="no-execution-role",
            help=f"add ExecutionRoleArn, a role that ecs-tasks.amazonaws.com may assume ({_PAGE})",
        )
