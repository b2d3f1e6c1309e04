"""Which files belong together, by the names under which Copilot writes them.

``<name>-<env>.stack.yml`` goes with ``<name>-<env>.params.json`` and ``<name>.addons.stack.yml``;
the manifest lies at ``copilot/<name>/manifest.yml`` up the tree, and next to it are the overrides.
Source: https://aws.github.io/copilot-cli/docs/commands/svc-package/
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from copilot_preflight.base.records import NamedTuple

_PARAMETERS: Final = ".params.json"
_ENDINGS: Final = {".stack.yml": "", ".stack.yaml": "", ".env.yml": ".env"} | dict.fromkeys(
    (".yml", ".yaml", ".json", ".template"), ""
)
"""How a template's name ends -> how, before ``.params.json``, its parameter file's does."""


def is_parameter_file(path: Path) -> bool:
    """Whether a file is named as Copilot names parameter files."""
    return path.name.endswith(_PARAMETERS)


def parameter_file_of(template: Path) -> Path | None:
    """The neighbouring parameter file, by Copilot's naming."""
    for ending, kept in _ENDINGS.items():
        if template.name.endswith(ending):
            stem = template.name.removesuffix(ending)
            return _existing(template.with_name(f"{stem}{kept}{_PARAMETERS}"), but=template)
    return None


def template_of(parameter_file: Path) -> Path | None:
    """The template that a Copilot parameter file belongs to."""
    stem = parameter_file.name.removesuffix(_PARAMETERS)
    templates = (parameter_file.with_name(f"{stem}{ending}") for ending in _ENDINGS)
    return next((path for path in templates if _existing(path, but=parameter_file)), None)


def addons_of(template: Path, workload: str) -> Path | None:
    """``web.addons.stack.yml`` next to ``web-test.stack.yml``, ``env.addons.yml`` for environments.

    Where the workload's name is not known, the longest name that a file has.
    """
    if template.name.endswith(".env.yml"):
        return _existing(template.with_name("env.addons.yml"), but=template)
    names = [workload] if workload else _prefixes(template)[1:]
    addons = (template.with_name(f"{name}.addons.stack.yml") for name in names)
    return next((path for path in addons if _existing(path, but=template)), None)


def find_manifest(template: Path, workload: str) -> tuple[Path, Path] | None:
    """(manifest, workspace root) of ``copilot/<name>/manifest.yml``, looking up the tree."""
    names = [workload] if workload else _prefixes(template)
    for folder in Path(os.path.realpath(template)).parents:
        for name in names:
            if manifest := _existing(folder / "copilot" / name / "manifest.yml"):
                return manifest, folder
    return None


PATCHES: Final = "cfn.patches.yml"
PROGRAM: Final = "stack.ts"
"""What overrides a template instead, where a workspace does it with the CDK."""


class OverridesFolder(NamedTuple):
    """Where the overrides of a template are, or would be: ``copilot/<name>/overrides``.

    Source: https://aws.github.io/copilot-cli/docs/developing/overrides/yamlpatch/
    """

    path: Path
    workspace: Path

    @property
    def patches(self) -> Path:
        return self.path / PATCHES

    @property
    def program(self) -> Path:
        return self.path / PROGRAM

    @property
    def is_for_cdk(self) -> bool:
        """Whether Copilot overrides with the CDK here: with patches it does not look for it."""
        return not self.patches.is_file() and (self.path / "cdk.json").is_file()


def find_overrides(template: Path, workload: str) -> OverridesFolder | None:
    """The overrides' folder in the nearest workspace up the tree that has the workload.

    An environment's template has those of all environments.
    """
    if template.name.endswith(".env.yml"):
        names = ["environments"]
    else:
        names = [workload] if workload else _prefixes(template)
    for folder in Path(os.path.realpath(template)).parents:
        for name in names:
            of_workload = folder / "copilot" / name
            if os.path.isdir(of_workload):
                return OverridesFolder(of_workload / "overrides", folder)
    return None


def _prefixes(template: Path) -> list[str]:
    """What the workload may be called: ``my-api-eu``, ``my-api``, ``my`` for ``my-api-eu.yml``."""
    pieces = template.name.partition(".")[0].split("-")
    names = ["-".join(pieces[:count]) for count in range(len(pieces), 0, -1)]
    return [name for name in names if name]


def _existing(path: Path, but: Path | None = None) -> Path | None:
    return path if path != but and os.path.isfile(path) else None
