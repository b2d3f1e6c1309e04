"""Copilot's workspaces: which workloads there are, and where they were packaged to.

``copilot svc package --output-dir infrastructure`` writes next to the folder ``copilot``, and so
does the build of Copilot's pipelines.
Source: https://aws.github.io/copilot-cli/docs/commands/svc-package/
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from copilot_preflight.inputs.copilot_names import find_overrides
from copilot_preflight.read import document
from copilot_preflight.read.document import DocumentError

ENVIRONMENTS: Final = "environments"

_COPILOT: Final = "copilot"
_PACKAGES: Final = (".stack.yml", ".env.yml")
_ADDONS: Final = (".addons.stack.yml",)
_JOB: Final = re.compile(rb"^type: *['\"]?Scheduled Job", re.MULTILINE)


class Unpackaged(NamedTuple):
    """A manifest without a package, and the command that writes one.

    The command is to be run in ``root``. ``others`` are the environments that it does not name.
    """

    manifest: Path
    command: str
    root: Path
    others: tuple[str, ...] = ()
    is_environment: bool = False


class Workspace(NamedTuple):
    """A folder ``copilot``, or one below it, that somebody has named.

    ``workloads`` are those that it has, of all that there are.
    """

    root: Path
    workloads: tuple[str, ...]

    def packages(self) -> Iterator[Path]:
        """What the workloads were packaged into, next to ``copilot``."""
        for _, path in self._owned_packages():
            yield path

    @property
    def command(self) -> str:
        """The command that packages one of the workloads."""
        name = next((it for it in self.workloads if it != ENVIRONMENTS), "")
        if name:
            return self._packaging(name)
        environments = self._environments()
        return _packaging_of(environments[0] if environments else "<environment>")

    def unpackaged(self) -> Iterator[Unpackaged]:
        """The manifests without a package, each with the command that writes one."""
        packaged = list(self._owned_packages())
        owners = {owner for owner, _ in packaged}
        files = {path.name for _, path in packaged}
        for name in self.workloads:
            if name == ENVIRONMENTS:
                for it in self._environments():
                    if f"{it}.env.yml" not in files:
                        manifest = self._manifest(f"{ENVIRONMENTS}/{it}")
                        yield Unpackaged(
                            manifest, _packaging_of(it), self.root, is_environment=True
                        )
            elif name not in owners:
                others = tuple(self._environments_of(name)[1:])
                yield Unpackaged(self._manifest(name), self._packaging(name), self.root, others)

    def _owned_packages(self) -> Iterator[tuple[str, Path]]:
        """The packages, each with the name of its workload."""
        for path in _next_to(self.root / _COPILOT):
            if path.name.endswith(_PACKAGES) and not path.name.endswith(_ADDONS):
                folder = find_overrides(path, "")
                owner = folder.path.parent.name if folder and folder.workspace == self.root else ""
                if owner in self.workloads:
                    yield owner, path

    def _manifest(self, name: str) -> Path:
        return self.root / _COPILOT / name / "manifest.yml"

    def _environments(self) -> list[str]:
        """The environments that have a manifest of their own."""
        folders = sorted((self.root / _COPILOT / ENVIRONMENTS).glob("*/manifest.yml"))
        return [path.parent.name for path in folders]

    def _environments_of(self, name: str) -> list[str]:
        """The environments of a workload: those of the workspace, then those that it names."""
        named = _environments_in(self._manifest(name))
        return list(dict.fromkeys([*self._environments(), *named]))

    def _packaging(self, name: str) -> str:
        """The command that packages a workload, for the first of its environments."""
        known = self._environments_of(name)
        environment = shlex.quote(known[0]) if known else "<environment>"
        kind = "job" if _is_job(self._manifest(name)) else "svc"
        end = f"--env {environment} --output-dir infrastructure"
        return f"copilot {kind} package --name {shlex.quote(name)} {end}"


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


def _environments_in(manifest: Path) -> list[str]:
    """The environments that a manifest has settings for, none where it cannot be read."""
    try:
        data = document.read(manifest).data
    except DocumentError:
        return []
    environments = data.get("environments") if isinstance(data, dict) else None
    return [str(name) for name in environments] if isinstance(environments, dict) else []


def _packaging_of(environment: str) -> str:
    name = environment if environment.startswith("<") else shlex.quote(environment)
    return f"copilot env package --name {name} --output-dir infrastructure"
