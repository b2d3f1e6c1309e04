"""Findings and unreadable inputs as diagnostics of an editor."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from lsprotocol import types

from copilot_preflight.base.finding import Finding, InputError, Place, Severity
from copilot_preflight.lsp.positions import Lines
from copilot_preflight.lsp.workspace import OpenPackage

SOURCE: Final = "copilot-preflight"

DEAD_CAUSE: Final = "arn-mismatch"
"""The cause of findings about text without any effect, which an editor may grey out."""

_SEVERITIES: Final = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}

LinesOf = Callable[[str], Lines]
"""The lines of a file, by its real path."""

UriOf = Callable[[str], str]
"""The URI under which the editor knows a file, by its name or path."""


def range_of(package: OpenPackage, place: Place, lines_of: LinesOf) -> types.Range:
    """Where a place of a finding is underlined."""
    span = package.report.sources[place.file].span(place.path, key=place.key)
    return lines_of(os.path.realpath(place.file)).underlined(span)


def diagnostic(
    package: OpenPackage, finding: Finding, lines_of: LinesOf, uri_of: UriOf
) -> types.Diagnostic:
    """A finding, with the places that it cites."""
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(uri_of(it.place.file), range_of(package, it.place, lines_of)), it.message
        )
        for it in finding.related
    ]
    return types.Diagnostic(
        range_of(package, finding.at, lines_of),
        finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.rule,
        code_description=types.CodeDescription(finding.url) if finding.url else None,
        source=SOURCE,
        tags=[types.DiagnosticTag.Unnecessary] if finding.cause == DEAD_CAUSE else None,
        related_information=related or None,
    )


def unreadable(error: InputError, lines: Lines) -> types.Diagnostic:
    """An input that could not be judged: broken YAML, most often, while somebody types."""
    return types.Diagnostic(
        lines.rest_of_line(error.line, error.column),
        error.message,
        severity=types.DiagnosticSeverity.Error,
        source=SOURCE,
    )
