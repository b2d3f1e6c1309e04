"""What ECS makes around tasks with the infrastructure role of a service or capacity provider.

AWS lists the calls in the managed policies for such roles alone. Asked for here are those that
every one of the kind takes, not those for what several services share or somebody may bring.
Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.model.named_resources import resource_named
from copilot_preflight.model.roles import role_named
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.resolve.value import Value, maps_of, text_of
from copilot_preflight.resolve.view import View

INFRASTRUCTURE: Final = "infrastructure"
"""The kind of this source's needs."""

_EXPRESS: Final = "AWS::ECS::ExpressGatewayService"
_SERVICE: Final = "AWS::ECS::Service"
_PROVIDER: Final = "AWS::ECS::CapacityProvider"
_POLICIES: Final = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/"

_MADE_BY_ECS: Final[Mapping[str, tuple[Text, ...]]] = {
    "aws:requesttag/amazonecsmanaged": (Text.of("true"),),
    "aws:resourcetag/amazonecsmanaged": (Text.of("true"),),
}
"""The tag of whatever ECS makes, on which AWS's policies insist, without saying that it comes with
every call."""


class Infrastructure(NamedTuple):
    """For whom ECS makes something: the ``detail`` of a need.

    ``policy`` is AWS's that grants all of it, ``""`` where none does whatever the names.
    """

    owner: str
    policy: str


def infrastructure_sites(view: View) -> Iterator[Site]:
    """Every infrastructure role of Express services, TLS in Service Connect, Managed Instances.

    ``detail`` of the need is its `Infrastructure`.
    """
    for logical_id, resource in view.resources(_EXPRESS):
        for properties in resource.children("Properties"):
            for value in properties.children("InfrastructureRoleArn"):
                build = partial(_of_express, view, logical_id, properties, value)
                yield Site(INFRASTRUCTURE, value, build)
    for logical_id, resource in view.resources(_SERVICE):
        for properties in resource.children("Properties"):
            for tls in _encrypted(properties):
                for value in tls.children("RoleArn"):
                    build = partial(_of_tls, view, logical_id, tls, value)
                    yield Site(INFRASTRUCTURE, value, build)
    for logical_id, resource in view.resources(_PROVIDER):
        for properties in resource.children("Properties"):
            for provider in maps_of(properties, "ManagedInstancesProvider"):
                for value in provider.children("InfrastructureRoleArn"):
                    build = partial(_of_instances, view, logical_id, provider, value)
                    yield Site(INFRASTRUCTURE, value, build)


# --- Express Mode ---------------------------------------------------------------------------------


def _of_express(view: View, logical_id: str, properties: Value, value: Value) -> Iterator[Need]:
    """The target groups, rules, scaling, alarm and certificate of an Express service.

    Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html
    and https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInfrastructureRoleforExpressGatewayServices.html
    """
    policy = "AmazonECSInfrastructureRoleforExpressGatewayServices"
    page = f"{_POLICIES}{policy}.html"
    because = f"ECS makes what the service needs with its infrastructure role ({page})"
    calls = [
        NeededCall(action, _arn(view, service, rest, logical_id), because, evidence=_MADE_BY_ECS)
        for action, service, rest in _OF_EXPRESS
    ]
    calls[-1] = calls[-1]._replace(context=_SCALING)
    if _has_own_log_group(properties):
        group = _arn(view, "logs", "log-group:/aws/ecs/{}", logical_id)
        calls.append(NeededCall("logs:CreateLogGroup", group, because, evidence=_MADE_BY_ECS))
    yield Need(
        kind=INFRASTRUCTURE,
        view=view,
        value=value,
        subject=f"load balancing and scaling of Express service '{logical_id}'",
        user="infrastructure",
        role_value=value,
        calls=tuple(calls),
        detail=Infrastructure(f"Express service '{logical_id}'", f"service-role/{policy}"),
    )


_OF_EXPRESS: Final = (
    ("elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing", "targetgroup/{}/{}"),
    ("elasticloadbalancing:CreateRule", "elasticloadbalancing", "listener/app/{}/{}/{}"),
    (
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling",
        "scalable-target/{}",
    ),
    ("application-autoscaling:PutScalingPolicy", "application-autoscaling", "scalable-target/{}"),
)
"""What every Express service has for itself: action, service of the ARN, and its last part.

A load balancer, its listener and security groups are shared by up to 25 services of a VPC.
"""

_SCALING: Final = {"application-autoscaling:service-namespace": (Text.of("ecs"),)}


def _has_own_log_group(properties: Value) -> bool:
    """Whether ECS makes a log group, as the service names none and brings no task definition."""
    containers = list(maps_of(properties, "PrimaryContainer"))
    return len(containers) == 1 and "AwsLogsConfiguration" not in containers[0].raw


# --- TLS in Service Connect -----------------------------------------------------------------------


def _encrypted(properties: Value) -> Iterator[Value]:
    for configuration in maps_of(properties, "ServiceConnectConfiguration"):
        for service in configuration.each("Services"):
            if isinstance(service.raw, dict) and not service.is_opaque:
                yield from maps_of(service, "Tls")


def _of_tls(view: View, logical_id: str, tls: Value, value: Value) -> Iterator[Need]:
    """The certificate of a Service Connect service, and the secret that ECS keeps it in.

    The authority must bear the tag AmazonECSManaged for AWS's policy, which its owner gives it.
    Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-tls.html
    and https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity.html
    """
    policy = "AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity"
    because = f"ECS makes the certificate with the infrastructure role ({_POLICIES}{policy}.html)"
    secret = _arn(view, "secretsmanager", "secret:ecs-sc!{}", logical_id)
    created = _arn(view, "ecs", "service/{}/{}", logical_id)
    evidence = {**_MADE_BY_ECS, "aws:requesttag/amazonecscreated": (created,)}
    calls = [NeededCall("secretsmanager:CreateSecret", secret, because, evidence=evidence)]
    for issuer in maps_of(tls, "IssuerCertificateAuthority"):
        authority = text_of(issuer, "AwsPcaAuthorityArn")
        if authority is not None and not issuer.guard:
            calls.append(
                NeededCall("acm-pca:IssueCertificate", authority, because, evidence=_ISSUED)
            )
    yield Need(
        kind=INFRASTRUCTURE,
        view=view,
        value=value,
        subject=f"TLS of service '{logical_id}' in Service Connect",
        user="infrastructure",
        role_value=value,
        calls=tuple(calls),
        detail=Infrastructure(f"service '{logical_id}'", f"service-role/{policy}"),
    )


_ISSUED: Final[Mapping[str, tuple[Text, ...]]] = {
    "acm-pca:templatearn": (Text.of("arn:aws:acm-pca:::template/EndEntityCertificate/V1"),),
}


# --- Managed Instances ----------------------------------------------------------------------------


def _of_instances(view: View, logical_id: str, provider: Value, value: Value) -> Iterator[Need]:
    """The instance role of Managed Instances, which the infrastructure role passes to EC2.

    AWS's policy grants that for roles alone whose names begin with ecsInstanceRole, and
    CloudFormation begins the names that it makes up with that of the stack.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instances-instance-profile.html
    """
    calls = tuple(
        NeededCall("iam:PassRole", role, f"ECS gives it to EC2 ({_PROFILE})", evidence=_PASSED)
        for role in _instance_roles(view, provider)
    )
    if calls:
        yield Need(
            kind=INFRASTRUCTURE,
            view=view,
            value=value,
            subject=f"start of instances by capacity provider '{logical_id}'",
            user="infrastructure",
            role_value=value,
            calls=calls,
            detail=Infrastructure(f"capacity provider '{logical_id}'", ""),
        )


def _instance_roles(view: View, provider: Value) -> Iterator[Text]:
    """The ARN of the role that the instances of a capacity provider get, where the run has it."""
    for template in maps_of(provider, "InstanceLaunchTemplate"):
        name = text_of(template, "Ec2InstanceProfileArn")
        found = resource_named(view, "AWS::IAM::InstanceProfile", "InstanceProfileName", name)
        if found is None or template.guard:
            continue
        for value in found.properties.each("Roles"):
            role = role_named(found.view, value.text()) if not value.is_open else None
            if role is not None and not value.guard:
                yield role.arn


_PROFILE: Final = (
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
    "managed-instances-instance-profile.html"
)
_PASSED: Final = {"iam:passedtoservice": (Text.of("ec2.amazonaws.com"),)}


def _arn(view: View, service: str, rest: str, logical_id: str) -> Text:
    """The ARN of something that ECS makes and names, each ``{}`` a name that nobody knows yet."""
    first, *others = rest.split("{}")
    scope = f"{view.file}:{logical_id}:{rest}"
    parts = (
        part
        for number, other in enumerate(others)
        for part in (Hole("made by ECS", f"{scope}:{number}", ":/*?", nonempty=True), other)
    )
    return view.own_arn(service, first, *parts)
