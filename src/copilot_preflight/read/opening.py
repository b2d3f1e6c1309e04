"""Opening files that may turn out to be pipes, which could be waited for without end."""

from __future__ import annotations

import os
import stat
import time
from typing import Final

_WAIT_FOR_WRITER: Final = 1.0
"""Seconds."""


def without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe's opening waits for writers


def begun(handle: int, most: int) -> bytes:
    """What can be read at once of a pipe, which has a writer then; nothing of any other file.

    A pipe of ``<(command)`` is waited for as standard input is. One that nobody writes to would be
    waited for without end: OSError.
    """
    content = b""
    if stat.S_ISFIFO(os.fstat(handle).st_mode):
        content = _first_of(handle, most)
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(handle, True)
    return content


def _first_of(pipe: int, most: int) -> bytes:
    end = time.monotonic() + _WAIT_FOR_WRITER
    try:
        while not (content := os.read(pipe, most)):
            if time.monotonic() > end:
                raise OSError(0, "nothing is written to this pipe")
            time.sleep(0.01)
    except BlockingIOError:
        return b""  # there is a writer, who has not written yet
    return content
