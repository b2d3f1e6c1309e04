"""W9776: the role of a build project may not store a cache, logs in S3 or a test report."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.needs.artifact_calls import granted
from copilot_preflight.needs.build_outputs import BUILD_OUTPUT


@rule(
    "W9776",
    "build-output-denied",
    "Role may not store a build's cache, S3 logs or reports",
    fix="safe",
)
def build_output_denied(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.of_needs(analysis.denials_of(BUILD_OUTPUT)):
        first = group[0]
        owner, actions = advice.policy_of(first.call), [denied.call.action for denied in group]
        resource = granted(advice.resource_of(first.call))
        yield telling.finding(
            group,
            telling.reasons(group),
            related=dict.fromkeys(it for denied in group for it in telling.shown(denied)),
            help=advice.granted(
                first.call, advice.grant(owner, actions, resource), edits=slips(group)
            ),
        )
