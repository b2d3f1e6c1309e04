"""E9744: the credentials of a private registry cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import secret_reads as secrets
from copilot_preflight.needs.container_secrets import REGISTRY


@rule(
    "E9744",
    "registry-credentials-denied",
    "Role may not read registry credentials",
    fix="safe",
    no_fix="which secret is meant by the value, nobody can tell",
)
def registry_credentials_denied(analysis: Analysis) -> Iterator[Finding]:
    yield from secrets.findings(analysis, REGISTRY)
