"""One line for each finding, as compilers write them: for editors, for grep, and for long lists."""

from __future__ import annotations

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.render.safe_text import safe, unobeyed
from copilot_preflight.render.text import painted, summary


def render(report: Report, *, colour: bool = False) -> str:
    """Lines such as ``web.stack.yml:12:9: E9712 message``, and the summary. No input errors."""
    lines = [unobeyed(_line(report, finding, colour)) for finding in report.findings]
    return "\n".join([*lines, summary(report)]) + "\n"


def _line(report: Report, finding: Finding, colour: bool) -> str:
    line, column = report.span(finding.at).start
    where = f"{safe(finding.at.file)}:{line}:{column}:"
    rule = safe(finding.rule)
    if colour:
        where, rule = painted("strong", where), painted(finding.severity.label, rule)
    return f"{where} {rule} {safe(finding.message)}"
