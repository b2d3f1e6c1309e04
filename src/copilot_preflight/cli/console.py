"""Where output goes, whole or not at all, and how a run ends."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from copilot_preflight.render.safe_text import safe

CLEAN, FINDINGS, FAILED, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""


def write(text: str, *, colour: bool = False) -> None:
    """Writes to standard output. A reader that has gone (`| head`) does not change what is true."""
    try:
        _put(text, is_coloured=colour)
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        discard_output()
        fail(f"cannot write to standard output: {_reason(error)}")


def _put(text: str, *, is_coloured: bool) -> None:
    if is_coloured and os.name == "nt":  # not every terminal of Windows knows colours by itself
        import click

        click.echo(text, nl=False, color=True)
    elif sys.stdout is not None:
        sys.stdout.write(text)
        sys.stdout.flush()


def tell(line: str) -> None:
    """Writes a line to standard error, if there is one."""
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def discard_output() -> None:
    """Turns standard output away from what refuses it."""
    # What is still buffered would fail once more, without a handler, when Python ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_file(path: Path, text: str, inputs: Iterable[Path]) -> None:
    """Writes a file whole or not at all; never over an input."""
    path = refuse_input(path, inputs)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            path.write_text(text, encoding="utf-8")  # /dev/null, a pipe: nothing to replace
            return
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        fail(f"{path}: cannot write: {_reason(error)}")
    finally:
        _remove(beside)


def refuse_input(path: Path, inputs: Iterable[Path]) -> Path:
    """Where a path leads; ends the process where that is an input."""
    path = Path(os.path.realpath(path))
    if any(_is_same(path, it) for it in inputs):
        fail(f"{path}: will not write the report over an input")
    return path


def _is_same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file: links, also hard ones, and names without case do."""
    try:
        return os.path.realpath(other) == str(path) or os.path.samefile(other, path)
    except (OSError, ValueError):  # one of them is not there
        return False


def _remove(path: Path) -> None:
    with suppress(OSError):  # a folder that is not there, or not ours, does not have it either
        path.unlink(missing_ok=True)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def require_folder() -> None:
    """Ends a run whose current folder is gone."""
    # Names are relative to it, and some are looked for in the folders above.
    try:
        os.getcwd()
    except OSError:
        fail("the current folder is gone: run this from one that is there")


def fail(message: str) -> NoReturn:
    tell(f"error: {safe(message)}")
    sys.exit(FAILED)
