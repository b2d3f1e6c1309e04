"""The AWS calls that ECS makes to start a task, each with the page that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from copilot_preflight.finding import DataPath
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Request
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
from copilot_preflight.text import Hole, Text

ENV_FILE_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html"
)
_SSE_KMS_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
)

GET_OBJECT: Final = "s3:GetObject"
GET_BUCKET_LOCATION: Final = "s3:GetBucketLocation"
DECRYPT: Final = "kms:Decrypt"

COPILOT_KEY_PARAMETER: Final = "ArtifactKeyARN"
_COPILOT_ENV_FILE: Final = re.compile(r"(Logging)?EnvFileARN|EnvFileARNFor\w+|\w+EnvFileARN")


@dataclass(frozen=True, slots=True)
class EnvFileRead:
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
    def name(self) -> arn.S3Name | None:
        """Bucket and key, where the value is an S3 object's ARN."""
        found = arn.parse_s3(self.file.arn)
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
        declared = self.stack.data.get("Parameters")
        if not self.is_copilot or COPILOT_KEY_PARAMETER not in (declared or {}):
            return None
        key = self.stack.resolver(self.scenario).parameter(COPILOT_KEY_PARAMETER)
        given = self.stack.given(COPILOT_KEY_PARAMETER)
        place = self.file.value.place if given is None or given.place is None else given.place
        return Encryption(place, key, bucket_key=True) if key.parts else None


@dataclass(frozen=True, slots=True)
class Call:
    """An AWS call that a role will make while a task starts."""

    read: EnvFileRead
    role: Role
    request: Request
    because: str

    @property
    def action(self) -> str:
        return self.request.action


def env_file_reads(stack: Stack) -> Iterator[EnvFileRead]:
    """Every environment file of every container, in every scenario that has it."""
    for task in task_definitions(stack):
        for container in task.containers:
            for file in container.files:
                for scenario in stack.where(file.value.guard):
                    yield from reads_at(stack, scenario, file.value.path)


def reads_at(stack: Stack, scenario: Scenario, path: DataPath) -> Iterator[EnvFileRead]:
    """The environment file at a path, in a scenario and as many finer ones as its role needs."""
    for task in task_definitions(stack, scenario):
        for container in task.containers:
            for file in container.files:
                if file.value.path != path:
                    continue
                role = task.execution_role
                if role is not None and role.guard:
                    for leaf in stack.settle(scenario, role.guard[0][0]):
                        yield from reads_at(stack, leaf, path)
                    return
                found = (
                    role_named(stack.run, stack, scenario, role.text())
                    if role is not None
                    else None
                )
                yield EnvFileRead(stack, scenario, task, container, file, found)


def calls_of(read: EnvFileRead) -> Iterator[Call]:
    """What the execution role calls to read an environment file."""
    name = read.name
    if read.role is None or name is None:
        return
    who = f"ECS downloads the environment file of {read.container} with the execution role"
    base = _context(read.role)
    yield Call(
        read, read.role, Request(GET_OBJECT, read.file.arn, base), f"{who} ({ENV_FILE_PAGE})"
    )
    bucket = arn.s3_arn(name.partition, name.bucket)
    yield Call(
        read,
        read.role,
        Request(GET_BUCKET_LOCATION, bucket, base),
        f"ECS documents that the execution role needs it ({ENV_FILE_PAGE})",
    )
    encryption = read.encryption
    if encryption is not None and encryption.key is not None:
        yield Call(
            read,
            read.role,
            Request(DECRYPT, encryption.key, {**base, **_kms_context(read, encryption, bucket)}),
            f"S3 decrypts the object with the reader's permissions ({_SSE_KMS_PAGE})",
        )


def _context(role: Role) -> Mapping[str, tuple[Text, ...]]:
    """The condition keys that are certain for a call of a task's role; ECS speaks TLS.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    account = arn.parse(role.arn)
    return {
        "aws:securetransport": (Text.of("true"),),
        "aws:principalarn": (role.arn,),
        "aws:principaltype": (Text.of("AssumedRole"),),
        "aws:principalisawsservice": (Text.of("false"),),
        **({"aws:principalaccount": (account.account,)} if account else {}),
    }


def _kms_context(
    read: EnvFileRead, encryption: Encryption, bucket: Text
) -> Mapping[str, tuple[Text, ...]]:
    """What S3 tells KMS: with a bucket key the context is the bucket's ARN, else the object's.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    region = Hole("region of the bucket", read.stack.file, excludes=":/*?.", nonempty=True)
    return {
        "kms:viaservice": (Text.of("s3.", region, ".amazonaws.com"),),
        "kms:encryptioncontext:aws:s3:arn": (bucket if encryption.bucket_key else read.file.arn,),
    }
