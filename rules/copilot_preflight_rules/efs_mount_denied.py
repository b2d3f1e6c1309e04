"""E9747: the task role may not mount an EFS file system."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import exception
from copilot_preflight.needs.efs import CLIENT_WRITE, EFS_MOUNT, Mount


@rule("E9747", "efs-mount-denied", "Task role may not mount the file system")
def efs_mount_denied(analysis: Analysis) -> Iterator[Finding]:
    denials = tuple(analysis.denials_of(EFS_MOUNT))
    unwritable = {d.need.key for d in denials if d.call.action == CLIENT_WRITE}
    for group in telling.together(denials):
        first = group[0]
        mount = first.need.about(Mount)
        found = mount.file_system
        related = [Related(found.place, "its policy lets in whom it names")] if found else []
        if first.cause.kind == diagnosis.RESOURCE_POLICY:
            policy = f"the policy of {found}"
            help = exception(first) or ""
            yield telling.refused(group, policy, help=help, related=related)
            continue
        actions = [denied.call.action for denied in group]
        if first.need.key in unwritable:
            actions.append(CLIENT_WRITE)
        yield telling.finding(
            group,
            telling.reason(first),
            related=[*telling.shown(first), *related],
            help=advice.granted(
                first.call,
                advice.grant(advice.policy_of(first.call), actions, advice.resource_of(first.call)),
            ),
        )
