"""One line for each finding, as compilers write them: for editors, for grep, and for long lists."""

from __future__ import annotations

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.render.formats import PLAIN, Look
from copilot_preflight.render.safe_text import safe, unobeyed
from copilot_preflight.render.text import painted, summary


def render(report: Report, look: Look = PLAIN) -> str:
    """Lines such as ``web.stack.yml:12:9: E9712 message``, and the summary. No input errors."""
    shown = report.findings if look.most is None else report.findings[: look.most]
    lines = [unobeyed(_line(report, finding, look.colour)) for finding in shown]
    if len(shown) < len(report.findings):
        from copilot_preflight.render.grouping import left_out

        lines += left_out(len(report.findings) - len(shown))
    return "\n".join([*lines, summary(report)]) + "\n"


def _line(report: Report, finding: Finding, colour: bool) -> str:
    line, column = report.span(finding.at).start
    where = f"{safe(finding.at.file)}:{line}:{column}:"
    rule = safe(finding.rule)
    if colour:
        where, rule = painted("strong", where), painted(finding.severity.label, rule)
    return f"{where} {rule} {safe(finding.message)}"
