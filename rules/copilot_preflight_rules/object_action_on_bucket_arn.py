"""E9751: object actions on the ARN of a bucket."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import corrected
from copilot_preflight.checks.wording.mismatches import mismatch_finding
from copilot_preflight.needs.env_files import GET_OBJECT
from copilot_preflight.statements.s3_pairs import OBJECTS


@rule("E9751", "object-action-on-bucket-arn", "Object actions can never match a bucket ARN")
def object_action_on_bucket_arn(analysis: Analysis) -> Iterator[Finding]:
    for mismatch, denied in analysis.mismatches(OBJECTS, GET_OBJECT):
        granted = str(mismatch.resource.text)
        edit = corrected(*mismatch, granted.rstrip("/") + "/*", "name the objects of the bucket")
        yield mismatch_finding(
            mismatch,
            denied,
            acts_on="objects",
            but=f"'{granted}' is a bucket",
            label="a bucket, not its objects",
            help=advice.help_with(f"name objects: {edit.yaml}, or a narrower key", edits=[edit]),
        )
