"""Sentences that rules about denied calls share: who may not do what, why, and what to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related, Remedy
from copilot_preflight.checks.analysis import Denial
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import is_negated
from copilot_preflight.checks.wording.parts import abridged
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.edit import Applicability, Help
from copilot_preflight.edits.grant import Grant, PolicyOwner
from copilot_preflight.edits.spelling import EVERYBODY
from copilot_preflight.iam.layers import Layer
from copilot_preflight.iam.policy import Clause, Statement

if TYPE_CHECKING:
    from copilot_preflight.model.endpoints import Endpoint


def together(denials: Iterable[Denial]) -> Iterator[tuple[Denial, ...]]:
    """The denials of one need with one cause, which make one finding; optional calls make none."""
    groups: dict[object, list[Denial]] = {}
    for denied in denials:
        if not denied.call.needed.is_optional:
            groups.setdefault((denied.need.key, denied.cause.kind), []).append(denied)
    return (tuple(group) for group in groups.values())


def of_needs(denials: Iterable[Denial]) -> Iterator[tuple[Denial, ...]]:
    """The denials of one need, whatever their causes, which make one finding."""
    groups: dict[object, list[Denial]] = {}
    for denied in denials:
        if not denied.call.needed.is_optional:
            groups.setdefault(denied.need.key, []).append(denied)
    return (tuple(group) for group in groups.values())


def finding(
    group: Sequence[Denial],
    reason: str,
    *,
    help: Remedy | str,
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
    """``s3:GetObject on 'arn' and kms:Decrypt on 'key'``; a shared resource is named once."""
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
    diagnosis.UNMET_CONDITION: "the grant asks for {wanted}, which does not hold",
    diagnosis.LITERAL_VARIABLES: "the variables of the grant are plain text, as its policy lacks "
    "Version '2012-10-17'",
    diagnosis.HALF_GRANTED: "the grant '{granted}' names the bucket itself, not its objects",
    diagnosis.STALE_HASH: "the grant is for another version, '{granted}'",
    diagnosis.OTHER_PARTITION: "the grant '{granted}' is in another partition",
    diagnosis.OTHER_BUCKET: "the grant is for another bucket, '{granted}'",
    diagnosis.OTHER_KEY: "the grant is for another key, '{granted}'",
    diagnosis.OTHER_RESOURCE: "the grant is for another resource, '{granted}'",
    diagnosis.OTHER_ACTION: "the statement that covers it allows {actions}, and not {action}",
    diagnosis.EXCLUDED: "the statement excludes '{granted}' by its NotResource",
    diagnosis.WRONG_ROLE: "the grant is on {role}",
    diagnosis.RESOURCE_POLICY: "the policy of the resource does not let the role in",
}


def reason(denied: Denial) -> str:
    """Why the role's own policies do not allow a call, in a clause."""
    cause = denied.cause
    granted = abridged(cause.entry.text) if cause.entry else ""
    told = _REASONS.get(cause.kind, "no statement of the role grants it")
    said = told.format(
        condition=cause.condition,
        granted=granted,
        role=cause.role,
        wanted=_clause(cause.clause) if cause.clause else "",
        actions=_actions(cause.statement) if cause.statement else granted,
        action=denied.call.action,
    )
    return f"{said}, which has a blank at an end" if granted != granted.strip() else said


def reasons(group: Sequence[Denial]) -> str:
    """Why the role's own policies do not allow some calls: what is known, then the rest."""
    known = [denied for denied in group if denied.cause.kind != diagnosis.NO_GRANT]
    told = [*map(reason, known or group)]
    if known and len(known) < len(group):
        told.append("no statement of the role grants the rest")
    return "; ".join(dict.fromkeys(told))


_NAMED: Final = 3


def _actions(statement: Statement) -> str:
    """The actions of a statement, or the first of many: ``s3:PutObject, s3:List* and 2 more``."""
    names = [str(action.text) for action in statement.actions]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return enumeration([*names[:_NAMED], *more]) or "other actions"


def _clause(clause: Clause) -> str:
    """``StringEquals aws:ResourceTag/app 'web'``."""
    values = " or ".join(f"'{abridged(value.text)}'" for value in clause.values)
    return f"{clause.operator} {clause.key} {values}"


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
    return finding(
        group,
        reason(first),
        label=label,
        related=shown(first),
        help=advice.granted(first.call, *grants(group), edits=slips(group)),
    )


def grants(group: Sequence[Denial], owner: PolicyOwner | None = None) -> tuple[Grant, ...]:
    """The statements that would allow the calls: of the role, if not of another policy."""
    owner = owner or advice.policy_of(group[0].call)
    return tuple(
        dict.fromkeys(
            advice.grant(owner, denied.call.action, advice.resource_of(denied.call))
            for denied in group
        )
    )


_SHOWN: Final = 3


def alike(denials: Iterable[Denial]) -> Iterator[tuple[Denial, ...]]:
    """The denials of several needs that one grant to one role would end, which make one finding."""
    groups: dict[object, list[Denial]] = {}
    for denied in denials:
        call = denied.call
        key = (call.role.place, call.action, call.resource, denied.cause.kind, denied.when)
        groups.setdefault(key, []).append(denied)
    return (tuple(group) for group in groups.values())


def lacking(group: Sequence[Denial], resource: str, *, related: Iterable[Related] = ()) -> Finding:
    """The finding for denials that one grant would end, on a resource as it is to be written.

    It stands at the first of their needs and shows some of the others.
    """
    first = group[0]
    others = [
        Related(denied.need.place, f"the {denied.need.subject} needs it too")
        for denied in group[1 : _SHOWN + 1]
    ]
    return finding(
        group,
        reason(first),
        related=[*shown(first), *related, *others],
        help=advice.granted(
            first.call,
            advice.grant(advice.policy_of(first.call), first.call.action, resource),
            edits=slips(group),
        ),
    )


# --- layers that deny whatever the role is granted ------------------------------------------------


def refused(
    group: Sequence[Denial],
    policy: str,
    *,
    help: Remedy | str,
    reason: str = "",
    related: Iterable[Related] = (),
) -> Finding:
    """The finding for calls that another layer than the role's grants denies.

    ``policy`` names the policy with its article; ``reason`` is why there is no Allow, where it is
    not a Deny statement that decides.
    """
    covered = f"a Deny statement of {policy} covers it{_bites(group[0])}"
    statements = dict.fromkeys(
        denied.cause.statement for denied in group if denied.cause.statement is not None
    )
    return finding(
        group,
        covered if statements else reason or f"{policy} does not allow it",
        label=f"403 by {policy}",
        related=[*(Related(each.place, "what denies it") for each in statements), *related],
        help=help,
    )


def _bites(denied: Denial) -> str:
    """Why a Deny statement covers a call, as the end of a sentence; ``""`` if it just does."""
    statement = denied.cause.statement
    if statement is None:
        return ""
    told = [_held(denied, clause) for clause in statement.clauses]
    if statement.not_principals and denied.call.role.boundary is not None:
        told.insert(0, "NotPrincipal excepts no role with a permissions boundary")
    elif statement.not_principals:
        told.insert(0, "NotPrincipal does not list the role")
    return f", since {enumeration(told)}" if told else ""


def _held(denied: Denial, clause: Clause) -> str:
    """Why a clause of a Deny holds of a call."""
    named, key = f"{clause.operator} {clause.key}", clause.key.lower()
    endpoint = denied.decision.endpoint
    if is_negated(clause) and key == "aws:principalarn":
        return f"{named} does not except the role"
    if endpoint is not None and key in ("aws:sourcevpce", "aws:sourcevpc"):
        missed = "does not except" if is_negated(clause) else "names"
        return f"{named} {missed} {endpoint}, which the call goes through"
    if endpoint is not None and key == "aws:sourceip":
        return f"{named} holds of all calls through {endpoint}, which have no such address"
    sent = denied.call.request.context.get(key)
    if sent == ():
        return f"{named} holds of all calls of a role, which do not send it"
    if sent and is_negated(clause):
        return f"{named} does not except '{abridged(sent[0])}'"
    return f"{named} holds"


def let_through(group: Sequence[Denial], endpoint: Endpoint) -> Help:
    """What to add to the policy of an endpoint. A gateway's can name no role but by a condition."""
    owner = endpoint_policy(endpoint)
    statements = (
        advice.grant(
            owner,
            denied.call.action,
            advice.written_in(endpoint.policy_place.file, denied.call.resource, denied.call.view),
            principal=EVERYBODY,
        )
        for denied in group
    )
    return Help(
        f"let it through in the policy of {endpoint}:",
        tuple(dict.fromkeys(statements)),
        applicability=Applicability.REVIEW,
    )


def endpoint_policy(endpoint: Endpoint) -> PolicyOwner:
    """The endpoint as the owner of a statement that lets something through."""
    place, logical_id = endpoint.policy_place, endpoint.logical_id
    return advice.owner(Layer.ENDPOINT, str(endpoint), place, logical_id)
