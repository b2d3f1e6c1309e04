"""IAM's decision on one request, with answers that admit what is not known.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import conditions
from copilot_preflight.iam.policy import (
    Clause,
    Entry,
    Fact,
    Match,
    Statement,
    fill_variables,
    matches,
    missing_values,
)


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
    held = CERTAIN
    if statement.clauses:
        held = conditions.hold(_filled(statement.clauses, request), request.context)
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
    target = Text.of(action.lower())
    if statement.not_actions:
        return _excluded_by("NotAction", _any(statement.not_actions, target, ignore_case=True))
    answer = _any(statement.actions, target, ignore_case=True)
    return answer._replace(why=f"no action covers {action}") if answer.verdict is False else answer


def covers_resource(statement: Statement, request: Request) -> Match:
    """Whether Resource/NotResource covers an ARN.

    Every policy but a trust policy must have one of them; where neither is left, AWS refuses the
    policy, and nothing is known of the access that it gives.
    """
    if not statement.resources and not statement.not_resources:
        is_trust = statement.principals and request.action.lower().startswith("sts:")
        return CERTAIN if is_trust else Match(None, (Fact("value", "Resource"),))
    if statement.not_resources:
        # What an exception for a variable that is not sent leaves out, AWS does not say.
        entries = _entries(statement.not_resources, request, keep=True)
        covered = _any(entries, request.resource)
        return EXCLUDED if covered.verdict else _excluded_by("NotResource", covered)
    answer = _any(_entries(statement.resources, request), request.resource)
    return NOT_COVERED if answer.verdict is False else answer


def _entries(entries: Iterable[Entry], request: Request, *, keep: bool = False) -> Iterator[Entry]:
    """Entries with their policy variables filled; one whose variable is not sent matches nothing.

    ``keep`` leaves such an entry open instead.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    for entry in entries:
        if entry.text.literal is not None:
            yield entry
        elif (text := fill_variables(entry.text, request.context)) is not None:
            yield entry if text is entry.text else entry._replace(text=text)
        elif keep:
            yield entry


def _filled(clauses: Iterable[Clause], request: Request) -> Iterator[Clause]:
    for clause in clauses:
        if all(value.text.literal is not None for value in clause.values):
            yield clause
        else:
            yield clause._replace(values=tuple(_entries(clause.values, request)))


def _any(entries: Iterable[Entry], target: Text, *, ignore_case: bool = False) -> Match:
    """Whether one of the patterns matches: one certain match is enough."""
    facts: list[Fact] = []
    for entry in entries:
        verdict = matches(entry.text.lower() if ignore_case else entry.text, target)
        if verdict is False:
            continue
        if verdict and not entry.conditions:
            return CERTAIN
        facts += (Fact("condition", name) for name in entry.conditions)
        if verdict is None:
            facts += missing_values(entry.text, target)
    return Match(None, tuple(facts)) if facts else Match(False)


def _excluded_by(element: str, answer: Match) -> Match:
    if answer.verdict is None:
        return answer
    return Match(not answer.verdict, why=f"{element} leaves it out" if answer.verdict else "")
