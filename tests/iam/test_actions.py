from __future__ import annotations

import json
from pathlib import Path

import pytest

from copilot_preflight.iam import actions
from copilot_preflight.iam.actions import expand, is_known_service, resource_kinds

SERVICES = [
    "codebuild",
    "codepipeline",
    "ecr",
    "ecs",
    "elasticfilesystem",
    "iam",
    "kms",
    "logs",
    "s3",
    "secretsmanager",
    "ssm",
    "ssmmessages",
    "sts",
]
TABLES = Path(actions.__file__).parent.parent / "data" / "actions"


@pytest.mark.parametrize(
    "action",
    [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:GetObjectAcl",
        "s3:GetObjectVersion",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "s3:PutObjectAcl",
    ],
)
def test_object_actions(action: str) -> None:
    """An S3 object action works on objects, also through an access point, never on buckets."""
    assert resource_kinds(action) == frozenset({"object", "accesspointobject"})


@pytest.mark.parametrize(
    "action",
    [
        "s3:GetBucketAcl",
        "s3:GetBucketLocation",
        "s3:GetBucketPolicy",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:ListBucketVersions",
    ],
)
def test_bucket_actions(action: str) -> None:
    """An S3 bucket action works on buckets, some through an access point, never on objects."""
    kinds = resource_kinds(action)
    assert kinds is not None
    assert "bucket" in kinds
    assert kinds <= {"bucket", "accesspoint"}


@pytest.mark.parametrize(
    "action", ["s3:ListAllMyBuckets", "ecr:GetAuthorizationToken", "ssmmessages:OpenDataChannel"]
)
def test_actions_without_resource_types(action: str) -> None:
    """An action that supports no resource types has the empty set, which is not None."""
    assert resource_kinds(action) == frozenset()


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("kms:Decrypt", "key"),
        ("kms:GenerateDataKey", "key"),
        ("ssm:GetParameters", "parameter"),
        ("secretsmanager:GetSecretValue", "Secret"),
        ("ecr:BatchGetImage", "repository"),
        ("logs:PutLogEvents", "log-stream"),
        ("elasticfilesystem:ClientMount", "file-system"),
        ("sts:AssumeRole", "role"),
        ("iam:PassRole", "role"),
        ("ecs:ExecuteCommand", "task"),
    ],
)
def test_kinds_of_other_services(action: str, kind: str) -> None:
    """The calls ECS makes at start have the kinds that the reference pages list."""
    kinds = resource_kinds(action)
    assert kinds is not None
    assert kind in kinds


def test_letter_case_is_ignored() -> None:
    """IAM compares action names without regard to case, and so do we."""
    assert resource_kinds("S3:getobject") == resource_kinds("s3:GetObject")
    assert expand("S3:GETOBJECT") == ("s3:GetObject",)
    assert is_known_service("KMS")


@pytest.mark.parametrize(
    "action",
    ["s3:GetObjekt", "ec2:RunInstances", "s3", "s3:", "", "*", "s3:Get*", "../s3:GetObject"],
)
def test_unknown_actions_have_no_kinds(action: str) -> None:
    """None says that the tables hold no such action; a pattern is not an action."""
    assert resource_kinds(action) is None


def test_expand_star() -> None:
    """A star matches any characters, none included, at any place."""
    assert expand("s3:GetObjectA*") == ("s3:GetObjectAcl", "s3:GetObjectAttributes")
    assert expand("kms:*crypt") == ("kms:Decrypt", "kms:Encrypt")
    assert expand("s3:GetObject*Acl*") == ("s3:GetObjectAcl", "s3:GetObjectVersionAcl")


def test_expand_question_mark() -> None:
    """A question mark matches exactly one character."""
    assert expand("s3:?GetObjectAcl") == ()
    assert expand("s3:???ObjectAcl") == ("s3:GetObjectAcl", "s3:PutObjectAcl")


def test_expand_all_of_a_service() -> None:
    """`s3:*` is every action of the table, each with its kinds known, in sorted order."""
    everything = expand("s3:*")
    assert everything is not None
    assert {"s3:GetObject", "s3:ListBucket", "s3:ListAllMyBuckets"} <= set(everything)
    assert list(everything) == sorted(everything)
    assert all(resource_kinds(action) is not None for action in everything)


def test_expand_takes_other_characters_literally() -> None:
    """Only `*` and `?` are wildcards: brackets, dots and the like match themselves."""
    assert expand("s3:[GP]etObject") == ()
    assert expand("s3:.*") == ()


@pytest.mark.parametrize("pattern", ["*", "s?:GetObject", "*:GetObject", "ec2:*", "s3", ""])
def test_expand_says_when_it_cannot_know(pattern: str) -> None:
    """None, not an empty tuple, if the service is a wildcard, missing or not in the tables."""
    assert expand(pattern) is None


def test_known_services() -> None:
    """Exactly the services that ECS tasks and their pipelines depend on have a table."""
    assert sorted(file.stem for file in TABLES.glob("*.json")) == SERVICES
    assert all(map(is_known_service, SERVICES))
    assert not is_known_service("ec2")
    assert not is_known_service("*")
    assert not is_known_service("")


@pytest.mark.parametrize("service", SERVICES)
def test_tables_are_consistent(service: str) -> None:
    """Every kind that an action names has an ARN format in the same table."""
    table = json.loads((TABLES / f"{service}.json").read_text(encoding="utf-8"))
    used = {kind for kinds in table["actions"].values() for kind in kinds}
    assert table["actions"]
    assert used <= set(table["resources"])
    assert all(arn.startswith("arn:${Partition}:") for arn in table["resources"].values())


def test_the_names_of_every_service() -> None:
    """All at once, they are those of each; letter case of the service is ignored."""
    everything = actions.action_names()
    assert len(everything) > 200
    for service in ("s3", "kms", "ec2", *sorted(everything)[:3], *sorted(everything)[-3:]):
        assert actions.names_of(service) == everything[service]
    assert everything["s3"]["getobject"] == "GetObject"
    assert actions.names_of("S3") == everything["s3"]
    for unknown in ("", "s", "3", "nothing", "s3\tgetobject"):
        assert actions.names_of(unknown) is None
        assert actions.is_action(unknown, "GetObject") is None


def test_whether_a_service_has_an_action() -> None:
    """A pattern needs one action that it matches; names that follow each other are two."""
    names = list(actions.action_names()["s3"].values())
    for there in (*names[:2], names[-1], "getOBJECT", "GetObjectA*", "*", "?etObject"):
        assert actions.is_action("S3", there) is True
    for missing in ("", "Get", "Object", " ", " ".join(names[:2]), "GetObjects", "GetX*", "?"):
        assert actions.is_action("S3", missing) is False
