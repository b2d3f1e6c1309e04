"""W9720: a lifecycle rule of the bucket deletes the environment file."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.parts import value_of_parameter
from copilot_preflight.model.buckets import Expiration


@rule(
    "W9720",
    "env-file-expires",
    "A lifecycle rule deletes the env file",
    no_fix="what else the lifecycle rule is for, only you know",
)
def env_file_expires(analysis: Analysis) -> Iterator[Finding]:
    for read in analysis.read_once():
        name, bucket = read.name, read.bucket
        if name is None or name.key is None or bucket is None:
            continue
        for expiration in bucket.expirations:
            if match(Text.of(expiration.prefix, "*"), name.key):
                prefix = str(expiration.prefix)
                yield Finding(
                    at=read.file.value.place,
                    message=f"a lifecycle rule of bucket '{bucket.logical_id}' deletes the "
                    f"environment file of {read.container} {_moment(expiration)}: tasks that start "
                    "later get a 403, as a missing object looks denied",
                    label="will be deleted",
                    related=(
                        Related(expiration.place, "this rule deletes it"),
                        *value_of_parameter(read.view.stack, read.file.value),
                    ),
                    cause="expires",
                    help=f"keep the file out of the rule, whose prefix is '{prefix}', or put it "
                    "under another key"
                    if prefix
                    else "give the rule a prefix that leaves the file out",
                )
                break


def _moment(expiration: Expiration) -> str:
    if not expiration.days:
        return "at a fixed date"
    return "after 1 day" if expiration.days == "1" else f"after {expiration.days} days"
