"""E9716: the value of an environment file is not the ARN of an S3 object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import Finding
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import replaced
from copilot_preflight.checks.wording.parts import value_of_parameter
from copilot_preflight.model.tasks import EnvironmentFile

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help


@rule("E9716", "env-file-arn-invalid", "Env file is not named by the ARN of an S3 object")
def env_file_arn_invalid(analysis: Analysis) -> Iterator[Finding]:
    for read in analysis.read_once():
        if read.problem is not None:
            help = _help(read.file)
            yield Finding(
                at=read.file.value.place,
                message=f"environment file '{read.file.arn}' of {read.container} {read.problem}",
                label="not the ARN of an S3 object",
                related=tuple(value_of_parameter(read.view.stack, read.file.value)),
                cause="arn-invalid",
                help=help if isinstance(help, str) else help.text,
                remedy=None if isinstance(help, str) else help,
            )


def _help(file: EnvironmentFile) -> Help | str:
    url = file.arn.literal or ""
    if not url.startswith("s3://"):
        return "write {Type: s3, Value: arn:<partition>:s3:::<bucket>/<key>.env}"
    meant = Text.of("arn:", Hole("AWS::Partition"), ":s3:::", url.removeprefix("s3://"))
    edit = replaced(file.value.place, str(meant), "name the object by its ARN")
    # The value of a parameter is corrected where it is given, and no function fills it in there.
    edits = [edit] if file.value.raw == url else []
    return advice.help_with(f"write the ARN of that object: {edit.yaml}", edits=edits)
