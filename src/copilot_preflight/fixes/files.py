"""New texts of files on the disk: which may be written, and how, so that nothing is lost."""

from __future__ import annotations

import codecs
import os
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import unified_diff
from pathlib import Path
from typing import Final, NamedTuple

from copilot_preflight.render.safe_text import safe

_ANY_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class FileChange(NamedTuple):
    """A file as it is and as it will be; ``before`` is None for one that is not there yet."""

    file: str
    before: str | None
    after: str


class CannotChange(Exception):
    """A file that is not written, or not read; ``str()`` is a clause that says why."""

    def __init__(self, why: str, file: str) -> None:
        super().__init__(why)
        self.file = file


def diff(change: FileChange, is_shown: Callable[[str], bool] = lambda _line: True) -> str:
    """A change as a patch that ``git apply`` and ``patch -p1`` take.

    ``is_shown`` says whether a line may be printed: what is near the change is left out if it may
    not, and one that changes itself makes a remark of the whole patch.
    """
    name = _name(change.file)
    for context in (3, 0):
        lines = list(_hunks(change, name, context))
        if all(is_shown(line[1:].rstrip("\r\n")) for line in lines):
            return "".join(lines)
    if not is_shown(name):
        return f"# {safe(name)}: not shown, for its name is not to be shown as it is\n"
    return f"# {name}: not shown, for a line that changes holds a value that is not to be shown\n"


def _name(file: str) -> str:
    """A file from the current folder on, for ``git apply`` takes no path that leads out of it.

    One that lies elsewhere is named from the root on: ``patch -p1 -d /`` takes that.
    """
    path = os.path.abspath(file)
    below = os.path.relpath(path) if path.startswith(os.path.join(os.getcwd(), "")) else ""
    return (below or path.lstrip(os.sep)).replace(os.sep, "/")


def _hunks(change: FileChange, name: str, context: int) -> Iterator[str]:
    if " " in name:
        name = f"{name}\t"  # as git does: to patch, a name ends at a blank otherwise
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
    return _git(path, "ls-files", "--error-unmatch") and _git(path, "diff", "--quiet", *_PLAIN)


_PLAIN: Final = ("--no-ext-diff", "--no-textconv")


def _git(path: Path, *question: str) -> bool:
    """Whether git says yes to a question about a file."""
    env = {**os.environ}
    if "GIT_WORK_TREE" not in env:
        env.pop("GIT_DIR", None)  # a hook has it, and then git takes this folder for the topmost
    command = ["git", "--literal-pathspecs", *question, "--", path.name]
    try:
        told = subprocess.run(command, cwd=path.parent, env=env, capture_output=True, check=False)
    except OSError:
        return False
    return told.returncode == 0


def on_disk(file: str) -> str | None:
    """The text of a file as a document has it, None for one that is not there.

    Raises CannotChange.
    """
    try:
        content = Path(file).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotChange((error.strerror or str(error)).lower(), file) from None
    mark, encoding = _encoding(content)
    try:
        return content[len(mark) :].decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError:
        raise CannotChange("it is not UTF-8", file) from None


def require(change: FileChange) -> None:
    """Refuses a change that cannot be written, as far as can be seen. Raises CannotChange.

    That is where the file is not any more what the change was made for, too.
    """
    with _refusing(change.file):
        _kept(change)


def write(change: FileChange) -> None:
    """Writes a change, whole or not at all; encoding, byte order mark and mode stay.

    Raises CannotChange, as `require` does.
    """
    path = Path(os.path.realpath(change.file))
    with _refusing(change.file):
        mark, encoding = _kept(change)
        content = mark + change.after.encode(encoding)
        if change.before is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            _create(path, content)
        else:
            _replace(path, content)


@contextmanager
def _refusing(file: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotChange((error.strerror or str(error)).lower(), file) from None


def _kept(change: FileChange) -> tuple[bytes, str]:
    """What the file begins with, whatever is written behind it, and how that is encoded."""
    path = Path(os.path.realpath(change.file))
    if change.before is None:
        if path.exists():
            raise CannotChange("it has been made since this began: run this again", change.file)
        return b"", "utf-8"
    content = path.read_bytes()
    mark, encoding = _encoding(content)
    whole = content[len(mark) :].decode(encoding, errors="replace")
    text = whole.lstrip("\ufeff")
    if text != change.before:
        raise CannotChange("it has changed since it was read: run this again", change.file)
    if not path.stat().st_mode & _ANY_WRITE:
        raise CannotChange("it is read-only: 'chmod u+w' it first", change.file)
    return mark + "\ufeff".encode(encoding) * (len(whole) - len(text)), encoding


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


def _create(path: Path, content: bytes) -> None:
    with _beside(path, content) as beside, open(path, "xb"):
        beside.replace(path)


def _replace(path: Path, content: bytes) -> None:
    with _beside(path, content) as beside:
        beside.chmod(stat.S_IMODE(path.stat().st_mode))
        beside.replace(path)


@contextmanager
def _beside(path: Path, content: bytes) -> Iterator[Path]:
    """A file in the folder of another one, with all of the content, which can take its place."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        yield beside
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
