"""E9746: the agent of ECS Exec may not open its channel with the task role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.grant import Grant
from copilot_preflight.needs.exec_channel import ANY_GROUP, EXEC_CHANNEL, LOG, SESSION, ExecChannel


@rule("E9746", "exec-channel-denied", "Task role may not open the channel of ECS Exec", fix="safe")
def exec_channel_denied(analysis: Analysis) -> Iterator[Finding]:
    groups: dict[object, list[Denial]] = {}
    for denied in analysis.denials_of(EXEC_CHANNEL):
        service = denied.call.action.partition(":")[0]
        groups.setdefault((denied.need.key, service), []).append(denied)
    for group in groups.values():
        first = group[0]
        channel = first.need.about(ExecChannel)
        yield telling.finding(
            group,
            telling.reason(first),
            related=[*telling.shown(first), Related(channel.at, "turns ECS Exec on")],
            help=advice.granted(first.call, *_grants(group), edits=slips(group)),
        )


def _grants(group: Sequence[Denial]) -> Iterator[Grant]:
    owner = advice.policy_of(group[0].call)
    by_resource: dict[str, list[str]] = {}
    for denied in group:
        resource = _granted(advice.resource_of(denied.call))
        by_resource.setdefault(resource, []).append(denied.call.action)
    return (advice.grant(owner, names, resource) for resource, names in by_resource.items())


def _granted(resource: str) -> str:
    """The resource as a grant names it, for all sessions."""
    if resource.endswith(str(ANY_GROUP)):
        return "*"
    return resource.replace(f"log-stream:{SESSION}", "*").replace(str(LOG), "*")
