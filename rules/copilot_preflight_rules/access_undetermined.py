"""I9790: a call that cannot be decided, and the fact that is missing."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.analysis import Analysis, abridged, cited
from copilot_preflight.calls import EnvFileRead
from copilot_preflight.finding import CitedCall, Finding
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.policy import Fact
from copilot_preflight.rule import rule

_WORDS = {
    "condition": "the outcome of condition '{}'",
    "value": "the value of '{}'",
    "context": "the request's condition key '{}'",
    "document": "{}, which is outside the run",
}


@rule("I9790", "access-undetermined", "Access cannot be decided from the files")
def access_undetermined(analysis: Analysis) -> Iterator[Finding]:
    for read in analysis.read_once():
        if read.task.execution_role is None:
            continue
        if read.role is None:
            role = abridged(read.task.execution_role.text())
            yield _finding(read, None, f"execution role '{role}', which is outside the run")
        elif read.name is None and read.file.arn.literal is None:
            yield _finding(read, None, f"the value of '{abridged(read.file.arn)}'")
    seen = set()
    for decision in analysis.decisions:
        read = decision.call.read
        key = (read.file.value.path, decision.call.action)
        if decision.outcome is Outcome.UNDETERMINED and key not in seen:
            seen.add(key)
            missing = " and ".join(dict.fromkeys(map(_told, decision.facts[:3])))
            yield _finding(read, cited(decision.call), missing)


def _told(fact: Fact) -> str:
    return _WORDS[fact.kind].format(fact.name)


def _finding(read: EnvFileRead, call: CitedCall | None, missing: str) -> Finding:
    what = f"{call.action} on '{abridged(call.resource)}'" if call else "reading it"
    return Finding(
        at=read.file.value.place,
        message=f"environment file of {read.container}: {what} cannot be decided without {missing}",
        label="undetermined",
        call=call,
        cause="undetermined",
        help="check the templates together, or hand over parameter values with --params",
    )
