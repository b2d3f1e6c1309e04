"""E9781: in a phase that comes with every update, the old revision of a task is denied a call."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.rollouts import findings


@rule(
    "E9781",
    "rollout-strands-revision",
    "An update strands the old revision",
    fix="review",
    no_fix="a role that is deleted can be granted nothing",
)
def rollout_strands_revision(analysis: Analysis) -> Iterator[Finding]:
    return findings(it for it in analysis.stranded if it.is_certain)
