"""The sentences of the rules about images and logs: one finding for whatever one of them lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.base.symbolic import match
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import corrected
from copilot_preflight.checks.wording.exceptions import exception, role_in
from copilot_preflight.checks.wording.parts import abridged
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.edits.edit import Help
from copilot_preflight.iam.evaluate import covers_action
from copilot_preflight.iam.layers import Layer
from copilot_preflight.model.repositories import repository_with_arn
from copilot_preflight.needs.images import IMAGE
from copilot_preflight.needs.logs import LOGS, OWN_GROUP
from copilot_preflight.statements.arn_traps import (
    LOG_STREAM,
    NEEDS_EVERYTHING,
    Unmatched,
    unmatched,
)

_MANAGED: Final = {
    "execution": "service-role/AmazonECSTaskExecutionRolePolicy",
    "instance": "service-role/AmazonEC2ContainerServiceforEC2Role",
    "access": "service-role/AWSAppRunnerServicePolicyForECRAccess",
}
"""The policies of AWS that grant all that this takes.

Sources: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEC2ContainerServiceforEC2Role.html
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSAppRunnerServicePolicyForECRAccess.html
"""


def findings(analysis: Analysis, kind: str) -> Iterator[Finding]:
    """A finding for every need of a kind that lacks grants, whatever their causes."""
    groups: dict[object, list[Denial]] = {}
    for denied in analysis.denials_of(kind):
        if not denied.call.needed.is_optional:
            is_refused = denied.cause.kind == diagnosis.RESOURCE_POLICY
            groups.setdefault((denied.need.key, is_refused), []).append(denied)
    for group in groups.values():
        if group[0].cause.kind == diagnosis.RESOURCE_POLICY:
            yield _refused(group)
        else:
            yield _not_granted(analysis, group)


def blamed(analysis: Analysis) -> set[Place]:
    """The ARNs that a finding here blames: no other rule need report them."""
    denials = (denied for kind in (IMAGE, LOGS) for denied in analysis.denials_of(kind))
    found = (_misaddressed(analysis, denied) for denied in denials)
    return {missed.resource.place for missed in found if missed is not None}


def _misaddressed(analysis: Analysis, denied: Denial) -> Unmatched | None:
    """The ARN that would allow a denied call, or may, were it written as it was meant."""
    call = denied.call
    own = {statement.place for statement in call.role.statements}
    for found in unmatched(analysis.stack):
        fixed, statement = found.trap.fixed, found.statement
        if fixed is None or statement.effect != "Allow" or statement.place not in own:
            continue
        about = covers_action(statement._replace(actions=found.actions), call.action).verdict
        if about and match(fixed, call.resource) is not False:
            return found
    return None


def _refused(group: Sequence[Denial]) -> Finding:
    first = group[0]
    _, _, name = str(first.call.resource).partition(":repository/")
    policy = f"the policy of repository '{name}'"
    return telling.refused(group, policy, help=exception(first) or _let_in(group, policy))


def _let_in(group: Sequence[Denial], policy: str) -> Help:
    """The statement of a repository's policy, which is about that repository alone."""
    role = role_in(group[0], group[0].need.place.file)
    call = group[0].call
    repository = repository_with_arn(call.view, call.resource)
    owner = advice.owner(Layer.RESOURCE, policy, repository.place if repository else None)
    statement = advice.grant(owner, _actions(group), principal=role, in_line=True)
    return advice.help_with("let the role in there:", grants=[statement], is_safe=False)


def _not_granted(analysis: Analysis, group: Sequence[Denial]) -> Finding:
    missed = [_misaddressed(analysis, denied) for denied in group]
    found = next(filter(None, missed), None)
    rest = [denied for denied, miss in zip(group, missed, strict=True) if miss is None]
    known = [denied for denied in rest if denied.cause.kind != diagnosis.NO_GRANT]
    told = [_missed(miss) for miss in missed if miss is not None]
    told += map(telling.reason, known or ([] if told else rest))
    if len(known) < len(rest) and (found or known):
        told.append("no statement of the role grants the rest")
    shown = [related for denied in known for related in telling.shown(denied)]
    if found is not None:
        shown.insert(0, Related(found.resource.place, "what is granted instead"))
    return telling.finding(
        group,
        "; ".join(dict.fromkeys(told)),
        help=_help(group, found),
        related=dict.fromkeys(shown),
    )


def _missed(found: Unmatched) -> str:
    granted = abridged(found.resource.text)
    if found.trap.slug == NEEDS_EVERYTHING:
        names = telling.enumeration([str(action.text) for action in found.actions])
        return f"{names} is granted on '{granted}', where only '*' is of use"
    if found.trap.slug == LOG_STREAM:
        return f"the grant '{granted}' names the log group and none of its streams"
    return f"the grant is for another resource, '{granted}'"


def _help(group: Sequence[Denial], missed: Unmatched | None) -> Help:
    first = group[0]
    if missed is not None and missed.trap.slug == LOG_STREAM:
        streams, title = str(missed.trap.fixed), "name the streams of the log group"
        edit = corrected(missed.statement, missed.resource, missed.actions, streams, title)
        return Help(f"name the group's streams: {edit.yaml}", edits=(edit,))
    by_resource: dict[str, list[Denial]] = {}
    for denied in group:
        by_resource.setdefault(_granted(denied), []).append(denied)
    owner = advice.policy_of(first.call)
    statements = (
        advice.grant(owner, _actions(same), resource, in_line=True)
        for resource, same in by_resource.items()
    )
    if all(denied.cause.kind == diagnosis.CONDITION_OFF for denied in group):
        words = f"put the grant under the condition of the {first.need.subject}, or grant it in"
        return advice.granted(first.call, *statements, words=words)
    help = advice.granted(first.call, *statements, edits=slips(group))
    managed = _MANAGED.get(first.need.user)
    lacks_all = all(denied.cause.kind == diagnosis.NO_GRANT for denied in group)
    if managed is None or missed is not None or not lacks_all:
        return help
    partition = first.call.role.arn.split(":").items[1]
    policy = advice.quoted(f"arn:{partition}:iam::aws:policy/{managed}")
    return help.after(f"attach {policy}, or ")


def _actions(group: Sequence[Denial]) -> list[str]:
    return [denied.call.action for denied in group]


def _granted(denied: Denial) -> str:
    """The resource as a grant names it: all streams of a log group, not those of one container."""
    resource = advice.resource_of(denied.call)
    group, streams, _ = resource.partition(":log-stream:")
    made_by_ecs = f"${{{OWN_GROUP}}}"
    return f"{group.replace(made_by_ecs, '*')}:*" if streams else resource
