"""E9752: bucket actions on the ARNs of objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import corrected
from copilot_preflight.checks.wording.mismatches import mismatch_finding
from copilot_preflight.iam import arn
from copilot_preflight.needs.env_files import GET_BUCKET_LOCATION

if TYPE_CHECKING:
    from copilot_preflight.edits.spelling import Written

_LOCATE: Final = GET_BUCKET_LOCATION.lower()


@rule(
    "E9752",
    "bucket-action-on-object-arn",
    "Bucket actions can never match an object ARN",
    fix="safe or review",
)
def bucket_action_on_object_arn(analysis: Analysis) -> Iterator[Finding]:
    for mismatch, denied in analysis.bucket_mismatches:
        granted = mismatch.resource.text
        found = arn.parse_s3(granted)
        bucket = arn.s3_arn(found.partition, found.bucket) if found else granted
        # To list a bucket whose objects of one folder were named is to see more than them.
        is_locating = all((it.text.literal or "").lower() == _LOCATE for it in mismatch.actions)
        is_all = found is not None and found.key is not None and found.key.literal == "*"
        title = "name the bucket of the objects"
        new: Written = str(bucket)
        if denied is not None and is_locating:
            new = advice.bucket_at(denied.read, mismatch.resource.place)
        edit = corrected(*mismatch, new, title, is_safe=is_locating or is_all)
        yield mismatch_finding(
            mismatch,
            denied,
            acts_on="the bucket",
            but=f"'{granted}' names objects",
            label="objects, not their bucket",
            help=advice.help_with(f"name the bucket: {edit.yaml}", edits=[edit]),
        )
