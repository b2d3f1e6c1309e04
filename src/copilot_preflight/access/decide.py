"""Stack x call -> decision, through every policy layer that stands in the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from copilot_preflight.access.request import MAY_SEND, Call, calls_of
from copilot_preflight.access.resource_policies import ResourcePolicy, resource_policy
from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.iam import layers
from copilot_preflight.iam.evaluate import Outcome, evaluate
from copilot_preflight.iam.layers import Layer, Policies, PolicySet, Ruling, Voice
from copilot_preflight.iam.policy import Fact, Statement
from copilot_preflight.iam.principals import Caller
from copilot_preflight.model.roles import Role
from copilot_preflight.needs.need import needs_at
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.query import query_by
from copilot_preflight.resolve.view import View

if TYPE_CHECKING:
    from copilot_preflight.access.endpoint_routes import PossibleDenial, Route
    from copilot_preflight.model.endpoints import Endpoint

_MAX_SPLITS: Final = 6
"""How many conditions deep a call is followed; beyond, the answer is "undetermined"."""


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
    possible_denial: PossibleDenial | None = None

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
    need, view = call.need, call.view
    conditions = [fact.name for fact in decision.facts if fact.kind == "condition"]
    known = view.stack.data.get("Conditions") or {}
    condition = next((name for name in conditions if name in known), None)
    is_open = decision.outcome is Outcome.UNDETERMINED and depth < _MAX_SPLITS
    if not is_open or need.source is None:
        yield decision
        return
    if condition is None:
        yield _whatever_the_values(decision, depth)
        return
    for leaf in view.settle(condition):
        if leaf == view:
            yield decision
            return
        yield from _again(call, leaf, depth)


def _again(call: Call, leaf: View, depth: int) -> Iterator[Decision]:
    """The decisions on a call in a finer view."""
    need = call.need
    if need.source is not None:
        for finer in needs_at(leaf, need.source, need.key):
            for again in calls_of(finer):
                if again.action == call.action:
                    yield from decide(again, depth + 1)


def _whatever_the_values(decision: Decision, depth: int) -> Decision:
    """A decision that depends on values of which there are few: certain if all give the same."""
    unknown = [fact.name for fact in decision.facts if fact.kind == "value"]
    from copilot_preflight.resolve.closed_sets import views_of_every_value

    same: Decision | None = None
    for leaf in views_of_every_value(decision.call.view, unknown):
        each = list(_again(decision.call, leaf, depth))
        same = same or next(iter(each), None)
        if not each or any(it.outcome is Outcome.UNDETERMINED for it in each):
            return decision
        if same is None or any(it.outcome is not same.outcome for it in each):
            return decision
    if same is None:
        return decision
    return decision._replace(outcome=same.outcome, ruling=same.ruling, facts=())


def decide_without(call: Call, absent: Collection[Place]) -> Decision:
    """The decision on a call in its own scenario, where some statements are not in place yet."""
    role = call.role
    there = tuple(each for each in role.statements if each.place not in absent)
    return _judge(call._replace(role=role._replace(statements=there)), absent)


def decide_by(call: Call, role: Role) -> Decision:
    """The decision on a call in its own scenario, if another role made it."""
    return _judge(call._replace(role=role))


def _judge(call: Call, absent: Collection[Place] = ()) -> Decision:
    route, resource = _route_of(call), _without(resource_policy(call), absent)
    passed = route.endpoint if route is not None else None
    ruling = _ruling(call, resource, passed)
    if ruling.outcome is Outcome.UNDETERMINED:
        call, ruling = _whatever_is_sent(call, ruling, resource, passed)
    if ruling.outcome is Outcome.UNDETERMINED and call.needed.evidence:
        likely = _ruling(call.sending(call.needed.evidence), resource, passed)
        ruling = likely if likely.outcome is Outcome.ALLOWED else ruling
    outcome, facts = ruling.outcome, ruling.facts
    instead = (
        _judge(call._replace(needed=call.needed.alternative), absent)
        if call.needed.alternative
        else None
    )
    if outcome.is_denied and call.needed.doubts and not (instead and instead.is_denied):
        outcome, facts = Outcome.UNDETERMINED, call.needed.doubts
    if outcome is Outcome.ALLOWED and instead and instead.outcome is not outcome:
        outcome, facts = Outcome.UNDETERMINED, call.needed.doubts
    elif outcome is Outcome.UNDETERMINED and instead:
        facts = (*call.needed.doubts, *(fact for fact in facts if fact.kind != "value"))
    limited = outcome is Outcome.IMPLICIT_DENY and ruling.layer in (Layer.BOUNDARY, Layer.SESSION)
    if resource.unseen and (outcome is Outcome.ALLOWED or limited):
        # What nobody has seen may deny, and may grant by an ARN, as which no boundary limits it.
        outcome, facts = Outcome.UNDETERMINED, resource.unseen
    decision = Decision(call, outcome, ruling, facts, passed)
    if decision.is_denied or call.needed.doubts or route is None:
        return decision
    return decision._replace(possible_denial=_possible_denial(call, resource, route))


def _without(resource: ResourcePolicy, absent: Collection[Place]) -> ResourcePolicy:
    if resource.policy is None or not absent:
        return resource
    there = tuple(each for each in resource.policy.statements if each.place not in absent)
    return resource._replace(policy=PolicySet(there, resource.policy.unread))


def _whatever_is_sent(
    call: Call, ruling: Ruling, resource: ResourcePolicy, endpoint: Endpoint | None
) -> tuple[Call, Ruling]:
    """The ruling on all that may be sent under the keys on which it depends, if it is the same."""
    asked = {fact.name.lower() for fact in ruling.facts if fact.kind == "context"}
    for key in asked & set(MAY_SEND):
        calls = [call.sending({key: values}) for values in MAY_SEND[key]]
        rulings = [_ruling(each, resource, endpoint) for each in calls]
        outcomes = {each.outcome for each in rulings}
        if len(outcomes) == 1 and Outcome.UNDETERMINED not in outcomes:
            return calls[0], rulings[0]
    return call, ruling


def _route_of(call: Call) -> Route | None:
    """The endpoints on the way of a call; None in a run that has none."""
    outside = call.view.run.outside
    if not indexes.has(call.view.run, "AWS::EC2::VPCEndpoint") and not (
        outside.account is not None and outside.account.endpoints
    ):
        return None
    from copilot_preflight.access.endpoint_routes import route_of

    return route_of(call)


def _possible_denial(call: Call, resource: ResourcePolicy, route: Route) -> PossibleDenial | None:
    """The first endpoint that would deny a call, among those that it may go through."""
    from copilot_preflight.access.endpoint_routes import PossibleDenial

    for endpoint in route.possible:
        other = _ruling(call, resource, endpoint)
        if other.outcome.is_denied and other.layer is Layer.ENDPOINT:
            return PossibleDenial(endpoint, other.deciding)
    return None


def _ruling(call: Call, resource: ResourcePolicy, endpoint: Endpoint | None) -> Ruling:
    """What all layers together say of a call that goes through an endpoint, or through none."""
    provided = call.view.run.outside
    limits = endpoint.policy if endpoint is not None else None
    policies = Policies(
        identity=_identity(call),
        resource=resource.policy,
        boundary=_boundary(call),
        scps=provided.scps,
        rcps=provided.rcps,
        endpoint=None if limits is None else PolicySet(limits),
        owner=resource.owner,
        resource_must_allow=resource.must_allow,
    )
    request = call.request
    if endpoint is not None:
        from copilot_preflight.access.endpoint_routes import context_of

        request = request._replace(context={**request.context, **context_of(endpoint)})
    caller = Caller(call.role.arn, is_anonymous=call.need.is_anonymous)
    return layers.decide(policies, request, caller)


def _identity(call: Call) -> PolicySet:
    """The role's own policies; one set serves all of its calls."""
    return _policies_of(call.view, call.role)


@query_by(id)
def _policies_of(_view: View, role: Role) -> PolicySet:
    return PolicySet(role.statements, role.unread)


def _boundary(call: Call) -> PolicySet | None:
    """The permissions boundary; nothing is known of one that a condition still leaves open."""
    role = call.role
    if role.boundary is None:
        return None
    if role.undecided and call.view.resolver.decide(role.undecided) is None:
        return PolicySet(unread=(Fact("condition", role.undecided),))
    if role.boundary.statements is None:
        return PolicySet(unread=(Fact("boundary", str(role.boundary.arn)),))
    return PolicySet(role.boundary.statements)
