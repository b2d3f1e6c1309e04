"""What was decided of the calls that a place of a template asks for, and where it was decided."""

from __future__ import annotations

from collections.abc import Sequence

from copilot_preflight.base.finding import DataPath, Finding, Place
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.outcomes import CallOutcome, outcomes_of
from copilot_preflight.needs.need import Need


def needs_at(analysis: Analysis, file: str, path: DataPath) -> list[Need]:
    """The needs of the innermost node around a path that has any."""
    around = [
        need
        for need in analysis.needs
        if need.place.file == file and need.place.path == path[: len(need.place.path)]
    ]
    deepest = max((len(need.place.path) for need in around), default=0)
    return [need for need in around if len(need.place.path) == deepest]


def calls_at(analysis: Analysis, file: str, path: DataPath) -> list[CallOutcome]:
    """What was decided of the calls of the needs at a path."""
    keys = {need.key for need in needs_at(analysis, file, path)}
    decisions = analysis.decisions
    return outcomes_of(decision for decision in decisions if decision.call.need.key in keys)


def grants_at(analysis: Analysis, file: str, path: DataPath) -> list[Place]:
    """The grants that allow what a path asks for; where there are none, what denies it."""
    calls = calls_at(analysis, file, path)
    granting = [place for call in calls for place in call.granting]
    return _once(granting or [place for call in calls for place in call.deciding])


def deciding_of(analysis: Analysis, finding: Finding) -> list[Place]:
    """The statements that decide what a finding is about; else the places that it cites."""
    places: list[Place] = []
    for denial in analysis.denials:
        is_its_call = finding.call is None or denial.call.action == finding.call.action
        if denial.need.place == finding.at and is_its_call:
            places += (statement.place for statement in denial.decision.deciding)
            if denial.cause.statement is not None:
                places.append(denial.cause.statement.place)
    cited = [related.place for related in finding.related]
    return [place for place in _once(places or cited) if place != finding.at]


def _once(places: Sequence[Place]) -> list[Place]:
    return list(dict.fromkeys(places))
