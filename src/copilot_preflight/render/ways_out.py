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
from copilot_preflight.base.finding import Asked, Finding, Report
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.render.safe_text import safe

if TYPE_CHECKING:
    from copilot_preflight.edits.shown import WayOut
    from copilot_preflight.render.helps import Writer

_WORD: Final = lazy_pattern(r"[\w@%+=:,./-]+", re.ASCII)
"""What no shell reads anything into. Source: ``quote`` of Python's module ``shlex``."""

LONGEST: Final = 500
"""Characters of a command, at most: nobody pastes the files of a whole commit."""

_SAME: Final = "with the options and paths of this run"
"""What is said of a command that cannot be written out."""


_OF_SNAPSHOTS: Final = frozenset(
    {"--params", "--parameter", "--config", "--no-config", "--region", "--partition", "--account"}
)
"""The options of a run that a snapshot takes as well."""


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
        if found.fix is not None and not finding.is_patched:
            self._found[found.fix.applicability.value] += 1
        return found

    def count(self, finding: Finding) -> None:
        """Counts the fix of a finding whose way out is not shown: a command carries it out, too."""
        if not finding.is_patched and (applicability := self._writer.applicability_of(finding)):
            self._found[applicability] += 1

    def commands(self) -> Iterator[str]:
        """The commands that go on from here, each in a line that says what for.

        None for standard input, and for a report that does not say what was checked.
        """
        yield from self._snapshot()
        yield from self._fixes()

    def _snapshot(self) -> Iterator[str]:
        """The command that asks the account for what the files do not say, where it may know."""
        report = self._report
        open_ones = sum(finding.account_knows for finding in report.findings)
        if not open_ones or not report.paths or "-" in report.paths:
            return
        asked = report.asked and [it for it in report.asked if it[0] in _OF_SNAPSHOTS]
        words = again(asked, report.paths, "--package")
        command = f"{NAME} snapshot {words} -o evidence" if words else f"{NAME} snapshot, {_SAME}"
        yield f"{open_ones} may be decided by the account's answers: {command}"

    def _fixes(self) -> Iterator[str]:
        """How many of what was asked for a command fixes, and that command."""
        ready, review = self._found["safe"], self._found["review"]
        if not (ready or review) or not self._report.paths or "-" in self._report.paths:
            return
        if not ready:
            yield f"{review} can be fixed after a review: {self._fix('--review', '--diff')}"
        elif review:
            yield f"{ready} can be fixed, {review} more with --review: {self._fix()}"
        else:
            yield f"{ready} can be fixed: {self._fix()}"

    def _fix(self, *flags: str) -> str:
        words = again(self._report.asked, self._report.paths)
        first = " ".join((NAME, "fix", *flags))
        return f"{first} {words}" if words else f"{first}, {_SAME}"


def again(asked: Asked | None, paths: Sequence[str], option: str = "") -> str:
    """The options and paths of a run for another command; ``""`` where they cannot be shown.

    With an ``option``, each of the paths is its value.
    """
    if asked is None or not paths:
        return ""
    words = [*(word for given in asked for word in given)]
    if option:
        words += (word for path in paths for word in (option, path))
    else:
        words += (*(["--"] if any(path.startswith("-") for path in paths) else ()), *paths)
    line = " ".join(map(_quoted, words))
    return line if len(line) <= LONGEST and safe(line) == line else ""


def _quoted(word: str) -> str:
    """What a shell takes for one word."""
    return word if _WORD.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'"
