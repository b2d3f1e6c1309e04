"""What an editor sends, read while something else is being worked out.

pygls asks for the next line only once it has dealt with the last one, and gives the loop a turn for
each. Here a thread reads on, so that whatever has arrived is dealt with before anything is judged:
many changes of a text are one, and nothing has to wait for the editor to be quiet.
"""

from __future__ import annotations

import asyncio
import os
from threading import Thread
from typing import BinaryIO

_CHUNK = 1 << 16
"""Bytes that are read at once, if as many are there."""


class Incoming:
    """The bytes of a stream with a file descriptor; for use within a running loop."""

    def __init__(self, stream: BinaryIO) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.StreamReader(loop=self._loop)
        # A daemon that reads from the descriptor: a lock of the stream would outlive the program.
        Thread(target=self._read, args=(stream.fileno(),), daemon=True).start()

    async def readline(self) -> bytes:
        """A line, at once if it is there; what is left, or nothing, where the stream has ended."""
        try:
            return await self._arrived.readline()
        except ValueError:
            return b""  # longer than any header: this is no editor

    async def readexactly(self, size: int) -> bytes:
        """So many bytes, or nothing where the stream ends before."""
        try:
            return await self._arrived.readexactly(size)
        except asyncio.IncompleteReadError:
            return b""

    def _read(self, descriptor: int) -> None:
        try:
            while chunk := os.read(descriptor, _CHUNK):
                self._loop.call_soon_threadsafe(self._arrived.feed_data, chunk)
            self._loop.call_soon_threadsafe(self._arrived.feed_eof)
        except OSError:
            self._loop.call_soon_threadsafe(self._arrived.feed_eof)
        except RuntimeError:
            return  # the loop is closed: nobody listens any more
