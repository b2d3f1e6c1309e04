"""The command line as click sees it: its commands, each loaded when it is asked for."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, cast

import click

from copilot_preflight._version import NAME, __version__
from copilot_preflight.cli.commands import COMMANDS
from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.console import FAILED, require_folder, write

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


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
        require_folder()
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
