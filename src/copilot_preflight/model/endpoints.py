"""VPC endpoints, and the tasks whose calls go through them.

An endpoint's policy is a ceiling on every call that goes through it.
Sources: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcendpoint.html
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.base.three_valued import all_of, any_of
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.model.services import TaskRun, network_mode, runs_of
from copilot_preflight.model.tasks import TaskDefinition
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.query import query, query_by
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value, flag_of, text_of, texts_of
from copilot_preflight.resolve.view import OPEN, View, index_of

GATEWAY: Final = "Gateway"
INTERFACE: Final = "Interface"

_ENDPOINT: Final = "AWS::EC2::VPCEndpoint"

_SERVICE_NAME: Final = lazy_pattern(r"(?:cn\.)?com\.amazonaws\.[^.]+\.(.+)")

_ONE_INTERFACE: Final = (None, "LATEST", "1.4.0")
"""The platform versions that certainly send all of a task's traffic through its own interface.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-version-migration.html
"""


class Endpoint(NamedTuple):
    """A VPC endpoint of a template.

    ``id`` is what ``aws:SourceVpce`` is compared with. ``service`` is the end of its service
    name, ``"s3"`` or ``"ecr.api"``, and ``kind`` is GATEWAY, INTERFACE or another; both are None
    where they are not known. ``route_tables`` and ``subnets`` are None where branches are open.
    ``answers`` says whether calls to the service's usual name are sent there from its
    VPC. ``policy`` is None where there is none: everything is let through. ``open`` is what may
    make it another endpoint, or none: undecided conditions, macros.
    """

    logical_id: str
    place: Place
    id: Text
    service: str | None
    kind: str | None
    vpc: Text | None
    route_tables: tuple[Text, ...] | None
    subnets: tuple[Text, ...] | None
    answers: bool | None
    policy: tuple[Statement, ...] | None
    policy_place: Place
    open: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"VPC endpoint '{self.logical_id}'"


def layers(partition: Text, region: Text) -> Text:
    """The S3 objects from which a private image's layers are downloaded.

    ECR hands out links that it has signed itself: a policy must let more than the account's roles
    read them, as AWS's own does.
    Sources: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetDownloadUrlForLayer.html,
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    ("Minimum Amazon S3 Bucket Permissions for Amazon ECR")
    """
    bucket = Text.of("prod-", region, "-starport-layer-bucket")
    return arn.s3_arn(partition, bucket, Text.of("*"))


@query
def endpoints(view: View) -> tuple[Endpoint, ...]:
    """The VPC endpoints of a template in a scenario."""
    return tuple(_endpoints(view))


@query_by(lambda task, service: (task.logical_id, service))
def in_the_way(view: View, task: TaskDefinition, service: str) -> tuple[tuple[Endpoint, bool], ...]:
    """The endpoints of the run through which a task's calls to a service go, or may go.

    True where it is certain: some run of the task, on Fargate with one network interface, has
    subnets that all lie in the endpoint's VPC and are sent there. False where that cannot be
    told. What certainly serves others is left out. It is for the caller to know that the service
    is called in the VPC's own region: an endpoint takes no other.
    """
    found = [
        (endpoint, _is_passed(view, task, endpoint))
        for endpoint in _endpoints_around(view, task)
        if endpoint.service in (service, None)
    ]
    # An interface that answers to the usual name leaves nothing for the gateway next to it.
    return tuple(
        (endpoint, bool(certain) and not _is_overtaken(endpoint, found))
        for endpoint, certain in found
        if certain is not False
    )


def _is_overtaken(endpoint: Endpoint, found: list[tuple[Endpoint, bool | None]]) -> bool:
    return endpoint.kind == GATEWAY and any(
        other.kind != GATEWAY and certain is not False and _same_vpc(other.vpc, endpoint.vpc)
        for other, certain in found
    )


def _same_vpc(one: Text | None, two: Text | None) -> bool:
    return one is None or two is None or one.equals(two) is not False


def is_shut_in(view: View, run: TaskRun) -> bool:
    """Whether a task has certainly no way out of its VPC but endpoints, as its template makes it.

    Its subnets and their route tables are the template's own, and nothing adds a route to them.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
    """
    if not run.subnets or run.conditions or view.stack.unwritten:
        return False
    tables = [_route_table_of(view, subnet) for subnet in run.subnets if subnet in _subnets(view)]
    return len(tables) == len(run.subnets) and all(
        table is not None and _is_closed(view, table) for table in tables
    )


def _is_closed(view: View, table: Text) -> bool:
    made = [name for name, it in view.resources(_TABLE) if view.ref(name, it) == table]
    if len(made) != 1 or view.stack.receivers_of(made[0]):
        return False
    if any(view.having(_PROPAGATION)):
        return False
    routes = (route for other in view.having(_ROUTE) for _, route in other.resources(_ROUTE))
    tables = (
        text_of(properties, "RouteTableId")
        for route in routes
        for properties in route.children("Properties")
    )
    return all(it is not None and it.equals(table) is False for it in tables)


_TABLE: Final = "AWS::EC2::RouteTable"
_ROUTE: Final = "AWS::EC2::Route"
_PROPAGATION: Final = "AWS::EC2::VPNGatewayRoutePropagation"


# --- reading --------------------------------------------------------------------------------------


def _endpoints_around(view: View, task: TaskDefinition) -> Iterator[Endpoint]:
    """The endpoints of a run, each once: an addons template may be there twice.

    Those that certainly lie in other VPCs than a task are not looked for.
    """
    seen: set[tuple[str, str]] = set()
    networks = _networks(view, task)
    others = view.having(_ENDPOINT) if networks is None else view.holding(_by_network, networks)
    for other in others:
        for endpoint in endpoints(other):
            key = (other.file, endpoint.logical_id)
            if key not in seen:
                seen.add(key)
                yield endpoint
    if view.run.outside.account is not None and not indexes.has(view.run, _ENDPOINT):
        from copilot_preflight.model.account_endpoints import endpoints_of_account

        yield from endpoints_of_account(view)


def _networks(view: View, task: TaskDefinition) -> set[Hashable] | None:
    """The keys of the endpoints that a task may pass; None where it may lie in any VPC."""
    found: set[Hashable] = {OPEN}
    runs = runs_of(view, task)
    for run in runs:
        if not run.subnets or (network_mode(task) != "awsvpc" and run.fargate is not True):
            return None
        for subnet in run.subnets:
            vpc = _vpc_of(view, subnet)
            kind = None if vpc is None else _kind_of_id(vpc)
            if kind is None:
                return None
            found |= {subnet, vpc, _WRITTEN if kind == _MADE else _MADE}
    return found if runs else None


_WRITTEN: Final = "\0written out"
_MADE: Final = "\0made by AWS"
"""The two kinds of ids of which no two of one kind may be the same, if their texts are not."""


def _kind_of_id(vpc: Text) -> str | None:
    if vpc.literal is not None:
        return _WRITTEN
    hole = vpc.only_hole
    return _MADE if hole is not None and hole.unique and hole.nonempty else None


@index_of(_ENDPOINT)
def _by_network(view: View) -> dict[Hashable, None]:
    """By VPC, its kind of id and subnets, the templates with endpoints that answer."""
    found: dict[Hashable, None] = {}
    for endpoint in endpoints(view):
        if endpoint.answers is not False:
            kind = None if endpoint.vpc is None else _kind_of_id(endpoint.vpc)
            keys = (OPEN,) if kind is None else (endpoint.vpc, kind)
            found |= dict.fromkeys((*keys, *(endpoint.subnets or ())))
    return found


def _endpoints(view: View) -> Iterator[Endpoint]:
    resolver = view.resolver
    for logical_id, resource in view.resources(_ENDPOINT):
        for properties in resource.children("Properties"):
            kind = text_of(properties, "VpcEndpointType")
            service = service_named(text_of(properties, "ServiceName"))
            documents = list(properties.children("PolicyDocument"))
            policy = tuple(s for each in documents for s in statements_of(each, logical_id))
            known = GATEWAY if kind is None else kind.literal
            yield Endpoint(
                logical_id,
                resource.key_place,
                resolver.text({"Ref": logical_id}, resource.path),
                service,
                known,
                text_of(properties, "VpcId"),
                route_tables=texts_of(properties, "RouteTableIds"),
                subnets=texts_of(properties, "SubnetIds"),
                answers=is_answering(properties, known, service),
                policy=policy if documents else None,
                policy_place=documents[0].key_place if documents else resource.key_place,
                open=_open(view.stack, properties, documents),
            )


def _open(stack: Stack, properties: Value, documents: list[Value]) -> tuple[str, ...]:
    conditions = (c for value in (properties, *documents) for c in value.conditions)
    written = ("what a macro writes",) if properties.is_written_out_by_aws else ()
    return tuple(dict.fromkeys((*conditions, *written, *stack.unwritten)))


def service_named(name: Text | None) -> str | None:
    """``ecr.api`` of ``com.amazonaws.${AWS::Region}.ecr.api``; None where it is not known.

    Source: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
    """
    spelled = "".join("?" if isinstance(p, Hole) else p for p in name.parts) if name else ""
    found = _SERVICE_NAME.fullmatch(spelled)
    if found is None:  # a service of somebody's own, if it is known at all
        return None if "?" in spelled else ""
    return None if "?" in found[1] else found[1]


def is_answering(properties: Value, kind: str | None, service: str | None) -> bool | None:
    """Whether calls to a service's usual name go to an endpoint; a gateway asks no name.

    PrivateDnsEnabled is false where it is not there. For S3 it may leave the VPC to the gateway.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
    """
    region = None if any(properties.children("ServiceRegion")) else True
    if kind == GATEWAY:
        return region
    if kind != INTERFACE:
        return None if kind is None else False
    answers = flag_of(properties, "PrivateDnsEnabled")
    if service != "s3":
        return all_of((region, answers))
    options = properties.child("DnsOptions")
    only = text_of(options, "PrivateDnsOnlyForInboundResolverEndpoint") if options else None
    # A template has words there, the API a boolean of the same meaning as the first of them.
    outside = {"OnlyInboundResolver": False, "AllResolvers": True, "true": False, "false": True}
    return all_of((region, answers, outside.get((only.literal if only else None) or "")))


# --- ways -----------------------------------------------------------------------------------------


def _is_passed(view: View, task: TaskDefinition, endpoint: Endpoint) -> bool | None:
    """Whether the calls of a task's start go through an endpoint."""
    if endpoint.answers is False:
        return False
    runs = runs_of(view, task)
    if not runs:
        return None
    on_instance = network_mode(task) != "awsvpc"
    ways = [_is_passed_by(view, run, endpoint, on_instance) for run in runs]
    sure = (endpoint.answers, None if endpoint.open or endpoint.service is None else True)
    return all_of((any_of(ways), *sure))


def _is_passed_by(view: View, run: TaskRun, endpoint: Endpoint, on_instance: bool) -> bool | None:
    if run.subnets is None or not run.subnets or (on_instance and run.fargate is not True):
        return None  # the network of an instance, of which nothing is known
    ways = [_goes_through(view, subnet, endpoint) for subnet in run.subnets]
    if run.fargate is not True:
        # The agent calls from the instance: another subnet, if of the same VPC.
        vpcs = [_lies_in(view, subnet, endpoint) for subnet in run.subnets]
        return False if False in vpcs else None
    version = None if run.platform_version is None else run.platform_version.literal or ""
    if version not in _ONE_INTERFACE or run.conditions:
        return None if set(ways) != {False} else False
    return True if set(ways) == {True} else False if set(ways) == {False} else None


def _goes_through(view: View, subnet: Text, endpoint: Endpoint) -> bool | None:
    """Whether calls from a subnet go through an endpoint that answers."""
    inside = _lies_in(view, subnet, endpoint)
    if inside is False or endpoint.kind == INTERFACE:
        return inside  # a private name is the same in the whole VPC
    if endpoint.kind != GATEWAY:
        return None
    # The main route table, or one that another template associates, if there is none here.
    table = _route_table_of(view, subnet)
    if table is None or endpoint.route_tables is None:
        return None
    return all_of((inside, any_of([table.equals(own) for own in endpoint.route_tables])))


def _lies_in(view: View, subnet: Text, endpoint: Endpoint) -> bool | None:
    if subnet in (endpoint.subnets or ()):
        return True
    vpc = _vpc_of(view, subnet)
    return None if vpc is None or endpoint.vpc is None else vpc.equals(endpoint.vpc)


def _vpc_of(view: View, subnet: Text) -> Text | None:
    """The VPC of a subnet of the run."""
    for other in view.holding(_subnets, (subnet,)):
        if (resource := _subnets(other).get(subnet)) is not None:
            for properties in resource.children("Properties"):
                return text_of(properties, "VpcId")
    account = view.run.outside.account
    vpc = account.vpc_of(subnet) if account is not None else ""
    return Text.of(vpc) if vpc else None


@index_of("AWS::EC2::Subnet")
def _subnets(view: View) -> dict[Text, Value]:
    """The subnets of a template by their ids, of which no two are the same."""
    found = view.resources("AWS::EC2::Subnet")
    return {view.ref(logical_id, resource): resource for logical_id, resource in found}


def _route_table_of(view: View, subnet: Text) -> Text | None:
    """The only route table that the run certainly associates with a subnet."""
    found: list[Text | None] = []
    for other in view.holding(_tables_by_subnet, (subnet,)):
        found += _tables_by_subnet(other).get(subnet, ())
    account = view.run.outside.account
    if not found and account is not None and (table := account.route_table_of(subnet)):
        return Text.of(table)
    return found[0] if len(found) == 1 else None


@index_of("AWS::EC2::SubnetRouteTableAssociation")
def _tables_by_subnet(view: View) -> dict[Text, list[Text | None]]:
    """The route tables that a template associates with each subnet; None: under a condition."""
    found: dict[Text, list[Text | None]] = {}
    for _, resource in view.resources("AWS::EC2::SubnetRouteTableAssociation"):
        for properties in resource.children("Properties"):
            if (subnet := text_of(properties, "SubnetId")) is not None:
                table = text_of(properties, "RouteTableId")
                found.setdefault(subnet, []).append(None if resource.guard else table)
    return found
