"""W9782: in a phase that an update may come to, the old revision of a task is denied a call."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.rollouts import findings


@rule(
    "W9782",
    "rollout-may-strand-revision",
    "An update may strand the old revision",
    fix="review",
    no_fix="a role that is deleted can be granted nothing",
)
def rollout_may_strand_revision(analysis: Analysis) -> Iterator[Finding]:
    return findings(it for it in analysis.stranded if not it.is_certain)
