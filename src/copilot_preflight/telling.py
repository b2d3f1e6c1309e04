"""Sentences that rules about denied calls share: who may not do what, why, and what to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from copilot_preflight import advice, diagnosis
from copilot_preflight.analysis import Denial, abridged
from copilot_preflight.finding import Finding, Related


def together(denials: Iterable[Denial]) -> Iterator[tuple[Denial, ...]]:
    """The denials of one need with one cause, which make one finding; optional calls make none."""
    groups: dict[object, list[Denial]] = {}
    for denied in denials:
        if not denied.call.ask.is_optional:
            groups.setdefault((denied.need.key, denied.cause.kind), []).append(denied)
    return (tuple(group) for group in groups.values())


def finding(
    group: Sequence[Denial],
    reason: str,
    *,
    help: str,
    label: str = "",
    related: Iterable[Related] = (),
) -> Finding:
    """The finding for denials of one need: at what asks, with the whole argument in its message."""
    first = group[0]
    return first.finding(
        f"{first.call.who} may not {calls(group)}, which the {first.need.subject} needs: {reason}",
        label=label or f"403 for {first.call.role}",
        related=[*related, Related(first.call.role.place, "the role that makes the call")],
        help=help,
    )


def calls(group: Sequence[Denial]) -> str:
    """``s3:GetObject on 'arn' and kms:Decrypt on 'key'``; a shared resource is told once."""
    by_resource: dict[str, list[str]] = {}
    for denied in group:
        resource = abridged(denied.call.resource)
        by_resource.setdefault(resource, []).append(denied.call.action)
    return " and ".join(
        f"{enumeration(list(dict.fromkeys(actions)))} on '{resource}'"
        for resource, actions in by_resource.items()
    )


def enumeration(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


_REASONS: Final = {
    diagnosis.CONDITION_OFF: "the grant stands under condition '{condition}', which does not hold",
    diagnosis.HALF_GRANTED: "the grant '{granted}' names the bucket itself, not its objects",
    diagnosis.OTHER_PARTITION: "the grant '{granted}' is in another partition",
    diagnosis.OTHER_BUCKET: "the grant is for another bucket, '{granted}'",
    diagnosis.OTHER_KEY: "the grant is for another key, '{granted}'",
    diagnosis.OTHER_RESOURCE: "the grant is for another resource, '{granted}'",
    diagnosis.OTHER_ACTION: "the statement that covers it allows only {granted}",
    diagnosis.WRONG_ROLE: "the grant is on {role}",
    diagnosis.RESOURCE_POLICY: "the policy of the resource does not let the role in",
}


def reason(denied: Denial) -> str:
    """Why the role's own policies do not allow a call, in a clause."""
    cause = denied.cause
    granted = abridged(cause.entry.text) if cause.entry else ""
    told = _REASONS.get(cause.kind, "no statement of the role grants it")
    return told.format(condition=cause.condition, granted=granted, role=cause.role)


def shown(denied: Denial) -> Iterator[Related]:
    """The grant that misses, where there is one."""
    cause = denied.cause
    if cause.entry is not None:
        yield Related(cause.entry.place, "what is granted instead")
    elif cause.statement is not None:
        yield Related(cause.statement.place, "the grant")


def not_granted(group: Sequence[Denial], *, label: str = "") -> Finding:
    """The finding for calls that the role's own policies do not allow, with the grant to add."""
    first = group[0]
    statements = dict.fromkeys(
        advice.statement(denied.call.action, str(denied.call.resource)) for denied in group
    )
    return finding(
        group,
        reason(first),
        label=label,
        related=shown(first),
        help=f"grant it in {advice.where(first.call)}:\n" + "\n".join(statements),
    )
