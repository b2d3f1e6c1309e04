"""W9754: all of S3 is granted where an environment file is all that is needed."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight import advice
from copilot_preflight.access import Decision
from copilot_preflight.analysis import Analysis, cited
from copilot_preflight.finding import Finding, Place, Related
from copilot_preflight.iam import arn, managed
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.needs.env_files import ENV_FILE, GET_OBJECT
from copilot_preflight.rule import rule


@rule("W9754", "grant-too-broad", "Execution role is granted more of S3 than the env file")
def grant_too_broad(analysis: Analysis) -> Iterator[Finding]:
    served: dict[Place, list[tuple[Statement, Entry, Decision]]] = {}
    for decision in analysis.allowed(ENV_FILE, GET_OBJECT):
        for statement in decision.granting:
            if (broad := _broad(statement)) is not None:
                served.setdefault(broad.place, []).append((statement, broad, decision))
    for found in served.values():
        statement, broad, decision = found[0]
        reads = [each.call.need.detail for _, _, each in found]
        files = " and ".join(dict.fromkeys(str(read.container) for read in reads))
        grants = dict.fromkeys(advice.read_grant(read) for read in reads)
        yield Finding(
            at=broad.place,
            message=f"{_source(statement, broad)} grants execution {decision.call.role} far more "
            f"of S3 than it needs, the environment files of {files}",
            label="wider than the need",
            related=tuple(Related(read.file.value.place, "what is needed") for read in reads),
            call=cited(decision.call),
            cause="too-broad",
            help="grant the files and their buckets instead:\n" + "\n".join(grants),
        )


def _source(statement: Statement, broad: Entry) -> str:
    """What grants too much: for a policy of AWS its name, as its text is not in the template."""
    known = managed.statements_of(statement.policy) is not None
    return f"managed policy '{statement.policy}'" if known else f"'{broad.text}'"


def _broad(statement: Statement) -> Entry | None:
    """The entry that makes a statement too broad: all actions, or all buckets."""
    for action in statement.actions:
        if action.text.literal in ("*", "s3:*"):
            return action
    for resource in statement.resources:
        found = arn.parse_s3(resource.text)
        everywhere = (
            found is not None
            and found.bucket.literal == "*"
            and (found.key is None or found.key.literal == "*")
        )
        if resource.text.literal == "*" or everywhere:
            return resource
    return None
