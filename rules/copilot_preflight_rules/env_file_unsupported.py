"""E9717: environment files where ECS does not support them, or too many of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import replaced
from copilot_preflight.needs.env_files import ENV_FILE_PAGE, EnvFileRead
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help

_MOST = 10
_NEW_ENOUGH = "1.4.0"
_TOO_OLD = ("1.0.0", "1.1.0", "1.2.0", "1.3.0")


@rule("E9717", "env-file-unsupported", "Env files are not supported here", fix="review")
def env_file_unsupported(analysis: Analysis) -> Iterator[Finding]:
    seen: set[Place] = set()
    for read in analysis.reads:
        at = (read.container.files_value or read.file.value).key_place
        for problem, where, way_out in _problems(read):
            if at not in seen:
                seen.add(at)
                help = _help(where, way_out)
                yield Finding(
                    at=at,
                    message=f"{read.container} has environment files, {problem}",
                    label="not supported",
                    related=() if where is None else (Related(where.place, "because of this"),),
                    cause="unsupported",
                    help=help.text,
                    remedy=help,
                )


def _help(where: Value | None, way_out: str) -> Help:
    """A version of the platform that has them, in the place of one that is written out."""
    sentence = f"{way_out} ({ENV_FILE_PAGE})"
    if where is None or where.raw not in _TOO_OLD:
        return advice.help_with(sentence, no_fix="which variables go where else, only you know")
    edit = replaced(where.place, _NEW_ENOUGH, f"run it on {_NEW_ENOUGH}", is_safe=False)
    return advice.help_with(sentence, edits=[edit])


def _problems(read: EnvFileRead) -> Iterator[tuple[str, Value | None, str]]:
    """What is wrong, the place that makes it so, and the way out."""
    system = read.task.operating_system
    if system is not None and (system.text().literal or "").startswith("WINDOWS"):
        way_out = "set the variables under Environment or Secrets"
        yield "which ECS does not support on Windows", system, way_out
    count = sum(not file.value.guard for file in read.container.files)
    if count > _MOST:
        way_out = "put the variables in fewer files"
        yield f"{count} of them: ECS takes at most {_MOST}", None, way_out
    for service in _services_of(read):
        if service.literal("Properties", "LaunchType") in ("EC2", "EXTERNAL"):
            continue  # platform versions are Fargate's
        version = service.child("Properties", "PlatformVersion")
        if version is not None and version.text().literal in _TOO_OLD:
            known = version.text().literal
            problem = f"which Fargate platform version {known} does not support"
            yield problem, version, "take PlatformVersion 1.4.0 or LATEST"


def _services_of(read: EnvFileRead) -> Iterator[Value]:
    """The ECS services of the template that run the task definition."""
    logical_id = read.task.logical_id
    references = ({"Ref": logical_id}, {"Fn::GetAtt": [logical_id, "TaskDefinitionArn"]})
    return (service for service, task in _services(read.view) if task.raw in references)


@query
def _services(view: View) -> tuple[tuple[Value, Value], ...]:
    """The ECS services of a template, each with what names its task definition."""
    services = [service for _, service in view.resources("AWS::ECS::Service")]
    tasks = [service.child("Properties", "TaskDefinition") for service in services]
    return tuple((it, task) for it, task in zip(services, tasks, strict=True) if task is not None)
