"""The files that belong together: a template, its parameter values, its addons and its manifest.

Files pair up by the names under which Copilot writes them: ``<name>-<env>.stack.yml`` with
``<name>-<env>.params.json`` and ``<name>.addons.stack.yml``; the manifest lies at
``copilot/<name>/manifest.yml`` up the tree, or in the template's own ``Metadata.Manifest``.
Source: https://aws.github.io/copilot-cli/docs/commands/svc-package/
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from copilot_preflight import document
from copilot_preflight.document import Document, DocumentError
from copilot_preflight.finding import DataPath, Place

_TEMPLATE_SUFFIXES: Final = (".yml", ".yaml", ".json", ".template")
_SKIPPED_FOLDERS: Final = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A value from a parameter file or the command line (``place`` None)."""

    value: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A Copilot manifest. ``place_of`` turns a path in it into a place that can be shown."""

    data: Mapping[str, Any]
    file: str
    workspace: Path | None = None
    embedded: bool = False

    def place_of(self, path: DataPath) -> Place:
        return Place(self.file, ("Metadata", "Manifest") if self.embedded else path)


@dataclass(frozen=True, slots=True)
class Package:
    """One template with what belongs to it."""

    template: Document
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    has_parameters: bool = False
    addons: Document | None = None
    manifest: Manifest | None = None


# --- telling templates apart -----------------------------------------------------------------


def is_template(data: Any) -> bool:
    """Whether data is a CloudFormation template: a map with a section that only they have."""
    return isinstance(data, dict) and ("Resources" in data or "AWSTemplateFormatVersion" in data)


def looks_like_template(path: Path) -> bool:
    """A cheap look at a file that nobody named, before it is parsed."""
    try:
        with path.open("rb") as stream:
            content = stream.read(document.MAX_SIZE)
    except OSError:
        return True  # reading it properly will say what is wrong
    return b"Resources" in content and b"Type" in content


def candidates(folder: Path) -> Iterator[Path]:
    """The files below a folder that may be templates, in a stable order."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED_FOLDERS and f[0] != ".")
        for name in sorted(files):
            if name.endswith(_TEMPLATE_SUFFIXES) and not name.startswith("."):
                yield Path(root, name)


# --- neighbours ------------------------------------------------------------------------------


def parameter_file_of(template: Path) -> Path | None:
    """The neighbouring parameter file, by Copilot's naming."""
    for ending in (".stack.yml", ".stack.yaml", ".env.yml", ".yml", ".yaml", ".json", ".template"):
        if template.name.endswith(ending):
            stem = template.name.removesuffix(ending)
            middle = ".env" if ending == ".env.yml" else ""
            found = template.with_name(f"{stem}{middle}.params.json")
            return found if found != template and found.is_file() else None
    return None


def template_of(parameter_file: Path) -> Path | None:
    """The template that a Copilot parameter file belongs to."""
    stem = parameter_file.name.removesuffix(".params.json")
    if stem == parameter_file.name:
        return None
    names = (f"{stem}.stack.yml", f"{stem}.yml", f"{stem}.stack.yaml", f"{stem}.yaml")
    return next((p for n in names if (p := parameter_file.with_name(n)).is_file()), None)


def _addons_of(template: Path) -> Path | None:
    """``web.addons.stack.yml`` beside ``web-test.stack.yml``: the longest name that exists."""
    stem = template.name.partition(".")[0]
    while "-" in stem:
        stem = stem.rpartition("-")[0]
        found = template.with_name(f"{stem}.addons.stack.yml")
        if found.is_file() and found != template:
            return found
    return None


def _find_manifest(template: Path, names: list[str]) -> tuple[Path, Path] | None:
    """(manifest, workspace root) of ``copilot/<name>/manifest.yml``, looking up the tree."""
    for folder in template.resolve().parents:
        for name in names:
            found = folder / "copilot" / name / "manifest.yml"
            if found.is_file():
                return found, folder
    return None


class Loader:
    """Gathers what belongs to templates. Neighbours that cannot be read end up in ``faults``."""

    def __init__(self) -> None:
        self.faults: list[DocumentError] = []
        self.documents: list[Document] = []

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
        values = self._read_beside(template, path and parameter_file_of(path))
        parameters = self._values(template, values) if values else {}
        mine = {n: v for n, v in (overrides or {}).items() if n in _declared(template)}
        parameters.update(mine)
        return Package(
            template,
            parameters,
            has_parameters=values is not None or bool(mine),
            addons=self._read_beside(template, path and _addons_of(path)),
            manifest=self._workspace_manifest(template, path, parameters) or _embedded(template),
        )

    def _read_beside(self, template: Document, neighbour: Path | None) -> Document | None:
        if neighbour is None:
            return None
        return self._read(neighbour, str(Path(template.file).with_name(neighbour.name)))

    def _read(self, path: Path, shown: str) -> Document | None:
        try:
            found = document.read(path, shown)
        except DocumentError as error:
            self.faults.append(error)
            return None
        self.documents.append(found)
        return found

    def _values(self, template: Document, values: Document) -> dict[str, ParameterValue]:
        try:
            found = parameter_values(values)
        except DocumentError as error:
            self.faults.append(error)
            return {}
        declared = _declared(template)
        for name, value in found.items():
            if name not in declared and value.place is not None:
                message = (
                    f"'{template.file}' declares no parameter '{name}': is this another stack's?"
                )
                self.faults.append(fault(values, value.place.path, message))
                break
        return {name: value for name, value in found.items() if name in declared}

    def _workspace_manifest(
        self, template: Document, path: Path | None, parameters: Mapping[str, ParameterValue]
    ) -> Manifest | None:
        if path is None:
            return None
        name = parameters.get("WorkloadName")
        pieces = path.name.partition(".")[0].split("-")
        stems = ["-".join(pieces[:count]) for count in range(len(pieces), 0, -1)]
        found = _find_manifest(path, [name.value] if name and name.value else stems)
        if found is None:
            return None
        manifest, workspace = found
        shown = str(manifest)
        if not Path(template.file).is_absolute():
            shown = os.path.relpath(manifest)
        loaded = self._read(manifest, shown)
        if loaded is None or not isinstance(loaded.data, dict):
            return None
        return Manifest(loaded.data, loaded.file, workspace)


def _declared(template: Document) -> Mapping[str, Any]:
    declared = template.data.get("Parameters")
    return declared if isinstance(declared, dict) else {}


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


def parameter_values(values: Document) -> dict[str, ParameterValue]:
    """Reads the three forms of a parameter file.

    ``{"Parameters": {...}}`` (Copilot, CodePipeline), a list of maps with ParameterKey and
    ParameterValue or of ``"Key=Value"`` (AWS CLI), and a plain map. Raises DocumentError, with the
    place, for anything else.
    """
    data = values.data
    prefix: DataPath = ()
    if isinstance(data, dict) and isinstance(data.get("Parameters"), (dict, list)):
        data, prefix = data["Parameters"], ("Parameters",)
    if isinstance(data, dict):
        pairs: list[tuple[str, Any, DataPath]]
        pairs = [(str(key), value, (*prefix, key)) for key, value in data.items()]
    elif isinstance(data, list):
        pairs = [_pair(values, item, (*prefix, index)) for index, item in enumerate(data)]
    else:
        raise fault(values, (), "a parameter file holds a map or a list")
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
    raise fault(values, path, "expected a map with ParameterKey and ParameterValue")


def _scalar(values: Document, value: Any, path: DataPath) -> str:
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        return ",".join(_scalar(values, item, path) for item in value)
    if isinstance(value, (dict, list)):
        raise fault(values, path, "a parameter value must be a string")
    return str(value).lower() if isinstance(value, bool) else str(value)


def fault(where: Document, path: DataPath, message: str) -> DocumentError:
    """A DocumentError at a path of a document."""
    start = where.span(path).start
    return DocumentError(where.file, start.line, start.column, message)
