"""Resources that start containers and that no source reads: what they call is not judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import TemplateError, Value
from copilot_preflight.resolve.view import View

_JOB: Final = "AWS::Batch::JobDefinition"

UNREAD: Final = {
    _JOB: "AWS Batch starts its containers",
    "AWS::BedrockAgentCore::Runtime": "Amazon Bedrock AgentCore starts its containers",
    "AWS::GameLift::ContainerGroupDefinition": "Amazon GameLift starts its containers",
    "AWS::Lightsail::Container": "Amazon Lightsail starts its containers",
    "AWS::SageMaker::Model": "Amazon SageMaker starts its containers",
}
"""Types of resource whose images, logs and secrets some service reads with a role.

Of a job definition of Batch they are read where its jobs certainly run on Fargate.
"""


class Unread(NamedTuple):
    """A resource whose calls no source reads, who makes them, and ``why`` they are not read."""

    logical_id: str
    kind: str
    place: Place
    who: str
    why: str


def unread_resources(view: View) -> Iterator[Unread]:
    """The resources of a template that start containers without being judged."""
    for kind, who in UNREAD.items():
        for logical_id, resource in view.resources(kind):
            if kind != _JOB:
                yield Unread(logical_id, kind, resource.key_place, who, f"{kind} is not read")
            elif not _is_read(resource):
                why = "its jobs need not run on Fargate"
                yield Unread(logical_id, kind, resource.key_place, who, why)


def unread_kinds(stack: Stack) -> list[str]:
    """The types of `unread_resources`, one for each of them; of a broken template, of all."""
    if not any(map(stack.has, UNREAD)):
        return []
    try:
        return [unread.kind for unread in unread_resources(View(stack))]
    except TemplateError:
        return [kind for kind in UNREAD for _ in stack.of_type(kind)]


def _is_read(job: Value) -> bool:
    from copilot_preflight.needs.batch_jobs import runs_on_fargate

    found = list(job.children("Properties"))
    return bool(found) and all(map(runs_on_fargate, found))
