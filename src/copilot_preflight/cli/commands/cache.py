"""``copilot-preflight cache``: what is kept of runs, for when the same one is asked for."""

from __future__ import annotations

import click

from copilot_preflight.cli.console import fail, write
from copilot_preflight.render.safe_text import safe


@click.command()
@click.argument("action", type=click.Choice(["clean", "dir"]))
def cache(action: str) -> None:
    """Remove what is kept of runs over many templates (clean), or print where it is (dir).

    A run over 50 templates or more is kept until one of its files changes; "check --no-cache"
    judges anew. The variable COPILOT_PREFLIGHT_CACHE names another folder.
    """
    from copilot_preflight.cli.replay import entries, folder

    at = folder()
    if action == "dir":
        write(f"{safe(str(at))}\n")
        return
    kept = entries(at)
    try:
        size = sum(it.stat().st_size for it in kept)
        for entry in kept:
            entry.unlink(missing_ok=True)
    except OSError as error:
        fail(f"{at}: cannot remove: {(error.strerror or str(error)).lower()}")
    runs = f"{len(kept)} run{'s' * (len(kept) != 1)}"
    write(f"removed {runs}, {size / 1e6:.1f} MB, from {safe(str(at))}\n")
