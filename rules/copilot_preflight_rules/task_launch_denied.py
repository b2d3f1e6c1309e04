"""E9749: what launches a task may not run it, or may not pass its roles on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.parts import abridged
from copilot_preflight.checks.wording.slips import every_revision, slips
from copilot_preflight.edits.edit import Help
from copilot_preflight.edits.grant import Clause, Grant
from copilot_preflight.needs.launches import (
    PASS_ROLE,
    TAG_RESOURCE,
    TASK_LAUNCH,
    TASKS,
    Launched,
)
from copilot_preflight.needs.need import Need

_SHOWN = 3
_CONDITIONS = {
    PASS_ROLE: Clause("StringEquals", "iam:PassedToService", TASKS),
    TAG_RESOURCE: Clause("StringEquals", "ecs:CreateAction", "RunTask"),
}


@rule(
    "E9749",
    "task-launch-denied",
    "What launches a task may not run it",
    fix="safe",
    no_fix="which role may run the task, only you know",
)
def task_launch_denied(analysis: Analysis) -> Iterator[Finding]:
    yield from _without_role(analysis)
    told: dict[object, list[Denial]] = {}
    others: dict[object, dict[Place, Need]] = {}
    for denied in analysis.denials_of(TASK_LAUNCH):
        if denied.call.needed.is_optional:
            continue
        launch = denied.need.about(Launched).launch
        what = denied.call.role.place, denied.call.action, denied.call.resource, denied.when
        if what in others:
            others[what].setdefault(denied.need.place, denied.need)
            continue
        others[what] = {denied.need.place: denied.need}
        told.setdefault((launch.value.path, launch.name, denied.when), []).append(denied)
    for group in told.values():
        yield _denied(group, _elsewhere(group, others))


def _elsewhere(
    group: Sequence[Denial], others: dict[object, dict[Place, Need]]
) -> Iterator[Related]:
    """The other launches that lack the same."""
    found: dict[Place, Need] = {}
    for denied in group:
        what = denied.call.role.place, denied.call.action, denied.call.resource, denied.when
        found.update(others[what])
    found.pop(group[0].need.place, None)
    for place, need in [*found.items()][:_SHOWN]:
        yield Related(place, f"the {need.subject} needs it too")


def _denied(group: Sequence[Denial], others: Iterator[Related]) -> Finding:
    shown = [related for denied in group for related in telling.shown(denied)]
    return telling.finding(
        group,
        "; ".join(dict.fromkeys(map(_reason, group))),
        label=f"{group[0].need.about(Launched).launch} does not start it",
        related=[*dict.fromkeys(shown), *others],
        help=_help(group),
    )


def _reason(denied: Denial) -> str:
    entry = denied.cause.entry
    if entry is not None and every_revision(denied.call, entry) is not None:
        return f"the grant '{abridged(entry.text)}' names no revision, and ECS asks with one"
    return telling.reason(denied)


def _help(group: Sequence[Denial]) -> Help:
    first = group[0].call
    return advice.granted(first, *_grants(group), edits=slips(group))


def _grants(group: Sequence[Denial]) -> Iterator[Grant]:
    """A statement for each action, or for some actions on one resource."""
    owner = advice.policy_of(group[0].call)
    resources: dict[str, list[str]] = {}
    for denied in group:
        resource = advice.resource_of(denied.call)
        resources.setdefault(denied.call.action, []).append(resource)
    actions: dict[tuple[str, ...], list[str]] = {}
    for action, needed in resources.items():
        key = (*dict.fromkeys(needed), *([action] if action in _CONDITIONS else []))
        actions.setdefault(key, []).append(action)
    for names in actions.values():
        clause = _CONDITIONS.get(names[0])
        yield advice.grant(
            owner,
            names,
            *dict.fromkeys(resources[names[0]]),
            condition=() if clause is None else (clause,),
        )


def _without_role(analysis: Analysis) -> Iterator[Finding]:
    launches: dict[object, list[Need]] = {}
    for need in analysis.needs:
        if isinstance(need.detail, Launched) and not need.detail.passed:
            launches.setdefault(need.key, []).append(need)
    for needs in launches.values():
        lacking = [need for need in needs if need.role_value is None and need.needs_role]
        if lacking:
            when = f" when {lacking[0].view.scenario}" if len(lacking) < len(needs) else ""
            yield _no_role(lacking[0], when)


def _no_role(need: Need, when: str) -> Finding:
    launch = need.about(Launched).launch
    help = advice.help_with(
        "give it a RoleArn that may run the task",
        no_fix="which role may run the task, only you know",
    )
    return Finding(
        at=need.place,
        message=f"{launch} has no RoleArn{when}, and the {need.subject} takes one",
        label="no role",
        cause="no-role",
        help=help.text,
        remedy=help,
    )
