"""What silences which finding, and which suppressions silence nothing.

A suppression stands in a YAML comment, in cfn-lint's ``Metadata`` or in the configuration file. It
names one rule and has a scope. The baseline, which nobody writes by hand, is in ``baseline``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Finding, Place, Position, Silenced
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

RULE: Final = next(rule for rule in CATALOGUE if rule.name == UNUSED)


class Met(NamedTuple):
    """A finding and the suppressions that it falls under, by their numbers in a run.

    ``order`` says where a finding on a suppression is told among the others.
    """

    finding: Finding
    by: Sequence[int]
    order: tuple[int, ...] = ()


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
    written = Written(sources, outside, looks, metadata=metadata)
    suppressions = dict(enumerate(written.suppressions))
    over = written.over(today or date())
    return settled(
        (written.met(*finding, over) for finding in findings),
        suppressions,
        over=over,
        void=[*written.faults(), *filter(None, map(written.expired, sorted(over)))],
        unused=lambda number: written.unused(number) if is_whole else None,
    )


def date() -> str:
    """Today's, for suppressions that end."""
    return time.strftime("%Y-%m-%d")


def settled(
    findings: Iterable[Met],
    suppressions: Mapping[int, Suppression],
    *,
    over: Collection[int],
    void: Sequence[Met],
    unused: Callable[[int], Met | None],
) -> tuple[list[Finding], list[Silenced]]:
    """Which findings are reported and which are silenced, where it is known what each falls under.

    ``over`` are the suppressions that count no more. ``void`` are the findings on suppressions that
    cannot count, and ``unused`` is that on one which silences nothing, None where it may.
    """
    sieve = _Sieve(suppressions, over)
    sieve.sift(findings)
    idle = sieve.unused()
    told = [found for n in idle if suppressions[n].rule != RULE.id and (found := unused(n))]
    sieve.sift(sorted([*void, *told], key=lambda met: met.order))
    # Now those that could have silenced one of these: they must not silence their own finding.
    left = set(sieve.unused())
    for number in idle:
        if number in left and suppressions[number].rule == RULE.id and (found := unused(number)):
            sieve.left[found.finding.identity] = found.finding
    return list(sieve.left.values()), sieve.silenced


class Written:
    """The suppressions that are written in the files of a run and in its configuration."""

    def __init__(
        self,
        sources: Mapping[str, Document],
        outside: Iterable[Suppression],
        looks: Callable[[str, str], bool],
        *,
        metadata: bool = True,
    ) -> None:
        self.suppressions: list[Suppression] = list(outside)
        self._faults: list[Finding] = []
        self._sources = sources
        self._files = {file: number for number, file in enumerate(sources)}
        self._looks = looks
        for source in sources.values():
            for item in in_comments(source):
                if isinstance(item, Finding):
                    self._faults.append(item)
                else:
                    self.suppressions.append(item)
            self.suppressions += in_metadata(source) if metadata else ()

    def over(self, today: str) -> frozenset[int]:
        """The numbers of those that have ended."""
        return frozenset(n for n, it in enumerate(self.suppressions) if is_over(it.until, today))

    def met(self, finding: Finding, template: str, over: Collection[int] = ()) -> Met:
        """A finding in a template, and what it falls under."""
        place = FindingPlace(finding.at, template, self._sources)
        hits = [
            n
            for n, item in enumerate(self.suppressions)
            if finding.rule.startswith(item.rule) and n not in over and item.scope.has(place)
        ]
        return Met(finding, hits)

    # --- findings on suppressions ------------------------------------------------------------

    def faults(self) -> Iterator[Met]:
        """Those on comments that are no suppression, though they are meant for one."""
        return filter(None, (self._told(it, 0, n) for n, it in enumerate(self._faults)))

    def expired(self, number: int) -> Met | None:
        """What is told of a suppression that has ended."""
        return self._told(_expired(self.suppressions[number]), 1, number)

    def unused(self, number: int) -> Met | None:
        """What is told of a suppression that silences nothing."""
        item = self.suppressions[number]
        return (
            self._told(_unused(item), 2, number) if self._looks(item.rule, item.at.file) else None
        )

    def _told(self, finding: Finding, *rank: int) -> Met | None:
        """A finding under the rule that reports it; the file that it stands in is the template."""
        at = finding.at
        if not self._looks(RULE.id, at.file):
            return None
        identified = finding._replace(rule=RULE.id, name=RULE.name, url=RULE.load().url)
        order = (self._files.get(at.file, -1), *_start(at, self._sources), *rank)
        return self.met(identified, at.file)._replace(order=order)


class _Sieve:
    """Lets through what nothing silences; what two templates share, if one of them does not."""

    def __init__(self, suppressions: Mapping[int, Suppression], over: Collection[int]) -> None:
        self._suppressions = suppressions
        self._over = over
        self._used: set[int] = set()
        self._taken: dict[object, Silenced] = {}
        self.left: dict[object, Finding] = {}

    def unused(self) -> list[int]:
        """The suppressions that have silenced nothing so far."""
        return [n for n in self._suppressions if n not in self._used and n not in self._over]

    @property
    def silenced(self) -> list[Silenced]:
        return [silenced for key, silenced in self._taken.items() if key not in self.left]

    def sift(self, findings: Iterable[Met]) -> None:
        for finding, by, _ in findings:
            hits = [n for n in by if n not in self._over]
            self._used.update(hits)
            if hits:
                first = self._suppressions[hits[0]]
                silenced = Silenced(finding, first.kind, first.reason, first.at)
                self._taken.setdefault(finding.identity, silenced)
            else:
                self.left[finding.identity] = finding


def _start(at: Place, sources: Mapping[str, Document]) -> Position:
    source = sources.get(at.file)
    return source.span(at.path).start if source else Position(1, 1)


def is_over(until: str, today: str) -> bool:
    """Whether a month or a day is over on a date."""
    return bool(until) and today[: len(until)] > until


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
