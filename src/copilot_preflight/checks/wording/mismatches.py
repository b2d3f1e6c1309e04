"""The finding that rules about ARNs share: actions on an ARN that they can never match."""

from __future__ import annotations

from copilot_preflight.base.finding import Finding, Related, Remedy
from copilot_preflight.checks.analysis import Denial
from copilot_preflight.checks.wording.parts import cited
from copilot_preflight.statements.s3_pairs import Mismatch


def mismatch_finding(
    mismatch: Mismatch, denied: Denial | None, *, acts_on: str, but: str, label: str, help: Remedy
) -> Finding:
    """A finding at an ARN that a statement's actions can never match."""
    names = " and ".join(str(action.text) for action in mismatch.actions)
    verb = "acts" if len(mismatch.actions) == 1 else "act"
    effect = "deny" if mismatch.statement.effect == "Deny" else "grant"
    them = "it" if len(mismatch.actions) == 1 else "them"
    related = [Related(action.place, f"acts on {acts_on}") for action in mismatch.actions]
    if denied is not None:
        related.append(Related(denied.need.place, "so this file is affected"))
    return Finding(
        at=mismatch.resource.place,
        message=f"{names} {verb} on {acts_on}, but {but}: the statement does not {effect} {them}",
        label=label,
        related=tuple(related),
        call=cited(denied.call) if denied is not None else None,
        cause=denied.cause.kind if denied is not None else "arn-mismatch",
        help=help.text,
        remedy=help,
    )
