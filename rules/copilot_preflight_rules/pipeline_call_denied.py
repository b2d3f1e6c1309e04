"""E9775: the role of a build project may not make a call without which no build begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.needs.build_network import (
    AUTHORIZED_SERVICE,
    BUILD_NETWORK,
    CODEBUILD,
    CREATE_PERMISSION,
    granted,
)

if TYPE_CHECKING:
    from copilot_preflight.edits.grant import Grant


@rule(
    "E9775",
    "pipeline-call-denied",
    "Role of a build project may not make a call that its builds need",
    fix="safe",
)
def pipeline_call_denied(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.of_needs(analysis.denials_of(BUILD_NETWORK)):
        first = group[0]
        yield telling.finding(
            group,
            telling.reasons(group),
            related=dict.fromkeys(it for denied in group for it in telling.shown(denied)),
            help=advice.granted(first.call, *_grants(group)),
        )


def _grants(group: Sequence[Denial]) -> Iterator[Grant]:
    """A statement for each resource; the permission is for CodeBuild alone, as AWS shows it."""
    from copilot_preflight.edits.grant import Clause

    owner = advice.policy_of(group[0].call)
    by_resource: dict[str, list[str]] = {}
    for denied in group:
        if denied.call.action != CREATE_PERMISSION:
            resource = granted(advice.resource_of(denied.call))
            by_resource.setdefault(resource, []).append(denied.call.action)
    for resource, actions in by_resource.items():
        yield advice.grant(owner, actions, resource, in_line=True)
    for denied in group:
        if denied.call.action == CREATE_PERMISSION:
            resource = granted(advice.resource_of(denied.call))
            condition = [Clause("StringEquals", AUTHORIZED_SERVICE, CODEBUILD)]
            yield advice.grant(owner, CREATE_PERMISSION, resource, condition=condition)
