"""The AWS calls that ECS makes to start a task, each with the page that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from copilot_preflight.env_files import ENV_FILE_PAGE, EnvFileRead
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Request
from copilot_preflight.model.roles import Role
from copilot_preflight.model.storage import Encryption
from copilot_preflight.text import Hole, Text

_SSE_KMS_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
)

GET_OBJECT: Final = "s3:GetObject"
GET_BUCKET_LOCATION: Final = "s3:GetBucketLocation"
DECRYPT: Final = "kms:Decrypt"


class Call(NamedTuple):
    """An AWS call that a role will make while a task starts."""

    read: EnvFileRead
    role: Role
    request: Request
    because: str

    @property
    def action(self) -> str:
        return self.request.action


def calls_of(read: EnvFileRead) -> Iterator[Call]:
    """What the execution role calls to read an environment file; nothing for an invalid value."""
    if read.role is None or read.problem is not None:
        return
    who = f"ECS downloads the environment file of {read.container} with the execution role"
    base = _context(read.role)
    yield Call(read, read.role, Request(GET_OBJECT, read.asked, base), f"{who} ({ENV_FILE_PAGE})")
    name = read.name
    if name is None:
        return
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
        "kms:encryptioncontext:aws:s3:arn": (bucket if encryption.bucket_key else read.asked,),
    }
