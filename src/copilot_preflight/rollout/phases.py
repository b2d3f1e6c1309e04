"""The phases of an update, and which of them a task definition goes through.

CloudFormation updates a role before what refers to it, so that the tasks of the old revision,
which the service still runs, start under the new role. Sources:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from copilot_preflight.model.services import runs_of
from copilot_preflight.model.tasks import TaskDefinition
from copilot_preflight.resolve.value import Value, flag_of
from copilot_preflight.resolve.view import View
from copilot_preflight.rollout.pins import Pin

OLD, NEW = "old", "new"
REVISIONS: Final = (OLD, NEW)
BEFORE: Final = "before"
LATER: Final = "old-revisions-later"


class Phase(NamedTuple):
    """A stretch of an update. ``key`` is stable, ``title`` is what a table shows.

    ``starts`` are the revisions of which tasks may start then, ``who`` starts them. ``roles`` says
    whose roles and policies hold. ``is_certain``: the phase comes with every update, and tasks
    start then without anybody's doing. ``is_cleaned_up``: what the new release lacks or
    replaces has been deleted.
    """

    key: str
    title: str
    starts: tuple[str, ...]
    who: str
    roles: str
    is_certain: bool = False
    is_cleaned_up: bool = False


class Deployment(NamedTuple):
    """How the tasks of a task definition are run and replaced.

    ``services`` are the logical ids of what runs them. ``is_running``: a service keeps tasks of it
    running. ``rolls_back``: ECS itself goes back to the old revision where a deployment fails, None
    where that is not known. ``strategy`` is in ECS's words, ``"ROLLING"`` where none is given.
    """

    services: tuple[str, ...]
    is_running: bool
    rolls_back: bool | None
    controller: str = "ECS"
    strategy: str = "ROLLING"
    minimum_healthy: str = ""
    bake_time: str = ""

    @property
    def described(self) -> str:
        """``service 'Service': rolling update, circuit breaker with rollback``."""
        if not self.services:
            return "started by whoever names it"
        names = ", ".join(f"'{name}'" for name in self.services)
        if not self.is_running:
            return f"started by {names}"
        how = [_STRATEGIES.get(self.strategy, self.strategy.lower().replace("_", "/"))]
        if self.controller != "ECS":
            how = [f"deployed by {self.controller}"]
        if self.bake_time:
            how.append(f"old tasks stay for {self.bake_time} minutes")
        if self.minimum_healthy:
            how.append(f"at least {self.minimum_healthy}% healthy")
        if self.rolls_back:
            how.append("ECS rolls back by itself")
        return f"service {names}: {', '.join(how)}"


_STRATEGIES: Final = {"ROLLING": "rolling update"}

_SERVICE: Final = "AWS::ECS::Service"


def deployment_of(view: View, task: TaskDefinition) -> Deployment:
    """How the files deploy a task definition.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-deploymentconfiguration.html
    """
    places = [run.place for run in runs_of(view, task)]
    names = tuple(dict.fromkeys(str(place.path[1]) for place in places if len(place.path) > 1))
    for place in places:
        for other in view.of_file(place.file):
            for logical_id, resource in other.resources(_SERVICE):
                if resource.key_place == place:
                    return _of_service(names, logical_id, resource)
    return Deployment(names, is_running=False, rolls_back=False)


def _of_service(names: tuple[str, ...], logical_id: str, resource: Value) -> Deployment:
    properties = resource.child("Properties")
    if properties is None:
        return Deployment(names or (logical_id,), is_running=True, rolls_back=None)
    breakers = [
        flag_of(breaker, "Rollback") if flag_of(breaker, "Enable") else flag_of(breaker, "Enable")
        for settings in properties.children("DeploymentConfiguration")
        for key in ("DeploymentCircuitBreaker", "Alarms")
        for breaker in settings.children(key)
    ]
    configured = "DeploymentConfiguration"
    return Deployment(
        names,
        is_running=properties.literal("DesiredCount") != "0",
        rolls_back=True if True in breakers else None if None in breakers else False,
        controller=properties.literal("DeploymentController", "Type") or "ECS",
        strategy=properties.literal(configured, "Strategy") or "ROLLING",
        minimum_healthy=properties.literal(configured, "MinimumHealthyPercent") or "",
        bake_time=properties.literal(configured, "BakeTimeInMinutes") or "",
    )


_BY_SERVICE: Final = "scale-out, replacement of a failed or Spot task, a daemon on a new instance"
_BY_OTHERS: Final = "whatever is scheduled or run by hand meanwhile"
_BY_PINS: Final = "schedules and state machines pinned to the revision, run-task by hand"


def phases_of(deployment: Deployment, pins: Sequence[Pin] = ()) -> Iterator[Phase]:
    """The phases that a task definition goes through, or may go through.

    ``pins`` are the launches that name a revision of it: where one certainly names the old one,
    that is started as long as the launch is there.
    """
    runs = deployment.is_running
    who = _BY_SERVICE if runs else _BY_OTHERS
    yield Phase(BEFORE, "before", (OLD,), who, OLD, is_certain=True)
    yield Phase("updating", "updating", REVISIONS, who, NEW, is_certain=runs)
    yield Phase("steady", "steady", (NEW,), who, NEW, is_certain=True, is_cleaned_up=True)
    if runs and deployment.rolls_back is not False and deployment.controller == "ECS":
        title = "circuit breaker"
        yield Phase("circuit-breaker-rollback", title, (OLD,), "ECS, going back", NEW)
    if runs:
        yield Phase("failed-no-rollback", "--no-rollback", (OLD,), who, NEW)
    yield Phase("stack-rollback", "stack rollback", REVISIONS, who, OLD)
    certain = [pin.launcher for pin in pins if pin.is_certain]
    yield Phase(
        LATER,
        "later",
        REVISIONS,
        ", ".join(dict.fromkeys(certain)) or _BY_PINS,
        NEW,
        is_certain=bool(certain),
        is_cleaned_up=True,
    )


def raw(phase: Phase) -> Mapping[str, Any]:
    """A phase in plain data."""
    return {
        "key": phase.key,
        "title": phase.title,
        "happens": "will" if phase.is_certain else "may",
        "starts": list(phase.starts),
        "who": phase.who,
        "roles": phase.roles,
    }
