"""E9766: a Deny statement of the role's own policies covers a call."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording.exceptions import exception


@rule(
    "E9766",
    "denied-by-identity-policy",
    "The role's own policy denies a call",
    fix="review",
    no_fix="what else the Deny statement is for, only you know",
)
def denied_by_identity_policy(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(analysis.denied_by(diagnosis.EXPLICIT_DENY)):
        statement = group[0].cause.statement
        name = f" '{statement.policy}'" if statement and statement.policy else ""
        yield telling.refused(group, f"the role's own policy{name}", help=exception(group[0]) or "")
