"""How far a long run has come, on a terminal, and gone without a trace when it ends."""

from __future__ import annotations

import os
import time
from typing import Final, TextIO

_PATIENCE: Final = 0.5
"""Seconds before anything is shown: most runs are over by then."""

_PAUSE: Final = 0.1
_WIDTH: Final = 30


class Bar:
    """A line on a terminal that is written over and over. Elsewhere, and in CI, nothing.

    It has no colours, and no control characters but the carriage return.
    """

    def __init__(
        self,
        stream: TextIO | None,
        *,
        is_wanted: bool = True,
        doing: str = "checking templates",
    ) -> None:
        self._stream = stream if is_wanted and _is_terminal(stream) else None
        self._doing = doing
        self._next = time.monotonic() + _PATIENCE
        self._shown = 0

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Takes the line away, for what is written next."""
        if self._shown:
            self._write("")

    def step(self, done: int, total: int, _file: str) -> None:
        """Templates are done: of how many is 0 where nobody knows yet."""
        if self._stream is None or (now := time.monotonic()) < self._next:
            return
        self._next = now + _PAUSE
        self._write(_line(self._doing, done, total))

    def _write(self, line: str) -> None:
        assert self._stream is not None
        blank = "" if line else "\r"
        text = f"\r{line.ljust(self._shown)}{blank}"
        self._shown = max(self._shown, len(line))  # whoever interrupts may see it
        self._stream.write(text)
        self._stream.flush()
        self._shown = len(line)


def _line(doing: str, done: int, total: int) -> str:
    if not total:
        return f"reading templates: {done}"
    filled = _WIDTH * done // total
    return f"{doing}: [{'#' * filled:<{_WIDTH}}] {done} of {total}"


def _is_terminal(stream: TextIO | None) -> bool:
    if stream is None or not stream.isatty():
        return False
    return os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
