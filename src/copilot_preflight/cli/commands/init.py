"""``copilot-preflight init``: the files that a project begins with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from copilot_preflight.cli.console import CLEAN, FINDINGS, fail, tell, write
from copilot_preflight.cli.printing import look_of
from copilot_preflight.render.safe_text import safe, unobeyed

if TYPE_CHECKING:
    from copilot_preflight.fixes.files import FileChange

_PARTS: Final = ("config", "pre-commit", "workflow")


@click.command()
@click.argument(
    "parts", nargs=-1, type=click.Choice(_PARTS), metavar="[config] [pre-commit] [workflow]"
)
@click.option("--yes", "-y", is_flag=True, help="Write without a question.")
def init(parts: tuple[str, ...], yes: bool) -> None:
    """Show and write a configuration, an entry for pre-commit and a workflow for GitHub.

    Nothing that is there is written over: an existing configuration of pre-commit gets the hooks
    behind its last ones, other files are left alone. They are written to the root of the git
    repository, else to the current folder. The exit status is 1 where something is left to write.
    """
    from copilot_preflight.cli.fixing import colored
    from copilot_preflight.cli.starting import project, start
    from copilot_preflight.fixes.files import diff

    begun = start(project(), parts or _PARTS)
    is_coloured = look_of().colour
    for change in begun.changes:
        patch = diff(change, lambda line: unobeyed(safe(line)) == line)
        write(colored(patch) if is_coloured else patch, colour=is_coloured)
    for line in begun.left:
        tell(unobeyed(safe(f"note: {line}")))
    if not begun.changes:
        tell("nothing to write")
        sys.exit(CLEAN)
    if not yes and not _is_agreed(len(begun.changes)):
        sys.exit(FINDINGS)
    for change in begun.changes:
        _write(change)


def _is_agreed(count: int) -> bool:
    """Asks on a terminal; elsewhere nobody can answer."""
    if sys.stdin is None or not sys.stdin.isatty():
        tell("nothing is written: --yes writes it")
        return False
    files = "this file" if count == 1 else f"these {count} files"
    return click.confirm(f"Write {files}?", default=False, err=True)


def _write(change: FileChange) -> None:
    from copilot_preflight.fixes import files as disk

    try:
        disk.write(change)
    except disk.CannotChange as fault:
        fail(f"{change.file}: not written: {fault}")
    tell(safe(f"written: {change.file}"))
