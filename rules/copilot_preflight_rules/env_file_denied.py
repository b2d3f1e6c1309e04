"""E9711: the execution role may not read an environment file."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.parts import abridged
from copilot_preflight.edits.edit import Help
from copilot_preflight.needs.env_files import ENV_FILE, GET_OBJECT

_ELSEWHERE = (diagnosis.STALE_HASH, diagnosis.WRONG_ROLE, diagnosis.OBJECT_ACTION_ON_BUCKET)


@rule("E9711", "env-file-denied", "Execution role may not read the env file")
def env_file_denied(analysis: Analysis) -> Iterator[Finding]:
    for denied in analysis.denials_of(ENV_FILE, GET_OBJECT):
        if denied.cause.kind not in _ELSEWHERE:
            yield denied.finding(
                f"execution {denied.call.role} may not s3:GetObject "
                f"'{abridged(denied.call.resource)}', which {denied.read.container} "
                f"asks for: {telling.reason(denied)}",
                label=f"403 for {denied.call.role}",
                related=[
                    *telling.shown(denied),
                    Related(denied.call.role.place, "the role that ECS downloads with"),
                ],
                help=_help(denied),
            )


def _help(denied: Denial) -> Help | str:
    if denied.cause.kind == diagnosis.CONDITION_OFF:
        return "put the grant under the condition of the environment file, or under none"
    statements = advice.read_grants(denied.read, advice.policy_of(denied.call))
    return advice.granted(denied.call, *statements)
