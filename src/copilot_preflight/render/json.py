"""The report as JSON, version 1: a frozen contract, written out key by key.

A key is never renamed, moved or dropped within a version, whatever the classes behind it become.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from copilot_preflight.finding import (
    CitedCall,
    Finding,
    InputError,
    Place,
    Position,
    Related,
    Report,
    Severity,
)
from copilot_preflight.jsonpath import spell
from copilot_preflight.render import UNSAFE, locate

TOOL = "copilot-preflight"


def render(report: Report) -> str:
    document = {
        "version": 1,
        "tool": {"name": TOOL, "version": tool_version()},
        "summary": _summary(report),
        "findings": [_finding(report, finding) for finding in report.findings],
        "errors": [_error(error) for error in report.errors],
    }
    return _dump(document) + "\n"


def tool_version() -> str:
    """The installed version of this package."""
    try:
        return version(TOOL)
    except PackageNotFoundError:  # a bare checkout
        return "unknown"


def _summary(report: Report) -> dict[str, int]:
    return {
        "files": report.files,
        "error": report.count(Severity.ERROR),
        "warning": report.count(Severity.WARNING),
        "info": report.count(Severity.INFO),
        "suppressed": report.suppressed,
    }


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.label,
        "message": finding.message,
        **_place(report, finding.at),
        "call": _call(finding.call) if finding.call else None,
        "cause": finding.cause or None,
        "related": [_related(report, related) for related in finding.related],
        "fix": None,
        "url": finding.url,
    }


def _place(report: Report, place: Place) -> dict[str, Any]:
    start, end = locate(report, place)
    return {
        "file": place.file,
        "start": _position(start),
        "end": _position(end),
        "path": spell(place.path),
    }


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}


def _call(call: CitedCall) -> dict[str, str]:
    return {
        "principal": call.principal,
        "action": call.action,
        "resource": call.resource,
        "because": call.because,
    }


def _related(report: Report, related: Related) -> dict[str, Any]:
    return {**_place(report, related.place), "message": related.message}


def _error(error: InputError) -> dict[str, Any]:
    return {
        "file": error.file,
        "line": error.line,
        "column": error.column,
        "message": error.message,
    }


def _dump(document: dict[str, Any]) -> str:
    """Indented JSON whose strings stay readable, but for the characters a log must not carry."""
    dumped = json.dumps(document, indent=2, ensure_ascii=False)
    return UNSAFE.sub(lambda match: _escaped(match[0]), dumped)


def _escaped(char: str) -> str:
    if char == "\n":  # of the layout: within a string it is escaped by now
        return char
    return json.dumps(char)[1:-1]
