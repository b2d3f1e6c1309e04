"""Policy documents that the account has answered, as the statements that `iam` evaluates."""

from __future__ import annotations

from copilot_preflight.evidence.records import Absent, Policy, PolicyAnswer
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.value import Value


def answered(policy: Policy, name: str = "") -> tuple[Statement, ...]:
    """The statements of a policy, each where it stands in the answer."""
    place = policy.place
    document = Value(Plain(place.file), policy.document, place.path)
    return statements_of(document, name or policy.name)


def answered_or_none(policy: PolicyAnswer, name: str) -> tuple[Statement, ...] | None:
    """The same: nothing where the account has no policy, None where nobody has asked."""
    if policy is None:
        return None
    return () if isinstance(policy, Absent) else answered(policy, name)
