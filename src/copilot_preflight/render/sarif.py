"""SARIF 2.1.0, for code scanning and for editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; what GitHub makes of it stands in
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning.
What is suppressed is reported as such, but for GitHub's own pipelines, which know no suppressions.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight._version import HOME, NAME, __version__
from copilot_preflight.base.finding import (
    Finding,
    InputError,
    Place,
    Report,
    Severity,
    Silenced,
    Span,
)
from copilot_preflight.read.jsonpath import spell
from copilot_preflight.render.fingerprints import fingerprints
from copilot_preflight.render.json import call_of, dump
from copilot_preflight.render.markdown import fenced, paragraphs
from copilot_preflight.render.places import STDIN, is_file, relative, uri
from copilot_preflight.render.rule_pages import RulePage, pages_of
from copilot_preflight.render.ways_out import WaysOut

if TYPE_CHECKING:
    from copilot_preflight.edits.shown import Change, ShownFix

FINGERPRINT: Final = "copilotPreflight/v1"

REVIEW: Final = " (review it: it widens, moves, removes or guesses something)"
"""Behind the description of a fix that nobody should apply unseen."""

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
# Errors are proved; so are warnings, but whether they matter depends on how a stack is used.
_PRECISION = {Severity.ERROR: "very-high", Severity.WARNING: "high", Severity.INFO: "medium"}
_TAGS = ["aws", "cloudformation", "ecs", "iam"]

_seen = partial(relative, root="GITHUB_WORKSPACE")  # GitHub takes URIs from the root of a checkout


def render(report: Report) -> str:
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_Run(report).log()]})


class _Run:
    """The one run of a log: its results name rules and files by their number."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.ways_out = WaysOut(report)
        # Code scanning opens alerts for suppressed results too (github/codeql-action issue 1230).
        on_github = os.environ.get("GITHUB_ACTIONS") == "true"
        self.silenced = () if on_github else report.silenced
        self.findings = [*report.findings, *(silenced.finding for silenced in self.silenced)]
        self.rules = pages_of(self.findings)
        self.rule_numbers = {id: number for number, id in enumerate(self.rules)}
        self.targets = frozenset(report.templates)
        self.files: dict[str, int] = {}
        for file in report.templates:
            self.number(file)

    def number(self, file: str) -> int:
        return self.files.setdefault(file, len(self.files))

    def log(self) -> dict[str, Any]:
        report = self.report
        results = list(map(self.result, self.findings, fingerprints(self.findings, _seen)))
        if self.silenced:  # the standard asks it of all results or of none (3.27.23)
            suppressions = [
                *([] for _ in report.findings),
                *([self.suppression(silenced)] for silenced in self.silenced),
            ]
            results = [
                {**result, "suppressions": by}
                for result, by in zip(results, suppressions, strict=True)
            ]
        notifications = list(map(self.notification, report.errors))
        invocation = {
            "executionSuccessful": not report.errors,
            "toolExecutionNotifications": notifications,
        }
        return {
            "tool": {"driver": _driver(self.rules.values())},
            "invocations": [invocation],
            "automationDetails": {"id": f"{NAME}/"},
            # No address: a report must not depend on the folder that a checkout lies in.
            "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the checkout."}}},
            "artifacts": [self.artifact(file) for file in self.files],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }

    def result(self, finding: Finding, fingerprint: str) -> dict[str, Any]:
        help, fix = self.ways_out.of(finding)
        properties = {
            "path": spell(finding.at.path),
            "call": call_of(finding),
            "cause": finding.cause or None,
        }
        result: dict[str, Any] = {
            "ruleId": finding.rule,
            "ruleIndex": self.rule_numbers[finding.rule],
            "level": _LEVEL[finding.severity],
            "message": _message(finding, help.strip()),
            "locations": [self.location(finding.at, finding.label)],
            "partialFingerprints": {FINGERPRINT: fingerprint},
        }
        if finding.related:
            result["relatedLocations"] = [
                {"id": number, **self.location(related.place, related.message, path=True)}
                for number, related in enumerate(finding.related, 1)
            ]
        if fix is not None:
            result["fixes"] = [self.fix(fix)]
        return {**result, "properties": properties}

    def fix(self, fix: ShownFix) -> dict[str, Any]:
        """A fix whose changes belong together, and all are of the files as they are now."""
        by_file: dict[str, list[Change]] = {}
        for change in fix.changes:
            by_file.setdefault(change.file, []).append(change)
        look = "" if fix.applicability.value == "safe" else REVIEW
        return {
            "description": {"text": _literal(f"{fix.title}{look}")},
            "artifactChanges": [
                {
                    "artifactLocation": self.artifact_location(file),
                    "replacements": list(map(_replacement, changes)),
                }
                for file, changes in by_file.items()
            ],
        }

    def suppression(self, silenced: Silenced) -> dict[str, Any]:
        suppression: dict[str, Any] = {"kind": silenced.kind}
        if silenced.reason:
            suppression["justification"] = silenced.reason
        if silenced.by:
            suppression["location"] = self.location(silenced.by)
        return suppression

    def notification(self, error: InputError) -> dict[str, Any]:
        if not is_file(error.file) and error.file != STDIN:  # an option
            text = f"{error.file}: {error.message}"
            return {"level": "error", "message": {"text": _literal(text)}}
        place: dict[str, Any] = {"artifactLocation": self.artifact_location(error.file)}
        if error.line:
            column = {"startColumn": error.column} if error.column else {}
            place["region"] = {"startLine": error.line, **column}
        return {
            "level": "error",
            "message": {"text": _literal(error.message)},
            "locations": [{"physicalLocation": place}],
        }

    # --- places ------------------------------------------------------------------------------

    def location(self, place: Place, label: str = "", *, path: bool = False) -> dict[str, Any]:
        location: dict[str, Any] = {
            "physicalLocation": {
                "artifactLocation": self.artifact_location(place.file),
                "region": _region(self.report.span(place)),
            }
        }
        if label:
            location["message"] = {"text": _literal(label)}
        return {**location, "properties": {"path": spell(place.path)}} if path else location

    def artifact_location(self, file: str) -> dict[str, Any]:
        return {**_address(file), "index": self.number(file)}

    def artifact(self, file: str) -> dict[str, Any]:
        roles = {"roles": ["analysisTarget"]} if file in self.targets else {}
        return {"location": _address(file), **roles}


def _address(file: str) -> dict[str, Any]:
    if file == STDIN:
        return {"uri": uri(file), "description": {"text": "Standard input."}}
    address = uri(_seen(file))
    return {"uri": address} if address.startswith("file:") else {"uri": address, "uriBaseId": _ROOT}


def _replacement(change: Change) -> dict[str, Any]:
    """What goes and what comes; a region of no characters is where something is added (3.57.3)."""
    new = {"insertedContent": {"text": change.text}} if change.text else {}
    return {"deletedRegion": _region(change.span), **new}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    }


# --- rules ---------------------------------------------------------------------------------------


def _driver(rules: Iterable[RulePage]) -> dict[str, Any]:
    return {
        "name": NAME,
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": HOME,
        "rules": list(map(_rule, rules)),
    }


def _rule(rule: RulePage) -> dict[str, Any]:
    """A rule without a ``security-severity``: that would hide what keeps tasks from starting."""
    help = {"help": {"text": rule.page, "markdown": rule.page}} if rule.page else {}
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.description},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
        **({"helpUri": rule.url} if rule.url else {}),
        **help,
        "properties": {
            "tags": _TAGS,
            "precision": _PRECISION[rule.severity],
            "problem.severity": _PROBLEM[rule.severity],
        },
    }


# --- messages ------------------------------------------------------------------------------------


def _message(finding: Finding, help: str) -> dict[str, str]:
    """The whole argument: viewers show related places only where a message has links to them."""
    links = ", ".join(
        f"[{_link_text(related.message or spell(related.place.path))}]({number})"
        for number, related in enumerate(finding.related, 1)
    )
    see = [f"See {links}."] if links else []
    text = [f"{_literal(finding.message)}.", *see, *([_literal(help)] if help else [])]
    markdown = [f"**{_markdown(finding.message)}**", *see, *_argument(finding), *_way_out(help)]
    return {"text": "\n".join(text), "markdown": "\n\n".join(markdown)}


def _argument(finding: Finding) -> Iterator[str]:
    if call := finding.call:
        text = f"{call.principal} calls {call.action} on {call.resource}: {call.because}"
        yield f"Call: {_markdown(text.removesuffix(': '))}"
    if finding.cause:
        yield f"Cause: {_markdown(finding.cause)}"


def _way_out(help: str) -> Iterator[str]:
    """Prose as paragraphs, lines to paste in fences."""
    for language, lines in paragraphs(help):
        if language:
            yield fenced(_PLACEHOLDER.sub(r"{{\1}}", "\n".join(lines)), language)
        else:
            yield from (_markdown(line.strip()) for line in lines if line.strip())


_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_BRACKETS = re.compile(r"([\\\[\]])")
_END_OF_LINK = re.compile(r"(\\*)\](?=\()")
_PUNCTUATION = re.compile(r"([\\`*_\[\]<>#|~!&])")


def _literal(text: str) -> str:
    """``text`` as a plain message in which nothing is a placeholder or a link.

    The standard has every brace doubled (3.11.5); GitHub and others show them as they stand, and
    ``${AWS::Region}`` is in many a message, so only what would be a placeholder is doubled.
    """
    text = _PLACEHOLDER.sub(r"{{\1}}", text)
    return _END_OF_LINK.sub(r"\1\1\\]", text)


def _link_text(text: str) -> str:
    return _BRACKETS.sub(r"\\\1", _PLACEHOLDER.sub(r"{{\1}}", " ".join(text.split())))


def _markdown(text: str) -> str:
    """``text`` as one line of Markdown in which nothing is markup."""
    text = _PLACEHOLDER.sub(r"{{\1}}", " ".join(text.split()))
    return _PUNCTUATION.sub(r"\\\1", text)
