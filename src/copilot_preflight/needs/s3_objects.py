"""What reading an object of S3 takes: the object, its bucket, and the key that encrypts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.buckets import Encryption
from copilot_preflight.needs.need import NeededCall
from copilot_preflight.resolve.stack import Stack

SSE_KMS_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
)

GET_OBJECT: Final = "s3:GetObject"
GET_BUCKET_LOCATION: Final = "s3:GetBucketLocation"
DECRYPT: Final = "kms:Decrypt"


def read_calls(
    stack: Stack,
    asked: Text,
    encryption: Encryption | None,
    *,
    because: str,
    documented: str,
    is_own_key: bool = False,
) -> Iterator[NeededCall]:
    """The calls of whoever reads the object ``asked``; ECS's agent does not locate the bucket.

    ``documented`` says who asks for `GET_BUCKET_LOCATION` all the same. A key of which nothing is
    known may be the one that AWS manages, which needs no grant, unless ``is_own_key``.
    """
    yield NeededCall(GET_OBJECT, asked, because)
    name = arn.parse_s3(asked)
    if name is None or name.key is None:
        return
    bucket = arn.s3_arn(name.partition, name.bucket)
    yield NeededCall(GET_BUCKET_LOCATION, bucket, documented, is_optional=True)
    if encryption is not None and encryption.key is not None:
        hole = encryption.key.only_hole
        yield NeededCall(
            DECRYPT,
            encryption.key,
            f"S3 decrypts the object with the reader's permissions ({SSE_KMS_PAGE})",
            context=kms_context(stack, encryption, asked, bucket),
            doubts=() if hole is None or is_own_key else (Fact("value", hole.name),),
        )


def kms_context(
    stack: Stack, encryption: Encryption, asked: Text, bucket: Text
) -> Mapping[str, tuple[Text, ...]]:
    """What S3 tells KMS: with a bucket key the context is the bucket's ARN, else the object's.

    The key is in the region of the bucket.
    Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
    """
    key = arn.parse(encryption.key) if encryption.key is not None else None
    unknown = Hole("region of the bucket", stack.file, excludes=":/*?.", nonempty=True)
    region = key.region if key is not None and key.region.parts else unknown
    return {
        "kms:viaservice": (Text.of("s3.", region, ".amazonaws.com"),),
        **(
            {}
            if encryption.bucket_key is None
            else {"kms:encryptioncontext:aws:s3:arn": (bucket if encryption.bucket_key else asked,)}
        ),
    }
