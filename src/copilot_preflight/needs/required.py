"""Calls that the user says the roles of tasks must be allowed, beyond those that start a task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.tasks import TaskDefinition, task_definitions
from copilot_preflight.needs.agent_role import AgentRole
from copilot_preflight.needs.need import Need, NeededCall
from copilot_preflight.read import jsonpath
from copilot_preflight.resolve.outside import Requirement
from copilot_preflight.resolve.scenario import Scenario
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Guard, TemplateError, Value, function_of

REQUIRED: Final = "required"
"""The kind of this source's needs."""


class Required(NamedTuple):
    """The ``detail`` of a need: what asks for it, and where the template shows it."""

    requirement: Requirement
    shown: Place


def required_needs(stack: Stack, scenario: Scenario) -> Iterator[Need]:
    """A need for every requirement and every task definition, or every value that it is about.

    A value within a task definition is about the role of that one, any other about those of all.
    """
    for requirement in stack.run.outside.requirements:
        if not requirement.is_for(stack.file):
            continue
        for task in task_definitions(stack, scenario):
            if not requirement.at:
                yield _need(stack, scenario, requirement, task, task.value, task.place, Text(()))
                continue
            for value in _values(stack, scenario, requirement, task):
                text = value.text()
                if text.literal != "":  # an optional thing that is not there
                    yield _need(stack, scenario, requirement, task, value, value.place, text)


def is_met(stack: Stack, requirement: Requirement) -> bool:
    """Whether a template has anything that a requirement speaks of."""
    return requirement.is_for(stack.file) and any(
        not requirement.at or _paths(stack, requirement) for _ in task_definitions(stack)
    )


def _need(
    stack: Stack,
    scenario: Scenario,
    requirement: Requirement,
    task: TaskDefinition,
    value: Value,
    shown: Place,
    filling: Text,
) -> Need:
    user, named, role, needs_role = _role(stack, scenario, requirement, task)
    where = f"required by {requirement.place.file}"
    subject = "application" if requirement.role == "task" else "start"
    return Need(
        REQUIRED,
        stack,
        scenario,
        value,
        f"{subject} of task definition '{task.logical_id}'",
        user,
        named,
        (
            NeededCall(
                requirement.action,
                _resource(stack, scenario, requirement, filling),
                f"{requirement.because} ({where})" if requirement.because else where,
            ),
        ),
        task=task,
        role=role,
        needs_role=needs_role,
        detail=Required(requirement, shown),
        name=f"{task.logical_id} {requirement.place.path}",
    )


def _role(
    stack: Stack, scenario: Scenario, requirement: Requirement, task: TaskDefinition
) -> AgentRole:
    """The role that is required to be allowed; where the task has none, that of its instance."""
    named = task.task_role if requirement.role == "task" else task.execution_role
    if named is not None:
        return AgentRole(requirement.role, named)
    from copilot_preflight.model.instances import instance_role
    from copilot_preflight.model.services import is_fargate

    fargate = is_fargate(stack, scenario, task)
    if fargate is False:
        role = instance_role(stack, scenario, task)
        return AgentRole("instance", role=role)
    return AgentRole(requirement.role, needs_role=fargate is True)


def _resource(stack: Stack, scenario: Scenario, requirement: Requirement, filling: Text) -> Text:
    """The ARN that is asked for: ``{}`` is the value, ``${…}`` is what Fn::Sub makes of it."""
    text = stack.resolver(scenario).text
    pieces = (text({"Fn::Sub": piece}, ()) for piece in requirement.resource.split("{}"))
    first, *others = pieces
    return Text.of(first, *(part for piece in others for part in (filling, piece)))


# --- what a JSONPath finds ------------------------------------------------------------------------


def _values(
    stack: Stack, scenario: Scenario, requirement: Requirement, task: TaskDefinition
) -> Iterator[Value]:
    """The values that a requirement finds, as far as they are this task's and are there at all."""
    for path in _paths(stack, requirement):
        if _other_task(stack, path) in ("", task.logical_id):
            for value in _at(stack, scenario, path, task.value.guard):
                if isinstance(value.raw, dict) and function_of(value.raw) is None:
                    message = f"'at' finds a map in '{stack.file}', not strings: {requirement.at}"
                    raise TemplateError(requirement.place.file, requirement.place.path, message)
                yield value


def _other_task(stack: Stack, path: DataPath) -> str:
    """The task definition in which a path lies, ``""`` for any other place."""
    if len(path) < 2 or path[0] != "Resources":
        return ""
    resource = stack.data["Resources"][path[1]]
    is_task = isinstance(resource, dict) and resource.get("Type") == "AWS::ECS::TaskDefinition"
    return str(path[1]) if is_task else ""


def _at(stack: Stack, scenario: Scenario, path: DataPath, guard: Guard) -> Iterator[Value]:
    """The strings at a path, unless the scenario rules them out."""
    resolver = stack.resolver(scenario)
    raw: Any = stack.data
    open_still = dict(guard)
    for index, step in enumerate(path):
        condition, wanted = None, True
        if index == 2 and path[0] == "Resources" and isinstance(raw, dict):
            condition = raw.get("Condition")
        elif step == "Fn::If" and path[index + 1 : index + 2] in ((1,), (2,)):
            condition, wanted = raw["Fn::If"][0], path[index + 1] == 1
        if isinstance(condition, str):
            outcome = open_still.get(condition, resolver.decide(condition))
            if outcome is None:
                open_still[condition] = wanted
            elif outcome is not wanted:
                return
        raw = raw[step]
    yield from Value(resolver, raw, path, tuple(open_still.items())).elements()


def _paths(stack: Stack, requirement: Requirement) -> tuple[DataPath, ...]:
    """What a requirement's JSONPath finds in the template, in all of its branches."""

    def build() -> tuple[DataPath, ...]:
        view = _View(stack.data)
        try:
            found = jsonpath.find(requirement.at, view.data)
        except ValueError as error:
            raise TemplateError(
                requirement.place.file, (*requirement.place.path, "at"), str(error)
            ) from None
        return tuple(dict.fromkeys(map(view.original, found)))

    return stack.memo((REQUIRED, requirement.at), build)


class _View:
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
        """A path into the view as one into the template."""
        node: Any = self.data
        found: list[str | int] = []
        for step in path:
            steps = self._steps.get(id(node))
            found += steps[step] if steps is not None and isinstance(step, int) else (step,)
            node = node[step]
        return tuple(found)
