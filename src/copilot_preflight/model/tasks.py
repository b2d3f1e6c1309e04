"""ECS task definitions and their containers, as far as starting a task is concerned.

A service of ECS Express Mode is one of them: ECS makes a task definition of its primary container.
Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.resolve.hints import reference_in
from copilot_preflight.resolve.indexes import keys_of
from copilot_preflight.resolve.query import query, query_by
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value, function_of
from copilot_preflight.resolve.view import View, index_of

_TYPE: Final = "AWS::ECS::TaskDefinition"
SERVICE: Final = "AWS::ECS::Service"
EXPRESS_SERVICE: Final = "AWS::ECS::ExpressGatewayService"
_PRIMARY: Final = Text.of("Main")
"""The name that ECS gives to the only container of an Express service."""


class EnvironmentFile(NamedTuple):
    """One element of a container's ``EnvironmentFiles``.

    ``value`` is the node that holds the ARN; ``parameter`` is the template parameter that it
    refers to and nothing else, ``""`` if there is none; ``kind`` is ``Type`` where known.
    """

    value: Value
    arn: Text
    parameter: str
    kind: str | None


class Container(NamedTuple):
    """A container definition. ``files_value`` is the node of its EnvironmentFiles list."""

    name: Text
    value: Value
    files: tuple[EnvironmentFile, ...]
    files_value: Value | None

    def __str__(self) -> str:
        return f"container '{self.name}'"


class TaskDefinition(NamedTuple):
    """A task definition, or the one that ECS makes for an Express service: ``is_express``.

    A role value is None where the property is absent, NoValue or empty; where its ``guard`` is
    not empty, the scenario leaves open which role it is.
    """

    logical_id: str
    value: Value
    execution_role: Value | None
    task_role: Value | None
    containers: tuple[Container, ...]
    operating_system: Value | None
    is_express: bool = False

    @property
    def title(self) -> str:
        """How messages name it: ``task definition 'Task'``."""
        kind = "Express service" if self.is_express else "task definition"
        return f"{kind} '{self.logical_id}'"

    @property
    def place(self) -> Place:
        return self.value.key_place


@query
def task_definitions(view: View) -> tuple[TaskDefinition, ...]:
    """The task definitions of a template in a scenario."""
    return tuple(
        task
        for kind, tasks in _READERS.items()
        for resource in view.resources(kind)
        for task in tasks(view, *resource)
    )


def may_have_proxies(stack: Stack) -> bool:
    """Whether some service of a template has Service Connect, which adds a container to its tasks.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectConfiguration.html
    """
    return "ServiceConnectConfiguration" in keys_of(stack, SERVICE)


def task_definitions_of(view: View, logical_id: str) -> tuple[TaskDefinition, ...]:
    """Those of one resource: one, none, or one for each branch of its Properties."""
    for kind, tasks in _READERS.items():
        for name, resource in view.resources(kind):
            if name == logical_id:
                return tasks(view, name, resource)
    return ()


def task_named(view: View, named: Text) -> tuple[View, TaskDefinition] | None:
    """The task definition that a text stands for, with the view of the template that has it.

    By its ARN as the template gives it, or by its family: the newest revision of that is the one
    of the template. A revision that is spelt out is another one, as far as can be known.
    """
    parsed = arn.parse(named)
    keys = (named,) if parsed is None else (named, parsed.resource)
    found: dict[str, tuple[View, TaskDefinition]] = {}
    for other in view.holding(_by_name, keys):
        index = _by_name(other)
        logical_id = next((index[key] for key in keys if key in index), None)
        tasks = () if logical_id is None else task_definitions_of(other, logical_id)
        for task in tasks[:1]:
            own = arn.parse(other.ref(task.logical_id, task.value))
            if parsed is not None and own is not None and not _may_be_together(parsed, own):
                continue
            if other.file == view.file:
                return other, task
            found.setdefault(other.file, (other, task))
    # Two templates with one family may be two deployments: which of them it is, none can tell.
    return next(iter(found.values())) if len(found) == 1 else None


def _may_be_together(one: arn.Arn, other: arn.Arn) -> bool:
    """Whether two ARNs may be of one region and account."""
    pairs = ((one.region, other.region), (one.account, other.account))
    return all(mine.equals(theirs) is not False for mine, theirs in pairs)


@index_of(_TYPE)
def _by_name(view: View) -> dict[Text, str]:
    """The logical ids of the task definitions of a template, by what may name them."""
    found: dict[Text, str] = {}
    for logical_id, resource in view.resources(_TYPE):
        named = view.ref(logical_id, resource)
        found[named] = logical_id
        parsed = arn.parse(named)
        family = None if parsed is None else parsed.resource.split(":", 1).items[0]
        if family is not None:
            found.setdefault(family, logical_id)
            found.setdefault(Text.of(*family.split("/", 1).items[1:]), logical_id)
    return found


@query_by(lambda logical_id, _: logical_id)
def _tasks(_view: View, logical_id: str, resource: Value) -> tuple[TaskDefinition, ...]:
    return tuple(
        TaskDefinition(
            logical_id,
            resource,
            execution_role=_role(properties, "ExecutionRoleArn"),
            task_role=_role(properties, "TaskRoleArn"),
            containers=tuple(map(_container, properties.each("ContainerDefinitions"))),
            operating_system=properties.child("RuntimePlatform", "OperatingSystemFamily"),
        )
        for properties in resource.children("Properties")
    )


@query_by(lambda logical_id, _: logical_id)
def _of_express(_view: View, logical_id: str, resource: Value) -> tuple[TaskDefinition, ...]:
    """What ECS makes of an Express service; nothing where it is given a task definition."""
    return tuple(
        TaskDefinition(
            logical_id,
            resource,
            execution_role=_role(properties, "ExecutionRoleArn"),
            task_role=_role(properties, "TaskRoleArn"),
            containers=tuple(Container(_PRIMARY, it, (), None) for it in primary),
            operating_system=None,
            is_express=True,
        )
        for properties in resource.children("Properties")
        if (primary := _maps(properties, "PrimaryContainer")) and not _is_given_a_task(properties)
    )


def _is_given_a_task(service: Value) -> bool:
    return any(it.guard == service.guard for it in service.children("TaskDefinitionArn"))


TASKS: Final = (_TYPE, EXPRESS_SERVICE)
"""The types of resource that say what a task consists of."""

_READERS: Final[Mapping[str, Callable[[View, str, Value], tuple[TaskDefinition, ...]]]] = {
    _TYPE: _tasks,
    EXPRESS_SERVICE: _of_express,
}


def _maps(value: Value, key: str) -> tuple[Value, ...]:
    return tuple(it for it in value.children(key) if isinstance(it.raw, dict) and not it.is_opaque)


def _role(properties: Value, key: str) -> Value | None:
    found = list(properties.children(key))
    if not found or (len(found) == 1 and found[0].text().literal == ""):
        return None
    return found[0]


def _container(value: Value) -> Container:
    name = value.child("Name")
    lists = list(value.children("EnvironmentFiles"))
    return Container(
        name.text() if name else Text.of("?"),
        value,
        files=tuple(file for item in value.each("EnvironmentFiles") for file in _files(item)),
        files_value=lists[0] if lists else None,
    )


def _files(item: Value) -> Iterator[EnvironmentFile]:
    if item.is_open or function_of(item.raw) not in (None, "Ref", "Fn::Sub", "Fn::Join"):
        return  # nothing can be said of an element that nobody can read
    if item.is_opaque or not isinstance(item.raw, dict):
        yield _file(item, kind="")
        return
    for value in item.children("Value"):
        yield _file(value, item.literal("Type"))


def _file(value: Value, kind: str | None) -> EnvironmentFile:
    return EnvironmentFile(value, value.text(), reference_in(value.raw), kind)
