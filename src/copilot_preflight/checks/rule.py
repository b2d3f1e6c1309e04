"""What a rule is: an id, a name, a title, and a function from an analysis to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Final, Literal

from copilot_preflight.base.finding import Finding, Severity, severity_of
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.checks.analysis import Analysis

Check = Callable[[Analysis], Iterator[Finding]]

_PAGES: Final = (
    "https://github.com/copilot-preflight/copilot-preflight/blob/main/rules/copilot_preflight_rules"
)


FixKind = Literal["", "safe", "review", "safe or review"]
"""The applicability of the fixes that a rule's findings may have, ``""`` where none has any."""


class Rule(NamedTuple):
    """A rule; the letter of its id is its severity, its name states the defect.

    ``no_fix`` is why a finding has no fix that does not say it itself: a clause, no full stop.
    """

    id: str
    name: str
    title: str
    check: Check
    fix: FixKind = ""
    no_fix: str = ""

    @property
    def severity(self) -> Severity:
        return severity_of(self.id)

    @property
    def url(self) -> str:
        return f"{_PAGES}/{self.page}"

    @property
    def way_out(self) -> str:
        """Whether its findings can be fixed, for a list: ``fix: safe``, ``no fix: <reason>``."""
        return f"fix: {self.fix}" if self.fix else f"no fix: {self.no_fix}"

    @property
    def page(self) -> str:
        """The file name of the rule's page, next to its code."""
        return f"{self.name.replace('-', '_')}.md"

    def __call__(self, analysis: Analysis) -> Iterator[Finding]:
        """The rule's findings, with its identity filled in."""
        for finding in self.check(analysis):
            yield finding._replace(rule=self.id, name=self.name, url=self.url)


def rule(
    id: str, name: str, title: str, *, fix: FixKind = "", no_fix: str = ""
) -> Callable[[Check], Rule]:
    """Makes a rule of a function: ``@rule("E9712", "env-file-stale-grant", "…", fix="safe")``."""
    return lambda check: Rule(id, name, title, check, fix, no_fix)


Part = Literal[
    "bucket_mismatches",
    "denials",
    "drifts",
    "invalid_reads",
    "manifest",
    "needs_without_calls",
    "needs_without_role",
    "object_mismatches",
    "overrides",
    "possible_denials",
    "unknown_references",
    "reads",
    "reads_of_known_buckets",
    "reads_of_manifest",
    "refused_on_the_way",
    "refused_pulls",
    "stranded",
    "unawaited",
]
"""The parts of an `Analysis` that rules look at."""


@cache
def _load(name: str) -> Rule:
    stem = name.replace("-", "_")
    found: Rule = getattr(import_module(f"copilot_preflight_rules.{stem}"), stem)
    return found


class RuleEntry(NamedTuple):
    """A rule as the catalogue lists it: it is loaded when it has something to look at.

    ``parts`` and ``resources`` say what there must be for the rule to find anything: one of some
    parts of an `Analysis` that are not empty, and one of some types of resource. With neither it
    always looks. ``is_last``: its findings are made when all other rules have looked, at a whole
    run.
    """

    id: str
    name: str
    parts: tuple[Part, ...] = ()
    resources: tuple[str, ...] = ()
    is_last: bool = False

    @property
    def severity(self) -> Severity:
        return severity_of(self.id)

    @property
    def is_comparing(self) -> bool:
        """Whether it finds something only where two releases are compared."""
        return self.parts == ("stranded",)

    def load(self) -> Rule:
        """The rule, out of the module that bears its name."""
        return _load(self.name)

    def __call__(self, analysis: Analysis) -> Iterator[Finding]:
        if self._has_something(analysis):
            yield from self.load()(analysis)

    def _has_something(self, analysis: Analysis) -> bool:
        if self.is_last:
            return False
        if self.resources and not any(map(analysis.stack.has, self.resources)):
            return False
        return not self.parts or any(getattr(analysis, part) for part in self.parts)
