"""W9719: the workspace's env file is not the one that the package asks for."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access.cause import CONTENT_HASH
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.parts import value_of_parameter


@rule(
    "W9719",
    "env-file-outdated",
    "Env file has changed since it was packaged",
    no_fix="only a new package asks for the file as it is now",
)
def env_file_outdated(analysis: Analysis) -> Iterator[Finding]:
    stack = analysis.stack
    manifest = stack.manifest
    if manifest is None or manifest.workspace is None:
        return
    from copilot_preflight.model.manifest import manifest_env_files

    declared = {
        parameter: file
        for file in manifest_env_files(manifest, stack.environment)
        for parameter in file.parameters
    }
    for read in analysis.read_once():
        local = declared.get(read.file.parameter)
        packaged = CONTENT_HASH.search(read.file.arn.literal or "")
        actual = local.sha256() if local is not None and packaged is not None else None
        if local is None or packaged is None or actual in (None, packaged[0]):
            continue
        yield Finding(
            at=read.file.value.place,
            message=f"{read.container} asks for version {packaged[0][:8]}… of '{local.path}', but "
            f"the file in the workspace is {str(actual)[:8]}…: it has changed since then",
            label="not the version in the workspace",
            related=(
                *value_of_parameter(read.view.stack, read.file.value),
                Related(local.place, "the manifest names the file"),
            ),
            cause="outdated",
            help="package again, with --upload-assets: 'copilot svc package' or "
            "'copilot job package'",
        )
