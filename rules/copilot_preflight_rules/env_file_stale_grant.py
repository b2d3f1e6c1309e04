"""E9712: the role is granted another content hash of the file than the task asks for."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.parts import abridged_key
from copilot_preflight.needs.env_files import ENV_FILE, GET_OBJECT


@rule("E9712", "env-file-stale-grant", "Execution role is granted another version of the env file")
def env_file_stale_grant(analysis: Analysis) -> Iterator[Finding]:
    for denied in analysis.denials_of(ENV_FILE, GET_OBJECT):
        granted = denied.cause.entry
        if denied.cause.kind == diagnosis.STALE_HASH and granted is not None:
            asked = abridged_key(denied.call.resource)
            yield denied.finding(
                f"execution {denied.call.role} may read '{abridged_key(granted.text)}' "
                f"but {denied.read.container} asks for '{asked}'",
                label="asks for another version",
                related=[
                    Related(granted.place, "the version that is granted"),
                    Related(denied.call.role.place, "the role that ECS downloads with"),
                ],
                help=f"grant every version of the file in {advice.where(denied.call)}:\n"
                + advice.read_grant(denied.read),
            )
