"""E9762: the policy of a KMS key denies a call, or lets nobody in who could make it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import exception, role_in
from copilot_preflight.edits.edit import Help
from copilot_preflight.edits.references import waits_for
from copilot_preflight.edits.spelling import Spelling
from copilot_preflight.iam.layers import Layer
from copilot_preflight.model.keys import Key, key_with_arn


@rule("E9762", "denied-by-key-policy", "Key policy denies a call", fix="review")
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
    if key is not None and _is_circular(group[0], key):
        # The role waits for the key, so that the key can name its account alone.
        role, words = _ROOT, f"let the account's own policies decide, in {name}:"
    else:
        words = f"let the role in, in {name}:"
    actions = dict.fromkeys(denied.call.action for denied in group)
    grants = [advice.grant(owner, action, "*", principal=role) for action in actions]
    return advice.help_with(words, grants=grants, is_safe=False)


_ROOT: Final = Spelling("arn:${AWS::Partition}:iam::${AWS::AccountId}:root", "Fn::Sub")
"""The account, which stands for whomever its own policies let in.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""


def _is_circular(denied: Denial, key: Key) -> bool:
    """Whether a role refers to a key, whose policy then cannot refer to the role."""
    role, data = denied.call.role, denied.call.view.stack.data
    is_one_file = role.place.file == key.place.file == denied.call.view.file
    return is_one_file and waits_for(data, role.logical_id, key.logical_id)
