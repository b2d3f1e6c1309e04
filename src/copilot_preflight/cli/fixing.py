"""What `fix` says of its fixes: what was made, what it proves, and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_preflight.render.safe_text import safe, unobeyed

if TYPE_CHECKING:
    from copilot_preflight.base.finding import Finding, Report
    from copilot_preflight.edits.fix import Fix
    from copilot_preflight.fixes.plan import Plan


def summary(plan: Plan, *, is_written: bool) -> Iterator[str]:
    """One line for each fix, the proof, and one line for each finding that stays."""
    made = dict.fromkeys((it.finding, it.fix.title, _is_by_hand(plan, it.fix)) for it in plan.made)
    for finding, title, is_by_hand in made:
        done = "for you to add:" if is_by_hand else "fixed" if is_written else "would fix"
        yield _line(plan.before, finding, f"{done} {finding.rule}", title)
    there = frozenset() if is_written else frozenset(map(_of, plan.before.findings))
    for left in plan.left:
        # What is only shown moves no line of the file that the reader opens.
        report = plan.before if _of(left.finding) in there else plan.after
        yield _line(report, left.finding, f"left {left.finding.rule}", left.reason)
    yield from (unobeyed(safe(f"note: {note}")) for note in (*plan.notes, *plan.reminders))
    if plan.before.findings:
        yield f"{plan.proof}" if plan.made else f"nothing to fix: {len(plan.left)} left"
    elif plan.before.files:
        yield "nothing to fix: no findings"


def _of(finding: Finding) -> tuple[str, object]:
    return finding.rule, finding.at


def _is_by_hand(plan: Plan, fix: Fix) -> bool:
    """Whether a fix is in a piece of program alone, which nobody has put into its place yet."""
    programs = {file for file, _ in plan.by_hand}
    packages = (plan.run.packages.get(file) for file in fix.files)
    return any(it is not None and it.program in programs for it in packages)


def _line(report: Report, finding: Finding, done: str, what: str) -> str:
    line, column = report.span(finding.at).start
    return unobeyed(safe(f"{finding.at.file}:{line}:{column}: {done}: {what}"))


def is_shown(plan: Plan, line: str) -> bool:
    """Whether a line may be printed as it is: no secret, no command, nothing that a terminal obeys.

    A tab is none of it.
    """
    plain = line.replace("\t", " ")
    return unobeyed(safe(plain)) == plain and plan.is_shown(line)


_SGR = {"---": "1", "+++": "1", "@@ ": "38;5;30", "+": "38;5;28", "-": "38;5;160"}
"""Colours of a patch, by how its lines begin, as `text.COLOURS` are for light and dark."""


def colored(patch: str) -> str:
    """A patch in colours like those of git."""
    return "".join(map(_colored, patch.splitlines(keepends=True)))


def _colored(line: str) -> str:
    for begin, code in _SGR.items():
        if line.startswith(begin):
            text = line.rstrip("\r\n")
            return f"\x1b[{code}m{text}\x1b[0m{line[len(text) :]}"
    return line
