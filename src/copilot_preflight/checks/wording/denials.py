"""Sentences that rules about denied calls share: who may not do what, why, and what to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.base.symbolic import Text
from copilot_preflight.checks.analysis import Denial
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.parts import abridged
from copilot_preflight.iam.policy import Clause

if TYPE_CHECKING:
    from copilot_preflight.model.endpoints import Endpoint


def together(denials: Iterable[Denial]) -> Iterator[tuple[Denial, ...]]:
    """The denials of one need with one cause, which make one finding; optional calls make none."""
    groups: dict[object, list[Denial]] = {}
    for denied in denials:
        if not denied.call.needed.is_optional:
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
    wanted = _clause(cause.clause) if cause.clause else ""
    return told.format(condition=cause.condition, granted=granted, role=cause.role, wanted=wanted)


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
        help=f"grant it in {advice.where(first.call)}:\n{grants(group)}",
    )


def grants(group: Sequence[Denial]) -> str:
    """The statements that would allow the calls, in YAML."""
    return "\n".join(
        dict.fromkeys(
            advice.statement(denied.call.action, str(denied.call.resource)) for denied in group
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


def lacking(group: Sequence[Denial], grant: str, *, related: Iterable[Related] = ()) -> Finding:
    """The finding for denials that one grant would end; ``grant`` is the resource to write in it.

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
        help=f"grant it in {advice.where(first.call)}:\n"
        + advice.statement(first.call.action, grant),
    )


# --- layers that deny whatever the role is granted ------------------------------------------------


def refused(
    group: Sequence[Denial],
    policy: str,
    *,
    help: str,
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
    if _is_negated(clause) and key == "aws:principalarn":
        return f"{named} does not except the role"
    if endpoint is not None and key in ("aws:sourcevpce", "aws:sourcevpc"):
        missed = "does not except" if _is_negated(clause) else "names"
        return f"{named} {missed} {endpoint}, which the call goes through"
    if endpoint is not None and key == "aws:sourceip":
        return f"{named} holds of all calls through {endpoint}, which have no such address"
    sent = denied.call.request.context.get(key)
    if sent == ():
        return f"{named} holds of all calls of a role, which do not send it"
    if sent and _is_negated(clause):
        return f"{named} does not except '{abridged(sent[0])}'"
    return f"{named} holds"


def _is_negated(clause: Clause) -> bool:
    return "not" in clause.operator.lower()


def exception(denied: Denial) -> str:
    """What to change in the Deny statement that covers a call, so that it no longer does."""
    statement, role = denied.cause.statement, denied.call.role
    if statement is None:
        return ""
    file, endpoint = statement.place.file, denied.decision.endpoint
    excepted = f"aws:PrincipalArn: {role_in(denied, file)}"
    for clause in filter(_is_negated, statement.clauses):
        key = clause.key.lower()
        if key == "aws:principalarn":
            return (
                f"add the role to {clause.operator} {clause.key} there:\n- {role_in(denied, file)}"
            )
        if key == "aws:sourcevpce" and endpoint is not None and endpoint.place.file == file:
            return (
                f"add the endpoint to {clause.operator} {clause.key} there:\n"
                f"- !Ref {endpoint.logical_id}"
            )
    if statement.not_principals and role.boundary is None:
        root = f"arn:{_part(role.arn, 1)}:iam::{_part(role.arn, 4)}:root"
        return (
            "list the role there, and its account, without which it does not count:\n"
            f"NotPrincipal:\n  AWS:\n    - {role_in(denied, file)}\n    - {advice.quoted(root)}"
        )
    if statement.not_principals:
        return (
            "except the role by a condition, which counts for it in spite of its boundary:\n"
            f"Principal: '*'\nCondition:\n  ArnNotEquals:\n    {excepted}"
        )
    if any(principal.entry.text.equals(role.arn) for principal in statement.principals):
        return "no Allow overrules a Deny: take the role out of its Principal"
    if statement.principals:
        return (
            "no Allow overrules a Deny: except the role from it, with this in its Condition:\n"
            f"ArnNotEquals:\n  {excepted}"
        )
    left_out = f"{denied.call.action} on '{abridged(denied.call.resource)}'"
    return f"no Allow overrules a Deny: narrow it, so that it leaves out {left_out}"


def let_through(group: Sequence[Denial], endpoint: Endpoint) -> str:
    """What to add to the policy of an endpoint. A gateway's can name no role but by a condition."""
    statements = dict.fromkeys(
        advice.statement(denied.call.action, str(denied.call.resource), principal="'*'")
        for denied in group
    )
    return f"let it through in the policy of {endpoint}:\n" + "\n".join(statements)


def role_in(denied: Denial, file: str) -> str:
    """The ARN of a call's role as a file can write it."""
    role = denied.call.role
    if file == role.place.file:
        return f"!GetAtt {role.logical_id}.Arn"
    if not all(hole.name.startswith("AWS::") for hole in role.arn.holes):
        return f"<the ARN of {role}>"
    is_template = any(stack.file == file for stack in denied.call.view.run.stacks)
    return advice.quoted(str(role.arn)) if is_template else f"'{role.arn}'"


def _part(arn: Text, index: int) -> Text:
    return arn.split(":", 5).items[index]
