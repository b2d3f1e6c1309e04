"""Copilot's workspaces: which workloads there are, and where they were packaged to.

``copilot svc package --output-dir infrastructure`` writes next to the folder ``copilot``, and so
does the build of Copilot's pipelines.
Source: https://aws.github.io/copilot-cli/docs/commands/svc-package/
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from copilot_preflight.inputs.copilot_names import find_overrides

ENVIRONMENTS: Final = "environments"

_COPILOT: Final = "copilot"
_PACKAGES: Final = (".stack.yml", ".env.yml")
_ADDONS: Final = (".addons.stack.yml",)
_JOB: Final = re.compile(rb"^type: *['\"]?Scheduled Job", re.MULTILINE)


class Workspace(NamedTuple):
    """A folder ``copilot``, or one below it, that somebody has named.

    ``workloads`` are those that it has, of all that there are.
    """

    root: Path
    workloads: tuple[str, ...]

    def packages(self) -> Iterator[Path]:
        """What the workloads were packaged into, next to ``copilot``."""
        for path in _next_to(self.root / _COPILOT):
            if path.name.endswith(_PACKAGES) and not path.name.endswith(_ADDONS):
                folder = find_overrides(path, "")
                owner = folder.path.parent.name if folder and folder.workspace == self.root else ""
                if owner in self.workloads:
                    yield path

    @property
    def command(self) -> str:
        """The command that packages one of the workloads."""
        name = next((it for it in self.workloads if it != ENVIRONMENTS), "")
        folders = sorted((self.root / _COPILOT / ENVIRONMENTS).glob("*/manifest.yml"))
        environment = folders[0].parent.name if folders else "<environment>"
        end = f"--env {environment} --output-dir infrastructure"
        if not name:
            return f"copilot env package --name {environment} --output-dir infrastructure"
        manifest = self.root / _COPILOT / name / "manifest.yml"
        return f"copilot {'job' if _is_job(manifest) else 'svc'} package --name {name} {end}"


def workspace_of(folder: str) -> Workspace | None:
    """The workspace that a folder is the ``copilot`` of, or a part of that; else None."""
    named = Path(os.path.realpath(folder))
    for copilot in (named, *named.parents):
        if copilot.name == _COPILOT:
            all_of_them = _workloads(copilot)
            if all_of_them:
                parts = named.relative_to(copilot).parts
                chosen = tuple(it for it in all_of_them if not parts or it == parts[0])
                return Workspace(copilot.parent, chosen) if chosen else None
    return None


def workspace_in(folder: str) -> Workspace | None:
    """The workspace whose ``copilot`` lies in a folder."""
    return workspace_of(os.path.join(folder, _COPILOT))


def _workloads(copilot: Path) -> tuple[str, ...]:
    names = sorted(path.parent.name for path in copilot.glob("*/manifest.yml"))
    if any(copilot.glob(f"{ENVIRONMENTS}/*/manifest.yml")):
        names.append(ENVIRONMENTS)
    return tuple(names)


def _next_to(copilot: Path) -> Iterator[Path]:
    """The files next to a folder, and those in the folders there."""
    try:
        entries = sorted(path for path in copilot.parent.iterdir() if path.name[0] != ".")
        yield from (path for path in entries if path.is_file())
        for entry in entries:
            if entry != copilot and entry.is_dir() and not entry.is_symlink():
                yield from sorted(path for path in entry.iterdir() if path.is_file())
    except OSError:
        return  # what cannot be listed has no package that could be read


def _is_job(manifest: Path) -> bool:
    try:
        return _JOB.search(manifest.read_bytes()) is not None
    except OSError:
        return False
