"""GitLab's Code Quality report: a list of what it shows next to a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import Any

from copilot_preflight.base.finding import Finding, InputError, Report, Severity
from copilot_preflight.render.fingerprints import fingerprints
from copilot_preflight.render.json import dump
from copilot_preflight.render.places import last_line, relative

_SEVERITY = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}

_seen = partial(relative, root="CI_PROJECT_DIR")  # GitLab's links start at the root of the checkout


def render(report: Report) -> str:
    prints = fingerprints(report.findings, _seen)
    found = map(partial(_finding, report), report.findings, prints)
    return dump([*found, *map(_error, report.errors)])


def _finding(report: Report, finding: Finding, fingerprint: str) -> dict[str, Any]:
    span = report.span(finding.at)
    return {
        # GitLab shows little but this
        "description": f"{finding.rule} {finding.name}: {finding.message}",
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": _SEVERITY[finding.severity],
        "location": {
            "path": _seen(finding.at.file),
            "lines": {"begin": span.start.line, "end": last_line(span)},
        },
    }


def _error(error: InputError) -> dict[str, Any]:
    path = _seen(error.file)
    text = "\0".join(("input", path, str(error.line), str(error.column), error.message))
    return {
        "description": f"cannot be judged: {error.message}",
        "check_name": "input",
        "fingerprint": sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        "severity": "blocker",
        "location": {"path": path, "lines": {"begin": max(error.line, 1)}},
    }
