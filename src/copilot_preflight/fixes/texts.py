"""The texts of a run's files as fixes leave them, and a reader that gives them to a check."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from copilot_preflight.read import document
from copilot_preflight.read.document import Document, parse


class Texts(NamedTuple):
    """New texts of files, by the names under which a report shows them. Unchanged ones are not in.

    Values are never changed in place: `having` gives another one.
    """

    new: Mapping[str, str] = MappingProxyType({})

    def having(self, changed: Mapping[str, str]) -> Texts:
        return Texts({**self.new, **changed})

    def reader(self, read: document.Read) -> document.Read:
        """Reads files as they will be; those that nothing changes with another reader."""
        return _Reader(read, {os.path.realpath(file): text for file, text in self.new.items()})

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return iter(self.new)


class _Reader:
    def __init__(self, read: document.Read, texts: Mapping[str, str]) -> None:
        self._read = read
        self._texts = texts

    def __call__(self, path: Path, file: str) -> Document:
        text = self._texts.get(os.path.realpath(path))
        return self._read(path, file) if text is None else parse(text, file)
