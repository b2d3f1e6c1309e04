"""The templates at hand: which of their roles, buckets and keys a text means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.evidence.naming import is_made_up
from copilot_preflight.iam import arn
from copilot_preflight.model.buckets import buckets
from copilot_preflight.model.keys import keys
from copilot_preflight.model.roles import Role, role_named, roles
from copilot_preflight.model.tasks import TaskDefinition, task_definitions
from copilot_preflight.triage.failure import Failure


class Used(NamedTuple):
    """A role of a template, and who uses it: `execution`, `task`, `pipeline`, `build` …"""

    analysis: Analysis
    role: Role
    users: frozenset[str]
    task: TaskDefinition | None = None

    @property
    def name(self) -> str:
        """The role as a message names it: ``execution role 'ExecutionRole'``."""
        user = next(iter(sorted(self.users)), "")
        return f"{user} {self.role}".strip()


USERS_AT: Final = {
    "start": frozenset({"execution", "instance", "access"}),
    "run": frozenset({"task"}),
    "pipeline": frozenset({"pipeline", "action", "build"}),
    "deploy": frozenset[str](),
}


LAUNCHERS: Final = frozenset({"rule", "schedule", "pipe", "state machine"})
"""Who starts tasks, with a role of its own."""

_OF_LAUNCHES: Final = frozenset(
    {
        "ecs:RunTask", "ecs:TagResource", "ecs:DescribeTasks", "ecs:StopTask", "iam:PassRole",
        "events:PutRule", "events:PutTargets", "events:DescribeRule",
    }
)  # fmt: skip
"""What it takes to start a task and to wait for its end."""


def users_at(failure: Failure) -> frozenset[str]:
    """Who makes calls of a failure's kind at its moment."""
    launching = LAUNCHERS if failure.action in _OF_LAUNCHES else frozenset[str]()
    return launching if failure.action == "ecs:RunTask" else USERS_AT[failure.moment] | launching


class AtHand:
    """All roles of some templates."""

    def __init__(self, analyses: Iterator[Analysis]) -> None:
        self.analyses = tuple(analyses)
        self.roles = tuple(used for analysis in self.analyses for used in _used(analysis))

    def roles_of(self, failure: Failure) -> tuple[Used, ...]:
        """The roles that a failure's principal may be, the surest alone; none for a stranger."""
        name = failure.role
        if not name:
            return ()
        graded = [(_likeness(name, used), used) for used in self.roles]
        best = max((grade for grade, _ in graded), default=0)
        return tuple(used for grade, used in graded if grade == best) if best else ()

    def in_account(self, failure: Failure) -> tuple[Used, ...]:
        """The role of the account that a failure names, which no template has."""
        if not failure.role or not failure.account:
            return ()
        partition = failure.principal.split(":")[1]
        reference = Text.of(f"arn:{partition}:iam::{failure.account}:role/{failure.role}")
        for analysis in self.analyses[:1]:
            role = role_named(analysis.view, reference)
            if role is not None:
                return (Used(analysis, role, frozenset()),)
        return ()

    def expected(self, failure: Failure) -> tuple[Used, ...]:
        """The roles that make such calls at such a moment."""
        return tuple(it for it in self.roles if it.users & users_at(failure))

    def resource(self, used: Used, failure: Failure) -> Text | None:
        """What a failure names, in the terms of the template; None where it names nothing."""
        asked = failure.resource
        if not asked or asked == "*":
            return Text.of("*") if asked else None
        view = used.analysis.view
        if failure.action.startswith("s3:"):
            _, _, rest = asked.partition(":s3:::")
            bucket, _, key = rest.partition("/")
            for found in buckets(view):
                if found.name.literal is None and is_made_up(bucket, found.logical_id):
                    partition = Text.of(asked.split(":")[1])
                    return arn.s3_arn(partition, found.name, Text.of(key) if key else None)
        if failure.action.startswith("kms:"):
            own = keys(view)
            literal = [it for it in own if it.arn.equals(Text.of(asked))]
            if not literal and len(own) == 1 and match(own[0].arn, Text.of(asked)) is not False:
                return own[0].arn
        return Text.of(asked)


def _used(analysis: Analysis) -> Iterator[Used]:
    view = analysis.view
    users: dict[object, set[str]] = {}
    tasks: dict[object, TaskDefinition] = {}
    for need in analysis.needs:
        if need.role is not None and need.user:
            users.setdefault(need.role.place, set()).add(need.user)
            if need.task is not None:
                tasks.setdefault(need.role.place, need.task)
    for task in task_definitions(view):
        for user, value in (("execution", task.execution_role), ("task", task.task_role)):
            role = None if value is None else role_named(view, value.text())
            if role is not None:
                users.setdefault(role.place, set()).add(user)
                tasks.setdefault(role.place, task)
    for role in roles(view):
        found = frozenset(users.get(role.place, ()))
        yield Used(analysis, role, found, tasks.get(role.place))


def _likeness(name: str, used: Used) -> int:
    """How sure it is that a name is that of a role: 0 for not at all."""
    own = used.role.name
    if own.literal is not None:
        return 4 if own.literal == name else 0
    known = "".join(part for part in own.parts if isinstance(part, str))
    if len(known) >= 4 and match(own, Text.of(name)) is not False:
        return 3
    if known:
        return 0
    return 2 if is_made_up(name, used.role.logical_id) else 0
