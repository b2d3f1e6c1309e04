"""The environment files that containers ask for, and what the execution role must be allowed.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.model.buckets import Bucket, Encryption, bucket_named, encryption_of
from copilot_preflight.model.tasks import (
    Container,
    EnvironmentFile,
    TaskDefinition,
)
from copilot_preflight.needs.need import Need, NeededCall, Site, SitesOfTasks
from copilot_preflight.needs.s3_objects import read_calls
from copilot_preflight.resolve.view import View

ENV_FILE: Final = "env-file"
"""The kind of the needs of this source."""

ENV_FILE_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html"
)

GET_OBJECT: Final = "s3:GetObject"
GET_BUCKET_LOCATION: Final = "s3:GetBucketLocation"
DECRYPT: Final = "kms:Decrypt"

COPILOT_KEY_PARAMETER: Final = "ArtifactKeyARN"
_COPILOT_ENV_FILE: Final = lazy_pattern(r"(Logging)?EnvFileARN|EnvFileARNFor\w+|\w+EnvFileARN")


class EnvFileRead(NamedTuple):
    """A container's environment file in one scenario."""

    view: View
    task: TaskDefinition
    container: Container
    file: EnvironmentFile

    @property
    def problem(self) -> str | None:
        """What makes the value no ARN of an S3 object, as far as it is known; else None."""
        return _problem(self)

    @property
    def asked(self) -> Text:
        """The ARN that ECS asks for. A value of which nothing is known is some S3 object's."""
        hole = self.file.arn.only_hole
        if hole is None:
            return self.file.arn
        partition = self.view.resolver.pseudo("AWS::Partition")
        return arn.unknown_object(partition, hole.name, hole.scope)

    @property
    def name(self) -> arn.S3Name | None:
        """Bucket and key, where the ARN tells one from the other."""
        found = arn.parse_s3(self.asked)
        return found if found is not None and found.key is not None else None

    @property
    def bucket(self) -> Bucket | None:
        """The bucket, where it is in the run."""
        name = self.name
        return bucket_named(self.view, name.bucket) if name else None

    @property
    def is_copilot(self) -> bool:
        """Whether the ARN comes from a parameter that Copilot fills with an upload of its own."""
        return bool(_COPILOT_ENV_FILE.fullmatch(self.file.parameter))

    @property
    def encryption(self) -> Encryption | None:
        """How the object is encrypted, None where nothing in the run, nor the user, tells.

        A template with Copilot's parameter ArtifactKeyARN comes from v1.32.1 or later, whose
        artifact bucket encrypts with that key and has bucket keys on; packaging uploads anew.
        """
        name, bucket = self.name, self.bucket
        if bucket is not None:
            return bucket.encryption
        if (
            name is not None
            and name.key is not None
            and (found := self._stored(name.bucket, name.key))
        ):
            return found
        told = encryption_of(self.view, name.bucket) if name else None
        if told is not None:
            return told
        if not self.is_copilot or not self.view.stack.declares(COPILOT_KEY_PARAMETER):
            return None
        key = self.view.resolver.parameter(COPILOT_KEY_PARAMETER)
        given = self.view.stack.given(COPILOT_KEY_PARAMETER)
        place = self.file.value.place if given is None or given.place is None else given.place
        return Encryption(place, key, bucket_key=True) if key.parts else None

    def _stored(self, bucket: Text, key: Text) -> Encryption | None:
        """How the object that is there now is encrypted, as the account has answered."""
        if self.view.run.outside.account is None:
            return None
        from copilot_preflight.model.account_storage import object_encryption_in_account

        return object_encryption_in_account(self.view, bucket, key)


@SitesOfTasks
def env_file_sites(view: View, tasks: Iterable[TaskDefinition]) -> Iterator[Site]:
    """Every environment file of every container; ``detail`` of the need is its `EnvFileRead`."""
    for task in tasks:
        for container in task.containers:
            for file in container.files:
                read = EnvFileRead(view, task, container, file)
                yield Site(ENV_FILE, file.value, partial(_needs, read))


def _needs(read: EnvFileRead) -> Iterator[Need]:
    yield Need(
        kind=ENV_FILE,
        view=read.view,
        value=read.file.value,
        subject=f"environment file of {read.container}",
        user="execution",
        role_value=read.task.execution_role,
        calls=tuple(_calls(read)),
        task=read.task,
        undecided=_undecided(read),
        is_copilots=read.is_copilot,
        detail=read,
    )


def _undecided(read: EnvFileRead) -> str:
    """An open condition that decides which file is asked for, or how it is encrypted."""
    resolver = read.view.resolver
    names = [hole.condition for hole in read.file.arn.holes]
    if read.bucket is not None and read.bucket.place.file == read.view.file:
        names.append(read.bucket.undecided)
    return next((name for name in names if name and resolver.decide(name) is None), "")


def _calls(read: EnvFileRead) -> Iterator[NeededCall]:
    """What the execution role calls to read the file; nothing for an invalid value."""
    if read.problem is not None:
        return
    who = f"ECS downloads the environment file of {read.container} with the execution role"
    yield from read_calls(
        read.view.stack,
        read.asked,
        read.encryption,
        because=f"{who} ({ENV_FILE_PAGE})",
        documented=f"ECS documents that the execution role needs it ({ENV_FILE_PAGE})",
        is_own_key=read.is_copilot,  # Copilot's applications have a key of their own
    )


# --- values that are no ARN of an S3 object ----------------------------------------------------


def _problem(read: EnvFileRead) -> str | None:
    if read.file.kind is None or read.file.kind == "s3":
        return _arn_problem(read, read.file.arn)
    if read.file.kind == "":
        return "is a bare string: it must be a map with Type and Value"
    return f"has Type '{read.file.kind}': ECS knows only 's3'"


def _arn_problem(read: EnvFileRead, value: Text) -> str | None:
    """What is wrong with a value, as far as it is known; None for nothing that can be proved."""
    first = value.parts[0] if value.parts else ""
    if not isinstance(first, str):
        return None
    if first.startswith(("s3://", "http://", "https://")):
        return "is a URL: ECS takes an ARN"
    if value.literal == "":
        return "is empty"
    if any("${" in part for part in value.parts if isinstance(part, str)):
        return "holds a '${…}' that nothing fills in: it lacks !Sub"
    if not _may_start_arn(first):
        return "is not an ARN"
    pieces, complete = value.split(":", 5)
    if not complete:
        return None
    if len(pieces) < 6:
        return "is not an ARN: it has too few parts"
    partition, service = pieces[1].literal, pieces[2].literal
    if partition is not None and partition not in arn.PARTITIONS:
        return f"has an unknown partition '{partition}'" if partition else "has an empty partition"
    if service is not None and service != "s3":
        return f"is an ARN of '{service}', not of S3"
    if (pieces[3].literal or "") + (pieces[4].literal or ""):
        return "has a region or an account, which ARNs of S3 objects do not"
    return _other_partition(read, partition) or _key_problem(value)


def _may_start_arn(first: str) -> bool:
    return first.startswith("arn:") or "arn:".startswith(first)


def _other_partition(read: EnvFileRead, partition: str | None) -> str | None:
    deployed = read.view.resolver.pseudo("AWS::Partition").literal
    if partition is None or deployed == partition:
        return None
    if deployed is not None:
        return f"is in partition '{partition}', but the stack is deployed in '{deployed}'"
    given = read.view.stack.given(COPILOT_KEY_PARAMETER)
    key = arn.parse(Text.of(given.value)) if given else None
    if read.is_copilot and key is not None and key.partition.literal != partition:
        return (
            f"is in partition '{partition}', but the key that encrypts it, "
            f"{COPILOT_KEY_PARAMETER}, is in '{key.partition}'"
        )
    return None


def _key_problem(value: Text) -> str | None:
    found = arn.parse_s3(value)
    if found is None:
        return None
    if found.bucket.literal == "":
        return "names no bucket"
    if found.key is None or found.key.literal == "":
        return "names a bucket, not an object in it"
    if found.bucket.has_wildcard() or found.key.has_wildcard():
        return "holds a wildcard: ECS downloads exactly one object"
    last = found.key.parts[-1]
    known = isinstance(last, str) and (len(last) >= len(".env") or found.key.literal is not None)
    return "does not end in '.env'" if known and not str(last).endswith(".env") else None
