"""The report as a person reads it in a terminal: each finding argued on the source itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from copilot_preflight.base.finding import (
    Finding,
    InputError,
    Report,
    Severity,
)
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.render.formats import PLAIN, Look
from copilot_preflight.render.safe_text import safe, unobeyed
from copilot_preflight.render.ways_out import WaysOut

# Legible on light and on dark backgrounds: neither white nor black, and yellow not bold, since
# many terminals show bold yellow as the bright one.
COLOURS = {
    "error": "1;38;5;196",
    "warning": "1;38;5;166",
    "info": "38;5;30",
    "gutter": "1;38;5;32",
    "strong": "1",
    "help": "38;5;28",
}
"""Of the 256 colours, which no theme changes: each has a contrast of 3.7 to 1 and more on white and
on black. A theme's yellow is hard to see on white, and its blue on black.
"""


def render(report: Report, look: Look = PLAIN) -> str:
    """Findings with their source, then one line that sums up. Input errors are not in it."""
    ways_out = WaysOut(report)
    blocks: Sequence[Block] = _blocks(report, look)
    shown = blocks if look.most is None else blocks[: look.most]
    parts = []
    if shown:
        from copilot_preflight.render.argued import Writer

        parts = ["\n".join(map(unobeyed, Writer(report, it, ways_out, look))) for it in shown]
    if report.proof:
        from copilot_preflight.render import proof_text

        proved = proof_text.lines(report, colour=look.colour, width=look.width)
        parts.append("\n".join(map(unobeyed, proved)))
    last = list(ways_out.commands())
    if len(shown) < len(blocks) or (look.is_live and shown):
        from copilot_preflight.render.grouping import closing

        last = [*closing(shown, blocks, is_live=look.is_live), *last]
    last.append(summary(report))  # which stays the last line
    return "\n\n".join([*parts, "\n".join(last)]) + "\n"


def _blocks(report: Report, look: Look) -> Sequence[Block]:
    """The findings as they are shown: next to nothing of one alone is to be grouped."""
    if len(report.findings) < 2 and look.group_by not in ("role", "file"):
        return list(map(Block, report.findings))
    from copilot_preflight.render.grouping import blocks_of

    return blocks_of(report, look.group_by)


def summary(report: Report) -> str:
    """Such as ``12 calls proved, 4 denied; 2 errors, 1 warning in 3 files, 4 suppressed``."""
    counts = (
        (report.count(Severity.ERROR), "error", "errors"),
        (report.count(Severity.WARNING), "warning", "warnings"),
        (report.count(Severity.INFO), "info", "info"),
    )
    found = ", ".join(_counted(*count) for count in counts if count[0])
    line = f"{found or 'no findings'} in {_counted(report.files, 'file', 'files')}"
    if report.suppressed:
        line += f", {report.suppressed} suppressed"
    if report.ignored:
        line += f" ({_counted(report.ignored, 'other file', 'other files')} ignored)"
    if report.errors and not found:
        line += ", but the run itself failed"
    if report.not_judged:
        kinds = ", ".join(f"{count} {kind}" for kind, count in report.not_judged)
        line += f"; not judged: {kinds}"
    return f"{proof(report)}; {line}" if report.files else line


def proof(report: Report) -> str:
    """Such as ``12 calls proved, 4 denied, 3 undecided (--info says what is missing)``.

    Without a call nothing was proved, and that is said too.
    """
    allowed, denied, undetermined = report.calls
    if not any(report.calls):
        return "no calls to prove"
    parts = [f"{_counted(allowed, 'call', 'calls')} proved"]
    parts += [f"{denied} denied"] if denied else []
    if undetermined:
        is_told = any(it.severity is Severity.INFO for it in report.findings)
        why = "" if is_told else " (--info says what is missing)"
        parts.append(f"{undetermined} undecided{why}")
    return ", ".join(parts)


def statistics(report: Report) -> str:
    """How often each rule found something, a line for each, the most frequent first."""
    counts = Counter((it.rule, it.name) for it in report.findings)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    width = len(str(ranked[0][1])) if ranked else 0
    return "".join(f"{n:>{width}}  {safe(rule)}  {safe(name)}\n" for (rule, name), n in ranked)


def error_line(error: InputError) -> str:
    """One line for stderr, without its end: ``error: web.stack.yml:3:7: found a tab``."""
    place = [error.file]
    if error.line:
        place.append(str(error.line))
        if error.column:
            place.append(str(error.column))
    return safe(f"error: {':'.join(place)}: {error.message}")


def painted(style: str, text: str) -> str:
    """Text in a colour for what it is about, as a terminal takes it."""
    return f"\x1b[{COLOURS[style]}m{text}\x1b[0m"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


class Block(NamedTuple):
    """A finding that is shown, and those that are named with it. ``heading`` begins a section."""

    finding: Finding
    others: Sequence[Finding] = ()
    heading: str = ""
