"""The EFS file systems that tasks mount under their task role.

A file system without a policy lets in everybody who reaches it over the network, with IAM or
without: only where it has one can a mount be denied.

Sources: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
and https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.file_systems import FileSystem, access_point_arn, file_system
from copilot_preflight.model.services import flag_of, is_fargate
from copilot_preflight.model.tasks import TaskDefinition
from copilot_preflight.needs.need import Need, NeededCall, Site, SitesOfTasks
from copilot_preflight.resolve.value import Value, text_of
from copilot_preflight.resolve.view import View

EFS_MOUNT: Final = "efs-mount"
"""The kind of this source's needs."""

CLIENT_MOUNT: Final = "elasticfilesystem:ClientMount"
CLIENT_WRITE: Final = "elasticfilesystem:ClientWrite"

EFS_PAGE: Final = "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html"


class Mount(NamedTuple):
    """A volume in EFS: the ``detail`` of a need. ``file_system`` is the run's, if it is there."""

    file_system: FileSystem | None


@SitesOfTasks
def efs_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """Every volume that is mounted with IAM turned on; ``detail`` of the need is its `Mount`."""
    for task in tasks:
        for volume, configuration, value in _volumes(task):
            yield Site(EFS_MOUNT, value, partial(_needs, view, task, volume, configuration, value))


def _needs(
    view: View, task: TaskDefinition, volume: Value, configuration: Value, value: Value
) -> Iterator[Need]:
    given = text_of(configuration, "FilesystemId")
    if given is None:
        return
    asked = _arn(view, "file-system", given)
    mounted = file_system(view, given) or file_system(view, asked)
    asked = mounted.arn if mounted is not None else asked
    name = text_of(volume, "Name")
    calls = tuple(_calls(view, task, volume, asked, mounted))
    if not calls and task.task_role is not None:
        return  # it lets everybody in
    own = mounted is not None and mounted.place.file == view.file
    yield Need(
        kind=EFS_MOUNT,
        view=view,
        value=value,
        subject=f"EFS volume '{name or '?'}'",
        user="task",
        role_value=task.task_role,
        calls=calls,
        task=task,
        # On an instance the agent may find other credentials: the instance's.
        needs_role=is_fargate(view, task) is True,
        undecided=mounted.undecided if mounted is not None and own else "",
        detail=Mount(mounted),
    )


def _volumes(task: TaskDefinition) -> Iterator[tuple[Value, Value, Value]]:
    """Volumes, their EFS configurations, and the nodes that turn IAM on."""
    for properties in task.value.children("Properties"):
        for volume in properties.each("Volumes"):
            if not isinstance(volume.raw, dict) or volume.is_opaque:
                continue
            for configuration in volume.children("EFSVolumeConfiguration"):
                for authorization in configuration.children("AuthorizationConfig"):
                    for value in authorization.children("IAM"):
                        if value.text().literal == "ENABLED" and not configuration.is_opaque:
                            yield volume, configuration, value


def _calls(
    view: View,
    task: TaskDefinition,
    volume: Value,
    asked: Text,
    found: FileSystem | None,
) -> Iterator[NeededCall]:
    if found is not None and found.policy is None:
        return
    doubts: tuple[Fact, ...] = ()
    if found is None:
        doubts = (Fact("resource-policy", f"file system '{asked}'"),)
    elif found.undecided:
        doubts = (Fact("condition", found.undecided),)
    context = _context(view, volume)
    because = f"ECS mounts the file system with the task role ({EFS_PAGE})"
    yield NeededCall(CLIENT_MOUNT, asked, because, context, doubts=doubts)
    if _is_written(task, text_of(volume, "Name")):
        # What is mounted without it can be read.
        yield NeededCall(CLIENT_WRITE, asked, because, context, is_optional=True, doubts=doubts)


def _context(view: View, volume: Value) -> Mapping[str, tuple[Text, ...]]:
    """The condition keys of EFS, which ECS always calls through a mount target."""
    found: dict[str, tuple[Text, ...]] = {
        "elasticfilesystem:accessedviamounttarget": (Text.of("true"),)
    }
    points = [
        point
        for configuration in volume.children("EFSVolumeConfiguration")
        for authorization in configuration.children("AuthorizationConfig")
        for point in authorization.children("AccessPointId")
    ]
    if not points:
        found["elasticfilesystem:accesspointarn"] = ()
    elif len(points) == 1:
        given = points[0].text()
        known = access_point_arn(view, given)
        point = known or _arn(view, "access-point", given)
        found["elasticfilesystem:accesspointarn"] = (point,)
    return found


def _arn(view: View, kind: str, name: Text) -> Text:
    """The ARN behind an id, which may be an ARN itself."""
    if str(name).startswith("arn:"):
        return name
    resolver = view.resolver
    region, account = resolver.pseudo("AWS::Region"), resolver.pseudo("AWS::AccountId")
    head = Text.of("arn:", resolver.pseudo("AWS::Partition"), ":elasticfilesystem:", region, ":")
    return Text.of(head, account, f":{kind}/", name)


def _is_written(task: TaskDefinition, volume: Text | None) -> bool:
    """Whether some container mounts a volume not just for reading."""
    return any(
        text_of(point, "SourceVolume") == volume and flag_of(point, "ReadOnly") is False
        for container in task.containers
        for point in container.value.each("MountPoints")
        if isinstance(point.raw, dict) and not point.is_opaque
    )
