"""Rows of the tables in ``data/``, found without reading the rest: a run needs two or three each.

A table has a row a line, sorted by the bytes of what stands before the first tab.
"""

from __future__ import annotations

import os
from pathlib import Path


def row_of(table: Path, key: str) -> bytes | None:
    """What stands behind a key and its tab; None where the table has no such key."""
    wanted = key.encode()
    with table.open("rb") as file:
        low, high = 0, os.fstat(file.fileno()).st_size
        while low < high:  # the row begins at low, or between that and high
            middle = (low + high) // 2
            file.seek(max(middle - 1, low))
            if middle > low:
                file.readline()  # up to the first row that begins at the middle or behind it
            if file.tell() >= high:
                high = middle
                continue
            found, _, rest = file.readline().rstrip(b"\r\n").partition(b"\t")
            if found == wanted:
                return rest
            if found < wanted:
                low = file.tell()
            else:
                high = middle
    return None
