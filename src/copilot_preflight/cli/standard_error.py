"""Standard error, which nobody has to read: the exit status says what is true all the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO


class StandardError:
    """A stream that takes every text, even where its reader has gone or its device is full.

    click would end the run with 1, which means findings.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes a text, or drops it; how long it was."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Sends what was written on its way."""
        self._try(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # would be written to past us
            raise AttributeError(name)
        return getattr(self._stream, name)

    def _try(self, writing: Callable[[], object]) -> None:
        try:
            writing()
        except OSError:
            # What is still buffered would fail once more, without a handler, when Python ends.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
