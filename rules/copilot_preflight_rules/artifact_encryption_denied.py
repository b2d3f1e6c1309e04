"""E9773: a role that moves artifacts may not use the KMS key that encrypts them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording.grants import resource_of
from copilot_preflight.needs.artifact_calls import (
    ARTIFACT_DOWNLOAD,
    ARTIFACT_UPLOAD,
    DECRYPT,
    GENERATE_DATA_KEY,
    Reason,
)


@rule(
    "E9773",
    "artifact-encryption-denied",
    "Role may not use the key that encrypts artifacts",
    fix="safe",
)
def artifact_encryption_denied(analysis: Analysis) -> Iterator[Finding]:
    denials = chain(
        analysis.denials_of(ARTIFACT_UPLOAD, GENERATE_DATA_KEY),
        analysis.denials_of(ARTIFACT_DOWNLOAD, DECRYPT),
    )
    for group in telling.alike(denials):
        key = group[0].need.about(Reason).key
        related = [Related(key.place, "the key of the artifacts")] if key is not None else []
        yield telling.lacking(group, resource_of(group[0].call), related=related)
