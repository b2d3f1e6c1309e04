"""What a template needs to be allowed, source by source. SOURCES is the only list."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Final, cast

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.needs.need import Need, Source, needs_of, needs_seen
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.run import Run, run_of
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View


class SourceEntry(NamedTuple):
    """A source by its module and name, loaded for the templates that have something for it.

    ``kinds`` are the types of resource that it reads, one of which the template must have;
    ``keys`` are properties, one of which must stand in them. ``elsewhere``: types of resource of
    which some template of the run must have one, with one of the properties if there are any.
    ``on_demand``: only where the user requires calls.
    """

    module: str
    name: str
    kinds: tuple[str, ...]
    keys: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    on_demand: bool = False

    def is_for(self, stack: Stack) -> bool:
        if self.on_demand and not stack.run.outside.requirements:
            return False
        if not any(map(stack.has, self.kinds)):
            return False
        if not self.elsewhere:
            return _has_keys(stack, self.kinds, self.keys)
        own = (_has_keys(other, self.elsewhere, self.keys) for other in stack.with_addons())
        return any(own) or _is_there(run_of(stack), self.elsewhere, self.keys)

    def load(self) -> Source:
        return cast(
            "Source", getattr(import_module(f"copilot_preflight.needs.{self.module}"), self.name)
        )


def _has_keys(stack: Stack, kinds: tuple[str, ...], keys: tuple[str, ...]) -> bool:
    return not keys or any(not indexes.keys_of(stack, kind).isdisjoint(keys) for kind in kinds)


@query
def _is_there(run: Run, kinds: tuple[str, ...], keys: tuple[str, ...]) -> bool:
    """Whether some template of a run has one of some properties in a resource of a type."""

    def has_keys(stack: Stack) -> bool:
        return not stack.package.template.lacks(keys) and _has_keys(stack, kinds, keys)

    return indexes.is_any(run, kinds, has_keys)


_TASK: Final = "AWS::ECS::TaskDefinition"
_EXPRESS: Final = "AWS::ECS::ExpressGatewayService"
_SERVICE: Final = "AWS::ECS::Service"
_APP_RUNNER: Final = "AWS::AppRunner::Service"
_PIPELINE: Final = "AWS::CodePipeline::Pipeline"
_BUILD: Final = "AWS::CodeBuild::Project"
_JOB: Final = "AWS::Batch::JobDefinition"
_LAUNCHERS: Final = (
    "AWS::Events::Rule",
    "AWS::Scheduler::Schedule",
    "AWS::Pipes::Pipe",
    "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::StateMachine",
)
_RUNNERS: Final = (_SERVICE, "AWS::ECS::TaskSet", *_LAUNCHERS[:4], _EXPRESS)
_SECRETS: Final = ("Secrets", "SecretOptions", "RuntimeEnvironmentSecrets")

SOURCES: Final = (
    SourceEntry("artifacts", "artifact_sites", (_PIPELINE,)),
    SourceEntry("build_artifacts", "build_artifact_sites", (_BUILD,)),
    SourceEntry("env_files", "env_file_sites", (_TASK,), ("EnvironmentFiles",)),
    SourceEntry(
        "container_secrets", "secret_sites", (_TASK, _SERVICE, _EXPRESS, _APP_RUNNER), _SECRETS
    ),
    SourceEntry(
        "container_secrets", "registry_sites", (_TASK, _EXPRESS), ("RepositoryCredentials",)
    ),
    SourceEntry("images", "image_sites", (_TASK, _EXPRESS), ("Image",)),
    SourceEntry(
        "logs", "log_sites", (_TASK, _SERVICE, _EXPRESS), ("LogConfiguration", "PrimaryContainer")
    ),
    SourceEntry(
        "infrastructure",
        "infrastructure_sites",
        (_EXPRESS, _SERVICE, "AWS::ECS::CapacityProvider"),
        ("InfrastructureRoleArn", "Tls"),
    ),
    SourceEntry("firelens", "firelens_sites", (_TASK,), ("FirelensConfiguration",)),
    SourceEntry("efs", "efs_sites", (_TASK,), ("EFSVolumeConfiguration",)),
    SourceEntry(
        "exec_channel",
        "exec_channel_sites",
        (_TASK,),
        ("EnableExecuteCommand",),
        elsewhere=_RUNNERS,
    ),
    SourceEntry(
        "launches",
        "launch_sites",
        _LAUNCHERS,
        ("EcsParameters", "EcsTaskParameters", "DefinitionString", "Definition", "Target"),
    ),
    SourceEntry(
        "implied_by_grants",
        "implied_sites",
        ("AWS::IAM::Role",),
        ("BucketEncryption",),
        elsewhere=("AWS::S3::Bucket",),
    ),
    SourceEntry("required", "required_sites", (_TASK, _EXPRESS), on_demand=True),
    SourceEntry("app_runner_images", "app_runner_image_sites", (_APP_RUNNER,), ("AccessRoleArn",)),
    SourceEntry(
        "build_images",
        "build_image_sites",
        (_BUILD,),
        ("ImagePullCredentialsType", "RegistryCredential"),
    ),
    SourceEntry("build_variables", "build_variable_sites", (_BUILD,), ("EnvironmentVariables",)),
    SourceEntry("build_logs", "build_log_sites", (_BUILD,)),
    SourceEntry("build_network", "build_network_sites", (_BUILD,), ("VpcConfig",)),
    SourceEntry("build_outputs", "build_output_sites", (_BUILD,), ("Cache", "S3Logs", "BuildSpec")),
    SourceEntry("batch_jobs", "batch_job_sites", (_JOB,)),
)
"""Everything that makes AWS calls with a role, in the order in which the calls are made."""


def all_needs(stack: Stack) -> Iterator[Need]:
    """Every need of a template, in every scenario that has it."""
    for source in _sources(stack):
        yield from needs_of(stack, source)


def needs_in(view: View) -> Iterator[Need]:
    """Every need of a template as one scenario shows it, with what is open left open."""
    for source in _sources(view.stack):
        yield from needs_seen(view, source)


@query
def _sources(stack: Stack) -> tuple[Source, ...]:
    return tuple(entry.load() for entry in SOURCES if entry.is_for(stack))
