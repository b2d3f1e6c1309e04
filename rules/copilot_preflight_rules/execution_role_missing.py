"""E9731: a task definition has environment files and no execution role to read them with."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.analysis import Analysis
from copilot_preflight.env_files import ENV_FILE_PAGE, EnvFileRead
from copilot_preflight.finding import Finding, Place, Related
from copilot_preflight.rule import rule


@rule("E9731", "execution-role-missing", "Task definition needs an execution role")
def execution_role_missing(analysis: Analysis) -> Iterator[Finding]:
    seen: set[Place] = set()
    for read in analysis.reads:
        task = read.task
        if task.execution_role is not None or task.place in seen:
            continue
        seen.add(task.place)
        always = all(r.task.execution_role is None for r in _of_same_task(analysis, read))
        when = "" if always else f" when {read.scenario}"
        yield Finding(
            at=task.place,
            message=f"task definition '{task.logical_id}' has no ExecutionRoleArn{when}, and "
            f"{read.container} has an environment file, which ECS reads with that role",
            label="no ExecutionRoleArn",
            related=(Related(read.file.value.place, "this needs the role"),),
            cause="no-execution-role",
            help="add ExecutionRoleArn, a role that ecs-tasks.amazonaws.com may assume "
            f"({ENV_FILE_PAGE})",
        )


def _of_same_task(analysis: Analysis, read: EnvFileRead) -> Iterator[EnvFileRead]:
    return (other for other in analysis.reads if other.task.place == read.task.place)
