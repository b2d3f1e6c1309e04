"""The findings of a report that have a fix, and why the others have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from copilot_preflight.base.finding import DataPath, Finding, Report
from copilot_preflight.edits.edit import END, Applicability, Edit, Operation
from copilot_preflight.edits.fix import DataOf, Fix
from copilot_preflight.edits.grant import Grant
from copilot_preflight.edits.placing import InlinePolicy, numbered, policy_names

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


def independent(candidates: Sequence[Candidate], data_of: DataOf) -> list[Candidate]:
    """The first candidates none of which touches what another one does; the rest has to wait.

    Several may make one and the same edit, and several may add to one list. New policies of one
    name are numbered where none grants what another one does.
    """
    chosen: list[Candidate] = []
    taken = _Taken(data_of)
    for waiting in candidates:
        candidate = waiting._replace(fix=taken.with_own_names(waiting.fix))
        if not any(map(taken.is_in_the_way, candidate.fix.edits)):
            chosen.append(candidate)
            for edit in candidate.fix.edits:
                taken.take(edit)
    return chosen


class _Taken:
    """The nodes that some edits are of, and those around them."""

    def __init__(self, data_of: DataOf) -> None:
        self._data_of = data_of
        self._edits: dict[tuple[str, DataPath], list[Edit]] = {}
        self._above: set[tuple[str, DataPath]] = set()
        self._names: dict[str, set[str]] = {}

    def with_own_names(self, fix: Fix) -> Fix:
        """A fix with new policies that are named as no other one is."""
        return fix._replace(edits=tuple(map(self._with_own_name, fix.edits)))

    def _with_own_name(self, edit: Edit) -> Edit:
        """One that grants what another one does as well waits: it grants less afterwards."""
        policy, others = edit.new, self._edits.get((edit.file, edit.path), ())
        if not isinstance(policy, InlinePolicy) or not others:
            return edit
        granted = {it for other in others for it in _grants(other)}
        if not granted.isdisjoint(policy.document.grants):
            return edit
        name = numbered(policy.name, self._taken_names(edit.file))
        return edit._replace(new=policy._replace(name=name))

    def _taken_names(self, file: str) -> set[str]:
        """The names of policies that a template has, and those that edits give it."""
        if file not in self._names:
            edits = [it for (of, _), found in self._edits.items() if of == file for it in found]
            self._names[file] = {*policy_names(self._data_of(file)), *map(_name, edits)}
        return self._names[file]

    def take(self, edit: Edit) -> None:
        self._edits.setdefault((edit.file, edit.path), []).append(edit)
        if edit.file in self._names:
            self._names[edit.file].add(_name(edit))
        self._above.update((edit.file, edit.path[:end]) for end in range(len(edit.path)))

    def is_in_the_way(self, edit: Edit) -> bool:
        file, path = edit.file, edit.path
        if any(_excludes(other, edit) for other in self._edits.get((file, path), ())):
            return True
        is_below = any((file, path[:end]) in self._edits for end in range(len(path)))
        return is_below or (file, path) in self._above


def _name(edit: Edit) -> str:
    """The name of the policy that an edit adds, ``""`` for anything else."""
    return edit.new.name if isinstance(edit.new, InlinePolicy) else ""


def _grants(edit: Edit) -> tuple[Grant, ...]:
    return edit.new.document.grants if isinstance(edit.new, InlinePolicy) else ()


def _excludes(edit: Edit, other: Edit) -> bool:
    """Whether two edits of one node cannot both be made. Policies of a role differ in their names.

    One that comes later gets another name, as the first is there by then.
    """
    if edit.operation is other.operation and edit.value == other.value:
        return False
    if edit.operation is not Operation.INSERT or edit.path[-1] != END:
        return True
    return _name(edit) != "" and _name(edit) == _name(other)
