"""W9718: the manifest names an env file, but the package carries no ARN for it."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.model.manifest import ManifestEnvFile, manifest_env_files
from copilot_preflight.model.tasks import task_definitions
from copilot_preflight.resolve.scenario import ANY
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View


@rule(
    "W9718",
    "env-file-not-packaged",
    "Manifest names an env file that the package lacks",
    no_fix="only a new package has the ARN of the uploaded file",
)
def env_file_not_packaged(analysis: Analysis) -> Iterator[Finding]:
    stack = analysis.stack
    manifest = stack.manifest
    if manifest is None or not stack.package.has_parameters:
        return
    for declared in manifest_env_files(manifest, stack.environment):
        for parameter in declared.parameters:
            if stack.declares(parameter) and stack.resolver().parameter(parameter).literal == "":
                yield from _findings(stack, declared, parameter)


def _findings(stack: Stack, declared: ManifestEnvFile, parameter: str) -> Iterator[Finding]:
    given = stack.given(parameter)
    related = [Related(declared.place, "the manifest names it")]
    if given is not None and given.place is not None:
        related.append(Related(given.place, "no ARN was packaged"))
    for task in task_definitions(View(stack, ANY.but(every_branch=True))):
        for container in task.containers:
            for file in container.files:
                if file.parameter == parameter:
                    yield Finding(
                        at=file.value.place,
                        message=f"the manifest gives {container} the env_file '{declared.path}', "
                        f"but {parameter} is empty: the task starts without it",
                        label="left out: its parameter is empty",
                        related=tuple(related),
                        cause="not-packaged",
                        help="package again, with --upload-assets: 'copilot svc package' or "
                        "'copilot job package'",
                    )
