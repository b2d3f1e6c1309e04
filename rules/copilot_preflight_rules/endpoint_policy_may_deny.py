"""W9764: a VPC endpoint that calls may go through does not let them through."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling


@rule("W9764", "endpoint-policy-may-deny", "VPC endpoint policy may deny a call", fix="review")
def endpoint_policy_may_deny(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(analysis.possible_denials):
        first, possible_denial = group[0], group[0].decision.possible_denial
        if possible_denial is None:
            continue
        endpoint = possible_denial.endpoint
        policy = f"the policy of {endpoint}"
        denying = first.cause.statement
        why = (
            f"a Deny statement of {policy} covers it" if denying else f"{policy} does not allow it"
        )
        yield first.finding(
            f"{first.call.who} may be refused {telling.calls(group)}, which the "
            f"{first.need.subject} needs: {why}, and whether the task's calls go through that "
            "endpoint cannot be known",
            label=f"403 if it goes through {endpoint}",
            related=[
                *([Related(denying.place, "what would deny it")] if denying else []),
                Related(endpoint.policy_place, "the policy of the endpoint"),
                Related(first.call.role.place, "the role that makes the call"),
            ],
            help=telling.let_through(group, endpoint),
        )
