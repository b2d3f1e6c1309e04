"""Stack x call -> decision, through every policy layer that stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from copilot_preflight.calls import DECRYPT, Call, calls_of
from copilot_preflight.env_files import reads_at
from copilot_preflight.iam.evaluate import Outcome, Verdict, applies, evaluate
from copilot_preflight.iam.policy import Fact, Principal, Statement
from copilot_preflight.logic import all_of, any_of
from copilot_preflight.model.storage import bucket_policy, key_with_arn
from copilot_preflight.text import Hole, Text

_MAX_SPLITS = 6
"""How many conditions deep a call is followed; beyond, the answer is "undetermined"."""


class Decision(NamedTuple):
    """What becomes of a call in one scenario.

    ``identity`` is the verdict of the role's own policies alone; ``outcome`` takes the rest into
    account, and ``facts`` are what is missing where it is UNDETERMINED.
    """

    call: Call
    outcome: Outcome
    identity: Verdict
    facts: tuple[Fact, ...] = ()

    @property
    def is_denied(self) -> bool:
        return self.outcome.is_denied


def decide(call: Call, depth: int = 0) -> Iterator[Decision]:
    """The decisions on a call, in as many scenarios as change the answer."""
    decision = _judge(call)
    stack, scenario = call.read.stack, call.read.scenario
    conditions = [f.name for f in decision.facts if f.kind == "condition"]
    known = stack.data.get("Conditions") or {}
    condition = next((name for name in conditions if name in known), None)
    if decision.outcome is not Outcome.UNDETERMINED or condition is None or depth >= _MAX_SPLITS:
        yield decision
        return
    for leaf in stack.settle(scenario, condition):
        if leaf == scenario:
            yield decision
            return
        for read in reads_at(stack, leaf, call.read.file.value.path):
            for again in calls_of(read):
                if again.action == call.action:
                    yield from decide(again, depth + 1)


def _judge(call: Call) -> Decision:
    role = call.role
    identity = evaluate(role.statements, call.request)
    outcome, facts = identity.outcome, identity.facts
    if outcome is Outcome.IMPLICIT_DENY:
        granted = _resource_policy_allows(call)
        if granted:
            outcome = Outcome.ALLOWED
        elif unknown := (*role.unread, *_unknown_key(call)):
            outcome, facts = Outcome.UNDETERMINED, unknown
        elif granted is None:
            outcome, facts = Outcome.UNDETERMINED, (Fact("document", "the resource policy"),)
    if outcome is Outcome.ALLOWED and (limits := tuple(_limits(call))):
        outcome, facts = Outcome.UNDETERMINED, limits
    return Decision(call, outcome, identity, facts)


def _unknown_key(call: Call) -> Iterator[Fact]:
    """A key of which nothing is known may be the one that AWS manages, which needs no grant.

    Copilot's is not: its applications have a key of their own.
    """
    hole = call.request.resource.only_hole
    if call.action == DECRYPT and hole is not None and not call.read.is_copilot:
        yield Fact("value", hole.name)


def _limits(call: Call) -> Iterator[Fact]:
    """What may take away again that a policy allows."""
    yield from call.role.unread
    for statement in call.role.statements:
        if statement.effect != "Allow":
            yield from applies(statement, call.request).facts
    if call.role.boundary is not None:
        yield Fact("boundary", str(call.role.boundary))
    for statement in _resource_policy(call):
        named = bool(statement.not_principals) or any(
            _may_be(principal, call.role.arn) for principal in statement.principals
        )
        denies = statement.effect != "Allow" and named
        if denies and applies(statement, call.request).verdict is not False:
            yield Fact("resource-deny", statement.policy)


def _resource_policy_allows(call: Call) -> bool | None:
    """Whether a bucket or key policy of the run lets the role in without its own policies.

    Only a statement that names the role (or everyone) does; one that names the account merely
    delegates to IAM.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-resource-based.html
    """
    answers = [
        all_of((_names(statement, call.role.arn), applies(statement, call.request).verdict))
        for statement in _resource_policy(call)
        if statement.effect != "Deny"
    ]
    return any_of(answers)


def _resource_policy(call: Call) -> tuple[Statement, ...]:
    """The bucket or key policies in the run that have a say in a call, or may have."""
    read = call.read
    if call.action == DECRYPT:
        key = key_with_arn(read.stack.run, read.stack, read.scenario, call.request.resource)
        return key.policy if key else ()
    name = read.name
    bucket = name.bucket if name else Text.of(Hole("bucket of the environment file"))
    return bucket_policy(read.stack.run, read.stack, read.scenario, bucket)


def _names(statement: Statement, role: Text) -> bool | None:
    """Whether a statement of a resource policy names a role itself."""
    answers = [_is_role(principal, role) for principal in statement.principals]
    if not statement.principals:
        return None if statement.not_principals or not statement.effect else False
    return any_of(answers)


def _may_be(principal: Principal, role: Text) -> bool:
    """Whether a principal may take in a role: itself, its account, or everyone."""
    is_account = str(principal.entry.text).endswith(":root")
    return is_account or _is_role(principal, role) is not False


def _is_role(principal: Principal, role: Text) -> bool | None:
    name = principal.entry.text
    if principal.kind != "AWS":
        return False
    if name.literal == "*":
        return None if principal.entry.conditions else True
    if str(name).endswith(":root") or (name.literal or "").isdigit():
        return False
    answer = name.equals(role)
    return None if answer and principal.entry.conditions else answer
