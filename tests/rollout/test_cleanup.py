"""What the update removes stays until the clean-up: no start before that is denied without it."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.resolve.stack import Stack
from copilot_preflight.rollout.comparison import (
    ALLOWED,
    DENIED,
    NOT_STARTED,
    UNKNOWN,
    TaskRollout,
    compare,
)

KEY = "arn:aws:ssm:eu-west-1:111122223333:parameter/shop/key"
NO_KEY = "arn:aws:ssm:eu-west-1:111122223333:parameter/shop/none"

LATER = "old-revisions-later"


def release(
    *,
    role: str = "Role",
    kept: str = "",
    properties: str = "Path: /",
    granted: str = KEY,
    task: str = "Task",
    more: str = "",
) -> Stack:
    """A service whose task reads ``KEY``; ``more`` are resources that only this release has."""
    return stacks.stack(
        f"""
Resources:
  Service:
    Type: AWS::ECS::Service
    Properties: {{TaskDefinition: !Ref {task}}}
  {task}:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt {role}.Arn
      ContainerDefinitions: [{{Name: web, Secrets: [{{Name: KEY, ValueFrom: '{KEY}'}}]}}]
  {role}:
    Type: AWS::IAM::Role
    {kept}
    Properties:
      {properties}
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {{Service: ecs-tasks.amazonaws.com}}
          Action: sts:AssumeRole
      Policies:
        - PolicyName: Key
          PolicyDocument:
            Statement: {{Effect: Allow, Action: ssm:GetParameters, Resource: '{granted}'}}
{more}"""
    )


def policy(kind: str, naming: str) -> str:
    """A policy of its own that grants ``KEY`` to the role that it names."""
    return f"""\
  Own:
    Type: {kind}
    Properties:
      {naming}
      PolicyDocument:
        Statement: {{Effect: Allow, Action: ssm:GetParameters, Resource: '{KEY}'}}
"""


OWN = policy("AWS::IAM::Policy", "PolicyName: own\n      Roles: [!Ref Role]")


def compared(old: Stack, new: Stack) -> TaskRollout:
    (task,) = compare(old, new).tasks
    return task


def row(task: TaskRollout, revision: str) -> dict[str, str]:
    """The statuses of a revision, by the keys of the phases in which it starts."""
    return {
        cell.phase.key: cell.status
        for cell in task.cells
        if cell.revision == revision and cell.status != NOT_STARTED
    }


@pytest.mark.parametrize(
    "own",
    [
        OWN,
        policy("AWS::IAM::RolePolicy", "PolicyName: own\n      RoleName: !Ref Role"),
        policy("AWS::IAM::ManagedPolicy", "Roles: [!Ref Role]"),
    ],
)
def test_a_policy_that_goes_is_attached_until_the_clean_up(own: str) -> None:
    """CloudFormation deletes it last: old tasks start as before, until then."""
    rollout = compare(release(granted=NO_KEY, more=own), release(granted=NO_KEY))
    (task,) = rollout.tasks
    statuses = row(task, "old")
    assert DENIED not in {statuses["updating"], statuses["failed-no-rollback"]}
    assert statuses[LATER] == DENIED
    assert not any(it.is_certain for it in rollout.stranded)
    assert row(task, "new")["updating"] == UNKNOWN
    assert row(task, "new")["steady"] == DENIED


def test_a_denial_that_goes_holds_until_the_clean_up() -> None:
    """New tasks may still meet it."""
    deny = OWN.replace("Effect: Allow", "Effect: Deny")
    task = compared(release(more=deny), release())
    assert row(task, "old")["before"] == DENIED
    assert row(task, "new") == {
        "updating": UNKNOWN,
        "steady": ALLOWED,
        "stack-rollback": DENIED,
        LATER: ALLOWED,
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            release(properties="RoleName: web"),
            release(role="Other", properties="RoleName: web"),
            id="another role bears its name",
        ),
        pytest.param(
            release(),
            release(properties="RoleName: web", kept="UpdateReplacePolicy: Retain"),
            id="the release that replaces it keeps it",
        ),
        pytest.param(
            release(kept="DeletionPolicy: Retain"), release(role="Other"), id="the old release does"
        ),
    ],
)
def test_a_role_that_may_be_kept_is_not_deleted_for_certain(old: Stack, new: Stack) -> None:
    rollout = compare(old, new)
    (task,) = rollout.tasks
    assert row(task, "old")[LATER] == UNKNOWN
    assert list(rollout.stranded) == []


def test_a_role_that_goes_is_deleted_in_the_clean_up() -> None:
    rollout = compare(release(), release(role="Other"))
    (task,) = rollout.tasks
    statuses = row(task, "old")
    assert statuses.pop(LATER) == DENIED
    assert set(statuses.values()) == {ALLOWED}
    assert [it.is_certain for it in rollout.stranded] == [False]


def test_a_task_with_another_logical_id_is_that_of_its_service() -> None:
    """What the service goes on running is compared, whatever the resource is called."""
    rollout = compare(release(), release(task="Web", granted=NO_KEY))
    assert (rollout.added, rollout.removed) == ((), ())
    (task,) = rollout.tasks
    assert (task.old.logical_id, task.new.logical_id) == ("Task", "Web")
    assert row(task, "old")["before"] == ALLOWED
    assert row(task, "old")["updating"] == DENIED


def test_a_release_compared_with_itself_changes_nothing() -> None:
    rollout = compare(release(more=OWN), release(more=OWN))
    assert not list(rollout.stranded)
    assert (rollout.lost, rollout.gained, rollout.replaced) == ((), (), ())
    (task,) = rollout.tasks
    assert {*row(task, "old").values(), *row(task, "new").values()} == {ALLOWED}


def test_the_policy_of_a_bucket_grants_until_the_clean_up() -> None:
    """What only a bucket's policy grants is not denied as long as the policy is there."""
    template = """
Resources:
  Service: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::shop-files/web.env'}]
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: shop-files}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: web
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
"""
    policy = """\
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Statement:
          Effect: Allow
          Principal: {AWS: !GetAtt Role.Arn}
          Action: s3:GetObject
          Resource: arn:aws:s3:::shop-files/*
"""
    rollout = compare(stacks.stack(template + policy), stacks.stack(template))
    (task,) = rollout.tasks
    statuses = row(task, "old")
    assert statuses["before"] == ALLOWED
    assert (statuses["updating"], statuses["failed-no-rollback"]) == (UNKNOWN, UNKNOWN)
    assert statuses[LATER] == DENIED
    assert [it.is_certain for it in rollout.stranded] == [False]
