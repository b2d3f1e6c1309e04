"""E9736: an infrastructure role may not make what ECS has to make with it around tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.edits.edit import Edit, Help
from copilot_preflight.needs.infrastructure import INFRASTRUCTURE, Infrastructure


@rule(
    "E9736",
    "infrastructure-role-denied",
    "Infrastructure role may not make what tasks need",
    fix="safe or review",
)
def infrastructure_role_denied(analysis: Analysis) -> Iterator[Finding]:
    for group in _by_need(analysis):
        causes = [it for it in group if it.cause.kind != diagnosis.NO_GRANT]
        reasons = dict.fromkeys(map(telling.reason, causes or group))
        shown = dict.fromkeys(related for denied in causes for related in telling.shown(denied))
        yield _finding(group, "; ".join(reasons), tuple(shown))


def _by_need(analysis: Analysis) -> Iterator[Sequence[Denial]]:
    """The denials of one need, whatever their causes: AWS's policy ends them all."""
    groups: dict[object, list[Denial]] = {}
    for denied in analysis.denials_of(INFRASTRUCTURE):
        groups.setdefault(denied.need.key, []).append(denied)
    yield from groups.values()


def _finding(group: Sequence[Denial], reason: str, shown: Sequence[Related]) -> Finding:
    first = group[0]
    made = first.need.about(Infrastructure)
    if not made.policy:
        return telling.not_granted(group)
    actions = telling.enumeration([denied.call.action for denied in group])
    return first.finding(
        f"{first.call.who} may not {actions}, which ECS does with it for {made.owner}: {reason}",
        label=f"403 for {first.call.role}",
        related=[*shown, Related(first.call.role.place, "the role that makes the calls")],
        help=_attach(first),
    )


def _attach(denied: Denial) -> Help:
    """AWS's policy for such roles, attached: it is kept up to date, and grants more than these."""
    from copilot_preflight.edits.edit import END, Applicability, insertion
    from copilot_preflight.edits.spelling import spelling_of

    role, policy = denied.call.role, denied.need.about(Infrastructure).policy
    arn = spelling_of(f"arn:${{AWS::Partition}}:iam::aws:policy/{policy}")
    edit: Edit = insertion(
        role.place.file,
        (*role.place.path, "Properties", "ManagedPolicyArns", END),
        arn,
        f"attach AWS's policy to '{role.logical_id}'",
        Applicability.REVIEW,
    )
    return advice.help_with(
        f"attach AWS's policy for it to '{role.logical_id}':", edits=[edit], lines=[f"- {arn.yaml}"]
    )
