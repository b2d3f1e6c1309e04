"""What a denial says of the grants that all but serve: each near miss by its own words."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.run.judge import findings_of
from copilot_preflight_rules import RULES

FILE = "EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::shop/web.env'}]"
PARAMETERS = "arn:aws:ssm:eu-west-1:111122223333:parameter"
HERE = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "111122223333",
}


def allow(action: str, *resources: str, key: str = "Resource") -> str:
    listed = ", ".join(f"'{resource}'" for resource in resources)
    return f"{{Effect: Allow, Action: [{action}], {key}: [{listed}]}}"


def found(container: str, *statements: str, rule: str) -> Finding:
    """The one finding of a rule in a task with a container and an execution role."""
    template = stacks.stack(
        "Resources:\n" + stacks.task(container) + stacks.role(*statements), pseudo=HERE
    )
    (only,) = [f for f in findings_of(Analysis(template), RULES) if f.rule == rule]
    return only


def test_a_file_that_not_resource_excludes() -> None:
    """The statement would cover it, but for the exception."""
    excepted = allow("'s3:*'", "arn:aws:s3:::shop/web*", key="NotResource")
    assert found(FILE, excepted, rule="E9711").message.endswith(
        ": the statement excludes 'arn:aws:s3:::shop/web*' by its NotResource"
    )


def test_a_blank_at_the_end_of_an_arn() -> None:
    """Nobody sees it, so it is said."""
    blank = allow("'s3:GetObject'", "arn:aws:s3:::shop/web.env ")
    assert found(FILE, blank, rule="E9711").message.endswith(", which has a blank at an end")


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ("'s3:PutObject'", "allows s3:PutObject, and not s3:GetObject"),
        (
            "'s3:PutObject', 's3:List*'",
            "allows s3:PutObject and s3:List*, and not s3:GetObject",
        ),
        (
            "'s3:PutObject', 's3:DeleteObject', 's3:GetObjectTagging', 's3:AbortMultipartUpload'",
            "allows s3:PutObject, s3:DeleteObject, s3:GetObjectTagging and 1 more, "
            "and not s3:GetObject",
        ),
    ],
)
def test_a_statement_that_allows_other_actions(actions: str, said: str) -> None:
    """All of them, or the first of many: none is called the only one."""
    message = found(FILE, allow(actions, "arn:aws:s3:::shop/*"), rule="E9711").message
    assert message.endswith(f": the statement that covers it {said}")


def test_two_mistakes_in_one_grant() -> None:
    """The singular action and the slash too many, in one sentence."""
    secret = "Secrets: [{Name: DB, ValueFrom: /app/db}]"
    single = allow("'ssm:GetParameter'", f"{PARAMETERS}//app/db")
    assert found(secret, single, rule="E9741").message.endswith(
        ": the grant is for ssm:GetParameter, and ECS calls ssm:GetParameters; its "
        f"'{PARAMETERS}//app/db' has a slash too many: the name's own slash is the ARN's"
    )


def test_a_bare_name_that_is_meant_as_a_secret() -> None:
    """It is always SSM's, and the role may read secrets alone."""
    secret = "Secrets: [{Name: DB, ValueFrom: mysecret}]"
    grant = allow(
        "'secretsmanager:GetSecretValue'",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/*",
    )
    assert found(secret, grant, rule="E9741").message.endswith(
        ": a bare name such as 'mysecret' is that of an SSM parameter, and the role is granted "
        "secretsmanager:GetSecretValue: a secret is named by its ARN"
    )


TWO_FILES = """
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: {Effect: Allow,
    Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: 'kms:*', Resource: '*'}}}}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: shop
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault:
              {SSEAlgorithm: 'aws:kms', KMSMasterKeyID: !GetAtt Key.Arn}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: web, EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::shop/web.env'}]}
        - {Name: log, EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::shop/log.env'}]}
"""


def test_files_under_one_key_make_one_finding() -> None:
    """One grant ends it: the other file is a related place."""
    role = stacks.role(allow("'s3:Get*'", "arn:aws:s3:::shop/*", "arn:aws:s3:::shop"))
    template = stacks.stack(TWO_FILES + role, pseudo=HERE)
    (finding,) = [f for f in findings_of(Analysis(template), RULES) if f.rule == "E9715"]
    assert finding.message.startswith(
        "the environment files of container 'web' and container 'log' are SSE-KMS encrypted"
    )
    assert "so is this file" in [related.message for related in finding.related]


def test_the_near_miss_on_the_right_role() -> None:
    """The other role has the grant; what the right one has in its place is shown too."""
    text = "Resources:\n" + stacks.task(
        FILE, "ExecutionRoleArn: !GetAtt Role.Arn\nTaskRoleArn: !GetAtt Other.Arn"
    )
    text += stacks.role(allow("'s3:GetObject'", "arn:aws:s3:::shop/app.env"))
    text += stacks.role(allow("'s3:GetObject'", "arn:aws:s3:::shop/*"), name="Other")
    (finding,) = [
        f
        for f in findings_of(Analysis(stacks.stack(text, pseudo=HERE)), RULES)
        if f.rule == "E9733"
    ]
    assert "what role 'Role' is granted instead" in [r.message for r in finding.related]
    assert finding.help.startswith("add to a policy of 'Role':")
