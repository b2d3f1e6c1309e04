"""How a run of the command line begins and ends."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn, TextIO, cast

from copilot_preflight.cli.console import (
    CLEAN,
    INTERRUPTED,
    discard_output,
    fail,
    require_folder,
    tell,
)
from copilot_preflight.cli.plain import PlainCheck, plain_check
from copilot_preflight.cli.standard_error import StandardError


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point of ``copilot-preflight``; ends the process with the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else list(arguments)
    standard_error = sys.stderr
    if standard_error is not None:
        sys.stderr = cast("TextIO", StandardError(standard_error))
    try:
        if plain := plain_check(given):
            _run_plain(plain)
        _run_click(given if arguments is not None else None)
    except OSError as error:
        if error.filename is not None:
            raise
        # Help, which click writes. A file would have a name.
        discard_output()
        fail(f"cannot write to standard output: {(error.strerror or str(error)).lower()}")
    finally:
        sys.stderr = standard_error
        gc.freeze()  # the process ends: nothing is left to be looked for


def _run_plain(plain: PlainCheck) -> NoReturn:
    from copilot_preflight.cli.checking import run
    from copilot_preflight.cli.configured import configured

    try:
        require_folder()
        paths = plain.request.paths
        held = configured(plain.settings, is_wanted=plain.is_configured, paths=paths)
        run(plain.request, held)
    except (EOFError, KeyboardInterrupt):
        tell("")  # ends the line in which the terminal shows ^C, as click does
        sys.exit(INTERRUPTED)


def _run_click(given: list[str] | None) -> NoReturn:
    """Runs any command line; None is that of the process, in which click expands on Windows."""
    import click

    from copilot_preflight.cli.group import cli

    output = sys.stdout
    try:
        sys.exit(cli.main(given, "copilot-preflight", standalone_mode=False))
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "copilot-preflight"
        message = " ".join(error.format_message().split()).rstrip(".")
        fail(f"{message[:1].lower()}{message[1:]} (see '{command} --help')")
    except click.ClickException as error:
        fail(error.format_message())
    except click.Abort:
        sys.exit(INTERRUPTED)
    except SystemExit:
        if sys.stdout is output:
            raise
        # click's 1, for help whose reader has gone (`--help | true`), with which it wraps standard
        # output so that nothing fails once more: it is no finding.
        sys.exit(CLEAN)
