"""Sentences about roles of the account that are not what the template says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.access.cause import cause_of
from copilot_preflight.access.drift import Drift
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Denial
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording.parts import abridged, cited
from copilot_preflight.model.roles import Role


def together(drifts: Iterable[Drift]) -> Iterator[tuple[Drift, ...]]:
    """What makes one finding: the calls that one statement allows, of which one side has none."""
    groups: dict[object, list[Drift]] = {}
    for drift in drifts:
        granting = drift.allowed.granting
        where = granting[0].place if granting else drift.decision.call.need.place
        groups.setdefault((drift.decision.call.role.place, where), []).append(drift)
    return (tuple(group) for group in groups.values())


def finding(group: Sequence[Drift]) -> Finding:
    """The finding at the statement of the template, or at what asks where the template has none."""
    first = group[0]
    need = first.decision.call.need
    denials = [Denial(it.denied, cause_of(it.denied)) for it in group]
    asked = telling.calls(denials)
    granted = [statement.place for statement in first.allowed.granting[:1]]
    missed = [entry.place for it in denials[:1] if (entry := it.cause.entry) is not None]
    own, made = first.decision.call.role, first.in_account.call.role
    if first.in_account.is_denied:
        message = (
            f"{_made(made, first.policy)} may not {asked}, as the template's {own} may: "
            f"{_reason(denials[0])}"
        )
        at, label = granted or [need.place], "the template grants it"
        related = [*(Related(place, "what the account grants") for place in missed)]
        related.append(Related(made.place, "the role in the account"))
    else:
        message = (
            f"{_made(made)} may {asked}, as the template's {own} may not: {_reason(denials[0])}"
        )
        at, label = missed or [own.place], "what the template grants"
        related = [Related(place, "granted in the account") for place in granted]
        related.append(Related(made.place, "the role in the account"))
    return Finding(
        at=at[0],
        message=message,
        label=label,
        related=(*related, Related(need.place, f"{need.subject} needs it")),
        call=cited(first.in_account.call),
        cause=denials[0].cause.kind,
        help=_HELP if first.in_account.is_denied else _HELP_WHERE_ALLOWED,
    )


def _made(role: Role, policy: str = "") -> str:
    by = f" by policy '{policy}'" if policy else ""
    return f"role '{role.name}' of the account{by}"


def _reason(denied: Denial) -> str:
    entry = denied.cause.entry
    if denied.cause.kind == diagnosis.STALE_HASH and entry is not None:
        return f"the grant is for another version, '{abridged(entry.text)}'"
    return telling.reason(denied)


_HELP = (
    "give the role in the account what the template grants; a deploy does that only if it changes "
    "the role: 'aws cloudformation detect-stack-drift --stack-name STACK' lists what differs"
)
_HELP_WHERE_ALLOWED = (
    "put the grant into the template, or take it out of the account: "
    "'aws cloudformation detect-stack-drift --stack-name STACK' lists what differs"
)
