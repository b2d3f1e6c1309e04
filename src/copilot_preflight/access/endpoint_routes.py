"""VPC endpoints on the way of a task's calls, and what their policies let through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from copilot_preflight.access.request import Call
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Outcome, Request, evaluate
from copilot_preflight.iam.policy import Statement
from copilot_preflight.iam.services import service_of
from copilot_preflight.model import endpoints
from copilot_preflight.model.buckets import bucket_named
from copilot_preflight.model.endpoints import Endpoint, in_the_way
from copilot_preflight.needs.need import Need


class PossibleDenial(NamedTuple):
    """An endpoint whose policy would deny a call, if the call went through it.

    ``deciding`` are the statements that would do so; none where it is for want of an Allow.
    """

    endpoint: Endpoint
    deciding: tuple[Statement, ...] = ()


class Route(NamedTuple):
    """The endpoint that a call certainly goes through, and those that it may go through."""

    endpoint: Endpoint | None = None
    possible: tuple[Endpoint, ...] = ()


_BESIDE_THE_TASK: Final = "ecr:GetAuthorizationToken"
"""The call that AWS says leaves through a network interface of Fargate's, not of the task's.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""


def route_of(call: Call) -> Route:
    task, service = call.need.task, service_of(call.action).endpoint_of(call.action)
    if task is None or not service or call.action == _BESIDE_THE_TASK:
        return Route()
    near = _is_near(call)
    if near is False:
        return Route()
    found = in_the_way(call.view, task, service)
    passed = [endpoint for endpoint, certain in found if certain]
    if len(passed) == 1 and near:
        return Route(passed[0], _possible(call, found))
    return Route(possible=(*passed, *_possible(call, found)))


def _possible(call: Call, found: Iterable[tuple[Endpoint, bool]]) -> tuple[Endpoint, ...]:
    """The endpoints that a call may go through, as far as the task's own template has them.

    The other templates of a run need have nothing to do with this one.
    """
    package = call.view.stack.package
    own = (call.view.file, package.addons.file if package.addons else "")
    return tuple(it for it, certain in found if not certain and it.place.file in own)


def _is_near(call: Call) -> bool | None:
    """Whether a call stays in the stack's region: no endpoint takes it anywhere else.

    What ECS Exec talks to is the agent's own region. A run lies in one region; where a bucket
    outside it lies, nobody knows, but Copilot's has one in each region of an application.
    """
    view = call.view
    name = arn.parse_s3(call.resource)
    if name is not None:
        found = bucket_named(view, name.bucket)
        if call.need.is_copilots or found is not None:
            return True
        region = _region_in_account(call, name.bucket)
        return None if region is None else region.equals(view.resolver.pseudo("AWS::Region"))
    parsed = arn.parse(call.resource)
    if parsed is None or not parsed.region.parts:
        return True if call.action.startswith("ssmmessages:") else None
    return parsed.region.equals(view.resolver.pseudo("AWS::Region"))


def _region_in_account(call: Call, bucket: Text) -> Text | None:
    """The region of a bucket, where the account has answered that."""
    account = call.view.run.outside.account
    found = None if account is None else account.bucket(bucket)
    return Text.of(found.region) if found is not None and found.region else None


def context_of(endpoint: Endpoint) -> Mapping[str, tuple[Text, ...]]:
    """What an endpoint adds to each call: itself, and not the caller's address.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return {
        "aws:sourcevpce": (endpoint.id,),
        "aws:sourceip": (),
        **({"aws:sourcevpc": (endpoint.vpc,)} if endpoint.vpc is not None else {}),
    }


def layers_refused(need: Need, region: Text) -> PossibleDenial | None:
    """The S3 endpoint on the way of a task whose policy keeps the layers of its images back.

    ``region`` is the registry's. It is ECR that signs these requests: what an Allow says of
    principals cannot help a role, and a Deny counts if it is for everybody.
    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    view = need.view
    resolver = view.resolver
    if need.task is None or not region.equals(resolver.pseudo("AWS::Region")):
        return None
    found = in_the_way(view, need.task, "s3")
    passed = [endpoint for endpoint, certain in found if certain]
    endpoint = passed[0] if len(passed) == 1 else None
    if endpoint is None or endpoint.policy is None:
        return None
    objects = endpoints.layers(resolver.pseudo("AWS::Partition"), region)
    context = {"aws:securetransport": (Text.of("true"),), **context_of(endpoint)}
    verdict = evaluate(endpoint.policy, Request("s3:GetObject", objects, context))
    if verdict.outcome is Outcome.IMPLICIT_DENY:
        return PossibleDenial(endpoint)
    denies = tuple(filter(_is_for_everybody, verdict.deciding))
    is_denied = verdict.outcome is Outcome.EXPLICIT_DENY and denies
    return PossibleDenial(endpoint, denies) if is_denied else None


def _is_for_everybody(statement: Statement) -> bool:
    return any(it.kind == "AWS" and it.entry.text.literal == "*" for it in statement.principals)
