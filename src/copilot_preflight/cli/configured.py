"""What holds for a run: what the command line says, over the configuration file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from copilot_preflight.cli.console import FAILED, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from copilot_preflight.base.finding import DataPath
    from copilot_preflight.config.settings import Settings


def configured(
    asked: Mapping[DataPath, Any],
    config: str | None = None,
    *,
    is_wanted: bool = True,
    paths: Sequence[str] = (),
) -> Settings:
    """The settings, ``asked`` being those of the command line, by the paths of their keys.

    ``config`` is the file to read, None for the nearest one up the tree from the current folder,
    else from the folder that all ``paths`` lie in; none is read where it is not wanted. Ends the
    process where the file cannot be used.
    """
    from copilot_preflight.config import to_options
    from copilot_preflight.config.settings import ConfigError

    try:
        file = config or (to_options.find_for(paths) if is_wanted else None)
        held = to_options.settings_of(asked, file)
        choice = ("--config", config) if config else () if is_wanted else ("--no-config",)
        return held._replace(choice=choice)
    except ConfigError as error:
        from copilot_preflight.base.finding import InputError
        from copilot_preflight.render.text import error_line

        for it in error.faults:
            tell(error_line(InputError(it.file, it.line, it.column, it.message)))
        sys.exit(FAILED)
