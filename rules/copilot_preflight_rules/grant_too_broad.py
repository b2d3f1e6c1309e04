"""W9754: all of S3 is granted where an environment file is all that is needed."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight import advice
from copilot_preflight.analysis import Analysis, cited
from copilot_preflight.calls import GET_OBJECT
from copilot_preflight.finding import Finding, Place, Related
from copilot_preflight.iam import arn, managed
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.rule import rule


@rule("W9754", "grant-too-broad", "Execution role is granted more of S3 than the env file")
def grant_too_broad(analysis: Analysis) -> Iterator[Finding]:
    seen: set[Place] = set()
    for decision in analysis.allowed(GET_OBJECT):
        for statement in decision.identity.deciding:
            broad = _broad(statement)
            if broad is None or broad.place in seen:
                continue
            seen.add(broad.place)
            read = decision.call.read
            yield Finding(
                at=broad.place,
                message=f"{_source(statement, broad)} grants execution {decision.call.role} far "
                f"more of S3 than it needs, the environment file of {read.container}",
                label="wider than the need",
                related=(Related(read.file.value.place, "all that is needed"),),
                call=cited(decision.call),
                cause="too-broad",
                help=f"grant the file and its bucket instead:\n{advice.read_grant(read)}",
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
