"""What the tests of every source ask of a template: its decisions, and what the rules find."""

from __future__ import annotations

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.resolve.stack import Stack
from copilot_preflight_rules import RULES


def outcomes(found: Stack) -> dict[str, Outcome]:
    """The outcome of each call, by its action."""
    return {d.call.action: d.outcome for d in Analysis(found).decisions}


def findings(found: Stack, letters: str = "EWI") -> list[Finding]:
    """What the rules find whose ids begin with one of some letters."""
    analysis = Analysis(found)
    return [it for rule in RULES if rule.id[0] in letters for it in rule(analysis)]
