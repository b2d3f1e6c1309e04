"""I9790: a call that cannot be decided, and the fact that is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_preflight.base.finding import CitedCall, Finding, Related
from copilot_preflight.base.symbolic import Text
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.parts import abridged, cited
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import ACCOUNTS
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.trust import Assumption
from copilot_preflight.needs.need import Need
from copilot_preflight.needs.unread import Unread, unread_resources

_WORDS = {
    "condition": "the outcome of condition '{}'",
    "value": "the value of '{}'",
    "context": "the request's condition key '{}'",
    "tag": "the tag '{}' of the resource",
    "document": "{}, which is outside the run",
    "attachment": "knowing whether policy '{}' attaches to the role",
    "resource-policy": "the policy of {}, which is outside the run",
    "boundary": "permissions boundary '{}', which is outside the run",
    "fact": "knowing {}",
    "answer": "the account's answer to '{}'",
    "absent": "{}, which the account does not have",
}
_GIVE_VALUES = "give parameter values, with --params FILE or --parameter NAME=VALUE"
_GIVE_REGION = "say where the stack is deployed, with --region REGION"
_GIVE_ACCOUNT = "say in which account the stack is deployed, with --account ID"
_PSEUDO = {
    "AWS::Region": _GIVE_REGION,
    "AWS::Partition": _GIVE_REGION,
    "AWS::URLSuffix": _GIVE_REGION,
    "AWS::AccountId": _GIVE_ACCOUNT,
    ACCOUNTS: _GIVE_ACCOUNT,
}
_HELP = {
    "condition": _GIVE_VALUES,
    "value": _GIVE_VALUES,
    "context": "no file can say what a request carries: a statement without that condition decides",
    "tag": "give the resource the tag in a template of this run; one that is set elsewhere shows "
    "in no file",
    "document": "check it together with the template that has it, or give its policy, with "
    "--policy NAME_OR_ARN=FILE",
    "attachment": _GIVE_VALUES,
    "resource-policy": "check it together with the template that has it, or give the policy, with "
    "--policy NAME_OR_ARN=FILE",
    "boundary": "check it together with the template that has it, or give the policy, with "
    "--policy NAME_OR_ARN=FILE",
    "fact": "no file can say that: look in the account",
    "answer": "put that answer into a file of the evidence",
    "absent": "make the role, or correct its name",
}

_MADE_UP = ("artifact key", "id of the build", "network interface")


@rule(
    "I9790",
    "access-undetermined",
    "Access cannot be decided from the files",
    no_fix="the fact that is missing is in no file",
)
def access_undetermined(analysis: Analysis) -> Iterator[Finding]:
    for unread in unread_resources(analysis.view):
        yield _not_judged(unread)
    for need in analysis.needs_once():
        if need.role is None and need.role_value is not None:
            yield _finding(need, [], [_missing_role(need, need.role_value.text())])
    open_calls: dict[object, list[tuple[Need, CitedCall, tuple[Fact, ...]]]] = {}
    seen = set()
    for decision in analysis.decisions:
        need, key = decision.call.need, (decision.call.need.key, decision.call.action)
        if decision.outcome is Outcome.UNDETERMINED and key not in seen:
            seen.add(key)
            facts = tuple(_tellable(decision.facts)[:3])
            entry = (need, cited(decision.call), facts)
            open_calls.setdefault((need.key, facts), []).append(entry)
    for group in open_calls.values():
        need, _, facts = group[0]
        yield _finding(need, [call for _, call, _ in group], facts)
    trusts = set()
    for assumption in analysis.assumptions:
        trust = assumption.role.place, assumption.use.caller, assumption.missing
        if assumption.missing and trust not in trusts:
            trusts.add(trust)
            yield _open_trust(assumption)


def _missing_role(need: Need, named: Text) -> Fact:
    """The role that no template has: where there are answers of the account, the one that is not.

    What the account has answered that it has not, no further answer brings.
    """
    account, name = need.view.run.outside.account, named.split("/").items[-1].literal
    if account is not None and name is not None and account.absent_role(named) is None:
        return Fact("answer", f"aws iam get-role --role-name {name}")
    role = f"{need.user} role '{abridged(named)}'"
    if account is not None and account.absent_role(named) is not None:
        return Fact("absent", role)
    return Fact("document", role)


def _open_trust(assumption: Assumption) -> Finding:
    use, role = assumption.use, assumption.role
    facts = _tellable(assumption.missing)[:3]
    missing = " and ".join(dict.fromkeys(map(_told, facts)))
    statement = assumption.naming
    return Finding(
        at=statement.place if statement is not None else role.trust_place,
        message=f"trust policy of {use.handover.what} {role}: whether {use.caller} may assume it "
        f"cannot be decided without {missing}",
        label="undetermined",
        related=(Related(use.value.place, f"used as the {use.handover.what} role"),),
        cause="undetermined",
        help="\n".join(dict.fromkeys(map(_way_out, facts))),
    )


def _not_judged(unread: Unread) -> Finding:
    return Finding(
        at=unread.place,
        message=f"{unread.who}: which calls '{unread.logical_id}' makes with which role is not "
        f"judged, as {unread.why}",
        label="not judged",
        cause="not-judged",
        help="see that its roles may pull the image, write the logs and read the secrets",
    )


def _tellable(facts: Sequence[Fact]) -> list[Fact]:
    """The facts that somebody can know, in the order in which they help: what is made up while a
    pipeline or a build runs is reported only where nothing else is open."""
    known = [fact for fact in facts if not fact.name.startswith(_MADE_UP)]
    return sorted(known or facts, key=_is_pseudo)


def _is_pseudo(fact: Fact) -> bool:
    """What is the deployment's own is reported last: it is the other value that is missing."""
    return fact.name.startswith("AWS::")


def _told(fact: Fact) -> str:
    kind = _kind(fact)
    if fact.name == ACCOUNTS:
        return f"knowing {ACCOUNTS}"
    return _WORDS[kind].format(fact.name.partition("/")[2] if kind == "tag" else fact.name)


def _kind(fact: Fact) -> str:
    is_tag = fact.kind == "context" and "resourcetag/" in fact.name.lower()
    return "tag" if is_tag else fact.kind


def _way_out(fact: Fact) -> str:
    kind = _kind(fact)
    return _PSEUDO.get(fact.name, _HELP[kind]) if kind == "value" else _HELP[kind]


def _account_knows(fact: Fact) -> bool:
    """Whether a snapshot of the account may have the fact: it is in no request, and no macro's."""
    kind = _kind(fact)
    if kind == "value":
        return "ImportValue" in fact.name
    return kind in ("tag", "resource-policy", "boundary", "answer") or (
        kind == "document" and not fact.name.startswith("what ")
    )


def _finding(need: Need, calls: Sequence[CitedCall], facts: Sequence[Fact]) -> Finding:
    missing = " and ".join(dict.fromkeys(map(_told, facts)))
    what = " and ".join(f"{call.action} on '{abridged(call.resource)}'" for call in calls)
    return Finding(
        at=need.place,
        message=f"{need.subject}: {what or 'access'} cannot be decided without {missing}",
        label="undetermined",
        call=calls[0] if calls else None,
        cause="undetermined",
        help="\n".join(dict.fromkeys(map(_way_out, facts))),
        account_knows=any(map(_account_knows, facts)),
    )
