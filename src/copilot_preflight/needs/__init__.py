"""What a template needs to be allowed, source by source. SOURCES is the only list."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Final, NamedTuple, cast

from copilot_preflight.needs.need import Need, Source, needs_of, needs_seen
from copilot_preflight.scenarios import Scenario
from copilot_preflight.stack import Stack


class Listed(NamedTuple):
    """A source by its module and name, loaded for templates that have its kinds of resource.

    ``beside`` is a type of resource that some template of the run must have too.
    """

    module: str
    name: str
    kinds: tuple[str, ...]
    beside: str = ""

    def is_for(self, stack: Stack) -> bool:
        if not any(map(stack.has, self.kinds)):
            return False
        around = stack.run.around(stack) if self.beside else ()
        return not self.beside or any(other.has(self.beside) for other in around)

    def load(self) -> Source:
        return cast("Source", getattr(import_module(f"{__name__}.{self.module}"), self.name))


_TASK: Final = "AWS::ECS::TaskDefinition"
_PIPELINE: Final = "AWS::CodePipeline::Pipeline"
_BUILD: Final = "AWS::CodeBuild::Project"

SOURCES: Final = (
    Listed("artifacts", "artifact_needs", (_PIPELINE,)),
    Listed("build_artifacts", "build_artifact_needs", (_BUILD,)),
    Listed("env_files", "env_file_needs", (_TASK,)),
    Listed("secrets", "secret_needs", (_TASK, "AWS::AppRunner::Service")),
    Listed("secrets", "registry_needs", (_TASK,)),
    Listed("images", "image_needs", (_TASK,)),
    Listed("logs", "log_needs", (_TASK,)),
    Listed("firelens", "firelens_needs", (_TASK,)),
    Listed("efs", "efs_needs", (_TASK,)),
    Listed("exec_channel", "exec_channel_needs", (_TASK,)),
    Listed("announced", "announced_needs", ("AWS::IAM::Role",), beside="AWS::S3::Bucket"),
)
"""Everything that makes AWS calls with a role, in the order in which the calls are made."""


def all_needs(stack: Stack) -> Iterator[Need]:
    """Every need of a template, in every scenario that has it."""
    for source in _sources(stack):
        yield from needs_of(stack, source)


def needs_in(stack: Stack, scenario: Scenario) -> Iterator[Need]:
    """Every need of a template as one scenario shows it, with what is open left open."""
    for source in _sources(stack):
        yield from needs_seen(stack, scenario, source)


def _sources(stack: Stack) -> tuple[Source, ...]:
    def build() -> tuple[Source, ...]:
        return tuple(listed.load() for listed in SOURCES if listed.is_for(stack))

    return stack.memo("sources", build)
