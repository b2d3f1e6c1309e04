"""One check after the other: what appeared since the last one, and what went."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from copilot_preflight.render.formats import PLAIN, Look
from copilot_preflight.render.safe_text import safe, unobeyed

if TYPE_CHECKING:
    from copilot_preflight.base.finding import Finding, InputError, Report

_SUFFIXES: Final = (".yml", ".yaml", ".json", ".template", ".env")
_SHOWN: Final = 3
"""Changed files that are named; of more, the number is."""

_CLOCK: Final = 20_000_000
"""Nanoseconds by which the times of files may be behind the clock."""

Signature = tuple[int, int, int]


class Difference(NamedTuple):
    """What two reports on the same paths do not share; a moved line is no difference."""

    appeared: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    faults: tuple[InputError, ...]
    """What cannot be judged now, though it could before."""
    mended: tuple[InputError, ...]


def difference(before: Report | None, after: Report) -> Difference:
    """What has changed from one report to the next; all of the first one appeared."""
    old = {} if before is None else {it.identity: it for it in before.findings}
    new = {it.identity: it for it in after.findings}
    # What cannot be judged has no findings: they did not go. A folder may be all that is named.
    unjudged = {it.file for it in after.errors}
    old_faults = {} if before is None else {(it.file, it.message): it for it in before.errors}
    new_faults = {(it.file, it.message): it for it in after.errors}
    return Difference(
        tuple(it for key, it in new.items() if key not in old),
        tuple(it for key, it in old.items() if key not in new and not _is_in(it.at.file, unjudged)),
        tuple(it for key, it in new_faults.items() if key not in old_faults),
        tuple(it for key, it in old_faults.items() if key not in new_faults),
    )


def _is_in(file: str, unjudged: Collection[str]) -> bool:
    return any(file == it or _is_below(file, it) for it in unjudged)


def shown(before: Report | None, after: Report, look: Look = PLAIN) -> Iterator[str]:
    """The lines for people: findings that appeared in full, a line for what went, the sum."""
    from copilot_preflight.render.formats import render
    from copilot_preflight.render.text import error_line, painted

    found = difference(before, after)
    yield from map(error_line, found.faults)
    if found.appeared:
        appeared = after._replace(findings=found.appeared, silenced=())
        text = render(appeared, "text", look)
        yield from (*_paragraphs(text)[0].split("\n"), "")
    for finding in found.gone:
        assert before is not None
        line, column = before.span(finding.at).start
        place = f"{finding.at.file}:{line}:{column}"
        gone = unobeyed(safe(f"gone: {place}: {finding.rule} {finding.message}"))
        yield painted("help", gone) if look.colour else gone
    for fault in found.mended:
        yield unobeyed(safe(f"readable again: {fault.file}"))
    if after.files or not after.errors:  # "no findings" is no comfort where nothing was judged
        yield _paragraphs(render(after, "text", look))[1]


def _paragraphs(text: str) -> tuple[str, str]:
    """A report without its last paragraph, the sum, and that."""
    rest, _, last = text.rstrip("\n").rpartition("\n\n")
    return rest, last


def headline(time: str, changed: Iterable[str]) -> str:
    """What a further check is made for."""
    names = sorted(map(_from_here, changed))
    more = len(names) - _SHOWN
    listed = ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return safe(f"--- {time} {listed} changed")


def _from_here(path: str) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return path


# --- what is watched ------------------------------------------------------------------------------


class Watched(NamedTuple):
    """Folders that are watched as a whole, and single files elsewhere."""

    folders: tuple[str, ...]
    files: tuple[str, ...]


def watched(paths: Iterable[str], inputs: Iterable[Path]) -> Watched:
    """What a run over some paths depends on, ``inputs`` being the files that it has read.

    Next to the folders that are named, that is the folder ``copilot`` of each manifest.
    """
    folders = {os.path.realpath(path) for path in paths if os.path.isdir(path)}
    files = {os.path.realpath(path) for path in inputs} | {
        os.path.realpath(path) for path in paths if not os.path.isdir(path)
    }
    for file in files:
        parent = os.path.dirname(os.path.dirname(file))
        if os.path.basename(file) == "manifest.yml" and os.path.basename(parent) == "copilot":
            folders.add(parent)
    kept = {it for it in folders if not any(_is_below(it, of) for of in folders if of != it)}
    alone = {it for it in files if not any(_is_below(it, of) for of in kept) and it not in folders}
    return Watched(tuple(sorted(kept)), tuple(sorted(alone)))


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def changed_since(watched: Watched, moment: int) -> set[str]:
    """The files that changed after a moment, in nanoseconds: while they were checked, say.

    What goes in between is known by its folder.
    """
    from copilot_preflight.inputs.discovery import files_below

    moment -= _CLOCK
    found = {file for file in watched.files if _moment_of(file) >= moment}
    for folder in watched.folders:
        below = [str(path) for path in files_below(folder, [])]
        found |= {file for file in below if may_matter(file) and _moment_of(file) >= moment}
        parents = {folder, *map(os.path.dirname, below)}
        found |= {parent for parent in parents if _moment_of(parent) >= moment}
    return found


def _moment_of(path: str) -> int:
    try:
        status = os.stat(path)
    except OSError:
        return 0
    return max(status.st_mtime_ns, status.st_ctime_ns)


def may_matter(path: str) -> bool:
    """Whether a change in a watched folder can change a report."""
    return path.endswith(_SUFFIXES)


def signatures(files: Iterable[str]) -> dict[str, Signature | None]:
    """By what a change of single files is known; None for one that is not there."""
    return {file: _signature(file) for file in files}


def _signature(file: str) -> Signature | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
