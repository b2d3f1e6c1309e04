"""W9758: actions that AWS does not have."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.statements.unknown_actions import UnknownAction, unknown_actions


@rule("W9758", "action-unknown", "A statement names an action that AWS does not have")
def action_unknown(analysis: Analysis) -> Iterator[Finding]:
    for unknown in unknown_actions(analysis.stack):
        name = str(unknown.action.text)
        is_pattern = "*" in name or "?" in name
        what = "no action of AWS matches" if is_pattern else "AWS has no action"
        yield Finding(
            at=unknown.action.place,
            message=f"{what} '{name}': {_effect(unknown)}",
            label="no such action",
            cause="action-unknown",
            help=f"did you mean '{unknown.meant}'?"
            if unknown.meant
            else "take its name from the service's page in AWS's reference of actions",
        )


def _effect(unknown: UnknownAction) -> str:
    statement = unknown.statement
    if unknown.action in statement.not_actions:
        return "the statement leaves nothing out for it"
    return f"the statement {'denies' if statement.effect == 'Deny' else 'grants'} nothing for it"
