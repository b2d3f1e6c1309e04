"""Whoever starts tasks with a role of its own: a rule, a schedule, a pipe or a state machine.

What each of them calls is ``ecs:RunTask``, with which it passes both of the task's roles on.
Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
and https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Fact, missing_values
from copilot_preflight.model.launchers import EXECUTION_ROLE, TASK_ROLE, Launch, launches
from copilot_preflight.model.roles import role_named
from copilot_preflight.model.services import FARGATE, is_fargate
from copilot_preflight.model.tasks import TaskDefinition, task_named
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.resolve.view import View

TASK_LAUNCH: Final = "task-launch"
"""The kind of this source's needs."""

RUN_TASK: Final = "ecs:RunTask"
TAG_RESOURCE: Final = "ecs:TagResource"
PASS_ROLE: Final = "iam:PassRole"
TASKS: Final = "ecs-tasks.amazonaws.com"

LATEST: Final = "latest revision"
"""The hole for a revision that ECS looks up when it runs the task."""

_ROLE_PAGE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html"
_STATES_PAGE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html"
_TAGS_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html"
)
_SYNC_PAGE: Final = (
    "https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html"
)

_FAMILY: Final = re.compile(r"[A-Za-z0-9_-]+(?::[0-9]+)?")
"""Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"""


class Launched(NamedTuple):
    """The ``detail`` of a need: what has the task run, and the task definition, if it is there.

    ``passed`` is the property whose role is passed on, ``""`` for the need of the launch itself.
    """

    launch: Launch
    task: TaskDefinition | None
    passed: str = ""


def launch_sites(view: View) -> Iterator[Site]:
    """Everything that has tasks run; needs of RunTask, and of each role that is passed with it."""
    for launch in launches(view):
        value, name = launch.value, launch.name
        yield Site(TASK_LAUNCH, value, partial(_runs, view, launch), name)
        for key in (EXECUTION_ROLE, TASK_ROLE):
            yield Site(TASK_LAUNCH, value, partial(_passes, view, launch, key), f"{name} {key}")


def _runs(view: View, launch: Launch) -> Iterator[Need]:
    found = task_named(view, launch.task)
    own = None if found is None else found[0].ref(found[1].logical_id, found[1].value)
    need = _need(view, launch, None if found is None else found[1])
    yield need._replace(name=launch.name, calls=tuple(_calls(view, launch, own)))


def _need(view: View, launch: Launch, task: TaskDefinition | None, key: str = "") -> Need:
    role = launch.role
    named = f"'{task.logical_id}'" if task is not None else f"'{launch.task}'"
    return Need(
        kind=TASK_LAUNCH,
        view=view,
        value=launch.value,
        subject=f"launch of task definition {named} by {launch}",
        user=launch.noun,
        role_value=role,
        calls=(),
        # What a macro writes may bring a role.
        needs_role=not view.stack.unwritten,
        detail=Launched(launch, task, key),
    )


# --- the run --------------------------------------------------------------------------------------


def _calls(view: View, launch: Launch, own: Text | None) -> Iterator[NeededCall]:
    """The calls of a launch; ``own`` is the ARN of its task definition in the files."""
    page = _STATES_PAGE if launch.noun == "state machine" else _ROLE_PAGE
    because = f"the {launch.noun} runs the task with its role ({page})"
    cluster = _cluster(view, launch)
    context: Mapping[str, tuple[Text, ...]] = {}
    evidence: Mapping[str, tuple[Text, ...]] = {}
    if cluster.arn is not None:
        key = {"ecs:cluster": (cluster.arn,)}
        context, evidence = (key, {}) if cluster.is_certain else ({}, key)
    asked = launched_arn(view, launch.task)
    run = NeededCall(RUN_TASK, asked or launch.task, because, context, evidence=evidence)
    if asked is None:
        yield _if_it_is_an_arn(run)
    elif own is not None and any(hole.name == LATEST for hole in asked.holes):
        latest = (Fact("fact", "which revision is the latest one"),)
        yield run._replace(doubts=latest, alternative=run._replace(resource=own))
    else:
        yield run
    if launch.may_be_tagged or launch.is_tagged:
        # "Only if tags are applied": of tags that ECS itself puts on, AWS does not say it.
        unsure = (Fact("fact", "whether ECS asks for it where it propagates tags"),)
        yield NeededCall(
            TAG_RESOURCE,
            _task_arn(view, cluster),
            f"a task gets its tags with the role that runs it ({_TAGS_PAGE})",
            {"ecs:createaction": (Text.of("RunTask"),)},
            doubts=() if launch.is_tagged else unsure,
        )
    if launch.waits:
        yield from _waiting(view, cluster, context, evidence)


def _waiting(
    view: View,
    cluster: _Cluster,
    context: Mapping[str, tuple[Text, ...]],
    evidence: Mapping[str, tuple[Text, ...]],
) -> Iterator[NeededCall]:
    """What it takes to wait for the end of a task, by ``.sync``.

    Without the rule the state machine is not even made. It is asked for the task as well, as events
    may get lost, and stops it where the execution is stopped: work goes on without these two.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
    """
    because = f"Step Functions waits for the end of the task ({_SYNC_PAGE})"
    rule = view.own_arn("events", "rule/StepFunctionsGetEventsForECSTaskRule")
    for action in ("PutTargets", "PutRule", "DescribeRule"):
        yield NeededCall(f"events:{action}", rule, because)
    task = _task_arn(view, cluster)
    for action in ("DescribeTasks", "StopTask"):
        yield NeededCall(
            f"ecs:{action}", task, because, context, is_optional=True, evidence=evidence
        )


def _if_it_is_an_arn(call: NeededCall) -> NeededCall:
    """A call on what may be a whole ARN or not, if nobody knows: certain if it is the same for all.

    ``resource`` is the text as it is written.
    """
    named = call.resource
    doubts = tuple(missing_values(named)) or (Fact("value", str(named)),)
    anything = Text.of(Hole(f"ARN of {named}", named.identity, nonempty=True))
    return call._replace(
        doubts=(*call.doubts, *doubts), alternative=call._replace(resource=anything)
    )


def launched_arn(view: View, named: Text) -> Text | None:
    """The ARN that RunTask asks for, by what names the task definition.

    It always has a revision, the latest one where none is named: ECS looks it up beforehand, so
    that an ARN without any matches no call. None for what may be an ARN or not.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    """
    first = named.parts[0] if named.parts else ""
    if isinstance(first, Hole):
        if ":" not in first.excludes:
            return None
        return _with_revision(view.own_arn("ecs", "task-definition/", named))
    if not first.startswith("arn:"):
        known = named.literal
        if known is not None and not _FAMILY.fullmatch(known):
            return None
        return _with_revision(view.own_arn("ecs", "task-definition/", named))
    return None if arn.parse(named) is None else _with_revision(named)


def _with_revision(named: Text) -> Text:
    """An ARN with the revision that it has, that it gets, or that it may have in a hole."""
    parsed = arn.parse(named)
    pieces, is_whole = ((), False) if parsed is None else parsed.resource.split(":", 1)
    if is_whole and len(pieces) > 1:
        return named
    if is_whole:
        return Text.of(named, ":", Hole(LATEST, named.identity, arn.NAME_EXCLUDES, nonempty=True))
    return Text.of(named, Hole(f"{LATEST} if none is named", named.identity, excludes="/*?"))


class _Cluster(NamedTuple):
    """A cluster as its tasks' ARNs name it, and its own ARN, None where it cannot be told."""

    name: Text
    arn: Text | None
    is_certain: bool = True


def _cluster(view: View, launch: Launch) -> _Cluster:
    """The cluster of a launch: ``default`` where none is named.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html (``cluster``)
    """
    given = Text.of("default") if launch.cluster is None else launch.cluster
    unknown = Text.of(Hole(f"name of {given}", given.identity, arn.NAME_EXCLUDES, nonempty=True))
    parsed = arn.parse(given)
    if parsed is not None:
        pieces, is_whole = parsed.resource.split("/", 1)
        is_named = is_whole and len(pieces) > 1
        return _Cluster(pieces[1] if is_named else unknown, given)
    is_name = all(":" in hole.excludes for hole in given.holes)
    if launch.is_cluster_arn and not is_name:
        return _Cluster(unknown, given)
    if str(given).startswith("arn:"):
        return _Cluster(unknown, None)
    return _Cluster(given, view.own_arn("ecs", "cluster/", given), is_certain=is_name)


def _task_arn(view: View, cluster: _Cluster) -> Text:
    """The ARN of a task in a cluster, whose id ECS makes up."""
    return view.own_arn("ecs", "task/", cluster.name, "/", Hole("task id", excludes=":*?"))


# --- the roles that are passed --------------------------------------------------------------------


def _passes(view: View, launch: Launch, key: str) -> Iterator[Need]:
    """The role of a task definition that is passed on, or the one that a launch puts there.

    What a launch overrides is known from its own text only: where that may hold roles, nothing is
    said of them.
    """
    found = task_named(view, launch.task)
    if launch.overrides is None:
        return
    overriding = launch.overrides.get(key)
    if overriding is None:
        if found is None:
            return
        there, task = found
        value = task.execution_role if key == EXECUTION_ROLE else task.task_role
        if value is None:
            return
        named = value.text()
        open_ones = value.conditions
    else:
        there, named, open_ones = view, overriding, ()
    is_here = there.file == view.file
    doubts = () if is_here else tuple(Fact("condition", name) for name in open_ones)
    if key == TASK_ROLE and not _is_on_fargate(launch, found):
        doubts = (*doubts, _ON_INSTANCES)
    what = "execution" if key == EXECUTION_ROLE else "task"
    role_arn = _role_arn(there, named)
    call = NeededCall(
        PASS_ROLE,
        role_arn or named,
        f"whoever runs a task passes its {what} role on ({_ROLE_PAGE})",
        {"iam:passedtoservice": (Text.of(TASKS),)},
        doubts=doubts,
    )
    need = _need(view, launch, None if found is None else found[1], key)
    yield need._replace(
        name=f"{launch.name} {key}",
        calls=(call if role_arn is not None else _if_it_is_an_arn(call),),
        undecided=next(iter(open_ones), "") if is_here else "",
    )


_ON_INSTANCES: Final = Fact("fact", "whether ECS asks for it outside of Fargate")
"""AWS documents it for every task role. The CDK grants it to rules that run tasks on Fargate alone,
and those that it makes for instances run.

Source: https://github.com/aws/aws-cdk, packages/aws-cdk-lib/aws-events-targets/lib/ecs-task.ts
"""


def _is_on_fargate(launch: Launch, found: tuple[View, TaskDefinition] | None) -> bool:
    if launch.launch_type:
        return launch.launch_type == FARGATE
    return found is not None and is_fargate(*found) is True


def _role_arn(view: View, named: Text) -> Text | None:
    """The ARN of a role, which a task definition may name by its name as well."""
    role = role_named(view, named)
    if role is not None:
        return role.arn
    return None if arn.parse(named) is None else named
