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

Told: TypeAlias = Finding | InputError | None
"""What a test case tells; None is that there is nothing to tell."""

_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_NO_XML = re.compile("[\ufffe\uffff]")  # what XML 1.0 forbids beside all that is never safe


def render(report: Report) -> str:
    suites: dict[str, list[Told]] = {file: [] for file in report.templates}
    for finding in report.findings:
        suites.setdefault(finding.at.file, []).append(finding)
    for error in report.errors:
        suites.setdefault(error.file, []).append(error)
    for told in suites.values():
        told += [] if told else [None]
    counts = _counts(it for told in suites.values() for it in told)
    inside = [_suite(report, relative(file), told) for file, told in suites.items()]
    xml = _element("testsuites", {"name": NAME, **counts}, inside)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}\n'


def _counts(told: Iterable[Told]) -> dict[str, object]:
    kinds = Counter(map(_kind, told))
    return {
        "tests": kinds.total(),
        "failures": kinds["failure"],
        "errors": kinds["error"],
        "skipped": 0,
    }


def _kind(it: Told) -> str:
    if isinstance(it, InputError):
        return "error"
    return "passed" if it is None or it.severity is Severity.INFO else "failure"


def _suite(report: Report, file: str, told: Iterable[Told]) -> str:
    used: Counter[str] = Counter()
    cases = []
    for it in told:
        name = _name(it)
        used[name] += 1
        if used[name] > 1:  # GitLab counts what has the same name once
            name += f" #{used[name]}"
        cases.append(_case(report, file, name, it))
    return _element("testsuite", {"name": file, **_counts(told)}, cases)


def _name(it: Told) -> str:
    if isinstance(it, Finding):  # with the path, not the line: the history outlives moved lines
        return f"{it.rule} {it.name} at {spell(it.at.path)}"
    return "no findings" if it is None else "input"


def _case(report: Report, file: str, name: str, it: Told) -> str:
    attributes = {"classname": file, "name": name, "file": file}
    if it is None:
        return _element("testcase", attributes)
    if isinstance(it, InputError):
        line = it.line
        place = ":".join(str(part) for part in (file, it.line, it.column) if part)
        about = {"type": "input", "message": it.message}
        told = _text("error", about, safe(f"{place}: {it.message}"))
    else:
        line = report.span(it.at).start.line
        text = "\n".join([safe(it.message), *argument(report, it, relative)])
        about = {"type": it.severity.label, "message": it.message}
        is_failure = _kind(it) == "failure"
        told = _text("failure", about, text) if is_failure else _text("system-out", {}, text)
    return _element("testcase", {**attributes, "line": line} if line else attributes, [told])


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
