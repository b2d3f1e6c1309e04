"""The files that belong together: a template, its parameter values, its addons and its manifest.

Copilot's names of files say what belongs to a template (``copilot_names``). A manifest may also be
embedded in the template, as ``Metadata.Manifest``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.inputs.copilot_names import (
    PATCHES,
    OverridesFolder,
    addons_of,
    find_manifest,
    find_overrides,
    parameter_file_of,
)
from copilot_preflight.inputs.parameter_files import ParameterValue, parameter_values
from copilot_preflight.inputs.template_shape import faults, is_template, kinds_of
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError, kind_of


class Manifest(NamedTuple):
    """A Copilot manifest. ``place_of`` turns a path in it into a place that can be shown."""

    source: Document
    workspace: Path | None = None
    embedded: bool = False

    @property
    def file(self) -> str:
        return self.source.file

    @property
    def data(self) -> Mapping[str, Any]:
        data: Mapping[str, Any] = self.source.data
        return data

    def place_of(self, path: DataPath) -> Place:
        return Place(self.file, ("Metadata", "Manifest") if self.embedded else path)


class Overrides(NamedTuple):
    """The patches in a workspace, which Copilot applies whenever it writes a template anew.

    ``original`` is the template without them, where a package has them applied in memory.
    """

    source: Document
    original: Document | None = None


class Package(NamedTuple):
    """One template with what belongs to it.

    ``kinds`` are the types of its resources, None where nobody has looked yet. ``program`` is the
    file that overrides it with the CDK, ``""`` where patches do, or would.
    """

    template: Document
    parameters: Mapping[str, ParameterValue] = MappingProxyType({})
    has_parameters: bool = False
    addons: Document | None = None
    in_workspace: Manifest | None = None
    kinds: frozenset[str] | None = None
    overrides: Overrides | None = None
    program: str = ""

    @property
    def manifest(self) -> Manifest | None:
        """The workspace's manifest, else the one that is written into the template."""
        return self.in_workspace or embedded_manifest(self.template)


class Gathered(NamedTuple):
    """A package and how it came together: what was read for it, by real paths, and what is wrong.

    A document is None where it could not be read.
    """

    package: Package
    documents: Mapping[str, Document | None]
    faults: Sequence[DocumentError]


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
        in_file = self._neighbouring_parameters(template, path)
        chosen = {n: v for n, v in (overrides or {}).items() if n in declared}
        parameters = {**(in_file or {}), **chosen}
        workload = _workload(declared, parameters)
        manifest = self._workspace_manifest(template, path, workload)
        return Package(
            template,
            parameters,
            has_parameters=in_file is not None or bool(chosen),
            addons=self._addons(template, path, workload),
            in_workspace=manifest,
            overrides=self._overrides(template, path, workload),
            program=_program(manifest),
        )

    def gather(
        self,
        template: Document,
        path: Path,
        overrides: Mapping[str, ParameterValue],
    ) -> Gathered:
        """The package around a template, with what another loader needs to take it over."""
        alone = Loader(self._read_file)
        package = alone.package(template, path, overrides)._replace(kinds=kinds_of(template))
        return Gathered(package, alone._read_before, alone.faults)

    def take_over(self, gathered: Gathered) -> Package | None:
        """The package that another loader has gathered; what both have read is there once.

        None where a file was read under another name meanwhile, by which it is shown.
        """
        ours: dict[Document, Document] = {}
        for where, theirs in gathered.documents.items():
            own = self._read_before.get(where)
            if own is not None and theirs is not None:
                if own.file != theirs.file:
                    return None
                ours[theirs] = own
        for where, theirs in gathered.documents.items():
            if where not in self._read_before:
                self._read_before[where] = theirs
                if theirs is not None:
                    self.documents.append(theirs)
        self.faults += gathered.faults
        package = gathered.package
        if package.addons in ours:
            package = package._replace(addons=ours[package.addons])
        manifest = package.in_workspace
        if manifest is not None and manifest.source in ours:
            package = package._replace(in_workspace=manifest._replace(source=ours[manifest.source]))
        overrides = package.overrides
        if overrides is not None and overrides.source in ours:
            package = package._replace(overrides=Overrides(ours[overrides.source]))
        return package

    def _read(self, path: Path, shown: str) -> Document | None:
        where = os.path.realpath(path)
        if where not in self._read_before:
            self._read_before[where] = None
            try:
                loaded = self._read_file(path, shown)
            except DocumentError as error:
                # Patches that are all commented out are none.
                if not (error.is_empty and path.name == PATCHES):
                    self.faults.append(error)
            else:
                self.documents.append(loaded)
                self._read_before[where] = loaded
        return self._read_before[where]

    def _read_neighbour(self, template: Document, neighbour: Path | None) -> Document | None:
        if neighbour is None:
            return None
        return self._read(neighbour, str(Path(template.file).with_name(neighbour.name)))

    def _neighbouring_parameters(
        self, template: Document, path: Path | None
    ) -> dict[str, ParameterValue] | None:
        """The values of the neighbouring parameter file, None where none can be read."""
        values = self._read_neighbour(template, path and parameter_file_of(path))
        if values is None:
            return None
        try:
            by_name = parameter_values(values)
        except DocumentError as error:
            self.faults.append(error)
            return None
        declared = _declared(template)
        mine = {name: value for name, value in by_name.items() if name in declared}
        for name, value in by_name.items():
            if name not in mine and value.place is not None:
                message = (
                    f"'{template.file}' declares no parameter '{name}': is this another stack's?"
                )
                self.faults.append(values.fault(value.place.path, message))
                return mine or None
        return mine

    def _addons(self, template: Document, path: Path | None, workload: str) -> Document | None:
        addons = self._read_neighbour(template, path and addons_of(path, workload))
        if addons is None:
            return None
        if not is_template(addons.data):
            message = "addons must be a template: they have no Resources"
            self.faults.append(addons.fault((), message))
            return None
        wrong = list(faults(addons))
        self.faults += wrong
        return None if wrong else addons

    def _workspace_manifest(
        self, template: Document, path: Path | None, workload: str
    ) -> Manifest | None:
        manifest_and_workspace = path and find_manifest(path, workload)
        if not manifest_and_workspace:
            return None
        manifest, workspace = manifest_and_workspace
        loaded = self._read(manifest, _shown(manifest, template))
        if loaded is None:
            return None
        if not isinstance(loaded.data, dict):
            message = f"a manifest must be a map, found {kind_of(loaded.data)}"
            self.faults.append(loaded.fault((), message))
            return None
        return Manifest(loaded, workspace)

    def _overrides(self, template: Document, path: Path | None, workload: str) -> Overrides | None:
        """The patches for a template that Copilot has written; of any other nothing is known."""
        if path is None or not is_copilots(template):
            return None
        folder = find_overrides(path, workload)
        if folder is None or not folder.patches.is_file():
            return None
        patches = self._read(folder.patches, _shown(folder.patches, template))
        return None if patches is None else Overrides(patches)


def _program(manifest: Manifest | None) -> str:
    """The program of the CDK in the folder of overrides next to a manifest, ``""`` if none is."""
    if manifest is None or manifest.workspace is None:
        return ""
    folder = Path(manifest.file).parent / "overrides"
    found = OverridesFolder(folder, manifest.workspace)
    return str(found.program) if found.is_for_cdk else ""


def is_copilots(template: Document) -> bool:
    """Whether Copilot has written a template for a workload or an environment, as it says."""
    description = template.data.get("Description")
    return isinstance(description, str) and description.startswith(_COPILOTS)


_COPILOTS: Final = (
    "CloudFormation template that represents a",
    "CloudFormation environment template for infrastructure shared among Copilot",
)


def _shown(path: Path, template: Document) -> str:
    """The name of a file of the workspace for whoever knows the template's."""
    return str(path) if Path(template.file).is_absolute() else os.path.relpath(path)


def _declared(template: Document) -> Mapping[str, Any]:
    declared = template.data.get("Parameters")
    return declared if isinstance(declared, dict) else {}


_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def _workload(declared: Mapping[str, Any], parameters: Mapping[str, ParameterValue]) -> str:
    """The workload's name in Copilot's parameter, ``""`` where nothing does."""
    given, parameter = parameters.get("WorkloadName"), declared.get("WorkloadName")
    default = parameter.get("Default") if isinstance(parameter, dict) else None
    name = given.value if given is not None else default if isinstance(default, str) else ""
    return name if _NAME.fullmatch(name) else ""


def embedded_manifest(template: Document) -> Manifest | None:
    """The manifest that Copilot, from v1.20 on, writes into the template's metadata."""
    metadata = template.data.get("Metadata")
    embedded = metadata.get("Manifest") if isinstance(metadata, dict) else None
    if not isinstance(embedded, str):
        return None
    try:
        source = document.parse(embedded, template.file)
    except DocumentError:
        return None  # a manifest with placeholders, say; the template itself is not worse for it
    return Manifest(source, embedded=True) if isinstance(source.data, dict) else None
