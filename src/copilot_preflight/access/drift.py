"""Roles of the account that are not what the template says, by the calls that this changes.

The template is what will be deployed, so a role may differ because the change is still to come.
Where the account has answered which template it deployed last, that one decides: what the role of
the account and that template have in common is no drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from copilot_preflight.access.decide import Decision, decide_by
from copilot_preflight.base.finding import Place
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import Layer
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.account_roles import role_as_deployed
from copilot_preflight.model.deployed_stacks import template_as_deployed
from copilot_preflight.model.roles import Role, role_of
from copilot_preflight.resolve.value import TemplateError

ONLY_IN_ACCOUNT: Final = "only-in-account"
"""The cause of a drift where it is the account's role that allows more."""


class Drift(NamedTuple):
    """A call that two roles decide differently, both for certain, whatever other policies say.

    ``decision`` is by the template's role, ``in_account`` by the role that the account has made of
    it; with a ``policy``, by that policy of it alone, as not all of the role is known.
    """

    decision: Decision
    in_account: Decision
    policy: str = ""

    @property
    def is_granted_in_account(self) -> bool:
        """Whether it is the account's role that allows the call, and not the template's."""
        return bool(self.in_account.granting)

    @property
    def granting(self) -> tuple[Statement, ...]:
        """The statements that allow the call, of the one role that does."""
        return self.in_account.granting or self.decision.granting

    @property
    def denied(self) -> Decision:
        """The decision by the role that does not allow the call."""
        return self.decision if self.is_granted_in_account else self.in_account


def drifts(decisions: Iterable[Decision]) -> Iterator[Drift]:
    """Each call once that all scenarios of the template decide alike, and the account differently.

    Nothing where the run has no answers of the account.
    """
    for alike in _by_call(decisions):
        first = alike[0]
        answers = {_is_granted(it) for it in alike}
        if len(answers) != 1 or None in answers:
            continue
        role = role_as_deployed(first.call.view, first.call.role)
        if role is None:
            continue
        policy, in_account = "", decide_by(first.call, role)
        if _is_granted(in_account) is None:
            policy, in_account = _by_policy(first, role) or ("", in_account)
        if _is_granted(in_account) is (not _is_granted(first)) and not _is_to_come(first):
            yield Drift(first, in_account, policy)


def _is_granted(decision: Decision) -> bool | None:
    """Whether the role's own policies allow a call; None where that cannot be told."""
    if decision.granting:
        return True
    return False if decision.is_denied and decision.layer is Layer.IDENTITY else None


def _by_policy(decision: Decision, role: Role) -> tuple[str, Decision] | None:
    """The policy that allows a call by the template, and what it alone allows in the account.

    None where its answer is missing. Of what else the role has, not all need be known.
    """
    names = {statement.policy for statement in decision.granting}
    name = names.pop() if len(names) == 1 else ""
    own = tuple(it for it in role.statements if name and it.policy == name)
    if not own:
        return None
    alone = decide_by(decision.call, role._replace(statements=own, unread=()))
    return (name, alone) if alone.outcome is Outcome.IMPLICIT_DENY else None


def _by_call(decisions: Iterable[Decision]) -> Iterable[list[Decision]]:
    found: dict[tuple[object, str, Place], list[Decision]] = {}
    for it in decisions:
        key = (it.call.need.key, it.call.action, it.call.role.place)
        found.setdefault(key, []).append(it)
    return found.values()


def _is_to_come(decision: Decision) -> bool:
    """Whether the template that was deployed last may decide a call as the account does.

    Its parameters may have had other values. What cannot be told of it counts as such.
    """
    call = decision.call
    before = template_as_deployed(call.view)
    if before is None:
        return False
    try:
        role = role_of(before, call.role.logical_id)
        then = None if role is None else decide_by(call, _named_alike(role, call.role))
    except TemplateError:
        return True
    return then is None or _is_granted(then) is not _is_granted(decision)


def _named_alike(role: Role, other: Role) -> Role:
    """A role under the names of another, for policies that name it."""
    return role._replace(arn=other.arn, name=other.name, id=other.id)
