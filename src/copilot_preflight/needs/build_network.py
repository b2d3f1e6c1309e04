"""The network interfaces through which builds reach a VPC.

CodeBuild makes them with the role of the project. Without ``ec2:DescribeSecurityGroups`` not even
the project is made; without the two calls that make an interface no build begins. The other
actions that AWS lists only clean up or look around.

Sources: https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html
(``customer-managed-policies-example-create-vpc-network-interface``),
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html,
https://github.com/aws/aws-cdk/issues/2652 and https://github.com/aws/aws-cdk/issues/12705
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.pipelines import Project, projects
from copilot_preflight.needs.builds import need_of_build
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

BUILD_NETWORK: Final = "build-network"
"""The kind of this source's needs."""

CREATE_INTERFACE: Final = "ec2:CreateNetworkInterface"
CREATE_PERMISSION: Final = "ec2:CreateNetworkInterfacePermission"
DESCRIBE_GROUPS: Final = "ec2:DescribeSecurityGroups"

AUTHORIZED_SERVICE: Final = "ec2:AuthorizedService"
CODEBUILD: Final = "codebuild.amazonaws.com"

_PAGE: Final = (
    "https://docs.aws.amazon.com/codebuild/latest/userguide/"
    "auth-and-access-control-iam-identity-based-access-control.html"
)
_OTHERS: Final = (
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
)
_INTERFACE: Final = "network interface"


def granted(resource: str) -> str:
    """The resource as a grant names it: any interface, as CodeBuild makes them."""
    return resource.replace(f"${{{_INTERFACE}}}", "*")


def build_network_sites(view: View) -> Iterator[Site]:
    """The VPC of every project that names one with its subnets."""
    for project in projects(view):
        for network in project.value.children("VpcConfig"):
            if not network.is_opaque:
                yield Site(BUILD_NETWORK, network, partial(_needs, project, network))


def _needs(project: Project, network: Value) -> Iterator[Need]:
    if not any(network.children("VpcId")) or not any(network.each("Subnets")):
        return
    calls = _calls(project, network)
    yield need_of_build(project, BUILD_NETWORK, network, f"VPC of {project}", calls)


def _calls(project: Project, network: Value) -> Iterator[NeededCall]:
    view = project.view
    who = f"CodeBuild makes the interface with the role of the build project ({_PAGE})"
    everything = Text.of("*")
    some = Hole(_INTERFACE, view.file, excludes=":/*?", nonempty=True)
    interface = view.own_arn("ec2", "network-interface/", some)
    yield NeededCall(DESCRIBE_GROUPS, everything, who)
    yield NeededCall(CREATE_INTERFACE, interface, who)
    yield _permission(view, network, NeededCall(CREATE_PERMISSION, interface, who))
    for action in _OTHERS:
        resource = interface if action == "ec2:DeleteNetworkInterface" else everything
        yield NeededCall(action, resource, who, is_optional=True)


def _permission(view: View, network: Value, needed: NeededCall) -> NeededCall:
    """The call that gives the interface to CodeBuild's account, in the subnet that it takes.

    Which one that is, nobody knows: it is denied where it is in all of them.
    """
    context = {AUTHORIZED_SERVICE.lower(): (Text.of(CODEBUILD),)}
    subnets = list(network.each("Subnets"))
    if any(subnet.is_open for subnet in subnets):
        return needed._replace(context=context)
    calls = [
        needed._replace(context={**context, "ec2:subnet": (_subnet(view, subnet),)})
        for subnet in subnets
    ]
    first, *others = calls
    for other in others:
        doubts = (Fact("fact", "in which of the subnets CodeBuild makes the interface"),)
        first = other._replace(doubts=doubts, alternative=first)
    return first


def _subnet(view: View, subnet: Value) -> Text:
    return view.own_arn("ec2", "subnet/", subnet.text())
