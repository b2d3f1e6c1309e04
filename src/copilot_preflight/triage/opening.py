"""Bytes of a file or of standard input as text, in whatever encoding; CloudTrail's are packed."""

from __future__ import annotations

import zlib
from typing import BinaryIO, Final

from copilot_preflight.triage.reading import LARGEST

_GZIP: Final = b"\x1f\x8b"
_MOST: Final = 4 * LARGEST
"""Bytes that are read at most: a packed file can be made to grow without end."""


class CannotRead(Exception):
    """What there is cannot be read; ``str()`` says why."""


def read_file(name: str) -> str:
    """The text of a file. Raises CannotRead."""
    try:
        with open(name, "rb") as file:
            return read_stream(file)
    except OSError as error:
        raise CannotRead((error.strerror or str(error)).lower()) from None


def read_stream(stream: BinaryIO) -> str:
    """The text of a stream, no more than `LARGEST` characters. Raises CannotRead."""
    data = stream.read(_MOST)
    if data.startswith(_GZIP):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, _MOST)
        except zlib.error:
            raise CannotRead("it begins as gzip does, and is not") from None
    return _decoded(data)[:LARGEST]


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # what PowerShell writes with >
        return data.decode("utf-16", "replace")
    if data[1:2] == b"\0" and data[3:4] == b"\0":
        return data.decode("utf-16-le", "replace")
    return data.decode("utf-8-sig", "replace")
