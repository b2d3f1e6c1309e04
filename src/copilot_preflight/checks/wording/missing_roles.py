"""The sentences of the rules about a task or job definition that lacks one of its two roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from copilot_preflight.access.request import Call
from copilot_preflight.base.finding import DataPath, Finding, Place, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.iam.evaluate import Outcome, evaluate
from copilot_preflight.model.roles import Role, role_named, roles
from copilot_preflight.needs.need import Need

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit, Help
    from copilot_preflight.resolve.value import Value


_JOB: Final = "AWS::Batch::JobDefinition"


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


def jobs_without_role(analysis: Analysis, page: str) -> Iterator[Finding]:
    """A finding for each job definition of Batch that lacks the execution role that it needs."""
    jobs: dict[Place, list[Need]] = {}
    for need in analysis.needs if analysis.stack.has(_JOB) else ():
        is_of_job = analysis.stack.data["Resources"][need.value.path[1]]["Type"] == _JOB
        if need.user == "execution" and need.task is None and is_of_job:
            jobs.setdefault(Place(need.place.file, need.value.path[:2], key=True), []).append(need)
    for place, needs in jobs.items():
        lacking = [need for need in needs if need.role_value is None and need.needs_role]
        if not lacking:
            continue
        always = all(other.role_value is None for other in needs)
        when = "" if always else f" when {lacking[0].view.scenario}"
        help = _job_help(lacking, page)
        once = {other.key: other for other in reversed(lacking)}
        yield Finding(
            at=place,
            message=f"job definition '{place.path[1]}' has no ExecutionRoleArn{when}, and Batch "
            f"needs that role for the {lacking[0].subject}",
            label="no ExecutionRoleArn",
            related=tuple(
                Related(other.place, "this needs the role") for other in reversed(once.values())
            ),
            cause="no-execution-role",
            help=help.text,
            remedy=help,
        )


_TASKS: Final = "ecs-tasks.amazonaws.com"
_CONTAINER: Final = "ContainerProperties"


def _job_help(lacking: Sequence[Need], page: str) -> Help:
    """The role of the stack that may make the calls, for a job of one container."""
    sentence = f"add ExecutionRoleArn, a role that {_TASKS} may assume ({page})"
    first = lacking[0]
    path = first.value.path
    properties = first.view.stack.data["Resources"][path[1]]["Properties"]
    container = properties.get(_CONTAINER) if path[3:4] == (_CONTAINER,) else None
    if not isinstance(container, dict) or "ExecutionRoleArn" in container:
        return advice.help_with(sentence, no_fix="which of its tasks is to have it, only you know")
    fitting = list(_fitting(lacking, None))
    if len(fitting) != 1:
        return advice.help_with(sentence, no_fix=_no_single_role(fitting))
    return advice.help_with(
        sentence,
        edits=[_with_role(first, (*path[:4], "ExecutionRoleArn"), fitting[0], "execution")],
    )


def _help(lacking: Sequence[Need], user: str, key: str, page: str, *, is_there: bool) -> Help:
    """The role of the stack that may make the calls, where there is exactly one."""
    sentence = f"add {key}, a role that {_TASKS} may assume ({page})"
    task = lacking[0].task
    if task is None or is_there:
        return advice.help_with(sentence, no_fix=f"a condition of the template decides on {key}")
    other = task.task_role if user == "execution" else task.execution_role
    fitting = list(_fitting(lacking, other))
    if len(fitting) != 1:
        return advice.help_with(sentence, no_fix=_no_single_role(fitting))
    path = (*task.place.path, "Properties", key)
    return advice.help_with(sentence, edits=[_with_role(lacking[0], path, fitting[0], user)])


def _no_single_role(fitting: Sequence[Role]) -> str:
    number = "several roles" if fitting else "no role"
    return f"{number} of the stack may be assumed by {_TASKS} and make the calls"


def _with_role(need: Need, path: DataPath, role: Role, user: str) -> Edit:
    from copilot_preflight.edits.edit import Applicability, insertion
    from copilot_preflight.edits.spelling import Spelling

    what = "task" if need.task is not None else "job"
    return insertion(
        need.place.file,
        path,
        Spelling(f"{role.logical_id}.Arn", "Fn::GetAtt"),
        f"run the {what} with '{role.logical_id}' as its {user} role",
        Applicability.REVIEW,
    )


def _fitting(lacking: Sequence[Need], other: Value | None) -> Iterator[Role]:
    """The roles of the stack that ECS may hand to tasks, and that may make all of the calls.

    ``other`` names the other role of the task, which is none of them.
    """
    view = lacking[0].view
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
