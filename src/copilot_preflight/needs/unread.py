"""Resources that start containers and that no source reads: what they call is not judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.resolve.view import View

UNREAD: Final = {
    "AWS::Batch::JobDefinition": "AWS Batch starts its containers",
    "AWS::BedrockAgentCore::Runtime": "Amazon Bedrock AgentCore starts its containers",
    "AWS::GameLift::ContainerGroupDefinition": "Amazon GameLift starts its containers",
    "AWS::Lightsail::Container": "Amazon Lightsail starts its containers",
    "AWS::SageMaker::Model": "Amazon SageMaker starts its containers",
}
"""Types of resource whose images, logs and secrets some service reads with a role."""


class Unread(NamedTuple):
    """A resource whose calls no source reads, and who makes them."""

    logical_id: str
    kind: str
    place: Place
    who: str


def unread_resources(view: View) -> Iterator[Unread]:
    """The resources of a template that start containers without being judged."""
    for kind, who in UNREAD.items():
        for logical_id, resource in view.resources(kind):
            yield Unread(logical_id, kind, resource.key_place, who)
