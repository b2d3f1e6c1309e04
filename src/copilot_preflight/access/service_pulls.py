"""Images that CodeBuild pulls with credentials of its own, and repositories that keep it out.

With ``ImagePullCredentialsType: CODEBUILD`` it is the service that pulls, and no role: the policy
of the repository has to let it in. Old policies let in accounts of CodeBuild's instead, one for
each region: of a policy that names any account or role nothing is claimed.

Sources: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectEnvironment.html
(``imagePullCredentialsType``),
https://docs.aws.amazon.com/codebuild/latest/userguide/sample-ecr.html
and https://docs.aws.amazon.com/codebuild/latest/userguide/troubleshooting.html
(``BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE``)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.base.symbolic import EMPTY, Text
from copilot_preflight.iam.evaluate import Request
from copilot_preflight.iam.layers import Policies, PolicySet, decide
from copilot_preflight.iam.principals import Caller
from copilot_preflight.model.pipelines import Project, projects
from copilot_preflight.model.repositories import Repository, repository_with_arn
from copilot_preflight.needs.images import (
    BATCH_GET_IMAGE,
    GET_DOWNLOAD_URL,
    private_image,
    repository_arn,
)
from copilot_preflight.resolve.value import Value, maps_of
from copilot_preflight.resolve.view import View

CODEBUILD: Final = "codebuild.amazonaws.com"


class RefusedPull(NamedTuple):
    """An image that CodeBuild may not pull, whatever the role of the project may do."""

    project: Project
    image: Value
    repository: Repository
    actions: tuple[str, ...]


def refused_pulls(view: View) -> Iterator[RefusedPull]:
    """The images that are there in any case, from repositories whose policy is known."""
    for project in projects(view):
        for environment in maps_of(project.value, "Environment"):
            image = environment.child("Image")
            if image is None or image.guard:
                continue
            if environment.literal("ImagePullCredentialsType") == "CODEBUILD":
                yield from _refused(project, image)


def _refused(project: Project, image: Value) -> Iterator[RefusedPull]:
    named = private_image(image.text())
    if named is None:
        return
    address = repository_arn(project.view, named)
    repository = repository_with_arn(project.view, address)
    if repository is None or _names_others(repository):
        return
    refused = tuple(
        action for action in (BATCH_GET_IMAGE, GET_DOWNLOAD_URL) if _keeps_out(repository, action)
    )
    if refused:
        yield RefusedPull(project, image, repository, refused)


def _names_others(repository: Repository) -> bool:
    return any(
        principal.kind != "Service"
        for statement in repository.policy
        if statement.effect == "Allow"
        for principal in (*statement.principals, *statement.not_principals)
    )


def _keeps_out(repository: Repository, action: str) -> bool:
    policies = Policies(resource=PolicySet(repository.policy), resource_must_allow=True)
    request = Request(action, Text.of(repository.arn))
    return decide(policies, request, Caller(EMPTY, service=CODEBUILD)).outcome.is_denied
