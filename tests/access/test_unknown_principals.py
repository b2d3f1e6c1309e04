"""Policies of keys, buckets and secrets whose principals a parameter brings."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.access.test_unseen import found

TEMPLATE = """
Parameters:
  P: {parameter}
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - {{Effect: Allow, Principal: {{AWS: {key}}}, Action: 'kms:*', Resource: '*'}}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault:
              SSEAlgorithm: aws:kms
              KMSMasterKeyID: !GetAtt Key.Arn
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument: {bucket}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/nginx/nginx:stable
          EnvironmentFiles: [{{Type: s3, Value: !Sub '${{Bucket.Arn}}/web.env'}}]
  Limit:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {{Statement: {{Effect: Allow, Action: '{limit}', Resource: '*'}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: !Ref Limit
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {{Service: ecs-tasks.amazonaws.com}}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: All
          PolicyDocument: {{Statement: {{Effect: Allow, Action: '{granted}', Resource: '*'}}}}
"""
ROOT = "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'"
UNKNOWN = "!Sub 'arn:aws:iam::${P}:root'"
TLS_ONLY = (
    "{Statement: {Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', "
    "Condition: {Bool: {'aws:SecureTransport': 'false'}}}}"
)


def rules(
    folder: Path,
    *,
    parameter: str = "{Type: String}",
    key: str = ROOT,
    bucket: str = TLS_ONLY,
    limit: str = "*",
    granted: str = "*",
) -> list[str]:
    """The errors and the notes of the template, each once: its grants are broad, for short."""
    text = TEMPLATE.format(
        parameter=parameter, key=key, bucket=bucket, limit=limit, granted=granted
    )
    return sorted({rule for rule in found(folder, app=text)["app"] if not rule.startswith("W")})


def test_the_stack_that_the_other_tests_change(tmp_path: Path) -> None:
    """Everything is known, and everything is allowed."""
    assert rules(tmp_path) == []


@pytest.mark.parametrize(
    "parameter",
    [
        "{Type: String}",
        "{Type: String, AllowedPattern: '[0-9]{12}'}",
        "{Type: String, AllowedPattern: '^\\d{12}$'}",
        "{Type: String, AllowedValues: ['111122223333', '444455556666']}",
    ],
)
@pytest.mark.parametrize("key", [UNKNOWN, "!Ref P", "!Sub 'arn:aws:iam::${P}'"])
def test_a_key_for_an_unknown_account(parameter: str, key: str, tmp_path: Path) -> None:
    """A key policy whose account nobody knows neither lets the role in nor keeps it out.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    if "Sub" in key and "root" not in key and "Allowed" in parameter:
        assert rules(tmp_path, parameter=parameter, key=key) == ["E9762"]  # no such principal
    else:
        assert rules(tmp_path, parameter=parameter, key=key) == ["I9790"]


def test_a_key_for_another_role_of_an_unknown_account(tmp_path: Path) -> None:
    """A pattern of digits settles what the ARN names: no account, whatever the digits."""
    key = "!Sub 'arn:aws:iam::${P}:user/ana'"
    pattern = "{Type: String, AllowedPattern: '[0-9]{12}'}"
    assert rules(tmp_path, parameter=pattern, key=key) == ["E9762"]


def test_a_deny_of_an_unknown_account(tmp_path: Path) -> None:
    """A Deny in the policy of a bucket may be of the role's own account."""
    policy = f"{{Statement: {{Effect: Deny, Principal: {{AWS: {UNKNOWN}}}, Action: 's3:Get*', "
    policy += "Resource: '*'}}"
    assert rules(tmp_path, bucket=policy) == ["I9790"]


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("{Type: String, AllowedValues: ['*', '222222222222']}", ["I9790"]),
        ("{Type: String}", ["I9790"]),
        ("{Type: String, AllowedPattern: '[0-9]{12}'}", ["E9711"]),
        ("{Type: String, AllowedValues: ['111122223333', '222222222222']}", ["E9711"]),
    ],
)
def test_a_grant_to_what_may_be_everyone(
    parameter: str, expected: list[str], tmp_path: Path
) -> None:
    """A principal that may be ``*`` may let the role in, which no policy of its own does."""
    grant = "{Statement: {Effect: Allow, Principal: {AWS: !Ref P}, Action: 's3:*', Resource: '*'}}"
    told = rules(tmp_path, parameter=parameter, bucket=grant, granted="kms:*")
    assert told == expected


@pytest.mark.parametrize(
    "bucket", ["!Ref P", "{Fn::Transform: {Name: M}}", "{Statement: [!Ref P]}"]
)
def test_a_policy_that_nobody_can_read_under_a_boundary(bucket: str, tmp_path: Path) -> None:
    """It may grant by the role's ARN, as which no boundary limits it.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
    """
    assert rules(tmp_path, bucket=bucket, limit="kms:*") == ["I9790"]


def test_a_policy_that_is_read_under_a_boundary(tmp_path: Path) -> None:
    """A bucket policy that grants nothing lifts no boundary."""
    assert rules(tmp_path, limit="kms:*") == ["E9763"]


def test_a_policy_out_of_sight_under_a_boundary(tmp_path: Path) -> None:
    """The policy of a bucket outside the run may grant what the boundary does not allow."""
    text = TEMPLATE.format(
        parameter="{Type: String}", key=ROOT, bucket=TLS_ONLY, limit="kms:*", granted="*"
    )
    elsewhere = text.replace("!Sub '${Bucket.Arn}/web.env'", "'arn:aws:s3:::config/web.env'")
    assert elsewhere != text
    assert {rule for rule in found(tmp_path, app=elsewhere)["app"] if rule[0] != "W"} == {"I9790"}
