"""Environment files as a Copilot manifest names them, and as the workspace holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.inputs.manifest_env_files import NamedEnvFile, named_env_files
from copilot_preflight.inputs.package import Manifest

_MAX_ENV_FILE = 10_000_000


class ManifestEnvFile(NamedTuple):
    """An ``env_file`` of a manifest; one of ``parameters`` carries its ARN in the template."""

    path: str
    parameters: tuple[str, ...]
    place: Place
    workspace: Path | None

    def sha256(self) -> str | None:
        """The hash under which Copilot would upload the file now; None if it is not there.

        None, too, for what lies outside the workspace.
        """
        content = self._content()
        if content is None:
            return None
        import hashlib  # OpenSSL loads slowly, and few runs have a file to hash

        return hashlib.sha256(content).hexdigest()

    def variables(self) -> dict[str, int]:
        """The variables that ECS would take from the file now, each with the number of its line.

        Lines that begin with ``#`` or have no ``=`` are skipped, and so are empty names and
        values; of two lines for one name, the latter counts.
        Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
        and ``readEnvVarsFromFile`` of the ECS agent.
        """
        found: dict[str, int] = {}
        lines = (self._content() or b"").decode("utf-8", "replace").split("\n")
        for number, line in enumerate(lines, 1):
            name, *values = line.removesuffix("\r").split("=")
            if not line.startswith("#") and name and values and values[0]:
                found[name] = number
        return found

    def _content(self) -> bytes | None:
        """The file's content; None where it cannot be read, or lies outside the workspace.

        A manifest comes with the code under review: it must not make a run read, and say something
        about, any other file of the machine, through ``..`` or a link either.
        """
        if self.workspace is None or "${" in self.path:
            return None
        try:
            workspace = self.workspace.resolve()
            file = (workspace / self.path).resolve()
            if not file.is_relative_to(workspace):
                return None
            if not file.is_file() or file.stat().st_size > _MAX_ENV_FILE:
                return None
            return file.read_bytes()
        except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle, before 3.13
            return None


def manifest_env_files(manifest: Manifest, environment: str) -> Iterator[ManifestEnvFile]:
    """The env files of a workload in an environment; ``environments:`` overrides the rest."""
    found = _by_parameters(manifest.data)
    overrides = manifest.data.get("environments")
    override = overrides.get(environment) if isinstance(overrides, dict) else None
    if isinstance(override, dict):
        found |= _by_parameters(override, ("environments", environment))
    for parameters, path, where in found.values():
        if path:
            yield ManifestEnvFile(path, parameters, manifest.place_of(where), manifest.workspace)


def _by_parameters(
    section: Mapping[str, Any], prefix: DataPath = ()
) -> dict[tuple[str, ...], NamedEnvFile]:
    return {file.parameters: file for file in named_env_files(section, prefix)}


def local_files(manifest: Manifest) -> Iterator[Path]:
    """The paths of all env files that a manifest names, whatever the environment."""
    overrides = manifest.data.get("environments")
    environments = [*overrides] if isinstance(overrides, dict) else [""]
    for environment in environments:
        for file in manifest_env_files(manifest, str(environment)):
            if file.workspace is not None and "${" not in file.path:
                yield file.workspace / file.path
    # What every environment overrides is not read, and not to be written over either.
    if manifest.workspace is not None:
        for named in named_env_files(manifest.data):
            yield manifest.workspace / named.path
