"""W9758: actions that AWS does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import replaced
from copilot_preflight.iam.arn_formats import can_match
from copilot_preflight.statements.unknown_actions import UnknownAction, unknown_actions

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help


@rule(
    "W9758",
    "action-unknown",
    "A statement names an action that AWS does not have",
    fix="safe or review",
)
def action_unknown(analysis: Analysis) -> Iterator[Finding]:
    for unknown in unknown_actions(analysis.stack):
        name = str(unknown.action.text)
        is_pattern = "*" in name or "?" in name
        what = "no action of AWS matches" if is_pattern else "AWS has no action"
        help = _help(unknown)
        yield Finding(
            at=unknown.action.place,
            message=f"{what} '{name}': {_effect(unknown)}",
            label="no such action",
            cause="action-unknown",
            help=help.text,
            remedy=help,
        )


def _help(unknown: UnknownAction) -> Help:
    action, meant, statement = unknown.action, unknown.meant, unknown.statement
    if not meant:
        return advice.help_with(
            "take its name from the service's page in AWS's reference of actions",
            no_fix="no action of AWS is like it",
        )
    if statement.resources and not any(can_match(it.text, meant) for it in statement.resources):
        return advice.help_with(
            f"did you mean '{meant}'?", no_fix="it acts on none of the resources next to it"
        )
    # What allows an operation of the API is known; a name that is only like another is a guess.
    is_known = unknown.is_operation and statement.effect == "Allow" and not statement.not_actions
    edit = replaced(action.place, meant, f"correct it to {meant}", is_safe=is_known)
    return advice.help_with(f"did you mean '{meant}'?", edits=[edit])


def _effect(unknown: UnknownAction) -> str:
    statement = unknown.statement
    if unknown.action in statement.not_actions:
        return "the statement leaves nothing out for it"
    return f"the statement {'denies' if statement.effect == 'Deny' else 'grants'} nothing for it"
