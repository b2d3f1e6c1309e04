"""I9790: a call that cannot be decided, and the fact that is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_preflight.analysis import Analysis, abridged, cited
from copilot_preflight.env_files import EnvFileRead
from copilot_preflight.finding import CitedCall, Finding
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.policy import Fact
from copilot_preflight.rule import rule

_WORDS = {
    "condition": "the outcome of condition '{}'",
    "value": "the value of '{}'",
    "context": "the request's condition key '{}'",
    "document": "{}, which is outside the run",
    "attachment": "knowing whether policy '{}' attaches to the role",
    "resource-deny": "the Deny in resource policy '{}', which is not evaluated",
    "boundary": "permissions boundary '{}', which is not evaluated",
}
_HELP = {
    "condition": "hand over parameter values, with --params FILE or --parameter NAME=VALUE",
    "value": "hand over parameter values, with --params FILE or --parameter NAME=VALUE",
    "context": "see for yourself whether the request of ECS meets that condition",
    "document": "check it together with the template that has it, or look it up in IAM",
    "attachment": "hand over parameter values, with --params FILE or --parameter NAME=VALUE",
    "resource-deny": "see for yourself whether that statement covers the role",
    "boundary": "look up in IAM whether the boundary allows the call",
}


@rule("I9790", "access-undetermined", "Access cannot be decided from the files")
def access_undetermined(analysis: Analysis) -> Iterator[Finding]:
    for read in analysis.read_once():
        if read.task.execution_role is None:
            continue
        if read.role is None:
            role = abridged(read.task.execution_role.text())
            yield _finding(read, None, [Fact("document", f"execution role '{role}'")])
    seen = set()
    for decision in analysis.decisions:
        read = decision.call.read
        key = (read.file.value.path, decision.call.action)
        if decision.outcome is Outcome.UNDETERMINED and key not in seen:
            seen.add(key)
            yield _finding(read, cited(decision.call), decision.facts[:3])


def _told(fact: Fact) -> str:
    return _WORDS[fact.kind].format(fact.name)


def _finding(read: EnvFileRead, call: CitedCall | None, facts: Sequence[Fact]) -> Finding:
    missing = " and ".join(dict.fromkeys(map(_told, facts)))
    what = f"{call.action} on '{abridged(call.resource)}'" if call else "reading it"
    return Finding(
        at=read.file.value.place,
        message=f"environment file of {read.container}: {what} cannot be decided without {missing}",
        label="undetermined",
        call=call,
        cause="undetermined",
        help="\n".join(dict.fromkeys(_HELP[fact.kind] for fact in facts)),
    )
