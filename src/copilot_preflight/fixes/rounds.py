"""Fixes in rounds: those that touch different things together, each round proved by a check.

A fix that leaves its finding, or brings another one, is not made. Which one of a round it is, is
found by halves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final, NamedTuple, Protocol

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.edits.fix import Fix
from copilot_preflight.fixes.candidates import (
    Candidate,
    Key,
    Left,
    counted,
    independent,
    key_of,
    sorted_out,
)
from copilot_preflight.fixes.texts import Texts
from copilot_preflight.read.document import data_of

_MOST_ROUNDS: Final = 12
_MOST_STEPS: Final = 3
"""How many fixes, one after another, may mend what the first of them brings up."""

MOST_CHECKS: Final = 150
"""After so many checks it is not looked for which fixes of several are wrong."""


class Refused(NamedTuple):
    """A fix that is not written, and why; one that is not ``is_final`` can be, without others."""

    fix: Fix
    reason: str
    is_final: bool = True


class Written(NamedTuple):
    """The texts after some fixes, and those that could not be written into them."""

    texts: Texts
    refused: Sequence[Refused] = ()


class Writer(Protocol):
    """How fixes get into files: into the templates themselves, or into patches of them."""

    def fix_of(self, finding: Finding, report: Report) -> Fix | str:
        """The fix of a finding of a report that this writer can write, or why there is none."""

    def written(self, fixes: Sequence[Fix], report: Report, texts: Texts) -> Written:
        """The texts with some fixes written into them, none of which touches another."""


class State(NamedTuple):
    """What the files are by now, what a check says of them, and the fixes that were ``made``."""

    texts: Texts
    report: Report
    made: tuple[Candidate, ...] = ()


class Outcome(NamedTuple):
    """The end of all rounds: ``left`` are the findings of the last report that stay, and why."""

    before: Report
    after: State
    left: Sequence[Left]

    @property
    def made(self) -> Sequence[Candidate]:
        """The fixes, each with the finding that it was made for."""
        return self.after.made


class Rounds:
    """One run's fixes. ``check`` gives the report on files with the texts that they will have."""

    def __init__(
        self, check: Callable[[Texts], Report], writer: Writer, *, with_review: bool
    ) -> None:
        self._check = check
        self._writer = writer
        self._with_review = with_review
        self._refused: dict[Key, str] = {}
        self._checks = 0

    def outcome(self, report: Report) -> Outcome:
        """What becomes of a report when everything is fixed that can be."""
        state = State(Texts(), report)
        for _ in range(_MOST_ROUNDS):
            chosen = self._independent(state)
            if not chosen:
                break
            state = self._fixed(state, chosen)
        _, left = self._sorted_out(state)
        for candidate in self._candidates(state):
            left.append(Left(candidate.finding, "not in so many rounds: run it again"))
        for finding in state.report.findings:
            if reason := self._refused.get(key_of(finding)):
                left.append(Left(finding, reason))
        return Outcome(report, state, left)

    def _candidates(self, state: State, keys: Collection[Key] | None = None) -> list[Candidate]:
        candidates, _ = self._sorted_out(state)
        return [it for it in candidates if keys is None or it.key in keys]

    def _independent(self, state: State, keys: Collection[Key] | None = None) -> list[Candidate]:
        return independent(self._candidates(state, keys), partial(data_of, state.report.sources))

    def _sorted_out(self, state: State) -> tuple[list[Candidate], list[Left]]:
        findings = [it for it in state.report.findings if key_of(it) not in self._refused]
        return sorted_out(
            findings,
            lambda finding: self._writer.fix_of(finding, state.report),
            with_review=self._with_review,
        )

    # --- one round ---------------------------------------------------------------------------

    def _fixed(self, state: State, chosen: Sequence[Candidate]) -> State:
        """The state after those of some fixes that hold what they promise."""
        after = self._after(state, chosen)
        if after is None:
            return state
        made = after.made[len(state.made) :]
        if not (wrong := _wrong(state.report, after.report, made)):
            return after
        keys = list(dict.fromkeys(it.key for it in made))
        if len(keys) > 1 and self._checks >= MOST_CHECKS:
            reason = f"one of {len(keys)} fixes does not hold: name fewer files, or --select less"
            self._refused.update(dict.fromkeys(keys, reason))
            return state
        if len(keys) > 1:
            half = len(keys) // 2
            for part in (keys[:half], keys[half:]):
                again = self._independent(state, part)
                state = self._fixed(state, again) if again else state
            return state
        settled = self._settled(state, after, _MOST_STEPS)
        if settled is None:
            self._refused[keys[0]] = wrong
            return state
        return settled

    def _after(self, state: State, chosen: Sequence[Candidate]) -> State | None:
        """The state after some fixes, whatever the check says; None if none can be written."""
        fixes = list(dict.fromkeys(it.fix for it in chosen))
        texts, refused = self._writer.written(fixes, state.report, state.texts)
        not_written = {it.fix: it for it in refused}
        for candidate in chosen:
            found = not_written.get(candidate.fix)
            if found is not None and found.is_final:
                self._refused[candidate.key] = found.reason
        if len(not_written) == len(fixes):
            return None
        made = tuple(it for it in chosen if it.fix not in not_written)
        self._checks += 1
        return State(texts, self._check(texts), (*state.made, *made))

    def _settled(self, before: State, after: State, steps: int) -> State | None:
        """The state after further fixes of what a fix has brought up; None where some of it stays.

        What one policy denied another one may deny too, and that shows only when the first does not
        any more.
        """
        brought = counted(after.report) - counted(before.report)
        if not steps or after.report.errors != before.report.errors:
            return None
        chosen = self._independent(after, brought)
        if not chosen:
            return None
        further = self._after(after, chosen)
        if further is None:
            return None
        if not counted(further.report) - counted(before.report):
            is_less = counted(further.report).total() < counted(before.report).total()
            return further if is_less and further.report.errors == before.report.errors else None
        return self._settled(before, further, steps - 1)


def _wrong(before: Report, after: Report, chosen: Sequence[Candidate]) -> str:
    """Why some fixes do not hold what they promise; ``""`` if they do."""
    if after.errors != before.errors:
        new = [it.message for it in after.errors if it not in before.errors]
        return f"the file could not be judged any more: {new[0]}" if new else ""
    earlier, later = counted(before), counted(after)
    brought = later - earlier
    if brought:
        told = next(it for it in after.findings if key_of(it) in brought)
        return f"it would bring {told.rule}: {told.message}"
    ended = Counter(it.key for it in chosen)
    stays = [key for key, count in ended.items() if later[key] > earlier[key] - count]
    return "the finding would stay" if stays else ""
