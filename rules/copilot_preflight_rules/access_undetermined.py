"""I9790: a call that cannot be decided, and the fact that is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_preflight.analysis import Analysis, abridged, cited
from copilot_preflight.finding import CitedCall, Finding
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.policy import Fact
from copilot_preflight.needs.need import Need
from copilot_preflight.rule import rule

_WORDS = {
    "condition": "the outcome of condition '{}'",
    "value": "the value of '{}'",
    "context": "the request's condition key '{}'",
    "document": "{}, which is outside the run",
    "attachment": "knowing whether policy '{}' attaches to the role",
    "resource-policy": "the policy of {}, which is outside the run",
    "boundary": "permissions boundary '{}', which is outside the run",
    "fact": "knowing {}",
}
_GIVE_VALUES = "hand over parameter values, with --params FILE or --parameter NAME=VALUE"
_HELP = {
    "condition": _GIVE_VALUES,
    "value": _GIVE_VALUES,
    "context": "see for yourself whether the request meets that condition",
    "document": "check it together with the template that has it, or hand its policy over, with "
    "--policy NAME_OR_ARN=FILE",
    "attachment": _GIVE_VALUES,
    "resource-policy": "check it together with the template that has it, or hand the policy over, "
    "with --policy NAME_OR_ARN=FILE",
    "boundary": "check it together with the template that has it, or hand the policy over, with "
    "--policy NAME_OR_ARN=FILE",
    "fact": "see for yourself",
}


@rule("I9790", "access-undetermined", "Access cannot be decided from the files")
def access_undetermined(analysis: Analysis) -> Iterator[Finding]:
    for need in analysis.needs_once():
        if need.role is None and need.role_value is not None:
            role = abridged(need.role_value.text())
            yield _finding(need, [], [Fact("document", f"{need.user} role '{role}'")])
    open_calls: dict[object, list[tuple[Need, CitedCall, tuple[Fact, ...]]]] = {}
    seen = set()
    for decision in analysis.decisions:
        need, key = decision.call.need, (decision.call.need.key, decision.call.action)
        if decision.outcome is Outcome.UNDETERMINED and key not in seen:
            seen.add(key)
            entry = (need, cited(decision.call), decision.facts[:3])
            open_calls.setdefault((need.key, decision.facts[:3]), []).append(entry)
    for group in open_calls.values():
        need, _, facts = group[0]
        yield _finding(need, [call for _, call, _ in group], facts)


def _told(fact: Fact) -> str:
    return _WORDS[fact.kind].format(fact.name)


def _finding(need: Need, calls: Sequence[CitedCall], facts: Sequence[Fact]) -> Finding:
    missing = " and ".join(dict.fromkeys(map(_told, facts)))
    what = " and ".join(f"{call.action} on '{abridged(call.resource)}'" for call in calls)
    return Finding(
        at=need.place,
        message=f"{need.subject}: {what or 'access'} cannot be decided without {missing}",
        label="undetermined",
        call=calls[0] if calls else None,
        cause="undetermined",
        help="\n".join(dict.fromkeys(_HELP[fact.kind] for fact in facts)),
    )
