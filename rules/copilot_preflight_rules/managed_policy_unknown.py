"""E9759: a role lists a managed policy of AWS that there is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.iam import managed
from copilot_preflight.model.managed_policies import aws_managed

_KEYS: Final = (
    ("AWS::IAM::Role", "ManagedPolicyArns"),
    ("AWS::IAM::Role", "PermissionsBoundary"),
    ("AWS::IAM::User", "ManagedPolicyArns"),
    ("AWS::IAM::Group", "ManagedPolicyArns"),
)
_PAGE: Final = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html"


@rule("E9759", "managed-policy-unknown", "A managed policy of AWS that does not exist")
def managed_policy_unknown(analysis: Analysis) -> Iterator[Finding]:
    for kind, key in _KEYS:
        for logical_id, resource in analysis.view.resources(kind):
            for properties in resource.children("Properties"):
                for value in properties.each(key):
                    tail = None if value.is_open else aws_managed(value.text())
                    right = None if tail is None else managed.right_path(tail)
                    if right is not None:
                        yield Finding(
                            at=value.place,
                            message=f"'{logical_id}' names the managed policy '{tail}', which AWS "
                            f"does not have: did you mean '{right}'?",
                            label="no such policy",
                            cause="managed-policy-unknown",
                            help=f"write it with its path, as policy/{right} ({_PAGE})",
                        )
