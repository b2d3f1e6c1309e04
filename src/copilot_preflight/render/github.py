"""Workflow commands: what GitHub shows as annotations, one line for each finding.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions; the escapes are
those of ``@actions/core``.
"""

from __future__ import annotations

from functools import partial

from copilot_preflight._version import NAME
from copilot_preflight.base.finding import Finding, InputError, Report, Severity
from copilot_preflight.render.places import is_file, last_line, relative
from copilot_preflight.render.plain import argument
from copilot_preflight.render.safe_text import safe
from copilot_preflight.render.ways_out import WaysOut

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}

_seen = partial(relative, root="GITHUB_WORKSPACE")  # the folder that annotations are looked up in


def render(report: Report) -> str:
    ways_out = WaysOut(report)
    lines = [_annotation(report, finding, ways_out) for finding in report.findings]
    lines += map(_error, report.errors)
    return "".join(f"{line}\n" for line in lines)


def _annotation(report: Report, finding: Finding, ways_out: WaysOut) -> str:
    span = report.span(finding.at)
    properties: dict[str, str | int] = {}
    if is_file(finding.at.file):
        properties["file"] = _seen(finding.at.file)
    properties |= {"line": span.start.line, "endLine": last_line(span)}
    if span.start.line == span.end.line:  # GitHub takes columns within one line only
        properties |= {"col": span.start.column, "endColumn": span.end.column}
    properties["title"] = f"{finding.rule} {finding.name}"
    message = [safe(finding.message), *argument(report, finding, ways_out, _seen)]
    return _command(_COMMAND[finding.severity], properties, "\n".join(message))


def _error(error: InputError) -> str:
    properties: dict[str, str | int] = {}
    message = safe(error.message)
    if is_file(error.file):
        properties["file"] = _seen(error.file)
    else:
        message = f"{safe(error.file)}: {message}"
    if error.line:
        properties["line"] = error.line
        if error.column:
            properties["col"] = error.column
    properties["title"] = f"{NAME}: input that cannot be judged"
    return _command("error", properties, message)


def _command(name: str, properties: dict[str, str | int], message: str) -> str:
    given = ",".join(f"{key}={_property(safe(str(value)))}" for key, value in properties.items())
    return f"::{name} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
