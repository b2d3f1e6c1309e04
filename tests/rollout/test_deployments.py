"""Which phases an update has: what the service is asked for in each of its releases."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.resolve.stack import Stack
from copilot_preflight.rollout.comparison import TaskRollout, compare

BREAKER = "DeploymentCircuitBreaker: {Enable: true, Rollback: true}"
ALARMS = "Alarms: {Enable: true, Rollback: true, AlarmNames: [errors]}"


def release(settings: str = "", properties: str = "", *, run_by: str = "service") -> Stack:
    service = f"""\
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      DeploymentConfiguration: {{{settings}}}
      {properties}
"""
    rule = """\
  Rule:
    Type: AWS::Events::Rule
    Properties: {Targets: [{Arn: cluster, EcsParameters: {TaskDefinitionArn: !Ref Task}}]}
"""
    task = "  Task: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: []}}\n"
    return stacks.stack(f"Resources:\n{service if run_by == 'service' else rule}{task}")


def updated(old: Stack, new: Stack) -> TaskRollout:
    (task,) = compare(old, new).tasks
    return task


def keys(task: TaskRollout) -> set[str]:
    return {phase.key for phase in task.phases}


@pytest.mark.parametrize(
    ("old", "new", "has_phase"),
    [
        pytest.param(BREAKER, BREAKER, True, id="as before"),
        pytest.param("", BREAKER, True, id="the update turns it on"),
        pytest.param(BREAKER, "", False, id="the update turns it off"),
        pytest.param("", ALARMS, True, id="alarms"),
        pytest.param("", BREAKER.replace("Rollback: true", "Rollback: false"), False, id="fails"),
        pytest.param("", BREAKER.replace("Enable: true", "Enable: false"), False, id="disabled"),
    ],
)
def test_ecs_goes_back_as_the_new_release_says(old: str, new: str, has_phase: bool) -> None:
    """One call gives a service its task definition and its settings."""
    task = updated(release(old), release(new))
    assert ("circuit-breaker-rollback" in keys(task)) is has_phase


@pytest.mark.parametrize(
    ("old", "is_certain"),
    [
        pytest.param(release(), True, id="a service"),
        pytest.param(release(properties="SchedulingStrategy: DAEMON"), True, id="a daemon"),
        pytest.param(release(properties="DesiredCount: 0"), False, id="a service without tasks"),
        pytest.param(release(run_by="rule"), False, id="a schedule"),
    ],
)
def test_the_update_meets_tasks_that_a_service_keeps_running(old: Stack, is_certain: bool) -> None:
    task = updated(old, release(properties="DesiredCount: 3"))
    (updating,) = [phase for phase in task.phases if phase.key == "updating"]
    assert updating.is_certain is is_certain
    assert ("failed-no-rollback" in keys(task)) is is_certain


def test_another_controller_does_not_go_back_by_itself() -> None:
    """The circuit breaker is ECS's own: CodeDeploy has its own roll-backs."""
    task = updated(release(), release(BREAKER, "DeploymentController: {Type: CODE_DEPLOY}"))
    assert "circuit-breaker-rollback" not in keys(task)
    assert "deployed by CODE_DEPLOY" in task.deployment.described


def test_the_way_of_the_deployment_is_told() -> None:
    settings = f"Strategy: BLUE_GREEN, BakeTimeInMinutes: 10, MinimumHealthyPercent: 50, {BREAKER}"
    assert updated(release(), release(settings)).deployment.described == (
        "service 'Service': blue/green, old tasks stay for 10 minutes, at least 50% healthy, "
        "ECS rolls back by itself"
    )
