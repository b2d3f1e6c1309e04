"""Where files and findings are, in the forms that other programs want.

They look from the root of a checkout, with ``/`` between the names of folders, also on Windows.
"""

from __future__ import annotations

import os
from os import path
from typing import Final

from copilot_preflight.base.finding import Span

STDIN: Final = "<stdin>"


def is_file(name: str) -> bool:
    """Whether a report means a file by ``name``: not standard input, and no option (``--x``)."""
    return name != STDIN and not name.startswith("--")


def relative(file: str, root: str = "") -> str:
    """``file`` as seen from the root of the checkout, or else from the current folder.

    ``root`` is the environment variable in which a pipeline tells that root. A file that lies
    outside of both keeps its absolute path.
    """
    if not is_file(file):
        return file
    for folder in (os.environ.get(root), os.getcwd()):
        if folder and (inside := _inside(file, folder)):
            return inside
    return path.abspath(file).replace(path.sep, "/")


def _inside(file: str, folder: str) -> str:
    try:
        seen = path.relpath(file, folder)
    except ValueError:  # another drive of Windows
        return ""
    return "" if seen.split(path.sep)[0] == path.pardir else seen.replace(path.sep, "/")


def uri(seen: str) -> str:
    """What `relative` gives as a URI reference: relative, or with the scheme ``file``."""
    from urllib.parse import quote

    try:
        raw = os.fsencode(seen)
    except UnicodeEncodeError:  # no file can bear this name, but a report can
        raw = seen.encode("utf-8", "surrogatepass")
    if not path.isabs(seen):
        return quote(raw)
    if seen.startswith("//"):  # a share of Windows
        return f"file:{quote(raw)}"
    return f"file://{quote(raw)}" if seen.startswith("/") else f"file:///{quote(raw, safe='/:')}"


def last_line(span: Span) -> int:
    """The last line that has a character of ``span``, which may end before the first of a line."""
    start, end = span
    return end.line - 1 if end.column == 1 and end.line > start.line else end.line
