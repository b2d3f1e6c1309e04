"""E9759: a role lists a managed policy of AWS that there is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import replaced
from copilot_preflight.iam import managed
from copilot_preflight.model.managed_policies import aws_managed
from copilot_preflight.resolve.value import Value

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help
    from copilot_preflight.edits.spelling import Spelling, Written

_KEYS: Final = (
    ("AWS::IAM::Role", "ManagedPolicyArns"),
    ("AWS::IAM::Role", "PermissionsBoundary"),
    ("AWS::IAM::User", "ManagedPolicyArns"),
    ("AWS::IAM::Group", "ManagedPolicyArns"),
)
_PAGE: Final = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html"


@rule("E9759", "managed-policy-unknown", "A managed policy of AWS that does not exist", fix="safe")
def managed_policy_unknown(analysis: Analysis) -> Iterator[Finding]:
    for kind, key in _KEYS:
        for logical_id, resource in analysis.view.resources(kind):
            for properties in resource.children("Properties"):
                for value in properties.each(key):
                    tail = None if value.is_open else aws_managed(value.text())
                    right = None if tail is None else managed.right_path(tail)
                    if right is not None:
                        help = _help(value, str(tail), right)
                        yield Finding(
                            at=value.place,
                            message=f"'{logical_id}' names the managed policy '{tail}', which AWS "
                            f"does not have: did you mean '{right}'?",
                            label="no such policy",
                            cause="managed-policy-unknown",
                            help=help.text,
                            remedy=help,
                        )


def _help(value: Value, tail: str, right: str) -> Help:
    """The path in the place of the wrong one, in the string of the value that has it."""
    now = _with_path(value.raw, f"policy/{tail}", f"policy/{right}")
    edits = [] if now is None else [replaced(value.place, now, f"name the policy '{right}'")]
    no_fix = "" if edits else "its name is put together of values that are given elsewhere"
    sentence = f"write it with its path, as policy/{right} ({_PAGE})"
    return advice.help_with(sentence, edits=edits, no_fix=no_fix)


def _with_path(raw: Any, wrong: str, right: str) -> Written | Spelling | None:
    """A value that ends in something else than before; None where no string ends so."""
    from copilot_preflight.edits.spelling import Expression, Spelling

    if isinstance(raw, str):
        return f"{raw.removesuffix(wrong)}{right}" if raw.endswith(wrong) else None
    if not isinstance(raw, dict) or len(raw) != 1:
        return None
    ((function, inner),) = raw.items()
    if function == "Fn::Sub" and isinstance(inner, str) and inner.endswith(wrong):
        return Spelling(f"{inner.removesuffix(wrong)}{right}", function)
    if function != "Fn::Join" or not isinstance(inner, list) or len(inner) != 2:
        return None
    separator, parts = inner
    last = parts[-1] if isinstance(parts, list) and parts else None
    if not isinstance(last, str) or not last.endswith(wrong):
        return None
    now = f"{last.removesuffix(wrong)}{right}"
    return Expression(now, {function: [separator, [*parts[:-1], now]]})
