"""``copilot-preflight lsp``: the language server, for editors."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from copilot_preflight.cli.console import fail

if TYPE_CHECKING:
    from copilot_preflight.base.finding import DataPath
    from copilot_preflight.run.options import Options

_MISSING = (
    "the language server needs pygls: install copilot-preflight with its extra 'lsp' "
    "(https://github.com/copilot-preflight/copilot-preflight/blob/main/docs/editors.md)"
)


@click.command()
@click.option("--info/--no-info", default=None, help="Also report what cannot be decided, and why.")
@click.option(
    "--config",
    metavar="FILE",
    help="The configuration.  [default: the nearest .copilot-preflight.yml up from each template]",
)
@click.option("--no-config", is_flag=True, help="Without any configuration file.")
@click.option("--stdio", is_flag=True, help="Speak over standard input and output, as always.")
def lsp(info: bool | None, config: str | None, no_config: bool, stdio: bool) -> None:  # noqa: ARG001
    """Serve an editor: diagnostics, fixes, hover, definitions and code lenses.

    Speaks the Language Server Protocol over standard input and output.
    """
    if config is not None and no_config:
        raise click.UsageError("--config and --no-config exclude each other")
    try:
        import pygls.lsp.server  # noqa: F401
    except ImportError:
        fail(_MISSING)
    from copilot_preflight.config import to_options as configuration
    from copilot_preflight.lsp.server import make_server

    asked: dict[DataPath, Any] = {} if info is None else {("info",): info}

    def options_for(template: Path) -> Options:
        file = config or (None if no_config else configuration.find(str(template.parent)))
        settings = configuration.settings_of(asked, os.path.realpath(file) if file else None)
        return configuration.options_of(settings)

    gc.set_threshold(700, 10, 10)  # this run is long: what nobody looks for would pile up
    make_server(options_for).start_io()
