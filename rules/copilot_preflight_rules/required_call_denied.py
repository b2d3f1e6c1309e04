"""E9748: a role may not make a call that the configuration file requires."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.needs.required import REQUIRED, Required


@rule(
    "E9748",
    "required-call-denied",
    "Role may not make a call that the configuration requires",
    fix="safe",
)
def required_call_denied(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(analysis.denials_of(REQUIRED)):
        asked = group[0].need.about(Required)
        found = telling.not_granted(group)
        related = (Related(asked.requirement.place, "required here"), *found.related)
        yield found._replace(at=asked.shown, related=related)
