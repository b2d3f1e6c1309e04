"""A finding's argument as lines of plain text, without its source: for logs that keep their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from copilot_preflight.base.finding import Finding, Place, Report
from copilot_preflight.render.safe_text import safe, unobeyed
from copilot_preflight.render.ways_out import WaysOut


def argument(
    report: Report, finding: Finding, ways_out: WaysOut, seen: Callable[[str], str]
) -> Iterator[str]:
    """The places, the call, the cause and the way out, each line safe to print.

    ``seen`` spells the name of a file.
    """
    return map(unobeyed, _argument(report, finding, ways_out.of(finding).help, seen))


def _argument(
    report: Report, finding: Finding, help: str, seen: Callable[[str], str]
) -> Iterator[str]:
    def line_of(place: Place, label: str) -> str:
        line, column = report.span(place).start
        return safe(f"{seen(place.file)}:{line}:{column}: {label}").removesuffix(": ")

    yield line_of(finding.at, finding.label)
    for related in finding.related:
        yield line_of(related.place, related.message)
    if call := finding.call:
        yield safe(f"call: {call.principal} calls {call.action} on {call.resource}")
        if call.because:
            yield safe(f"      {call.because}")
    if finding.cause:
        yield safe(f"cause: {finding.cause}")
    if help.strip():
        first, *rest = help.strip().split("\n")
        yield safe(f"help: {first}")
        yield from (safe(f"      {line}").rstrip() for line in rest)
