"""Several files as one text, so that an input with its configuration and policies is one file.

A line ``=== name`` begins each. The file ``arguments`` has the command line, one argument a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

ARGUMENTS: Final = "arguments"
_HEAD: Final = re.compile(rb"^=== ([^\n]*)\n", re.MULTILINE)
_ARGUMENT: Final = re.compile(r"(?:--[a-z-]+(?:=(?!/)[^\0]*)?|[a-z][^\0]*)")


def joined(files: Mapping[str, bytes]) -> bytes:
    """The one text of some files, by their names."""
    return b"".join(
        b"=== %s\n%s" % (_encoded(name), content if content.endswith(b"\n") else content + b"\n")
        for name, content in files.items()
    )


def parted(data: bytes) -> dict[str, bytes]:
    """The files of one text, by their names; of two with one name the last."""
    _, *parts = _HEAD.split(data)
    return {_decoded(name): text for name, text in zip(parts[::2], parts[1::2], strict=True)}


def arguments(files: Mapping[str, bytes]) -> list[str]:
    """The command line of a bundle, without what would leave the folder or take several processes.

    A mutation may write anything here, and what runs may write to a file that it names.
    """
    lines = _decoded(files.get(ARGUMENTS, b"")).split("\n")
    return [
        line
        for line in lines
        if _ARGUMENT.fullmatch(line) and ".." not in line and not line.startswith("--jobs")
    ]


def unpack(files: Mapping[str, bytes], folder: Path) -> bool:
    """Writes files below a folder; False where a mutation gave one a name that cannot be."""
    for name, content in files.items():
        if name == ARGUMENTS:
            continue
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or parts[0] == "/":
            return False
        path = folder.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except (OSError, ValueError):
            return False
    return True


def packed(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files below a folder, by their names from there."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
