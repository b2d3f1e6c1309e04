"""VPC endpoints: what they are, and whose calls go through them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stacks import stack

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.inputs.package import Package
from copilot_preflight.model.endpoints import (
    Endpoint,
    endpoints,
    in_the_way,
    layers,
)
from copilot_preflight.model.tasks import task_definitions
from copilot_preflight.read.document import read
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.view import View

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

TEMPLATE = """
Parameters:
  Env: {Type: String}
  Vpc: {Type: String}
  Subnets: {Type: CommaDelimitedList}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
"""


def one(properties: str, more: str = "") -> Endpoint:
    text = f"  Endpoint:\n    Type: AWS::EC2::VPCEndpoint\n    Properties: {properties}\n"
    (only,) = endpoints(View(stack(TEMPLATE + text + more)))
    return only


# --- what they are --------------------------------------------------------------------------------


def test_a_gateway_is_read_whole() -> None:
    """Its id, service, VPC, route tables and policy."""
    found = one("""
      ServiceName: !Sub com.amazonaws.${AWS::Region}.s3
      VpcId: !Ref Vpc
      RouteTableIds: [rtb-1, rtb-2]
      PolicyDocument:
        Statement: {Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}
""")
    assert str(found) == "VPC endpoint 'Endpoint'"
    assert (str(found.id), found.service, found.kind) == ("${Endpoint}", "s3", "Gateway")
    assert (str(found.vpc), found.answers, found.open) == ("${Vpc}", True, ())
    assert [str(table) for table in found.route_tables or ()] == ["rtb-1", "rtb-2"]
    assert [s.effect for s in found.policy or ()] == ["Allow"]
    path = ("Resources", "Endpoint", "Properties", "PolicyDocument")
    assert found.policy_place.path == path


def test_no_policy_lets_everything_through() -> None:
    """None is not the same as a policy without statements, which lets nothing through."""
    assert one("{ServiceName: com.amazonaws.eu-west-1.s3, VpcId: vpc-1}").policy is None
    assert one("{ServiceName: com.amazonaws.eu-west-1.s3, PolicyDocument: {}}").policy == ()


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("com.amazonaws.eu-west-1.s3", "s3"),
        ("!Sub 'com.amazonaws.${AWS::Region}.ecr.api'", "ecr.api"),
        ("!Sub 'cn.com.amazonaws.${AWS::Region}.ecr.dkr'", "ecr.dkr"),
        ("!Join ['', [com.amazonaws., !Ref AWS::Region, .secretsmanager]]", "secretsmanager"),
        ("!Sub 'com.amazonaws.${AWS::Region}.kms-fips'", "kms-fips"),
        ("com.amazonaws.vpce.eu-west-1.vpce-svc-0123", "eu-west-1.vpce-svc-0123"),
        ("aws.api.eu-west-1.bedrock", ""),
        ("!Ref Env", None),
        ("!Sub 'com.amazonaws.${AWS::Region}.${Env}'", None),
    ],
)
def test_services(name: str, service: str | None) -> None:
    """The end of the service's name, whatever is known of the region."""
    assert one(f"{{ServiceName: {name}, VpcId: vpc-1}}").service == service


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("ServiceName: com.amazonaws.eu-west-1.s3", True),
        ("ServiceName: com.amazonaws.eu-west-1.s3, ServiceRegion: us-east-1", None),
        ("ServiceName: com.amazonaws.eu-west-1.ssm, VpcEndpointType: Interface", False),
        (
            "ServiceName: com.amazonaws.eu-west-1.ssm, VpcEndpointType: Interface, "
            "PrivateDnsEnabled: true",
            True,
        ),
        (
            "ServiceName: com.amazonaws.eu-west-1.ssm, VpcEndpointType: Interface, "
            "PrivateDnsEnabled: !Ref Env",
            None,
        ),
        (
            "ServiceName: com.amazonaws.eu-west-1.s3, VpcEndpointType: Interface, "
            "PrivateDnsEnabled: true",
            None,
        ),
        (
            "ServiceName: com.amazonaws.eu-west-1.s3, VpcEndpointType: Interface, "
            "PrivateDnsEnabled: true, "
            "DnsOptions: {PrivateDnsOnlyForInboundResolverEndpoint: AllResolvers}",
            True,
        ),
        (
            "ServiceName: com.amazonaws.eu-west-1.s3, VpcEndpointType: Interface, "
            "PrivateDnsEnabled: true, "
            "DnsOptions: {PrivateDnsOnlyForInboundResolverEndpoint: OnlyInboundResolver}",
            False,
        ),
        ("ServiceName: a, VpcEndpointType: GatewayLoadBalancer", False),
        ("ServiceName: com.amazonaws.eu-west-1.s3, VpcEndpointType: !Ref Env", None),
    ],
)
def test_who_answers_to_the_usual_name(asked: str, answers: bool | None) -> None:
    """A gateway does; an interface with private DNS does, which S3 may keep for others."""
    assert one(f"{{{asked}, VpcId: vpc-1}}").answers is answers


@pytest.mark.parametrize(
    ("asked", "more", "open_"),
    [
        ("!If [IsProd, {Statement: []}, !Ref AWS::NoValue]", "", ("IsProd",)),
        ("{Statement: []}", "\nTransform: Macro\n", ("what macro 'Macro' writes",)),
    ],
)
def test_what_may_make_it_another(asked: str, more: str, open_: tuple[str, ...]) -> None:
    """A policy under a condition may not be there, and a macro may write another."""
    found = one(f"{{ServiceName: com.amazonaws.eu-west-1.s3, PolicyDocument: {asked}}}", more)
    assert found.open == open_


# --- which calls go where -------------------------------------------------------------------------


def test_layers_lie_in_a_bucket_of_the_region() -> None:
    """The bucket of the page, with whatever is known of partition and region."""
    region = Text.of(Hole("AWS::Region"))
    assert str(layers(Text.of("aws"), region)) == (
        "arn:aws:s3:::prod-${AWS::Region}-starport-layer-bucket/*"
    )


# --- in the way -----------------------------------------------------------------------------------

NETWORK = """
  Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Other: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.1.0.0/16}}
  One: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Net}}
  Two: {Type: AWS::EC2::Subnet, Properties: {VpcId: !GetAtt Net.VpcId}}
  Far: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Other}}
  Loose: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Net}}
  Private: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Net}}
  Public: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Net}}
  OnePrivate:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref One, RouteTableId: !Ref Private}
  TwoPrivate:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !GetAtt Two.SubnetId, RouteTableId: !GetAtt Private.RouteTableId}
"""
TASK = """
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {NetworkMode: awsvpc}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref One, !Ref Two]}}
"""
GATEWAY = """
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      ServiceName: !Sub com.amazonaws.${AWS::Region}.s3
      VpcId: !Ref Net
      RouteTableIds: [!Ref Private]
"""
INTERFACE = """
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      ServiceName: !Sub com.amazonaws.${AWS::Region}.ssm
      VpcEndpointType: Interface
      PrivateDnsEnabled: true
      SubnetIds: [!Ref Loose]
      VpcId: !Ref Net
"""

Ways = dict[str, bool]


def ways(text: str, service: str) -> Ways:
    """Logical ids of the endpoints in the way of the only task, with whether it is certain."""
    found = stack(TEMPLATE + text)
    (task,) = task_definitions(View(found))
    passed = in_the_way(View(found), task, service)
    return {endpoint.logical_id: certain for endpoint, certain in passed}


SUBNETS = "[!Ref One, !Ref Two]"
FARGATE = "LaunchType: FARGATE"
VPC = "\n      VpcId: !Ref Net\n"

CERTAIN: Ways = {"Endpoint": True}
OPEN: Ways = {"Endpoint": False}
NONE: Ways = {}


def test_a_gateway_in_the_way() -> None:
    """A gateway takes the calls of subnets whose route table it is in, to its service alone."""
    assert ways(NETWORK + TASK + GATEWAY, "s3") == CERTAIN
    assert ways(NETWORK + TASK + GATEWAY, "ssm") == NONE


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[!Ref Private]", "[!Ref Public, !Ref Private]", CERTAIN),
        (FARGATE, f"{FARGATE}\n      PlatformVersion: 1.4.0", CERTAIN),
        # It serves others.
        ("[!Ref Private]", "[!Ref Public]", NONE),
        (SUBNETS, "[!Ref Far]", NONE),
        (VPC, "\n      VpcId: !Ref Other\n", NONE),
        (".s3", ".dynamodb", NONE),
        # Nobody can tell.
        ("[!Ref Private]", "!Ref Subnets", OPEN),
        (SUBNETS, "[!Ref One, !Ref Loose]", OPEN),
        (SUBNETS, "[!Ref One, !Ref Far]", OPEN),
        (SUBNETS, "!Ref Subnets", OPEN),
        (SUBNETS, "[subnet-1]", OPEN),
        (VPC, "\n      VpcId: !Ref Vpc\n", OPEN),
        (FARGATE, "LaunchType: EC2", OPEN),
        (FARGATE, "LaunchType: !Ref Env", OPEN),
        (FARGATE, f"{FARGATE}\n      PlatformVersion: 1.3.0", OPEN),
        (FARGATE, f"{FARGATE}\n      PlatformVersion: !Ref Env", OPEN),
        ("ECS::Service\n", "ECS::Service\n    Condition: IsProd\n", OPEN),
        ("VPCEndpoint\n", "VPCEndpoint\n    Condition: IsProd\n", OPEN),
        ("TableAssociation\n", "TableAssociation\n    Condition: IsProd\n", OPEN),
        ("TaskDefinition: !Ref Task", "TaskDefinition: other", OPEN),
        (".s3", ".${Env}", OPEN),
    ],
)
def test_gateways(old: str, new: str, expected: Ways) -> None:
    """A route table decides; what is not in the files leaves it open."""
    text = NETWORK + TASK + GATEWAY
    assert old in text
    assert ways(text.replace(old, new), "s3") == expected


def test_an_interface_in_the_way() -> None:
    """An interface takes the calls of its whole VPC, to its service alone."""
    assert ways(NETWORK + TASK + INTERFACE, "ssm") == CERTAIN
    assert ways(NETWORK + TASK + INTERFACE, "ecr.api") == NONE


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (SUBNETS, "[!Ref Loose]", CERTAIN),
        ("awsvpc}", "bridge}", CERTAIN),  # Fargate it is, whatever the mode says
        (SUBNETS, "[!Ref Far]", NONE),
        ("PrivateDnsEnabled: true", "PrivateDnsEnabled: false", NONE),
        ("      PrivateDnsEnabled: true\n", "", NONE),
        ("PrivateDnsEnabled: true", "PrivateDnsEnabled: !Ref Env", OPEN),
        (SUBNETS, "[subnet-1]", OPEN),
        (FARGATE, "LaunchType: EC2", OPEN),
    ],
)
def test_interfaces(old: str, new: str, expected: Ways) -> None:
    """Private DNS decides; without it, calls to the usual name go elsewhere."""
    text = NETWORK + TASK + INTERFACE
    assert old in text
    assert ways(text.replace(old, new), "ssm") == expected


def test_a_list_of_subnets_that_both_take() -> None:
    """The endpoint lies in the VPC of its own subnets, so what runs there runs in its VPC."""
    text = (TASK + INTERFACE).replace("!Ref Net", "!Ref Vpc")
    text = text.replace(SUBNETS, "!Ref Subnets")
    assert ways(text, "ssm") == OPEN
    assert ways(text.replace("[!Ref Loose]", "!Ref Subnets"), "ssm") == CERTAIN


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("{Type: AWS::ECS::TaskDefinition, Properties: {NetworkMode: awsvpc}}", NONE),
        ("{Type: AWS::ECS::TaskDefinition, Properties: {NetworkMode: host}}", OPEN),
        ("{Type: AWS::ECS::TaskDefinition, Properties: {}}", OPEN),
    ],
)
def test_instances_lie_in_the_vpc_of_their_tasks(task: str, expected: Ways) -> None:
    """With a network interface of its own, a task on an instance tells at least the VPC."""
    text = (NETWORK + TASK + INTERFACE).replace(SUBNETS, "[!Ref Far]")
    text = text.replace("LaunchType: FARGATE", "LaunchType: EC2")
    old = "{Type: AWS::ECS::TaskDefinition, Properties: {NetworkMode: awsvpc}}"
    assert ways(text.replace(old, task), "ssm") == expected


def test_one_run_is_enough() -> None:
    """A task that also runs elsewhere still starts behind the endpoint."""
    second = TASK.replace("Service:", "Second:").replace(SUBNETS, "[!Ref Far]")
    second = second[second.index("  Second:") :]
    assert ways(NETWORK + TASK + second + GATEWAY, "s3") == CERTAIN


def test_an_interface_of_s3_beside_the_gateway() -> None:
    """What answers to S3's name takes the calls from the gateway, if it does."""
    beside = INTERFACE.replace("Endpoint:", "Beside:").replace(".ssm", ".s3")
    text = NETWORK + TASK + GATEWAY
    assert ways(text + beside, "s3") == {"Endpoint": False, "Beside": False}
    options = "DnsOptions: {PrivateDnsOnlyForInboundResolverEndpoint: %s}\n      SubnetIds"
    inside = beside.replace("SubnetIds", options % "AllResolvers")
    assert ways(text + inside, "s3") == {"Endpoint": False, "Beside": True}
    outside = beside.replace("SubnetIds", options % "OnlyInboundResolver")
    assert ways(text + outside, "s3") == CERTAIN
    far = inside.replace("VpcId: !Ref Net", "VpcId: !Ref Other").replace("!Ref Loose", "!Ref Far")
    assert ways(text + far, "s3") == CERTAIN


def test_a_network_of_another_template() -> None:
    """Subnets that one template exports as a list are followed to their VPC and their routes."""
    run = Run()
    exports = """
Outputs:
  Subnets:
    Value: !Join [',', [!Ref One, !Ref Two]]
    Export: {Name: net-subnets}
"""
    stack(TEMPLATE + NETWORK + GATEWAY + exports, run=run, file="network.yml")
    imported = "!Split [',', !ImportValue net-subnets]"
    found = stack(TEMPLATE + TASK.replace(SUBNETS, imported), run=run, file="service.yml")
    (task,) = task_definitions(View(found))
    ((endpoint, certain),) = in_the_way(View(found), task, "s3")
    assert (endpoint.place.file, endpoint.logical_id, certain) == ("network.yml", "Endpoint", True)
    assert in_the_way(View(found), task, "ssm") == ()


def test_a_list_of_ids_can_be_told_apart() -> None:
    """An id holds no comma: joined and split again, the subnets are the same."""
    text = "[!Select [0, !Split [',', !Join [',', [!Ref One, !Ref Two]]]]]"
    assert ways((NETWORK + TASK + GATEWAY).replace(SUBNETS, text), "s3") == CERTAIN


# --- Copilot's own stacks -------------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_environments_of_copilot() -> None:
    """The only endpoint that Copilot writes serves App Runner: it is in nobody's way."""
    found = [
        endpoint
        for file in sorted(CORPUS.glob("*/environments/*.yml"))
        for endpoint in endpoints(View(Run().add(Package(read(file)))))
    ]
    assert {endpoint.service for endpoint in found} == {"apprunner.requests"}
    assert {endpoint.answers for endpoint in found} == {False}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize(("kind", "name"), [("svc", "svc-prod"), ("job", "job-test")])
def test_a_workload_in_its_environment(kind: str, name: str) -> None:
    """Services and jobs import their subnets from the environment's stack, if it is named."""
    corpus = CORPUS / "copilot-v1.33.2"
    run = Run()
    environment = (corpus / "environments" / "template-with-basic-manifest.yml").read_text()
    gateway = """
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      ServiceName: !Sub com.amazonaws.${AWS::Region}.s3
      VpcId: !Ref VPC
      RouteTableIds: [!Ref PublicRouteTable]
Outputs:
"""
    environment = environment.replace("\nOutputs:\n", gateway)
    stack(environment, run=run, file="env.yml", pseudo={"AWS::StackName": "app-test"})
    text = (corpus / "workloads" / f"{name}.stack.yml").read_text()
    found = stack(text, {"AppName": "app", "EnvName": "test", "WorkloadName": kind}, run=run)
    (task,) = task_definitions(View(found))
    passed = [(e.logical_id, certain) for e, certain in in_the_way(View(found), task, "s3")]
    assert passed == [("Endpoint", True)]
