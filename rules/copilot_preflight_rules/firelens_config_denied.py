"""E9745: a FireLens router cannot have its configuration file from S3."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording.parts import value_of_parameter
from copilot_preflight.needs.firelens import FIRELENS, FIRELENS_PAGE, ConfigFile
from copilot_preflight.needs.need import Need


@rule(
    "E9745",
    "firelens-config-denied",
    "FireLens configuration cannot be read from S3",
    fix="safe",
    no_fix="the file has to be in the image, or named by its ARN",
)
def firelens_config_denied(analysis: Analysis) -> Iterator[Finding]:
    told = set()
    for need in analysis.needs:
        if need.kind == FIRELENS and need.key not in told:
            for finding in _unusable(need):
                told.add(need.key)
                yield finding
    denials = analysis.denials_of(FIRELENS)
    for group in telling.together(d for d in denials if not analysis.is_told_of(d)):
        yield telling.not_granted(group)


def _unusable(need: Need) -> Iterator[Finding]:
    """What is wrong with the file whatever the role may do."""
    file = need.about(ConfigFile)
    parameter = tuple(value_of_parameter(need.view.stack, file.value))
    if file.fargate is not None:
        yield Finding(
            at=need.place,
            message=f"{need.subject} is in S3, and the task runs on Fargate, which takes only "
            "config-file-type 'file'",
            label="not on Fargate",
            related=(Related(file.fargate, "runs the task on Fargate"), *parameter),
            cause="firelens-s3-on-fargate",
            help="build an image of the router that has the file, and name it by its path, with "
            f"config-file-type 'file' ({FIRELENS_PAGE})",
        )
    elif file.problem:
        yield Finding(
            at=need.place,
            message=f"{need.subject}: '{file.value.text()}' {file.problem}",
            label="not the ARN of an object",
            related=parameter,
            cause="firelens-arn-invalid",
            help="write the ARN of the object: arn:aws:s3:::<bucket>/<key>",
        )
