"""A service of Express Mode and a task with volumes in EFS, both correct, changed line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import pytest
from tests import stacks

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight_rules import RULES

SAMPLES: Final = Path(__file__).parents[2] / "sample_templates/clean"
EXPRESS: Final = (SAMPLES / "express-mode/infrastructure/shop.yml").read_text(encoding="utf-8")
EFS: Final = """\
Resources:
  Files:
    Type: AWS::EFS::FileSystem
    Properties:
      FileSystemPolicy:
        Statement:
          - Effect: Allow
            Principal: {AWS: '*'}
            Action: ['elasticfilesystem:ClientWrite', 'elasticfilesystem:ClientRootAccess']
            Condition: {Bool: {'elasticfilesystem:AccessedViaMountTarget': 'true'}}
  Point: {Type: AWS::EFS::AccessPoint, Properties: {FileSystemId: !Ref Files}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt Role.Arn
      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: !Ref Files
            TransitEncryption: ENABLED
            AuthorizationConfig:
              AccessPointId: !Ref Point
              IAM: ENABLED
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/shop/web
          MountPoints: [{SourceVolume: data, ContainerPath: /data}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: Files
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              Effect: Allow
              Action: elasticfilesystem:ClientMount
              Resource: !GetAtt Files.Arn
"""
"""What the CDK writes for a file system, an access point and ``grantRead``."""


class Change(NamedTuple):
    """A text in the place of another, and each finding then: its rule, and what its line holds."""

    name: str
    old: str
    new: str
    finds: tuple[tuple[str, str], ...] = ()


_INFRASTRUCTURE: Final = "InfrastructureRoleArn: !GetAtt"
_ATTACHED: Final = (
    "!Sub 'arn:${AWS::Partition}:iam::aws:policy/service-role/"
    "AmazonECSInfrastructureRoleforExpressGatewayServices'"
)
_TASKS: Final = "service-role/AmazonECSTaskExecutionRolePolicy"

OF_EXPRESS: Final = (
    Change("nothing", "", ""),
    Change("AWS's policy for tasks for the infrastructure", _ATTACHED,
           f"!Sub 'arn:${{AWS::Partition}}:iam::aws:policy/{_TASKS}'",
           (("E9736", _INFRASTRUCTURE),)),
    Change("administrator for the infrastructure", _ATTACHED,
           "'arn:aws:iam::aws:policy/AdministratorAccess'"),
    Change("a policy outside the run for the infrastructure", _ATTACHED,
           "'arn:aws:iam::111122223333:policy/express'"),
    Change("EC2 is to assume the infrastructure role", "Principal: {Service: ecs.amazonaws.com}",
           "Principal: {Service: ec2.amazonaws.com}", (("E9732", "Service: ec2."),)),
    Change("one role for both", "!GetAtt InfrastructureRole.Arn", "!GetAtt ExecutionRole.Arn",
           (("E9732", "Service: ecs-tasks"), ("E9736", _INFRASTRUCTURE))),
    Change("no pull", _TASKS, "CloudWatchLogsFullAccess", (("E9742", "Image:"),)),
    Change("no logs", _TASKS, "AmazonEC2ContainerRegistryPullOnly",
           (("E9743", "Image:"),)),
    Change("a log group of the template", "        ContainerPort: 8080",
           "        AwsLogsConfiguration: {LogGroup: /shop/web, LogStreamPrefix: web}"),
    Change("another action for the secret", "Action: secretsmanager:GetSecretValue",
           "Action: secretsmanager:DescribeSecret", (("E9741", "DB_PASSWORD"),)),
    Change("a role of the account", "!GetAtt InfrastructureRole.Arn",
           "!Sub 'arn:aws:iam::${AWS::AccountId}:role/express'"),
    Change("no execution role", "      ExecutionRoleArn: !GetAtt ExecutionRole.Arn\n", "",
           (("E9731", "  Web:"),)),
    Change("a public image and logs", "!Sub '${Repository.RepositoryUri}:1.4.2'", "nginx:stable"),
)  # fmt: skip

_IAM: Final = "              IAM: ENABLED\n"
_ACTION: Final = "Action: ['elasticfilesystem:ClientWrite', 'elasticfilesystem:ClientRootAccess']"
_VOLUME: Final = "FilesystemId:"
_GRANT: Final = "Action: elasticfilesystem:ClientMount"
_BY_POINT: Final = (
    "Resource: !GetAtt Files.Arn\n              Condition:\n"
    "                {StringEquals: {'elasticfilesystem:AccessPointArn': %s}}"
)

OF_EFS: Final = (
    Change("nothing", "", ""),
    Change("no IAM", _IAM, "", (("E9747", _VOLUME),)),
    Change("IAM turned off", "IAM: ENABLED", "IAM: DISABLED", (("E9747", "IAM: DISABLED"),)),
    Change("neither IAM nor access point",
           "            AuthorizationConfig:\n              AccessPointId: !Ref Point\n" + _IAM, "",
           (("E9747", _VOLUME),)),
    Change("no IAM, and everybody may mount", _ACTION + "\n",
           "Action: 'elasticfilesystem:Client*'\n"),
    Change("no grant", _GRANT, "Action: elasticfilesystem:ClientWrite",
           (("E9747", "IAM: ENABLED"),)),
    Change("a grant on what may be this file system", "Resource: !GetAtt Files.Arn",
           "Resource: 'arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1'"),
    Change("a grant on an access point", "Resource: !GetAtt Files.Arn",
           "Resource: !GetAtt Point.Arn", (("E9747", "IAM: ENABLED"),)),
    Change("a grant by the access point", "Resource: !GetAtt Files.Arn",
           _BY_POINT % "!GetAtt Point.Arn"),
    Change("a grant by another access point", "Resource: !GetAtt Files.Arn",
           _BY_POINT % "'arn:aws:x'", (("E9747", "IAM: ENABLED"),)),
    Change("a deny without TLS", "          - Effect: Allow\n            Principal",
           "          - {Effect: Deny, Principal: '*', Action: '*', "
           "Condition: {Bool: {'aws:SecureTransport': 'false'}}}\n"
           "          - Effect: Allow\n            Principal"),
    Change("a file system outside the run", "FilesystemId: !Ref Files", "FilesystemId: fs-1234"),
)  # fmt: skip


def lines(text: str) -> list[tuple[str, int]]:
    """The findings of a template that are errors or warnings, with their lines."""
    stack = stacks.stack(text)
    analysis = Analysis(stack)
    found = [it for rule in RULES if rule.id[0] in "EW" for it in rule(analysis)]
    document = stack.package.template
    return sorted((it.rule, document.span(it.at.path, key=it.at.key).start.line) for it in found)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        pytest.param(text, change, id=f"{name}: {change.name}")
        for name, text, changes in (("express", EXPRESS, OF_EXPRESS), ("efs", EFS, OF_EFS))
        for change in changes
    ],
)
def test_a_change_is_found_where_it_is_and_nothing_else(text: str, change: Change) -> None:
    assert change.old in text
    changed = text.replace(change.old, change.new, 1) if change.old else text
    wanted = []
    for rule, word in change.finds:
        (number, *_) = [n for n, it in enumerate(changed.splitlines(), 1) if word in it]
        wanted.append((rule, number))
    assert lines(changed) == sorted(wanted)
