"""What ECS makes around the tasks of a service with the infrastructure role that it is given.

AWS lists the calls in the managed policies for such roles alone. Asked for here are those that
every service of the kind takes, not those for what several services share or somebody may bring.
Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.resolve.value import Value, text_of
from copilot_preflight.resolve.view import View

INFRASTRUCTURE: Final = "infrastructure"
"""The kind of this source's needs."""

_EXPRESS: Final = "AWS::ECS::ExpressGatewayService"
_SERVICE: Final = "AWS::ECS::Service"
_POLICIES: Final = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/"

_MADE_BY_ECS: Final[Mapping[str, tuple[Text, ...]]] = {
    "aws:requesttag/amazonecsmanaged": (Text.of("true"),),
    "aws:resourcetag/amazonecsmanaged": (Text.of("true"),),
}
"""The tag of whatever ECS makes, on which AWS's policies insist, without saying that it comes with
every call."""


class Infrastructure(NamedTuple):
    """What a service has ECS make: the ``detail`` of a need. ``policy`` is AWS's that grants it."""

    owner: str
    policy: str


def infrastructure_sites(view: View) -> Iterator[Site]:
    """Every infrastructure role of an Express service, and of TLS in Service Connect.

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
    containers = list(properties.children("PrimaryContainer"))
    return (
        len(containers) == 1
        and isinstance(containers[0].raw, dict)
        and not containers[0].is_opaque
        and "AwsLogsConfiguration" not in containers[0].raw
    )


# --- TLS in Service Connect -----------------------------------------------------------------------


def _encrypted(properties: Value) -> Iterator[Value]:
    for configuration in properties.children("ServiceConnectConfiguration"):
        if configuration.is_opaque:
            continue
        for service in configuration.each("Services"):
            if isinstance(service.raw, dict) and not service.is_opaque:
                for tls in service.children("Tls"):
                    if isinstance(tls.raw, dict) and not tls.is_opaque:
                        yield tls


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
    for issuer in tls.children("IssuerCertificateAuthority"):
        authority = text_of(issuer, "AwsPcaAuthorityArn") if not issuer.is_opaque else None
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


def _arn(view: View, service: str, rest: str, logical_id: str) -> Text:
    """The ARN of something that ECS makes and names, each ``{}`` a name that nobody knows yet."""
    pseudo = view.resolver.pseudo
    head = Text.of("arn:", pseudo("AWS::Partition"), f":{service}:", pseudo("AWS::Region"), ":")
    first, *others = rest.split("{}")
    scope = f"{view.file}:{logical_id}:{rest}"
    parts = (
        part
        for number, other in enumerate(others)
        for part in (Hole("made by ECS", f"{scope}:{number}", ":/*?", nonempty=True), other)
    )
    return Text.of(head, pseudo("AWS::AccountId"), ":", first, *parts)
