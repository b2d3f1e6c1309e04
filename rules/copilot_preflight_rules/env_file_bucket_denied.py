"""W9714: s3:GetBucketLocation on the bucket of an environment file is not granted."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import exception
from copilot_preflight.checks.wording.parts import abridged_key
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.edit import Help
from copilot_preflight.needs.env_files import ENV_FILE, GET_BUCKET_LOCATION, GET_OBJECT


@rule(
    "W9714",
    "env-file-bucket-denied",
    "Execution role may not locate the env file's bucket",
    fix="safe or review",
)
def env_file_bucket_denied(analysis: Analysis) -> Iterator[Finding]:
    asked = [denied for denied in analysis.denials if denied.need.kind == ENV_FILE]
    # Where the file itself is denied, its finding shows both statements.
    without_file = {denied.need.key for denied in asked if denied.call.action == GET_OBJECT}
    for denied in asked:
        if denied.call.action != GET_BUCKET_LOCATION or denied.need.key in without_file:
            continue
        if denied.cause.kind == diagnosis.BUCKET_ACTION_ON_OBJECT:
            continue
        bucket = denied.call.resource
        place = denied.cause.entry or denied.cause.statement
        yield denied.finding(
            f"execution {denied.call.role} may not s3:GetBucketLocation '{bucket}', the bucket "
            f"of environment file '{abridged_key(denied.read.asked)}' of {denied.read.container}: "
            "ECS documents that it needs to",
            label="in a bucket that the role may not locate",
            related=[
                *([Related(place.place, _told(denied.cause.kind))] if place else []),
                Related(denied.call.role.place, "the role that ECS downloads with"),
            ],
            help=_help(denied),
        )


def _help(denied: Denial) -> Help | str:
    if denied.cause.kind in diagnosis.LAYER_CAUSES:
        layer = denied.decision.layer
        let = f"the {layer.value if layer else 'other policy'} must let it through: no grant helps"
        no_fix = "what has to let it through is another policy than the role's"
        return exception(denied) or advice.help_with(let, no_fix=no_fix)
    bucket = advice.bucket_grant(denied.read, denied.call)
    return advice.granted(denied.call, bucket, words="add to", edits=slips([denied]))


def _told(cause: str) -> str:
    return "what denies it" if cause in diagnosis.LAYER_CAUSES else "what is granted instead"
