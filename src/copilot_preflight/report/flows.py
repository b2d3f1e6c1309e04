"""The way that credentials take: who fetches those of which role, and what is done with them.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.model.credentials import overrides
from copilot_preflight.report.model import Flow, Group, Hop, Lane

_ENDPOINT: Final = "asks 169.254.170.2 for them"
_TO_AGENT: Final = "ECS assumes it for the agent"


def flows_of(analysis: Analysis, lanes: Sequence[Lane]) -> Iterator[Flow]:
    """One flow for each role of each lane, but for those outside the run."""
    overridden = {it.task.title for it in overrides(analysis.stack)}
    for lane in lanes:
        for group in filter(_is_known, lane.groups):
            if lane.key == "agent":
                yield Flow("agent", tuple(_of_agent(group)), _kept_out(group))
            elif lane.key == "application":
                is_passed_over = any(caller.of in overridden for caller in group.callers)
                note = _OVERRIDDEN if is_passed_over else _kept_out(group)
                yield Flow("application", tuple(_of_application(group)), note)
            else:
                yield Flow(lane.key, tuple(_of_service(group)), _kept_out(group))


def _kept_out(group: Group) -> str:
    """Why nobody gets the credentials of a role, ``""`` where somebody may."""
    return next((caller.reason for caller in group.callers if caller.outcome == "denied"), "")


def _is_known(group: Group) -> bool:
    return bool(group.role.file)


_OVERRIDDEN: Final = (
    "a container has credentials of its own in its environment: the SDK takes those, and never "
    "asks for the task role's"
)


def _role(group: Group) -> Hop:
    return Hop("", group.role.name, group.role.purpose)


def _of_agent(group: Group) -> Iterator[Hop]:
    who = next((caller.who for caller in group.callers), "ECS agent")
    if who == "container instance":
        yield _role(group)
        yield Hop("EC2 hands them to the instance", "ECS agent", "on the container instance")
    elif who == "App Runner":
        yield _role(group)
        yield Hop("App Runner assumes it", "App Runner", "before the service starts")
    else:
        yield _role(group)
        yield Hop(_TO_AGENT, "ECS agent", "the containers never see them")
    yield Hop("signs its calls with them", "AWS services", _kinds(group))


def _of_application(group: Group) -> Iterator[Hop]:
    yield _role(group)
    yield Hop(_TO_AGENT, "ECS agent", "keeps them fresh")
    yield Hop(_ENDPOINT, "application", "its AWS SDK, in the container")
    yield Hop("signs its calls with them", "AWS services", _kinds(group))


def _of_service(group: Group) -> Iterator[Hop]:
    caller = next(iter(group.callers), None)
    who = caller.who if caller else "pipeline"
    assumes = f"assumed by {caller.principal}" if caller else "assumed by the service"
    yield _role(group)
    yield Hop(assumes, who, caller.of if caller else "")
    yield Hop("signs its calls with them", "AWS services", _kinds(group))


def _kinds(group: Group) -> str:
    """What the calls act on: ``ECR, KMS, S3``."""
    kinds = dict.fromkeys(
        _NAMES.get(prefix, prefix)
        for call in group.calls
        for prefix in (call.action.partition(":")[0],)
    )
    return ", ".join(kinds) or "whatever it calls"


_NAMES: Final = {
    "ecr": "ECR",
    "ecs": "ECS",
    "elasticfilesystem": "EFS",
    "events": "EventBridge",
    "iam": "IAM",
    "kms": "KMS",
    "logs": "CloudWatch Logs",
    "s3": "S3",
    "secretsmanager": "Secrets Manager",
    "ssm": "Parameter Store",
    "ssmmessages": "Session Manager",
}
