"""What sets the services apart whose calls are judged: their ARNs, policies and endpoints.

A row for each service that some call of a source goes to; any other has no such facts.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from copilot_preflight.base.records import NamedTuple


class ResourcePolicyKind(Enum):
    """The policy that a service lets its users attach to what its calls act on."""

    BUCKET = "bucket-policy"
    KEY = "key-policy"
    OTHER = "resource-policy"


class Service(NamedTuple):
    """A service, by the prefix of its actions (``"s3"``).

    ``tells_home``: its ARNs hold the region that is called, and the account of the resource.
    ``policy`` is None where nothing that it has takes a policy. ``endpoint`` is the end of the name
    of the VPC endpoint that takes its calls when a task starts (``"ecr.api"``); ``""`` where none
    does. ``other_endpoints`` are those of single actions, in small letters.
    """

    prefix: str
    tells_home: bool = False
    policy: ResourcePolicyKind | None = None
    endpoint: str = ""
    other_endpoints: tuple[tuple[str, str], ...] = ()

    def endpoint_of(self, action: str) -> str:
        """The end of the name of the endpoint that takes an action, ``""`` for none."""
        return dict(self.other_endpoints).get(action.lower(), self.endpoint)


_FROM_THE_REGISTRY: Final = tuple(
    (action, "ecr.dkr")
    for action in (
        "ecr:batchchecklayeravailability",
        "ecr:batchgetimage",
        "ecr:getdownloadurlforlayer",
    )
)
"""Images are pulled from the registry's own endpoint; only its token comes from the API's.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

_SERVICES: Final = (
    Service("s3", policy=ResourcePolicyKind.BUCKET, endpoint="s3"),
    # KMS is called by S3, Secrets Manager and Systems Manager, with the caller's permissions but
    # not from the caller's network.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
    Service("kms", tells_home=True, policy=ResourcePolicyKind.KEY),
    Service(
        "secretsmanager",
        tells_home=True,
        policy=ResourcePolicyKind.OTHER,
        endpoint="secretsmanager",
    ),
    Service("ssm", tells_home=True, endpoint="ssm"),
    Service("ssmmessages", endpoint="ssmmessages"),
    Service(
        "ecr",
        tells_home=True,
        policy=ResourcePolicyKind.OTHER,
        endpoint="ecr.api",
        other_endpoints=_FROM_THE_REGISTRY,
    ),
    Service("logs", tells_home=True, endpoint="logs"),
    # Rules and state machines call these from AWS's own network.
    Service("ecs", tells_home=True),
    Service("events", tells_home=True),
    # Mounts go to the mount target, past any endpoint.
    # https://docs.aws.amazon.com/efs/latest/ug/efs-vpc-endpoints.html
    Service("elasticfilesystem", policy=ResourcePolicyKind.OTHER),
)
_BY_PREFIX: Final = {service.prefix: service for service in _SERVICES}


def service_of(action: str) -> Service:
    """The service of an action (``"s3:GetObject"``)."""
    prefix = action.partition(":")[0].lower()
    return _BY_PREFIX.get(prefix) or Service(prefix)
