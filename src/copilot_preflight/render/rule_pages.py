"""The rules that a report speaks of, with what their pages say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import copilot_preflight_rules
from copilot_preflight.base.finding import Finding, Severity, severity_of
from copilot_preflight_rules import CATALOGUE

_LONGEST = 1024  # characters of a description that GitHub takes


class RulePage(NamedTuple):
    """A rule as others show it. ``page`` is Markdown, ``""`` for a rule that is not ours."""

    id: str
    name: str
    title: str
    description: str
    url: str
    page: str

    @property
    def severity(self) -> Severity:
        return severity_of(self.id)


def pages_of(findings: Iterable[Finding]) -> dict[str, RulePage]:
    """The rules of some findings by their id, in catalogue order.

    Only those, which are loaded by now: the whole catalogue with its pages is a quarter of a
    megabyte.
    """
    by_rule = {finding.rule: finding for finding in findings}
    pages = {entry.id: _page(entry.id) for entry in CATALOGUE if entry.id in by_rule}
    for id, finding in by_rule.items():
        if id not in pages:
            name = finding.name or id
            pages[id] = RulePage(id, name, name, name, finding.url, "")
    return pages


def _page(id: str) -> RulePage:
    rule = next(entry for entry in CATALOGUE if entry.id == id).load()
    file = Path(copilot_preflight_rules.__file__).with_name(rule.page)
    page = file.read_text(encoding="utf-8")
    return RulePage(rule.id, rule.name, rule.title, description(page), rule.url, page)


def description(page: str) -> str:
    """A page's summary line, and as much of "What it does" as a description may hold."""
    summary = page.split("\n", 3)[2]
    section = page.partition("\n## What it does\n")[2].partition("\n## ")[0]
    text = summary
    for paragraph in section.strip().split("\n\n"):
        longer = f"{text}\n\n{paragraph}"
        if len(longer) > _LONGEST:
            break
        text = longer
    return text
