"""Every call of a template with what decides it: the proof behind the counts of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from copilot_preflight.access.decide import Decision
from copilot_preflight.base.finding import LayerAnswer, Place, ProvedCall
from copilot_preflight.checks.outcomes import CallOutcome
from copilot_preflight.checks.wording.parts import abridged
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import Layer, Voice

MOST_MISSING: Final = 3
"""Facts, at most, that are named for an undecided call."""


def proof_of(calls: Iterable[CallOutcome]) -> tuple[ProvedCall, ...]:
    """The calls that `outcomes.counted` counts, in the order in which they are asked for."""
    return tuple(_proved(it) for it in calls if not it.needed.is_optional)


def _proved(outcome: CallOutcome) -> ProvedCall:
    if not outcome.decisions:
        return _without_role(outcome)
    decisive = [it for it in outcome.decisions if _is_decisive(it, outcome.outcome)]
    first = decisive[0]
    call = first.call
    facts = first.facts if outcome.outcome == "undetermined" else ()
    missing = tuple(f"{fact.kind} '{fact.name}'" for fact in facts[:MOST_MISSING])
    return ProvedCall(
        role=call.who,
        role_at=call.role.place,
        subject=call.need.subject,
        at=call.need.place,
        action=call.action,
        resource=str(call.resource),
        outcome=outcome.outcome,
        layers=tuple(_layers(decisive)),
        missing=missing,
    )


def _without_role(outcome: CallOutcome) -> ProvedCall:
    need, named = outcome.need, outcome.need.role_value
    role = f"no {need.user} role"
    role_at = need.place if need.task is None else need.task.place
    missing: tuple[str, ...] = ()
    if named is not None:
        role = f"{need.user} role '{abridged(named.text())}'"
        role_at = named.place
        missing = (f"{role}, which is outside the run",)
    return ProvedCall(
        role=role,
        role_at=role_at,
        subject=need.subject,
        at=need.place,
        action=outcome.needed.action,
        resource=str(outcome.needed.resource),
        outcome=outcome.outcome,
        missing=missing,
    )


def _is_decisive(decision: Decision, outcome: str) -> bool:
    """Whether a scenario is one of those that make a call what it is in all of them."""
    if outcome == "denied":
        return decision.is_denied
    return (decision.outcome is Outcome.ALLOWED) == (outcome == "allowed")


def _layers(decisions: Iterable[Decision]) -> Iterator[LayerAnswer]:
    """Each layer with its first answer, and the statements that give it in any of the scenarios."""
    answers: dict[tuple[Layer, int], str] = {}
    statements: dict[tuple[Layer, int], dict[Place, None]] = {}
    for decision in decisions:
        levels: dict[Layer, int] = {}
        for layer, voice in decision.ruling.voices:
            level = levels[layer] = levels.get(layer, 0) + 1  # SCPs: one for each level
            answer = answers.setdefault((layer, level), _answer(voice))
            places = statements.setdefault((layer, level), {})
            if _answer(voice) == answer:
                said = voice.denying if answer == "denies" else voice.allowing
                places.update(dict.fromkeys(it.place for it in said))
    for (layer, level), answer in answers.items():
        yield LayerAnswer(layer.value, answer, tuple(statements[layer, level]))


def _answer(voice: Voice) -> str:
    if voice.deny:
        return "denies"
    if voice.deny is None:
        return "undetermined"
    if voice.allow:
        return "allows"
    if voice.delegates:
        return "delegates"
    return "undetermined" if voice.allow is None or voice.delegates is None else "silent"
