"""Files as they stand in a revision of the surrounding git repository."""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from copilot_preflight.inputs.discovery import may_be_template

_LARGEST: Final = 50_000_000
_SECONDS: Final = 60

_ENVIRONMENT: Final = {
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class RevisionError(Exception):
    """A revision, or a path in it, that cannot be read; ``str()`` is one line."""


class _Entry(NamedTuple):
    mode: str
    object: str
    size: int
    path: str


def extract(revision: str, path: str, into: Path) -> Path:
    """Writes what a revision has at a path below a folder; where it is then.

    ``path`` counts from the top of the repository, or from the current folder if it begins with
    ``./`` or ``../``, as git takes it. Next to a file come its neighbours, of which its parameters
    may be one. Raises RevisionError.
    """
    commit = _commit(revision)
    wanted = _from_the_top(path)
    shown = f"'{path or '.'}' at '{revision}'"
    found = _listed(commit, wanted)
    if not found and wanted:
        raise RevisionError(f"{shown}: no such file or folder in that revision")
    if len(found) == 1 and found[0].path == wanted:
        folder = posixpath.dirname(wanted)
        found = [it for it in _listed(commit, folder) if posixpath.dirname(it.path) == folder]
    entries = [it for it in found if _is_wanted(it, wanted)]
    for entry, content in zip(entries, _contents(entries), strict=True):
        target = into.joinpath(*entry.path.split("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    target = into.joinpath(*wanted.split("/")) if wanted else into
    if not target.exists():
        target.mkdir(parents=True)  # nothing in it is a template: said as of any such folder
    return target


def is_in(revision: str, path: str) -> bool:
    """Whether a revision has anything at a path. Raises RevisionError."""
    return bool(_listed(_commit(revision), _from_the_top(path)))


def from_here(path: str) -> str:
    """A path of the current folder, as `extract` takes it. Raises RevisionError."""
    real = os.path.realpath(path)
    top = os.path.realpath(_git("rev-parse", "--show-toplevel").decode().strip())
    relative = os.path.relpath(real, top)
    if relative == os.pardir or relative.startswith(os.pardir + os.sep):
        raise RevisionError(f"'{path}' is outside the git repository")
    return "" if relative == os.curdir else relative.replace(os.sep, "/")


def _commit(revision: str) -> str:
    if not revision:
        raise RevisionError("an empty name is no revision")
    try:
        found = _git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
    except RevisionError as error:
        if error.args[0]:
            raise
        raise RevisionError(f"'{revision}' is no revision of the git repository here") from None
    return found.decode("ascii").strip()


def _from_the_top(path: str) -> str:
    if path.startswith(("./", "../")) or path in (".", ".."):
        prefix = _git("rev-parse", "--show-prefix").decode().strip()
        path = posixpath.join(prefix, path)
    path = posixpath.normpath(path) if path else ""
    if path.startswith(("../", "/")) or path == "..":
        raise RevisionError(f"'{path}' is outside the git repository")
    return "" if path == "." else path


def _listed(commit: str, path: str) -> list[_Entry]:
    arguments = [
        "ls-tree",
        "-r",
        "-z",
        "-l",
        "--full-tree",
        "--",
        commit,
        *([path] if path else []),
    ]
    entries = []
    for line in _git(*arguments).split(b"\0"):
        head, tab, name = line.partition(b"\t")
        if tab:
            mode, _, object_id, size = head.decode("ascii").split()
            shown = name.decode("utf-8", "surrogateescape")
            entries.append(_Entry(mode, object_id, int(size) if size.isdecimal() else 0, shown))
    return entries


def _is_wanted(entry: _Entry, named: str) -> bool:
    steps = entry.path.split("/")
    is_plain = entry.mode.startswith("100") and entry.size <= _LARGEST
    is_safe = not any(it in ("", ".", "..") or it.lower() == ".git" for it in steps)
    has_name = entry.path == named or may_be_template(Path(entry.path))
    return is_plain and is_safe and has_name and not (os.name == "nt" and "\\" in entry.path)


def _contents(entries: Sequence[_Entry]) -> list[bytes]:
    if not entries:
        return []
    asked = "".join(f"{entry.object}\n" for entry in entries).encode("ascii")
    answer = _git("cat-file", "--batch", given=asked)
    contents = []
    at = 0
    for _ in entries:
        end = answer.index(b"\n", at)
        head = answer[at:end].split()
        if len(head) != 3:
            raise RevisionError(f"object {head[0].decode('ascii')} is missing from the repository")
        size = int(head[2])
        contents.append(answer[end + 1 : end + 1 + size])
        at = end + 1 + size + 1
    return contents


def _git(*arguments: str, given: bytes | None = None) -> bytes:
    """What git answers. Raises RevisionError, with an empty message where git only says no."""
    try:
        done = subprocess.run(
            ["git", "--no-pager", *arguments],
            input=given if given is not None else b"",
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            env={**os.environ, **_ENVIRONMENT},
        )
    except FileNotFoundError:
        raise RevisionError("git is not installed, or not on the PATH") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise RevisionError(f"git cannot be run: {error}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RevisionError(said[-1].removeprefix("fatal: ") if said else "")
    return done.stdout
