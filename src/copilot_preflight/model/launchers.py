"""What launches tasks with a role of its own: rules, schedules, pipes and state machines.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-events-rule-ecsparameters.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-scheduler-schedule-ecsparameters.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-pipes-pipe-pipetargetecstaskparameters.html
and https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from copilot_preflight.base.symbolic import Text
from copilot_preflight.model.state_machines import parsed, run_tasks
from copilot_preflight.resolve.value import Value, function_of, text_of
from copilot_preflight.resolve.view import View

EXECUTION_ROLE: Final = "ExecutionRoleArn"
TASK_ROLE: Final = "TaskRoleArn"


class Launch(NamedTuple):
    """A place of a template that has a task run.

    ``noun`` is what a message calls ``owner``, the logical id. ``value`` is the node that asks,
    ``name`` tells several that stand at one node apart. ``task`` names the task definition and
    ``cluster`` the cluster, None for the default one; ``is_cluster_arn`` where it can be nothing
    else than an ARN. ``role`` is the node that names the role, None where there is none.

    ``launch_type`` is ``""`` where none is known. ``overrides`` are the roles that are passed in
    the place of the task definition's own, by the names of its properties; None where an execution
    may bring any. ``is_tagged`` says that the request has tags of its own, ``may_be_tagged`` that
    others are put on the task; ``waits`` that the end of the task is waited for.
    """

    owner: str
    noun: str
    value: Value
    name: str
    task: Text
    cluster: Text | None
    is_cluster_arn: bool
    role: Value | None
    launch_type: str
    overrides: Mapping[str, Text] | None
    is_tagged: bool = False
    may_be_tagged: bool = False
    waits: bool = False

    def __str__(self) -> str:
        return f"{self.noun} '{self.owner}'"


def launches(view: View) -> Iterator[Launch]:
    """Everything in a template that has tasks run, as far as it can be read."""
    for kind, read in _READERS.items():
        for owner, resource in view.resources(kind):
            for properties in resource.children("Properties"):
                yield from read(owner, properties)


# --- rules, schedules, pipes ----------------------------------------------------------------------


def _of_rule(owner: str, rule: Value) -> Iterator[Launch]:
    for target in rule.each("Targets"):
        # The role of the rule may be meant for the target, or for another bus.
        is_known = any(target.children("RoleArn")) or not any(rule.children("RoleArn"))
        for asked in target.children("EcsParameters") if is_known else ():
            yield from _targeted(owner, "rule", target, asked, "TagList")


def _of_schedule(owner: str, schedule: Value) -> Iterator[Launch]:
    for target in schedule.children("Target"):
        for asked in target.children("EcsParameters"):
            yield from _targeted(owner, "schedule", target, asked, "Tags")
        if _UNIVERSAL in str(text_of(target, "Arn") or ""):
            yield from _by_sdk(owner, target)


def _targeted(owner: str, noun: str, target: Value, asked: Value, tags: str) -> Iterator[Launch]:
    """A launch of a target, whose ``Arn`` is that of the cluster."""
    for value in asked.children("TaskDefinitionArn"):
        yield _launch(
            owner,
            noun,
            value,
            asked,
            tags,
            cluster=text_of(target, "Arn"),
            role=_role(target, "RoleArn"),
            overrides=_of_input(target),
        )


def _of_input(target: Value) -> Mapping[str, Text] | None:
    """The roles that a target's input overrides, which is what ``Overrides`` is of RunTask.

    Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html
    """
    if any(target.children("InputPath")):
        return None
    inputs = [*target.children("Input")]
    for transformer in target.children("InputTransformer"):
        inputs += transformer.children("InputTemplate")
    for value in inputs:
        text = value.text()
        if text.only_hole is not None or "rolearn" in str(text).lower():
            return None
    return {}


def _of_pipe(owner: str, pipe: Value) -> Iterator[Launch]:
    for parameters in pipe.children("TargetParameters"):
        for asked in parameters.children("EcsTaskParameters"):
            for value in asked.children("TaskDefinitionArn"):
                yield _launch(
                    owner,
                    "pipe",
                    value,
                    asked,
                    "Tags",
                    cluster=text_of(pipe, "Target"),
                    role=_role(pipe, "RoleArn"),
                    overrides=_overridden(asked),
                )


# --- calls of the API -----------------------------------------------------------------------------

_UNIVERSAL: Final = ":scheduler:::aws-sdk:ecs:runTask"
"""What a schedule has for a target that calls RunTask with the input as it stands.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""


def _by_sdk(owner: str, target: Value) -> Iterator[Launch]:
    for value in target.children("Input"):
        passed = parsed(value.text(), value.reader.file)
        if isinstance(passed, dict):
            asked = value._replace(raw=passed)
            role = _role(target, "RoleArn")
            yield from _called(owner, "schedule", asked, "", role=role)


def _of_state_machine(owner: str, machine: Value) -> Iterator[Launch]:
    yield from _of_machine(owner, machine, _role(machine, "RoleArn"))


def _of_sam_machine(owner: str, machine: Value) -> Iterator[Launch]:
    """A state machine of SAM, which writes a role for one that names none."""
    role = _role(machine, "Role")
    if role is not None:
        yield from _of_machine(owner, machine, role)


def _of_machine(owner: str, machine: Value, role: Value | None) -> Iterator[Launch]:
    for run in run_tasks(machine):
        if not run.credentials:  # else another role does
            found = _called(owner, "state machine", run.parameters, run.name, role=role)
            yield from (launch._replace(waits=run.waits) for launch in found)


def _called(
    owner: str, noun: str, asked: Value, name: str, *, role: Value | None
) -> Iterator[Launch]:
    """A launch by what is passed to RunTask, whose cluster is a name or an ARN."""
    if any(asked.children("TaskDefinition")):
        yield _launch(
            owner,
            noun,
            asked,
            asked,
            "Tags",
            name=name,
            cluster=text_of(asked, "Cluster"),
            role=role,
            overrides=_overridden(asked),
        )


# --- what all have in common ----------------------------------------------------------------------


def _launch(
    owner: str,
    noun: str,
    value: Value,
    asked: Value,
    tags: str,
    *,
    cluster: Text | None,
    role: Value | None,
    overrides: Mapping[str, Text] | None,
    name: str = "",
) -> Launch:
    by_arn = value.path != asked.path  # a target's
    return Launch(
        owner,
        noun,
        value,
        name,
        task=value.text() if by_arn else text_of(asked, "TaskDefinition") or Text(()),
        cluster=cluster,
        is_cluster_arn=by_arn,
        role=role,
        launch_type=asked.literal("LaunchType") or "",
        overrides=overrides,
        is_tagged=_is_list(asked.raw.get(tags)),
        may_be_tagged=tags in asked.raw
        or _is_on(asked, "PropagateTags")
        or _is_on(asked, "EnableECSManagedTags"),
    )


def _is_list(raw: Any) -> bool:
    """Whether tags are written out, and are there."""
    return isinstance(raw, list) and bool(raw) and all(function_of(tag) is None for tag in raw)


def _is_on(asked: Value, key: str) -> bool:
    said = text_of(asked, key)
    return said is not None and (said.literal or "?").lower() not in ("", "false", "none")


def _overridden(asked: Value) -> Mapping[str, Text] | None:
    """The roles that the ``Overrides`` of RunTask name.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
    """
    found: dict[str, Text] = {}
    for overrides in asked.children("Overrides"):
        if not isinstance(overrides.raw, dict) or overrides.is_opaque:
            return None
        for key in (EXECUTION_ROLE, TASK_ROLE):
            named = text_of(overrides, key)
            if named is not None:
                found[key] = named
    return found


def _role(value: Value, key: str) -> Value | None:
    return next(value.children(key), None)


_READERS: Final[Mapping[str, Callable[[str, Value], Iterator[Launch]]]] = {
    "AWS::Events::Rule": _of_rule,
    "AWS::Scheduler::Schedule": _of_schedule,
    "AWS::Pipes::Pipe": _of_pipe,
    "AWS::StepFunctions::StateMachine": _of_state_machine,
    "AWS::Serverless::StateMachine": _of_sam_machine,
}

KINDS: Final = tuple(_READERS)
"""The types of resource that launch tasks."""
