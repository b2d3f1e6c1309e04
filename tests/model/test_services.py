"""How tasks are run: by whom, on what, in which subnets, and with whose instances."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests import stacks

from copilot_preflight.inputs.package import Package
from copilot_preflight.model.instances import instance_role
from copilot_preflight.model.services import (
    TaskRun,
    is_fargate,
    may_execute_command,
    network_mode,
    runs_of,
)
from copilot_preflight.model.tasks import TaskDefinition, task_definitions
from copilot_preflight.read.document import read
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

TASK = """
Parameters:
  Env: {Type: String}
  Launch: {Type: String}
  Version: {Type: String}
  Subnet: {Type: String}
  Subnets: {Type: CommaDelimitedList}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Family: web, NetworkMode: awsvpc}
"""


def stack(
    text: str,
    parameters: Mapping[str, str] | None = None,
    run: Run | None = None,
    file: str = "t.yml",
) -> Stack:
    return stacks.stack(text, parameters, {"AWS::Region": "eu-west-1"}, run, file)


def task(found: Stack) -> TaskDefinition:
    (only,) = task_definitions(View(found))
    return only


def runs(found: Stack) -> tuple[TaskRun, ...]:
    return runs_of(View(found), task(found))


def only_run(found: Stack) -> TaskRun:
    (only,) = runs(found)
    return only


def service(properties: str, parameters: Mapping[str, str] | None = None) -> Stack:
    text = f"  Service:\n    Type: AWS::ECS::Service\n    Properties: {properties}\n"
    return stack(TASK + text, parameters)


# --- who runs it ----------------------------------------------------------------------------------


def test_a_service_is_read_whole() -> None:
    """Cluster, launch type, platform version, ECS Exec and subnets of a service."""
    found = only_run(
        service("""
      Cluster: main
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      PlatformVersion: 1.4.0
      EnableExecuteCommand: true
      NetworkConfiguration:
        AwsvpcConfiguration: {Subnets: [subnet-1, !Ref Subnet]}
""")
    )
    assert str(found.place.path) == "('Resources', 'Service')"
    assert (str(found.cluster), found.launch_type, found.fargate) == ("main", "FARGATE", True)
    assert (str(found.platform_version), found.execute_command) == ("1.4.0", True)
    assert [str(subnet) for subnet in found.subnets or ()] == ["subnet-1", "${Subnet}"]
    assert found.conditions == ()


def test_what_a_service_does_not_say() -> None:
    """Nothing is asked for: the latest platform, no ECS Exec, no network interface of its own."""
    found = only_run(service("{TaskDefinition: !Ref Task}"))
    assert found[1:] == (None, None, None, None, False, (), None, ())


RUNNERS = {
    "task set": """
  Runner:
    Type: AWS::ECS::TaskSet
    Properties:
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [subnet-1]}}
""",
    "rule": """
  Runner:
    Type: AWS::Events::Rule
    Properties:
      Targets:
        - Arn: arn:aws:lambda:eu-west-1:111122223333:function:other
        - Arn: main
          EcsParameters:
            TaskDefinitionArn: !Ref Task
            LaunchType: FARGATE
            NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [subnet-1]}}
""",
    "schedule": """
  Runner:
    Type: AWS::Scheduler::Schedule
    Properties:
      Target:
        Arn: main
        EcsParameters:
          TaskDefinitionArn: !Ref Task
          LaunchType: FARGATE
          NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1]}}
""",
    "pipe": """
  Runner:
    Type: AWS::Pipes::Pipe
    Properties:
      Target: main
      TargetParameters:
        EcsTaskParameters:
          TaskDefinitionArn: !Ref Task
          LaunchType: FARGATE
          NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1]}}
""",
    "definition": """
  Runner:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionSubstitutions: {Task: !Ref Task, Launch: FARGATE}
      Definition:
        States:
          Other: {Type: Task, Resource: 'arn:aws:states:::lambda:invoke', Parameters: {}}
          Each:
            Type: Map
            ItemProcessor:
              States:
                Run:
                  Type: Task
                  Resource: !Sub 'arn:${AWS::Partition}:states:::ecs:runTask.sync'
                  Arguments:
                    TaskDefinition: '${Task}'
                    LaunchType: '${Launch}'
                    NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1]}}
""",
    "definition string": """
  Runner:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub |
        {"States": {"Both": {"Type": "Parallel", "Branches": [{"States": {"Run": {
          "Type": "Task",
          "Resource": "arn:${AWS::Partition}:states:::ecs:runTask",
          "Parameters": {"TaskDefinition": "${Task}", "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}}}}}}]}}}
""",
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_whoever_runs_a_task(runner: str) -> None:
    """Each kind of resource that runs tasks tells the launch type and the subnets."""
    found = only_run(stack(TASK + RUNNERS[runner]))
    assert (found.place.path, found.launch_type) == (("Resources", "Runner"), "FARGATE")
    assert [str(subnet) for subnet in found.subnets or ()] == ["subnet-1"]


@pytest.mark.parametrize(
    "definition",
    [
        "'[]'",
        "'{'",
        "'" + "[" * 490 + "]" * 490 + "'",
        "'" + "[" * 4900 + "]" * 4900 + "'",
        '"\ue0007\ue001"',
        "!Ref Env",
        """!Sub '{"States": {"Run": ${Env}}}'""",
        """'{"States": {"Run": {"Resource": "arn:aws:states:::ecs:runTask", "Parameters": 1}}}'""",
        """'{"States": {"Run": {"Resource": "arn:aws:states:::ecs:runTask", "Parameters":
           {"TaskDefinition.$": "$.task"}}}}'""",
        r"""'{"x": "\ue0005\ue001"}'""",
        """!Sub '{"States": {"${Task}": {"Resource": "arn:aws:states:::ecs:runTask", "Parameters":
           {"TaskDefinition": "\\uE0000\\uE001"}}}}'""",
    ],
)
def test_a_definition_that_cannot_be_read_runs_nothing(definition: str) -> None:
    """What is no JSON, or takes its task from an execution, is no run of a task here."""
    text = f"""
  Runner:
    Type: AWS::StepFunctions::StateMachine
    Properties: {{DefinitionString: {definition}}}
"""
    assert runs(stack(TASK + text)) == ()


def test_what_only_an_execution_can_tell_is_not_known() -> None:
    """A path instead of a value leaves the launch type open: it is not left out."""
    text = """
  Runner:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub |
        {"States": {"Run": {"Resource": "arn:aws:states:::ecs:runTask", "Parameters":
          {"TaskDefinition": "${Task}", "LaunchType.$": "$.launch", "EnableExecuteCommand": true}}}}
"""
    found = only_run(stack(TASK + text))
    assert (found.launch_type, found.fargate, found.execute_command) == (None, None, True)


@pytest.mark.parametrize(
    ("reference", "is_this"),
    [
        ("!Ref Task", True),
        ("!GetAtt Task.TaskDefinitionArn", True),
        ("web", True),
        ("!Sub 'arn:aws:ecs:eu-west-1:${AWS::AccountId}:task-definition/web'", True),
        ("web:7", False),
        ("other", False),
        ("!Ref Env", False),
        ("!If [IsProd, !Ref Task, other]", False),
    ],
)
def test_a_task_is_named_by_its_arn_or_family(reference: str, is_this: bool) -> None:
    """A number pins another revision, and what may be any task is no proof."""
    assert bool(runs(service(f"{{TaskDefinition: {reference}}}"))) is is_this


def test_runs_of_other_templates() -> None:
    """A service may import the task definition of another template of the run."""
    run = Run()
    found = stack(TASK + "Outputs: {T: {Value: !Ref Task, Export: {Name: web-task}}}", run=run)
    stack(
        """
Resources:
  Service:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !ImportValue web-task, LaunchType: EC2}
  Other:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Task, LaunchType: FARGATE}
""",
        run=run,
        file="service.yml",
    )
    assert only_run(found).launch_type == "EC2"


# --- on what --------------------------------------------------------------------------------------

CLUSTERS = """
  Cluster:
    Type: AWS::ECS::Cluster
    Properties:
      DefaultCapacityProviderStrategy: [{CapacityProvider: FARGATE_SPOT}]
  Bare: {Type: AWS::ECS::Cluster, Properties: {CapacityProviders: [FARGATE]}}
  Linked: {Type: AWS::ECS::Cluster, Properties: {}}
  Link:
    Type: AWS::ECS::ClusterCapacityProviderAssociations
    Properties:
      Cluster: !Ref Linked
      CapacityProviders: [!Ref OnEc2]
      DefaultCapacityProviderStrategy: [{CapacityProvider: !Ref OnEc2}]
  OnEc2:
    Type: AWS::ECS::CapacityProvider
    Properties: {AutoScalingGroupProvider: {AutoScalingGroupArn: group}}
  Managed:
    Type: AWS::ECS::CapacityProvider
    Properties: {Name: managed, ManagedInstancesProvider: {InfrastructureRoleArn: role}}
"""


@pytest.mark.parametrize(
    ("asked", "launch_type", "fargate"),
    [
        ("LaunchType: FARGATE", "FARGATE", True),
        ("LaunchType: EC2", "EC2", False),
        ("LaunchType: EXTERNAL", "EXTERNAL", False),
        ("LaunchType: !Ref Launch", None, None),
        ("LaunchType: !If [IsProd, FARGATE, EC2]", None, None),
        ("CapacityProviderStrategy: [{CapacityProvider: FARGATE}]", "FARGATE", True),
        (
            "CapacityProviderStrategy: [{CapacityProvider: FARGATE}, "
            "{CapacityProvider: FARGATE_SPOT}]",
            "FARGATE",
            True,
        ),
        ("CapacityProviderStrategy: [{CapacityProvider: !Ref OnEc2}]", "EC2", False),
        ("CapacityProviderStrategy: [{CapacityProvider: managed}]", "MANAGED_INSTANCES", False),
        ("CapacityProviderStrategy: [{CapacityProvider: elsewhere}]", None, False),
        ("CapacityProviderStrategy: [{CapacityProvider: !Ref Launch}]", None, None),
        ("CapacityProviderStrategy: !Ref Subnets", None, None),
        (
            "CapacityProviderStrategy: [{CapacityProvider: !Ref OnEc2}, "
            "{CapacityProvider: managed}]",
            None,
            False,
        ),
        ("Cluster: !Ref Cluster", "FARGATE", True),
        ("Cluster: !GetAtt Cluster.Arn", "FARGATE", True),
        ("Cluster: !GetAtt Linked.Arn", "EC2", False),
        ("Cluster: !Ref Bare", None, None),
        ("Cluster: elsewhere", None, None),
        ("DesiredCount: 1", None, None),
    ],
)
def test_launch_types(asked: str, launch_type: str | None, fargate: bool | None) -> None:
    """A launch type, a strategy, or the cluster's default strategy; else nobody can tell."""
    text = f"""
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      {asked}
"""
    found = only_run(stack(TASK + CLUSTERS + text))
    assert (found.launch_type, found.fargate) == (launch_type, fargate)


@pytest.mark.parametrize(
    ("definition", "services", "expected"),
    [
        ("{NetworkMode: awsvpc, RequiresCompatibilities: [FARGATE]}", [], None),
        ("{NetworkMode: awsvpc, RequiresCompatibilities: [FARGATE]}", ["FARGATE"], True),
        ("{NetworkMode: awsvpc, RequiresCompatibilities: [FARGATE]}", ["EC2"], False),
        ("{NetworkMode: awsvpc, RequiresCompatibilities: [FARGATE]}", ["FARGATE", "EC2"], None),
        ("{NetworkMode: awsvpc, RequiresCompatibilities: [FARGATE]}", ["!Ref Launch"], None),
        ("{NetworkMode: awsvpc, RequiresCompatibilities: [EC2]}", [], False),
        ("{NetworkMode: awsvpc, RequiresCompatibilities: [!Ref Launch]}", [], None),
        ("{NetworkMode: awsvpc, RequiresCompatibilities: !Ref Subnets}", [], None),
        ("{NetworkMode: bridge}", [], False),
        ("{NetworkMode: host}", ["!Ref Launch"], False),
        ("{NetworkMode: !Ref Env}", [], None),
        ("{}", [], None),
        ("{}", ["FARGATE"], True),
    ],
)
def test_is_fargate(definition: str, services: list[str], expected: bool | None) -> None:
    """What runs a task tells; its own definition can only rule Fargate out."""
    text = TASK.replace("{Family: web, NetworkMode: awsvpc}", definition)
    for index, launch in enumerate(services):
        text += f"""
  Service{index}:
    Type: AWS::ECS::Service
    Properties: {{TaskDefinition: !Ref Task, LaunchType: {launch}}}
"""
    found = stack(text)
    assert is_fargate(View(found), task(found)) is expected


@pytest.mark.parametrize(
    ("definition", "expected"),
    [("{NetworkMode: awsvpc}", "awsvpc"), ("{}", ""), ("{NetworkMode: !Ref Env}", None)],
)
def test_network_mode(definition: str, expected: str | None) -> None:
    """None asked for is not the same as one that is not known."""
    found = stack(TASK.replace("{Family: web, NetworkMode: awsvpc}", definition))
    assert network_mode(task(found)) == expected


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([], None),
        (["EnableExecuteCommand: true"], True),
        (["EnableExecuteCommand: 'true'"], True),
        (["EnableExecuteCommand: false"], False),
        (["DesiredCount: 1"], False),
        (["DesiredCount: 1", "EnableExecuteCommand: true"], True),
        (["DesiredCount: 1", "EnableExecuteCommand: !Ref Env"], None),
    ],
)
def test_may_execute_command(services: list[str], expected: bool | None) -> None:
    """One service that turns ECS Exec on is enough; without any nobody can tell."""
    text = TASK
    for index, asked in enumerate(services):
        text += f"""
  Service{index}:
    Type: AWS::ECS::Service
    Properties: {{TaskDefinition: !Ref Task, {asked}}}
"""
    found = stack(text)
    assert may_execute_command(View(found), task(found)) is expected


def test_a_service_under_an_open_condition_proves_no_exec() -> None:
    """ECS Exec that may not be there is not turned on for certain."""
    text = """
  Service:
    Type: AWS::ECS::Service
    Condition: IsProd
    Properties: {TaskDefinition: !Ref Task, EnableExecuteCommand: true}
"""
    found = stack(TASK + text)
    assert only_run(found).conditions == ("IsProd",)
    assert may_execute_command(View(found), task(found)) is None
    assert runs(stack(TASK + text, {"Env": "test"})) == ()


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("{AwsvpcConfiguration: {Subnets: !Ref Subnets}}", ['${{"Ref":"Subnets"}}']),
        ("{AwsvpcConfiguration: {Subnets: !Split [',', 'a,b']}}", ["a", "b"]),
        ("{AwsvpcConfiguration: {Subnets: [!If [IsProd, a, b]]}}", None),
        ("!If [IsProd, {AwsvpcConfiguration: {Subnets: [a]}}, !Ref AWS::NoValue]", None),
        ("!FindInMap [a, b, c]", None),
    ],
)
def test_subnets(network: str, expected: list[str] | None) -> None:
    """A list of unknown length is one hole; open branches are no list at all."""
    found = only_run(service(f"{{TaskDefinition: !Ref Task, NetworkConfiguration: {network}}}"))
    assert (None if found.subnets is None else [str(s) for s in found.subnets]) == expected


# --- instances ------------------------------------------------------------------------------------

INSTANCES = """
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Task
      CapacityProviderStrategy: [{CapacityProvider: !Ref Provider}]
  Cluster: {Type: AWS::ECS::Cluster, Properties: {}}
  Provider:
    Type: AWS::ECS::CapacityProvider
    Properties: {AutoScalingGroupProvider: {AutoScalingGroupArn: !Ref Group}}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      LaunchTemplate: {LaunchTemplateId: !Ref Launch, Version: !GetAtt Launch.LatestVersionNumber}
  Launch:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        IamInstanceProfile: {Arn: !GetAtt Profile.Arn}
        UserData: {Fn::Base64: !Sub 'echo ECS_CLUSTER=${Cluster} >> /etc/ecs/ecs.config'}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Role]}}
  Role: {Type: AWS::IAM::Role, Properties: {}}
""".replace("!Ref Launch,", "!Ref Template,").replace("Launch.Latest", "Template.Latest")
INSTANCES = INSTANCES.replace("  Launch:\n", "  Template:\n")
STRATEGY = "CapacityProviderStrategy: [{CapacityProvider: !Ref Provider}]"
VERSION = "!GetAtt Template.LatestVersionNumber"
LAUNCH_TEMPLATE = f"LaunchTemplate: {{LaunchTemplateId: !Ref Template, Version: {VERSION}}}"
CONFIGURATION = """
  Configuration:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties: {IamInstanceProfile: !Ref Profile}
"""


def role(text: str, run: Run | None = None) -> str | None:
    found = stack(TASK + text, run=run)
    known = instance_role(View(found), task(found))
    return known.logical_id if known else None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        (VERSION, "$Latest"),
        ("Arn: !GetAtt Profile.Arn", "Name: !Ref Profile"),
        (
            LAUNCH_TEMPLATE,
            "MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: "
            "{LaunchTemplateId: !Ref Template, Version: $Latest}, Overrides: [{InstanceType: a}]}}",
        ),
        (LAUNCH_TEMPLATE, "LaunchConfigurationName: !Ref Configuration"),
        (STRATEGY, "LaunchType: EC2"),
    ],
)
def test_the_role_of_the_instances(old: str, new: str) -> None:
    """From the capacity provider, or the only group that joins the cluster, to its profile."""
    assert role(INSTANCES.replace(old, new) + CONFIGURATION) == "Role"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (VERSION, "'3'"),
        (VERSION, "!Ref Version"),
        (VERSION, "$Default"),
        ("Arn: !GetAtt Profile.Arn", "Arn: !If [IsProd, !GetAtt Profile.Arn, !Ref AWS::NoValue]"),
        ("[!Ref Role]", "[!If [IsProd, !Ref Role, !Ref AWS::NoValue]]"),
        ("LaunchTemplateId: !Ref Template", "LaunchTemplateId: lt-1"),
        ("!Ref Group", "group"),
        ("Arn: !GetAtt Profile.Arn", "Arn: !Ref Env"),
        ("[!Ref Role]", "[!Ref Env]"),
        (
            LAUNCH_TEMPLATE,
            "MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: "
            "{LaunchTemplateId: !Ref Template, Version: $Latest}, Overrides: "
            "[{LaunchTemplateSpecification: {LaunchTemplateId: lt-1, Version: '1'}}]}}",
        ),
        (STRATEGY, "LaunchType: FARGATE"),
        (STRATEGY, "LaunchType: !Ref Launch"),
        (STRATEGY, "DesiredCount: 1"),
        (
            STRATEGY,
            "CapacityProviderStrategy: [{CapacityProvider: !Ref Provider}, {CapacityProvider: x}]",
        ),
    ],
)
def test_instances_that_cannot_be_tied(old: str, new: str) -> None:
    """A numbered version, an import or another launch type leaves the role unknown."""
    assert role(INSTANCES.replace(old, new)) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("${Cluster}", "other"),
        lambda text: text + "  Second: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {}}",
        lambda text: text.replace("Cluster: !Ref Cluster", "Cluster: other"),
    ],
)
def test_a_launch_type_alone_ties_one_group_at_most(change: object) -> None:
    """The group must name the cluster, and no other group may be in the files."""
    assert callable(change)
    assert role(change(INSTANCES.replace(STRATEGY, "LaunchType: EC2"))) is None


# --- Copilot's own stacks -------------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_workload_of_copilot_runs_on_fargate() -> None:
    """Each has one run, a service or a state machine, with its launch type and subnets."""
    checked = 0
    for file in sorted(CORPUS.rglob("*.yml")):
        if "\nResources:" not in file.read_text(encoding="utf-8"):
            continue
        found = Run().add(Package(read(file)))
        if not task_definitions(View(found)):
            continue
        assert is_fargate(View(found), task(found)) is True, file
        run = only_run(found)
        assert run.subnets, file
        checked += 1
    assert checked > 20
