"""What starts tasks by its mere creation: services, task sets, schedules that begin at once.

A rule, a pipe, a state machine or a schedule by the clock starts a task when something happens,
and whether that is while the stack is still being made, no file tells. A custom resource may start
anything at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.tasks import EXPRESS_SERVICE, TaskDefinition
from copilot_preflight.resolve.query import query_by
from copilot_preflight.resolve.value import Value, text_of
from copilot_preflight.resolve.view import View

_SERVICE: Final = "AWS::ECS::Service"

GRANTING: Final = {
    "AWS::IAM::Policy": "policy",
    "AWS::IAM::RolePolicy": "policy",
    "AWS::IAM::ManagedPolicy": "managed policy",
    "AWS::S3::BucketPolicy": "bucket policy",
    "AWS::SecretsManager::ResourcePolicy": "resource policy",
}
"""The policies that are resources of their own, for which a start may have to wait, and what
messages call them."""


class Start(NamedTuple):
    """A resource that starts tasks as soon as it is made.

    ``noun`` is what a message calls it. ``conditions`` are open; they decide whether it is there
    and starts this task.
    """

    logical_id: str
    noun: str
    place: Place
    conditions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.noun} '{self.logical_id}'"


@query_by(lambda task: task.logical_id)
def starts_of(view: View, task: TaskDefinition) -> tuple[Start, ...]:
    """What starts a task of a template, in the template itself, as soon as it is made.

    It certainly names this very revision, by a reference: whoever names the family alone does not
    wait for it, and may start the revision before.
    """
    return tuple(
        Start(logical_id, noun, resource.key_place, tuple(dict.fromkeys(conditions)))
        for kind, (noun, read) in _KINDS.items()
        for logical_id, resource in view.resources(kind)
        for properties in resource.children("Properties")
        if (conditions := read(view, task, properties)) is not None
    )


_Conditions: TypeAlias = "tuple[str, ...] | None"
"""The open conditions under which something starts a task; None where it does not."""


def _of_service(view: View, task: TaskDefinition, service: Value) -> _Conditions:
    return _both(_naming(view, task, service, "TaskDefinition"), _with_tasks(service))


def _with_tasks(service: Value) -> _Conditions:
    """Whether a service starts tasks at all when it is made.

    Without a number of tasks it is one, and a daemon runs on every instance.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
    (``DesiredCount``)
    """
    wanted = text_of(service, "DesiredCount")
    if wanted is None or text_of(service, "SchedulingStrategy") == Text.of("DAEMON"):
        return service.conditions
    if wanted.literal is not None:
        return service.conditions if _is_positive(wanted) else None
    open_ones = [hole.condition for hole in wanted.holes]
    return (*service.conditions, *open_ones) if all(open_ones) else None


def _of_express(view: View, task: TaskDefinition, service: Value) -> _Conditions:
    """An Express service starts one task at least, of its own or of the definition it is given.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html
    """
    scaling = service.child("ScalingTarget")
    least = text_of(scaling, "MinTaskCount") if scaling is not None else None
    if least is not None and not _is_positive(least):
        return None
    if task.is_express:
        return service.conditions if service.path[:2] == task.value.path else None
    return _naming(view, task, service, "TaskDefinitionArn")


def _of_task_set(view: View, task: TaskDefinition, task_set: Value) -> _Conditions:
    """A task set runs a share of its service's tasks, if the service is here and has any.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskset.html
    """
    scale = task_set.child("Scale")
    share = text_of(scale, "Value") if scale is not None else None
    named = text_of(task_set, "Service")
    if share is None or not _is_positive(share):
        return None
    for logical_id, resource in view.resources(_SERVICE):
        names = view.ref(logical_id, resource), view.attribute(logical_id, "Name", resource)
        for properties in resource.children("Properties") if named in names else ():
            return _both(_naming(view, task, task_set, "TaskDefinition"), _with_tasks(properties))
    return None


def _of_schedule(view: View, task: TaskDefinition, schedule: Value) -> _Conditions:
    """A schedule by a rate, without a date to begin at, begins at once.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    expression = text_of(schedule, "ScheduleExpression")
    state = text_of(schedule, "State")
    if expression is None or not (expression.literal or "").startswith("rate("):
        return None
    if any(schedule.children("StartDate")) or (state is not None and state.literal != "ENABLED"):
        return None
    for target in schedule.children("Target"):
        for asked in target.children("EcsParameters"):
            found = _naming(view, task, asked, "TaskDefinitionArn")
            if found is not None:
                return found
    return None


def _naming(view: View, task: TaskDefinition, value: Value, key: str) -> _Conditions:
    """Whether what stands under a key refers to a task definition of the same template."""
    names = (
        view.ref(task.logical_id, task.value),
        view.attribute(task.logical_id, "TaskDefinitionArn", task.value),
    )
    return next((it.conditions for it in value.children(key) if it.text() in names), None)


def _both(one: _Conditions, other: _Conditions) -> _Conditions:
    return None if one is None or other is None else (*one, *other)


def _is_positive(number: Text) -> bool:
    try:
        return float(number.literal or "") > 0
    except ValueError:
        return False


_Reader = Callable[[View, TaskDefinition, Value], _Conditions]

_KINDS: Final[Mapping[str, tuple[str, _Reader]]] = {
    _SERVICE: ("service", _of_service),
    "AWS::ECS::TaskSet": ("task set", _of_task_set),
    "AWS::Scheduler::Schedule": ("schedule", _of_schedule),
    EXPRESS_SERVICE: ("Express service", _of_express),
}

KINDS: Final = tuple(_KINDS)
"""The types of resource that start tasks by their mere creation."""
