"""W9753: all of S3 on one half of the bucket/object pair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import added_to
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Entry
from copilot_preflight.statements.placed import PlacedStatement
from copilot_preflight.statements.s3_pairs import BUCKET, OBJECTS, is_s3, s3_statements

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit


@rule("W9753", "half-granted-pair", "All of S3 is granted on half of a bucket", fix="review")
def half_granted_pair(analysis: Analysis) -> Iterator[Finding]:
    for item in s3_statements(analysis.stack):
        if item.statement.effect != "Allow":
            continue
        action = next((a for a in item.statement.actions if _is_everything(a)), None)
        for entry in item.statement.resources if action else ():
            missing = _missing_half(item, entry)
            if action is None or missing is None:
                continue
            lacks_objects = BUCKET.bucket_of(entry) is not None
            level, other = "a bucket", "its objects"
            if not lacks_objects:
                level, other = "the objects of a bucket", "the bucket itself"
            edit = _edit(item, entry, missing)
            help = advice.help_with(
                f"add {advice.quoted(str(missing))}, or name only the actions that are meant",
                edits=[edit],
            )
            yield Finding(
                at=entry.place,
                message=f"{action.text} on '{entry.text}' reaches only {level}, not {other}",
                label=f"{other} {'are' if lacks_objects else 'is'} missing",
                related=(Related(action.place, "meant for both halves"),),
                cause="half-granted-pair",
                help=help.text,
                remedy=help,
            )


def _edit(item: PlacedStatement, entry: Entry, missing: Text) -> Edit | None:
    """The missing half next to the one that is there: it lets the role do more than before."""
    at, title = item.statement.place, "grant the other half of the bucket as well"
    return added_to(at, entry.place, str(missing), title, is_safe=False)


def _is_everything(action: Entry) -> bool:
    return (action.text.literal or "").lower() == "s3:*" and not action.conditions


def _missing_half(item: PlacedStatement, entry: Entry) -> Text | None:
    """The ARN of the half of an entry's bucket that no statement reaches."""
    found = arn.parse_s3(entry.text)
    if found is None or arn.is_partition(found.partition) is False or item.is_elsewhere(entry):
        return None
    if found.key is None and OBJECTS.is_missed_by(entry):
        missing = arn.s3_arn(found.partition, found.bucket, Text.of("*"))
        target = OBJECTS.arn_in(found.partition, found.bucket)
    elif found.key is not None and found.key.literal == "*" and BUCKET.is_missed_by(entry):
        missing = target = BUCKET.arn_in(found.partition, found.bucket)
    else:
        return None
    reached = any(
        match(resource.text, target) is not False
        for statement in item.neighbours
        if statement.effect != "Deny" and any(map(is_s3, statement.actions))
        for resource in statement.resources
    )
    return None if reached else missing
