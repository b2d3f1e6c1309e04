"""ARNs, taken apart as far as they are known.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text

PARTITION_OF_REGION: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}
"""Region prefix -> partition; every other region is in ``aws``.

Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

PARTITIONS: Final = frozenset({"aws", *PARTITION_OF_REGION.values()})

NAME_EXCLUDES: Final = ":/*?"
"""What no bucket name, key id, partition, region or account id can hold."""


class Arn(NamedTuple):
    """``arn:partition:service:region:account:resource``; ``resource`` keeps its own colons."""

    partition: Text
    service: Text
    region: Text
    account: Text
    resource: Text


class S3Name(NamedTuple):
    """An S3 bucket (``key`` None) or object, as its ARN names it."""

    partition: Text
    bucket: Text
    key: Text | None


def parse(text: Text) -> Arn | None:
    """The parts of an ARN; None if the string is not an ARN, or not known to be one."""
    known: Arn | Literal[False] | None = text.parsed
    if known is False:
        pieces, complete = text.split(":", 5)
        is_one = complete and len(pieces) == 6 and pieces[0].literal == "arn"
        known = text.parsed = Arn(*pieces[1:]) if is_one else None
    return known


def parse_s3(text: Text) -> S3Name | None:
    """Bucket and key of ``arn:P:s3:::bucket[/key]``; None if that is not what the string is.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    """
    arn = parse(text)
    if arn is None or arn.service.literal != "s3":
        return None
    if arn.region.literal != "" or arn.account.literal != "":
        return None
    pieces, complete = arn.resource.split("/", 1)
    if not complete:
        return None
    return S3Name(arn.partition, pieces[0], pieces[1] if len(pieces) > 1 else None)


def s3_arn(partition: Text, bucket: Text, key: Text | None = None) -> Text:
    """The ARN of a bucket, or of an object in it."""
    arn = Text.of("arn:", partition, ":s3:::", bucket)
    return arn if key is None else Text.of(arn, "/", key)


def partition_of_region(region: str) -> str:
    """The partition that a region lies in."""
    names = (name for prefix, name in PARTITION_OF_REGION.items() if region.startswith(prefix))
    return next(names, "aws")


def is_partition(partition: Text) -> bool | None:
    """Whether there is such a partition; a pattern, or what nobody knows, may be one."""
    name = partition.literal
    if name is None:
        return None
    return True if name in PARTITIONS else None if partition.has_wildcard() else False


def name_hole(name: str, scope: str = "") -> Hole:
    """An unknown name that fills exactly one segment of an ARN."""
    return Hole(name, scope, excludes=NAME_EXCLUDES, nonempty=True)


@lru_cache(maxsize=512)
def unknown_object(partition: Text, name: str, scope: str) -> Text:
    """The ARN of some S3 object, of which no more is known than the name of its ARN."""
    key = Hole(f"{name} key", scope, excludes="*?", nonempty=True)
    return s3_arn(partition, Text.of(name_hole(f"{name} bucket", scope)), Text.of(key))
