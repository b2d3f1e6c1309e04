"""JUnit's XML: a suite for each file, a test case for each finding, one that passes if it has none.

Errors and warnings are failures, as with the other linters; info passes and says its piece in
``system-out``; an input that cannot be judged is an error. There is no schema that all readers
agree on: these are the attributes that Jenkins and GitLab read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from copilot_preflight._version import NAME
from copilot_preflight.base.finding import Finding, InputError, Report, Severity
from copilot_preflight.read.jsonpath import spell
from copilot_preflight.render.places import relative
from copilot_preflight.render.plain import argument
from copilot_preflight.render.safe_text import safe
from copilot_preflight.render.ways_out import WaysOut

Subject: TypeAlias = Finding | InputError | None
"""What a test case is about; None for a file in which nothing was found."""

_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_NO_XML = re.compile("[\ufffe\uffff]")  # what XML 1.0 forbids, apart from all that is never safe


def render(report: Report) -> str:
    suites: dict[str, list[Subject]] = {file: [] for file in report.templates}
    for finding in report.findings:
        suites.setdefault(finding.at.file, []).append(finding)
    for error in report.errors:
        suites.setdefault(error.file, []).append(error)
    for subjects in suites.values():
        subjects += [] if subjects else [None]
    counts = _counts(subject for subjects in suites.values() for subject in subjects)
    ways_out = WaysOut(report)
    inside = [
        _suite(report, ways_out, relative(file), subjects) for file, subjects in suites.items()
    ]
    xml = _element("testsuites", {"name": NAME, **counts}, [_properties(report), *inside])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}\n'


def _properties(report: Report) -> str:
    """How many calls of the whole run were proved."""
    properties = (
        _element("property", {"name": f"calls.{name}", "value": count})
        for name, count in report.calls._asdict().items()
    )
    return _element("properties", {}, properties)


def _counts(subjects: Iterable[Subject]) -> dict[str, object]:
    kinds = Counter(map(_kind, subjects))
    return {
        "tests": kinds.total(),
        "failures": kinds["failure"],
        "errors": kinds["error"],
        "skipped": 0,
    }


def _kind(subject: Subject) -> str:
    if isinstance(subject, InputError):
        return "error"
    return "passed" if subject is None or subject.severity is Severity.INFO else "failure"


def _suite(report: Report, ways_out: WaysOut, file: str, subjects: Iterable[Subject]) -> str:
    used: Counter[str] = Counter()
    cases = []
    for subject in subjects:
        name = _name(subject)
        used[name] += 1
        if used[name] > 1:  # GitLab counts what has the same name once
            name += f" #{used[name]}"
        cases.append(_case(report, ways_out, file, name, subject))
    return _element("testsuite", {"name": file, **_counts(subjects)}, cases)


def _name(subject: Subject) -> str:
    if isinstance(subject, Finding):
        # With the path, not the line: the history outlives moved lines.
        return f"{subject.rule} {subject.name} at {spell(subject.at.path)}"
    return "no findings" if subject is None else "input"


def _case(report: Report, ways_out: WaysOut, file: str, name: str, subject: Subject) -> str:
    attributes = {"classname": file, "name": name, "file": file}
    if subject is None:
        return _element("testcase", attributes)
    if isinstance(subject, InputError):
        line = subject.line
        place = ":".join(str(part) for part in (file, subject.line, subject.column) if part)
        about = {"type": "input", "message": subject.message}
        outcome = _text("error", about, safe(f"{place}: {subject.message}"))
    else:
        line = report.span(subject.at).start.line
        reasons = argument(report, subject, ways_out, relative)
        text = "\n".join([safe(subject.message), *reasons])
        about = {"type": subject.severity.label, "message": subject.message}
        is_failure = _kind(subject) == "failure"
        outcome = _text("failure", about, text) if is_failure else _text("system-out", {}, text)
    return _element("testcase", {**attributes, "line": line} if line else attributes, [outcome])


# --- XML -----------------------------------------------------------------------------------------


def _element(name: str, attributes: Mapping[str, object], inside: Iterable[str] = ()) -> str:
    opening = _opening(name, attributes)
    children = "\n".join(inside)
    return f"<{opening}>\n{children}\n</{name}>" if children else f"<{opening}/>"


def _text(name: str, attributes: Mapping[str, object], text: str) -> str:
    return f"<{_opening(name, attributes)}>{_escaped(text)}</{name}>"


def _opening(name: str, attributes: Mapping[str, object]) -> str:
    given = (f' {key}="{_escaped(safe(str(value)))}"' for key, value in attributes.items())
    return name + "".join(given)


def _escaped(text: str) -> str:
    return _NO_XML.sub(lambda match: f"\\u{ord(match[0]):x}", text).translate(_MARKUP)
