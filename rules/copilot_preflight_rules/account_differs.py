"""W9787: a role of the account is not what the template says, and a call depends on it."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.drifts import finding, together


@rule(
    "W9787",
    "account-differs",
    "Account and template disagree about a role",
    no_fix="it is the account that differs, and which of the two is meant only its owner knows",
)
def account_differs(analysis: Analysis) -> Iterator[Finding]:
    return map(finding, together(analysis.drifts))
