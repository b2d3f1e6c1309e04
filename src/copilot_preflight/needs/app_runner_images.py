"""The private images of App Runner services, which App Runner pulls with their access roles.

Images of ECR Public take no role. AWS's policy for access roles also lists
``ecr:BatchCheckLayerAvailability`` and ``ecr:DescribeImages``, but services are known to start
without: for want of the latter, new images are just not deployed by themselves.

Sources: https://docs.aws.amazon.com/apprunner/latest/dg/service-source-image.html,
https://docs.aws.amazon.com/apprunner/latest/dg/security_iam_service-with-iam.html
and https://github.com/aws/aws-cdk/issues/26640
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from copilot_preflight.needs.images import (
    IMAGE,
    PrivateImage,
    Puller,
    image_needs,
    repository_arn,
)
from copilot_preflight.needs.need import Need, NeededCall, Site
from copilot_preflight.resolve.value import Value, maps_of
from copilot_preflight.resolve.view import View

DESCRIBE_IMAGES: Final = "ecr:DescribeImages"

_PAGE: Final = "https://docs.aws.amazon.com/apprunner/latest/dg/security_iam_service-with-iam.html"


def app_runner_image_sites(view: View) -> Iterator[Site]:
    """The image of every App Runner service that names an access role.

    A service that pulls from ECR without one is refused when it is created. ``detail`` of the
    need is its `PrivateImage`.
    """
    for logical_id, resource in view.resources("AWS::AppRunner::Service"):
        for properties in resource.children("Properties"):
            for source in maps_of(properties, "SourceConfiguration"):
                for role in _access_roles(source):
                    for repository in maps_of(source, "ImageRepository"):
                        for image in repository.children("ImageIdentifier"):
                            build = partial(_needs, view, logical_id, repository, image, role)
                            yield Site(IMAGE, image, build)


def _access_roles(source: Value) -> Iterator[Value]:
    for authentication in maps_of(source, "AuthenticationConfiguration"):
        yield from list(authentication.children("AccessRoleArn"))[:1]


def _needs(
    view: View, logical_id: str, repository: Value, image: Value, role: Value
) -> Iterator[Need]:
    if repository.literal("ImageRepositoryType") == "ECR_PUBLIC":
        return
    who = f"App Runner pulls the image with the access role ({_PAGE})"
    subject = f"image of App Runner service '{logical_id}'"
    for need in image_needs(view, image, subject, Puller("access", role, who)):
        if isinstance(need.detail, PrivateImage):
            arn = repository_arn(view, need.detail)
            described = NeededCall(DESCRIBE_IMAGES, arn, who, is_optional=True)
            yield need._replace(calls=(*need.calls, described))
        else:
            yield need
