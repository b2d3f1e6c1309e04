"""Configuration files of FireLens in S3: who reads them, and where they cannot be had."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests import stacks
from tests.needs.asked import findings, outcomes

from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.resolve.stack import Stack

ALLOWED, DENIED, OPEN = Outcome.ALLOWED, Outcome.IMPLICIT_DENY, Outcome.UNDETERMINED
GET, LOCATE, DECRYPT = "s3:GetObject", "s3:GetBucketLocation", "kms:Decrypt"
FILE = "arn:aws:s3:::config/fluent.conf"

TASK = stacks.task(
    """
    FirelensConfiguration:
      Type: fluentbit
      Options: {config-file-type: %(kind)s, config-file-value: %(file)s}
    """,
    "%(role)s",
)
TEMPLATE = f"""
Parameters:
  File: {{Type: String}}
Conditions:
  IsEc2: !Equals [!Ref AWS::Region, us-east-1]
Resources:
{TASK}
{stacks.role("%(statement)s")}
%(resources)s
"""
ROLE = "ExecutionRoleArn: !GetAtt Role.Arn"


def stack(
    file: str = FILE,
    statement: str = "{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}",
    resources: str = "",
    *,
    kind: str = "s3",
    role: str = ROLE,
    parameters: Mapping[str, str] | None = None,
) -> Stack:
    found = {"file": file, "statement": statement, "resources": resources}
    text = TEMPLATE % {**found, "kind": kind, "role": role}
    return stacks.stack(text, parameters)


def allow(*pairs: tuple[str, str]) -> str:
    statements = [f"{{Effect: Allow, Action: '{a}', Resource: {r}}}" for a, r in pairs]
    return "\n              - ".join(statements)


def told(found: Stack) -> list[tuple[str, str]]:
    return [(finding.rule, finding.cause) for finding in findings(found, "EW")]


def test_the_execution_role_reads_the_file() -> None:
    """The object is denied without a grant, and so is the bucket, which may not matter."""
    found = stack()
    assert outcomes(found) == {GET: DENIED, LOCATE: DENIED}
    assert told(found) == [("E9745", "no-grant")]


@pytest.mark.parametrize(
    "resource",
    [f"'{FILE}'", "'arn:aws:s3:::config/*'", "'*'", "!Sub 'arn:${AWS::Partition}:s3:::config/f*'"],
)
def test_a_grant_of_the_object_is_silent(resource: str) -> None:
    """A bucket outside the run may still deny, which nobody can tell: nothing is reported."""
    assert told(stack(statement=allow((GET, resource)))) == []


def test_a_statement_on_the_bucket_is_told_where_it_stands() -> None:
    """The ARN of the bucket has a finding of its own: no second one at the router."""
    assert told(stack(statement=allow((GET, "'arn:aws:s3:::config'")))) == [
        ("E9751", "arn-mismatch")
    ]


@pytest.mark.parametrize("kind", ["file", "!Ref File"])
def test_other_kinds_ask_for_nothing(kind: str) -> None:
    """What lies in the image, or may, is nobody's call."""
    assert outcomes(stack(kind=kind)) == {}


def test_a_parameter_is_some_object() -> None:
    """The file behind a parameter is granted by the same parameter."""
    found = stack("!Ref File", allow((GET, "!Ref File")))
    assert outcomes(found)[GET] in (ALLOWED, OPEN)
    assert told(found) == []


ENCRYPTED = """
  Key: {Type: AWS::KMS::Key}
  Config:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: config
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: !Ref Key}
"""


def test_an_encrypted_bucket_takes_the_key() -> None:
    """Under a customer key the reader needs kms:Decrypt, and with it all is allowed."""
    grants = ((GET, f"'{FILE}'"), (LOCATE, "'arn:aws:s3:::config'"))
    assert told(stack(statement=allow(*grants), resources=ENCRYPTED)) == [("E9745", "no-grant")]
    whole = stack(statement=allow(*grants, (DECRYPT, "!GetAtt Key.Arn")), resources=ENCRYPTED)
    assert outcomes(whole) == {GET: ALLOWED, LOCATE: ALLOWED, DECRYPT: ALLOWED}
    assert told(whole) == []


SERVICE = """
  Service:
    Type: AWS::ECS::Service
    %s
    Properties: {TaskDefinition: !Ref Task, LaunchType: %s}
"""
GRANTED = allow((GET, f"'{FILE}'"))


def test_fargate_takes_no_file_from_s3() -> None:
    """A task that a service runs on Fargate is refused, whatever the role may do."""
    found = stack(statement=GRANTED, resources=SERVICE % ("", "FARGATE"))
    assert told(found) == [("E9745", "firelens-s3-on-fargate")]


@pytest.mark.parametrize(
    "service",
    [SERVICE % ("", "EC2"), SERVICE % ("", "!Ref File"), SERVICE % ("Condition: IsEc2", "EC2")],
)
def test_elsewhere_it_may_be_had(service: str) -> None:
    """On EC2, and where nobody can tell, the file is just read."""
    assert told(stack(statement=GRANTED, resources=service)) == []


@pytest.mark.parametrize("value", ["s3://config/fluent.conf", "/fluent.conf"])
def test_what_is_no_arn_is_told(value: str) -> None:
    """RegisterTaskDefinition refuses anything but an ARN."""
    assert told(stack(value, GRANTED)) == [("E9745", "firelens-arn-invalid")]


def test_a_task_without_execution_role_cannot_read_it() -> None:
    """The role is missing before any grant is."""
    assert told(stack(role="Family: x")) == [("E9731", "no-execution-role")]
