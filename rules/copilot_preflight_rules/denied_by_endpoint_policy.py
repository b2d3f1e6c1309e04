"""E9764: the policy of the VPC endpoint that a call goes through does not let it through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import CitedCall, Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.exceptions import exception
from copilot_preflight.edits.spelling import EVERYBODY
from copilot_preflight.model import endpoints
from copilot_preflight.needs.images import PrivateImage

_OWN: Final = "AWS::Partition"
_BECAUSE: Final = (
    "the layers of a private image lie in a bucket of ECR's "
    "(https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html)"
)


@rule("E9764", "denied-by-endpoint-policy", "VPC endpoint policy denies a call", fix="review")
def denied_by_endpoint_policy(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.together(analysis.denied_by(diagnosis.ENDPOINT_POLICY)):
        endpoint = group[0].decision.endpoint
        if endpoint is not None:
            yield telling.refused(
                group,
                f"the policy of {endpoint}",
                related=[Related(endpoint.policy_place, "the policy of the endpoint in the way")],
                help=exception(group[0]) or telling.let_through(group, endpoint),
            )
    yield from _layers(analysis)


def _layers(analysis: Analysis) -> Iterator[Finding]:
    """The layers of private images, which come from S3 without a grant of any role."""
    for need, possible_denial, when in analysis.refused_layers:
        region = need.about(PrivateImage).region
        objects = str(endpoints.layers(need.view.resolver.pseudo(_OWN), region))
        policy = f"the policy of {possible_denial.endpoint}"
        why = (
            f"a Deny statement of {policy} covers"
            if possible_denial.deciding
            else f"{policy} does not allow"
        )
        owner = telling.endpoint_policy(possible_denial.endpoint)
        statement = advice.grant(owner, "s3:GetObject", objects, principal=EVERYBODY)
        help = advice.help_with(f"let it through in {policy}:", grants=[statement], is_safe=False)
        yield Finding(
            at=need.place,
            message=f"ECS cannot download the layers of the {need.subject}: {why} s3:GetObject on "
            f"'{objects}'" + (f" when {when}" if when else ""),
            label=f"403 by {policy}",
            related=(
                *(
                    Related(statement.place, "what denies it")
                    for statement in possible_denial.deciding
                ),
                Related(
                    possible_denial.endpoint.policy_place, "the policy of the endpoint in the way"
                ),
            ),
            call=CitedCall("Amazon ECR", "s3:GetObject", objects, _BECAUSE),
            cause=diagnosis.ENDPOINT_POLICY,
            help=help.text,
            remedy=help,
        )
