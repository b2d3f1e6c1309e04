"""``copilot-preflight watch``: checks again whenever something changes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import settings_of, shared
from copilot_preflight.cli.console import CLEAN, fail, tell, write
from copilot_preflight.cli.printing import look_of

if TYPE_CHECKING:
    from copilot_preflight.base.finding import Report
    from copilot_preflight.cli.watching import Watched

_MISSING: Final = (
    "watch needs watchfiles: install copilot-preflight with its extra 'watch' "
    "(https://github.com/copilot-preflight/copilot-preflight/blob/main/docs/cli.md)"
)
_DEBOUNCE: Final = 300
"""Milliseconds in which changes are gathered: an editor or `svc package` writes several files."""

_LOOK: Final = 1000
"""Milliseconds between two looks at single files outside the folders that are watched."""


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]", shell_complete=files)
@shared
def watch(paths: tuple[str, ...], **given: Any) -> None:
    """Check, and check again whenever something changes, until Ctrl-C.

    What appeared is shown in full, what went in a line. Paths are those of check, and without any
    the nearest package or workspace is watched. The exit status after Ctrl-C is 0.
    """
    from copilot_preflight.inputs.discovery import STDIN

    if STDIN in paths:
        raise click.UsageError("standard input cannot be watched: name a file or a folder")
    try:
        import watchfiles  # noqa: F401
    except ImportError:
        fail(_MISSING)
    if not paths:
        from copilot_preflight.cli.unnamed import nearest_paths

        paths = nearest_paths()
    try:
        _watch(paths, given)
    except KeyboardInterrupt:
        tell("")  # ends the line in which the terminal shows ^C
    sys.exit(CLEAN)


def _watch(paths: tuple[str, ...], given: dict[str, Any]) -> None:
    from copilot_preflight.cli.watching import headline

    moment = time.time_ns()
    report, dependent = _checked(paths, given)
    _print(None, report)
    while True:
        changed = _changed(dependent, moment)
        write(f"\n{headline(time.strftime('%H:%M:%S'), changed)}\n")
        moment = time.time_ns()
        try:
            before, (report, dependent) = report, _checked(paths, given)
        except SystemExit:  # a configuration with a slip in it: it has been told
            continue
        _print(before, report)


def _checked(paths: tuple[str, ...], given: dict[str, Any]) -> tuple[Report, Watched]:
    """A report, and what it depends on; the configuration is read anew, too."""
    from copilot_preflight.cli.checking import inputs_of
    from copilot_preflight.cli.watching import watched
    from copilot_preflight.config.to_options import FILE, options_of
    from copilot_preflight.run.check import checked

    held = settings_of(paths=paths, **given)
    options = options_of(held)._replace(jobs=None)
    found = checked(paths, options)
    config = Path(FILE if options.config is None else options.config.file)
    return found.report, watched(paths, (config, *inputs_of(paths, found, options)))


def _print(before: Report | None, after: Report) -> None:
    from copilot_preflight.cli.watching import shown

    write("".join(f"{line}\n" for line in shown(before, after, look_of())))


def _changed(dependent: Watched, moment: int) -> set[str]:
    """Waits for changes, those since a moment included: of then are the texts that were checked."""
    from watchfiles import DefaultFilter
    from watchfiles import watch as events

    from copilot_preflight.cli.watching import changed_since, may_matter, signatures

    known = signatures(dependent.files)
    # Without a folder, those of the files alone: what else lies in them is not looked into.
    folders = dependent.folders or tuple({os.path.dirname(it) for it in dependent.files})
    is_wanted = DefaultFilter()
    batches = events(
        *(it for it in folders if os.path.isdir(it)),
        watch_filter=lambda change, path: may_matter(path) and is_wanted(change, path),
        debounce=_DEBOUNCE,
        rust_timeout=_LOOK,
        yield_on_timeout=True,
        recursive=bool(dependent.folders),
        ignore_permission_denied=True,
    )
    for number, batch in enumerate(batches):
        changed = {path for _, path in batch} if dependent.folders else set()
        now = signatures(dependent.files)
        changed |= {file for file in known if known[file] != now[file]}
        if not number:  # now all is watched, so that nothing falls in between
            changed |= changed_since(dependent, moment)
        if changed:
            return changed
    raise KeyboardInterrupt  # the events end for nothing else
