"""The network interfaces of builds: which calls make one, and on which conditions."""

from __future__ import annotations

import pytest
from tests.needs.asked import findings
from tests.needs.builds import LOGS, answers, build

from copilot_preflight.needs.build_network import BUILD_NETWORK, CREATE_PERMISSION

VPC = "VpcConfig: {VpcId: vpc-1, Subnets: [!Ref Left, subnet-2], SecurityGroupIds: [sg-1]}"
LEFT = "Left: {Type: AWS::EC2::Subnet}"
MAKE = """{Effect: Allow, Resource: '*', Action: [ec2:CreateNetworkInterface,
  ec2:DescribeDhcpOptions, ec2:DescribeNetworkInterfaces, ec2:DeleteNetworkInterface,
  ec2:DescribeSubnets, ec2:DescribeSecurityGroups, ec2:DescribeVpcs]}"""
HEAD = "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}"
PERMIT = (
    "{Effect: Allow, Action: ec2:CreateNetworkInterfacePermission, "
    f"Resource: !Sub '{HEAD}:network-interface/*', Condition: %s}}"
)
FOR_CODEBUILD = "StringEquals: {ec2:AuthorizedService: codebuild.amazonaws.com}"


def permit(condition: str) -> str:
    return PERMIT % f"{{{FOR_CODEBUILD}, {condition}}}"


BOTH = f"ArnEquals: {{ec2:Subnet: [!Sub '{HEAD}:subnet/${{Left}}', !Sub '{HEAD}:subnet/subnet-2']}}"
ONE = f"ArnEquals: {{ec2:Subnet: !Sub '{HEAD}:subnet/${{Left}}'}}"
OTHER = f"ArnEquals: {{ec2:Subnet: !Sub '{HEAD}:subnet/subnet-3'}}"


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        (permit(BOTH), "ALLOWED"),
        (PERMIT % f"{{{FOR_CODEBUILD}}}", "ALLOWED"),
        (permit(ONE), "UNDETERMINED"),
        (permit(OTHER), "UNDETERMINED"),
        (PERMIT % "{StringEquals: {ec2:AuthorizedService: lambda.amazonaws.com}}", "IMPLICIT_DENY"),
    ],
)
def test_the_permission_is_for_codebuild_in_one_of_the_subnets(
    condition: str, outcome: str
) -> None:
    """As AWS's example and CDK write it; in which subnet, nobody knows."""
    found = build(VPC, MAKE, condition, LOGS, more=LEFT)
    assert answers(found, BUILD_NETWORK)[CREATE_PERMISSION] == outcome


def test_no_subnet_of_the_project_may_be_named() -> None:
    """A condition on subnets, none of which is the project's, lets no build begin."""
    vpc = "VpcConfig: {VpcId: vpc-1, Subnets: [subnet-1, subnet-2], SecurityGroupIds: [sg-1]}"
    found = build(vpc, MAKE, permit(OTHER), LOGS)
    assert answers(found, BUILD_NETWORK)[CREATE_PERMISSION] == "IMPLICIT_DENY"
    assert [it.rule for it in findings(found)] == ["E9775"]


@pytest.mark.parametrize("subnets", ["[]", "[!Ref AWS::NoValue]", "!Ref AWS::NoValue"])
def test_without_a_subnet_nothing_is_made(subnets: str) -> None:
    """A list that a condition leaves empty puts no build into a VPC."""
    found = build(f"VpcConfig: {{VpcId: vpc-1, Subnets: {subnets}, SecurityGroupIds: []}}", LOGS)
    assert not answers(found, BUILD_NETWORK)
    assert findings(found) == []


def test_what_looks_around_and_cleans_up_stops_no_build() -> None:
    """Only the calls of which the failure is known make a finding."""
    actions = "[ec2:CreateNetworkInterface*, ec2:DescribeSecurityGroups]"
    few = f"{{Effect: Allow, Action: {actions}, Resource: '*'}}"
    assert findings(build(VPC, few, LOGS, more=LEFT)) == []
    (found,) = findings(build(VPC, LOGS, more=LEFT))
    assert found.message.startswith(
        "build role 'Role' may not ec2:DescribeSecurityGroups on '*' and "
        f"ec2:CreateNetworkInterface and ec2:CreateNetworkInterfacePermission on '{HEAD}:network-"
    )
    assert "which the VPC of build project 'Project' needs" in found.message


def test_a_list_of_subnets_that_nobody_knows_is_left_open() -> None:
    """Where the condition asks for them; and a project without them has no VPC."""
    vpc = "VpcConfig: {VpcId: vpc-1, Subnets: !Ref Given, SecurityGroupIds: [sg-1]}"
    found = build(vpc, MAKE, permit(OTHER), LOGS)
    assert answers(found, BUILD_NETWORK)[CREATE_PERMISSION] == "UNDETERMINED"
    assert answers(build("VpcConfig: {}", LOGS), BUILD_NETWORK) == {}
