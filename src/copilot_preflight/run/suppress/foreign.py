"""Comments near a finding that would suppress it in another tool, or in another spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from copilot_preflight.base.finding import Finding
from copilot_preflight.read.document import Document
from copilot_preflight.read.layout import Comment
from copilot_preflight.run.suppress.suppression import FindingPlace

_OURS: Final = re.compile(
    r"#\s*(?:preflight:\s*(?!ignore\b)[\w-]+|copilot-preflight:\s*[\w-]+)(?:\[[\w\s,-]*\])?"
)
_OTHERS: Final = re.compile(r"#\s*(?:noqa\b|cfn-lint\s*[:=])[\w\s:=,\[\]-]*", re.IGNORECASE)
_CODE: Final = re.compile(r"\b[A-Z]{1,4}\d{3,5}\b")
_NEAR: Final = 1
"""Lines between a comment and the line of a finding that it can well be meant for."""


def hints(findings: Iterable[Finding], sources: Mapping[str, Document]) -> Iterator[str]:
    """A note for each comment that looks like a suppression of a finding, and is none.

    ``sources`` has at least the files in which the findings stand.
    """
    meant: dict[tuple[str, Comment], list[str]] = {}
    for finding in findings:
        source = sources[finding.at.file]
        lines = FindingPlace(finding.at, "", sources).lines
        shown = source.span(finding.at.path, key=finding.at.key).start.line
        for comment in source.comments:
            is_near = source.line_of(comment) in lines or abs(comment.line - shown) <= _NEAR
            if is_near and _is_meant(comment.text, finding):
                rules = meant.setdefault((finding.at.file, comment), [])
                rules += [finding.rule] if finding.rule not in rules else []
    for (file, comment), rules in meant.items():
        yield (
            f"{file}:{comment.line}:{comment.column}: '{_marker(comment.text)}' suppresses nothing "
            f"here: write '# preflight: ignore[{', '.join(rules)}]' and why"
        )


def _is_meant(text: str, finding: Finding) -> bool:
    """Whether a comment speaks of a finding: it names the rule, or no rule of anybody."""
    if _OURS.search(text):
        names = re.search(r"\[([^\]]*)\]", text)
        return names is None or not names[1].strip() or _names(text, finding)
    other = _OTHERS.search(text)
    return other is not None and (_names(text, finding) or not _CODE.search(other[0]))


def _names(text: str, finding: Finding) -> bool:
    return finding.rule in text.upper() or finding.name in text.lower()


def _marker(text: str) -> str:
    """What of a comment is shown: not the rest, in which anything may stand."""
    found = _OURS.search(text) or _OTHERS.search(text)
    return "" if found is None else " ".join(found[0].split())
