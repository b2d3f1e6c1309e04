"""E9751: object actions on the ARN of a bucket."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight import diagnosis
from copilot_preflight.analysis import Analysis, Denial, cited
from copilot_preflight.calls import GET_OBJECT
from copilot_preflight.finding import Finding, Related
from copilot_preflight.iam.policy import Entry
from copilot_preflight.model.s3_statements import (
    OBJECT_KINDS,
    misses_objects,
    names_bucket,
    only_on,
    reached_elsewhere,
    s3_statements,
)
from copilot_preflight.rule import rule


@rule("E9751", "object-action-on-bucket-arn", "Object actions can never match a bucket ARN")
def object_action_on_bucket_arn(analysis: Analysis) -> Iterator[Finding]:
    denials = {
        denied.cause.entry.place: denied
        for denied in analysis.denials_of(GET_OBJECT)
        if denied.cause.kind == diagnosis.OBJECT_ACTION_ON_BUCKET and denied.cause.entry
    }
    reported = set()
    for item in s3_statements(analysis.stack):
        resources = item.statement.resources
        if not resources or not all(map(misses_objects, resources)):
            continue
        entry = next((r for r in resources if names_bucket(r) is not None), None)
        bucket = names_bucket(entry) if entry else None
        if entry is None or bucket is None:
            continue
        broken = [
            action
            for action in item.statement.actions
            if only_on(action, OBJECT_KINDS)
            and not reached_elsewhere(item, action, bucket, objects=True)
        ]
        if broken:
            reported.add(entry.place)
            yield _finding(item.statement.effect, entry, broken, denials.get(entry.place))
    # A denied read whose bucket ARN only its own scenario could tell.
    for place, denied in denials.items():
        cause = denied.cause
        if place not in reported and cause.statement and cause.entry:
            yield _finding("Allow", cause.entry, list(cause.statement.actions), denied)


def _finding(effect: str, entry: Entry, broken: list[Entry], denied: Denial | None) -> Finding:
    names = " and ".join(str(action.text) for action in broken)
    verb = "acts" if len(broken) == 1 else "act"
    outcome = "denies" if effect == "Deny" else "grants"
    related = [Related(action.place, "acts on objects") for action in broken]
    if denied is not None:
        related.append(Related(denied.read.file.value.place, "so this file gets a 403"))
    return Finding(
        rule="",
        name="",
        at=entry.place,
        message=f"{names} {verb} on objects, and '{entry.text}' is a bucket: "
        f"the statement {outcome} nothing",
        label="a bucket, not its objects",
        related=tuple(related),
        call=cited(denied.call) if denied is not None else None,
        cause=diagnosis.OBJECT_ACTION_ON_BUCKET,
        help=f"name objects: '{str(entry.text).rstrip('/')}/*', or a narrower key",
    )
