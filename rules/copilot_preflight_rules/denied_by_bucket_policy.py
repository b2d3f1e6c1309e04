"""E9761: the policy of a bucket denies a call, whatever the role is granted."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording.exceptions import exception


@rule(
    "E9761",
    "denied-by-bucket-policy",
    "Bucket policy denies a call",
    fix="review",
    no_fix="the bucket policy has no statement that lets the role in",
)
def denied_by_bucket_policy(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(analysis.denied_by(diagnosis.BUCKET_POLICY)):
        statement = group[0].cause.statement
        name = f" '{statement.policy}'" if statement else ""
        yield telling.refused(group, f"the bucket policy{name}", help=exception(group[0]) or "")
