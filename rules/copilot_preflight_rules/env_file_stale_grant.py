"""E9712: the role is granted another content hash of the file than the task asks for."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import replaced, statement_next_to
from copilot_preflight.checks.wording.parts import abridged_key
from copilot_preflight.checks.wording.shared_folders import also_reached
from copilot_preflight.edits.edit import Help
from copilot_preflight.iam.policy import Entry
from copilot_preflight.needs.env_files import ENV_FILE, GET_BUCKET_LOCATION, GET_OBJECT


@rule(
    "E9712",
    "env-file-stale-grant",
    "Execution role is granted another version of the env file",
    fix="safe or review",
)
def env_file_stale_grant(analysis: Analysis) -> Iterator[Finding]:
    for denied in analysis.denials_of(ENV_FILE, GET_OBJECT):
        granted = denied.cause.entry
        if denied.cause.kind == diagnosis.STALE_HASH and granted is not None:
            asked = abridged_key(denied.call.resource)
            others = also_reached(denied.call, denied.read)
            yield denied.finding(
                f"execution {denied.call.role} may read '{abridged_key(granted.text)}' "
                f"but {denied.read.container} asks for '{asked}'",
                label="asks for another version",
                related=[
                    Related(granted.place, "the version that is granted"),
                    Related(denied.call.role.place, "the role that ECS downloads with"),
                    *others,
                ],
                help=_help(analysis, denied, granted, is_safe=not others),
            )


def _help(analysis: Analysis, denied: Denial, granted: Entry, *, is_safe: bool) -> Help:
    """Every version of the file, in the line that names one, and its bucket if need be."""
    owner, statement = advice.policy_of(denied.call), denied.cause.statement
    grants = advice.read_grants(denied.read, owner)
    every = advice.every_version_at(denied.read, granted.place)
    edits = [replaced(granted.place, every, "grant every version of the file", is_safe=is_safe)]
    lacks_bucket = any(
        other.need.key == denied.need.key and other.call.action == GET_BUCKET_LOCATION
        for other in analysis.denials
    )
    if lacks_bucket and statement is not None:
        title = "let the role locate the bucket"
        bucket = advice.bucket_at(denied.read, statement.place)
        locating = advice.grant(owner, GET_BUCKET_LOCATION, bucket)
        edits += filter(None, [statement_next_to(statement.place, locating, title)])
    words = "grant every version of the file in"
    return advice.granted(denied.call, *grants, words=words, edits=edits, is_safe=is_safe)
