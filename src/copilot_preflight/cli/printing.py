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

    ``status`` is the exit status. ``file`` is what goes into the file that is asked for, None where
    none is. ``is_data`` says that the text is for a program, and UTF-8 whatever the terminal is.
    """

    errors: tuple[str, ...] = ()
    text: str = ""
    is_data: bool = False
    after: tuple[str, ...] = ()
    file: str | None = None
    status: int = CLEAN


def printed(
    report: Report, form: str, *, is_written: bool, is_quiet: bool, has_statistics: bool
) -> Printed:
    """A report in a format; one that is written to a file is shown as text in the terminal.

    If it is to be quiet, only what could not be judged is told.
    """
    file = render(report, form) if is_written else None
    if is_quiet:
        return Printed(_errors(report), file=file)
    errors = remarks(report)
    is_data = form not in FOR_PEOPLE and not is_written
    text = ""
    if is_data:
        text = render(report, form)
    elif not (is_written and form == "text") and (report.files or not report.errors):
        # "no findings" is no comfort where nothing was judged
        colour, width = terminal()
        text = render(report, "text" if is_written else form, colour=colour, width=width)
    counted = ""
    if has_statistics:
        from copilot_preflight.render.text import statistics

        counted = statistics(report)
    if not counted:
        return Printed(errors, text, is_data, file=file)
    if not is_data:
        return Printed(errors, f"{text}\n{counted}", is_data, file=file)
    return Printed(errors, text, is_data, (counted.removesuffix("\n"),), file)


def remarks(report: Report) -> tuple[str, ...]:
    """What is told on standard error: what could not be judged, and notes."""
    return (*_errors(report), *(f"note: {safe(note)}" for note in report.notes))


def _errors(report: Report) -> tuple[str, ...]:
    if not report.errors:
        return ()
    from copilot_preflight.render.text import error_line

    return tuple(map(error_line, report.errors))


def emit(printed: Printed, output: str | None, inputs: Iterable[Path]) -> NoReturn:
    """Prints, writes the file ``output``, which must be no input, and ends the process."""
    for line in printed.errors:
        tell(line)
    if output is not None and printed.file is not None:
        write_file(Path(output), printed.file, inputs)
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
