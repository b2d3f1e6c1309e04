"""E9765: a service or resource control policy of the organization denies a call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import exception
from copilot_preflight.edits.edit import Help
from copilot_preflight.edits.grant import PolicyOwner
from copilot_preflight.iam.layers import Layer

_NO_ALLOW = "a level of the organization has no service control policy that allows it"


@rule("E9765", "denied-by-organization-policy", "Organization policy denies a call", fix="review")
def denied_by_organization_policy(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(analysis.denied_by(diagnosis.ORGANIZATION_POLICY)):
        first = group[0]
        layer = first.decision.layer or Layer.SCP
        statement = first.cause.statement
        file = statement.policy.rpartition("/")[2] if statement else ""
        name = f"{layer.value} '{file}'" if file else f"the {layer.value}"
        silent = [] if statement else list(_silent_level(first))
        owner = advice.owner(layer, name, silent[0].place if silent else None)
        way = exception(first) or _allow(group, owner)
        yield telling.refused(
            group,
            name,
            reason=_NO_ALLOW,
            related=silent,
            help=way.after("only whoever looks after the organization can change it: "),
        )


def _allow(group: Sequence[Denial], owner: PolicyOwner) -> Help:
    statements = telling.grants(group, owner)
    return advice.help_with("allow it on every level:", grants=statements, is_safe=False)


def _silent_level(denied: Denial) -> Iterator[Related]:
    """The first level whose policies do not allow a call."""
    said = [v for layer, v in denied.decision.ruling.voices if layer is Layer.SCP]
    for level, voice in zip(denied.call.view.run.outside.scps, said, strict=False):
        if voice.allow is False and level.statements:
            yield Related(level.statements[0].place, "the level that does not allow it")
            return
