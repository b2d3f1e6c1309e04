"""The comment that suppresses a finding, as a change of the text that the finding stands in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.finding import Finding
from copilot_preflight.edits.text.changes import TextChange, changed
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.read.layout import line_starts
from copilot_preflight.read.yaml.faults import LINE_BREAK
from copilot_preflight.run.suppress.comments import IGNORE, in_comments
from copilot_preflight.run.suppress.sieve import date, is_over
from copilot_preflight.run.suppress.suppression import FindingPlace, Suppression

REASON: Final = "TODO: say why"
"""Stands for the reason, which nobody but the user knows. It counts, so that it can be seen what
the suppression does."""

_INDENTATION: Final = re.compile(r"[ \t]*")


def suppressing(source: Document, finding: Finding, today: str = "") -> TextChange | None:
    """The change that silences a finding of a document, None where no comment can.

    JSON has no comments. A suppression that is about the same line is joined, else a comment comes
    to stand above the line, or behind it where nothing may stand above: within a string that goes
    on for several lines. ``today`` is a date, by default the local one.
    """
    if is_json(source):
        return None
    candidates = _candidates(source, finding, today or date())
    return next((it for it in candidates if _silences(it, source, finding, today or date())), None)


def is_json(source: Document) -> bool:
    """Whether a document has to stay JSON, whatever its name ends in."""
    if source.file.endswith(".json"):
        return True
    if not source.text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(source.text)
    except (ValueError, RecursionError):
        return False
    return True


def _candidates(source: Document, finding: Finding, today: str) -> Iterator[TextChange]:
    text, starts = source.text, line_starts(source.text)
    comment = f"# preflight: ignore[{finding.rule}] {REASON}"
    line_break = LINE_BREAK.search(text)
    broken = line_break[0] if line_break else "\n"
    for line in _lines(source, finding):
        yield from _joined(source, finding.rule, line, today)
        start = starts[line - 1]
        indentation = _INDENTATION.match(text, start)
        spaces = indentation[0] if indentation else ""
        yield TextChange(start, start, f"{spaces}{comment}{broken}")
        there = next((it for it in source.comments if it.line == line), None)
        if there is not None:
            at = start + there.column - 1
            yield TextChange(at, at, f"{comment} ")
        else:
            after = LINE_BREAK.search(text, start)
            whole = text[start : after.start() if after else len(text)]
            at = start + len(whole.rstrip(" \t"))
            yield TextChange(at, at, f"  {comment}")


def _lines(source: Document, finding: Finding) -> list[int]:
    """The line on which a finding is shown, then those of the nodes around it in its resource."""
    path = finding.at.path
    around = (source.span(path[:length], key=True).start.line for length in range(len(path), 2, -1))
    return list(dict.fromkeys((source.span(path, key=finding.at.key).start.line, *around)))


def _joined(source: Document, rule: str, line: int, today: str) -> Iterator[TextChange]:
    """A further rule in the brackets of a suppression that counts and is about a line."""
    counting = {
        item.at.path
        for item in in_comments(source)
        if isinstance(item, Suppression) and not is_over(item.until, today)
    }
    starts = line_starts(source.text)
    for comment in source.comments:
        found = IGNORE.search(comment.text)
        if not found or not found[1] or source.line_of(comment) != line:
            continue
        if source.path_of(comment) in counting:
            at = starts[comment.line - 1] + comment.column - 1 + found.start(1)
            at += len(found[1].rstrip(" ,"))
            yield TextChange(at, at, f", {rule}")


def _silences(change: TextChange, source: Document, finding: Finding, today: str) -> bool:
    """Whether a change suppresses a finding, and leaves the data as they are."""
    try:
        after = document.parse(changed(source.text, [change]), source.file, is_shown=True)
    except DocumentError:
        return False
    if after.data != source.data:
        return False
    place = FindingPlace(finding.at, source.file, {source.file: after})
    return any(
        finding.rule == item.rule and not is_over(item.until, today) and item.scope.has(place)
        for item in in_comments(after)
        if isinstance(item, Suppression)
    )
