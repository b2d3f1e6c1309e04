"""Where a Copilot manifest names env files, and the template's parameters that carry their ARNs.

Source: https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/ (``env_file``), and the
parameter names of Copilot's templates, v1.14 to v1.34.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.records import NamedTuple


class NamedEnvFile(NamedTuple):
    """An ``env_file`` of a section of a manifest, by its path from the workspace's root.

    One of ``parameters`` carries its ARN in the template; ``where`` is the path to it in the
    manifest. ``path`` is ``""`` where an environment has none of its own.
    """

    parameters: tuple[str, ...]
    path: str
    where: DataPath


def named_env_files(section: Mapping[str, Any], prefix: DataPath = ()) -> Iterator[NamedEnvFile]:
    """The env files that a manifest names, or one environment's section of it."""
    if isinstance(section.get("env_file"), str):
        yield NamedEnvFile(("EnvFileARN",), section["env_file"], (*prefix, "env_file"))
    logging = section.get("logging")
    if isinstance(logging, dict) and isinstance(logging.get("env_file"), str):
        where = (*prefix, "logging", "env_file")
        yield NamedEnvFile(("LoggingEnvFileARN",), logging["env_file"], where)
    sidecars = section.get("sidecars")
    for name, sidecar in (sidecars if isinstance(sidecars, dict) else {}).items():
        if isinstance(sidecar, dict) and isinstance(sidecar.get("env_file"), str):
            # v1.28 and later, then v1.27.
            names = (f"EnvFileARNFor{re.sub('[^A-Za-z0-9]', '', name)}", f"{name}EnvFileARN")
            where = (*prefix, "sidecars", name, "env_file")
            yield NamedEnvFile(names, sidecar["env_file"], where)


def env_file_paths(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The paths of all env files that a manifest names, in whatever environment."""
    overrides = manifest.get("environments")
    for section in (manifest, *(overrides.values() if isinstance(overrides, dict) else ())):
        if isinstance(section, dict):
            yield from (file.path for file in named_env_files(section) if file.path)
