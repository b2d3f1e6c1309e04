"""One line above each task definition for each of its roles: what becomes of its calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from copilot_preflight.base.finding import Place
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.outcomes import outcomes_of
from copilot_preflight.model.tasks import task_definitions


def lenses(analysis: Analysis) -> Iterator[tuple[Place, str]]:
    """Places with their lines: ``execution role X: 7 calls allowed, 1 denied``."""
    for task in task_definitions(analysis.view):
        mine = (
            decision
            for decision in analysis.decisions
            if (owner := decision.call.need.task) and owner.logical_id == task.logical_id
        )
        of_role: dict[str, Counter[str]] = {}
        for call in outcomes_of(mine):
            decided = call.decisions[0].call
            is_role = not decided.need.is_anonymous
            name = f"{decided.need.user} role " * is_role + decided.role.logical_id
            of_role.setdefault(name, Counter())[call.outcome] += 1
        for name, counts in of_role.items():
            yield task.place, f"{name}: {_counted(counts)}"


def _counted(counts: Counter[str]) -> str:
    allowed = counts["allowed"]
    parts = [f"{allowed} {'call' if allowed == 1 else 'calls'} allowed"]
    parts += (f"{counts[it]} {it}" for it in ("denied", "undetermined") if counts[it])
    return ", ".join(parts)
