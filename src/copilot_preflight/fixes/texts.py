"""What a run's files are after fixes: as a check reads them, and as they are written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from copilot_preflight.overrides.patches import Patch
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, parse


class ByHand(NamedTuple):
    """Patches of a template that is not patched but programmed, and what to write for them."""

    patches: tuple[Patch, ...]
    text: str


class Texts(NamedTuple):
    """New texts of files, by the names under which a report shows them. Unchanged ones are not in.

    ``read`` is what a check reads, a document where no text has those data; ``written`` is what
    goes to the disk. They differ where a template is to be patched when it is written anew. Neither
    is ever changed in place. ``notes`` are what somebody should know about what is written.
    ``by_hand`` are pieces of programs that somebody has to put into the files of their names.
    """

    read: Mapping[str, str | Document] = MappingProxyType({})
    written: Mapping[str, str] = MappingProxyType({})
    notes: tuple[str, ...] = ()
    by_hand: Mapping[str, ByHand] = MappingProxyType({})

    def having(self, changed: Mapping[str, str]) -> Texts:
        """With files that are read as they are written."""
        return self._replace(read={**self.read, **changed}, written={**self.written, **changed})

    def reader(self, read: document.Read) -> document.Read:
        """Reads files as they will be; those that nothing changes with another reader."""
        return _Reader(read, {os.path.realpath(file): new for file, new in self.read.items()})


class _Reader:
    def __init__(self, read: document.Read, new: Mapping[str, str | Document]) -> None:
        self._read = read
        self._new = new

    def __call__(self, path: Path, file: str) -> Document:
        new = self._new.get(os.path.realpath(path))
        if new is None:
            return self._read(path, file)
        return parse(new, file) if isinstance(new, str) else Document(file, new.text, new.data)
