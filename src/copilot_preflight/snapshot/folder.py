"""The folder that holds answers: one file for each, and an index of all, ``snapshot.json``.

Only files that the folder's own index lists are ever replaced or removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from copilot_preflight.snapshot.calls import Call
from copilot_preflight.snapshot.keeping import text_of
from copilot_preflight.snapshot.subjects import Identity

INDEX: Final = "snapshot.json"
_VERSION: Final = 1

_LONGEST: Final = 120
"""Characters of one name in the folder; file systems take 255 bytes."""


class Unwritable(Exception):
    """The folder cannot be used; ``str()`` is one line that says why."""


class Kept(NamedTuple):
    """A call with its answer as it is written: a body, or the code of an error."""

    call: Call
    body: Mapping[str, Any] | None
    error: str = ""


def require_ours(folder: Path) -> None:
    """Raises Unwritable for a folder with anything in it that no snapshot has put there."""
    if folder.exists() and not folder.is_dir():
        raise Unwritable(f"{folder}: not a folder")
    known = {INDEX, *_listed(folder)}
    for path in _files_in(folder):
        name = path.relative_to(folder).as_posix()
        if name not in known or path.is_symlink():
            raise Unwritable(
                f"{folder}: '{name}' is none of the files that {INDEX} lists: name a new or an "
                "empty folder"
            )


def write(folder: Path, kept: Sequence[Kept], identity: Identity, taken: str) -> int:
    """Writes the answers, removes those of before that are gone, and returns how many there are.

    ``taken`` is the time in UTC, ``2026-11-29T08:00:00Z``. Every file is whole at any time; the
    index comes last. Raises Unwritable.
    """
    files = _files_of(kept)
    before = set(_listed(folder))
    entries = list(_entries(kept, files))
    index = {
        "version": _VERSION,
        "taken": taken,
        "account": identity.account,
        "partition": identity.partition,
        "region": identity.region,
        "answers": entries,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_ours(folder)
        # Should this be interrupted, the next run knows that the new files are its own.
        _put(
            folder / INDEX,
            text_of({**index, "answers": [], "files": sorted({*before, *files.values()})}),
        )
        for it in kept:
            if it.body is not None:
                _put(folder / files[it.call], text_of(it.body))
        for name in before - set(files.values()):
            _remove(folder, name)
        _put(folder / INDEX, text_of(index))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Unwritable(f"{error.filename or folder}: cannot write: {reason}") from None
    return len(files)


def _entries(kept: Iterable[Kept], files: Mapping[Call, str]) -> Iterator[dict[str, Any]]:
    for it in sorted(kept, key=lambda it: it.call):
        entry = {"call": it.call.command, "parameters": it.call.parameters}
        if it.call.region:
            entry["region"] = it.call.region
        yield (
            {**entry, "file": files[it.call]}
            if it.body is not None
            else {**entry, "error": it.error}
        )


def _files_of(kept: Iterable[Kept]) -> dict[Call, str]:
    """A file for each answer; names that differ in letter case only are kept apart."""
    found: dict[Call, str] = {}
    taken: set[str] = set()
    for call in sorted(it.call for it in kept if it.body is not None):
        operation = call.operation
        method = call.command.partition(" ")[2]
        extra = call.value(operation.extra) if operation.extra else ""
        if operation.extra == "Key":
            extra = _hash(extra)
        stem = f"{method}.{_spelt(extra)}" if extra else method
        folders = "/".join(map(_spelt, call.folder))
        name = f"{folders}/{stem}.json"
        if name.lower() in taken:
            name = f"{folders}/{stem}.{_hash(repr(call))}.json"
        taken.add(name.lower())
        found[call] = name
    return found


def _spelt(name: str) -> str:
    """A name that every file system takes, and from which the name itself can be read."""
    plain = re.sub(r"[^\w.+=@,-]", _escaped, name, flags=re.ASCII) or "%"
    if plain.startswith("."):  # such as .., and files that listings hide
        plain = f"%2E{plain[1:]}"
    if len(plain) > _LONGEST:
        plain = f"{plain[:_LONGEST]}.{_hash(name)}"
    return plain


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


# --- what is there -------------------------------------------------------------------------------


def _listed(folder: Path) -> Iterator[str]:
    """The files that the folder's own index lists, if it has one."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError):
        raise Unwritable(f"{folder / INDEX}: no index of a snapshot: name another folder") from None
    answers = index.get("answers") if isinstance(index, dict) else None
    if not isinstance(answers, list) or index.get("version") != _VERSION:
        raise Unwritable(f"{folder / INDEX}: no index of a snapshot: name another folder")
    names = [it.get("file") for it in answers if isinstance(it, dict)]
    for name in (*names, *(index.get("files") or ())):
        if isinstance(name, str) and _is_inside(name):
            yield name


def _is_inside(name: str) -> bool:
    pieces = name.split("/")
    return name.endswith(".json") and "\\" not in name and not {"", ".", ".."} & set(pieces)


def _files_in(folder: Path) -> Iterator[Path]:
    """The files below a folder, but for hidden ones, such as those of git; no link is followed."""
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(it for it in folders if not it.startswith("."))
        yield from (Path(at, it) for it in folders if os.path.islink(os.path.join(at, it)))
        yield from (Path(at, it) for it in sorted(names) if not it.startswith("."))


def _put(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _remove(folder: Path, name: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)
    for above in path.parents:
        if above == folder:
            return
        try:
            above.rmdir()  # which refuses one that is not empty
        except OSError:
            return
