"""The report as JSON, version 1: a frozen contract, written out key by key.

A key is never renamed, moved or dropped within a version, whatever the classes behind it become.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from copilot_preflight._version import NAME, __version__
from copilot_preflight.base.finding import (
    Finding,
    InputError,
    Place,
    Position,
    ProvedCall,
    Related,
    Report,
    Severity,
)
from copilot_preflight.read.jsonpath import spell
from copilot_preflight.render.safe_text import COMMAND, UNSAFE
from copilot_preflight.render.ways_out import WaysOut

if TYPE_CHECKING:
    from copilot_preflight.edits.shown import ShownFix


def render(report: Report) -> str:
    document = {
        "version": 1,
        "tool": {"name": NAME, "version": __version__},
        "summary": _summary(report),
        "findings": findings_of(report),
        "errors": errors_of(report),
    }
    if report.proof is not None:
        document["proof"] = [_proved(report, call) for call in report.proof]
    if report.evidence is not None:
        document["evidence"] = [{"file": it, "taken": taken} for it, taken in report.evidence]
    text = dump(document)
    if report.shard is not None:  # on one line: what programs read, and long
        shard = _readable(json.dumps(report.shard, ensure_ascii=False, separators=(",", ":")))
        text = f'{text.removesuffix("}" + chr(10)).rstrip()},\n  "shard": {shard}\n}}\n'
    return text


def _summary(report: Report) -> dict[str, Any]:
    return {
        "files": report.files,
        "error": report.count(Severity.ERROR),
        "warning": report.count(Severity.WARNING),
        "info": report.count(Severity.INFO),
        "suppressed": report.suppressed,
        "calls": {
            "allowed": report.calls.allowed,
            "denied": report.calls.denied,
            "undetermined": report.calls.undetermined,
            "not_judged": sum(number for _, number in report.not_judged),
        },
    }


def findings_of(report: Report) -> list[dict[str, Any]]:
    """The findings, as every JSON document of ours has them."""
    ways_out = WaysOut(report)
    return [_finding(report, finding, ways_out) for finding in report.findings]


def errors_of(report: Report) -> list[dict[str, Any]]:
    """What could not be judged, as every JSON document of ours has it."""
    return [_error(error) for error in report.errors]


def _finding(report: Report, finding: Finding, ways_out: WaysOut) -> dict[str, Any]:
    help, fix = ways_out.of(finding)
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.label,
        "message": finding.message,
        **place_of(report, finding.at),
        "call": call_of(finding),
        "cause": finding.cause or None,
        "related": [_related(report, related) for related in finding.related],
        "fix": fix and _fix(fix),
        "help": help or None,
        "url": finding.url,
    }


def _fix(fix: ShownFix) -> dict[str, Any]:
    """What to write, once as text and once as data: either is enough."""
    return {
        "title": fix.title,
        "applicability": fix.applicability.value,
        "edits": [
            {
                "file": change.file,
                "start": _position(change.span.start),
                "end": _position(change.span.end),
                "text": change.text,
            }
            for change in fix.changes
        ],
        "operations": [
            {
                "file": it.file,
                "operation": it.operation.value,
                "path": spell(it.path),
                "value": it.value,
            }
            for it in fix.operations
        ],
    }


def place_of(report: Report, place: Place) -> dict[str, Any]:
    """A place with its lines and columns."""
    start, end = report.span(place)
    return {
        "file": place.file,
        "start": _position(start),
        "end": _position(end),
        "path": spell(place.path),
    }


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}


def call_of(finding: Finding) -> dict[str, str] | None:
    call = finding.call
    return call and {
        "principal": call.principal,
        "action": call.action,
        "resource": call.resource,
        "because": call.because,
    }


def _proved(report: Report, call: ProvedCall) -> dict[str, Any]:
    return {
        "role": call.role,
        "role_at": place_of(report, call.role_at),
        "subject": call.subject,
        **place_of(report, call.at),
        "action": call.action,
        "resource": call.resource,
        "outcome": call.outcome,
        "layers": [
            {
                "layer": layer.layer,
                "answer": layer.answer,
                "statements": [place_of(report, place) for place in layer.statements],
            }
            for layer in call.layers
        ],
        "missing": list(call.missing),
    }


def _related(report: Report, related: Related) -> dict[str, Any]:
    return {**place_of(report, related.place), "message": related.message}


def _error(error: InputError) -> dict[str, Any]:
    return {
        "file": error.file,
        "line": error.line,
        "column": error.column,
        "message": error.message,
    }


def dump(document: dict[str, Any] | list[Any]) -> str:
    """Indented JSON whose strings stay readable, but for the characters a log must not carry."""
    return _readable(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _readable(dumped: str) -> str:
    dumped = COMMAND.sub(r"\\u0023", dumped)  # reads back as it was, and no CI obeys it
    return UNSAFE.sub(lambda match: _escaped(match[0]), dumped)


def _escaped(char: str) -> str:
    if char == "\n":  # of the layout: within a string it is escaped by now
        return char
    return json.dumps(char)[1:-1]
