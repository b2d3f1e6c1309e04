"""Which calls go through a VPC endpoint, and which layers of images its policy keeps back."""

from __future__ import annotations

from typing import Final

import pytest
from tests import stacks

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome

LAYERS: Final = "!Sub 'arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*'"
TEMPLATE: Final = (
    """
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}
  Vpc: {Type: AWS::EC2::VPC}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc}}
  Routes: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  OfSubnet:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Routes}
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      ServiceName: !Sub com.amazonaws.${AWS::Region}.s3
      VpcId: !Ref Vpc
      RouteTableIds: [!Ref Routes]
      <policy>
  Service:
    Type: AWS::ECS::Service
    Properties:
      LaunchType: FARGATE
      TaskDefinition: !Ref Task
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref Subnet]}}
"""
    + stacks.task("Image: <image>\nEnvironmentFiles: [{Type: s3, Value: arn:aws:s3:::b/a.env}]")
    + stacks.role("{Effect: Allow, Action: '*', Resource: '*'}")
)
OWN: Final = "!Sub '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/web:1'"
FAR: Final = "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1"


def analysis(*statements: str, image: str = OWN, policy: str | None = None) -> Analysis:
    listed = f"PolicyDocument: {{Statement: [{', '.join(statements)}]}}"
    text = TEMPLATE.replace("<policy>", listed if policy is None else policy)
    text = text.replace("<image>", image)
    return Analysis(stacks.stack(text, pseudo={"AWS::Region": "eu-west-1"}))


def statement(effect: str, resource: str, principal: str = "'*'", more: str = "") -> str:
    told = f"Effect: {effect}, Principal: {principal}, Action: 's3:Get*', Resource: {resource}"
    return f"{{{told}{more}}}"


EVERYTHING: Final = statement("Allow", "'*'")
ONLY_LAYERS: Final = statement("Allow", LAYERS)
OF_ACCOUNT: Final = ", Condition: {StringEquals: {'aws:PrincipalAccount': !Ref AWS::AccountId}}"


@pytest.mark.parametrize(
    ("statements", "refusing"),
    [
        ((), 0),
        ((EVERYTHING,), None),
        ((ONLY_LAYERS,), None),
        ((statement("Allow", "'arn:aws:s3:::b/*'"),), 0),
        ((EVERYTHING, statement("Deny", LAYERS)), 1),
        # It is for others that it denies; ECR signs what is read.
        ((EVERYTHING, statement("Deny", LAYERS, "{AWS: !GetAtt Role.Arn}")), None),
        ((EVERYTHING, statement("Deny", LAYERS, "{Service: '*'}")), None),
        # A condition of which nothing is known proves nothing.
        ((statement("Allow", "'*'", more=OF_ACCOUNT),), None),
        ((EVERYTHING, statement("Deny", LAYERS, more=OF_ACCOUNT)), None),
        ((statement("Deny", "'arn:aws:s3:::b/*'"), EVERYTHING), None),
    ],
)
def test_layers_that_an_endpoint_keeps_back(
    statements: tuple[str, ...], refusing: int | None
) -> None:
    """Neither an Allow that leaves them out nor a Deny for everybody lets the image be pulled."""
    found = [refused for _, refused, _ in analysis(*statements).refused_layers]
    assert [len(refused.deciding) for refused in found] == ([] if refusing is None else [refusing])


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        (FAR, None),  # another region's registry has its layers elsewhere
        ("public.ecr.aws/nginx:1", None),
        (OWN, ""),  # without a policy, an endpoint lets everything through
    ],
)
def test_layers_that_go_another_way(image: str, policy: str | None) -> None:
    """An endpoint can keep back only what goes through it."""
    assert analysis(image=image, policy=policy).refused_layers == ()


def test_layers_behind_one_of_two_endpoints() -> None:
    """Where two endpoints may serve a task, neither is proved to."""
    text = TEMPLATE.replace("<policy>", "PolicyDocument: {Statement: []}").replace("<image>", OWN)
    begin, end = text.index("  Endpoint:\n"), text.index("  Service:\n")
    twice = text[:end] + text[begin:end].replace("Endpoint:", "Second:", 1) + text[end:]
    found = [
        Analysis(stacks.stack(each, pseudo={"AWS::Region": "eu-west-1"})).refused_layers
        for each in (text, twice)
    ]
    assert [len(refused) for refused in found] == [1, 0]


def test_calls_of_a_task_go_through_its_endpoint() -> None:
    """The file is read through it, and judged by its policy; what it does not take is not."""
    found = {
        d.call.action: d for d in analysis(ONLY_LAYERS).decisions if d.call.need.kind == "env-file"
    }
    read = found["s3:GetObject"]
    assert read.outcome is Outcome.IMPLICIT_DENY
    assert read.endpoint is not None
    assert read.possible_denial is None
    assert all(d.endpoint is None for name, d in found.items() if not name.startswith("s3:"))
    open_door = analysis(EVERYTHING.replace("s3:Get*", "*"))
    outcomes = {d.outcome for d in open_door.decisions if d.call.need.kind == "env-file"}
    assert outcomes == {Outcome.ALLOWED}
