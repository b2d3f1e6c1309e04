"""Statements read once, for as many requests as there are.

A statement whose strings are all known is asked about a known ARN in one look: a set of ARNs, a
few beginnings, one regular expression. Whatever has a hole takes the way of `iam.evaluate`. Both
give the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from copilot_preflight.base.symbolic import Text
from copilot_preflight.base.wildcards import regex_of
from copilot_preflight.iam.conditions import Test, all_hold
from copilot_preflight.iam.evaluate import (
    CERTAIN,
    EXCLUDED,
    NOT_COVERED,
    Request,
    applies,
    covers_resource,
    together,
)
from copilot_preflight.iam.policy import Entry, Match, Statement
from copilot_preflight.iam.principals import Caller, Naming, naming
from copilot_preflight.iam.resources import is_plain

_WILDCARD: Final = re.compile(r"[*?]")

_SEVERAL: Final = 4
"""Resources of a statement from which on they are looked up by what they are spelt like."""


class Patterns:
    """Patterns without holes, asked about known strings. Answers as `text.match` does."""

    __slots__ = ("_beginnings", "_exact", "_heads", "_last", "_others", "_regex")

    def __init__(self, patterns: Iterable[str]) -> None:
        exact, beginnings, heads = set[str](), list[str](), list[str]()
        self._others: list[str] = []
        self._regex: re.Pattern[str] | None = None
        for pattern in patterns:
            wildcard = _WILDCARD.search(pattern)
            if wildcard is None:
                exact.add(pattern)
            elif pattern[wildcard.start() :] == "*":
                beginnings.append(pattern[:-1])
            else:
                heads.append(pattern[: wildcard.start()])
                self._others.append(pattern)
        self._last: tuple[str | None, bool] = (None, False)
        self._exact = frozenset(exact)
        self._beginnings = tuple(beginnings)
        self._heads = tuple(heads)

    def match(self, known: str) -> bool:
        """Whether one of the patterns matches the whole string."""
        return (
            known in self._exact
            or known.startswith(self._beginnings)
            or (known.startswith(self._heads) and self._match_others(known))
        )

    def _match_others(self, known: str) -> bool:
        # Compiled late: in a check, most ARNs begin otherwise.
        if self._regex is None:
            self._regex = re.compile("|".join(map(regex_of, self._others)))
        # A simulation asks twice about one ARN: to decide, and to explain.
        if self._last[0] is not known:
            self._last = known, self._regex.match(known) is not None
        return self._last[1]


class Prepared:
    """A statement, made ready."""

    __slots__ = ("_by_text", "_inverse", "_named", "_patterns", "_reached", "_tests", "statement")

    def __init__(self, statement: Statement) -> None:
        self.statement: Final = statement
        self._inverse = bool(statement.not_resources)
        self._patterns = _known(statement.not_resources or statement.resources)
        values = (value for clause in statement.clauses for value in clause.values)
        plain = all(value.text.literal is not None for value in values)
        self._tests = tuple(map(Test, statement.clauses)) if plain else None
        self._named: tuple[Caller, bool | None, tuple[Naming, Naming]] | None = None
        self._by_text: dict[Text, Entry] | None = None
        self._reached: tuple[Request, Match] | None = None

    def reach(self, request: Request, known: str | None) -> Match:
        """Whether Resource/NotResource covers the ARN.

        ``known`` is the literal of the request's resource, which a caller looks up once.
        """
        if known is None or self._patterns is None:
            last = self._reached  # a request may be decided in brief first
            if last is None or last[0] is not request:
                found = self._reach_of_same(request) or covers_resource(self.statement, request)
                last = self._reached = request, found
            return last[1]
        if self._inverse:
            return EXCLUDED if self._patterns.match(known) else CERTAIN
        return CERTAIN if self._patterns.match(known) else NOT_COVERED

    def _reach_of_same(self, request: Request) -> Match | None:
        """What the entry that is spelt as the request says; None where that decides nothing.

        A role that may read a hundred secrets names each of them: one look instead of a hundred.
        """
        statement = self.statement
        if len(statement.resources) < _SEVERAL:
            return None
        if self._by_text is None:
            self._by_text = {it.text: it for it in statement.resources if not it.conditions}
        same = self._by_text.get(request.resource)
        if same is None:
            return None
        reached = covers_resource(statement._replace(resources=(same,)), request)
        return reached if reached.verdict else None

    def applies(self, request: Request, known: str | None, covered: Match) -> Match:
        """What `evaluate.applies` says of the statement."""
        if covered.verdict is False:
            return covered
        reached = self.reach(request, known)
        return reached if reached.verdict is False else self.holds(request, covered, reached)

    def holds(self, request: Request, covered: Match, reached: Match) -> Match:
        """Whether the statement applies to a request whose action and resource it covers."""
        if self._tests is None:
            return applies(self.statement, request, covered)
        context: Mapping[str, tuple[Text, ...]] = request.context
        held = all_hold(self._tests, context) if self._tests else CERTAIN
        return together(self.statement, covered, reached, held)

    def naming(self, caller: Caller, *, bounded: bool | None) -> tuple[Naming, Naming]:
        """What `principals.naming` says; the last caller is remembered."""
        named = self._named
        if named is None or named[0] is not caller or named[1] is not bounded:
            found = naming(self.statement, caller, bounded=bounded)
            named = self._named = caller, bounded, found
        return named[2]


def _known(entries: tuple[Entry, ...]) -> Patterns | None:
    """The patterns of entries that are all there for certain, spelt out, and read in one way."""
    literals = [entry.text.literal for entry in entries if not entry.conditions]
    spelt = [literal for literal in literals if literal is not None and is_plain(literal)]
    return Patterns(spelt) if spelt and len(spelt) == len(entries) else None
