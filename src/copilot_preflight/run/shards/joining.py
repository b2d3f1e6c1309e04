"""Joins what the shards of a run say to the report that one run would have given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from copilot_preflight.base.finding import (
    CallCounts,
    Finding,
    InputError,
    Report,
    Silenced,
    Source,
)
from copilot_preflight.run.shards.excerpts import Excerpt
from copilot_preflight.run.shards.reading import Found, Part
from copilot_preflight.run.shards.values import ShardError
from copilot_preflight.run.suppress import baseline
from copilot_preflight.run.suppress.sieve import Met, is_over, settled
from copilot_preflight.run.suppress.suppression import Suppression, WholeTemplate

_NOWHERE = WholeTemplate("")
"""Where a suppression counts has been looked at by the shards."""


def joined(parts: Sequence[Part], *, allow_missing: bool = False) -> Report:
    """The report of the run whose shards these are. Raises ShardError where they do not fit.

    A shard that is missing is refused unless that is allowed: nothing is said then that only the
    whole run could say.
    """
    parts = _fitting(parts)
    missing = parts[0].shard.of - len(parts)
    if missing and not allow_missing:
        raise ShardError(f"{_missing(parts)}: join all of them, or give --allow-missing")
    return _Join(parts, is_whole=not missing).report()


def _fitting(parts: Sequence[Part]) -> Sequence[Part]:
    """The shards of one run by their numbers, each once."""
    first = parts[0]
    by_number: dict[int, Part] = {}
    for part in parts:
        number, of, _ = part.shard
        if of != first.shard.of:
            cut = f"this run was cut into {of} shards, and that of {first.name} into"
            raise ShardError(f"{part.name}: {cut} {first.shard.of}")
        if part.run != first.run or part.shard.fail_on != first.shard.fail_on:
            what = "other files, other content of files or other options"
            raise ShardError(f"{part.name}: of another run than {first.name}: {what}")
        if number in by_number:
            raise ShardError(
                f"{part.name}: shard {number} of {of} is in {by_number[number].name} too"
            )
        by_number[number] = part
    ordered = [by_number[number] for number in sorted(by_number)]
    numbers = sorted(number for part in ordered for number, _, _ in part.templates)
    is_whole = len(ordered) == first.shard.of
    if len(set(numbers)) < len(numbers) or (is_whole and numbers != list(range(len(numbers)))):
        raise ShardError(f"{first.name}: the templates of its run do not add up")
    return ordered


def _missing(parts: Sequence[Part]) -> str:
    """Such as ``shards 2 and 5 of 8 are missing``."""
    of = parts[0].shard.of
    there = {part.shard.number for part in parts}
    numbers = [str(number) for number in range(1, of + 1) if number not in there]
    if len(numbers) == 1:
        return f"shard {numbers[0]} of {of} is missing"
    if len(numbers) > 8:
        numbers[7:] = [f"{len(numbers) - 7} more"]
    return f"shards {', '.join(numbers[:-1])} and {numbers[-1]} of {of} are missing"


class _Join:
    def __init__(self, parts: Sequence[Part], *, is_whole: bool) -> None:
        self.parts = parts
        self.is_whole = is_whole
        templates = sorted(it for part in parts for it in part.templates)
        self.templates = [file for _, file, _ in templates]
        self.unsound = {file for _, file, is_sound in templates if not is_sound}

    def report(self) -> Report:
        parts, first = self.parts, self.parts[0]
        turns = sorted(  # the shard that is further on waits for those that are not
            (reached, part.shard.number, number, error)
            for part in parts
            for number, (reached, error) in enumerate(part.errors)
        )
        errors = [*first.before, *(error for *_, error in turns)]
        findings, silenced = self.settled(is_sound=not errors)
        findings, known = self.new(findings)
        notes = list(self.notes([*errors, *first.after]))
        not_judged: Counter[str] = Counter()
        for part in parts:
            not_judged.update(part.not_judged)
        return Report(
            files=len(self.templates),
            findings=tuple(findings),
            errors=tuple(dict.fromkeys([*errors, *first.after])),
            silenced=(*silenced, *known),
            ignored=first.ignored,
            sources=_sources(parts),
            notes=tuple(notes),
            templates=tuple(self.templates),
            not_judged=tuple(sorted(not_judged.items())),
            calls=CallCounts.total(part.calls for part in parts),
            paths=first.paths,
            asked=first.asked,
        )

    # --- suppressions ------------------------------------------------------------------------

    def settled(self, *, is_sound: bool) -> tuple[Sequence[Finding], Sequence[Silenced]]:
        """Which findings are reported and which silenced, but for the baseline."""
        found = [it for part in self.parts for it in part.findings]
        found.sort(key=lambda it: it.template)
        told = {number: it for part in self.parts for number, it in part.suppressions.items()}
        today = max(part.today for part in self.parts)
        over = frozenset(n for n, it in told.items() if is_over(it.until, today))
        void = {n: pair for part in self.parts for n, *pair in part.void}
        self.known = {_key(it.finding): it.known for it in found if it.known}

        def met(found: Found | None) -> Met | None:
            if found is None or found.finding.at.file in self.unsound:
                return None
            self.known |= {_key(found.finding): found.known} if found.known else {}
            return Met(found.finding, [n for n in found.by if n in told], found.order)

        def unused(number: int) -> Met | None:
            is_known = self.is_whole and is_sound and number in void
            return met(void[number][1]) if is_known else None

        faults = [met(it) for part in self.parts for it in part.faults]
        expired = [met(void[n][0]) for n in sorted(over) if n in void]
        left, silenced = settled(
            [Met(it.finding, [n for n in it.by if n in told]) for it in found],
            {
                n: Suppression(it.rule, _NOWHERE, it.at, it.kind, it.reason, it.until)
                for n, it in sorted(told.items())
            },
            over=over,
            void=[it for it in (*faults, *expired) if it],
            unused=unused,
        )
        return left, silenced

    def new(self, found: Iterable[Finding]) -> tuple[Sequence[Finding], Sequence[Silenced]]:
        """The findings that are not in the baseline, and those that are."""
        path = self.parts[0].baseline
        new: list[Finding] = []
        silenced: list[Silenced] = []
        self.taken: Counter[int] = Counter()
        for finding in found:
            entry, count = self.known.get(_key(finding)) or (0, 0)
            if path is not None and self.taken[entry] < count:
                self.taken[entry] += 1
                silenced.append(baseline.silenced(finding, path))
            else:
                new.append(finding)
        return new, silenced

    # --- remarks -----------------------------------------------------------------------------

    def notes(self, errors: Sequence[InputError]) -> Iterator[str]:
        first = self.parts[0]
        if not self.is_whole:
            yield f"{_missing(self.parts)}: this is no report of the whole run"
            yield from self.late()
            return
        if first.baseline is not None and not errors:
            entries = (entry for part in self.parts for entry in part.entries)
            gone = sum(max(0, count - self.taken[number]) for number, count in entries)
            yield from baseline.remarks(first.baseline, gone)
        absent = [dict(part.absent) for part in self.parts]
        for key, note in first.absent:
            if all(key in it for it in absent):
                yield note
        yield from self.late()

    def late(self) -> Iterator[str]:
        """Templates that turned out broken in one shard, after others had counted on them."""
        judging = [part for part in self.parts if part.templates]
        for file in sorted({file for part in judging for file in part.left_out}):
            late = [str(part.shard.number) for part in judging if file not in part.left_out]
            if late:
                shards = f"shard{'s' * (len(late) > 1)} {', '.join(late)}"
                what = "what the rest may get from it counted"
                yield f"{file}: cannot be judged, and {what} in {shards}: put it right first"


def _key(finding: Finding) -> object:
    return finding.identity


def _sources(parts: Iterable[Part]) -> Mapping[str, Source]:
    """What the shards say about the files that they name."""
    sources: dict[str, Excerpt] = {}
    for part in parts:
        for place, span in part.spans.items():
            if span is not None:
                sources.setdefault(place.file, Excerpt()).put(place, span)
    for part in parts:
        for file, constructs in part.json.items():
            if file in sources:
                sources[file].put_json(constructs)
    for part in parts:
        for file, lines in part.lines.items():
            for number, line in lines:
                if file in sources:
                    sources[file].lines.put(number, line)
    return sources
