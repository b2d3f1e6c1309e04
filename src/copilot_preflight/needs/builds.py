"""The needs of builds: what the service role of a CodeBuild project must be allowed."""

from __future__ import annotations

from collections.abc import Iterable

from copilot_preflight.model.pipelines import Project
from copilot_preflight.needs.need import Need, NeededCall
from copilot_preflight.resolve.value import Value


def need_of_build(
    project: Project,
    kind: str,
    value: Value,
    subject: str,
    calls: Iterable[NeededCall],
    detail: object = None,
) -> Need:
    """What a build asks of the role of its project."""
    return Need(
        kind=kind,
        view=project.view,
        value=value,
        subject=subject,
        user="build",
        role_value=project.role,
        calls=tuple(calls),
        needs_role=False,
        detail=detail,
    )
