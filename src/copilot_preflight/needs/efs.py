"""The EFS file systems that tasks mount, under their task role or without credentials.

A file system without a policy lets in everybody who reaches it over the network, with IAM or
without: only where it has one can a mount be denied.

Sources: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
and https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Fact, missing_values
from copilot_preflight.model.file_systems import (
    FileSystem,
    access_point_arn,
    arn_behind,
    file_system,
)
from copilot_preflight.model.roles import nobody
from copilot_preflight.model.services import is_fargate
from copilot_preflight.model.tasks import TaskDefinition
from copilot_preflight.needs.need import Need, NeededCall, Site, SitesOfTasks
from copilot_preflight.resolve.value import Value, flag_of, text_of
from copilot_preflight.resolve.view import View

EFS_MOUNT: Final = "efs-mount"
"""The kind of this source's needs."""

CLIENT_MOUNT: Final = "elasticfilesystem:ClientMount"
CLIENT_WRITE: Final = "elasticfilesystem:ClientWrite"

EFS_PAGE: Final = "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html"
_IAM_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html"
)


ENABLED: Final = "ENABLED"


class Mount(NamedTuple):
    """A volume in EFS: the ``detail`` of a need. ``file_system`` is the run's, if it is there.

    ``configuration`` is the volume's; ``is_encrypted`` says whether it is mounted over TLS, None
    where the files do not tell.
    """

    file_system: FileSystem | None
    configuration: Value
    is_encrypted: bool | None = True


class _Volume(NamedTuple):
    """A volume with its EFS configuration, and what says with whose permissions it is mounted.

    ``value`` is the node of ``IAM`` or, where there is none, the configuration. ``uses_iam`` is
    None where the value is not known; ``undecided`` is an open condition that decides whether there
    is one.
    """

    value: Value
    volume: Value
    configuration: Value
    uses_iam: bool | None
    undecided: str = ""


@SitesOfTasks
def efs_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """Every volume in EFS; ``detail`` of the need is its `Mount`.

    One with IAM turned on is mounted with the task role, any other by a client without credentials,
    as IAM is turned off where nothing is said of it.
    """
    for task in tasks:
        for volume in _volumes(task):
            yield Site(EFS_MOUNT, volume.value, partial(_needs, view, task, volume))


def _needs(view: View, task: TaskDefinition, asking: _Volume) -> Iterator[Need]:
    given = text_of(asking.configuration, "FilesystemId")
    if given is None:
        return
    asked = arn_behind(view, "file-system", given)
    mounted = file_system(view, given) or file_system(view, asked)
    asked = mounted.arn if mounted is not None else asked
    name = text_of(asking.volume, "Name")
    calls = tuple(_calls(view, task, asking, asked, mounted))
    if not calls and (task.task_role is not None or not asking.uses_iam):
        return  # it lets everybody in
    own = mounted is not None and mounted.place.file == view.file
    is_anonymous = not asking.uses_iam
    yield Need(
        kind=EFS_MOUNT,
        view=view,
        value=asking.value,
        subject=f"EFS volume '{name or '?'}'",
        user="" if is_anonymous else "task",
        role_value=None if is_anonymous else task.task_role,
        calls=calls,
        task=task,
        role=nobody(asking.value.place) if is_anonymous else None,
        # On an instance the agent may find other credentials: the instance's.
        needs_role=not is_anonymous and is_fargate(view, task) is True,
        undecided=asking.undecided or (mounted.undecided if mounted is not None and own else ""),
        detail=Mount(mounted, asking.configuration, _is_encrypted(asking.configuration)),
        is_anonymous=is_anonymous,
    )


def _volumes(task: TaskDefinition) -> Iterator[_Volume]:
    for properties in task.value.children("Properties"):
        for volume in properties.each("Volumes"):
            if not isinstance(volume.raw, dict) or volume.is_opaque:
                continue
            for configuration in volume.children("EFSVolumeConfiguration"):
                if not configuration.is_opaque and isinstance(configuration.raw, dict):
                    yield from _mounted(volume, configuration)


def _mounted(volume: Value, configuration: Value) -> Iterator[_Volume]:
    """The ways in which one configuration may be mounted: with IAM, without, and by a value.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html
    """
    authorizations = list(configuration.children("AuthorizationConfig"))
    if any(it.is_opaque or not isinstance(it.raw, dict) for it in authorizations):
        return
    values = [value for it in authorizations for value in it.children("IAM")]
    for value in values:
        known = value.text().literal
        uses_iam = None if known is None else known == ENABLED
        yield _Volume(value, volume, configuration, uses_iam)
    if all(value.guard != configuration.guard for value in values):
        # There is none, unless some condition that is open puts one there.
        guards = [*values, *authorizations]
        open_ones = [name for it in guards for name in it.conditions]
        undecided = next((it for it in open_ones if it not in configuration.conditions), "")
        yield _Volume(configuration, volume, configuration, uses_iam=False, undecided=undecided)


def _calls(
    view: View,
    task: TaskDefinition,
    asking: _Volume,
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
    elif asking.uses_iam is None:
        doubts = missing_values(asking.value.text())
    context = _context(view, asking)
    who = "with the task role" if asking.uses_iam else "without credentials, as IAM is not ENABLED"
    because = f"ECS mounts the file system {who} ({EFS_PAGE if asking.uses_iam else _IAM_PAGE})"
    yield NeededCall(CLIENT_MOUNT, asked, because, context, doubts=doubts)
    if _is_written(task, text_of(asking.volume, "Name")):
        # What is mounted without it can be read.
        yield NeededCall(CLIENT_WRITE, asked, because, context, is_optional=True, doubts=doubts)


def _context(view: View, asking: _Volume) -> Mapping[str, tuple[Text, ...]]:
    found = mount_context(view, list(_access_points(asking.configuration)))
    is_encrypted = _is_encrypted(asking.configuration)
    if not asking.uses_iam and is_encrypted is not None:
        found["aws:securetransport"] = (Text.of("true" if is_encrypted else "false"),)
    return found


def mount_context(view: View, points: Sequence[Value]) -> dict[str, tuple[Text, ...]]:
    """The condition keys of EFS, which ECS always calls through a mount target.

    ``points`` name the access point, of which there may be one. EFS has no others for clients, and
    does not say what becomes of them.
    """
    found: dict[str, tuple[Text, ...]] = {
        "elasticfilesystem:accessedviamounttarget": (Text.of("true"),)
    }
    if not points:
        found["elasticfilesystem:accesspointarn"] = ()
    elif len(points) == 1:
        given = points[0].text()
        point = access_point_arn(view, given) or arn_behind(view, "access-point", given)
        found["elasticfilesystem:accesspointarn"] = (point,)
    return found


def _access_points(configuration: Value) -> Iterator[Value]:
    for authorization in configuration.children("AuthorizationConfig"):
        yield from authorization.children("AccessPointId")


def _is_encrypted(configuration: Value) -> bool | None:
    """Whether a volume is mounted over TLS, which is turned off where nothing is said of it.

    ECS refuses a definition with IAM or an access point and without it.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html
    """
    if any(_access_points(configuration)):
        return True
    asked = list(configuration.children("TransitEncryption"))
    if any(value.guard != configuration.guard for value in asked):
        return None
    known = [value.text().literal for value in asked]
    return None if None in known else known == [ENABLED]


def _is_written(task: TaskDefinition, volume: Text | None) -> bool:
    """Whether some container mounts a volume not just for reading."""
    return any(
        text_of(point, "SourceVolume") == volume and flag_of(point, "ReadOnly") is False
        for container in task.containers
        for point in container.value.each("MountPoints")
        if isinstance(point.raw, dict) and not point.is_opaque
    )
