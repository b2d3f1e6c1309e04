"""E9742: a private image cannot be pulled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording import images_and_logs as starts
from copilot_preflight.checks.wording.denials import enumeration
from copilot_preflight.iam.layers import Layer
from copilot_preflight.needs.images import IMAGE

if TYPE_CHECKING:
    from copilot_preflight.access.service_pulls import RefusedPull
    from copilot_preflight.edits.edit import Help


@rule("E9742", "image-pull-denied", "Role may not pull a private image", fix="safe or review")
def image_pull_denied(analysis: Analysis) -> Iterator[Finding]:
    yield from starts.findings(analysis, IMAGE)
    for pull in analysis.refused_pulls:
        repository = pull.repository
        yield Finding(
            at=pull.image.place,
            message=f"CodeBuild may not {enumeration(pull.actions)} on '{repository.arn}', which "
            f"the image of {pull.project} needs: the policy of {repository} does not let CodeBuild "
            "in, which pulls with credentials of its own",
            label="403 for CodeBuild",
            related=(Related(repository.place, "the repository"),),
            cause=diagnosis.RESOURCE_POLICY,
            help=(help := _let_in(pull)).text,
            remedy=help,
        )


def _let_in(pull: RefusedPull) -> Help:
    """The statement for the service, in the policy of the repository."""
    from copilot_preflight.access.service_pulls import CODEBUILD
    from copilot_preflight.edits.spelling import Spelling

    policy = f"the policy of {pull.repository}"
    owner = advice.owner(Layer.RESOURCE, policy, pull.repository.place)
    principal = Spelling(CODEBUILD)
    return advice.help_with(
        "let CodeBuild in there, or let it pull with the role of the project, by "
        "ImagePullCredentialsType: SERVICE_ROLE:",
        grants=[advice.grant(owner, pull.actions, principal=principal, kind="Service")],
        is_safe=False,
    )
