"""What grants on encrypted objects imply: the key that goes with them."""

from __future__ import annotations

import pytest
from tests import stacks
from tests.needs.asked import findings

from copilot_preflight.base.finding import Finding
from copilot_preflight.inputs.package import Package
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack

BUCKET = """
  Key: {Type: AWS::KMS::Key}
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: %s}
"""
ROLE = stacks.role("%s", name="Worker")
HEAD = """
Parameters:
  Other: {Type: String}
Conditions:
  IsProd: !Equals [!Ref AWS::Region, eu-west-1]
Resources:
"""


def allow(action: str, resource: str, rest: str = "") -> str:
    return f"{{Effect: Allow, Action: {action}, Resource: {resource}{rest}}}"


def stack(
    *statements: str,
    key: str = "!GetAtt Key.Arn",
    bucket: str = BUCKET,
    role: str = ROLE,
    run: Run | None = None,
) -> Stack:
    said = "\n              - ".join(statements)
    text = HEAD + (bucket.replace("%s", key)) + role.replace("%s", said)
    return stacks.stack(text, run=run)


def told(found: Stack) -> list[Finding]:
    return findings(found, "EW")


def calls(found: Stack) -> list[tuple[str, str]]:
    return [(f.rule, f.call.action if f.call else "") for f in told(found)]


OBJECTS = "!Sub '${Uploads.Arn}/*'"
READ, PUT = allow("s3:GetObject", OBJECTS), allow("s3:PutObject", OBJECTS)


def test_reading_implies_decrypt_and_writing_a_data_key() -> None:
    """One finding for both, at the grant."""
    (finding,) = told(stack(allow("[s3:GetObject, s3:PutObject]", OBJECTS)))
    assert finding.rule == "W9757"
    assert finding.at.path[:3] == ("Resources", "Worker", "Properties")
    assert finding.at.path[-1] == "Resource"
    assert finding.message == (
        "role 'Worker' may s3:GetObject and s3:PutObject in bucket 'Uploads', whose objects are "
        "SSE-KMS encrypted, and not kms:Decrypt and kms:GenerateDataKey with their key "
        "'arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Key}'"
    )


def test_what_is_granted_of_the_key_is_not_told() -> None:
    """Half of the key is missing, or none."""
    decrypt = allow("kms:Decrypt", "!GetAtt Key.Arn")
    assert calls(stack(READ, decrypt)) == []
    assert calls(stack(READ, PUT, decrypt)) == [("W9757", "kms:GenerateDataKey")]
    both = allow("[kms:Decrypt, 'kms:GenerateDataKey*']", "!GetAtt Key.Arn")
    assert calls(stack(READ, PUT, both)) == []


@pytest.mark.parametrize(
    "grant",
    [
        allow("kms:Decrypt", "!Sub 'arn:aws:kms:*:${AWS::AccountId}:key/*'"),
        allow("'kms:De*'", "!Sub 'arn:${AWS::Partition}:kms:${AWS::Region}:*:key/${Key}'"),
        allow(
            "kms:Decrypt",
            "!GetAtt Key.Arn",
            ", Condition: {StringLike: {'kms:ViaService': 's3.*.amazonaws.com'}}",
        ),
        allow("kms:Decrypt", "!Ref Other"),
    ],
)
def test_any_spelling_of_the_key_is_silent(grant: str) -> None:
    """What grants it, or may, is no half of a grant."""
    assert calls(stack(READ, grant)) == []


def test_an_alias_is_no_key() -> None:
    """KMS matches the ARN of the key alone."""
    alias = "!Sub 'arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:alias/uploads'"
    assert ("W9757", "kms:Decrypt") in calls(stack(READ, allow("kms:Decrypt", alias)))


@pytest.mark.parametrize(
    "statement",
    [
        allow("'s3:*'", "'*'"),
        allow("s3:GetObject", "'*'"),
        allow("s3:GetObject", "'arn:aws:s3:::*/*'"),
        allow("s3:GetObject", "'arn:aws:s3:::other/*'"),
        allow("s3:GetObject", "!Sub '${Other}/*'"),
        allow("s3:ListBucket", "!GetAtt Uploads.Arn"),
        allow("s3:DeleteObject", OBJECTS),
        allow(
            "s3:PutObject",
            OBJECTS,
            ", Condition: {StringEquals: {'s3:x-amz-server-side-encryption': AES256}}",
        ),
        "{Effect: Deny, Action: 's3:*', Resource: '*'}",
    ],
)
def test_what_names_no_object_of_the_bucket_implies_nothing(statement: str) -> None:
    """Nor does what a condition may keep off the key."""
    assert [call for call in calls(stack(statement)) if call[0] == "W9757"] == []


def test_what_is_denied_all_the_same_implies_nothing() -> None:
    """The object cannot be read anyway."""
    deny = "{Effect: Deny, Action: 's3:Get*', Resource: '*'}"
    assert calls(stack(READ, deny)) == []


@pytest.mark.parametrize("key", ["alias/aws/s3", "!Ref Other", "!ImportValue key"])
def test_a_key_of_which_nothing_is_known_proves_nothing(key: str) -> None:
    """It may be AWS's own, or its policy may let the role in."""
    assert calls(stack(READ, key=key)) == []


def test_a_key_policy_may_let_the_role_in() -> None:
    """Then no policy of the role's is needed."""
    statement = (
        "{Effect: Allow, Principal: {AWS: !GetAtt Worker.Arn}, Action: 'kms:*', Resource: '*'}"
    )
    named = f"{{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {{Statement: [{statement}]}}}}}}"
    assert calls(stack(READ, bucket=BUCKET.replace("{Type: AWS::KMS::Key}", named))) == []


def test_a_key_policy_that_shuts_the_role_out_is_told_here_alone() -> None:
    """That the key is used at all is no proof for an error."""
    statement = (
        "{Effect: Allow, Principal: {Service: logs.amazonaws.com}, Action: 'kms:*', Resource: '*'}"
    )
    named = f"{{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {{Statement: [{statement}]}}}}}}"
    found = stack(
        READ,
        allow("kms:Decrypt", "!GetAtt Key.Arn"),
        bucket=BUCKET.replace("{Type: AWS::KMS::Key}", named),
    )
    assert [rule for rule, _ in calls(found)] == ["W9757"]


def test_a_policy_of_its_own_counts() -> None:
    """What attaches the key's grant from elsewhere is found, and so is what lacks it."""
    policy = """
  More:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: more
      Roles: [!Ref Worker]
      PolicyDocument: {Statement: [%s]}
"""
    decrypt = policy.replace("%s", allow("kms:Decrypt", "!GetAtt Key.Arn"))
    assert calls(stack(READ, role=ROLE + decrypt)) == []
    sqs = allow("sqs:SendMessage", "'*'")
    assert calls(stack(sqs, role=ROLE + policy.replace("%s", READ))) == [("W9757", "kms:Decrypt")]


def test_two_roles_with_one_policy_are_two_findings() -> None:
    """Each of them is denied."""
    both = ROLE.replace("Worker", "First") + ROLE.replace("Worker", "Second")
    assert calls(stack(READ, role=both)) == [("W9757", "kms:Decrypt")] * 2


def test_encryption_under_a_condition_is_followed() -> None:
    """The key is needed where there is one."""
    bucket = BUCKET.replace(
        "KMSMasterKeyID: %s", "KMSMasterKeyID: !If [IsProd, %s, !Ref AWS::NoValue]"
    )
    assert calls(stack(READ, bucket=bucket)) == [("W9757", "kms:Decrypt")]


def test_a_bucket_of_another_template_counts() -> None:
    """What one stack exports, another uses."""
    run = Run()
    text = (
        "Resources:"
        + BUCKET.replace("%s", "!GetAtt Key.Arn")
        + "Outputs:\n  Arn: {Value: !GetAtt Uploads.Arn, Export: {Name: uploads}}\n"
    )
    run.add(Package(parse(text, "storage.yml"), {}))
    objects = "!Join ['', [!ImportValue uploads, '/*']]"
    found = stack(allow("s3:GetObject", objects), bucket="", run=run)
    assert calls(found) == [("W9757", "kms:Decrypt")]
