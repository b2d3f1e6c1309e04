"""The sentences of the rules about a task definition that lacks one of its two roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from copilot_preflight.access.request import Call
from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.iam.evaluate import Outcome, evaluate
from copilot_preflight.model.roles import Role, role_named, roles
from copilot_preflight.model.tasks import TaskDefinition
from copilot_preflight.needs.need import Need

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help


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
        is_there = key in (analysis.stack.data["Resources"][place.path[1]].get("Properties") or ())
        help = _help(lacking, user, key, page, is_there=is_there)
        once = {other.key: other for other in reversed(lacking)}
        yield Finding(
            at=place,
            message=f"{task.title if task else ''} has no {key}"
            f"{when}, and ECS needs that role for the {need.subject}",
            label=f"no {key}",
            related=tuple(
                Related(place_of(other), "this needs the role") for other in reversed(once.values())
            ),
            cause=f"no-{user}-role",
            help=help.text,
            remedy=help,
        )


_TASKS: Final = "ecs-tasks.amazonaws.com"


def _help(lacking: Sequence[Need], user: str, key: str, page: str, *, is_there: bool) -> Help:
    """The role of the stack that may make the calls, where there is exactly one."""
    sentence = f"add {key}, a role that {_TASKS} may assume ({page})"
    task = lacking[0].task
    if task is None or is_there:
        return advice.help_with(sentence, no_fix=f"a condition of the template decides on {key}")
    fitting = list(_fitting(lacking, task, user))
    if len(fitting) != 1:
        number = "several roles" if fitting else "no role"
        no_fix = f"{number} of the stack may be assumed by {_TASKS} and make the calls"
        return advice.help_with(sentence, no_fix=no_fix)
    from copilot_preflight.edits.edit import Applicability, insertion
    from copilot_preflight.edits.spelling import Spelling

    role = fitting[0].logical_id
    edit = insertion(
        task.place.file,
        (*task.place.path, "Properties", key),
        Spelling(f"{role}.Arn", "Fn::GetAtt"),
        f"run the task with '{role}' as its {user} role",
        Applicability.REVIEW,
    )
    return advice.help_with(sentence, edits=[edit])


def _fitting(lacking: Sequence[Need], task: TaskDefinition, user: str) -> Iterator[Role]:
    """The roles of the stack that ECS may hand to tasks, and that may make all of the calls."""
    view = lacking[0].view
    other = task.task_role if user == "execution" else task.execution_role
    taken = None if other is None else role_named(view, other.text())
    for role in roles(view):
        if taken is not None and role.place == taken.place:
            continue
        calls = [
            Call(need, role, it) for need in lacking for it in need.calls if not it.is_optional
        ]
        answers = [evaluate(role.statements, call.request).outcome for call in calls]
        is_able = Outcome.ALLOWED in answers and not any(it.is_denied for it in answers)
        if is_able and _trusts_tasks(role):
            yield role


def _trusts_tasks(role: Role) -> bool:
    return any(
        statement.effect == "Allow"
        and any(name.entry.text.literal == _TASKS for name in statement.principals)
        for statement in role.trust
    )
