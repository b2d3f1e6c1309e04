"""New texts of files on the disk: which may be written, and how, so that nothing is lost."""

from __future__ import annotations

import codecs
import os
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple


class FileChange(NamedTuple):
    """A file as it is and as it will be; ``before`` is None for one that is not there yet."""

    file: str
    before: str | None
    after: str


class CannotChange(Exception):
    """A file that is not written; ``str()`` is a clause that says why."""


def diff(change: FileChange, is_shown: Callable[[str], bool] = lambda _line: True) -> str:
    """A change as a patch that ``git apply`` and ``patch -p1`` take.

    ``is_shown`` says whether a line may be printed: what is near the change is left out if it may
    not, and one that changes itself makes a remark of the whole patch.
    """
    name = change.file.replace(os.sep, "/").removeprefix("./")
    for context in (3, 0):
        lines = list(_hunks(change, name, context))
        if all(is_shown(line[1:].rstrip("\r\n")) for line in lines):
            return "".join(lines)
    return f"# {name}: not shown, for a line that changes holds a value that is not to be shown\n"


def _hunks(change: FileChange, name: str, context: int) -> Iterator[str]:
    old = "/dev/null" if change.before is None else f"a/{name}"
    before, after = _lines(change.before or ""), _lines(change.after)
    for line in unified_diff(before, after, old, f"b/{name}", n=context, lineterm=""):
        if line.endswith("\n"):
            yield line
        elif line.startswith(("--- ", "+++ ", "@@ ")):
            yield f"{line}\n"
        else:
            yield f"{line}\n"
            yield "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    r"""Lines with their ends; a ``\r`` belongs to the line, as it does for git."""
    pieces = text.split("\n")
    return [f"{piece}\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


def unrecoverable(changes: Sequence[FileChange]) -> list[str]:
    """The files whose text git could not bring back: not tracked, or changed since ``git add``.

    A file that is not there yet needs nobody to bring it back.
    """
    return [it.file for it in changes if it.before is not None and not _is_in_git(it.file)]


def _is_in_git(file: str) -> bool:
    path = Path(os.path.realpath(file))
    try:
        told = subprocess.run(
            ["git", "ls-files", "--error-unmatch", "--", path.name],
            cwd=path.parent,
            capture_output=True,
            check=False,
        )
        same = subprocess.run(
            ["git", "diff", "--quiet", "--no-ext-diff", "--", path.name],
            cwd=path.parent,
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return told.returncode == 0 and same.returncode == 0


def on_disk(file: str) -> str | None:
    """The text of a file as a document has it, None for one that is not there.

    Raises CannotChange.
    """
    try:
        content = Path(file).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotChange((error.strerror or str(error)).lower()) from None
    mark, encoding = _encoding(content)
    try:
        return content[len(mark) :].decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError:
        raise CannotChange("it is not UTF-8") from None


def write(change: FileChange) -> None:
    """Writes a change, whole or not at all; encoding, byte order mark and mode stay.

    Raises CannotChange, also where the file is not any more what the change was made for.
    """
    path = Path(os.path.realpath(change.file))
    try:
        if change.before is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            _create(path, change.after.encode("utf-8"))
            return
        content = path.read_bytes()
        mark, encoding = _encoding(content)
        if content[len(mark) :].decode(encoding).lstrip("\ufeff") != change.before:
            raise CannotChange("it has changed since it was read: run this again")
        kept = mark + "\ufeff".encode(encoding) * _further_marks(content, mark, encoding)
        _replace(path, kept + change.after.encode(encoding))
    except OSError as error:
        raise CannotChange((error.strerror or str(error)).lower()) from None


def _encoding(content: bytes) -> tuple[bytes, str]:
    """The byte order mark of a file, and how the rest is encoded."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return mark, encoding
    return b"", "utf-8"


def _further_marks(content: bytes, mark: bytes, encoding: str) -> int:
    text = content[len(mark) :].decode(encoding)
    return len(text) - len(text.lstrip("\ufeff"))


def _create(path: Path, content: bytes) -> None:
    with open(path, "xb") as stream:
        stream.write(content)


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        beside.chmod(stat.S_IMODE(path.stat().st_mode))
        beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
