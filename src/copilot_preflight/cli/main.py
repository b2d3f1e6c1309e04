"""The command line: its commands, each loaded when it is asked for, and how a run ends."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, TextIO, cast

import click

from copilot_preflight._version import NAME, __version__
from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.console import CLEAN, FAILED, INTERRUPTED, discard_output, fail, write
from copilot_preflight.cli.standard_error import StandardError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = ("check", "completion", "config", "explain", "lsp", "merge", "rules", "simulate")
"""Their names: each is a function of its name in a module of its name in ``commands``."""


class _Commands(click.Group):
    """Commands that are loaded on use; ``copilot-preflight PATH`` is ``... check PATH``."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"copilot_preflight.cli.commands.{name}")
        return cast("click.Command", getattr(module, name))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A script whose list of files came out empty must not pass; a shell only asks what fits.
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(FAILED)
        if args and args[0] not in COMMANDS and args[0] not in ("-h", "--help", "--version"):
            _refuse_mistyped(args[0])
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        # Names are relative to it, and some are looked for in the folders above.
        try:
            os.getcwd()
        except OSError:
            fail("the current folder is gone: run this from one that is there")
        return super().invoke(ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and files, as the name of the command "check" may be left out; its options."""
        found = super().shell_complete(ctx, incomplete)
        check = self.get_command(ctx, "check")
        if check is None or not incomplete.startswith("-"):
            return found or files(ctx, self.params[0], incomplete)
        known = {item.value for item in found}
        options = check.shell_complete(click.Context(check, parent=ctx), incomplete)
        return [*found, *(item for item in options if item.value not in known)]


def _refuse_mistyped(path: str) -> None:
    """Ends a run with ``exlpain``, which is no path either."""
    if path.isalpha() and not os.path.lexists(path):
        from copilot_preflight.read.schema import nearest

        if like := nearest(path, COMMANDS):
            raise click.UsageError(f"no such command or path '{path}'{like}")


def _print_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        write(f"{NAME} {__version__}\n")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version.",
)
def cli() -> None:
    """Prove, before a deploy, that ECS may make every AWS call that starting a task takes.

    "check" may be left out, unless the first path is the name of a command.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point of ``copilot-preflight``; ends the process with the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    given = None if arguments is None else list(arguments)
    output, standard_error = sys.stdout, sys.stderr
    if standard_error is not None:
        sys.stderr = cast("TextIO", StandardError(standard_error))
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
    except OSError as error:
        if error.filename is not None:
            raise
        # Help, which click writes. A file would have a name.
        discard_output()
        fail(f"cannot write to standard output: {(error.strerror or str(error)).lower()}")
    finally:
        sys.stderr = standard_error
        gc.freeze()  # the process ends: nothing is left to be looked for
