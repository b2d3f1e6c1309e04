"""ARNs are taken apart only where their parts are certain."""

from __future__ import annotations

import pytest

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.arn import (
    PARTITIONS,
    is_partition,
    name_hole,
    parse,
    parse_s3,
    partition_of_region,
    s3_arn,
)

PARTITION = name_hole("AWS::Partition")
BUCKET = name_hole("Bucket")


def test_an_arn_has_six_parts() -> None:
    """The resource keeps its own colons."""
    found = parse(Text.of("arn:aws:logs:eu-west-1:111122223333:log-group:/x:*"))
    assert found is not None
    assert [part.literal for part in found] == [
        "aws",
        "logs",
        "eu-west-1",
        "111122223333",
        "log-group:/x:*",
    ]


def test_unknown_parts_stay_apart_where_they_hold_no_colon() -> None:
    """A name fills exactly one part of an ARN."""
    region, account = name_hole("AWS::Region"), name_hole("AWS::AccountId")
    found = parse(Text.of("arn:", PARTITION, ":kms:", region, ":", account, ":key/", Hole("id")))
    assert found is not None
    assert found.partition == Text.of(PARTITION)
    assert found.account == Text.of(account)
    assert found.resource == Text.of("key/", Hole("id"))


@pytest.mark.parametrize(
    "parts",
    [
        ("",),
        ("*",),
        ("s3://bucket/app.env",),
        ("arn:aws:s3::bucket",),
        ("urn:aws:s3:::bucket/key",),
        (Hole("anything"),),
        ("arn:", Hole("may hold a colon"), ":s3:::bucket/key"),
    ],
)
def test_no_arn_is_no_answer(parts: tuple[str | Hole, ...]) -> None:
    """What is not an ARN, or not known to be one, has no parts."""
    assert parse(Text.of(*parts)) is None
    assert parse_s3(Text.of(*parts)) is None


@pytest.mark.parametrize(
    ("parts", "bucket", "key"),
    [
        (("arn:aws:s3:::b",), "b", None),
        (("arn:aws:s3:::b/",), "b", ""),
        (("arn:aws:s3:::b/a/b.env",), "b", "a/b.env"),
        (("arn:aws:s3:::b/a:b.env",), "b", "a:b.env"),
        (("arn:", PARTITION, ":s3:::", BUCKET, "/k"), "${Bucket}", "k"),
        (("arn:", PARTITION, ":s3:::b/", Hole("key")), "b", "${key}"),
        (("arn::s3:::b/k",), "b", "k"),
    ],
)
def test_s3_names(parts: tuple[str | Hole, ...], bucket: str, key: str | None) -> None:
    """Bucket and key, the key with all its slashes."""
    found = parse_s3(Text.of(*parts))
    assert found is not None
    assert str(found.bucket) == bucket
    assert (found.key if found.key is None else str(found.key)) == key
    assert s3_arn(found.partition, found.bucket, found.key) == Text.of(*parts)


@pytest.mark.parametrize(
    "parts",
    [
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/k",),
        ("arn:aws:s3-outposts:eu-west-1:111122223333:outpost/o/bucket/b",),
        ("arn:aws:kms:::b/k",),
        ("arn:aws:s3:::", Hole("bucket, or bucket and prefix"), "/app.env"),
    ],
)
def test_other_s3_grammars_are_no_buckets(parts: tuple[str | Hole, ...]) -> None:
    """Access points and the like have no bucket; nor has a hole that may hold a slash."""
    assert parse_s3(Text.of(*parts)) is None


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("us-east-1", "aws"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_partition_of_region(region: str, partition: str) -> None:
    """A region's prefix tells its partition."""
    assert partition_of_region(region) == partition
    assert partition in PARTITIONS


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        (Text.of("aws"), True),
        (Text.of("aws-cn"), True),
        (Text.of("aws-x"), False),
        (Text.of(""), False),
        (Text.of("*"), None),
        (Text.of("aws-?"), None),
        (Text.of(Hole("P")), None),
        (Text.of("aws", Hole("P")), None),
    ],
    ids=str,
)
def test_which_partitions_there_are(name: Text, answer: bool | None) -> None:
    """A pattern may stand for one, and so may what nobody knows."""
    assert is_partition(name) is answer
