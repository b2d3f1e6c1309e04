"""The report for the summary of GitHub's job, with what GitHub leaves out of its annotations.

Source: https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from copilot_preflight._version import NAME
from copilot_preflight.base.finding import Report, Severity
from copilot_preflight.render.markdown import prose
from copilot_preflight.render.markdown_report import blocks

MOST_OF_A_KIND: Final = 10
"""Errors, warnings and notices of one step, each, that GitHub shows as annotations."""

MOST: Final = 50
"""Annotations of all steps of a job."""

ROOM: Final = 512 * 1024
"""Bytes that one report takes of the 1 MiB that a step has: nobody reads more."""

_KINDS: Final = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "notices"}


def render(report: Report) -> str:
    """Markdown of `ROOM` bytes at most; the findings that find no room are counted at the end."""
    head, *findings = blocks(report)
    parts = [f"## {NAME}", *head, *_cut(report)]
    size = sum(len(part.encode()) + 2 for part in parts) + 200
    for number, finding in enumerate(findings):
        text = "\n\n".join(finding)
        size += len(text.encode()) + 2
        if size > ROOM:
            left = len(findings) - number
            parts.append(prose(f"{left} more have no room here: the report itself has them all"))
            break
        parts.append(text)
    return "\n\n".join(parts) + "\n"


def _cut(report: Report) -> Iterator[str]:
    """What GitHub does not annotate, of which it says nothing itself."""
    counts = Counter(finding.severity for finding in report.findings)
    counts[Severity.ERROR] += len(report.errors)
    left = Counter(
        {it: counts[it] - MOST_OF_A_KIND for it in _KINDS if counts[it] > MOST_OF_A_KIND}
    )
    if not left:
        return
    which = " and ".join(
        f"{number} {_KINDS[it].removesuffix('s') if number == 1 else _KINDS[it]}"
        for it, number in left.items()
    )
    have = "has" if left.total() == 1 else "have"
    yield prose(
        f"GitHub shows {MOST_OF_A_KIND} annotations of a kind for a step, and {MOST} for a job: "
        f"{which} of this report {have} none"
    )
