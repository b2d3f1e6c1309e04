"""Stack x call -> decision, through every policy layer that stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from copilot_preflight.calls import Call, calls_of
from copilot_preflight.iam import arn, layers
from copilot_preflight.iam.evaluate import Outcome, Request, evaluate
from copilot_preflight.iam.layers import Layer, Policies, PolicySet, Ruling, Voice
from copilot_preflight.iam.policy import Fact, Statement
from copilot_preflight.iam.principals import Caller
from copilot_preflight.model import endpoints
from copilot_preflight.model.endpoints import Endpoint, endpoint_service_of, in_the_way
from copilot_preflight.model.file_systems import file_system
from copilot_preflight.model.repositories import repository_with_arn
from copilot_preflight.model.secrets import is_secret_known, secret_policy, without_suffix
from copilot_preflight.model.storage import (
    bucket_named,
    bucket_policy,
    is_bucket_known,
    key_with_arn,
)
from copilot_preflight.needs.need import Need, needs_at
from copilot_preflight.text import Hole, Text

_MAX_SPLITS: Final = 6
"""How many conditions deep a call is followed; beyond, the answer is "undetermined"."""


class Doubt(NamedTuple):
    """An endpoint whose policy would deny a call, if the call went through it.

    ``deciding`` are the statements that would do so; none where it is for want of an Allow.
    """

    endpoint: Endpoint
    deciding: tuple[Statement, ...] = ()


class Decision(NamedTuple):
    """What becomes of a call in one scenario.

    ``layer`` is the one that denies it, ``deciding`` its statements that do so or, for an allowed
    call, those that allow it. ``facts`` are what is missing where the outcome is UNDETERMINED.
    ``endpoint`` is the VPC endpoint that the call certainly goes through; ``doubt`` is set where
    it is not denied, but would be through one of which that is not certain.
    """

    call: Call
    outcome: Outcome
    ruling: Ruling
    facts: tuple[Fact, ...] = ()
    endpoint: Endpoint | None = None
    doubt: Doubt | None = None

    @property
    def is_denied(self) -> bool:
        return self.outcome.is_denied

    @property
    def layer(self) -> Layer | None:
        return self.ruling.layer

    @property
    def deciding(self) -> tuple[Statement, ...]:
        return self.ruling.deciding

    @property
    def granting(self) -> tuple[Statement, ...]:
        """The statements of the role that allow the call, whatever cannot be read or others say."""
        own, role = dict(self.ruling.voices).get(Layer.IDENTITY, Voice()), self.call.role
        if own.deny is None and role.unread:
            verdict = evaluate(role.statements, self.call.request)
            return verdict.deciding if verdict.outcome is Outcome.ALLOWED else ()
        return own.allowing if own.deny is False else ()


def decide(call: Call, depth: int = 0) -> Iterator[Decision]:
    """The decisions on a call, in as many scenarios as change the answer."""
    decision = _judge(call)
    need, stack, scenario = call.need, call.stack, call.scenario
    conditions = [fact.name for fact in decision.facts if fact.kind == "condition"]
    known = stack.data.get("Conditions") or {}
    condition = next((name for name in conditions if name in known), None)
    is_open = decision.outcome is Outcome.UNDETERMINED and condition is not None
    if not is_open or condition is None or need.source is None or depth >= _MAX_SPLITS:
        yield decision
        return
    for leaf in stack.settle(scenario, condition):
        if leaf == scenario:
            yield decision
            return
        for finer in needs_at(stack, leaf, need.source, need.key):
            for again in calls_of(finer):
                if again.action == call.action:
                    yield from decide(again, depth + 1)


def _judge(call: Call) -> Decision:
    way = _way_of(call)
    resource = _resource_policy(call)
    ruling = _ruling(call, resource, way.endpoint)
    outcome, facts = ruling.outcome, ruling.facts
    instead = _judge(call._replace(ask=call.ask.alternative)) if call.ask.alternative else None
    if outcome.is_denied and call.ask.doubts and not (instead and instead.is_denied):
        outcome, facts = Outcome.UNDETERMINED, call.ask.doubts
    if outcome is Outcome.ALLOWED and instead and instead.outcome is not outcome:
        outcome, facts = Outcome.UNDETERMINED, call.ask.doubts
    elif outcome is Outcome.UNDETERMINED and instead:
        facts = (*call.ask.doubts, *(fact for fact in facts if fact.kind != "value"))
    if outcome is Outcome.ALLOWED and resource.unseen:
        outcome, facts = Outcome.UNDETERMINED, resource.unseen
    decision = Decision(call, outcome, ruling, facts, way.endpoint)
    if decision.is_denied or call.ask.doubts:
        return decision
    for endpoint in way.doubtful:
        other = _ruling(call, resource, endpoint)
        if other.outcome.is_denied and other.layer is Layer.ENDPOINT:
            return decision._replace(doubt=Doubt(endpoint, other.deciding))
    return decision


def _ruling(call: Call, resource: _ResourcePolicy, endpoint: Endpoint | None) -> Ruling:
    """What all layers together say of a call that goes through an endpoint, or through none."""
    handed = call.stack.run.handed
    open_way = endpoint is None or endpoint.policy is None
    policies = Policies(
        identity=_identity(call),
        resource=resource.policy,
        boundary=_boundary(call),
        scps=handed.scps,
        rcps=handed.rcps,
        endpoint=None if endpoint is None or open_way else PolicySet(endpoint.policy or ()),
        owner=resource.owner,
        resource_must_allow=resource.must_allow,
    )
    request = call.request
    if endpoint is not None:
        request = request._replace(context={**request.context, **_context_of(endpoint)})
    return layers.decide(policies, request, Caller(call.role.arn))


def _identity(call: Call) -> PolicySet:
    """The role's own policies; one set serves all of its calls."""
    role = call.role
    return call.stack.memo(
        ("identity policies", role.place, call.scenario),
        lambda: PolicySet(role.statements, role.unread),
    )


def _boundary(call: Call) -> PolicySet | None:
    """The permissions boundary; nothing is known of one that a condition still leaves open."""
    role = call.role
    if role.boundary is None:
        return None
    if role.undecided and call.stack.resolver(call.scenario).decide(role.undecided) is None:
        return PolicySet(unread=(Fact("condition", role.undecided),))
    if role.boundary.statements is None:
        return PolicySet(unread=(Fact("boundary", str(role.boundary.arn)),))
    return PolicySet(role.boundary.statements)


# --- endpoints ------------------------------------------------------------------------------------


class _Way(NamedTuple):
    """The endpoint that a call certainly goes through, and those that it may go through."""

    endpoint: Endpoint | None = None
    doubtful: tuple[Endpoint, ...] = ()


_BESIDE_THE_TASK: Final = "ecr:GetAuthorizationToken"
"""The call that AWS says leaves through a network interface of Fargate's, not of the task's.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""


def _way_of(call: Call) -> _Way:
    task, service = call.need.task, endpoint_service_of(call.action)
    if task is None or service is None or call.action == _BESIDE_THE_TASK:
        return _Way()
    near = _is_near(call)
    if near is False:
        return _Way()
    found = in_the_way(call.stack, call.scenario, task, service)
    passed = [endpoint for endpoint, certain in found if certain]
    if len(passed) == 1 and near:
        return _Way(passed[0], _possible(call, found))
    return _Way(doubtful=(*passed, *_possible(call, found)))


def _possible(call: Call, found: Iterable[tuple[Endpoint, bool]]) -> tuple[Endpoint, ...]:
    """The endpoints that a call may go through, as far as the task's own template has them.

    The other templates of a run need have nothing to do with this one.
    """
    package = call.stack.package
    own = (call.stack.file, package.addons.file if package.addons else "")
    return tuple(it for it, certain in found if not certain and it.place.file in own)


def _is_near(call: Call) -> bool | None:
    """Whether a call stays in the stack's region: no endpoint takes it anywhere else.

    What ECS Exec talks to is the agent's own region. A run lies in one region; where a bucket
    outside it lies, nobody knows, but Copilot's has one in each region of an application.
    """
    stack, scenario = call.stack, call.scenario
    name = arn.parse_s3(call.resource)
    if name is not None:
        found = bucket_named(stack.run, stack, scenario, name.bucket)
        return True if call.need.is_copilots or found is not None else None
    parsed = arn.parse(call.resource)
    if parsed is None or not parsed.region.parts:
        return True if call.action.startswith("ssmmessages:") else None
    return parsed.region.equals(stack.resolver(scenario).pseudo("AWS::Region"))


def _context_of(endpoint: Endpoint) -> Mapping[str, tuple[Text, ...]]:
    """What an endpoint tells of each call: itself, and not the caller's address.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return {
        "aws:sourcevpce": (endpoint.id,),
        "aws:sourceip": (),
        **({"aws:sourcevpc": (endpoint.vpc,)} if endpoint.vpc is not None else {}),
    }


def layers_refused(need: Need, region: Text) -> Doubt | None:
    """The S3 endpoint on the way of a task whose policy keeps the layers of its images back.

    ``region`` is the registry's. It is ECR that signs these requests: what an Allow says of
    principals cannot help a role, and a Deny counts if it is for everybody.
    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    stack, scenario = need.stack, need.scenario
    resolver = stack.resolver(scenario)
    if need.task is None or not region.equals(resolver.pseudo("AWS::Region")):
        return None
    found = in_the_way(stack, scenario, need.task, "s3")
    passed = [endpoint for endpoint, certain in found if certain]
    endpoint = passed[0] if len(passed) == 1 else None
    if endpoint is None or endpoint.policy is None:
        return None
    objects = endpoints.layers(resolver.pseudo("AWS::Partition"), region)
    context = {"aws:securetransport": (Text.of("true"),), **_context_of(endpoint)}
    verdict = evaluate(endpoint.policy, Request("s3:GetObject", objects, context))
    if verdict.outcome is Outcome.IMPLICIT_DENY:
        return Doubt(endpoint)
    denies = tuple(filter(_is_for_everybody, verdict.deciding))
    is_denied = verdict.outcome is Outcome.EXPLICIT_DENY and denies
    return Doubt(endpoint, denies) if is_denied else None


def _is_for_everybody(statement: Statement) -> bool:
    return any(it.kind == "AWS" and it.entry.text.literal == "*" for it in statement.principals)


# --- policies of resources ------------------------------------------------------------------------


class _ResourcePolicy(NamedTuple):
    """The policy of what a call acts on; None if it has none, or none that anybody has seen.

    ``must_allow``: nobody gets in whom it does not let in. ``owner`` is the account of the
    resource, where that is known. ``unseen`` names it where the resource lies outside the run: it
    may still deny.
    """

    policy: PolicySet | None = None
    must_allow: bool = False
    owner: Text | None = None
    unseen: tuple[Fact, ...] = ()


def _resource_policy(call: Call) -> _ResourcePolicy:
    service = call.action.partition(":")[0]
    if service == "s3":
        return _policy_of_bucket(call)
    if service == "kms":
        return _policy_of_key(call)
    if service == "secretsmanager":
        return _policy_of_secret(call)
    if service == "elasticfilesystem":
        return _policy_of_file_system(call)
    if service == "ecr":
        return _policy_of_repository(call)
    return _ResourcePolicy()


def _policy_of_bucket(call: Call) -> _ResourcePolicy:
    stack, scenario = call.stack, call.scenario
    name = arn.parse_s3(call.resource)
    bucket = name.bucket if name else Text.of(Hole(f"bucket of {call.resource}"))
    found = bucket_policy(stack.run, stack, scenario, bucket)
    unseen: tuple[Fact, ...] = ()
    if not call.need.is_copilots and not is_bucket_known(stack.run, stack, scenario, bucket):
        unseen = (Fact("resource-policy", f"bucket '{bucket}'"),)
    return _ResourcePolicy(PolicySet(found), unseen=unseen)


def _policy_of_key(call: Call) -> _ResourcePolicy:
    stack = call.stack
    key = key_with_arn(stack.run, stack, call.scenario, call.resource)
    if key is not None:
        parsed = arn.parse(key.arn)
        owner = parsed.account if parsed is not None else None
        return _ResourcePolicy(PolicySet(key.policy), must_allow=True, owner=owner)
    unseen = () if call.need.is_copilots else (Fact("resource-policy", f"key '{call.resource}'"),)
    return _ResourcePolicy(unseen=unseen)


def _policy_of_secret(call: Call) -> _ResourcePolicy:
    stack, scenario = call.stack, call.scenario
    policy = PolicySet(tuple(secret_policy(stack.run, stack, scenario, call.resource)))
    if is_secret_known(stack.run, stack, scenario, call.resource):
        parsed = arn.parse(call.resource)
        return _ResourcePolicy(policy, owner=parsed.account if parsed is not None else None)
    unseen = Fact("resource-policy", f"secret '{without_suffix(call.resource)}'")
    return _ResourcePolicy(policy, unseen=(unseen,))


def _policy_of_repository(call: Call) -> _ResourcePolicy:
    stack = call.stack
    parsed = arn.parse(call.resource)
    if parsed is None:
        return _ResourcePolicy()  # the token is for a whole registry, which is no resource
    found = repository_with_arn(stack.run, stack, call.scenario, call.resource)
    if found is not None:
        return _ResourcePolicy(PolicySet(found.policy), owner=parsed.account)
    name = f"repository '{str(parsed.resource).partition('/')[2]}'"
    return _ResourcePolicy(unseen=() if call.need.is_copilots else (Fact("resource-policy", name),))


def _policy_of_file_system(call: Call) -> _ResourcePolicy:
    found = file_system(call.stack, call.scenario, call.resource)
    if found is not None:
        return _ResourcePolicy(PolicySet(found.policy or ()))
    return _ResourcePolicy(unseen=(Fact("resource-policy", f"file system '{call.resource}'"),))
