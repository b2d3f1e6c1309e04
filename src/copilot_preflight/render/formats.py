"""The formats of a report, and the one function that writes a report in any of them.

Each format is a module, imported only when it is asked for.
"""

from __future__ import annotations

import os
from typing import Final, TextIO

from copilot_preflight.base.finding import Report
from copilot_preflight.base.records import NamedTuple

FORMATS = ("text", "concise", "json", "sarif", "junit", "github", "gitlab", "markdown")

FOR_PEOPLE = ("text", "concise")
"""Those that are read where they are printed; the others are for programs."""


GROUPINGS: Final = ("cause", "rule", "role", "file", "none")
"""By what text groups findings."""


class Look(NamedTuple):
    """How a report looks to a person: no concern of the formats for programs.

    ``width`` is in columns; headlines are wrapped to it where it ``wraps``. ``has_links``: rules
    link to their pages, as some terminals show. ``is_live``: somebody sits in front of it, and is
    told what to type next. ``group_by`` is one of `GROUPINGS`; of more than ``most``
    blocks the rest is counted.
    """

    colour: bool = False
    width: int = 100
    wraps: bool = False
    has_links: bool = False
    is_live: bool = False
    group_by: str = "cause"
    most: int | None = None


PLAIN: Final = Look()


def render(
    report: Report,
    format: str,
    look: Look | None = None,
    *,
    colour: bool = False,
    width: int = 100,
) -> str:
    """``report`` in one of ``FORMATS``; ``colour`` and ``width`` are those of a look, if none is
    given.
    """
    look = look or Look(colour, width)
    match format:
        case "text":
            from copilot_preflight.render import text

            return text.render(report, look)
        case "concise":
            from copilot_preflight.render import concise

            return concise.render(report, look)
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
    """The ``width`` to render for ``stream``, within 80..120: that of its terminal, or COLUMNS.

    Without either it is 100.
    """
    if stream.isatty():
        from shutil import get_terminal_size

        columns = get_terminal_size().columns
    else:
        columns = asked_columns() or 100
    return min(max(columns, 80), 120)


def asked_columns() -> int:
    """The width that the variable COLUMNS asks for, 0 where it does not."""
    asked = os.environ.get("COLUMNS", "")
    return int(asked) if asked.isdecimal() and len(asked) < 5 else 0
