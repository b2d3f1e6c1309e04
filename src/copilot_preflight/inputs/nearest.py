"""What there is to check around a folder, where nobody names a path.

Looked at are the folder itself, those above it up to the root of the repository, and at last those
a few levels below it. The first that has something decides.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from copilot_preflight.inputs.discovery import files_below, is_to_be_checked
from copilot_preflight.inputs.workspaces import Unpackaged, Workspace, workspace_in, workspace_of

_OUTPUT: Final = ("infrastructure", "cdk.out")
"""Where `copilot svc package` and `cdk synth` are told to write, and write by themselves."""

_LEVELS: Final = 3
"""How far below a folder something is looked for: ``team/services/web``."""

_SKIPPED: Final = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


class Nearest(NamedTuple):
    """Paths to check, from the current folder, and the manifests that have no package.

    ``is_copilots``: there is a Copilot workspace among them, packaged or not.
    """

    paths: tuple[str, ...] = ()
    unpackaged: tuple[Unpackaged, ...] = ()
    is_copilots: bool = False


def nearest(folder: str = "") -> Nearest:
    """What there is to check around a folder; nothing at all is an empty answer."""
    here = Path(os.path.realpath(folder or os.curdir))
    if workspace := workspace_of(str(here)):  # in `copilot/web`: the packages of that workload
        paths = (here,) if any(workspace.packages()) else ()
        return Nearest(_shown(paths), tuple(workspace.unpackaged()), is_copilots=True)
    if found := _in(here, with_templates=True):
        return found
    above = list(_above(here))
    is_repository = bool(above) and os.path.exists(above[-1] / ".git")
    for parent in above:
        # Without a repository nobody knows where the project ends: a template in /tmp is not ours.
        if found := _in(parent, with_templates=is_repository):
            return found
    below = [found for it in _below(here) if (found := _in(it, with_templates=False))]
    return Nearest(
        tuple(path for found in below for path in found.paths),
        tuple(it for found in below for it in found.unpackaged),
        any(found.is_copilots for found in below),
    )


def _in(folder: Path, *, with_templates: bool) -> Nearest | None:
    """What a folder has by itself: what was packaged or synthesized there, and templates."""
    workspace = workspace_in(str(folder)) if os.path.isdir(folder / "copilot") else None
    paths = [folder / name for name in _OUTPUT if _has_template(folder / name)]
    paths += _of_workspace(workspace, paths) if workspace else ()
    unpackaged = tuple(workspace.unpackaged()) if workspace else ()
    if with_templates:
        own = [it for it in _files_in(folder) if it not in paths and is_to_be_checked(it)]
        paths += own if paths or unpackaged else [folder] if own else []
    if not paths and not unpackaged:
        return None
    return Nearest(_shown(paths), unpackaged, workspace is not None)


def _of_workspace(workspace: Workspace, known: list[Path]) -> list[Path]:
    """The folders of a workspace's packages, but those in its root are named one by one."""
    found: dict[Path, None] = {}
    for path in workspace.packages():
        place = path if path.parent == workspace.root else path.parent
        if place not in known:
            found[place] = None
    return list(found)


def _above(folder: Path) -> Iterator[Path]:
    """The folders above one, up to the root of its repository."""
    for at in (folder, *folder.parents):
        if at != folder:
            yield at
        if os.path.exists(at / ".git"):
            return


def _below(folder: Path, levels: int = _LEVELS) -> Iterator[Path]:
    for name in _listed(folder) if levels else ():
        path = folder / name
        if name not in (*_SKIPPED, *_OUTPUT) and os.path.isdir(path) and not path.is_symlink():
            yield path
            yield from _below(path, levels - 1)


def _files_in(folder: Path) -> Iterator[Path]:
    yield from (path for name in _listed(folder) if os.path.isfile(path := folder / name))


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []  # what cannot be listed has nothing that could be read


def _has_template(folder: Path) -> bool:
    return os.path.isdir(folder) and any(map(is_to_be_checked, files_below(str(folder), [])))


def _shown(paths: tuple[Path, ...] | list[Path]) -> tuple[str, ...]:
    return tuple(os.path.relpath(path) for path in paths)
