"""What a run over many templates printed, kept for when the very same run is asked for again.

An entry is good for one command line in one folder. It holds the output, and all that the output
came from: the names of the files around, and each file that was read, with its size, time and
digest. Where a time has changed, as after a fresh checkout, the digest decides. Nothing is kept
that was not printed. The folder is the platform's for caches, or ``COPILOT_PREFLIGHT_CACHE``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from copilot_preflight._version import NAME, __version__
from copilot_preflight.cli.printing import Printed
from copilot_preflight.inputs.copilot_names import PATCHES
from copilot_preflight.inputs.discovery import files_below, may_be_template, packages_for
from copilot_preflight.read.document import DocumentError

_LARGEST: Final = 50_000_000
"""Bytes of an entry."""

_MOST: Final = 200_000_000
"""Bytes of all entries: the oldest go first."""

_UNSURE: Final = 2_000_000_000
"""Nanoseconds in which some file systems cannot tell two times apart."""


class Seen(NamedTuple):
    """A file as it was: its size in bytes, its time in nanoseconds; no digest without it."""

    path: str
    size: int
    time: int
    digest: str


def folder() -> Path:
    """Where entries are kept."""
    if chosen := os.environ.get("COPILOT_PREFLIGHT_CACHE"):
        return Path(chosen)
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / NAME / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / NAME
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / NAME


def _is_trusted(at: Path) -> bool:
    """Whether a folder is there, and nobody else may write to it."""
    try:
        status = at.stat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or (
        status.st_uid == os.getuid() and not status.st_mode & 0o022
    )


def entries(at: Path) -> list[Path]:
    """The entries in a folder, the oldest first; none of a folder that others may write to."""
    if not _is_trusted(at):
        return []
    try:
        return sorted(at.glob("*.run.json"), key=lambda it: (it.stat().st_mtime_ns, it.name))
    except OSError:
        return []


class Known(NamedTuple):
    """What a run has printed, and the files that it came from."""

    printed: Printed
    files: list[Path]


class Replay:
    """The entry for one command line, whose ``asked`` is all that it depends on but files.

    ``paths`` are the files and folders that are checked.
    """

    def __init__(self, paths: Iterable[str], asked: object) -> None:
        self._paths = tuple(paths)
        key = repr((__version__, sys.version_info, os.getcwd(), self._paths, asked))
        name = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        self._folder = folder()
        self._entry = self._folder / f"{name}.run.json"
        self._began = time.time_ns()

    def recall(self) -> Known | None:
        """What the run has printed; None where any file that it came from has changed."""
        if not _is_trusted(self._folder):
            return None
        try:
            kept = json.loads(self._entry.read_text(encoding="utf-8"))
            seen = [Seen(*it) for it in kept["files"]]
            lines = {name: tuple(kept["printed"][name]) for name in ("errors", "after")}
            written = tuple((str(name), str(text)) for name, text in kept["printed"]["files"])
            printed = Printed(**{**kept["printed"], **lines, "files": written})
            is_same = kept["around"] == self._around.names and all(
                _is_same(it, kept["time"]) for it in seen
            )
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None  # of another program, or broken: it is written anew
        if not is_same:
            return None
        with suppress(OSError):
            os.utime(self._entry)
        return Known(printed, [Path(it.path) for it in seen])

    @cached_property
    def _around(self) -> _Around:
        """What is around, looked at once: small runs, of which nothing is kept, need not look."""
        return _around(self._paths)

    def keep(self, printed: Printed, files: Iterable[Path]) -> None:
        """Keeps what a run has printed, unless something has changed, come or gone meanwhile."""
        around = self._around
        named = {os.fspath(it) for it in files if not os.path.isdir(it)}
        named.update(it for it in around.files if may_be_template(Path(it)))
        seen = [_seen(path) for path in sorted(named)]
        times = (*(it.time for it in seen), *map(_time_of, around.folders))
        if max(times, default=0) >= self._began:
            return
        kept = {
            "around": around.names,
            "time": self._began,
            "printed": printed._asdict(),
            "files": seen,
        }
        self._write(json.dumps(kept))

    def _write(self, text: str) -> None:
        content = text.encode("utf-8", "surrogatepass")
        if len(content) > _LARGEST:
            return
        beside = self._entry.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.write_bytes(content)
            beside.replace(self._entry)
            _shrink(self._folder)
        except OSError:
            pass  # a run does not fail for a folder that is full, or not ours
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def _shrink(at: Path) -> None:
    kept = entries(at)
    left = sum(it.stat().st_size for it in kept)
    for entry in kept:
        if left <= _MOST:
            return
        left -= entry.stat().st_size
        entry.unlink(missing_ok=True)


# --- files ----------------------------------------------------------------------------------------


def _seen(path: str) -> Seen:
    try:
        status = os.stat(path)
        with open(path, "rb") as stream:
            return Seen(path, status.st_size, status.st_mtime_ns, _digest(stream.read()))
    except (OSError, ValueError):
        return Seen(path, 0, 0, "")


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _is_same(before: Seen, kept: int) -> bool:
    """Whether a file is as it was. A time shortly before ``kept`` may hide a change."""
    try:
        status = os.stat(before.path)
    except (OSError, ValueError):
        return not before.digest
    if status.st_size != before.size:
        return False
    if status.st_mtime_ns == before.time and before.time < kept - _UNSURE:
        return True
    return _seen(before.path).digest == before.digest


class _Around(NamedTuple):
    """The files below some paths, their folders, and a digest of all names that count."""

    files: list[str]
    folders: set[str]
    names: str


def _around(paths: Iterable[str]) -> _Around:
    """What is around: what lies below, the neighbours, and the workspaces up the tree."""
    files: list[str] = []
    names: list[Any] = []
    for path in paths:
        if os.path.isdir(path):
            faults: list[DocumentError] = []
            below = [os.fspath(it) for it in files_below(path, faults)]
            packages = list(map(os.fspath, packages_for(path)))
            names.append((path, below, list(map(str, faults)), packages))
            files += (*below, *packages)
        else:
            with suppress(OSError):
                names.append((path, sorted(os.listdir(os.path.dirname(path) or "."))))
            files.append(path)
    told = repr([*names, *_workloads(files)]).encode()
    return _Around(files, _folders(paths, files), sha256(told).hexdigest())


def _folders(paths: Iterable[str], files: Iterable[str]) -> set[str]:
    """The folders in which a file could come or go: those of files, up to the paths."""
    found = {path if os.path.isdir(path) else os.path.dirname(path) or "." for path in paths}
    for file in files:
        folder = os.path.dirname(file) or "."
        while folder not in found:
            found.add(folder)
            folder = os.path.dirname(folder) or "."
    return found


def _time_of(folder: str) -> int:
    """When a name last came to a folder, or went, in nanoseconds; now where it is gone itself."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return time.time_ns()


def _workloads(files: Iterable[str]) -> Iterator[Any]:
    """Which workloads in the folders above some files have a manifest, and which patches.

    Those are read: where all of them are commented out, no run has them among its files.
    """
    folders = {os.path.dirname(it) for it in files}
    folders.update(os.path.dirname(os.path.realpath(it)) for it in files if os.path.islink(it))
    above = {
        at for it in map(os.path.realpath, folders) for at in (it, *map(str, Path(it).parents))
    }
    for at in sorted(above):
        workloads = os.path.join(at, "copilot")
        with suppress(OSError):
            for name in sorted(os.listdir(workloads)):
                workload = os.path.join(workloads, name)
                patches = _seen(os.path.join(workload, "overrides", PATCHES)).digest
                yield workload, os.path.isfile(os.path.join(workload, "manifest.yml")), patches
