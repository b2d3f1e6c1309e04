"""E9734: ECS Exec or an EFS volume needs a task role, and there is none."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.missing_roles import without_role
from copilot_preflight.needs.exec_channel import ExecChannel
from copilot_preflight.needs.need import Need

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"


@rule("E9734", "task-role-missing", "Task definition needs a task role", fix="review")
def task_role_missing(analysis: Analysis) -> Iterator[Finding]:
    yield from without_role(analysis, "task", "TaskRoleArn", _PAGE, _asker)


def _asker(need: Need) -> Place:
    return need.detail.at if isinstance(need.detail, ExecChannel) else need.place
