"""E9731: something at the start of a task needs an execution role, and there is none."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.missing_roles import jobs_without_role, without_role

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
_JOB_PAGE = "https://docs.aws.amazon.com/batch/latest/userguide/fargate.html"


@rule(
    "E9731",
    "execution-role-missing",
    "Task or job definition needs an execution role",
    fix="review",
)
def execution_role_missing(analysis: Analysis) -> Iterator[Finding]:
    yield from without_role(analysis, "execution", "ExecutionRoleArn", _PAGE)
    yield from jobs_without_role(analysis, _JOB_PAGE)
