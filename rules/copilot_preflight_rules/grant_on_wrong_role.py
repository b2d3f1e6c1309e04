"""E9733: the task role has the grant that the execution role needs."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight import advice, diagnosis
from copilot_preflight.analysis import Analysis, abridged
from copilot_preflight.finding import Finding, Related
from copilot_preflight.needs.env_files import ENV_FILE, GET_OBJECT
from copilot_preflight.rule import rule


@rule("E9733", "grant-on-wrong-role", "The grant is on the task role, not on the execution role")
def grant_on_wrong_role(analysis: Analysis) -> Iterator[Finding]:
    for denied in analysis.denials_of(ENV_FILE, GET_OBJECT):
        cause = denied.cause
        if cause.kind != diagnosis.WRONG_ROLE or cause.role is None or cause.statement is None:
            continue
        yield denied.finding(
            f"task {cause.role} may read '{abridged(denied.call.resource)}', but ECS "
            f"downloads the environment file of {denied.read.container} with execution "
            f"{denied.call.role}, which may not",
            label=f"403 for {denied.call.role}",
            related=[
                Related(cause.statement.place, f"the grant, on {cause.role}"),
                Related(denied.call.role.place, "the role that ECS downloads with"),
            ],
            help=f"move the statements to {advice.where(denied.call)}:\n"
            + advice.read_grant(denied.read),
        )
