"""E9771: a role of a pipeline or of a build project may not put an artifact into its bucket."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording.grants import resource_of
from copilot_preflight.needs.artifact_calls import ARTIFACT_UPLOAD, PUT_OBJECT, granted


@rule("E9771", "artifact-upload-denied", "Role may not upload the artifact", fix="safe")
def artifact_upload_denied(analysis: Analysis) -> Iterator[Finding]:
    denials = analysis.denials_of(ARTIFACT_UPLOAD, PUT_OBJECT)
    for group in telling.alike(d for d in denials if not analysis.is_told_of(d)):
        yield telling.lacking(group, granted(resource_of(group[0].call)))
