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
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.edit import Help
from copilot_preflight.needs.env_files import ENV_FILE, GET_BUCKET_LOCATION, GET_OBJECT

_ELSEWHERE = (diagnosis.STALE_HASH, diagnosis.WRONG_ROLE, diagnosis.OBJECT_ACTION_ON_BUCKET)


@rule("E9711", "env-file-denied", "Execution role may not read the env file", fix="safe")
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
                help=_help(analysis, denied),
            )


def _help(analysis: Analysis, denied: Denial) -> Help:
    owner = advice.policy_of(denied.call)
    statements = advice.read_grants(denied.read, owner)
    if denied.cause.kind == diagnosis.CONDITION_OFF:
        words = "put the grant under the condition of the environment file, or grant it in"
        return advice.granted(denied.call, *statements, words=words)
    asked = [it for it in analysis.denials if it.need.key == denied.need.key]
    edits = slips([it for it in asked if it.call.action in (GET_OBJECT, GET_BUCKET_LOCATION)])
    help = advice.granted(denied.call, *statements, edits=edits)
    # What IAM takes for no ARN has to go, whatever else is granted.
    return help._replace(is_enough=not edits or denied.cause.kind != diagnosis.OTHER_PARTITION)
