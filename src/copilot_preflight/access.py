"""Stack x call -> decision, through every policy layer that stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.calls import Call, calls_of
from copilot_preflight.iam import arn, layers
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import Layer, Policies, PolicySet, Ruling, Voice
from copilot_preflight.iam.policy import Fact, Statement
from copilot_preflight.iam.principals import Caller
from copilot_preflight.model.roles import Role
from copilot_preflight.model.storage import bucket_named, bucket_policy, key_with_arn
from copilot_preflight.needs.need import needs_at
from copilot_preflight.text import Hole, Text

_MAX_SPLITS: Final = 6
"""How many conditions deep a call is followed; beyond, the answer is "undetermined"."""


class Decision(NamedTuple):
    """What becomes of a call in one scenario.

    ``layer`` is the one that denies it, ``deciding`` its statements that do so or, for an allowed
    call, those that allow it. ``facts`` are what is missing where the outcome is UNDETERMINED.
    """

    call: Call
    outcome: Outcome
    ruling: Ruling
    facts: tuple[Fact, ...] = ()

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
        """The statements of the role's own policies that allow the call, whatever others say."""
        own = dict(self.ruling.voices).get(Layer.IDENTITY, Voice())
        return () if own.denying else own.allowing


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
    resource = _resource_policy(call)
    policies = Policies(
        identity=PolicySet(call.role.statements, call.role.unread),
        resource=resource.policy,
        boundary=_boundary(call.role),
        resource_must_allow=resource.must_allow,
    )
    ruling = layers.decide(policies, call.request, Caller(call.role.arn))
    outcome, facts = ruling.outcome, ruling.facts
    if outcome.is_denied and call.ask.doubts:
        outcome, facts = Outcome.UNDETERMINED, call.ask.doubts
    if outcome is Outcome.ALLOWED and resource.unseen:
        outcome, facts = Outcome.UNDETERMINED, resource.unseen
    return Decision(call, outcome, ruling, facts)


def _boundary(role: Role) -> PolicySet | None:
    if role.boundary is None:
        return None
    return PolicySet(unread=(Fact("boundary", str(role.boundary.arn)),))


class _ResourcePolicy(NamedTuple):
    """The policy of what a call acts on; None if it has none, or none that anybody has seen.

    ``must_allow``: nobody gets in whom it does not let in. ``unseen`` names it where the resource
    lies outside the run: it may still deny.
    """

    policy: PolicySet | None = None
    must_allow: bool = False
    unseen: tuple[Fact, ...] = ()


def _resource_policy(call: Call) -> _ResourcePolicy:
    service = call.action.partition(":")[0]
    if service == "s3":
        return _policy_of_bucket(call)
    if service == "kms":
        return _policy_of_key(call)
    return _ResourcePolicy()


def _policy_of_bucket(call: Call) -> _ResourcePolicy:
    stack, scenario = call.stack, call.scenario
    name = arn.parse_s3(call.resource)
    bucket = name.bucket if name else Text.of(Hole(f"bucket of {call.resource}"))
    found = bucket_policy(stack.run, stack, scenario, bucket)
    unseen: tuple[Fact, ...] = ()
    if not call.need.is_copilots and bucket_named(stack.run, stack, scenario, bucket) is None:
        unseen = (Fact("resource-policy", f"bucket '{bucket}'"),)
    return _ResourcePolicy(PolicySet(found), unseen=unseen)


def _policy_of_key(call: Call) -> _ResourcePolicy:
    stack = call.stack
    key = key_with_arn(stack.run, stack, call.scenario, call.resource)
    if key is not None:
        return _ResourcePolicy(PolicySet(key.policy), must_allow=True)
    unseen = () if call.need.is_copilots else (Fact("resource-policy", f"key '{call.resource}'"),)
    return _ResourcePolicy(unseen=unseen)
