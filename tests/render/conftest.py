"""Documents made of text alone: a path is the very words that stand at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from copilot_preflight.finding import DataPath, Finding, Place, Position, Report, Span

BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class FakeSource:
    """``span(("words",))`` is where the words stand; with a number behind, the n-th time."""

    text: str

    def span(self, path: DataPath, *, key: bool = False) -> Span:
        words = str(path[0])
        nth = int(path[1]) if len(path) > 1 else 0
        offset = [match.start() for match in re.finditer(re.escape(words), self.text)][nth]
        if key:  # the word that opens the line
            offset = self.text.rindex("\n", 0, offset) + 1
            return Span(self.position(offset), self.position(self.text.index(":", offset)))
        return Span(self.position(offset), self.position(offset + len(words)))

    def position(self, offset: int) -> Position:
        lines = BREAK.split(self.text[:offset])
        return Position(len(lines), len(lines[-1]) + 1)


@pytest.fixture
def report() -> Callable[..., Report]:
    """Makes a report of the findings on the given files: name to text."""

    def make(*findings: Finding, files: Mapping[str, str]) -> Report:
        sources = {name: FakeSource(text) for name, text in files.items()}
        return Report(len(files), findings, sources=sources)

    return make


@pytest.fixture
def place() -> Callable[..., Place]:
    """Makes a place of the words that stand there."""

    def make(words: str, nth: int = 0, *, file: str = "web.stack.yml", key: bool = False) -> Place:
        return Place(file, (words, nth) if nth else (words,), key)

    return make
