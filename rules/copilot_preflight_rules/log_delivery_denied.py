"""E9743: a container's logs cannot be sent to CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import images_and_logs as starts
from copilot_preflight.needs.logs import LOGS


@rule("E9743", "log-delivery-denied", "Role may not send logs to CloudWatch", fix="safe")
def log_delivery_denied(analysis: Analysis) -> Iterator[Finding]:
    yield from starts.findings(analysis, LOGS)
