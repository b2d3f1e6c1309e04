"""What silences which finding, and which suppressions silence nothing.

A suppression stands in a YAML comment, in cfn-lint's ``Metadata`` or in the configuration file. It
names one rule and has a scope. The baseline, which nobody writes by hand, is in ``baseline``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from copilot_preflight.base.finding import Finding, Place, Position, Silenced
from copilot_preflight.checks.rule import RuleEntry
from copilot_preflight.read.document import Document
from copilot_preflight.run.suppress.cfnlint_metadata import in_metadata
from copilot_preflight.run.suppress.comments import in_comments
from copilot_preflight.run.suppress.suppression import (
    FindingPlace,
    Suppression,
    suppression_finding,
)
from copilot_preflight_rules import CATALOGUE

UNUSED: Final = "unused-suppression"
"""The rule that reports suppressions which silence nothing, whatever the cause."""


def sifted(
    findings: Iterable[tuple[Finding, str]],
    sources: Mapping[str, Document],
    *,
    outside: Iterable[Suppression] = (),
    looks: Callable[[str, str], bool],
    is_whole: bool = True,
    today: str = "",
    metadata: bool = True,
) -> tuple[list[Finding], list[Silenced]]:
    """Which findings, each with the file of its template, are reported, and which are silenced.

    Suppressions that silence nothing are reported too. ``looks`` says of a rule's id and a file
    whether the rule has looked at the file: only then can a suppression be unused, and only if the
    whole run was judged (``is_whole``). ``outside`` are the configuration's suppressions; ``today``
    is a date, by default the local one. In cfn-lint, the ``metadata`` is cfn-lint's own affair.
    """
    today = today or time.strftime("%Y-%m-%d")
    suppressions: list[Suppression] = list(outside)
    void: list[Finding] = []
    for source in sources.values():
        for item in in_comments(source):
            if isinstance(item, Finding):
                void.append(item)
            else:
                suppressions.append(item)
        suppressions += in_metadata(source) if metadata else ()
    void += (_expired(item) for item in suppressions if _is_over(item, today))
    sieve = _Sieve([item for item in suppressions if not _is_over(item, today)], sources)
    sieve.sift(findings)
    rule = next(rule for rule in CATALOGUE if rule.name == UNUSED)
    idle = [item for item in sieve.unused() if is_whole and looks(item.rule, item.at.file)]
    void += (_unused(item) for item in idle if item.rule != rule.id)
    files = {file: number for number, file in enumerate(sources)}
    void.sort(key=lambda finding: (files.get(finding.at.file, -1), _start(finding.at, sources)))
    sieve.sift(_under(rule, void, looks))
    # Now those that could have silenced one of these: they must not silence their own finding.
    idle = [item for item in sieve.unused() if item in idle and item.rule == rule.id]
    for finding, _ in _under(rule, map(_unused, idle), looks):
        sieve.left[finding.identity] = finding
    return list(sieve.left.values()), sieve.silenced


class _Sieve:
    """Lets through what nothing silences; what two templates share, if one of them does not."""

    def __init__(
        self, suppressions: Sequence[Suppression], sources: Mapping[str, Document]
    ) -> None:
        self._suppressions = suppressions
        self._sources = sources
        self._used: set[int] = set()
        self._taken: dict[object, Silenced] = {}
        self.left: dict[object, Finding] = {}

    def unused(self) -> list[Suppression]:
        """The suppressions that have silenced nothing so far."""
        return [item for n, item in enumerate(self._suppressions) if n not in self._used]

    @property
    def silenced(self) -> list[Silenced]:
        return [silenced for key, silenced in self._taken.items() if key not in self.left]

    def sift(self, findings: Iterable[tuple[Finding, str]]) -> None:
        for finding, template in findings:
            place = FindingPlace(finding.at, template, self._sources)
            hits = [
                n
                for n, item in enumerate(self._suppressions)
                if finding.rule.startswith(item.rule) and item.scope.has(place)
            ]
            self._used.update(hits)
            if hits:
                by = self._suppressions[hits[0]]
                silenced = Silenced(finding, by.kind, by.reason, by.at)
                self._taken.setdefault(finding.identity, silenced)
            else:
                self.left[finding.identity] = finding


def _start(at: Place, sources: Mapping[str, Document]) -> Position:
    source = sources.get(at.file)
    return source.span(at.path).start if source else Position(1, 1)


def _under(
    rule: RuleEntry, findings: Iterable[Finding], looks: Callable[[str, str], bool]
) -> Iterator[tuple[Finding, str]]:
    """Findings under the rule that reports them; the file that they stand in is the template."""
    for finding in findings:
        if looks(rule.id, finding.at.file):
            identified = finding._replace(rule=rule.id, name=rule.name, url=rule.load().url)
            yield identified, finding.at.file


def _is_over(suppression: Suppression, today: str) -> bool:
    return bool(suppression.until) and today[: len(suppression.until)] > suppression.until


# --- what silences nothing -----------------------------------------------------------------------


def _expired(suppression: Suppression) -> Finding:
    rule, until = suppression.rule, suppression.until
    when = "on" if len(until) > len("YYYY-MM") else "at the end of"
    message = f"suppression of {rule} expired {when} {until}"
    help = "put right what it silenced and remove it, or give it a new date"
    is_secret = suppression.is_secret
    return suppression_finding(suppression.at, "expired", message, help, is_secret=is_secret)


def _unused(suppression: Suppression) -> Finding:
    rule = suppression.rule
    message = f"suppression of {rule} silences nothing: there is no such finding here"
    help = f"remove it, or {rule} from it where it names several rules"
    is_secret = suppression.is_secret
    return suppression_finding(suppression.at, "unused", message, help, is_secret=is_secret)
