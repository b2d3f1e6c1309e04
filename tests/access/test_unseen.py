"""What a template does not show must not be taken for absent: nothing is claimed then."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import stacks

from copilot_preflight.run import check as engine

FILE = "{Type: s3, Value: 'arn:aws:s3:::config/web.env'}"
TASK = "\n" + stacks.task(f"EnvironmentFiles: [{FILE}]")
ROLE = """
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:*'}
"""


def found(folder: Path, **templates: str) -> dict[str, list[str]]:
    """The rules that speak up in each of some templates, checked as one run."""
    for name, text in templates.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    report = engine.check([str(folder)], engine.Options(info=True))
    assert report.errors == ()
    rules: dict[str, list[str]] = {name: [] for name in templates}
    for finding in report.findings:
        rules[Path(finding.at.file).stem].append(finding.rule)
    return rules


def test_a_role_without_any_grant_is_denied(tmp_path: Path) -> None:
    """The stack that the other tests add to: all of it is in sight."""
    assert found(tmp_path, app=f"Resources: {TASK}{ROLE}") == {"app": ["E9711"]}


@pytest.mark.parametrize(
    ("top", "more"),
    [
        ("Transform: [Our::Macro]", ""),
        ("", "  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/x.yml}}"),
        ("", "  Fn::ForEach::P: [N, [a], {'P${N}': {Type: AWS::IAM::RolePolicy}}]"),
        (
            "",
            "  Nested:\n    Type: AWS::CloudFormation::Stack\n"
            "    Properties: {Parameters: {R: !Ref Role}}",
        ),
        ("", "  Made: {Type: Custom::Grant, Properties: {Role: !Sub 'x/${Role}'}}"),
        ("", "  Part: {Type: Our::Policy::MODULE, Properties: {Role: !GetAtt Role.Arn}}"),
    ],
    ids=["macro", "include", "loop", "nested stack", "custom resource", "module"],
)
def test_what_may_attach_a_policy_out_of_sight(top: str, more: str, tmp_path: Path) -> None:
    """A macro, a loop, or a resource that is handed the role may grant what the role lacks."""
    rules = found(tmp_path, app=f"{top}\nResources: {TASK}{ROLE}\n{more}\n")["app"]
    assert set(rules) == {"I9790"}


@pytest.mark.parametrize(
    ("top", "more"),
    [
        ("Transform: AWS::Serverless-2016-10-31", ""),
        ("", "  Nested: {Type: AWS::CloudFormation::Stack, Properties: {Parameters: {R: x}}}"),
        ("", "  Made: {Type: Custom::Thing, Properties: {Name: RoleOfTheWorld}}"),
    ],
    ids=["SAM", "nested stack", "custom resource"],
)
def test_what_cannot_reach_the_role(top: str, more: str, tmp_path: Path) -> None:
    """AWS's own transforms, and resources that never hear of the role, change nothing."""
    rules = found(tmp_path, app=f"{top}\nResources: {TASK}{ROLE}\n{more}\n")["app"]
    assert rules == ["E9711"]


def test_two_roles_of_one_name(tmp_path: Path) -> None:
    """Which of two deployments a role by that name belongs to, the files do not tell."""
    role = ROLE.replace("Properties:", "Properties:\n      RoleName: exec")
    task = TASK.replace("!GetAtt Role.Arn", "!Sub 'arn:aws:iam::${AWS::AccountId}:role/exec'")
    rules = found(
        tmp_path, app=f"Resources: {task}", dev=f"Resources: {role}", prod=f"Resources: {role}"
    )
    assert rules == {"app": ["I9790"], "dev": [], "prod": []}


def test_a_policy_of_another_stack_for_a_name_with_the_same_spelling(tmp_path: Path) -> None:
    """``${Stage}-exec`` of one stack may be ``${Stage}-exec`` of another."""
    parameters = "Parameters: {Stage: {Type: String}}\n"
    role = ROLE.replace("Properties:", "Properties:\n      RoleName: !Sub '${Stage}-exec'")
    policy = """
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Sub '${Stage}-exec']
      PolicyDocument:
        Statement: {Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::config/*'}
"""
    rules = found(
        tmp_path,
        app=f"{parameters}Resources: {TASK}{role}",
        more=f"{parameters}Resources: {policy}",
    )
    assert set(rules["app"]) == {"I9790"}


def test_a_bucket_policy_whose_bucket_may_be_the_one(tmp_path: Path) -> None:
    """A policy that names the role grants by itself, if the unknown bucket is its own."""
    task = TASK.replace("'arn:aws:s3:::config/web.env'", "!Sub 'arn:aws:s3:::${Name}/web.env'")
    policy = """
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: config
      PolicyDocument:
        Statement:
          Effect: Allow
          Principal: {AWS: !GetAtt Role.Arn}
          Action: 's3:*'
          Resource: ['arn:aws:s3:::config', 'arn:aws:s3:::config/*']
"""
    parameters = "Parameters: {Name: {Type: String}}\n"
    rules = found(tmp_path, app=f"{parameters}Resources: {task}{ROLE}{policy}")["app"]
    assert set(rules) == {"I9790"}


def test_inline_policies_of_a_user_work_together(tmp_path: Path) -> None:
    """The bucket half in one inline policy and the object half in another make a pair."""
    user = """
Resources:
  User:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: objects
          PolicyDocument:
            Statement:
              Effect: Allow
              Action: ['s3:GetObject', 's3:ListBucket']
              Resource: 'arn:aws:s3:::b/*'
        - PolicyName: bucket
          PolicyDocument:
            Statement: {Effect: Allow, Action: 's3:ListBucket', Resource: 'arn:aws:s3:::b'}
"""
    assert found(tmp_path, user=user) == {"user": []}


def test_a_forgotten_sub(tmp_path: Path) -> None:
    """A value with ``${…}`` that nothing fills in is no ARN, whatever was meant."""
    task = TASK.replace("arn:aws:s3:::config/web.env", "arn:aws:s3:::${Bucket}/web.env")
    assert found(tmp_path, app=f"Resources: {task}{ROLE}") == {"app": ["E9716"]}
