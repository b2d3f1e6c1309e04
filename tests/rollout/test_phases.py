"""Which phases a task definition goes through, and what becomes of a role that is replaced."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.rollout.comparison import TaskRollout, compare
from copilot_preflight.rollout.judge import ROLE_DELETED

TASK = stacks.task("Secrets: [{Name: KEY, ValueFrom: 'arn:aws:ssm:x:1:parameter/key'}]")
ROLE = stacks.role("{Effect: Allow, Action: 'ssm:*', Resource: '*'}")
SERVICE = """\
  Service:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Task, %s}
"""
BREAKER = "DeploymentConfiguration: {DeploymentCircuitBreaker: {Enable: %s, Rollback: %s}}"


def rollout(*runner: str, old: str = ROLE, new: str = ROLE) -> TaskRollout:
    """The update of a stack with something that runs the task, and a role in each release."""
    texts = ["".join(("Resources:\n", TASK, role, *runner)) for role in (old, new)]
    before, after = (stacks.stack(it, file=f"{n}.yml") for n, it in enumerate(texts))
    (found,) = compare(before, after).tasks
    return found


def keys(task: TaskRollout) -> list[str]:
    return [phase.key for phase in task.phases]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", False),
        (BREAKER % ("true", "true"), True),
        (BREAKER % ("true", "false"), False),
        (BREAKER % ("false", "true"), False),
        ("DeploymentConfiguration: {Alarms: {Enable: true, Rollback: true}}", True),
        (BREAKER % ("true", "!Ref Unknown"), True),
        ("DeploymentController: {Type: CODE_DEPLOY}, " + BREAKER % ("true", "true"), False),
    ],
)
def test_who_rolls_back(settings: str, expected: bool) -> None:
    """ECS goes back by itself where its circuit breaker or its alarms are told to, or may be."""
    assert ("circuit-breaker-rollback" in keys(rollout(SERVICE % settings))) is expected


@pytest.mark.parametrize(
    ("runner", "is_certain"),
    [((SERVICE % "",), True), ((SERVICE % "DesiredCount: 0",), False), ((), False)],
)
def test_when_old_tasks_run_during_the_update(runner: tuple[str, ...], is_certain: bool) -> None:
    """Only a service keeps tasks running, unless it is scaled to none."""
    (updating,) = (it for it in rollout(*runner).phases if it.key == "updating")
    assert updating.is_certain is is_certain


def test_a_bake_time_is_told() -> None:
    """Blue/green keeps the old tasks for a while."""
    settings = "DeploymentConfiguration: {Strategy: BLUE_GREEN, BakeTimeInMinutes: 15}"
    told = rollout(SERVICE % settings).deployment.described
    assert told == "service 'Service': blue/green, old tasks stay for 15 minutes"


@pytest.mark.parametrize(
    ("change", "later", "cause"),
    [
        ("Properties:\n      RoleName: other", "denied", ROLE_DELETED),
        ("DeletionPolicy: Retain\n    Properties:", "allowed", ""),
        ("Properties:\n      Description: other", "allowed", ""),
    ],
)
def test_a_role_that_is_replaced(change: str, later: str, cause: str) -> None:
    """The old revision keeps the old role's ARN, until the clean-up deletes the role."""
    task = rollout(SERVICE % "", new=ROLE.replace("Properties:", change))
    cells = {cell.phase.key: cell for cell in task.cells if cell.revision == "old"}
    assert cells["updating"].status == "allowed"
    assert cells["old-revisions-later"].status == later
    assert {it.cause for _, it in cells["old-revisions-later"].calls} == (
        {cause} if cause else set()
    )


def test_a_role_that_may_be_kept() -> None:
    """Where the old release asks to retain it, nobody knows."""
    kept = ROLE.replace("Properties:", "UpdateReplacePolicy: Retain\n    Properties:")
    new = ROLE.replace("Properties:", "Properties:\n      RoleName: other")
    task = rollout(SERVICE % "", old=kept, new=new)
    cells = {cell.phase.key: cell.status for cell in task.cells if cell.revision == "old"}
    assert cells["old-revisions-later"] == "cannot-know"
