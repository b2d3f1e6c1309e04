"""E9747: the task role may not mount an EFS file system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import exception, role_in
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.edit import Help
from copilot_preflight.iam.layers import Layer
from copilot_preflight.model.file_systems import FileSystem
from copilot_preflight.needs.efs import CLIENT_WRITE, EFS_MOUNT, Mount


@rule(
    "E9747",
    "efs-mount-denied",
    "Task role may not mount the file system",
    fix="safe or review",
    no_fix="the policy is that of a file system outside the run",
)
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
            help = exception(first) or _let_in(group, policy, found)
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
                edits=slips(group) if len(actions) == len(group) else (),
            ),
        )


def _let_in(group: Sequence[Denial], policy: str, found: FileSystem | None) -> Help | str:
    """The statement of a file system's policy, which is about that file system alone."""
    if found is None:
        return ""
    owner = advice.owner(Layer.RESOURCE, policy, found.place, found.logical_id)
    role = role_in(group[0], found.place.file)
    actions = [denied.call.action for denied in group]
    statement = advice.grant(owner, actions, "*", principal=role)
    return advice.help_with("let the role in there:", grants=[statement], is_safe=False)
