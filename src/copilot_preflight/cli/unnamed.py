"""A check without a path: what is nearest is checked, and nothing at all never passes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from copilot_preflight.cli.console import FAILED, fail, tell
from copilot_preflight.inputs.nearest import nearest
from copilot_preflight.render.safe_text import safe, unobeyed

if TYPE_CHECKING:
    from copilot_preflight.inputs.workspaces import Unpackaged

_SHOWN: Final = 4
"""Paths that are named; of more, the number is."""


def nearest_paths(*, is_quiet: bool = False) -> tuple[str, ...]:
    """The paths that a check without any is about. Ends the process where there is none."""
    found = nearest()
    if not found.paths and not found.unpackaged:
        fail(
            "nothing to check: no Copilot workspace, infrastructure/, cdk.out/ or template in "
            "this folder, above it or below it: name a path"
        )
    kind = "note" if found.paths else "error"
    for it in found.unpackaged:
        # A workspace may well be packaged without its environments; its workloads are checked then.
        if not (found.paths and (it.is_environment or is_quiet)):
            tell(unobeyed(safe(f"{kind}: {_unpackaged(it)}")))
    if not found.paths:
        sys.exit(FAILED)
    if not is_quiet:
        tell(unobeyed(safe(f"note: no path is given: checking {_listed(found.paths)}")))
    return found.paths


def _unpackaged(it: Unpackaged) -> str:
    more = " and ".join(f"--env {name}" for name in it.others)
    end = f", also with {more}" if more else ""
    root = os.path.relpath(it.root)
    where = "" if root == os.curdir else f" in {root}"
    return f"{os.path.relpath(it.manifest)}: not packaged: run '{it.command}'{where}{end}"


def _listed(paths: tuple[str, ...]) -> str:
    shown = ["this folder" if path == os.curdir else path for path in paths[:_SHOWN]]
    more = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
