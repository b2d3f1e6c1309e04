"""Whether an edit leaves everything as it was judged: comments, blank lines, another way to write.

Findings have paths, and their positions are looked up when they are shown. Where the data of a
package are what they were, so are its findings, whatever the lines are now.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Iterable, Mapping
from typing import Any

from copilot_preflight.base.finding import Finding, Report, Source
from copilot_preflight.read.document import Document
from copilot_preflight.run import check as engine

Stamp = tuple[int, int, int] | None
"""What changes with a file on the disk; None where there is none."""


def stamps(files: Iterable[str]) -> Mapping[str, Stamp]:
    """The stamps of files by their paths."""
    return {file: _stamp(file) for file in files}


def _stamp(file: str) -> Stamp:
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def same(before: Document, after: Document) -> bool:
    """Whether two documents hold the same data, in the same order, whatever their texts say.

    The order counts, as it does for what is found first; so does the type, as ``1`` is no ``true``.
    """
    return before is after or _content(before.data) == _content(after.data)


def _content(data: Any) -> bytes:
    return marshal.dumps(data, 2)  # from version 3 on it depends on which objects are one


def depends_on_data_alone(report: Report, options: engine.Options) -> bool:
    """Whether a report would be the same for any texts with the same data.

    Errors have positions, and a suppression belongs to the line that it is written in.
    """
    if report.errors or report.silenced or options.suppress or options.baseline is not None:
        return False
    return not any(is_about_lines(source.text) for source in report.sources.values())


def is_about_lines(text: str) -> bool:
    """Whether a text may suppress something; most do not."""
    return "preflight:" in text or "ignore_checks" in text


def in_order(findings: Iterable[Finding], sources: Mapping[str, Source]) -> list[Finding]:
    """Findings in the order of their places, which depends on nothing but what they are."""

    def key(finding: Finding) -> tuple[object, ...]:
        at = finding.at
        start = sources[at.file].span(at.path, key=at.key).start
        return at.file, start, finding.rule, finding.message, repr(at)

    return sorted(findings, key=key)
