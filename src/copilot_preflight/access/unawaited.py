"""Grants that nothing makes a task wait for: CloudFormation may start it before they are attached.

A policy that is a resource of its own is made next to whatever does not refer to it. A service that
refers to the role, by way of its task definition, waits for the role and not for the policy.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
(``Policies``, which names AWS::ECS::Service as the example)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeAlias

from copilot_preflight.access.decide import Decision, decide, decide_without
from copilot_preflight.access.request import Call, calls_of
from copilot_preflight.access.resource_policies import resource_policy
from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.endpoints import is_shut_in
from copilot_preflight.model.services import is_fargate, runs_of
from copilot_preflight.model.starts import GRANTING, Start, starts_of
from copilot_preflight.needs.container_secrets import REGISTRY, SECRET
from copilot_preflight.needs.efs import EFS_MOUNT
from copilot_preflight.needs.env_files import ENV_FILE
from copilot_preflight.needs.firelens import FIRELENS
from copilot_preflight.needs.images import IMAGE
from copilot_preflight.needs.logs import LOGS, is_blocking, is_made_by_the_driver, log_group_named
from copilot_preflight.needs.need import Need, needs_at
from copilot_preflight.resolve.dependencies import Waits, waits_for
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

_NOUNS: Final = {
    **GRANTING,
    "AWS::EC2::VPCEndpoint": "VPC endpoint",
    "AWS::Logs::LogGroup": "log group",
}

_AT_THE_START: Final = (ENV_FILE, SECRET, REGISTRY, IMAGE, LOGS, FIRELENS, EFS_MOUNT)
"""The needs without which a task does not start."""

_HOSTS: Final = (
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::EC2::Instance",
    "AWS::EC2::SpotFleet",
    "AWS::EC2::EC2Fleet",
)
"""What gives a cluster instances."""

_MAX_SPLITS: Final = 6
"""How many conditions deep a call is followed; beyond, nothing is said of it."""


class Unawaited(NamedTuple):
    """Something in place that a start needs and does not wait for.

    ``awaited`` is the resource, in ``place``; ``noun`` is what a message calls it. ``call`` is the
    one that fails without it; None where it is no single one: a log group. ``is_grant``: it allows
    the call, which otherwise is denied; else the call has no other way.
    ``is_circular``: the resource waits for the start itself, or may. ``when`` names the scenario,
    ``""`` for all.
    """

    need: Need
    start: Start
    awaited: str
    noun: str
    place: Place
    call: Call | None
    is_circular: bool
    when: str = ""

    @property
    def is_grant(self) -> bool:
        return self.noun in GRANTING.values()

    def __str__(self) -> str:
        return f"{self.noun} '{self.awaited}'"


def everything_unawaited(
    stack: Stack, needs: Iterable[Need], decisions: Iterable[Decision]
) -> Iterator[Unawaited]:
    """Whatever tasks of a template need when they start and do not wait for, each call once."""
    if any(map(stack.has, GRANTING)):
        yield from _unawaited_grants(decisions)
    if stack.has("AWS::EC2::VPCEndpoint"):
        yield from _unawaited_endpoints(decisions)
    if stack.has("AWS::Logs::LogGroup"):
        yield from _unawaited_log_groups(needs)


def _unawaited_grants(decisions: Iterable[Decision]) -> tuple[Unawaited, ...]:
    """The policies on which the decisions of a template rest."""
    found: dict[tuple[_Key, str], Unawaited] = {}
    sometimes: set[_Key] = set()
    for decision in decisions:
        for key, answer in _answers(decision):
            if answer is None:
                sometimes.add(key)
            else:
                found.setdefault((key, answer.awaited), answer)
    return tuple(
        answer._replace(when=str(answer.need.view.scenario)) if key in sometimes else answer
        for (key, _), answer in found.items()
    )


_Key: TypeAlias = "tuple[object, str, str]"
"""A need, its action, and what starts the task."""


def _answers(decision: Decision, depth: int = 0) -> Iterator[tuple[_Key, Unawaited | None]]:
    """What each start of a call's task does not wait for, in as many scenarios as it takes."""
    call, need = decision.call, decision.call.need
    if decision.is_denied or not _is_at_the_start(call) or need.task is None:
        return
    for start in starts_of(need.view, need.task):
        key = (need.key, call.action, start.logical_id)
        absent, undecided = _not_awaited(call, start)
        granting = _granting(decision, absent)
        lacking = decide_without(call, absent) if granting is not None else None
        if granting is None or lacking is None or _is_granted(lacking):
            yield key, None  # it waits for enough, whatever is undecided
            continue
        undecided = [*start.conditions, *undecided]
        if not lacking.is_denied:
            undecided += [fact.name if fact.kind == "condition" else "" for fact in lacking.facts]
        if not undecided:
            yield key, _of_resource(need, start, str(granting.place.path[1]), call)
        elif undecided[0]:
            yield from _settled(decision, start, undecided[0], depth)


def _settled(
    decision: Decision, start: Start, condition: str, depth: int
) -> Iterator[tuple[_Key, Unawaited | None]]:
    """The answers where an open condition is decided; none where it must stay open."""
    need = decision.call.need
    if depth >= _MAX_SPLITS or need.source is None:
        return
    for leaf in need.view.settle(condition):
        if leaf == need.view:
            return
        for finer in needs_at(leaf, need.source, need.key):
            for call in calls_of(finer):
                if call.action == decision.call.action:
                    for again in decide(call):
                        yield from (
                            (key, answer)
                            for key, answer in _answers(again, depth + 1)
                            if key[2] == start.logical_id
                        )


def _is_at_the_start(call: Call) -> bool:
    need = call.need
    if need.kind not in _AT_THE_START or need.role_value is None or call.needed.is_optional:
        return False
    return need.kind != LOGS or is_blocking(need.value)


def _not_awaited(call: Call, start: Start) -> tuple[set[Place], list[str]]:
    """The statements for which a start does not wait, or may not, and what that depends on.

    ``""`` stands for what nobody can decide.
    """
    view = call.view
    absent: set[Place] = set()
    undecided: list[str] = []
    for statement in _grants(call):
        origin = _origin(view, statement.place)
        if origin is None or statement.place in absent:
            continue
        waits = _waits(call.need, start, origin)
        if not waits.verdict:
            absent.add(statement.place)
        if waits.verdict is None:
            undecided += waits.conditions or ("",)
    return absent, undecided


def _waits(need: Need, start: Start, other: str) -> Waits:
    """Whether a start waits for a resource, or what it is to start on does.

    Tasks of a cluster of instances wait for those, whatever the service itself refers to.
    """
    view, task = need.view, need.task
    waits = waits_for(view, start.logical_id, other)
    if waits.verdict is False and task is not None and is_fargate(view, task) is not True:
        hosts = (host for kind in _HOSTS for host, _ in view.resources(kind))
        if any(waits_for(view, host, other).verdict is not False for host in hosts):
            return Waits(None)
    return waits


def _grants(call: Call) -> Iterator[Statement]:
    policy = resource_policy(call).policy
    for statement in (*call.role.statements, *(policy.statements if policy is not None else ())):
        if statement.effect != "Deny":
            yield statement


def _origin(view: View, place: Place) -> str | None:
    """The resource of a template that a statement stands in, if it is one of those to wait for."""
    if place.file != view.file or len(place.path) < 2 or place.path[0] != "Resources":
        return None
    logical_id = str(place.path[1])
    return logical_id if _kind(view, logical_id) in GRANTING else None


def _kind(view: View, logical_id: str) -> str:
    return str(view.stack.data["Resources"][logical_id].get("Type"))


def _granting(decision: Decision, absent: Collection[Place]) -> Statement | None:
    """The statement that allows a call and may not be there yet."""
    grants = (*decision.deciding, *decision.granting)
    return next((each for each in grants if each.place in absent), None)


def _is_granted(decision: Decision) -> bool:
    """Whether something allows a call, whatever nobody has seen says of it."""
    if decision.is_denied:
        return False
    return decision.outcome is Outcome.ALLOWED or bool(decision.granting)


def _of_resource(need: Need, start: Start, awaited: str, call: Call | None) -> Unawaited:
    view = need.view
    return Unawaited(
        need,
        start,
        awaited,
        _NOUNS[_kind(view, awaited)],
        Place(view.file, ("Resources", awaited), key=True),
        call,
        is_circular=waits_for(view, awaited, start.logical_id).verdict is not False,
    )


# --- endpoints ------------------------------------------------------------------------------------


def _unawaited_endpoints(decisions: Iterable[Decision]) -> Iterator[Unawaited]:
    """The VPC endpoints that are the only way of a call at the start, and no start waits for.

    Without it the call times out. Only those without open conditions.
    """
    for decision in decisions:
        call, endpoint, task = decision.call, decision.endpoint, decision.call.need.task
        if endpoint is None or task is None or decision.is_denied or not _is_at_the_start(call):
            continue
        view = call.view
        if endpoint.place.file != view.file:
            continue
        runs = {run.place: run for run in runs_of(view, task)}
        for start in starts_of(view, task):
            run = runs.get(start.place)
            if run is None or start.conditions or not is_shut_in(view, run):
                continue
            if _waits(call.need, start, endpoint.logical_id).verdict is False:
                yield _of_resource(call.need, start, endpoint.logical_id, call)


# --- log groups -----------------------------------------------------------------------------------


def _unawaited_log_groups(needs: Iterable[Need]) -> Iterator[Unawaited]:
    """The log groups of a template that containers log to, and that no start waits for.

    Only those without open conditions, and only in blocking mode: else the driver tries again.
    """
    seen: set[tuple[str, str]] = set()
    for need in needs:
        if need.kind != LOGS or need.task is None or not isinstance(need.detail, Text):
            continue
        if not is_blocking(need.value) or is_made_by_the_driver(need.value):
            continue
        group = log_group_named(need.view, need.detail)
        for start in starts_of(need.view, need.task) if group is not None else ():
            if group is None or start.conditions or (start.logical_id, group) in seen:
                continue
            if _waits(need, start, group).verdict is False:
                seen.add((start.logical_id, group))
                yield _of_resource(need, start, group, None)
