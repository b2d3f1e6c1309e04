"""A policy variable without the Version that has variables: the warning, and the cause of a 403."""

from __future__ import annotations

import pytest

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.inputs.package import Package
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight_rules.policy_version_missing import policy_version_missing

TEMPLATE = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {{Name: web, EnvironmentFiles: [{{Type: s3, Value: 'arn:aws:s3:::shop/web.env'}}]}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Tags: [{{Key: bucket, Value: shop}}]
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {{Service: ecs-tasks.amazonaws.com}}
          Action: sts:AssumeRole
      Policies: [{{PolicyName: files, PolicyDocument: {{{document}}}}}]
"""
READ = "Statement: {Effect: Allow, Action: 's3:Get*', Resource: '%s'}"
BY_TAG = "arn:aws:s3:::${aws:PrincipalTag/bucket}*"


def analysis(document: str) -> Analysis:
    template = parse(TEMPLATE.format(document=document), "t.yml")
    return Analysis(Run().add(Package(template)))


@pytest.mark.parametrize("version", ["", "Version: '2008-10-17', "])
def test_variables_without_the_version(version: str) -> None:
    """One warning for the document, at the value, and the call is denied for that reason."""
    found = analysis(version + READ % BY_TAG)
    (finding,) = policy_version_missing(found)
    assert finding.at.path[-1] == "Resource"
    assert BY_TAG in finding.message
    assert {denied.cause.kind for denied in found.denials} == {"literal-variables"}


@pytest.mark.parametrize(
    "document",
    [
        f"Version: '2012-10-17', {READ % BY_TAG}",
        READ % "arn:aws:s3:::shop*",
        "Statement: {Effect: Allow, Action: 's3:Get*', Resource: !Sub '${AWS::Partition}*'}, Id: x",
    ],
)
def test_what_is_filled_in_is_silent(document: str) -> None:
    """With the version, without variables, and where CloudFormation fills the value in."""
    found = analysis(document)
    assert list(policy_version_missing(found)) == []
    assert "literal-variables" not in {denied.cause.kind for denied in found.denials}


def test_one_finding_for_each_document() -> None:
    """However many statements and conditions of it write variables."""
    statement = "{Effect: Allow, Action: 's3:Get*', Resource: '%s'}" % BY_TAG  # noqa: UP031
    assert (
        len(list(policy_version_missing(analysis(f"Statement: [{statement}, {statement}]")))) == 1
    )
