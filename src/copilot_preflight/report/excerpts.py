"""What stands at a place, for a picture: the text of one node and no more of its lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from copilot_preflight.base.finding import Place, Source
from copilot_preflight.report.model import Excerpt

_MOST_LINES: Final = 16
_MOST_COLUMNS: Final = 240
_CUT: Final = "…"


class Excerpts:
    """Excerpts of the files of a run."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._lines: dict[str, list[str]] = {}
        self._found: dict[Place, Excerpt] = {}

    def line(self, place: Place) -> int:
        """The line of a place, 0 where the run has not loaded the file."""
        source = self._sources.get(place.file)
        return 0 if source is None else source.span(place.path, key=place.key).start.line

    def at(self, place: Place) -> Excerpt:
        """The node at a place, or its key where the place points at that."""
        found = self._found.get(place)
        if found is None:
            found = self._found[place] = self._excerpt(place)
        return found

    def _excerpt(self, place: Place) -> Excerpt:
        source = self._sources.get(place.file)
        if source is None:
            return Excerpt(place.file, 0, "")
        start, end = source.span(place.path, key=place.key)
        lines = self._lines_of(place.file, source)[start.line - 1 : end.line]
        if not lines:
            return Excerpt(place.file, start.line, "")
        lines[-1] = lines[-1][: end.column - 1]
        indent = start.column - 1
        shown = [lines[0][indent:], *(_less(line, indent) for line in lines[1:])]
        while shown and not shown[-1].strip():
            shown.pop()
        if len(shown) > _MOST_LINES:
            shown = [*shown[: _MOST_LINES - 1], _CUT]
        return Excerpt(place.file, start.line, "\n".join(map(_short, shown)))

    def _lines_of(self, file: str, source: Source) -> list[str]:
        if file not in self._lines:
            self._lines[file] = re.split(r"\r\n|\r|\n", source.text)
        return self._lines[file]


def _less(line: str, indent: int) -> str:
    """A line without as many blanks as the first one has before the node."""
    own = len(line) - len(line.lstrip(" "))
    return line[min(own, indent) :]


def _short(line: str) -> str:
    line = line.rstrip()
    return line if len(line) <= _MOST_COLUMNS else f"{line[: _MOST_COLUMNS - 1]}{_CUT}"
