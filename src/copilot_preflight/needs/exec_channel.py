"""The channel of ECS Exec, which an agent inside the container opens with the task role.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model import credentials
from copilot_preflight.model.keys import key_arn
from copilot_preflight.model.named_resources import resource_named
from copilot_preflight.model.services import TaskRun, may_execute_command, runs_of
from copilot_preflight.model.tasks import TaskDefinition
from copilot_preflight.needs.need import Need, NeededCall, Site, SitesOfTasks
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value, flag_of, text_of
from copilot_preflight.resolve.view import View

EXEC_CHANNEL: Final = "exec-channel"
"""The kind of this source's needs."""

EXEC_PAGE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"

CHANNEL_ACTIONS: Final = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)

ANY_GROUP: Final = Hole("any log group", excludes="*?")
SESSION: Final = Hole("name of the session", excludes=":*?", nonempty=True)
LOG: Final = Hole("name of the log", excludes="*?", nonempty=True)
"""What is known of the resources of these calls only once there is a session."""

_ANYTHING: Final = Text.of("*")
_FLAG: Final = "EnableExecuteCommand"


class ExecChannel(NamedTuple):
    """What turns ECS Exec on: the ``detail`` of a need. ``at`` is its line, in any template."""

    at: Place


@SitesOfTasks
def exec_channel_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """Every task definition; a need, with an `ExecChannel`, where it is run with ECS Exec.

    It stands at the task's role, or at the task where that has none.
    """
    for task in tasks:
        value = _value(view, task)
        yield Site(EXEC_CHANNEL, value, partial(_needs, view, task, value))


def _needs(view: View, task: TaskDefinition, value: Value) -> Iterator[Need]:
    runs = runs_of(view, task)
    on = next((run for run in runs if run.execute_command and not run.conditions), None)
    undecided = ""
    if on is None:
        undecided = _open_condition(view, task, runs)
        if not undecided:
            return
    yield Need(
        kind=EXEC_CHANNEL,
        view=view,
        value=value,
        subject="channel of ECS Exec",
        user="task",
        role_value=task.task_role,
        calls=tuple(_calls(view, task, on)) if on is not None else (),
        task=task,
        undecided=undecided,
        detail=ExecChannel(_place(on)) if on is not None else None,
    )


def _value(view: View, task: TaskDefinition) -> Value:
    """A node that is the same one in every scenario."""
    properties = task.value.raw.get("Properties") if isinstance(task.value.raw, dict) else None
    has_role = isinstance(properties, dict) and "TaskRoleArn" in properties
    path = (*task.value.path, *(("Properties", "TaskRoleArn") if has_role else ()))
    return Value(view.resolver, None, path, task.value.guard)


def _place(run: TaskRun) -> Place:
    return Place(run.place.file, (*run.place.path, "Properties", _FLAG))


def _open_condition(view: View, task: TaskDefinition, runs: tuple[TaskRun, ...]) -> str:
    """The open condition, of the task's own template, that decides whether ECS Exec is on."""
    if may_execute_command(view, task) is not None:
        return ""
    resolver = view.resolver
    for run in runs:
        if run.place.file != view.file or run.execute_command is False:
            continue
        if run.conditions:
            return run.conditions[0]
        raw = (view.stack.data.get("Resources") or {}).get(run.place.path[1])
        for properties in Value(resolver, raw, run.place.path[:2]).children("Properties"):
            if found := resolver.open_condition(properties.raw.get(_FLAG)):
                return found
    return ""


def _calls(view: View, task: TaskDefinition, run: TaskRun) -> Iterator[NeededCall]:
    doubts = tuple(_doubts(view.stack, task))
    because = f"the agent of ECS Exec runs in the container with the task role ({EXEC_PAGE})"
    for action in CHANNEL_ACTIONS:
        yield NeededCall(action, _ANYTHING, because, doubts=doubts)
    for found in _configurations(view, run.cluster):
        yield from (needed._replace(doubts=(*doubts, *needed.doubts)) for needed in found)


def _doubts(stack: Stack, task: TaskDefinition) -> Iterator[Fact]:
    """The agent takes what credentials it finds in a container's environment before the role's.

    Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
    """
    hiding = {
        found.container.value.path
        for found in credentials.overrides(stack)
        if found.task.logical_id == task.logical_id
    }
    if task.containers and all(container.value.path in hiding for container in task.containers):
        yield Fact("fact", "whether the credentials in the containers' environment allow it")


# --- what a cluster adds --------------------------------------------------------------------------


def _configurations(view: View, cluster: Text | None) -> Iterator[tuple[NeededCall, ...]]:
    """What the cluster's configuration of ECS Exec asks for, where the cluster is in the run."""
    found = resource_named(view, "AWS::ECS::Cluster", "ClusterName", cluster)
    if found is None:
        return
    for configuration in found.properties.children("Configuration"):
        for value in configuration.children("ExecuteCommandConfiguration"):
            if value.guard != found.properties.guard or value.is_opaque:
                continue
            yield tuple(_decrypt(found.view, value))
            if value.literal("Logging") == "OVERRIDE":
                for logs in value.children("LogConfiguration"):
                    if logs.guard == value.guard and not logs.is_opaque:
                        yield tuple(_logs(found.view, logs))


def _decrypt(view: View, value: Value) -> Iterator[NeededCall]:
    given = text_of(value, "KmsKeyId")
    key = key_arn(view, given) if given is not None and given.parts else None
    if key is not None and key.parts:
        hole = key.only_hole
        yield NeededCall(
            "kms:Decrypt",
            key,
            f"ECS Exec encrypts the session with the cluster's key ({EXEC_PAGE})",
            doubts=() if hole is None else (Fact("value", hole.name),),
        )


_GOES_ON: Final = (Fact("fact", "whether a session goes on that cannot be logged"),)
"""AWS documents what logging needs, and not what becomes of the session without it."""


def _logs(view: View, value: Value) -> Iterator[NeededCall]:
    """What the agent calls to log a session, in the group and the bucket that a cluster names."""
    because = f"ECS Exec logs the session where the cluster says ({EXEC_PAGE})"
    names = _pseudo(view)
    group = text_of(value, "CloudWatchLogGroupName")
    if group is not None and group.parts:
        logs = Text.of("arn:", names["Partition"], ":logs:", names["Region"], ":")
        logs = Text.of(logs, names["AccountId"], ":log-group:")
        streams = Text.of(logs, group, ":log-stream:", SESSION)
        yield NeededCall(
            "logs:DescribeLogGroups", Text.of(logs, ANY_GROUP), because, doubts=_GOES_ON
        )
        for action in ("CreateLogStream", "DescribeLogStreams", "PutLogEvents"):
            yield NeededCall(f"logs:{action}", streams, because, doubts=_GOES_ON)
    bucket = text_of(value, "S3BucketName")
    if bucket is not None and bucket.parts:
        name = Text.of("arn:", names["Partition"], ":s3:::", bucket)
        prefix = text_of(value, "S3KeyPrefix") or Text(())
        yield NeededCall("s3:PutObject", Text.of(name, "/", prefix, LOG), because, doubts=_GOES_ON)
        if flag_of(value, "S3EncryptionEnabled"):
            yield NeededCall("s3:GetEncryptionConfiguration", name, because, doubts=_GOES_ON)


def _pseudo(view: View) -> Mapping[str, Text]:
    resolver = view.resolver
    return {name: resolver.pseudo(f"AWS::{name}") for name in ("Partition", "Region", "AccountId")}
