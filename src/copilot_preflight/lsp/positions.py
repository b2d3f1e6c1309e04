"""Our positions, 1-based and in characters, and those of an editor, 0-based and in code units.

Source: https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#textDocuments
"""

from __future__ import annotations

from typing import Final

from lsprotocol import types

from copilot_preflight.base.finding import Position, Span
from copilot_preflight.read.yaml.faults import LINE_BREAK

UTF_16: Final = "utf-16"
"""The unit where client and server have not agreed on another one."""


class Lines:
    """The lines of a text, and the columns that an editor counts in them."""

    def __init__(self, text: str, encoding: str = UTF_16) -> None:
        self._lines = LINE_BREAK.split(text)
        self._encoding = encoding

    def place(self, position: Position) -> types.Position:
        """A position as the editor counts; one behind the text is at its end."""
        line = min(max(position.line, 1), len(self._lines)) - 1
        before = self._lines[line][: max(position.column, 1) - 1]
        return types.Position(line, sum(map(self._units, before)))

    def range(self, span: Span) -> types.Range:
        return types.Range(self.place(span.start), self.place(span.end))

    def underlined(self, span: Span) -> types.Range:
        """The stretch to underline: the first line of a node that goes on for several."""
        start, end = span
        if end.line > start.line:
            text = self._lines[min(start.line, len(self._lines)) - 1]
            end = Position(start.line, len(text.rstrip()) + 1)
        return self.range(Span(start, max(start, end)))

    def rest_of_line(self, line: int, column: int) -> types.Range:
        """From a place, of which no end is known, to the end of its line; 0 is the first one."""
        start = Position(max(line, 1), max(column, 1))
        text = self._lines[min(start.line, len(self._lines)) - 1]
        return self.range(Span(start, Position(start.line, len(text.rstrip()) + 1)))

    def position(self, place: types.Position) -> Position:
        """The position of the character in which a place of the editor lies."""
        text = self._lines[place.line] if place.line < len(self._lines) else ""
        column, units = 0, 0
        for character in text:
            units += self._units(character)
            if units > place.character:
                break
            column += 1
        return Position(place.line + 1, column + 1)

    def line(self, position: Position) -> str:
        """The text of the line of a position."""
        return self._lines[position.line - 1] if position.line <= len(self._lines) else ""

    def _units(self, character: str) -> int:
        if self._encoding == UTF_16:
            return 1 + (character > "\uffff")
        return len(character.encode("utf-8", "replace")) if self._encoding == "utf-8" else 1
