"""The least IAM policy that allows some calls, and what they lead to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from copilot_preflight.base.wildcards import wildcard_match
from copilot_preflight.iam.policy import CURRENT_VERSION
from copilot_preflight.snapshot.calls import Call
from copilot_preflight.snapshot.following import expected
from copilot_preflight.snapshot.subjects import ANY, Where

MOST_CHARACTERS: Final = 6_144
"""Of a managed policy, without white space.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""


def policy_for(calls: Iterable[Call], where: Where) -> dict[str, Any]:
    """A policy document with exactly the actions of the calls, on what they are made on.

    Actions on the same resources share a statement; a resource that another one of the same
    action covers is left out.
    """
    by_action: dict[str, set[str]] = {}
    for call in expected(calls):
        by_action.setdefault(call.operation.action, set()).update(call.arns(where))
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action, resources in sorted(by_action.items()):
        by_resources.setdefault(_without_covered(resources), []).append(action)
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
        for resources, actions in sorted(by_resources.items(), key=lambda item: item[1])
    ]
    return {"Version": CURRENT_VERSION, "Statement": statements}


def _without_covered(resources: set[str]) -> tuple[str, ...]:
    """A star of one covers whatever stands in its place in another."""
    covering = [it for it in resources if ANY in it and "?" not in it]
    return tuple(
        sorted(
            it
            for it in resources
            if not any(wildcard_match(other, it) for other in covering if other != it)
        )
    )
