"""What a report comes to on standard output, on standard error and in a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.cli.console import CLEAN, tell, write, write_file
from copilot_preflight.render.formats import (
    FOR_PEOPLE,
    PLAIN,
    Look,
    asked_columns,
    render,
    width_of,
)
from copilot_preflight.render.safe_text import safe

if TYPE_CHECKING:
    from copilot_preflight.base.finding import Report


COLORS: Final = ("auto", "always", "never")
SORTINGS: Final = ("place", "severity", "rule")


class Printed(NamedTuple):
    """What a run prints: lines on standard error, then a text on standard output, then more lines.

    ``status`` is the exit status. ``files`` are those that are asked for, by name with their texts.
    ``is_data`` says that the text is for a program, and UTF-8 whatever the terminal is;
    ``is_coloured``, that it has colours. ``summary`` is added to the summary of GitHub's job.
    """

    errors: tuple[str, ...] = ()
    text: str = ""
    is_data: bool = False
    after: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    status: int = CLEAN
    summary: str = ""
    is_coloured: bool = False


def printed(
    report: Report,
    shown: str,
    outputs: Iterable[tuple[str, str]] = (),
    look: Look = PLAIN,
    *,
    sort: str = "place",
    is_quiet: bool = False,
    has_statistics: bool = False,
    has_summary: bool = False,
) -> Printed:
    """A report in the format ``shown``, ``""`` for none, and in files: formats with names.

    ``look`` is that of standard output; what of it is not about a terminal holds for files, too.
    ``sort`` is one of `SORTINGS`. If it is to be quiet, only what could not be judged is told.
    ``has_summary``: GitHub's job has a summary, to which the report is added.
    """
    report = _sorted(report, sort)
    in_file = PLAIN._replace(group_by=look.group_by, most=look.most)
    files = tuple((name, render(report, form, in_file)) for form, name in outputs)
    if is_quiet:
        return Printed(_errors(report), files=files)
    summary = ""
    if has_summary:
        from copilot_preflight.render import job_summary

        summary = job_summary.render(report)
    result = Printed(remarks(report), files=files, summary=summary)
    is_data = bool(shown) and shown not in FOR_PEOPLE
    text = ""
    if is_data:
        text = render(report, shown)
    elif shown and (report.files or not report.errors):
        # "no findings" is no comfort where nothing was judged
        text = render(report, shown, look)
        result = result._replace(is_coloured=look.colour)
    counted = ""
    if has_statistics:
        from copilot_preflight.render.text import statistics

        counted = statistics(report)
    if not counted:
        return result._replace(text=text, is_data=is_data)
    if not is_data:
        return result._replace(text=f"{text}\n{counted}")
    return result._replace(text=text, is_data=True, after=(counted.removesuffix("\n"),))


def has_summary(forms: Iterable[str]) -> bool:
    """Whether a report in some formats is added to the summary of GitHub's job."""
    if "github" not in forms:
        return False
    from copilot_preflight.cli import job_summary

    return job_summary.is_there()


def remarks(report: Report) -> tuple[str, ...]:
    """What is told on standard error: what could not be judged, and notes."""
    return (*_errors(report), *(f"note: {safe(note)}" for note in report.notes))


def _errors(report: Report) -> tuple[str, ...]:
    if not report.errors:
        return ()
    from copilot_preflight.render.text import error_line

    return tuple(map(error_line, report.errors))


def emit(printed: Printed, inputs: Iterable[Path]) -> NoReturn:
    """Prints, writes the files, none of which may be an input, and ends the process."""
    inputs = tuple(inputs)
    for line in printed.errors:
        tell(line)
    for name, text in printed.files:
        write_file(Path(name), text, inputs)
    if printed.summary:
        from copilot_preflight.cli import job_summary

        job_summary.add(printed.summary, inputs)
    if printed.is_data and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    if printed.text:
        write(printed.text, colour=printed.is_coloured)
    for line in printed.after:
        tell(line)
    sys.exit(printed.status)


def look_of(color: str = "auto", group_by: str = "cause", most: int | None = None) -> Look:
    """How a report looks on standard output. ``color`` is one of `COLORS`.

    Sources: https://no-color.org and https://force-color.org; NO_COLOR wins over FORCE_COLOR.
    """
    if sys.stdout is None:
        return Look(group_by=group_by, most=most)
    is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    has_links = False
    if is_terminal and color != "never":
        from copilot_preflight.render import links

        has_links = links.are_shown(os.environ)
    return Look(
        colour=_is_coloured(color, is_terminal),
        width=width_of(sys.stdout),
        wraps=sys.stdout.isatty() or asked_columns() > 0,
        has_links=has_links,
        is_live=is_terminal,
        group_by=group_by,
        most=most,
    )


def _is_coloured(color: str, is_terminal: bool) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return is_terminal or os.environ.get("FORCE_COLOR", "0") not in ("", "0", "false")


def _sorted(report: Report, sort: str) -> Report:
    """The findings in another order: those that are equal stay in the order of their places."""
    if sort == "severity":
        found = sorted(report.findings, key=lambda finding: -finding.severity)
    elif sort == "rule":
        found = sorted(report.findings, key=lambda finding: finding.rule)
    else:
        return report
    return report._replace(findings=found)
