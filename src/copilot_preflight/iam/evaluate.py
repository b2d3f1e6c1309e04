"""IAM's decision on one request, with answers that admit what is not known.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.base.wildcards import wildcard_match
from copilot_preflight.iam import conditions
from copilot_preflight.iam.policy import (
    Entry,
    Fact,
    Match,
    Statement,
    filled,
    matches,
    missing_values,
)
from copilot_preflight.iam.resources import covers


class Outcome(Enum):
    """What IAM answers. The denials and ALLOWED are proved; UNDETERMINED names missing facts."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicitDeny"
    EXPLICIT_DENY = "explicitDeny"
    UNDETERMINED = "undetermined"

    @property
    def is_denied(self) -> bool:
        return self in (Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY)


class Request(NamedTuple):
    """A call: ``action`` is spelt out (``"s3:GetObject"``).

    ``context`` maps lower-case condition keys to their values; a key that is not in it is unknown.
    """

    action: str
    resource: Text
    context: Mapping[str, tuple[Text, ...]] = MappingProxyType({})


class Verdict(NamedTuple):
    """An outcome, the statements that made it so, and the facts that are missing."""

    outcome: Outcome
    deciding: tuple[Statement, ...] = ()
    facts: tuple[Fact, ...] = ()


def evaluate(statements: Iterable[Statement], request: Request) -> Verdict:
    """The verdict of policies that all apply to the principal."""
    denies: list[tuple[Statement, Match]] = []
    allows: list[tuple[Statement, Match]] = []
    for statement in statements:
        answer = applies(statement, request)
        if answer.verdict is False:
            continue
        if statement.effect not in ("Allow", "Deny"):
            answer = Match(None, (Fact("value", "Effect"), *answer.facts))
        if statement.effect != "Allow":
            denies.append((statement, answer))
        if statement.effect != "Deny":
            allows.append((statement, answer))
    if certain := _certain(denies):
        return Verdict(Outcome.EXPLICIT_DENY, certain)
    certain = _certain(allows)
    if certain and not denies:
        return Verdict(Outcome.ALLOWED, certain)
    if not allows:
        return Verdict(Outcome.IMPLICIT_DENY)
    open_ones = denies if certain else [*allows, *denies]
    facts = tuple(dict.fromkeys(fact for _, answer in open_ones for fact in answer.facts))
    return Verdict(Outcome.UNDETERMINED, tuple(statement for statement, _ in open_ones), facts)


def _certain(answers: Sequence[tuple[Statement, Match]]) -> tuple[Statement, ...]:
    return tuple(statement for statement, answer in answers if answer.verdict)


CERTAIN: Final = Match(True)
NOT_COVERED: Final = Match(False, why="no resource covers it")
EXCLUDED: Final = Match(False, why="NotResource leaves it out")


def applies(statement: Statement, request: Request, covered: Match | None = None) -> Match:
    """Whether a statement speaks of a request; its principals are not looked at.

    ``covered`` is what `covers_action` said of it, where that is known already.
    """
    covered = covered or covers_action(statement, request.action)
    if covered.verdict is False:
        return covered
    reached = covers_resource(statement, request)
    if reached.verdict is False:
        return reached
    held = conditions.hold(statement.clauses, request.context) if statement.clauses else CERTAIN
    return together(statement, covered, reached, held)


def together(statement: Statement, covered: Match, reached: Match, held: Match) -> Match:
    """What action, resource and conditions of a statement say together; only the last may be no."""
    if held.verdict is False:
        return held
    if not (statement.conditions or covered.facts or reached.facts or held.facts):
        return CERTAIN
    facts = [Fact("condition", name) for name in statement.conditions]
    return Match(None, (*facts, *covered.facts, *reached.facts, *held.facts))


def covers_action(statement: Statement, action: str) -> Match:
    """Whether Action/NotAction covers an action; names are compared without case."""
    asked = action.lower()
    if statement.not_actions:
        return _excluded_by("NotAction", _any_action(statement.not_actions, asked))
    answer = _any_action(statement.actions, asked)
    return Match(False, why=f"no action covers {action}") if answer.verdict is False else answer


def covers_resource(statement: Statement, request: Request) -> Match:
    """Whether Resource/NotResource covers an ARN.

    Every policy but a trust policy must have one of them; where neither is left, AWS refuses the
    policy, and nothing is known of the access that it gives.
    """
    if not statement.resources and not statement.not_resources:
        is_trust = statement.principals and request.action.lower().startswith("sts:")
        return CERTAIN if is_trust else Match(None, (Fact("value", "Resource"),))
    entries = filled(statement.not_resources or statement.resources, request.context)
    covered = _any_resource(entries, request.resource, statement)
    if statement.not_resources:
        return EXCLUDED if covered.verdict else _excluded_by("NotResource", covered)
    return NOT_COVERED if covered.verdict is False else covered


def _any_action(entries: Sequence[Entry], asked: str) -> Match:
    """Whether one of the names of actions, which have no case, covers one in lower case."""
    for entry in entries:  # nearly all are known, and certain
        known = entry.text.literal
        if known is None or entry.conditions or not known.isascii():
            break
        if wildcard_match(known.lower(), asked):
            return CERTAIN
    else:
        return _NO
    return _any(((entry, _names(entry.text, asked)) for entry in entries), Text.of(asked))


_NO: Final = Match(False)


def _names(pattern: Text, asked: str) -> bool | None:
    known = pattern.literal
    if known is not None and known.isascii():  # as nearly all are
        return wildcard_match(known.lower(), asked)
    return matches(pattern.lower(), Text.of(asked))


def _any_resource(entries: Iterable[Entry], asked: Text, statement: Statement) -> Match:
    is_identity_based = statement.is_identity_based
    return _any(
        (
            (entry, covers(entry.text, asked, is_identity_based=is_identity_based))
            for entry in entries
        ),
        asked,
    )


def _any(answers: Iterable[tuple[Entry, bool | None]], target: Text) -> Match:
    """What patterns say together, each with whether it matches: one certain match is enough."""
    facts: list[Fact] = []
    for entry, verdict in answers:
        if verdict is False:
            continue
        if verdict and not entry.conditions:
            return CERTAIN
        facts += (Fact("condition", name) for name in entry.conditions)
        if verdict is None:
            facts += missing_values(entry.text, target) or (
                Fact("fact", f"how AWS reads '{entry.text}'"),
            )
    return Match(None, tuple(facts)) if facts else Match(False)


def _excluded_by(element: str, answer: Match) -> Match:
    if answer.verdict is None:
        return answer
    return Match(not answer.verdict, why=f"{element} leaves it out" if answer.verdict else "")
