"""The private images that CodeBuild runs builds in, and the logins to the registries of others.

With ``ImagePullCredentialsType: SERVICE_ROLE`` CodeBuild pulls with the role of the project. With
``CODEBUILD`` it pulls with credentials of its own, which the policy of the repository must let in:
that asks nothing of a role.

Sources: https://docs.aws.amazon.com/codebuild/latest/userguide/sample-ecr.html,
https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectEnvironment.html
and https://docs.aws.amazon.com/codebuild/latest/userguide/sample-private-registry.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from copilot_preflight.model.pipelines import Project, projects
from copilot_preflight.needs.build_references import secret_at
from copilot_preflight.needs.container_secrets import REGISTRY, Reader
from copilot_preflight.needs.images import IMAGE, Puller, image_needs
from copilot_preflight.needs.need import Need, Site
from copilot_preflight.resolve.value import Value, maps_of
from copilot_preflight.resolve.view import View

_GUIDE: Final = "https://docs.aws.amazon.com/codebuild/latest/userguide"
_PULL_PAGE: Final = f"{_GUIDE}/sample-ecr.html"
_LOGIN_PAGE: Final = f"{_GUIDE}/sample-private-registry.html"


def build_image_sites(view: View) -> Iterator[Site]:
    """The image of every project, and its login to a registry.

    ``detail`` of the needs is a `PrivateImage` or a `SecretRead`.
    """
    for project in projects(view):
        for environment in maps_of(project.value, "Environment"):
            for image in environment.children("Image"):
                yield Site(IMAGE, image, partial(_needs, project, environment, image))
            for login in maps_of(environment, "RegistryCredential"):
                who = "CodeBuild logs in to the registry with the role of the build project"
                reader = Reader(REGISTRY, view, "build", project.role, None, who, _LOGIN_PAGE)
                for credential in login.children("Credential"):
                    yield reader.site(credential, f"registry login of {project}", secret_at)


def _needs(project: Project, environment: Value, image: Value) -> Iterator[Need]:
    if any(environment.children("RegistryCredential")):
        return  # which is for no image of ECR
    kinds = list(environment.children("ImagePullCredentialsType"))
    if not any(kind.text().literal in ("SERVICE_ROLE", None) for kind in kinds):
        return
    undecided = next((name for kind in kinds for name in _beyond(kind, environment)), "")
    who = f"CodeBuild pulls the image with the role of the build project ({_PULL_PAGE})"
    puller = Puller("build", project.role, who)
    for need in image_needs(project.view, image, f"image of {project}", puller):
        if undecided:
            yield need._replace(calls=(), undecided=undecided)
        elif kinds[0].text().literal is not None:
            yield need


def _beyond(kind: Value, environment: Value) -> Iterator[str]:
    """The open conditions of a value, beyond those of the map that it stands in."""
    return (name for name in kind.conditions if name not in environment.conditions)
