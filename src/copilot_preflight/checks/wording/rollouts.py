"""Sentences of the rules about updates: which revision is stranded, when, and by which grant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from copilot_preflight.access.cause import cause_of
from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.denials import enumeration
from copilot_preflight.checks.wording.parts import abridged, abridged_key, cited, value_of_parameter
from copilot_preflight.needs.env_files import EnvFileRead

if TYPE_CHECKING:
    from copilot_preflight.access.cause import Cause
    from copilot_preflight.edits.edit import Help
    from copilot_preflight.rollout.comparison import Stranded


def findings(stranded: Iterable[Stranded]) -> Iterator[Finding]:
    """One finding for the calls of one need that are denied in the same phases."""
    groups: dict[object, list[Stranded]] = {}
    for each in stranded:
        groups.setdefault((each.task.logical_id, each.start.need.key, each.phases), []).append(each)
    return map(_finding, groups.values())


def _finding(group: Sequence[Stranded]) -> Finding:
    first = group[0]
    call, decision = first.call, first.judged.decision
    cause = cause_of(decision) if decision is not None else None
    at = _at(first, cause)
    shown = abridged_key if isinstance(call.need.detail, EnvFileRead) else abridged
    asked = enumeration([f"{each.start.action} on '{shown(each.call.resource)}'" for each in group])
    revision = f"the old revision of '{first.task.logical_id}' may not {asked}"
    role = f"{call.need.user} {call.role}"
    if cause is None:
        reason = f"{role} is replaced or removed, and deleted in the clean-up"
    elif cause.entry is not None:
        reason = f"{role} is updated first, and then granted '{shown(cause.entry.text)}' instead"
    else:
        reason = f"{role} is updated first, and then no longer allowed"
    when = enumeration([f"'{phase.title}'" for phase in first.phases])
    help = _help(first, cause)
    return Finding(
        at=at,
        message=f"{revision}, which the {call.need.subject} needs, in "
        f"{'phase' if len(first.phases) == 1 else 'phases'} {when}: {reason}",
        label="403 for the old revision",
        related=tuple(_related(group)),
        call=cited(call),
        cause=cause.kind if cause is not None else first.judged.cause,
        help=_KEEP_THE_ROLE if help is None else help.text,
        remedy=help,
    )


def _at(first: Stranded, cause: Cause | None) -> Place:
    """The line of the new release that decides: what is granted instead, or the role."""
    decision = first.judged.decision
    task = first.task.new
    if decision is not None and cause is not None:
        if cause.entry is not None:
            return cause.entry.place
        return cause.statement.place if cause.statement else decision.call.role.place
    role = task.task_role if first.call.need.user == "task" else task.execution_role
    return role.place if role is not None else task.place


def _related(group: Sequence[Stranded]) -> Iterator[Related]:
    from copilot_preflight.rollout.phases import LATER  # there, where something was compared

    first = group[0]
    need, own = first.start.need, first.start.own.decision
    yield Related(need.place, "the old revision goes on asking for it")
    yield from value_of_parameter(need.view.stack, need.value)
    for statement in own.granting[:1] if own is not None else ():
        yield Related(statement.place, "the grant that goes")
    for pin in first.task.pins if any(phase.key == LATER for phase in first.phases) else ():
        doubt = "" if pin.is_certain else ", which may be the old one"
        yield Related(pin.place, f"{pin.launcher} goes on starting revision {pin.revision}{doubt}")


_KEEP_THE_ROLE: Final = (
    "keep the role under its name and logical id, or keep it with 'DeletionPolicy: Retain' and "
    "'UpdateReplacePolicy: Retain' as long as old revisions are used"
)


def _help(first: Stranded, cause: Cause | None) -> Help | None:
    """What to grant the role that is there; None where it is deleted."""
    call, detail = first.call, first.start.need.detail
    if cause is None or first.judged.decision is None:
        return None
    now = first.judged.decision.call
    if isinstance(detail, EnvFileRead) and cause.entry is not None:
        resource, words = advice.every_version(detail), "grant every version of the file in"
    else:
        resource = advice.resource_of(now)
        words = "grant what the old revision asks for, until nothing runs it any more, in"
    grant = advice.grant(advice.policy_of(now), call.action, resource)
    return advice.granted(now, grant, words=words, is_safe=False)
