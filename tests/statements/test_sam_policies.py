"""Statements in the policies of SAM functions: read as those of a role, templates left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_preflight.run import check as engine

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters: {{Policy: {{Type: String}}}}
Resources:
  Function:
    Type: {kind}
    Properties:
      Handler: app.handler
      Policies: {policies}
"""
READ = "{Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::b'}"
WRONG = {
    "E9751": READ,
    "E9752": "{Effect: Allow, Action: s3:ListBucket, Resource: 'arn:aws:s3:::b/*'}",
    "W9753": "{Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::b/*'}",
    "E9755": "{Effect: Allow, Action: 'kms:Decrypt', "
    "Resource: 'arn:aws:kms:eu-west-1:111122223333:alias/web'}",
    "W9758": "{Effect: Allow, Action: s3:GetObjects, Resource: '*'}",
}


def rules(policies: str, folder: Path, kind: str = "AWS::Serverless::Function") -> list[str]:
    file = folder / "template.yml"
    file.write_text(TEMPLATE.format(kind=kind, policies=policies), encoding="utf-8")
    report = engine.check([str(file)], engine.Options())
    assert list(report.errors) == []
    assert report.files
    return [finding.rule for finding in report.findings]


@pytest.mark.parametrize(
    "policies",
    [
        "AmazonS3ReadOnlyAccess",
        "[AWSLambdaBasicExecutionRole, !Ref Policy]",
        "[arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]",
        "[S3ReadPolicy: {BucketName: b}]",
        "[S3ReadPolicy: {BucketName: 'arn:aws:s3:::b'}]",
        "[{KMSDecryptPolicy: {KeyId: alias/web}}]",
        "[]",
        "!Ref Policy",
        "{Statement: {Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::b/*'}}",
        # What one statement misses, another policy of the same function may grant.
        f"[S3ReadPolicy: {{BucketName: b}}, {{Statement: [{READ}]}}]",
        f"[AmazonS3ReadOnlyAccess, {{Statement: [{READ}]}}]",
        f"[arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess, {{Statement: [{READ}]}}]",
        "[{Statement: {Effect: Allow, Action: s3:Get*, Resource: '*'}}, "
        f"{{Statement: [{READ}]}}]",
    ],
)
def test_policies_that_are_right_or_may_be(policies: str, tmp_path: Path) -> None:
    """Managed policies, policy templates, and documents whose grants another one makes up for."""
    assert rules(policies, tmp_path) == []


@pytest.mark.parametrize("rule", WRONG)
@pytest.mark.parametrize(
    "policies",
    [
        "{{Statement: {0}}}",
        "[{{Version: '2012-10-17', Statement: [{0}]}}]",
        "[AWSLambdaBasicExecutionRole, DynamoDBCrudPolicy: {{TableName: t}}, {{Statement: [{0}]}}]",
        "[!Ref Policy, {{Statement: [{0}]}}]",
    ],
)
def test_statements_in_documents(policies: str, rule: str, tmp_path: Path) -> None:
    """A statement means the same in a function's document as in a role's."""
    assert rules(policies.format(WRONG[rule]), tmp_path) == [rule]


def test_a_state_machine_has_policies_too(tmp_path: Path) -> None:
    """SAM writes the role of a state machine in the same way."""
    policies = f"[{{Statement: [{READ}]}}]"
    assert rules(policies, tmp_path, "AWS::Serverless::StateMachine") == ["E9751"]


def test_policies_beside_a_role_are_unused(tmp_path: Path) -> None:
    """A function with a role of its own gets none from SAM, and its policies are nobody's."""
    text = f"[{{Statement: [{READ}]}}]\n      Role: arn:aws:iam::111122223333:role/own"
    assert rules(text, tmp_path) == []
