"""What is known of a service, by the prefix of its actions."""

from __future__ import annotations

import pytest

from copilot_preflight.iam.actions import arn_formats
from copilot_preflight.iam.services import ResourcePolicyKind, Service, service_of


@pytest.mark.parametrize(
    ("action", "service"),
    [
        ("s3:GetObject", "s3"),
        ("s3:GetBucketLocation", "s3"),
        ("ssm:GetParameters", "ssm"),
        ("secretsmanager:GetSecretValue", "secretsmanager"),
        ("ecr:GetAuthorizationToken", "ecr.api"),
        ("ecr:BatchGetImage", "ecr.dkr"),
        ("ecr:GetDownloadUrlForLayer", "ecr.dkr"),
        ("ecr:BatchCheckLayerAvailability", "ecr.dkr"),
        ("logs:PutLogEvents", "logs"),
        ("ssmmessages:OpenDataChannel", "ssmmessages"),
        ("kms:Decrypt", None),
        ("elasticfilesystem:ClientMount", None),
        ("firehose:PutRecordBatch", None),
    ],
)
def test_the_service_that_takes_a_call(action: str, service: str | None) -> None:
    """What S3 and the others ask of KMS does not come out of the VPC; a mount is no API call."""
    assert service_of(action).endpoint_of(action) == (service or "")


def test_a_service_is_known_by_its_prefix() -> None:
    """Whatever the case of the letters; one that is not listed has no facts."""
    assert service_of("S3:GetObject").policy is ResourcePolicyKind.BUCKET
    assert service_of("kms:Decrypt").tells_home
    assert service_of("sqs:SendMessage") == Service("sqs")


@pytest.mark.parametrize("prefix", ["ecr", "kms", "logs", "secretsmanager", "ssm"])
def test_services_whose_arns_hold_region_and_account(prefix: str) -> None:
    """Where the service says so, the reference writes both into each of its ARNs."""
    formats = [it.split(":") for it in arn_formats(prefix).values()]
    own = [parts[3:5] for parts in formats if parts[2] == prefix]
    assert own
    assert all(home == ["${Region}", "${Account}"] for home in own)
    assert service_of(f"{prefix}:Any").tells_home


def test_services_whose_arns_say_nothing_of_where_the_call_goes() -> None:
    """A bucket's ARN holds neither; a mount goes to no region's API; a session has no ARN."""
    assert not any(
        service_of(f"{prefix}:Any").tells_home
        for prefix in ("s3", "elasticfilesystem", "ssmmessages", "sqs")
    )


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("s3", ResourcePolicyKind.BUCKET),
        ("kms", ResourcePolicyKind.KEY),
        ("secretsmanager", ResourcePolicyKind.OTHER),
        ("ecr", ResourcePolicyKind.OTHER),
        ("elasticfilesystem", ResourcePolicyKind.OTHER),
        ("ssm", None),
        ("ssmmessages", None),
        ("logs", None),
    ],
)
def test_policies_of_resources(prefix: str, kind: ResourcePolicyKind | None) -> None:
    """Buckets and keys have policies of their own names; none of a log group is judged."""
    assert service_of(f"{prefix}:Any").policy is kind
