"""The findings of a report that have a fix, and why the others have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from copilot_preflight.base.finding import DataPath, Finding, Report
from copilot_preflight.edits.edit import END, Applicability, Edit, Operation
from copilot_preflight.edits.fix import Fix

_UNDETERMINED: Final = "I9790"

Key = tuple[str, str, object]
"""What makes two findings, one before a fix and one after it, the same."""

FixOf = Callable[[Finding], Fix | str]


class Candidate(NamedTuple):
    """A finding with the edits that will end it."""

    finding: Finding
    fix: Fix

    @property
    def key(self) -> Key:
        return key_of(self.finding)


class Left(NamedTuple):
    """A finding that stays, and why."""

    finding: Finding
    reason: str


def key_of(finding: Finding) -> Key:
    """Rule, file and what it is about: a call, else the message. Edits move every path and line."""
    call = finding.call
    about = finding.message if call is None else (call.principal, call.action, call.resource)
    return finding.rule, finding.at.file, about


def counted(report: Report) -> Counter[Key]:
    """How many findings there are of each key.

    A call that cannot be decided is none: whatever a role is granted, another policy may be unseen.
    """
    return Counter(key_of(it) for it in report.findings if it.rule != _UNDETERMINED)


def sorted_out(
    findings: Iterable[Finding], fix_of: FixOf, *, with_review: bool
) -> tuple[list[Candidate], list[Left]]:
    """The findings that can be fixed now, and those that cannot, with the reason."""
    candidates: list[Candidate] = []
    left: list[Left] = []
    for finding in findings:
        fix = fix_of(finding)
        reason = fix if isinstance(fix, str) else _why_not(fix, with_review=with_review)
        if isinstance(fix, str) or reason:
            left.append(Left(finding, reason))
        else:
            candidates.append(Candidate(finding, fix))
    return candidates, left


def _why_not(fix: Fix, *, with_review: bool) -> str:
    if fix.gaps:
        return f"somebody has to fill in {' and '.join(fix.gaps)}"
    if fix.applicability is Applicability.REVIEW and not with_review:
        return f"--review does it: {fix.title}"
    return ""


def independent(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The first candidates none of which touches what another one does; the rest has to wait.

    Several may make one and the same edit, and several may add to one list.
    """
    chosen: list[Candidate] = []
    taken: dict[tuple[str, DataPath], Edit] = {}
    above: set[tuple[str, DataPath]] = set()
    for candidate in candidates:
        edits = candidate.fix.edits
        if any(_is_in_the_way(edit, taken, above) for edit in edits):
            continue
        chosen.append(candidate)
        for edit in edits:
            taken[edit.file, edit.path] = edit
            above.update((edit.file, edit.path[:end]) for end in range(len(edit.path)))
    return chosen


def _is_in_the_way(
    edit: Edit,
    taken: dict[tuple[str, DataPath], Edit],
    above: set[tuple[str, DataPath]],
) -> bool:
    file, path = edit.file, edit.path
    same = taken.get((file, path))
    if same is not None:
        is_addition = edit.operation is Operation.INSERT and path[-1] == END
        return not (is_addition or _does_the_same(same, edit))
    is_below = any((file, path[:end]) in taken for end in range(len(path)))
    return is_below or (file, path) in above


def _does_the_same(edit: Edit, other: Edit) -> bool:
    return edit.operation is other.operation and edit.value == other.value
