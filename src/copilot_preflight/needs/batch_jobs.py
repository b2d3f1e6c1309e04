"""What starting the jobs of AWS Batch takes: images, logs, secrets and EFS volumes.

Batch starts jobs as tasks of ECS. On Fargate all calls are made with the execution role, which a
definition must name there, and files are mounted with the job role. On instances secrets are read
with the execution role too; who pulls images and sends logs there depends on the agent's settings
and on the compute environment of a queue, and is not asked.

Sources: https://docs.aws.amazon.com/batch/latest/userguide/execution-IAM-role.html,
https://docs.aws.amazon.com/batch/latest/userguide/fargate.html,
https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html,
https://docs.aws.amazon.com/batch/latest/userguide/specifying-sensitive-data.html
and https://docs.aws.amazon.com/batch/latest/userguide/efs-volumes.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.file_systems import FileSystem, arn_behind, file_system
from copilot_preflight.needs.container_secrets import (
    REGISTRY,
    SECRET,
    Reader,
    secret_site,
)
from copilot_preflight.needs.efs import CLIENT_MOUNT, EFS_MOUNT, Mount, mount_context
from copilot_preflight.needs.images import IMAGE, Puller, image_needs
from copilot_preflight.needs.logs import (
    LOGS,
    LogGroup,
    group_named,
    group_of,
    log_group_named,
    option_of,
    sending_calls,
    stream_hole,
)
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.needs.references import credentials_at
from copilot_preflight.resolve.value import Value, each_map, maps_of, text_of
from copilot_preflight.resolve.view import View

JOB: Final = "AWS::Batch::JobDefinition"

_GUIDE: Final = "https://docs.aws.amazon.com/batch/latest/userguide"
_ROLE_PAGE: Final = f"{_GUIDE}/execution-IAM-role.html"
_LOG_PAGE: Final = f"{_GUIDE}/using_awslogs.html"
_SECRET_PAGE: Final = f"{_GUIDE}/specifying-sensitive-data.html"
_EFS_PAGE: Final = f"{_GUIDE}/efs-volumes.html"

_OWN_GROUP: Final = "/aws/batch/job"
"""Where the logs go of which a definition says nothing."""


class Job(NamedTuple):
    """One task of a job definition; ``fargate`` is None where the files do not say.

    ``holder`` has the volumes, ``containers`` are the maps that name images, logs and secrets.
    """

    logical_id: str
    fargate: bool | None
    execution_role: Value | None
    job_role: Value | None
    holder: Value
    containers: tuple[Value, ...]

    def __str__(self) -> str:
        return f"job definition '{self.logical_id}'"


def batch_job_sites(view: View) -> Iterator[Site]:
    """Whatever the containers of every job definition ask for, but for those that run on EKS.

    ``detail`` of the needs is what those of ECS's tasks have.
    """
    for job in _jobs(view):
        for container in job.containers:
            if job.fargate:
                yield from _images(view, job, container)
                yield from _logs(view, job, container)
            yield from _secrets(view, job, container)
        yield from _volumes(view, job)


def runs_on_fargate(properties: Value) -> bool | None:
    """Whether a definition's jobs run on Fargate; they run on EC2 where it does not say.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-batch-jobdefinition.html
    """
    named = list(properties.each("PlatformCapabilities"))
    known = {value.text().literal for value in named}
    if any(value.is_open or value.guard != properties.guard for value in named) or None in known:
        return None
    return known == {"FARGATE"}


def _jobs(view: View) -> Iterator[Job]:
    for logical_id, resource in view.resources(JOB):
        for properties in resource.children("Properties"):
            fargate = runs_on_fargate(properties)
            for value in maps_of(properties, "ContainerProperties"):
                yield _job(logical_id, fargate, value, "JobRoleArn", (value,))
            for ecs in maps_of(properties, "EcsProperties"):
                yield from _tasks(logical_id, fargate, ecs)
            for nodes in maps_of(properties, "NodeProperties"):
                for group in each_map(nodes, "NodeRangeProperties"):
                    for value in maps_of(group, "Container"):
                        yield _job(logical_id, False, value, "JobRoleArn", (value,))
                    for ecs in maps_of(group, "EcsProperties"):
                        yield from _tasks(logical_id, False, ecs)


def _tasks(logical_id: str, fargate: bool | None, ecs: Value) -> Iterator[Job]:
    for task in each_map(ecs, "TaskProperties"):
        yield _job(logical_id, fargate, task, "TaskRoleArn", tuple(each_map(task, "Containers")))


def _job(
    logical_id: str,
    fargate: bool | None,
    holder: Value,
    job_role: str,
    containers: tuple[Value, ...],
) -> Job:
    execution, own = _role(holder, "ExecutionRoleArn"), _role(holder, job_role)
    return Job(logical_id, fargate, execution, own, holder, containers)


def _role(holder: Value, key: str) -> Value | None:
    found = list(holder.children(key))
    return None if not found or found[0].text().literal == "" else found[0]


def _name(job: Job, container: Value) -> str:
    """``job definition 'X'``, with its container where it has names for them."""
    name = container.literal("Name")
    return f"container '{name}' of {job}" if name else str(job)


# --- images, logs, secrets ------------------------------------------------------------------------


def _images(view: View, job: Job, container: Value) -> Iterator[Site]:
    if any(container.children("RepositoryCredentials")):
        return
    who = f"Batch has the image pulled with the execution role ({_ROLE_PAGE})"
    puller = Puller("execution", job.execution_role, who, needs_role=True)
    subject = f"image of {_name(job, container)}"
    for image in container.children("Image"):
        yield Site(IMAGE, image, partial(image_needs, view, image, subject, puller))


def _secrets(view: View, job: Job, container: Value) -> Iterator[Site]:
    who, holder = "ECS reads it with the execution role of the job", _name(job, container)
    reader = Reader(SECRET, view, "execution", job.execution_role, None, who, _SECRET_PAGE)
    for item in each_map(container, "Secrets"):
        yield from secret_site(reader, item, "ValueFrom", "secret", holder)
    for configuration in maps_of(container, "LogConfiguration"):
        for item in each_map(configuration, "SecretOptions"):
            yield from secret_site(reader, item, "ValueFrom", "log option", holder)
    login = reader._replace(kind=REGISTRY, who="ECS logs in with the execution role of the job")
    for credentials in maps_of(container, "RepositoryCredentials"):
        for value in credentials.children("CredentialsParameter"):
            yield login.site(value, f"registry login of {holder}", credentials_at)


def _logs(view: View, job: Job, container: Value) -> Iterator[Site]:
    """The logs of a container: where nothing is said, Batch sends those of a job's only one."""
    configurations = list(container.children("LogConfiguration"))
    if not configurations and container == job.holder:
        yield Site(LOGS, container, partial(_log_needs, view, job, container, None))
    for value in configurations:
        if not value.is_opaque:
            yield Site(LOGS, value, partial(_log_needs, view, job, container, value))


def _log_needs(
    view: View, job: Job, container: Value, configuration: Value | None
) -> Iterator[Need]:
    group: Text | None = Text.of(_OWN_GROUP)
    region, may_be_made = view.pseudo("AWS::Region"), False
    if configuration is not None:
        if configuration.literal("LogDriver") != "awslogs":
            return
        if (given := option_of(configuration, "group")) is not None and given.parts:
            group = group_of(configuration)
        region = option_of(configuration, "region") or region
        asked = option_of(configuration, "create-group")
        may_be_made = asked is not None and (asked.literal or "").lower() == "true"
    if group is None or (group := group_named(group)) is None:
        return
    may_be_made = may_be_made and log_group_named(view, group) is None
    stream = Text.of(stream_hole("log stream", f"{view.file}:{container.path}"))
    who = f"ECS sends the logs with the execution role of the job ({_LOG_PAGE})"
    yield Need(
        kind=LOGS,
        view=view,
        value=container if configuration is None else configuration,
        subject=f"log delivery of {_name(job, container)}",
        user="execution",
        role_value=job.execution_role,
        calls=tuple(sending_calls(view, LogGroup(group, region, may_be_made), stream, who)),
        detail=group,
    )


# --- EFS ------------------------------------------------------------------------------------------


def _volumes(view: View, job: Job) -> Iterator[Site]:
    """The volumes in EFS that are mounted with the job role."""
    for volume in each_map(job.holder, "Volumes"):
        for configuration in maps_of(volume, "EfsVolumeConfiguration"):
            for authorization in maps_of(configuration, "AuthorizationConfig"):
                for value in authorization.children("Iam"):
                    if value.text().literal == "ENABLED":
                        mount = _Mount(volume, configuration, authorization, value)
                        yield Site(EFS_MOUNT, value, partial(_mount_needs, view, job, mount))


class _Mount(NamedTuple):
    volume: Value
    configuration: Value
    authorization: Value
    value: Value


def _mount_needs(view: View, job: Job, mount: _Mount) -> Iterator[Need]:
    """The need of a volume whose file system is known to have a policy, or not known at all.

    One without a policy lets everybody in: see `copilot_preflight.needs.efs`.
    """
    given = text_of(mount.configuration, "FileSystemId")
    if given is None or job.job_role is None:
        return
    asked = arn_behind(view, "file-system", given)
    found = file_system(view, given) or file_system(view, asked)
    if found is not None and found.policy is None:
        return
    name = text_of(mount.volume, "Name")
    own = found is not None and found.place.file == view.file
    yield Need(
        kind=EFS_MOUNT,
        view=view,
        value=mount.value,
        subject=f"EFS volume '{name or '?'}' of {job}",
        user="job",
        role_value=job.job_role,
        calls=(_mounting(view, mount, asked, found),),
        needs_role=False,
        undecided=found.undecided if found is not None and own else "",
        detail=Mount(found, mount.configuration),
    )


def _mounting(view: View, mount: _Mount, asked: Text, found: FileSystem | None) -> NeededCall:
    doubts: tuple[Fact, ...] = ()
    if found is None:
        doubts = (Fact("resource-policy", f"file system '{asked}'"),)
    elif found.undecided:
        doubts = (Fact("condition", found.undecided),)
    because = f"ECS mounts the file system with the job role ({_EFS_PAGE})"
    resource = found.arn if found is not None else asked
    context = mount_context(view, list(mount.authorization.children("AccessPointId")))
    return NeededCall(CLIENT_MOUNT, resource, because, context, doubts=doubts)
