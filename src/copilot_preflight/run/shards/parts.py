"""What a shard says for those who join it with the others: plain data, for JSON.

It holds every finding of the share, with the suppressions that it falls under, whether they are
written in files of this share or not. What can be said of the whole run alone, such as that a
suppression silences nothing, is not said: each shard gives what it knows of it, and its share of
what all of them know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_preflight.base.finding import (
    CallCounts,
    Finding,
    InputError,
    Place,
    Source,
    Span,
)
from copilot_preflight.read.document import Document
from copilot_preflight.render import whole
from copilot_preflight.render.helps import Writer
from copilot_preflight.run.options import Options
from copilot_preflight.run.shards import fixes
from copilot_preflight.run.shards.digest import digest
from copilot_preflight.run.shards.excerpts import lines_of, quoted
from copilot_preflight.run.shards.share import Shard
from copilot_preflight.run.suppress.sieve import Met, Written, date

if TYPE_CHECKING:
    from copilot_preflight.run.judge import Judged
    from copilot_preflight.run.no_echo import Hidden
    from copilot_preflight.run.suppress.baseline import Baseline


class Seen(NamedTuple):
    """What is known when a share is judged.

    ``templates`` are those of the run, in its order, and ``share`` those that are judged here.
    ``before`` are the errors of reading, which every shard has, ``after`` one of the baseline;
    ``turns`` are the errors of judging, each with the file in whose turn they came up, in their
    order. ``looks`` says whether a rule's findings in a file are reported if the file is sound.
    ``absent`` are the remarks that hold where no shard has anything for them, by what they are
    about.
    """

    options: Options
    shard: Shard
    templates: Sequence[str]
    share: Collection[str]
    judged: Mapping[str, Judged]
    sources: Mapping[str, Document]
    before: Sequence[InputError]
    turns: Sequence[tuple[str, Sequence[InputError]]]
    after: Sequence[InputError]
    looks: Callable[[str, str], bool]
    absent: Sequence[tuple[str, str]]
    ignored: int
    baseline: Baseline | None
    hidden: Hidden | None
    paths: Sequence[str] = ()


def parts_of(seen: Seen) -> dict[str, Any]:
    """The parts of a report, in the words of ``reading``."""
    shard, hidden = seen.shard, seen.hidden
    entries = () if seen.baseline is None else seen.baseline.entries
    table = _Table(seen)
    numbers = {file: number for number, file in enumerate(seen.templates)}
    suppressions = _Suppressions(seen, table)
    findings = [
        table.finding(suppressions.met(finding, judged.file), numbers[judged.file])
        for judged in seen.judged.values()
        for finding in judged.findings
    ]
    return {
        "number": shard.number,
        "of": shard.of,
        "run": digest(seen.options, shard, seen.sources, [seen.templates, entries, seen.before]),
        "fail_on": shard.fail_on,
        "today": seen.options.today or date(),
        "ignored": seen.ignored,
        "paths": list(seen.paths),
        "asked": _asked(seen),
        "templates": [
            [number, file, file not in seen.judged or seen.judged[file].is_sound]
            for number, file in enumerate(seen.templates)
            if file in seen.share
        ],
        "left_out": sorted({it for judged in seen.judged.values() for it in judged.left_out}),
        "not_judged": _counts(it for judged in seen.judged.values() for it in judged.not_judged),
        "calls": list(CallCounts.total(it.calls for it in seen.judged.values())),
        "before": [_error(it, hidden) for it in seen.before],
        "errors": list(_errors(seen, numbers)),
        "after": [_error(it, hidden) for it in seen.after],
        "absent": [[key, hidden.text(it) if hidden else it] for key, it in seen.absent],
        "findings": findings,
        **suppressions.told(),
        "baseline": _baseline(seen),
        **table.told(),
    }


def _asked(seen: Seen) -> list[list[str]] | None:
    asked = seen.options.asked
    if seen.hidden is not None and not seen.hidden.may_show(asked):
        return None
    return list(map(list, asked))


def _counts(kinds: Iterable[str]) -> list[list[Any]]:
    counts: dict[str, int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
    return list(map(list, counts.items()))


def _error(error: InputError, hidden: Hidden | None) -> list[Any]:
    return list(hidden.error(error) if hidden else error)


def _errors(seen: Seen, numbers: Mapping[str, int]) -> Iterable[list[Any]]:
    """Errors of judging, each with how far one run had come when it would have met it."""
    reached = 0
    for file, errors in seen.turns:
        reached = max(reached, numbers[file])
        for error in errors:
            yield [reached, _error(error, seen.hidden)]


def _baseline(seen: Seen) -> dict[str, Any] | None:
    """The shard's share of the baseline: its entries, and whether each is gone if nobody has it."""
    known = seen.baseline
    if known is None:
        return None
    here, rules = known.names_of(seen.sources), {rule.id for rule in seen.options.rules}
    return {
        "file": str(seen.options.baseline),
        "entries": [
            [number, count]
            for number, (entry, count) in enumerate(known.entries)
            if seen.shard.takes(number) and known.is_looked_at(entry, here, rules)
        ],
    }


class _Suppressions:
    """The suppressions that a shard lists: those of its share, and those that it needs."""

    def __init__(self, seen: Seen, table: _Table) -> None:
        self._seen = seen
        self._table = table
        self._needed: set[int] = set()
        wanted = seen.options.suppressions
        self._written = Written(
            seen.sources if wanted else {},
            seen.options.suppress if wanted else (),
            seen.looks,
        )

    def met(self, finding: Finding, template: str) -> Met:
        found = self._written.met(finding, template)
        self._needed.update(found.by)
        return found

    def told(self) -> dict[str, Any]:
        written, takes = self._written, self._seen.shard.takes
        faults = [it for it in written.faults() if takes(it.order[-1])]
        mine = [n for n in range(len(written.suppressions)) if takes(n)]
        about = {n: (written.expired(n), written.unused(n)) for n in mine}
        found = [*faults, *(it for pair in about.values() for it in pair if it)]
        for met in found:
            self._needed.update(met.by)
        return {
            "faults": [self._finding(it) for it in faults],
            "void": [
                [n, expired and self._finding(expired), unused and self._finding(unused)]
                for n, (expired, unused) in about.items()
            ],
            "suppressions": [
                [n, it.rule, it.kind, it.reason, it.until, self._table.place(it.at)]
                for n, it in enumerate(written.suppressions)
                if n in self._needed or takes(n)
            ],
        }

    def _finding(self, met: Met) -> dict[str, Any]:
        graded = list(self._seen.options.graded([met.finding]))
        found = self._table.finding(met._replace(finding=graded[0] if graded else met.finding), 0)
        return {**found, "order": list(met.order)}


class _Table:
    """The places and the lines of files that findings need, each once."""

    def __init__(self, seen: Seen) -> None:
        self._sources: Mapping[str, Source] = seen.sources
        self._hidden = seen.hidden
        self._writer = Writer(seen.sources)
        self._baseline = seen.baseline
        self._places: dict[Place, int] = {}
        self._lines: dict[str, dict[int, set[Span | None]]] = {}
        self._json: dict[str, dict[str, str] | None] = {}

    def place(self, place: Place) -> int:
        """The number of a place."""
        return self._places.setdefault(place, len(self._places))

    def finding(self, met: Met, template: int) -> dict[str, Any]:
        """A finding of a template of the run, by its number."""
        known = self._baseline and self._baseline.numbered(met.finding)
        it = met.finding
        if self._hidden is not None:
            it = self._hidden.finding(it, self._sources)
        for file, line, span in quoted(it, self._sources):
            self._lines.setdefault(file, {}).setdefault(line, set()).add(span)
        if not it.is_secret:
            for place in (it.at, *(related.place for related in it.related)):
                self._note_construct(place)
        help, fix = self._writer.of(it)
        return {
            "template": template,
            "rule": it.rule,
            "severity": None if it.graded is None else it.graded.label,
            "at": self.place(it.at),
            "message": it.message,
            "label": it.label,
            "related": [[self.place(place), message] for place, message in it.related],
            "call": it.call and list(it.call),
            "cause": it.cause,
            "help": help,
            "fix": fix and fixes.told(fix),
            "is_secret": it.is_secret,
            "assumes": list(it.assumes),
            "is_patched": it.is_patched,
            "account_knows": it.account_knows,
            "by": list(met.by),
            "known": list(known) if known else None,
        }

    def told(self) -> dict[str, Any]:
        return {
            "places": list(map(self._place, self._places)),
            "lines": dict(map(self._lines_of, self._lines)),
            "json": self._json,
        }

    def _note_construct(self, place: Place) -> None:
        """That a file is JSON, and which construct of the CDK made the resource at a place."""
        source = self._sources.get(place.file)
        if not isinstance(source, Document) or not whole.is_json(source):
            return
        known = self._json.setdefault(place.file, {} if whole.has_constructs(source) else None)
        if known is not None and place.path[:1] == ("Resources",) != place.path:
            name = str(place.path[1])
            known[name] = whole.construct_of(source.data, name)

    def _place(self, place: Place) -> list[Any]:
        """The place, and where it stands; nothing for a file that the run has not loaded."""
        source = self._sources.get(place.file)
        span = None if source is None else source.span(place.path, key=place.key)
        where = [] if span is None else [*span.start, *span.end]
        return [place.file, list(place.path), place.key, where]

    def _lines_of(self, file: str) -> tuple[str, list[list[Any]]]:
        told = lines_of(self._sources[file].text, self._lines[file])
        return file, [[number, line.length, *map(list, line.pieces)] for number, line in told]
