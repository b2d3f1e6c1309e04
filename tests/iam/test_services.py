"""What is known of a service, by the prefix of its actions."""

from __future__ import annotations

import pytest

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
