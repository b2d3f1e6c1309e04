"""E9775: the role of a build project may not make a call without which no build begins."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.needs.build_network import BUILD_NETWORK


@rule(
    "E9775",
    "pipeline-call-denied",
    "Role of a build project may not make a call that its builds need",
    fix="safe",
)
def pipeline_call_denied(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(analysis.denials_of(BUILD_NETWORK)):
        yield telling.not_granted(group)
