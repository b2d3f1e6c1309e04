"""E9752: bucket actions on the ARNs of objects."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import corrected
from copilot_preflight.checks.wording.mismatches import mismatch_finding
from copilot_preflight.iam import arn
from copilot_preflight.needs.env_files import GET_BUCKET_LOCATION
from copilot_preflight.statements.s3_pairs import BUCKET


@rule("E9752", "bucket-action-on-object-arn", "Bucket actions can never match an object ARN")
def bucket_action_on_object_arn(analysis: Analysis) -> Iterator[Finding]:
    for mismatch, denied in analysis.mismatches(BUCKET, GET_BUCKET_LOCATION):
        granted = mismatch.resource.text
        found = arn.parse_s3(granted)
        bucket = arn.s3_arn(found.partition, found.bucket) if found else granted
        edit = corrected(*mismatch, str(bucket), "name the bucket of the objects")
        yield mismatch_finding(
            mismatch,
            denied,
            acts_on="the bucket",
            but=f"'{granted}' names objects",
            label="objects, not their bucket",
            help=advice.help_with(f"name the bucket: {edit.yaml}", edits=[edit]),
        )
