"""That a resource has no policy can be said: then what was open is decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_preflight.base.finding import Report
from copilot_preflight.run import check
from copilot_preflight.run.options import Options

BUCKET, KEY = "arn:aws:s3:::shop", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
REPOSITORY = "arn:aws:ecr:eu-west-1:111122223333:repository/web"
FILES = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-0123abcd"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"

STACK = f"""
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      TaskRoleArn: !GetAtt Role.Arn
      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: fs-0123abcd
            TransitEncryption: ENABLED
            AuthorizationConfig: {{IAM: ENABLED}}
      ContainerDefinitions:
        - Name: web
          Image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1
          EnvironmentFiles: [{{Type: s3, Value: '{BUCKET}/web.env'}}]
          Secrets: [{{Name: DB, ValueFrom: '{SECRET}'}}]
          MountPoints: [{{SourceVolume: data, ContainerPath: /data}}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: exec
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {{Service: ecs-tasks.amazonaws.com}}
          Action: sts:AssumeRole
      Policies:
        - PolicyName: all
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              Effect: Allow
              Action: ['s3:GetObject', 's3:GetBucketLocation', 'ecr:*', 'kms:*', 'secretsmanager:*']
              Resource: '*'
"""


HERE = {"AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}


def checked(folder: Path, *policies: tuple[str, str]) -> Report:
    template = folder / "t.yml"
    template.write_text(STACK)
    given = tuple((name, Path(file)) for name, file in policies)
    options = Options(policies=given, info=True, pseudo=HERE)
    return check.check([str(template)], options)


def open_calls(report: Report) -> set[str]:
    assert report.errors == ()
    return {
        finding.message.partition(": ")[0] for finding in report.findings if finding.rule == "I9790"
    }


ALL = {
    "environment file of container 'web'",
    "image of container 'web'",
    "secret 'DB' of container 'web'",
    "EFS volume 'data'",
}


@pytest.mark.parametrize(
    ("name", "settled"),
    [
        (BUCKET, "environment file of container 'web'"),
        ("shop", "environment file of container 'web'"),
        (REPOSITORY, "image of container 'web'"),
        (SECRET, "secret 'DB' of container 'web'"),
        (FILES, "EFS volume 'data'"),
    ],
)
def test_a_resource_without_a_policy_is_decided(tmp_path: Path, name: str, settled: str) -> None:
    """The role's own policies then decide; what nobody has spoken of stays open."""
    assert open_calls(checked(tmp_path)) == ALL
    assert open_calls(checked(tmp_path, (name, "none"))) == ALL - {settled}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "arn:aws:iam::111122223333:policy/Boundary",
            "'arn:aws:iam::111122223333:policy/Boundary=none': a managed policy cannot be without "
            "a policy",
        ),
        (
            "alias/app",
            "'alias/app=none': name the key by its ARN, which shows its account",
        ),
    ],
)
def test_what_cannot_be_without_a_policy(tmp_path: Path, name: str, message: str) -> None:
    """An input error says why."""
    (error,) = checked(tmp_path, (name, "none")).errors
    assert (error.file, error.message) == ("--policy", message)
