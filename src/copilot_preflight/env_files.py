"""The environment files that containers ask for, and the role that must read each.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.finding import DataPath
from copilot_preflight.iam import arn
from copilot_preflight.model.roles import Role, role_named
from copilot_preflight.model.storage import Bucket, Encryption, bucket_named
from copilot_preflight.model.tasks import (
    Container,
    EnvironmentFile,
    TaskDefinition,
    task_definitions,
)
from copilot_preflight.scenarios import Scenario
from copilot_preflight.stack import Stack
from copilot_preflight.text import Text

ENV_FILE_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html"
)

COPILOT_KEY_PARAMETER: Final = "ArtifactKeyARN"
_COPILOT_ENV_FILE: Final = re.compile(r"(Logging)?EnvFileARN|EnvFileARNFor\w+|\w+EnvFileARN")


class EnvFileRead(NamedTuple):
    """A container's environment file in one scenario, and the role that must read it.

    ``role`` is None where ``task.execution_role`` is, or where the role is not in the run.
    """

    stack: Stack
    scenario: Scenario
    task: TaskDefinition
    container: Container
    file: EnvironmentFile
    role: Role | None

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
        partition = self.stack.resolver(self.scenario).pseudo("AWS::Partition")
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
        return (
            bucket_named(self.stack.run, self.stack, self.scenario, name.bucket) if name else None
        )

    @property
    def is_copilot(self) -> bool:
        """Whether the ARN comes from a parameter that Copilot fills with an upload of its own."""
        return bool(_COPILOT_ENV_FILE.fullmatch(self.file.parameter))

    @property
    def encryption(self) -> Encryption | None:
        """How the object is encrypted, None where nothing in the run tells.

        A template with Copilot's parameter ArtifactKeyARN comes from v1.32.1 or later, whose
        artifact bucket encrypts with that key and has bucket keys on; packaging uploads anew.
        """
        bucket = self.bucket
        if bucket is not None:
            return bucket.encryption
        if not self.is_copilot or not self.stack.declares(COPILOT_KEY_PARAMETER):
            return None
        key = self.stack.resolver(self.scenario).parameter(COPILOT_KEY_PARAMETER)
        given = self.stack.given(COPILOT_KEY_PARAMETER)
        place = self.file.value.place if given is None or given.place is None else given.place
        return Encryption(place, key, bucket_key=True) if key.parts else None


def env_file_reads(stack: Stack) -> Iterator[EnvFileRead]:
    """Every environment file of every container, in every scenario that has it."""
    for task in task_definitions(stack):
        for container in task.containers:
            for file in container.files:
                for scenario in stack.where(file.value.guard):
                    yield from reads_at(stack, scenario, file.value.path)


def reads_at(stack: Stack, scenario: Scenario, path: DataPath) -> Iterator[EnvFileRead]:
    """The environment file at a path, in a scenario, or in the finer ones that decide it."""
    for task in task_definitions(stack, scenario):
        for container in task.containers:
            for file in container.files:
                if file.value.path != path:
                    continue
                role = task.execution_role
                found = (
                    role_named(stack.run, stack, scenario, role.text())
                    if role is not None
                    else None
                )
                read = EnvFileRead(stack, scenario, task, container, file, found)
                if (condition := _open_condition(read)) is None:
                    yield read
                    continue
                for leaf in stack.settle(scenario, condition):
                    if leaf != scenario:  # else the condition stays open
                        yield from reads_at(stack, leaf, path)
                return


def _open_condition(read: EnvFileRead) -> str | None:
    """A condition on which it depends which file is read, by whom, or how it is encrypted."""
    role = read.task.execution_role
    if role is not None and role.guard:
        return role.guard[0][0]
    texts = (read.file.arn,) if role is None else (read.file.arn, role.text())
    names = [hole.condition for text in texts for hole in text.holes]
    if read.bucket is not None and read.bucket.place.file == read.stack.file:
        names.append(read.bucket.undecided)
    resolver = read.stack.resolver(read.scenario)
    return next((name for name in names if name and resolver.decide(name) is None), None)


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
    deployed = read.stack.resolver(read.scenario).pseudo("AWS::Partition").literal
    if partition is None or deployed == partition:
        return None
    if deployed is not None:
        return f"is in partition '{partition}', but the stack is deployed in '{deployed}'"
    given = read.stack.given(COPILOT_KEY_PARAMETER)
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
