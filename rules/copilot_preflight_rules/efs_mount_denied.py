"""E9747: the task role, or a client without credentials, may not mount an EFS file system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.access.decide import decide
from copilot_preflight.access.request import Call
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.base.symbolic import Text
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import exception, role_in
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.edit import Help
from copilot_preflight.iam.evaluate import Outcome, evaluate
from copilot_preflight.iam.layers import Layer
from copilot_preflight.model.file_systems import FileSystem
from copilot_preflight.model.roles import Role, role_named
from copilot_preflight.needs.efs import CLIENT_WRITE, EFS_MOUNT, ENABLED, Mount

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit
    from copilot_preflight.edits.grant import Grant


@rule(
    "E9747",
    "efs-mount-denied",
    "A task may not mount the file system",
    fix="safe or review",
    no_fix="the policy is that of a file system outside the run",
)
def efs_mount_denied(analysis: Analysis) -> Iterator[Finding]:
    denials = tuple(analysis.denials_of(EFS_MOUNT))
    unwritable = {d.need.key for d in denials if d.call.action == CLIENT_WRITE}
    for group in telling.together(denials):
        first = group[0]
        found = first.need.about(Mount).file_system
        related = [Related(found.place, "its policy lets in whom it names")] if found else []
        actions = [denied.call.action for denied in group]
        if first.need.key in unwritable:
            actions.append(CLIENT_WRITE)
        if first.need.is_anonymous:
            yield _of_nobody(analysis, group, actions, related)
            continue
        if first.cause.kind == diagnosis.RESOURCE_POLICY:
            policy = f"the policy of {found}"
            help = exception(first) or _let_in(group, policy, found)
            yield telling.refused(group, policy, help=help, related=related)
            continue
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


# --- mounts without IAM ---------------------------------------------------------------------------


def _of_nobody(
    analysis: Analysis, group: Sequence[Denial], actions: Sequence[str], related: list[Related]
) -> Finding:
    """A volume that is mounted without credentials, which the file system's policy does not take.

    Where the policy would take such a client over TLS, that is what is missing; else it is IAM.
    """
    first = _with_scenario(group[0])
    found = first.need.about(Mount).file_system
    statement = first.cause.statement
    lacks_tls = _is_taken_over_tls(first)
    policy = f"the policy of {found}"
    if lacks_tls:
        why = f"{policy} takes it over TLS only, and TransitEncryption is not {ENABLED}"
    elif statement is not None:
        why = f"IAM is not {ENABLED}, and a Deny statement of {policy} covers such a client"
    else:
        why = f"IAM is not {ENABLED}, and {policy} grants no such client to mount it"
    if statement is not None:
        related = [Related(statement.place, "what denies it"), *related]
    return first.finding(
        f"{first.call.who} may not {telling.calls(group)}, and the {first.need.subject} is mounted "
        f"by one: {why}",
        label="mounted without encryption" if lacks_tls else "mounted without IAM",
        related=related,
        help=_over_tls(first) if lacks_tls else _by_role(analysis, first, actions),
    )


def _with_scenario(denied: Denial) -> Denial:
    """The denial with the scenario that has no IAM in the volume, where others have."""
    raw = denied.need.about(Mount).configuration.raw
    is_at_condition = "Fn::If" in str(raw.get("AuthorizationConfig"))
    if denied.when or not is_at_condition:
        return denied
    return denied._replace(when=str(denied.need.view.scenario))


def _is_taken_over_tls(denied: Denial) -> bool:
    if denied.need.about(Mount).is_encrypted is not False:
        return False
    over_tls = denied.call.sending({"aws:securetransport": (Text.of("true"),)})
    return all(it.outcome is Outcome.ALLOWED for it in decide(over_tls))


def _over_tls(denied: Denial) -> Help:
    edits = [_switched_on(denied, ("TransitEncryption",), "mount the volume over TLS")]
    return advice.help_with(f"set TransitEncryption to {ENABLED}", edits=edits)


def _by_role(analysis: Analysis, denied: Denial, actions: Sequence[str]) -> Help:
    """IAM turned on, and over TLS, without which ECS takes no IAM; and what the task role lacks."""
    task = denied.need.task
    value = task.task_role if task is not None else None
    role = role_named(denied.need.view, value.text()) if value is not None else None
    sentence = f"set IAM under AuthorizationConfig to {ENABLED}"
    if not denied.need.about(Mount).is_encrypted:
        sentence += ", and TransitEncryption too"
    if role is None:
        whose = "the task has no role" if value is None else "the task role is outside the run"
        sentence += f", and let the task role call {telling.enumeration(actions)} there"
        return advice.help_with(sentence, no_fix=f"{whose} to mount the volume with")
    edits = [
        _switched_on(denied, ("AuthorizationConfig", "IAM"), "mount the volume with the task role"),
        _switched_on(denied, ("TransitEncryption",), "mount the volume over TLS"),
    ]
    grant = _lacking(denied, role, actions)
    if grant is None:
        return advice.help_with(f"{sentence}: the task {role} may mount it", edits=edits)
    return _with_grant(analysis, f"{sentence}, and grant the task {role}:", edits, grant)


def _switched_on(denied: Denial, keys: tuple[str, ...], title: str) -> Edit | None:
    """The edit that sets a property of the volume to ENABLED; None where it is so already."""
    from copilot_preflight.checks.wording.corrections import replaced
    from copilot_preflight.edits.edit import Applicability, insertion
    from copilot_preflight.edits.spelling import Spelling

    value = denied.need.about(Mount).configuration
    place = value.place
    for depth, key in enumerate(keys):
        below = list(value.children(key))
        if not below:
            path, new = (*value.path, *keys[depth:]), Spelling(ENABLED)
            return insertion(place.file, path, new, title, Applicability.REVIEW)
        value = below[0]
    if value.text().literal == ENABLED:
        return None
    return replaced(value.place, Spelling(ENABLED), title, is_safe=False)


def _lacking(denied: Denial, role: Role, actions: Sequence[str]) -> Grant | None:
    """What the task role is to be granted, so that it may mount what nobody else may."""
    need = denied.need._replace(is_anonymous=False, user="task", role=role)
    call = Call(need, role, denied.call.needed).sending({"aws:securetransport": ()})
    secure = call.sending({"aws:securetransport": (Text.of("true"),)})
    if evaluate(role.statements, secure.request).outcome is Outcome.ALLOWED:
        return None
    return advice.grant(advice.policy_of(call), actions, advice.resource_of(call))


def _with_grant(
    analysis: Analysis, sentence: str, edits: Sequence[Edit | None], grant: Grant
) -> Help:
    """The volume's edits together with the one that grants; either alone is not enough."""
    from copilot_preflight.edits.edit import Applicability, NoFix
    from copilot_preflight.edits.placing import placed

    place = grant.owner.place
    is_here = place is not None and place.file == analysis.stack.file
    title = "let the task role mount it"
    written = placed([grant], analysis.stack.data, title, Applicability.REVIEW) if is_here else ()
    no_fix = ""
    if isinstance(written, NoFix) or not written:
        reason = written.reason if isinstance(written, NoFix) else "the role is in another template"
        written, edits, no_fix = (), (), reason
    help = advice.help_with(
        sentence, grants=[grant], edits=[*edits, *written], is_safe=False, no_fix=no_fix
    )
    return help._replace(is_enough=False)
