"""The formats of a report, and the one function that writes a report in any of them.

Each format is a module, imported only when it is asked for.
"""

from __future__ import annotations

from typing import TextIO

from copilot_preflight.base.finding import Report

FORMATS = ("text", "concise", "json", "sarif", "junit", "github", "gitlab", "markdown")

FOR_PEOPLE = ("text", "concise")
"""Those that are read where they are printed; the others are for programs."""


def render(report: Report, format: str, *, colour: bool = False, width: int = 100) -> str:
    """``report`` in one of ``FORMATS``. ``colour`` and ``width`` (columns) concern people alone."""
    match format:
        case "text":
            from copilot_preflight.render import text

            return text.render(report, colour=colour, width=width)
        case "concise":
            from copilot_preflight.render import concise

            return concise.render(report, colour=colour)
        case "json":
            from copilot_preflight.render import json

            return json.render(report)
        case "sarif":
            from copilot_preflight.render import sarif

            return sarif.render(report)
        case "junit":
            from copilot_preflight.render import junit

            return junit.render(report)
        case "github":
            from copilot_preflight.render import github

            return github.render(report)
        case "gitlab":
            from copilot_preflight.render import gitlab

            return gitlab.render(report)
        case "markdown":
            from copilot_preflight.render import markdown_report

            return markdown_report.render(report)
        case _:
            raise ValueError(f"format {format!r} is not one of {', '.join(FORMATS)}")


def width_of(stream: TextIO) -> int:
    """The ``width`` to render for ``stream``: its terminal's within 80..120, 100 elsewhere."""
    if not stream.isatty():
        return 100
    from shutil import get_terminal_size

    return min(max(get_terminal_size().columns, 80), 120)
