"""E9744: the credentials of a private registry cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.analysis import Analysis
from copilot_preflight.finding import Finding
from copilot_preflight.needs.secrets import REGISTRY
from copilot_preflight.rule import rule
from copilot_preflight.telling import secrets


@rule("E9744", "registry-credentials-denied", "Execution role may not read registry credentials")
def registry_credentials_denied(analysis: Analysis) -> Iterator[Finding]:
    yield from secrets.findings(analysis, REGISTRY)
