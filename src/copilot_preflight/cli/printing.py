"""What a report comes to on standard output, on standard error and in a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from copilot_preflight.cli.console import CLEAN, tell, write, write_file
from copilot_preflight.render.formats import FOR_PEOPLE, render, width_of
from copilot_preflight.render.safe_text import safe

if TYPE_CHECKING:
    from copilot_preflight.base.finding import Report


class Printed(NamedTuple):
    """What a run prints: lines on standard error, then a text on standard output, then more lines.

    ``status`` is the exit status. ``files`` are those that are asked for, by name with their texts.
    ``is_data`` says that the text is for a program, and UTF-8 whatever the terminal is. ``summary``
    is added to the summary of GitHub's job.
    """

    errors: tuple[str, ...] = ()
    text: str = ""
    is_data: bool = False
    after: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    status: int = CLEAN
    summary: str = ""


def printed(
    report: Report,
    shown: str,
    outputs: Iterable[tuple[str, str]] = (),
    *,
    is_quiet: bool = False,
    has_statistics: bool = False,
    has_summary: bool = False,
) -> Printed:
    """A report in the format ``shown``, ``""`` for none, and in files: formats with names.

    If it is to be quiet, only what could not be judged is told. ``has_summary``: GitHub's job has a
    summary, to which the report is added.
    """
    files = tuple((name, render(report, form)) for form, name in outputs)
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
        colour, width = terminal()
        text = render(report, shown, colour=colour, width=width)
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
        write(printed.text, colour=terminal()[0])
    for line in printed.after:
        tell(line)
    sys.exit(printed.status)


def terminal() -> tuple[bool, int]:
    """Whether standard output shows colours, and its width in columns."""
    is_terminal = (
        sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    )
    width = width_of(sys.stdout) if sys.stdout else 100
    return is_terminal and not os.environ.get("NO_COLOR"), width
