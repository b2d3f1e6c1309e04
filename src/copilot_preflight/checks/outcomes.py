"""What becomes of each call in all scenarios together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from copilot_preflight.access.decide import Decision
from copilot_preflight.base.finding import CallCounts, Place
from copilot_preflight.iam.evaluate import Outcome


class CallOutcome(NamedTuple):
    """A call in all scenarios: ``"denied"`` in one of them, ``"allowed"`` in all, or neither."""

    decisions: tuple[Decision, ...]

    @property
    def outcome(self) -> str:
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
    """The calls that some decisions are about, each once."""
    by_call: dict[object, list[Decision]] = {}
    for decision in decisions:
        call = decision.call
        by_call.setdefault((call.need.key, call.who, call.action), []).append(decision)
    return [CallOutcome(tuple(same_call)) for same_call in by_call.values()]


def counted(decisions: Iterable[Decision]) -> CallCounts:
    """How many calls are allowed, denied, or neither; those that may as well fail do not count."""
    needed = (it for it in decisions if not it.call.needed.is_optional)
    outcomes = [call.outcome for call in outcomes_of(needed)]
    return CallCounts(*map(outcomes.count, ("allowed", "denied", "undetermined")))
