"""Calls that the user says the roles of tasks must be allowed, beyond those that start a task."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.tasks import TASKS, TaskDefinition, task_definitions
from copilot_preflight.needs.agent_role import AgentRole
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.read import jsonpath
from copilot_preflight.resolve.node_paths import value_at
from copilot_preflight.resolve.outside import Requirement
from copilot_preflight.resolve.query import query_by
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Guard, TemplateError, Value, function_of
from copilot_preflight.resolve.view import View

REQUIRED: Final = "required"
"""The kind of this source's needs."""


class Required(NamedTuple):
    """The ``detail`` of a need: what asks for it, and where the template shows it."""

    requirement: Requirement
    shown: Place


def required_sites(view: View) -> Iterator[Site]:
    """Every requirement with every task definition, or with every value that it is about.

    A value within a task definition is about the role of that one, any other about those of all.
    """
    for requirement in view.run.outside.requirements:
        if not requirement.is_for(view.file):
            continue
        for task in task_definitions(view):
            if not requirement.at:
                yield _site(view, requirement, task, task.value, task.place, Text(()))
                continue
            for value in _values(view, requirement, task):
                text = value.text()
                if text.literal != "":  # an optional thing that is not there
                    yield _site(view, requirement, task, value, value.place, text)


def is_met(stack: Stack, requirement: Requirement) -> bool:
    """Whether a template has anything that a requirement speaks of."""
    return requirement.is_for(stack.file) and any(
        not requirement.at or _paths(stack, requirement) for _ in task_definitions(View(stack))
    )


def _site(
    view: View,
    requirement: Requirement,
    task: TaskDefinition,
    value: Value,
    shown: Place,
    filling: Text,
) -> Site:
    name = f"{task.logical_id} {requirement.place.path}"
    build = partial(_needs, view, requirement, task, value, shown, filling, name)
    return Site(REQUIRED, value, build, name)


def _needs(
    view: View,
    requirement: Requirement,
    task: TaskDefinition,
    value: Value,
    shown: Place,
    filling: Text,
    name: str,
) -> Iterator[Need]:
    user, named, role, needs_role = _role(view, requirement, task)
    where = f"required by {requirement.place.file}"
    subject = "application" if requirement.role == "task" else "start"
    call = NeededCall(
        requirement.action,
        _resource(view, requirement, filling),
        f"{requirement.because} ({where})" if requirement.because else where,
    )
    yield Need(
        kind=REQUIRED,
        view=view,
        value=value,
        subject=f"{subject} of {task.title}",
        user=user,
        role_value=named,
        calls=(call,),
        task=task,
        role=role,
        needs_role=needs_role,
        detail=Required(requirement, shown),
        name=name,
    )


def _role(view: View, requirement: Requirement, task: TaskDefinition) -> AgentRole:
    """The role that is required to be allowed; where the task has none, that of its instance."""
    named = task.task_role if requirement.role == "task" else task.execution_role
    if named is not None:
        return AgentRole(requirement.role, named)
    from copilot_preflight.model.instances import instance_role
    from copilot_preflight.model.services import is_fargate

    fargate = is_fargate(view, task)
    if fargate is False:
        role = instance_role(view, task)
        return AgentRole("instance", role=role)
    return AgentRole(requirement.role, needs_role=fargate is True)


def _resource(view: View, requirement: Requirement, filling: Text) -> Text:
    """The ARN that is asked for: ``{}`` is the value, ``${…}`` is what Fn::Sub makes of it."""
    text = view.resolver.text
    pieces = (text({"Fn::Sub": piece}, ()) for piece in requirement.resource.split("{}"))
    first, *others = pieces
    return Text.of(first, *(part for piece in others for part in (filling, piece)))


# --- what a JSONPath finds ------------------------------------------------------------------------


def _values(view: View, requirement: Requirement, task: TaskDefinition) -> Iterator[Value]:
    """The values that a requirement finds, as far as they are this task's and are there at all."""
    for path in _paths(view.stack, requirement):
        if _other_task(view.stack, path) in ("", task.logical_id):
            for value in _at(view, path, task.value.guard):
                if isinstance(value.raw, dict) and function_of(value.raw) is None:
                    message = f"'at' finds a map in '{view.file}', not strings: {requirement.at}"
                    raise TemplateError(requirement.place.file, requirement.place.path, message)
                yield value


def _other_task(stack: Stack, path: DataPath) -> str:
    """The task definition or Express service that a path lies in, ``""`` for any other place."""
    if len(path) < 2 or path[0] != "Resources":
        return ""
    resource = stack.data["Resources"][path[1]]
    is_task = isinstance(resource, dict) and resource.get("Type") in TASKS
    return str(path[1]) if is_task else ""


def _at(view: View, path: DataPath, guard: Guard) -> Iterator[Value]:
    """The strings at a path, unless the scenario rules them out."""
    found = value_at(view.resolver, view.stack.data, path, guard)
    if found is not None:
        yield from found.elements()


@query_by(lambda requirement: requirement.at)
def _paths(stack: Stack, requirement: Requirement) -> tuple[DataPath, ...]:
    """What a requirement's JSONPath finds in the template, in all of its branches."""

    unfolded = _Unfolded(stack.data)
    try:
        found = jsonpath.find(requirement.at, unfolded.data)
    except ValueError as error:
        raise TemplateError(
            requirement.place.file, (*requirement.place.path, "at"), str(error)
        ) from None
    return tuple(dict.fromkeys(map(unfolded.original, found)))


class _Unfolded:
    """A template as its author thinks of it: both branches of an Fn::If are items of its list.

    A path for ``Environment[*]`` thus finds what stands there under a condition, too.
    """

    def __init__(self, data: Any) -> None:
        self._steps: dict[int, list[DataPath]] = {}
        self.data = self._seen(data)

    def _seen(self, node: Any) -> Any:
        if isinstance(node, dict):
            return {key: self._seen(value) for key, value in node.items()}
        if not isinstance(node, list):
            return node
        found = [pair for n, item in enumerate(node) for pair in self._items(item, (n,))]
        items = [item for item, _ in found]
        self._steps[id(items)] = [steps for _, steps in found]
        return items

    def _items(self, item: Any, steps: DataPath) -> Iterator[tuple[Any, DataPath]]:
        branches = item["Fn::If"] if function_of(item) == "Fn::If" else None
        if isinstance(branches, list) and len(branches) == 3:
            for number in (1, 2):
                yield from self._items(branches[number], (*steps, "Fn::If", number))
        else:
            yield self._seen(item), steps

    def original(self, path: DataPath) -> DataPath:
        """A path into the unfolded data as one into the template."""
        node: Any = self.data
        found: list[str | int] = []
        for step in path:
            steps = self._steps.get(id(node))
            found += steps[step] if steps is not None and isinstance(step, int) else (step,)
            node = node[step]
        return tuple(found)
