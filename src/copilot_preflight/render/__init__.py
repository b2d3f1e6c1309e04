"""A report in one format for each module; a run imports only the format that it writes.

Paths become line numbers here and nowhere below. What every format needs stands in this file: the
position of a place, and the characters that no output may carry as they are.

Knows: findings, positions, output formats.
Does not know: why a finding was made.
"""

from __future__ import annotations

import re
from typing import TextIO

from copilot_preflight.base.finding import Place, Report, Span

FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab")

UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: what a terminal obeys
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks: text that reads as other text
    "\u00ad\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # shown as nothing
    "\U000e0000-\U000e007f"  # tags, shown as nothing
    "\u2028\u2029"  # line and paragraph separator
    "\ud800-\udfff"  # lone surrogates, which no encoding takes
    "]"
)
"""A character that a template, a policy or a file name must not pass on to a terminal or a log."""

SNIPPET_LINE = re.compile(r"[\s-]|[\w:]+:(\s|$)")
"""How a line of a help begins that is YAML to paste: wrapped, it would break."""


def render(report: Report, format: str, *, colour: bool = False, width: int = 100) -> str:
    """``report`` in one of ``FORMATS``. ``colour`` and ``width`` (columns) concern text alone."""
    match format:
        case "text":
            from copilot_preflight.render import text

            return text.render(report, colour=colour, width=width)
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
        case _:
            raise ValueError(f"format {format!r} is not one of {', '.join(FORMATS)}")


def locate(report: Report, place: Place) -> Span:
    """Where ``place`` stands; the first character of its file if the run did not load the file."""
    return report.span(place)


def safe(text: str) -> str:
    r"""``text`` on one line, its unsafe characters spelt out: ``\x1b``, ``\u202e``."""
    return UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def width_of(stream: TextIO) -> int:
    """The ``width`` to render for ``stream``: its terminal's within 80..120, 100 elsewhere."""
    if not stream.isatty():
        return 100
    from shutil import get_terminal_size

    return min(max(get_terminal_size().columns, 80), 120)
