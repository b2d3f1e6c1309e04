"""E9741: a secret that a container asks for cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import secret_reads as secrets
from copilot_preflight.needs.container_secrets import SECRET


@rule(
    "E9741",
    "secret-denied",
    "Role may not read a secret",
    fix="safe or review",
    no_fix="which secret is meant by the value, nobody can tell",
)
def secret_denied(analysis: Analysis) -> Iterator[Finding]:
    yield from secrets.findings(analysis, SECRET)
