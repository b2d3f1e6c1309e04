"""E9751: object actions on the ARN of a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import corrected
from copilot_preflight.checks.wording.mismatches import mismatch_finding
from copilot_preflight.needs.env_files import GET_OBJECT

if TYPE_CHECKING:
    from copilot_preflight.edits.spelling import Written

_GET: Final = GET_OBJECT.lower()


@rule(
    "E9751",
    "object-action-on-bucket-arn",
    "Object actions can never match a bucket ARN",
    fix="safe or review",
)
def object_action_on_bucket_arn(analysis: Analysis) -> Iterator[Finding]:
    for mismatch, denied in analysis.object_mismatches:
        granted = str(mismatch.resource.text)
        new: Written
        is_read = all((it.text.literal or "").lower() == _GET for it in mismatch.actions)
        if denied is not None and is_read:
            # Which object is asked for is known here.
            new = advice.every_version_at(denied.read, mismatch.resource.place)
            edit = corrected(*mismatch, new, "name the environment file")
            help = f"name the file: {edit.yaml}"
        else:
            new, title = granted.rstrip("/") + "/*", "name the objects of the bucket"
            edit = corrected(*mismatch, new, title, is_safe=False)
            help = f"name objects: {edit.yaml}, or a narrower key"
        yield mismatch_finding(
            mismatch,
            denied,
            acts_on="objects",
            but=f"'{granted}' is a bucket",
            label="a bucket, not its objects",
            help=advice.help_with(help, edits=[edit]),
        )
