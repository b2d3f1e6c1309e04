"""E9716: the value of an environment file is not the ARN of an S3 object."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.finding import Finding
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording.parts import value_of_parameter


@rule("E9716", "env-file-arn-invalid", "Env file is not named by the ARN of an S3 object")
def env_file_arn_invalid(analysis: Analysis) -> Iterator[Finding]:
    for read in analysis.read_once():
        if read.problem is not None:
            yield Finding(
                at=read.file.value.place,
                message=f"environment file '{read.file.arn}' of {read.container} {read.problem}",
                label="not the ARN of an S3 object",
                related=tuple(value_of_parameter(read.view.stack, read.file.value)),
                cause="arn-invalid",
                help=_help(read.file.arn),
            )


def _help(value: Text) -> str:
    url = value.literal or ""
    if not url.startswith("s3://"):
        return "write {Type: s3, Value: arn:<partition>:s3:::<bucket>/<key>.env}"
    meant = Text.of("arn:", Hole("AWS::Partition"), ":s3:::", url.removeprefix("s3://"))
    return f"write the ARN of that object: !Sub '{meant}'"
