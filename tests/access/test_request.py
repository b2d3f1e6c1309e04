"""The condition keys of a call: those of which it is certain what is sent, or that nothing is."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.resolve.stack import Stack

ALLOWED, OPEN = Outcome.ALLOWED, Outcome.UNDETERMINED
IMPLICIT, EXPLICIT = Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY

TEMPLATE = (
    """
Parameters:
  Team: {Type: String}
Conditions:
  IsApi: !Equals [!Ref Team, api]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: !GetAtt Key.Arn}
  Key: {Type: AWS::KMS::Key}
  Secret: {Type: AWS::SecretsManager::Secret}
"""
    + stacks.task("""
    EnvironmentFiles: [{Type: s3, Value: <file>}]
    Secrets:
      - {Name: ONE, ValueFrom: !Ref Secret}
      - {Name: TWO, ValueFrom: 'arn:aws:ssm:eu-west-1:111122223333:parameter/web'}
""")
    + """
  Other: {Type: AWS::IAM::Role}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Tags:
        - {Key: Team, Value: web}
        - !If [IsApi, {Key: Stage, Value: prod}, !Ref AWS::NoValue]
      Policies:
        - PolicyName: P
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: '*', Resource: '*'}
              - {Effect: Deny, Action: '*', Resource: '*', Condition: <condition>}
"""
)
OWN = "!Sub '${Bucket.Arn}/web.env'"
ELSEWHERE = "arn:aws:s3:::else/web.env"


def stack(condition: str, file: str = OWN) -> Stack:
    text = TEMPLATE.replace("<condition>", condition).replace("<file>", file)
    return stacks.stack(text)


def outcomes(condition: str, file: str = OWN) -> dict[str, Outcome]:
    """What becomes of each call where a Deny has a condition."""
    calls = Analysis(stack(condition, file)).decisions
    return {it.call.action: it.outcome for it in calls if it.call.need.kind != "implied"}


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        # What only services send, and what only people have.
        ("{StringNotEquals: {'aws:SourceAccount': '111122223333'}}", EXPLICIT),
        ("{StringNotEqualsIfExists: {'aws:SourceAccount': '111122223333'}}", EXPLICIT),
        ("{StringEquals: {'aws:SourceAccount': !Ref AWS::AccountId}}", ALLOWED),
        ("{ArnLike: {'aws:SourceArn': 'arn:aws:ecs:*:*:*'}}", ALLOWED),
        ("{'Null': {'aws:MultiFactorAuthAge': 'true'}}", EXPLICIT),
        ("{StringLike: {'aws:username': '*'}}", ALLOWED),
        # The session of the role.
        ("{StringNotLike: {'aws:userId': !Sub '${Role.RoleId}:*'}}", ALLOWED),
        ("{StringLike: {'aws:userId': '*:*'}}", EXPLICIT),
        ("{StringNotLike: {'aws:userId': '111122223333'}}", EXPLICIT),
        ("{StringNotLike: {'aws:userId': 'AROAEXAMPLE:*'}}", OPEN),
        ("{StringNotLike: {'aws:userId': !Sub '${Other.RoleId}:*'}}", EXPLICIT),
        ("{StringLike: {'aws:userId': !Sub '${Other.RoleId}:*'}}", ALLOWED),
        ("{StringLike: {'aws:userId': [!Sub '${Other.RoleId}:*', 'AIDAX']}}", ALLOWED),
        ("{StringLike: {'aws:userId': !Sub '${Other.RoleId}*'}}", ALLOWED),
        # No service has a second factor; AWS does not say whether "false" is sent or nothing.
        ("{Bool: {'aws:MultiFactorAuthPresent': 'true'}}", ALLOWED),
        ("{BoolIfExists: {'aws:MultiFactorAuthPresent': 'false'}}", EXPLICIT),
        ("{Bool: {'aws:MultiFactorAuthPresent': 'false'}}", OPEN),
        ("{BoolIfExists: {'aws:MultiFactorAuthPresent': 'true'}}", OPEN),
        ("{'Null': {'aws:MultiFactorAuthPresent': 'true'}}", OPEN),
        ("{Bool: {'aws:MultiFactorAuthPresent': !Ref Team}}", OPEN),
        # Its tags. The stack's own, which nobody sees, may come on top.
        ("{StringEquals: {'aws:PrincipalTag/team': web}}", EXPLICIT),
        ("{StringNotEquals: {'aws:PrincipalTag/Team': web}}", ALLOWED),
        ("{StringNotEquals: {'aws:PrincipalTag/Stage': prod}}", OPEN),
        ("{StringNotEquals: {'aws:PrincipalTag/Owner': me}}", OPEN),
        # Whose resource it is.
        ("{StringNotEquals: {'aws:ResourceOrgID': o-1}}", OPEN),
    ],
)
def test_what_every_call_of_a_role_sends(condition: str, outcome: Outcome) -> None:
    """A service has assumed the role: it is neither a service nor a person that calls."""
    found = outcomes(condition)
    assert found == dict.fromkeys(found, outcome)
    assert set(found) >= {"s3:GetObject", "kms:Decrypt", "secretsmanager:GetSecretValue"}


@pytest.mark.parametrize("key", ["aws:RequestedRegion", "aws:requestedregion"])
def test_the_region_that_is_called(key: str) -> None:
    """It is that of the ARN, and of the stack for its own bucket; S3 may be asked anywhere."""
    found = outcomes(f"{{StringNotEquals: {{{key!r}: !Ref AWS::Region}}}}")
    assert found == {
        "s3:GetObject": ALLOWED,
        "s3:GetBucketLocation": OPEN,
        "kms:Decrypt": ALLOWED,
        "secretsmanager:GetSecretValue": ALLOWED,
        "ssm:GetParameters": OPEN,
    }
    found = outcomes(f"{{StringNotEquals: {{{key!r}: us-east-1}}}}", ELSEWHERE)
    assert found["ssm:GetParameters"] is EXPLICIT
    assert found["s3:GetObject"] is OPEN


def test_the_account_of_the_resource() -> None:
    """It is that of the ARN, and the stack's own for its own bucket."""
    condition = "{StringNotEquals: {'aws:ResourceAccount': !Ref AWS::AccountId}}"
    found = outcomes(condition)
    assert found.pop("ssm:GetParameters") is OPEN
    assert found == dict.fromkeys(found, ALLOWED)
    assert outcomes(condition, ELSEWHERE)["s3:GetObject"] is OPEN
    elsewhere = "{StringNotEquals: {'aws:ResourceAccount': '444455556666'}}"
    assert outcomes(elsewhere)["ssm:GetParameters"] is EXPLICIT


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
        ("{StringNotEquals: {'s3:x-amz-server-side-encryption': 'aws:kms'}}", EXPLICIT),
        ("{StringNotEqualsIfExists: {'s3:x-amz-server-side-encryption': 'aws:kms'}}", EXPLICIT),
        ("{'Null': {'s3:x-amz-server-side-encryption': 'true'}}", EXPLICIT),
        ("{StringEquals: {'s3:x-amz-server-side-encryption': 'AES256'}}", ALLOWED),
        ("{StringNotEquals: {'s3:x-amz-acl': bucket-owner-full-control}}", EXPLICIT),
        ("{StringNotLike: {'S3:Prefix': 'home/*'}}", EXPLICIT),
        ("{StringLike: {'s3:prefix': '*'}}", ALLOWED),
        ("{NumericGreaterThan: {'s3:max-keys': '10'}}", ALLOWED),
        # A reader may bring the customer's own key, and tags are the object's.
        ("{'Null': {'s3:x-amz-server-side-encryption-customer-algorithm': 'true'}}", OPEN),
        ("{StringEquals: {'s3:ExistingObjectTag/a': b}}", OPEN),
        ("{NumericLessThan: {'s3:TlsVersion': '1.2'}}", OPEN),
    ],
)
def test_what_a_read_never_carries(condition: str, outcome: Outcome) -> None:
    """The keys of uploads and listings are not sent with a read, and a Deny that counts on them
    takes it in."""
    found = outcomes(condition)
    assert {found["s3:GetObject"], found["s3:GetBucketLocation"]} == {outcome}
    assert found["kms:Decrypt"] is OPEN


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("{Bool: {'aws:MultiFactorAuthPresent': 'true'}}", IMPLICIT),
        ("{StringEquals: {'s3:prefix': web.env}}", IMPLICIT),
        ("{StringLike: {'aws:userid': !Sub '${Other.RoleId}:*'}}", IMPLICIT),
        ("{BoolIfExists: {'aws:MultiFactorAuthPresent': 'true'}}", OPEN),
    ],
)
def test_a_grant_that_waits_for_what_is_never_sent(condition: str, outcome: Outcome) -> None:
    """The condition is the cause of the denial."""
    grant = "{Effect: Allow, Action: '*', Resource: '*'}"
    assert grant in TEMPLATE
    text = TEMPLATE.replace(grant, f"{grant[:-1]}, Condition: {condition}}}")
    text = text.replace("<condition>", "{Bool: {'aws:SecureTransport': 'false'}}")
    analysis = Analysis(stacks.stack(text.replace("<file>", OWN)))
    reads = [it for it in analysis.decisions if it.call.action == "s3:GetObject"]
    assert {it.outcome for it in reads if it.call.need.kind != "implied"} == {outcome}
    causes = {it.cause.kind for it in analysis.denials if it.call.action == "s3:GetObject"}
    assert causes == ({"unmet-condition"} if outcome is IMPLICIT else set())


def test_tags_under_a_condition() -> None:
    """What a tag's condition decides is decided by it."""
    condition = (
        "!If [IsApi, {StringEquals: {'aws:PrincipalTag/Stage': prod}}, {'Null': {'x:y': 'true'}}]"
    )
    found = Analysis(stack(condition)).decisions
    own = {
        (str(it.call.view.scenario), it.outcome) for it in found if it.call.need.kind == "secret"
    }
    assert own == {("IsApi is true", EXPLICIT), ("IsApi is false", OPEN)}


def test_s3_calls_the_key_in_its_own_region() -> None:
    """A bucket's key is in the bucket's region."""
    via = "{StringNotEquals: {'kms:ViaService': !Sub 's3.${AWS::Region}.amazonaws.com'}}"
    assert outcomes(via)["kms:Decrypt"] is ALLOWED
