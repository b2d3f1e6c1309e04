"""W9783: tasks may start before the policy is attached that they need when they start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.corrections import depending_on
from copilot_preflight.checks.wording.parts import cited

if TYPE_CHECKING:
    from copilot_preflight.access.unawaited import Unawaited
    from copilot_preflight.edits.edit import Help


@rule(
    "W9783",
    "grant-not-awaited",
    "Tasks may start before a grant is in place",
    fix="safe or review",
    no_fix="what grants it waits for the service itself",
)
def grant_not_awaited(analysis: Analysis) -> Iterator[Finding]:
    pairs: dict[tuple[str, str], list[Unawaited]] = {}
    for missed in analysis.unawaited:
        pairs.setdefault((missed.start.logical_id, missed.awaited), []).append(missed)
    for each in pairs.values():
        first = each[0]
        help = _help(analysis, first)
        when = f" when {first.when}" if first.when else ""
        yield Finding(
            at=first.start.place,
            message=f"{first.start} does not wait for {first}, {_purpose(each)}: CloudFormation "
            f"may start tasks before it is there{when}",
            label=f"may start before '{first.awaited}' is there",
            related=(
                Related(first.place, "not in place yet"),
                Related(first.need.place, f"{first.need.subject} needs it"),
            ),
            call=cited(first.call) if first.call is not None else None,
            cause="not-awaited",
            help=help.text,
            remedy=help,
        )


def _purpose(each: Sequence[Unawaited]) -> str:
    """What the resource is needed for, with the first of its calls."""
    call, need = each[0].call, each[0].need
    if call is None:
        return f"without which the {need.subject} fails and the container does not start"
    more = len(each) - 1
    others = f" and {more} more call{'s' if more > 1 else ''}" if more else ""
    if not each[0].is_grant:
        return f"the only way of {call.action} for the {need.subject}{others}"
    return f"which allows {call.who} to {call.action} for the {need.subject}{others}"


def _help(analysis: Analysis, missed: Unawaited) -> Help:
    start, awaited = missed.start, missed.awaited
    return depending_on(
        analysis.stack, start.logical_id, awaited, str(start), is_circular=missed.is_circular
    )
