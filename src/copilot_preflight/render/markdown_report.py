"""Markdown for the comment of a pull request: what was found, where, and what to write instead.

A fix that changes neighbouring lines of one file is a suggestion, which GitHub puts into the file
once it stands in a comment on those lines.

Source: https://docs.github.com/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/incorporating-feedback-in-your-pull-request
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import Finding, InputError, Report
from copilot_preflight.render.markdown import code_span, fenced, inline, paragraphs, prose
from copilot_preflight.render.places import relative
from copilot_preflight.render.safe_text import safe
from copilot_preflight.render.text import summary
from copilot_preflight.render.ways_out import WaysOut

if TYPE_CHECKING:
    from copilot_preflight.edits.shown import ShownFix

_seen = partial(relative, root="GITHUB_WORKSPACE")


def render(report: Report) -> str:
    return "\n\n".join(block for group in blocks(report) for block in group) + "\n"


def blocks(report: Report) -> Iterator[Sequence[str]]:
    """Paragraphs by what they are about: first the summary, then each finding, then the rest."""
    ways_out = WaysOut(report)
    yield [f"**{prose(summary(report))}**"]
    for finding in report.findings:
        yield tuple(_finding(report, finding, ways_out))
    for error in report.errors:
        yield [_error(error)]
    for line in ways_out.commands():
        yield [prose_and_command(line)]


def prose_and_command(line: str) -> str:
    """A line whose end, behind a colon, is to be pasted."""
    words, _, command = line.partition(": ")
    return f"{prose(words)}: {code_span(command)}"


def _finding(report: Report, finding: Finding, ways_out: WaysOut) -> Iterator[str]:
    yield f"### {finding.severity.label} {inline(finding.rule)} {inline(finding.name)}"
    yield prose(finding.message)
    line, column = report.span(finding.at).start
    label = f": {prose(finding.label)}" if finding.label else ""
    yield f"{code_span(f'{_seen(finding.at.file)}:{line}:{column}')}{label}"
    help, fix = ways_out.of(finding)
    suggested = None if fix is None else _suggestion(fix)
    if suggested is not None:
        yield suggested
        return
    for language, lines in paragraphs(help.strip()):
        if language:
            yield fenced("\n".join(lines), language)
        else:
            yield from (prose(line) for line in lines if line.strip())


def _suggestion(fix: ShownFix) -> str | None:
    """The lines that a fix changes, as they will be; None where they are not next to each other."""
    if len(fix.lines) != 1:
        return None
    (changed,) = fix.lines
    first, new = changed.first, changed.new
    if not changed.old:  # a suggestion takes the place of a line
        first, new = first - 1, (changed.above, *new)
    if not first or any(safe(line) != line for line in new):
        return None
    last = first + max(len(changed.old), 1) - 1
    which = f"line {first}" if last == first else f"lines {first} to {last}"
    review = "" if fix.applicability.value == "safe" else " (review it)"
    where = f"{prose(fix.title)}{review}, {which} of {code_span(_seen(changed.file))}:"
    block = fenced("\n".join(new), "suggestion") if new else "```suggestion\n```"
    return f"{where}\n\n{block}"


def _error(error: InputError) -> str:
    place = ":".join(str(it) for it in (error.file, error.line, error.column) if it)
    return f"cannot be judged: {code_span(place)}: {prose(error.message)}"
