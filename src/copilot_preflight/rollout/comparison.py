"""Two releases of a stack, compared: revisions x phases, the calls behind, what roles lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from copilot_preflight.access.decide import Decision, decide
from copilot_preflight.access.request import Call, calls_of
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.model.tasks import TaskDefinition, task_definitions
from copilot_preflight.needs.need import Need
from copilot_preflight.needs.registry import all_needs
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View
from copilot_preflight.rollout.changes import Change, changes, replaced
from copilot_preflight.rollout.judge import (
    Judged,
    before_cleanup,
    half_attached,
    half_updated,
    has_order,
    judged_in,
    own,
    together,
)
from copilot_preflight.rollout.phases import (
    BEFORE,
    NEW,
    OLD,
    REVISIONS,
    Deployment,
    Phase,
    deployment_of,
    phases_of,
)
from copilot_preflight.rollout.pins import Pin, pins_on
from copilot_preflight.rollout.words import Words

NOT_STARTED: Final = "not-started"
ALLOWED, DENIED, UNKNOWN = "allowed", "denied", "cannot-know"


NOTHING: Final = frozenset[str]()


class StartCall(NamedTuple):
    """A call that starting a task of a revision takes, and what becomes of it in each world.

    ``own`` is the answer in the revision's own release, ``other`` that in the other one.
    ``policies_first``, ``roles_first`` and the ``attached`` ones are those half-way between, None
    where there is no such thing; ``own_before_cleanup`` is ``own`` as long as what only the other
    release has is still there. ``call`` is None where its role is not in the files, and nothing can
    be said of it.
    """

    need: Need
    action: str
    resource: Text | None
    call: Call | None
    own: Judged
    other: Judged
    other_cleaned_up: Judged
    policies_first: Judged | None = None
    roles_first: Judged | None = None
    own_attached: Judged | None = None
    other_attached: Judged | None = None
    own_before_cleanup: Judged | None = None

    def at(self, revision: str, phase: Phase) -> Judged:
        """What becomes of the call in a phase of the update.

        While an update or its rollback is under way, policies of buckets, keys and the like may be
        ahead of the roles, or behind them: a call that this can break is not certain.
        """
        if phase.is_cleaned_up or phase.key == BEFORE:
            return self.own if phase.roles == revision else self.other_cleaned_up
        judged = self.own_before_cleanup or self.own
        halves = [self.policies_first, self.own_attached]
        if phase.roles != revision:
            judged = self.other
            halves = [self.policies_first, self.roles_first, self.other_attached]
        for half in halves:
            if judged.is_allowed and half is not None and half.is_allowed is not True:
                order = Fact("order", "what of the policies is updated first")
                return Judged(None, (order, *half.missing), half.decision)
        return judged


class Cell(NamedTuple):
    """A revision in a phase. ``calls`` are those that are not certainly allowed."""

    revision: str
    phase: Phase
    status: str
    calls: tuple[tuple[StartCall, Judged], ...] = ()


class TaskRollout(NamedTuple):
    """The update of one task definition; ``pins`` are what may go on starting its old revision."""

    logical_id: str
    old: TaskDefinition
    new: TaskDefinition
    deployment: Deployment
    phases: tuple[Phase, ...]
    cells: tuple[Cell, ...]
    pins: tuple[Pin, ...] = ()

    def cell(self, revision: str, phase: Phase) -> Cell:
        return next(it for it in self.cells if it.revision == revision and it.phase == phase)


class Stranded(NamedTuple):
    """A call of the old revision that is denied in some phases of the update, and not before."""

    task: TaskRollout
    start: StartCall
    call: Call
    judged: Judged
    phases: tuple[Phase, ...]

    @property
    def is_certain(self) -> bool:
        """Whether one of the phases comes with every update."""
        return any(phase.is_certain for phase in self.phases)


class Rollout(NamedTuple):
    """The update of one stack.

    ``added`` and ``removed`` are task definitions of one release alone, ``replaced`` the roles of
    the old one that the clean-up deletes.
    """

    old: Stack
    new: Stack
    tasks: tuple[TaskRollout, ...]
    lost: tuple[Change, ...]
    gained: tuple[Change, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()

    @property
    def stranded(self) -> Iterator[Stranded]:
        """What the update breaks: not what was broken before, and not what is on its way out.

        A task of the new revision that starts while the stack is rolled back is replaced by the
        very roll-back, which the old roles allow.
        """
        for task in self.tasks:
            calls: dict[int, tuple[StartCall, Judged, list[Phase]]] = {}
            for cell in task.cells:
                if cell.revision != OLD:
                    continue
                for start, judged in cell.calls:
                    if judged.is_allowed is False and start.own.is_allowed is not False:
                        calls.setdefault(id(start), (start, judged, []))[2].append(cell.phase)
            for start, judged, phases in calls.values():
                if start.call is not None:  # else nothing is certain
                    yield Stranded(task, start, start.call, judged, tuple(phases))


def compare(old: Stack, new: Stack) -> Rollout:
    """Compares two releases of a stack. May raise TemplateError."""
    before, after = View(old), View(new)
    forth, back = Words(before, after), Words(after, before)
    theirs, mine = (_by_name(view) for view in (before, after))
    starts = {
        OLD: _by_task(_start_calls(before, forth, back, is_new=False)),
        NEW: _by_task(_start_calls(after, back, forth, is_new=True)),
    }
    pairs = list(_pairs(before, after, theirs, mine))
    tasks = tuple(
        _rollout(
            one, two, _deployment(before, after, one, two), pins_on(before, after, one), starts
        )
        for one, two in pairs
    )
    known = {task.logical_id for pair in pairs for task in pair}
    lost, gained = changes(before, after, forth, back)
    return Rollout(
        old,
        new,
        tasks,
        lost,
        gained,
        added=tuple(name for name in mine if name not in known),
        removed=tuple(name for name in theirs if name not in known),
        replaced=replaced(before, forth),
    )


def _pairs(
    before: View,
    after: View,
    theirs: Mapping[str, TaskDefinition],
    mine: Mapping[str, TaskDefinition],
) -> Iterator[tuple[TaskDefinition, TaskDefinition]]:
    """The task definitions of both releases: those of one name, else those of one service."""
    services = {
        service: task
        for name, task in theirs.items()
        if name not in mine
        for service in deployment_of(before, task).services
    }
    for name, task in mine.items():
        if name in theirs:
            yield theirs[name], task
            continue
        found = map(services.get, deployment_of(after, task).services)
        old = next((it for it in found if it is not None), None)
        if old is not None:
            yield old, task


def _deployment(before: View, after: View, old: TaskDefinition, new: TaskDefinition) -> Deployment:
    """How tasks of the old revision run, and how they are replaced.

    The call that gives a service its new task definition gives it its new settings, too.
    """
    found, then = deployment_of(before, old), deployment_of(after, new)
    if not found.services or not then.services:
        return found if found.services else then
    return then._replace(is_running=found.is_running)


def _by_name(view: View) -> Mapping[str, TaskDefinition]:
    """The task definitions; what AWS keeps of an Express service's old ones, it does not say."""
    return {task.logical_id: task for task in task_definitions(view) if not task.is_express}


def _rollout(
    old: TaskDefinition,
    new: TaskDefinition,
    deployment: Deployment,
    pins: tuple[Pin, ...],
    starts: Mapping[str, Mapping[str, list[StartCall]]],
) -> TaskRollout:
    phases = tuple(phases_of(deployment, pins))
    names = {OLD: old.logical_id, NEW: new.logical_id}
    cells = tuple(
        _cell(revision, phase, starts[revision].get(names[revision], ()))
        for revision in REVISIONS
        for phase in phases
    )
    return TaskRollout(new.logical_id, old, new, deployment, phases, cells, pins)


def _cell(revision: str, phase: Phase, starts: Iterable[StartCall]) -> Cell:
    if revision not in phase.starts:
        return Cell(revision, phase, NOT_STARTED)
    judged = [(start, start.at(revision, phase)) for start in starts]
    unsure = tuple((start, it) for start, it in judged if it.is_allowed is not True)
    answers = {it.is_allowed for _, it in unsure}
    status = DENIED if False in answers else UNKNOWN if None in answers else ALLOWED
    return Cell(revision, phase, status, unsure)


# --- the calls of a release -----------------------------------------------------------------------


def _by_task(starts: Iterable[StartCall]) -> Mapping[str, list[StartCall]]:
    found: dict[str, list[StartCall]] = {}
    for start in starts:
        if start.need.task is not None:
            found.setdefault(start.need.task.logical_id, []).append(start)
    return found


def _start_calls(view: View, words: Words, back: Words, *, is_new: bool) -> Iterator[StartCall]:
    """The calls of all task definitions of a release, one of each, whatever the scenario."""
    groups: dict[object, list[Decision]] = {}
    for need in all_needs(view.stack):
        if need.task is None or need.task.is_express or need.is_anonymous:
            continue
        if need.role is None:
            if need.role_value is not None and need.calls:
                unknown = Judged(None, (Fact("role", f"role '{need.role_value.text()}'"),))
                yield StartCall(need, "", None, None, unknown, unknown, unknown)
            continue
        for call in calls_of(need):
            if not call.needed.is_optional:
                for decision in decide(call):
                    groups.setdefault((need.key, call.action), []).append(decision)
    for decisions in groups.values():
        call = decisions[0].call
        worlds = [
            together([judged_in(it.call, words, is_cleaned_up=is_late) for it in decisions])
            for is_late in (False, True)
        ]
        halves = [
            None
            if has_order(words)
            else together(
                [half_updated(it.call, words, back, is_role_new=is_ahead) for it in decisions]
            )
            for is_ahead in (False, True)
        ]
        # Only its own deployment waits: nothing keeps old tasks from being started meanwhile.
        waits = _awaited(view, call) if is_new else NOTHING
        attached = [
            [half_attached(it.call, words, back, awaited, is_other=is_other) for it in decisions]
            for is_other, awaited in ((False, waits), (True, NOTHING))
        ]
        told = [[it for it in each if it is not None] for each in attached]
        start = StartCall(
            call.need,
            call.action,
            call.resource,
            call,
            together(list(map(own, decisions))),
            *worlds,
            *halves,
            *(together(each) if each else None for each in told),
        )
        settling = together([before_cleanup(it, words, back) for it in decisions])
        yield start._replace(own_before_cleanup=settling)


def _awaited(view: View, call: Call) -> frozenset[str]:
    """The logical ids of what the services of a call's task wait for by their DependsOn."""
    task = call.need.task
    services = deployment_of(view, task).services if task is not None else ()
    resources = view.stack.data.get("Resources") or {}
    found: set[str] = set()
    for name in services:
        depends = (resources.get(name) or {}).get("DependsOn") or ()
        found.update([depends] if isinstance(depends, str) else depends)
    return frozenset(found)
