"""The configuration files that FireLens routers take from S3.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_FirelensConfiguration.html
and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-taskdef.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.model.buckets import bucket_named, encryption_of
from copilot_preflight.model.services import runs_of
from copilot_preflight.model.tasks import Container, TaskDefinition
from copilot_preflight.needs.need import Need, NeededCall, Site, SitesOfTasks
from copilot_preflight.needs.s3_objects import read_calls
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

FIRELENS: Final = "firelens-config"
"""The kind of this source's needs."""

FIRELENS_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_FirelensConfiguration.html"
)

_FROM_S3: Final = "s3"


class ConfigFile(NamedTuple):
    """A router's configuration file: the ``detail`` of a need.

    ``fargate`` is what runs the task on Fargate, which takes no file from S3; else None.
    ``problem`` is what makes the value no ARN of an object, as far as it is known.
    """

    value: Value
    fargate: Place | None = None
    problem: str = ""


@SitesOfTasks
def firelens_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """Every configuration file in S3; ``detail`` of the need is its `ConfigFile`."""
    for task in tasks:
        for container in task.containers:
            for value in _files_in_s3(container.value):
                yield Site(FIRELENS, value, partial(_needs, view, task, container, value))


def _needs(view: View, task: TaskDefinition, container: Container, value: Value) -> Iterator[Need]:
    file = ConfigFile(value, _on_fargate(view, task), _problem(value.text()))
    asked = _asked(view, value.text())
    is_readable = file.fargate is None and not file.problem
    yield Need(
        kind=FIRELENS,
        view=view,
        value=value,
        subject=f"FireLens configuration of {container}",
        user="execution",
        role_value=task.execution_role,
        calls=tuple(_calls(view, asked)) if is_readable else (),
        task=task,
        undecided=_undecided(view, asked),
        detail=file,
    )


def _files_in_s3(container: Value) -> Iterator[Value]:
    for configuration in container.children("FirelensConfiguration"):
        for options in configuration.children("Options"):
            if not options.is_opaque and options.literal("config-file-type") == _FROM_S3:
                yield from options.children("config-file-value")


def _on_fargate(view: View, task: TaskDefinition) -> Place | None:
    """What certainly runs the task on Fargate."""
    runs = runs_of(view, task)
    return next((run.place for run in runs if run.fargate and not run.conditions), None)


def _problem(value: Text) -> str:
    literal = value.literal
    if literal is None or literal.startswith("arn:"):
        return ""
    is_url = literal.startswith(("s3://", "http://", "https://"))
    return "is a URL: ECS takes an ARN" if is_url else "is not an ARN"


def _asked(view: View, value: Text) -> Text:
    """The ARN that ECS asks for. A value of which nothing is known is some object's."""
    hole = value.only_hole
    if hole is None:
        return value
    partition = view.resolver.pseudo("AWS::Partition")
    return arn.unknown_object(partition, hole.name, hole.scope)


def _calls(view: View, asked: Text) -> Iterator[NeededCall]:
    name = arn.parse_s3(asked)
    yield from read_calls(
        view.stack,
        asked,
        encryption_of(view, name.bucket) if name else None,
        because=f"ECS downloads it with the execution role ({FIRELENS_PAGE})",
        documented=f"ECS documents that the execution role needs it ({FIRELENS_PAGE})",
    )


def _undecided(view: View, asked: Text) -> str:
    """An open condition that decides how the file is encrypted."""
    name = arn.parse_s3(asked)
    bucket = bucket_named(view, name.bucket) if name else None
    return bucket.undecided if bucket is not None and bucket.place.file == view.file else ""
