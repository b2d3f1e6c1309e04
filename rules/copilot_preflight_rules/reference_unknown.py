"""E9737: something that a task needs refers to a resource that the template does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.read.schema import nearest
from copilot_preflight.resolve.references import UnknownName

_PAGE: Final = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "intrinsic-function-reference.html"
)


@rule("E9737", "reference-unknown", "A reference to something that the template does not have")
def reference_unknown(analysis: Analysis) -> Iterator[Finding]:
    for unknown in analysis.unknown_references:
        close = _close(unknown)
        if close or not unknown.is_function:  # else a function that is newer than we are
            yield _finding(analysis, str(unknown.path[1]), unknown, close)


def _close(unknown: UnknownName) -> str:
    names = [name.removeprefix("Fn::") for name in unknown.known]
    return nearest(unknown.name.removeprefix("Fn::"), names, cutoff=0.7)


def _finding(analysis: Analysis, logical_id: str, unknown: UnknownName, close: str) -> Finding:
    name = unknown.name.removeprefix("Fn::")
    if unknown.is_function:
        message = f"'{logical_id}' uses the function '{name}', which CloudFormation does not have"
    else:
        message = f"'{logical_id}' refers to '{name}', which the template does not have"
    return Finding(
        at=Place(analysis.stack.file, unknown.path),
        message=f"{message}, so that what depends on it cannot be judged{close}",
        label="no such function" if unknown.is_function else "no such resource or parameter",
        cause="reference-unknown",
        help=f"correct the name: CloudFormation refuses the template as it is ({_PAGE})",
    )
