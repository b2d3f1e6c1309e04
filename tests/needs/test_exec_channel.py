"""ECS Exec: when it is on, what its agent calls with the task role, and what a cluster adds."""

from __future__ import annotations

import pytest
from tests import stacks
from tests.needs.asked import findings, outcomes

from copilot_preflight.base.finding import Finding
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.resolve.stack import Stack

ALLOWED, DENIED, OPEN = Outcome.ALLOWED, Outcome.IMPLICIT_DENY, Outcome.UNDETERMINED
CHANNEL = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
]

TEMPLATE = """
Parameters:
  Flag: {Type: String}
  OtherKey: {Type: String}
Conditions:
  IsProd: !Equals [!Ref AWS::Region, eu-west-1]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      %(role)s
      ContainerDefinitions:
        - {Name: web, Image: nginx, Environment: [%(environment)s]}
        - {Name: proxy, Image: envoy}
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: %(cluster)s
      EnableExecuteCommand: %(flag)s
      TaskDefinition: !Ref Task
  Cluster:
    Type: AWS::ECS::Cluster
    Properties:
      Configuration:
        ExecuteCommandConfiguration: %(configuration)s
  Key: {Type: AWS::KMS::Key}
""" + stacks.role("%(statement)s")
NOTHING = "{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}"
GRANTED = "{Effect: Allow, Action: 'ssmmessages:*', Resource: '*'}"


def stack(
    statement: str = GRANTED,
    *,
    flag: str = "true",
    role: str = "TaskRoleArn: !GetAtt Role.Arn",
    cluster: str = "!Ref Cluster",
    configuration: str = "{Logging: DEFAULT}",
    environment: str = "",
    text: str = TEMPLATE,
) -> Stack:
    text %= {
        "statement": statement,
        "flag": flag,
        "role": role,
        "cluster": cluster,
        "configuration": configuration,
        "environment": environment,
    }
    return stacks.stack(text, pseudo={"AWS::Partition": "aws"})


def told(found: Stack) -> list[Finding]:
    return findings(found, "E")


def rules(found: Stack) -> list[tuple[str, str]]:
    return [(finding.rule, finding.cause) for finding in told(found)]


def test_the_agent_opens_four_channels_with_the_task_role() -> None:
    """Nothing granted: one finding for all four."""
    found = stack(NOTHING)
    assert outcomes(found) == dict.fromkeys(CHANNEL, DENIED)
    (finding,) = told(found)
    assert finding.rule == "E9746"
    assert finding.message == (
        "task role 'Role' may not ssmmessages:CreateControlChannel, ssmmessages:CreateDataChannel, "
        "ssmmessages:OpenControlChannel and ssmmessages:OpenDataChannel on '*', which the channel "
        "of ECS Exec needs: no statement of the role grants it"
    )


@pytest.mark.parametrize(
    "statement",
    [GRANTED, f"{{Effect: Allow, Action: [{', '.join(CHANNEL)}], Resource: '*'}}"],
)
def test_what_aws_documents_is_enough(statement: str) -> None:
    """The policy of the ECS guide allows all."""
    assert outcomes(stack(statement)) == dict.fromkeys(CHANNEL, ALLOWED)


def test_half_of_the_channels_is_not_enough() -> None:
    """Whoever may create channels must open them too."""
    found = stack("{Effect: Allow, Action: 'ssmmessages:Create*', Resource: '*'}")
    assert rules(found) == [("E9746", "other-action")]


@pytest.mark.parametrize("flag", ["false", "!Ref Flag", "!Ref AWS::NoValue"])
def test_where_it_is_off_or_nobody_can_tell_nothing_is_asked(flag: str) -> None:
    """Only what is certainly on asks for anything."""
    assert outcomes(stack(NOTHING, flag=flag)) == {}


@pytest.mark.parametrize(
    "flag", ["!If [IsProd, false, true]", "!If [IsProd, !Ref AWS::NoValue, true]"]
)
def test_it_is_asked_in_the_scenario_that_turns_it_on(flag: str) -> None:
    """A condition around the flag is followed."""
    assert outcomes(stack(NOTHING, flag=flag)) == dict.fromkeys(CHANNEL, DENIED)


def test_a_service_under_a_condition_is_followed() -> None:
    """The service that is there in some deployments only."""
    text = TEMPLATE.replace("AWS::ECS::Service\n", "AWS::ECS::Service\n    Condition: IsProd\n")
    assert rules(stack(NOTHING, text=text)) == [("E9746", "no-grant")]


def test_no_task_role_is_told_once() -> None:
    """ECS refuses the service: nothing is said of grants."""
    found = stack(NOTHING, role="Family: web")
    (finding,) = told(found)
    assert (finding.rule, finding.cause) == ("E9734", "no-task-role")
    assert finding.message == (
        "task definition 'Task' has no TaskRoleArn, and ECS needs that role for the channel of "
        "ECS Exec"
    )


def test_a_grant_on_the_execution_role_is_on_the_wrong_one() -> None:
    """E9733 reports it."""
    text = TEMPLATE.replace("%(role)s", "%(role)s\n      ExecutionRoleArn: !GetAtt Other.Arn")
    other = f"""
  Other:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
      Policies: [{{PolicyDocument: {{Statement: [{GRANTED}]}}}}]
"""
    assert rules(stack(NOTHING, text=text + other)) == [("E9733", "wrong-role")]


KEYS = "{Name: AWS_ACCESS_KEY_ID, Value: AKIA}, {Name: AWS_SECRET_ACCESS_KEY, Value: x}"


def test_credentials_of_one_container_leave_the_other_to_the_role() -> None:
    """The agent of the second container has nothing but the role."""
    assert outcomes(stack(NOTHING, environment=KEYS)) == dict.fromkeys(CHANNEL, DENIED)


def test_credentials_in_all_containers_prove_nothing() -> None:
    """The agent may call with those."""
    text = TEMPLATE.replace("        - {Name: proxy, Image: envoy}\n", "")
    found = stack(NOTHING, environment=KEYS, text=text)
    assert outcomes(found) == dict.fromkeys(CHANNEL, OPEN)


# --- what the cluster adds ------------------------------------------------------------------------

LOGGED = (
    "{KmsKeyId: !Ref Key, Logging: OVERRIDE, LogConfiguration: {CloudWatchLogGroupName: /exec, "
    "S3BucketName: sessions, S3KeyPrefix: exec, S3EncryptionEnabled: true}}"
)


def test_the_key_of_the_cluster_is_needed_too() -> None:
    """The key is; whether a session goes on that cannot be logged, nobody documents."""
    found = stack(configuration=LOGGED)
    assert [(f.rule, f.call.action) for f in told(found) if f.call] == [("E9746", "kms:Decrypt")]
    open_ones = {action for action, outcome in outcomes(found).items() if outcome is OPEN}
    assert {"logs:DescribeLogGroups", "logs:PutLogEvents", "s3:PutObject"} <= open_ones


def test_the_policy_of_the_guide_grants_them() -> None:
    """What AWS documents for logs, buckets and keys is enough."""
    rest = """
              - {Effect: Allow, Action: 'kms:Decrypt', Resource: !GetAtt Key.Arn}
              - {Effect: Allow, Action: 'logs:DescribeLogGroups', Resource: '*'}
              - Effect: Allow
                Action: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents']
                Resource: !Sub 'arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:/exec:*'
              - {Effect: Allow, Action: 's3:PutObject', Resource: 'arn:aws:s3:::sessions/*'}
              - Effect: Allow
                Action: 's3:GetEncryptionConfiguration'
                Resource: 'arn:aws:s3:::sessions'
"""
    found = stack(GRANTED + rest, configuration=LOGGED)
    assert rules(found) == []
    known = {action: it for action, it in outcomes(found).items() if not action.startswith("s3:")}
    assert set(known.values()) == {ALLOWED}


@pytest.mark.parametrize("cluster", ["other", "!ImportValue cluster"])
def test_a_cluster_outside_the_run_adds_nothing(cluster: str) -> None:
    """Nobody knows how it is configured."""
    assert rules(stack(cluster=cluster, configuration=LOGGED)) == []


def test_a_key_that_is_a_parameter_is_some_key() -> None:
    """Its value may be no ARN: nothing is proved."""
    found = stack(configuration="{KmsKeyId: !Ref OtherKey}")
    assert outcomes(found)["kms:Decrypt"] is OPEN
