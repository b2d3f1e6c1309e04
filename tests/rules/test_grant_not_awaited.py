"""W9783: what a start needs and does not wait for is said; what it waits for, or may, is not."""

from __future__ import annotations

from typing import Final

import pytest
from tests import stacks

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.inputs.package import Package
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight_rules.grant_not_awaited import grant_not_awaited

GRANT: Final = (
    "{Effect: Allow, Action: 's3:Get*', Resource: ['arn:aws:s3:::cfg', 'arn:aws:s3:::cfg/*']}"
)
TASK: Final = stacks.task(
    "EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::cfg/web.env'}]",
    "ExecutionRoleArn: %(role)s",
)

TEMPLATE: Final = f"""
Parameters:
  Wanted: {{Type: Number}}
  Two: {{Type: Number, Default: 2}}
  Answer: {{Type: String}}
Conditions:
  Holds: !Equals [a, a]
  Open: !Equals [!Ref Answer, a]
Resources:
  Service:
    Type: AWS::ECS::Service
    Properties: {{TaskDefinition: !Ref Task, %(service)s}}
    %(depends)s
{TASK}
  Role:
    Type: AWS::IAM::Role
    Properties: {{AssumeRolePolicyDocument: {{Statement: []}}, %(inline)s}}
  Grants:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Ref Role]
      PolicyDocument: {{Statement: {GRANT}}}
    %(policy)s
  Topic: {{Type: AWS::SNS::Topic, DependsOn: Grants}}
  IfOpen: {{Type: AWS::SNS::Topic, DependsOn: Grants, Condition: Open}}
"""
COMMON: Final = ": CloudFormation may start tasks before it is there"
INLINE: Final = f"Policies: [{{PolicyName: P, PolicyDocument: {{Statement: {GRANT}}}}}]"
OTHER_DENIAL: Final = INLINE.replace("Allow", "Deny").replace("s3:Get*", "s3:PutObject")
IF_OPEN: Final = f"Policies: [!If [Open, {INLINE[11:-1]}, !Ref AWS::NoValue]]"
ELSEWHERE: Final = """
Resources:
  Other: {Type: AWS::IAM::Role, Properties: {RoleName: shared, AssumeRolePolicyDocument: {}}}
  Theirs:
    Type: AWS::IAM::Policy
    Properties: {Roles: [!Ref Other], PolicyDocument: {Statement: %s}}
"""


def filled(
    *,
    service: str = "DesiredCount: 1",
    depends: str = "",
    inline: str = "Path: /",
    policy: str = "",
    role: str = "!GetAtt Role.Arn",
    more: str = "",
) -> str:
    return (
        TEMPLATE
        % {"service": service, "depends": depends, "inline": inline, "policy": policy, "role": role}
        + more
    )


def said(template: str, *others: str) -> list[str]:
    """The messages, without the part that all have in common."""
    run = Run()
    stack = run.add(Package(parse(template, "t.yml")))
    for number, other in enumerate(others):
        run.add(Package(parse(other, f"{number}.yml")))
    messages = [finding.message for finding in grant_not_awaited(Analysis(stack))]
    return [
        it.replace(": CloudFormation may start tasks before it is there", "") for it in messages
    ]


GRANTS: Final = (
    "service 'Service' does not wait for policy 'Grants', which allows execution role 'Role' to "
    "s3:GetObject for the environment file of container 'web'"
)


@pytest.mark.parametrize(
    "template",
    {
        "it depends on it": filled(depends="DependsOn: Grants"),
        "in a list": filled(depends="DependsOn: [Role, Grants]"),
        "through a chain": filled(depends="DependsOn: Topic"),
        "through a reference": filled(service="ServiceName: !Ref Topic"),
        "through its task definition": filled(role="!Sub '${Role.Arn}'").replace(
            "      ContainerDefinitions:", "      Family: !Ref Topic\n      ContainerDefinitions:"
        ),
        "through metadata": filled(depends="Metadata: {After: !Ref Topic}"),
        "a branch that is taken": filled(service="ServiceName: !If [Holds, !Ref Topic, x]"),
        "the role grants it as well": filled(inline=INLINE),
        "AWS's own policy grants it": filled(
            inline="ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']"
        ),
        "no tasks are wanted": filled(service="DesiredCount: 0"),
        "none, as a string": filled(service="DesiredCount: '0'"),
        "nobody knows how many": filled(service="DesiredCount: !Ref Wanted"),
        "a family by its name": filled().replace(
            "TaskDefinition: !Ref Task", "TaskDefinition: web"
        ),
        "a macro writes more": filled(more="Transform: Mine"),
        "a macro in the service": filled(service="'Fn::Transform': {Name: Mine}"),
        "a function in DependsOn": filled(depends="DependsOn: [!If [Open, Grants, Topic]]"),
        "the role may have more": filled(
            more="  Mine: {Type: 'Custom::Attach', Properties: {Role: !Ref Role}}\n"
        ),
        "nobody runs it": filled().replace("AWS::ECS::Service", "AWS::SNS::Topic"),
    }.items(),
    ids=lambda it: it[0],
)
def test_it_waits(template: tuple[str, str]) -> None:
    assert said(template[1]) == []


def test_a_managed_policy_that_the_role_lists_is_there_before_the_role() -> None:
    template = filled(inline="ManagedPolicyArns: [!Ref Grants]")
    template = template.replace("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
    assert said(template.replace("Roles: [!Ref Role]", "Path: /")) == []


def test_the_role_and_the_policy_of_another_stack() -> None:
    """It is deployed before; what attaches there is no matter of this template's order."""
    template = filled(role="!Sub 'arn:aws:iam::${AWS::AccountId}:role/shared'")
    assert said(template, ELSEWHERE % GRANT) == []


@pytest.mark.parametrize(
    "template",
    {
        "nothing": filled(),
        "the number is left out": filled(service="LaunchType: FARGATE"),
        "a daemon": filled(service="SchedulingStrategy: DAEMON"),
        "a default": filled(service="DesiredCount: !Ref Two"),
        "it waits for the role": filled(depends="DependsOn: Role"),
        "the role is denied something else": filled(inline=OTHER_DENIAL),
        "a branch that is not taken": filled(service="ServiceName: !If [Holds, x, !Ref Topic]"),
        "the policy waits for the service": filled(policy="DependsOn: Service"),
    }.items(),
    ids=lambda it: it[0],
)
def test_it_does_not_wait(template: tuple[str, str]) -> None:
    assert said(template[1]) == [GRANTS]


@pytest.mark.parametrize(
    ("template", "when"),
    [
        (filled(depends="DependsOn: IfOpen"), "Open is false"),
        (filled(service="ServiceName: !If [Open, !Ref Topic, x]"), "Open is false"),
        (
            filled(inline=IF_OPEN),
            "Open is false",
        ),
        (filled(depends="Condition: Open"), ""),
        (filled(policy="Condition: Open"), ""),
        (filled(service="DesiredCount: !If [Open, 1, 0]"), ""),
    ],
)
def test_conditions_are_decided(template: str, when: str) -> None:
    """Where it depends on a condition, the scenario is named, but for that of the pair itself."""
    assert said(template) == [f"{GRANTS} when {when}" if when else GRANTS]


@pytest.mark.parametrize("kind", ["RolePolicy", "ManagedPolicy"])
def test_other_policies(kind: str) -> None:
    template = filled().replace("AWS::IAM::Policy", f"AWS::IAM::{kind}")
    if kind == "RolePolicy":
        template = template.replace("Roles: [!Ref Role]", "RoleName: !Ref Role")
    noun = "managed policy" if kind == "ManagedPolicy" else "policy"
    assert said(template) == [GRANTS.replace("for policy", f"for {noun}")]


def test_one_finding_for_a_policy_with_all_that_it_grants() -> None:
    template = filled().replace(
        "Name: web", "Name: web\n          Secrets: [{Name: A, ValueFrom: %s}]"
    )
    template %= "'arn:aws:secretsmanager:us-east-1:1:secret:a-AbCdEf'"
    template = template.replace("'s3:Get*'", "'*'").replace("Resource: [", "Resource: ['*', ")
    assert said(template) == [f"{GRANTS} and 1 more call"]


HOSTS: Final = "  Hosts: {Type: 'AWS::AutoScaling::AutoScalingGroup', Properties: {MaxSize: 1}%s}\n"
ON_EC2: Final = "LaunchType: EC2"


@pytest.mark.parametrize(
    ("template", "is_said"),
    [
        (filled(service=ON_EC2, more=HOSTS % ", DependsOn: Grants"), False),
        (filled(service=ON_EC2, more=HOSTS % ", DependsOn: IfOpen"), False),
        (filled(service="DesiredCount: 1", more=HOSTS % ", DependsOn: Grants"), False),
        (filled(service="LaunchType: FARGATE", more=HOSTS % ", DependsOn: Grants"), True),
        (filled(service=ON_EC2, more=HOSTS % ", DependsOn: Role"), True),
        (filled(service=ON_EC2), True),
    ],
)
def test_instances_that_wait(template: str, is_said: bool) -> None:
    """Where the cluster's instances come after the policy, so do the tasks, but for Fargate's."""
    assert said(template) == ([GRANTS] if is_said else [])


# --- other resources ------------------------------------------------------------------------------


def test_the_policy_of_a_bucket() -> None:
    """It names the role, and grants by itself what no policy of the role does."""
    template = (
        filled()
        .replace("AWS::IAM::Policy", "AWS::S3::BucketPolicy")
        .replace("Roles: [!Ref Role]", "Bucket: cfg")
    )
    template = template.replace(
        "Effect: Allow", "Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}"
    )
    assert said(template) == [GRANTS.replace("for policy", "for bucket policy")]


LOGGING: Final = """
Resources:
  Service: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task}%(depends)s}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          LogConfiguration:
            LogDriver: awslogs
            Options: {awslogs-group: %(group)s, awslogs-region: us-east-1, %(options)s}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /ecs/web}}
Conditions: {Open: !Equals [!Ref AWS::Region, eu-west-1]}
"""


@pytest.mark.parametrize(
    ("group", "options", "depends", "is_said"),
    [
        ("/ecs/web", "mode: blocking", "", True),
        ("/ecs/web", "mode: blocking, awslogs-create-group: 'false'", "", True),
        ("/ecs/web", "mode: blocking, awslogs-create-group: 'true'", "", False),
        ("/ecs/web", "mode: non-blocking", "", False),
        ("/ecs/web", "awslogs-stream-prefix: web", "", False),
        ("/ecs/web", "mode: blocking", ", DependsOn: Logs", False),
        ("/ecs/web", "mode: blocking", ", Condition: Open", False),
        ("!Ref Logs", "mode: blocking", "", False),
        ("/ecs/other", "mode: blocking", "", False),
    ],
)
def test_log_groups(group: str, options: str, depends: str, is_said: bool) -> None:
    message = (
        "service 'Service' does not wait for log group 'Logs', without which the log delivery of "
        "container 'web' fails and the container does not start"
    )
    template = LOGGING % {"group": group, "options": options, "depends": depends}
    assert said(template) == ([message] if is_said else [])


ENDPOINT: Final = """
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Public: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Route: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref Public, GatewayId: igw-1}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Association:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Table}
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      ServiceName: !Sub com.amazonaws.${AWS::Region}.secretsmanager
      VpcEndpointType: Interface
      PrivateDnsEnabled: true
      SubnetIds: [!Ref Subnet]
  Service:
    Type: AWS::ECS::Service
    Properties:
      LaunchType: FARGATE
      TaskDefinition: !Ref Task
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref Subnet]}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{Name: web, Secrets: [{Name: A, ValueFrom: !Ref Secret}]}]
  Secret: {Type: AWS::SecretsManager::Secret}
""" + stacks.role("{Effect: Allow, Action: 'secretsmanager:*', Resource: !Ref Secret}")


def test_an_endpoint_that_is_the_only_way() -> None:
    assert said(ENDPOINT) == [
        "service 'Service' does not wait for VPC endpoint 'Endpoint', the only way of "
        "secretsmanager:GetSecretValue for the secret 'A' of container 'web'"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AWS::ECS::Service\n", "AWS::ECS::Service\n    DependsOn: Endpoint\n"),
        ("RouteTableId: !Ref Public", "RouteTableId: !Ref Table"),
        ("RouteTableId: !Ref Public", "RouteTableId: !ImportValue Table"),
        ("RouteTableId: !Ref Table", "RouteTableId: !ImportValue Table"),
        ("SubnetId: !Ref Subnet", "SubnetId: !ImportValue Subnet"),
        ("PrivateDnsEnabled: true", "PrivateDnsEnabled: false"),
        ("LaunchType: FARGATE", "LaunchType: EC2"),
        ("AWS::EC2::Route,", "AWS::EC2::VPNGatewayRoutePropagation,"),
        ("Resources:", "Transform: Mine\nResources:"),
        ("  Secret:", "  Mine: {Type: 'Custom::Route', Properties: {T: !Ref Table}}\n  Secret:"),
        ("Action: 'secretsmanager:*'", "Action: 'ssm:*'"),
    ],
)
def test_an_endpoint_that_is_awaited_or_may_not_be_needed(old: str, new: str) -> None:
    """Where a route may lead out, nobody knows that the call fails."""
    assert old in ENDPOINT
    assert said(ENDPOINT.replace(old, new)) == []


def test_a_route_that_another_stack_adds() -> None:
    ours = ENDPOINT + "Outputs: {T: {Value: !Ref Table, Export: {Name: table}}}\n"
    theirs = "Resources:\n  R: {Type: AWS::EC2::Route, Properties: {RouteTableId: %s}}\n"
    assert said(ours, theirs % "rtb-1") == []
    assert said(ours, theirs % "!ImportValue table") == []


# --- other starts ---------------------------------------------------------------------------------


SCHEDULE: Final = (
    "AWS::Scheduler::Schedule\n    Properties: {%s, Target: {EcsParameters: "
    "{TaskDefinitionArn: !Ref Task}}}"
)
RULE: Final = (
    "AWS::Events::Rule\n    Properties: {ScheduleExpression: rate(1 minute), Targets: "
    "[{EcsParameters: {TaskDefinitionArn: !Ref Task}}]}"
)
TASK_SET: Final = (
    "AWS::ECS::TaskSet\n    Properties: {TaskDefinition: !Ref Task, Service: !Ref Real, %s}\n"
    "  Real:\n    Type: AWS::ECS::Service\n    Properties: {DesiredCount: %s}"
)


@pytest.mark.parametrize(
    ("start", "noun"),
    [
        (SCHEDULE % "ScheduleExpression: rate(5 minutes)", "schedule"),
        (SCHEDULE % "ScheduleExpression: rate(5 minutes), State: ENABLED", "schedule"),
        (SCHEDULE % "ScheduleExpression: rate(5 minutes), State: DISABLED", ""),
        (SCHEDULE % "ScheduleExpression: rate(5 minutes), State: !Ref Answer", ""),
        (SCHEDULE % "ScheduleExpression: rate(5 minutes), StartDate: '2030-01-01T00:00:00Z'", ""),
        (SCHEDULE % "ScheduleExpression: 'cron(0 12 * * ? *)'", ""),
        (RULE, ""),
        (TASK_SET % ("Scale: {Unit: PERCENT, Value: 100}", 1), "task set"),
        (TASK_SET % ("Scale: {Unit: PERCENT, Value: 0}", 1), ""),
        (TASK_SET % ("Scale: {Unit: PERCENT, Value: 100}", 0), ""),
        (TASK_SET % ("ExternalId: x", 1), ""),
    ],
)
def test_starts(start: str, noun: str) -> None:
    """What begins at once races; what waits for a clock or an event may, and nobody knows."""
    head = "AWS::ECS::Service\n    Properties: {TaskDefinition: !Ref Task, DesiredCount: 1}"
    template = filled()
    assert head in template
    messages = said(template.replace(head, start))
    assert messages == ([GRANTS.replace("service 'S", f"{noun} 'S")] if noun else [])


# --- the way out ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "help"),
    [
        (filled(), "let service 'Service' wait for it:\nDependsOn: Grants"),
        (
            filled(depends="DependsOn: Role"),
            "let service 'Service' wait for it:\nDependsOn: [Role, Grants]",
        ),
        (
            filled(policy="DependsOn: Service"),
            "put what 'Grants' grants into the role itself, under Policies: it waits for service "
            "'Service', or may, so that service 'Service' cannot wait for it",
        ),
    ],
)
def test_help(template: str, help: str) -> None:
    findings = list(grant_not_awaited(Analysis(stacks.stack(template))))
    assert [finding.help for finding in findings] == [help]
