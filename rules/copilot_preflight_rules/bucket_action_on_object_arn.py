"""E9752: bucket actions on the ARNs of objects."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight import diagnosis
from copilot_preflight.analysis import Analysis, Denial, cited
from copilot_preflight.calls import GET_BUCKET_LOCATION
from copilot_preflight.finding import Finding, Related
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Entry
from copilot_preflight.model.s3_statements import (
    BUCKET_KINDS,
    misses_buckets,
    names_objects,
    only_on,
    reached_elsewhere,
    s3_statements,
)
from copilot_preflight.rule import rule


@rule("E9752", "bucket-action-on-object-arn", "Bucket actions can never match an object ARN")
def bucket_action_on_object_arn(analysis: Analysis) -> Iterator[Finding]:
    denials = {
        denied.cause.entry.place: denied
        for denied in analysis.denials_of(GET_BUCKET_LOCATION)
        if denied.cause.kind == diagnosis.BUCKET_ACTION_ON_OBJECT and denied.cause.entry
    }
    reported = set()
    for item in s3_statements(analysis.stack):
        resources = item.statement.resources
        if not resources or not all(map(misses_buckets, resources)):
            continue
        entry = next((r for r in resources if names_objects(r) is not None), None)
        bucket = names_objects(entry) if entry else None
        if entry is None or bucket is None:
            continue
        broken = [
            action
            for action in item.statement.actions
            if only_on(action, BUCKET_KINDS)
            and not reached_elsewhere(item, action, bucket, objects=False)
        ]
        if broken:
            reported.add(entry.place)
            yield _finding(item.statement.effect, entry, broken, denials.get(entry.place))
    # A call whose object ARN only its own scenario could tell.
    for place, denied in denials.items():
        cause = denied.cause
        if place not in reported and cause.statement and cause.entry:
            yield _finding("Allow", cause.entry, list(cause.statement.actions), denied)


def _finding(effect: str, entry: Entry, broken: list[Entry], denied: Denial | None) -> Finding:
    names = " and ".join(str(action.text) for action in broken)
    verb = "acts" if len(broken) == 1 else "act"
    outcome = "denies" if effect == "Deny" else "grants"
    found = arn.parse_s3(entry.text)
    bucket = arn.s3_arn(found.partition, found.bucket) if found else entry.text
    related = [Related(action.place, "acts on a bucket") for action in broken]
    if denied is not None:
        related.append(Related(denied.read.file.value.place, "the file that needs it"))
    return Finding(
        rule="",
        name="",
        at=entry.place,
        message=f"{names} {verb} on a bucket, and '{entry.text}' names objects: "
        f"the statement {outcome} nothing",
        label="objects, not their bucket",
        related=tuple(related),
        call=cited(denied.call) if denied is not None else None,
        cause=diagnosis.BUCKET_ACTION_ON_OBJECT,
        help=f"name the bucket: '{bucket}'",
    )
