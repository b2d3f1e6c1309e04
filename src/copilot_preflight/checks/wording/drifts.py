"""Sentences about roles of the account that are not what the template says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.access.cause import cause_of
from copilot_preflight.access.drift import ONLY_IN_ACCOUNT, Drift
from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.base.symbolic import match
from copilot_preflight.checks.analysis import Denial
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording.parts import abridged_key, cited
from copilot_preflight.model.deployed_stacks import stack_name


def together(drifts: Iterable[Drift]) -> Iterator[tuple[Drift, ...]]:
    """What makes one finding: the calls that one node allows, or that one node asks for."""
    groups: dict[object, list[Drift]] = {}
    for drift in drifts:
        call = drift.decision.call
        groups.setdefault((call.role.place, _granted(drift) or call.need.place), []).append(drift)
    return (tuple(group) for group in groups.values())


def finding(group: Sequence[Drift]) -> Finding:
    """The finding at what the template grants, or at its role where only the account grants it."""
    first = group[0]
    need, own = first.decision.call.need, first.decision.call.role
    denials = [Denial(it.denied, cause_of(it.denied)) for it in group]
    granted, entry = _granted(first), denials[0].cause.entry
    missed = None if entry is None else entry.place
    in_template, in_account = (
        (missed, granted) if first.is_granted_in_account else (granted, missed)
    )
    made = first.in_account.call.role
    related = [
        Related(in_account, "what the account grants")
        if in_account is not None
        else Related(made.place, "the role in the account"),
        Related(need.place, f"{need.subject} needs it"),
    ]
    return Finding(
        at=in_template or own.place,
        message=f"in the account, {_message(first, denials)}",
        label="what the template grants" if in_template else "the template's role",
        related=tuple(related),
        call=cited(first.decision.call),
        cause=ONLY_IN_ACCOUNT if first.is_granted_in_account else denials[0].cause.kind,
        help=_help(first),
    )


def _granted(drift: Drift) -> Place | None:
    """Where the call is allowed: the resource of a statement, or the statement."""
    resource = drift.decision.call.resource
    for statement in drift.granting:
        entries = (it for it in statement.resources if match(it.text, resource))
        return next((it.place for it in entries), statement.place)
    return None


def _message(drift: Drift, denials: Sequence[Denial]) -> str:
    own, role = drift.decision.call.role, f"role '{drift.in_account.call.role.name}'"
    if drift.is_granted_in_account:
        reason = telling.reason(denials[0])
        return f"{role} may {telling.calls(denials)}, and the template's {own} may not: {reason}"
    who = f"policy '{drift.policy}' of {role}" if drift.policy else role
    entry = denials[0].cause.entry
    if denials[0].cause.kind == diagnosis.STALE_HASH and entry is not None:
        asked = abridged_key(drift.decision.call.resource)
        verb = "names" if drift.policy else "may read"
        return (
            f"{who} {verb} '{abridged_key(entry.text)}', and not '{asked}' as the template's "
            f"{own}: whatever asks for that gets 403"
        )
    verb = "does not allow" if drift.policy else "may not"
    return (
        f"{who} {verb} {telling.calls(denials)}, and the template's {own} "
        f"{'does' if drift.policy else 'may'}: {telling.reason(denials[0])}"
    )


def _help(drift: Drift) -> str:
    stack = stack_name(drift.decision.call.view) or "STACK"
    listing = f"'aws cloudformation detect-stack-drift --stack-name {stack}' lists what differs"
    if drift.is_granted_in_account:
        return f"put the grant into the template, or take it out of the account; {listing}"
    return (
        "give the role in the account what the template grants: a deploy does so only where the "
        f"template's role has changed; {listing}"
    )
