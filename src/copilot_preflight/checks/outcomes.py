"""What becomes of each call in all scenarios together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from copilot_preflight.access.decide import Decision
from copilot_preflight.base.finding import CallCounts, Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.needs.need import Need, NeededCall

Proved = Literal["allowed", "denied", "undetermined"]


class CallOutcome(NamedTuple):
    """A call in all scenarios: ``"denied"`` in one of them, ``"allowed"`` in all, or neither.

    There are no decisions where the run has no role for it: it is denied where a role is needed and
    none is named, and undetermined where the role is outside the run.
    """

    need: Need
    needed: NeededCall
    decisions: tuple[Decision, ...] = ()

    @property
    def outcome(self) -> Proved:
        if not self.decisions:
            return "denied" if self.need.role_value is None else "undetermined"
        if any(decision.is_denied for decision in self.decisions):
            return "denied"
        is_certain = all(decision.outcome is Outcome.ALLOWED for decision in self.decisions)
        return "allowed" if is_certain else "undetermined"

    @property
    def granting(self) -> Iterator[Place]:
        """The statements of the role that allow the call."""
        return (statement.place for decision in self.decisions for statement in decision.granting)

    @property
    def deciding(self) -> Iterator[Place]:
        return (statement.place for decision in self.decisions for statement in decision.deciding)


def outcomes_of(decisions: Iterable[Decision]) -> list[CallOutcome]:
    """The calls that some decisions are about, each once; one on two resources is two."""
    by_call: dict[object, list[Decision]] = {}
    for decision in decisions:
        call = decision.call
        key = (call.need.key, call.role.place, call.action, str(call.resource))
        by_call.setdefault(key, []).append(decision)
    return [
        CallOutcome(same[0].call.need, same[0].call.needed, tuple(same))
        for same in by_call.values()
    ]


def every_call(needs: Iterable[Need], decisions: Iterable[Decision]) -> list[CallOutcome]:
    """The calls of a template, each once, those without a role last.

    What needs no role and names none makes no call that anybody knows of.
    """
    without: dict[object, CallOutcome] = {}
    for need in needs:
        if need.role is None and (need.role_value is not None or need.needs_role):
            for needed in need.calls:
                key = (need.key, needed.action, str(needed.resource))
                without.setdefault(key, CallOutcome(need, needed))
    return [*outcomes_of(decisions), *without.values()]


def counted(calls: Iterable[CallOutcome]) -> CallCounts:
    """How many calls are allowed, denied, or neither; those that may as well fail do not count."""
    outcomes: list[str] = [it.outcome for it in calls if not it.needed.is_optional]
    return CallCounts(*map(outcomes.count, ("allowed", "denied", "undetermined")))
