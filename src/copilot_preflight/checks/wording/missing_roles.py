"""The sentences of the rules about a task definition that lacks one of its two roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.needs.need import Need


def _own_place(need: Need) -> Place:
    return need.place


def without_role(
    analysis: Analysis,
    user: str,
    key: str,
    page: str,
    place_of: Callable[[Need], Place] = _own_place,
) -> Iterator[Finding]:
    """A finding for each task definition that lacks the property ``key`` and needs it.

    ``user`` is what the role is for, ``"execution"`` or ``"task"``; ``page`` is AWS's.
    ``place_of`` tells what asks for a need's role.
    """
    tasks: dict[Place, list[Need]] = {}
    for need in analysis.needs:
        if need.user == user and need.task is not None:
            tasks.setdefault(need.task.place, []).append(need)
    for place, needs in tasks.items():
        lacking = [need for need in needs if need.role_value is None and need.needs_role]
        if not lacking:
            continue
        need, task = lacking[0], lacking[0].task
        always = all(other.role_value is None for other in needs)
        when = "" if always else f" when {need.view.scenario}"
        once = {other.key: other for other in reversed(lacking)}
        yield Finding(
            at=place,
            message=f"task definition '{task.logical_id if task else ''}' has no {key}"
            f"{when}, and ECS needs that role for the {need.subject}",
            label=f"no {key}",
            related=tuple(
                Related(place_of(other), "this needs the role") for other in reversed(once.values())
            ),
            cause=f"no-{user}-role",
            help=f"add {key}, a role that ecs-tasks.amazonaws.com may assume ({page})",
        )
