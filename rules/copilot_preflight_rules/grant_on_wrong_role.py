"""E9733: one of a task's roles has the grant that the other one needs."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.parts import abridged
from copilot_preflight.needs.env_files import ENV_FILE, GET_OBJECT

_OTHER = {"execution": "task", "task": "execution"}


@rule(
    "E9733",
    "grant-on-wrong-role",
    "The grant is on the wrong one of a task's two roles",
    fix="safe",
)
def grant_on_wrong_role(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(filter(_is_ours, analysis.denied_by(diagnosis.WRONG_ROLE))):
        denied = group[0]
        cause, need = denied.cause, denied.need
        if cause.statement is None:
            continue
        if need.kind == ENV_FILE:
            actions, does = f"read '{abridged(denied.call.resource)}'", "downloads the"
            grants = advice.read_grants(denied.read, advice.policy_of(denied.call))
        else:
            actions, does = telling.calls(group), "makes these calls for the"
            grants = telling.grants(group)
        instead = f"what {denied.call.role} is granted instead"
        near = [] if cause.near is None else [Related(cause.near.place, instead)]
        yield denied.finding(
            f"{_OTHER[need.user]} {cause.role} may {actions}, but ECS {does} {need.subject} with "
            f"{denied.call.who}, which may not",
            label=f"403 for {denied.call.role}",
            related=[
                Related(cause.statement.place, f"the grant, on {cause.role}"),
                *near,
                Related(denied.call.role.place, "the role that ECS uses"),
            ],
            help=advice.granted(denied.call, *grants, words="add to"),
        )


def _is_ours(denied: Denial) -> bool:
    """What else an environment file needs than the file itself has rules of its own."""
    return denied.need.kind != ENV_FILE or denied.call.action == GET_OBJECT
