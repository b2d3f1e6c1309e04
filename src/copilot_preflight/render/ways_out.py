"""The ways out of a report's findings, as every format shows them.

What writes them is loaded for the first finding.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from copilot_preflight._version import NAME
from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.render.safe_text import safe

if TYPE_CHECKING:
    from copilot_preflight.edits.shown import WayOut
    from copilot_preflight.render.helps import Writer

_WORD: Final = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
"""What no shell reads anything into. Source: ``quote`` of Python's module ``shlex``."""

MOST_PATHS: Final = 3
"""Paths, at most, that a command to paste repeats."""


class WaysOut:
    """The ways out of a report's findings, each worked out when somebody asks for it."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._found: Counter[str] = Counter()

    @cached_property
    def _writer(self) -> Writer:
        from copilot_preflight.render.helps import Writer

        return Writer(self._report.sources)

    def of(self, finding: Finding) -> WayOut:
        """The way out of one finding."""
        found = self._writer.of(finding)
        if found.fix is not None:
            self._found[found.fix.applicability.value] += 1
        return found

    def command(self) -> Iterator[str]:
        """One line that says how many of what was asked for a command fixes, and that command.

        None for standard input, and for a report that does not say what was checked.
        """
        ready, review = self._found["safe"], self._found["review"]
        paths = _pasted(self._report.paths) if ready or review else ""
        if not paths:
            return
        if not ready:
            yield f"{review} can be fixed after a review: {NAME} fix --review --diff {paths}"
        elif review:
            yield f"{ready} can be fixed, {review} more with --review: {NAME} fix {paths}"
        else:
            yield f"{ready} can be fixed: {NAME} fix {paths}"


def _pasted(paths: Sequence[str]) -> str:
    """The paths of a command line, for another one; ``""`` where there are none to name."""
    if not paths or "-" in paths:
        return ""
    is_plain = len(paths) <= MOST_PATHS and not any(
        path.startswith("-") or safe(path) != path for path in paths
    )
    return " ".join(map(_quoted, paths)) if is_plain else "PATH..."


def _quoted(path: str) -> str:
    """A path as a shell takes it for one word."""
    return path if _WORD.fullmatch(path) else "'" + path.replace("'", "'\"'\"'") + "'"
