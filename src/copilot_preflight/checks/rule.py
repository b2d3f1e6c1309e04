"""What a rule is: an id, a name, a title, and a function from an analysis to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Finding, Severity, severity_of
from copilot_preflight.checks.analysis import Analysis

Check = Callable[[Analysis], Iterator[Finding]]

_PAGES: Final = (
    "https://github.com/copilot-preflight/copilot-preflight/blob/main/rules/copilot_preflight_rules"
)


class Rule(NamedTuple):
    """A rule; the letter of its id is its severity, its name states the defect."""

    id: str
    name: str
    title: str
    check: Check

    @property
    def severity(self) -> Severity:
        return severity_of(self.id)

    @property
    def url(self) -> str:
        return f"{_PAGES}/{self.page}"

    @property
    def page(self) -> str:
        """The file name of the rule's page, beside its code."""
        return f"{self.name.replace('-', '_')}.md"

    def __call__(self, analysis: Analysis) -> Iterator[Finding]:
        """The rule's findings, with its identity filled in."""
        for finding in self.check(analysis):
            yield finding._replace(rule=self.id, name=self.name, url=self.url)


def rule(id: str, name: str, title: str) -> Callable[[Check], Rule]:
    """Makes a rule of a function: ``@rule("E9712", "env-file-stale-grant", "…")``."""
    return lambda check: Rule(id, name, title, check)


ELSEWHERE: Final = " "
"""What a rule is listed with whose findings are made elsewhere, when all others have looked."""


class RuleEntry(NamedTuple):
    """A rule as the catalogue lists it: it is loaded when it has something to look at.

    ``only_with`` says what there must be for the rule to find anything: one of some parts of an
    `Analysis` that are not empty, or types of resource that are there, with blanks between them;
    ``""`` where it must always look.
    """

    id: str
    name: str
    only_with: str = ""

    @property
    def severity(self) -> Severity:
        return severity_of(self.id)

    def load(self) -> Rule:
        """The rule, out of the module that bears its name."""
        stem = self.name.replace("-", "_")
        found: Rule = getattr(import_module(f"copilot_preflight_rules.{stem}"), stem)
        return found

    def __call__(self, analysis: Analysis) -> Iterator[Finding]:
        if self._has_something(analysis):
            yield from self.load()(analysis)

    def _has_something(self, analysis: Analysis) -> bool:
        return not self.only_with or any(
            analysis.stack.has(name) if name.startswith("AWS::") else getattr(analysis, name)
            for name in self.only_with.split()
        )
