"""E9711: the execution role may not read an environment file."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight import advice, diagnosis
from copilot_preflight.analysis import Analysis, Denial, abridged
from copilot_preflight.calls import GET_OBJECT
from copilot_preflight.finding import Finding, Related
from copilot_preflight.rule import rule

_ELSEWHERE = (diagnosis.STALE_HASH, diagnosis.WRONG_ROLE, diagnosis.OBJECT_ACTION_ON_BUCKET)


@rule("E9711", "env-file-denied", "Execution role may not read the env file")
def env_file_denied(analysis: Analysis) -> Iterator[Finding]:
    for denied in analysis.denials_of(GET_OBJECT):
        if denied.cause.kind not in _ELSEWHERE:
            yield denied.finding(
                f"execution {denied.call.role} may not s3:GetObject "
                f"'{abridged(denied.call.request.resource)}', which {denied.read.container} "
                f"asks for: {_reason(denied)}",
                label=f"403 for {denied.call.role}",
                related=_related(denied),
                help=_help(denied),
            )


def _reason(denied: Denial) -> str:
    cause = denied.cause
    granted = f"'{abridged(cause.entry.text)}'" if cause.entry else ""
    reasons = {
        diagnosis.EXPLICIT_DENY: "a Deny statement of the role covers it",
        diagnosis.CONDITION_OFF: f"the grant stands under condition '{cause.condition}', "
        "which does not hold",
        diagnosis.HALF_GRANTED: f"the grant {granted} names the bucket itself, not its objects",
        diagnosis.OTHER_PARTITION: f"the grant {granted} is in another partition",
        diagnosis.OTHER_BUCKET: f"the grant is for another bucket, {granted}",
        diagnosis.OTHER_KEY: f"the grant is for another key, {granted}",
        diagnosis.OTHER_ACTION: f"the statement that covers the file allows only {granted}",
    }
    return reasons.get(cause.kind, "no statement of the role grants it")


def _related(denied: Denial) -> Iterator[Related]:
    cause = denied.cause
    if cause.entry is not None:
        yield Related(cause.entry.place, "what is granted instead")
    elif cause.statement is not None:
        what = "the Deny" if cause.kind == diagnosis.EXPLICIT_DENY else "the grant"
        yield Related(cause.statement.place, what)
    yield Related(denied.call.role.place, "the role that ECS downloads with")


def _help(denied: Denial) -> str:
    if denied.cause.kind == diagnosis.EXPLICIT_DENY:
        return "take the file out of the Deny statement: no Allow can overrule it"
    if denied.cause.kind == diagnosis.CONDITION_OFF:
        return "put the grant under the condition of the environment file, or under none"
    return f"grant it in {advice.where(denied.read)}:\n{advice.read_grant(denied.read)}"
