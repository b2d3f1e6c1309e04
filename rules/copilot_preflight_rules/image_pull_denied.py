"""E9742: a private image cannot be pulled."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import images_and_logs as starts
from copilot_preflight.needs.images import IMAGE


@rule("E9742", "image-pull-denied", "Role may not pull a private image", fix="safe or review")
def image_pull_denied(analysis: Analysis) -> Iterator[Finding]:
    yield from starts.findings(analysis, IMAGE)
