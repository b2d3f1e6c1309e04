"""E9762: the policy of a KMS key denies a call, or lets nobody in who could make it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import exception, role_in
from copilot_preflight.edits.edit import Help
from copilot_preflight.iam.layers import Layer
from copilot_preflight.model.keys import Key, key_with_arn


@rule("E9762", "denied-by-key-policy", "Key policy denies a call")
def denied_by_key_policy(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(analysis.denied_by(diagnosis.KEY_POLICY)):
        call = group[0].call
        key = key_with_arn(call.view, call.resource)
        name = f"the policy of key '{key.logical_id if key else call.resource}'"
        yield telling.refused(
            group,
            name,
            reason=f"{name} allows it neither to the role nor to its account ('…:root')",
            related=[Related(key.place, "the key")] if key else [],
            help=exception(group[0]) or _help(group, name, key),
        )


def _help(group: Sequence[Denial], name: str, key: Key | None) -> Help:
    owner = advice.owner(
        Layer.RESOURCE, name, key.place if key else None, key.logical_id if key else ""
    )
    role = role_in(group[0], key.place.file if key else "")
    actions = dict.fromkeys(denied.call.action for denied in group)
    grants = [advice.grant(owner, action, "*", principal=role) for action in actions]
    return advice.help_with(f"let the role in, in {name}:", grants=grants, is_safe=False)
