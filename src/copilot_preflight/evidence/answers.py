"""An answer of the account: what was asked, about whom, where and when."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.read.document import Document, DocumentError


class Answer(NamedTuple):
    """``error`` is the code of what came instead of data, of which there are none then.

    ``parameters`` are those of the call, as far as the index or the file's path tell. ``account``,
    ``partition`` and ``region`` are those of the index, ``""`` without one. ``taken`` is in seconds
    since 1970.
    """

    call: str
    document: Document
    path: PurePath
    taken: float
    parameters: Mapping[str, str]
    account: str = ""
    partition: str = ""
    region: str = ""
    error: str = ""
    is_indexed: bool = False
    at: Place | None = None

    @property
    def data(self) -> Any:
        return self.document.data

    @property
    def place(self) -> Place:
        """Where the answer stands: in a file of its own, or in the index."""
        return self.at or Place(self.document.file, ())

    def fault(self, path: tuple[str | int, ...], message: str) -> DocumentError:
        """What is wrong with the node at a path."""
        return self.document.fault(path, message)
