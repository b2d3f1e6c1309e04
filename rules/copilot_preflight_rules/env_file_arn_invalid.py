"""E9716: the value of an environment file is not the ARN of an S3 object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import replaced
from copilot_preflight.checks.wording.parts import value_of_parameter
from copilot_preflight.iam.arn import PARTITIONS
from copilot_preflight.model.tasks import EnvironmentFile
from copilot_preflight.resolve.hints import reference_in

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit, Help
    from copilot_preflight.edits.spelling import Written


@rule(
    "E9716",
    "env-file-arn-invalid",
    "Env file is not named by the ARN of an S3 object",
    fix="safe or review",
)
def env_file_arn_invalid(analysis: Analysis) -> Iterator[Finding]:
    for read in analysis.read_once():
        if read.problem is not None:
            help = _help(read.file, read.problem)
            yield Finding(
                at=read.file.value.place,
                message=f"environment file '{read.file.arn}' of {read.container} {read.problem}",
                label="not the ARN of an S3 object",
                related=tuple(value_of_parameter(read.view.stack, read.file.value)),
                cause="arn-invalid",
                help=help.text,
                remedy=help,
            )


_WAY_OUT: Final = "write {Type: s3, Value: arn:<partition>:s3:::<bucket>/<key>.env}"
_URL: Final = "s3://"
_BEGINS: Final = "arn:${AWS::Partition}:s3:::"


def _help(file: EnvironmentFile, problem: str) -> Help:
    if reference_in(file.value.raw):
        no_fix = "the value is that of a parameter: it is corrected where it is given"
        return advice.help_with(_sentence(file), no_fix=no_fix)
    edit = _edit(file, problem)
    if edit is None:
        return advice.help_with(
            _sentence(file), no_fix="which object is meant, and in which bucket, nobody can tell"
        )
    is_object = edit.title == _BY_ARN
    return advice.help_with(
        f"write the ARN of that object: {edit.yaml}" if is_object else f"{edit.title}: {edit.yaml}",
        edits=[edit],
    )


def _sentence(file: EnvironmentFile) -> str:
    url = file.arn.literal or ""
    if not url.startswith(_URL):
        return _WAY_OUT
    return f"write the ARN of that object: {advice.quoted(_BEGINS + url.removeprefix(_URL))}"


_BY_ARN: Final = "name the object by its ARN"


def _edit(file: EnvironmentFile, problem: str) -> Edit | None:
    """The value that was meant, where the one that is written says it."""
    from copilot_preflight.edits.spelling import Expression, spelling_of

    raw, place = file.value.raw, file.value.place
    if file.kind == "":
        if not isinstance(raw, str) or not raw.startswith("arn:"):
            return None
        whole = Expression(raw, {"Type": "s3", "Value": raw})
        return replaced(place, whole, "write it as a map with Type and Value")
    if file.kind not in (None, "s3"):
        if (file.kind or "").lower() != "s3" or not place.path or place.path[-1] != "Value":
            return None
        at = Place(place.file, (*place.path[:-1], "Type"))
        return replaced(at, "s3", "write the Type that ECS knows")
    if (meant := _by_arn(raw)) is not None:
        return replaced(place, meant, _BY_ARN)
    if not isinstance(raw, str):
        return None
    if "${" in raw:
        is_filled = raw.startswith("arn:") and not spelling_of(raw).gaps
        return replaced(place, raw, "let the value be filled in") if is_filled else None
    pieces = raw.split(":", 5)
    if len(pieces) < 6 or pieces[2] != "s3" or "/" not in pieces[5]:
        return None
    is_other = pieces[1] not in ("", str(file.arn.split(":", 2).items[1])) or "partition" in problem
    meant = _BEGINS + pieces[5] if is_other else f"arn:{pieces[1]}:s3:::{pieces[5]}"
    # In another partition there may be another object of that name.
    is_guess = pieces[1] in PARTITIONS and is_other
    return replaced(place, meant, _BY_ARN, is_safe=not is_guess)


def _by_arn(raw: Any) -> Written | None:
    """The ARN of the object that a URL of S3 names, however its string is put together."""
    from copilot_preflight.edits.spelling import Expression

    if isinstance(raw, str) and raw.startswith(_URL) and "${" not in raw:
        return _BEGINS + raw.removeprefix(_URL) if raw.endswith(".env") else None
    if not isinstance(raw, dict) or len(raw) != 1:
        return None
    ((function, inner),) = raw.items()
    if function == "Fn::Sub" and isinstance(inner, str) and inner.startswith(_URL):
        return _BEGINS + inner.removeprefix(_URL)
    if function != "Fn::Join" or not isinstance(inner, list) or len(inner) != 2 or inner[0] != "":
        return None
    first, *rest = inner[1] if isinstance(inner[1], list) and inner[1] else ("",)
    if not isinstance(first, str) or not first.startswith(_URL):
        return None
    parts = [it for it in (first.removeprefix(_URL), *rest) if it != ""]
    begins: list[Any] = ["arn:", {"Ref": "AWS::Partition"}, ":s3:::"]
    return Expression("", {"Fn::Join": ["", [*begins, *parts]]})
