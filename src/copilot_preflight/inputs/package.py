"""The files that belong together: a template, its parameter values, its addons and its manifest.

Files pair up by the names under which Copilot writes them: ``<name>-<env>.stack.yml`` with
``<name>-<env>.params.json`` and ``<name>.addons.stack.yml``; the manifest lies at
``copilot/<name>/manifest.yml`` up the tree, or in the template's own ``Metadata.Manifest``.
Source: https://aws.github.io/copilot-cli/docs/commands/svc-package/
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.inputs.template_shape import faults, is_template
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError, kind_of


class ParameterValue(NamedTuple):
    """A value from a parameter file or the command line (``place`` None)."""

    value: str
    place: Place | None = None


class Manifest(NamedTuple):
    """A Copilot manifest. ``place_of`` turns a path in it into a place that can be shown."""

    data: Mapping[str, Any]
    file: str
    workspace: Path | None = None
    embedded: bool = False

    def place_of(self, path: DataPath) -> Place:
        return Place(self.file, ("Metadata", "Manifest") if self.embedded else path)


class Package(NamedTuple):
    """One template with what belongs to it."""

    template: Document
    parameters: Mapping[str, ParameterValue] = MappingProxyType({})
    has_parameters: bool = False
    addons: Document | None = None
    manifest: Manifest | None = None


# --- neighbours ------------------------------------------------------------------------------


_PARAMETERS: Final = ".params.json"
_ENDINGS: Final = {".stack.yml": "", ".stack.yaml": "", ".env.yml": ".env"} | dict.fromkeys(
    (".yml", ".yaml", ".json", ".template"), ""
)
"""How a template's name ends -> how, before ``.params.json``, its parameter file's does."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


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
    beside = (parameter_file.with_name(f"{stem}{ending}") for ending in _ENDINGS)
    return next((found for found in beside if _existing(found, but=parameter_file)), None)


def addons_of(template: Path, workload: str) -> Path | None:
    """``web.addons.stack.yml`` beside ``web-test.stack.yml``, ``env.addons.yml`` for environments.

    Where the workload's name is not known, the longest name that a file has.
    """
    if template.name.endswith(".env.yml"):
        return _existing(template.with_name("env.addons.yml"), but=template)
    names = [workload] if workload else _prefixes(template)[1:]
    beside = (template.with_name(f"{name}.addons.stack.yml") for name in names)
    return next((found for found in beside if _existing(found, but=template)), None)


def find_manifest(template: Path, workload: str) -> tuple[Path, Path] | None:
    """(manifest, workspace root) of ``copilot/<name>/manifest.yml``, looking up the tree."""
    names = [workload] if workload else _prefixes(template)
    for folder in Path(os.path.realpath(template)).parents:
        for name in names:
            if found := _existing(folder / "copilot" / name / "manifest.yml"):
                return found, folder
    return None


def _prefixes(template: Path) -> list[str]:
    """What the workload may be called: ``my-api-eu``, ``my-api``, ``my`` for ``my-api-eu.yml``."""
    pieces = template.name.partition(".")[0].split("-")
    names = ["-".join(pieces[:count]) for count in range(len(pieces), 0, -1)]
    return [name for name in names if name]


def _existing(path: Path, but: Path | None = None) -> Path | None:
    return path if path != but and os.path.isfile(path) else None


class Loader:
    """Gathers what belongs to templates. Neighbours that cannot be read end up in ``faults``."""

    def __init__(self, read: document.Read = document.read) -> None:
        self.faults: list[DocumentError] = []
        self.documents: list[Document] = []
        self._read_file = read
        self._read_before: dict[str, Document | None] = {}

    @property
    def paths(self) -> Iterable[str]:
        """The real paths of the neighbours that were read, or could not be."""
        return self._read_before.keys()

    def package(
        self,
        template: Document,
        path: Path | None = None,
        overrides: Mapping[str, ParameterValue] | None = None,
    ) -> Package:
        """The package around a template.

        ``path`` is where the template lies, None for standard input. ``overrides`` win over the
        neighbouring parameter file.
        """
        declared = _declared(template)
        beside = self._parameters_beside(template, path)
        chosen = {n: v for n, v in (overrides or {}).items() if n in declared}
        parameters = {**(beside or {}), **chosen}
        workload = _workload(declared, parameters)
        return Package(
            template,
            parameters,
            has_parameters=beside is not None or bool(chosen),
            addons=self._addons(template, path, workload),
            manifest=self._workspace_manifest(template, path, workload) or _embedded(template),
        )

    def _read(self, path: Path, shown: str) -> Document | None:
        where = os.path.realpath(path)
        if where not in self._read_before:
            self._read_before[where] = None
            try:
                found = self._read_file(path, shown)
            except DocumentError as error:
                self.faults.append(error)
            else:
                self.documents.append(found)
                self._read_before[where] = found
        return self._read_before[where]

    def _read_beside(self, template: Document, neighbour: Path | None) -> Document | None:
        if neighbour is None:
            return None
        return self._read(neighbour, str(Path(template.file).with_name(neighbour.name)))

    def _parameters_beside(
        self, template: Document, path: Path | None
    ) -> dict[str, ParameterValue] | None:
        """The values of the neighbouring parameter file, None where none can be read."""
        values = self._read_beside(template, path and parameter_file_of(path))
        if values is None:
            return None
        try:
            found = parameter_values(values)
        except DocumentError as error:
            self.faults.append(error)
            return None
        declared = _declared(template)
        mine = {name: value for name, value in found.items() if name in declared}
        for name, value in found.items():
            if name not in mine and value.place is not None:
                message = (
                    f"'{template.file}' declares no parameter '{name}': is this another stack's?"
                )
                self.faults.append(values.fault(value.place.path, message))
                return mine or None
        return mine

    def _addons(self, template: Document, path: Path | None, workload: str) -> Document | None:
        found = self._read_beside(template, path and addons_of(path, workload))
        if found is None:
            return None
        if not is_template(found.data):
            self.faults.append(found.fault((), "addons must be a template: they have no Resources"))
            return None
        wrong = list(faults(found))
        self.faults += wrong
        return None if wrong else found

    def _workspace_manifest(
        self, template: Document, path: Path | None, workload: str
    ) -> Manifest | None:
        found = path and find_manifest(path, workload)
        if not found:
            return None
        manifest, workspace = found
        shown = str(manifest)
        if not Path(template.file).is_absolute():
            shown = os.path.relpath(manifest)
        loaded = self._read(manifest, shown)
        if loaded is None:
            return None
        if not isinstance(loaded.data, dict):
            message = f"a manifest must be a map, found {kind_of(loaded.data)}"
            self.faults.append(loaded.fault((), message))
            return None
        return Manifest(loaded.data, loaded.file, workspace)


def _declared(template: Document) -> Mapping[str, Any]:
    declared = template.data.get("Parameters")
    return declared if isinstance(declared, dict) else {}


def _workload(declared: Mapping[str, Any], parameters: Mapping[str, ParameterValue]) -> str:
    """The workload's name as Copilot's parameter tells it, ``""`` where nothing does."""
    given, parameter = parameters.get("WorkloadName"), declared.get("WorkloadName")
    default = parameter.get("Default") if isinstance(parameter, dict) else None
    name = given.value if given is not None else default if isinstance(default, str) else ""
    return name if _NAME.fullmatch(name) else ""


def _embedded(template: Document) -> Manifest | None:
    """The manifest that Copilot, from v1.20 on, writes into the template's metadata."""
    metadata = template.data.get("Metadata")
    embedded = metadata.get("Manifest") if isinstance(metadata, dict) else None
    if not isinstance(embedded, str):
        return None
    try:
        data = document.parse(embedded, template.file).data
    except DocumentError:
        return None  # a manifest with placeholders, say; the template itself is not worse for it
    return Manifest(data, template.file, embedded=True) if isinstance(data, dict) else None


# --- parameter files -------------------------------------------------------------------------


_OTHER_SECTIONS: Final = frozenset({"Tags", "StackPolicy"})
"""What may stand beside ``Parameters`` in a template configuration file of CodePipeline."""


def parameter_values(values: Document) -> dict[str, ParameterValue]:
    """Reads the three forms of a parameter file.

    ``{"Parameters": {...}}`` (Copilot, CodePipeline), a list of maps with ParameterKey and
    ParameterValue or of ``"Key=Value"`` (AWS CLI), and a plain map. Raises DocumentError, with the
    place, for anything else.
    """
    data = values.data
    prefix: DataPath = ()
    if isinstance(data, dict) and ("Parameters" in data or not data.keys() - _OTHER_SECTIONS):
        data, prefix = data.get("Parameters", {}), ("Parameters",)
    if isinstance(data, dict):
        pairs: list[tuple[str, Any, DataPath]]
        pairs = [(str(key), value, (*prefix, key)) for key, value in data.items()]
    elif isinstance(data, list):
        pairs = [_pair(values, item, (*prefix, index)) for index, item in enumerate(data)]
    else:
        raise values.fault(prefix, f"parameters must be a map or a list, found {kind_of(data)}")
    return {
        name: ParameterValue(_scalar(values, value, path), Place(values.file, path))
        for name, value, path in pairs
        if value is not None
    }


def _pair(values: Document, item: Any, path: DataPath) -> tuple[str, Any, DataPath]:
    if isinstance(item, str) and "=" in item:
        name, _, assigned = item.partition("=")
        return name, assigned, path
    if isinstance(item, dict) and isinstance(item.get("ParameterKey"), str):
        value = item.get("ParameterValue")
        previous = bool(item.get("UsePreviousValue"))
        return item["ParameterKey"], None if previous else value, (*path, "ParameterValue")
    raise values.fault(path, "expected a map with ParameterKey and ParameterValue")


def _scalar(values: Document, value: Any, path: DataPath) -> str:
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        return ",".join(_scalar(values, item, path) for item in value)
    if isinstance(value, (dict, list)):
        raise values.fault(path, f"a parameter value must be a string, found {kind_of(value)}")
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
