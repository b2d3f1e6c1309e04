"""Files that changed -> the templates that they affect.

A commit holds templates, what belongs to them, and files that have to do with neither. The last are
passed over here, as they are in a folder: whoever changes them asks for no check.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from copilot_preflight.inputs.copilot_names import (
    PATCHES,
    addons_of,
    find_manifest,
    is_parameter_file,
    template_of,
)
from copilot_preflight.inputs.discovery import STDIN, files_below, is_certain, is_to_be_checked
from copilot_preflight.inputs.manifest_env_files import env_file_paths
from copilot_preflight.read import document
from copilot_preflight.read.document import DocumentError

_ADDONS: Final = (".addons.stack.yml", "env.addons.yml")

_ENV_FILE: Final = ".env"
"""How the name of an env file ends, else Copilot refuses it.

Source: https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/ (``env_file``)
"""

_MANIFESTS: Final = "copilot/*/manifest.yml"


def templates_with(changed: Iterable[str]) -> list[str]:
    """The templates in and around files that changed, each once.

    A template stands for itself, a parameter file for the template next to it, addons for the
    stacks that have them too, and a manifest, or the patches next to it, for what its workload was
    packaged into, anywhere in the workspace. An env file stands for what the workloads were
    packaged into whose manifests name it, as their packages ask for the content that it had then,
    and for the packages that carry its hash. Folders and ``"-"`` stay as they are. What is gone
    belongs to nothing any more.
    """
    templates: dict[str, None] = {}
    for name in changed:
        is_whole = name == STDIN or os.path.isdir(name)
        templates.update(dict.fromkeys([name] if is_whole else map(str, _templates_of(Path(name)))))
    return list(templates)


def _templates_of(path: Path) -> Iterator[Path]:
    if not path.is_file():
        return
    if is_parameter_file(path):
        yield from filter(is_to_be_checked, filter(None, [template_of(path)]))
    elif path.name == "manifest.yml" and path.parent.parent.name == "copilot":
        yield from _packaged(path)
    elif path.name == PATCHES and path.parent.name == "overrides":
        yield from _packaged(path.parent.with_name("manifest.yml"))
    elif path.name.endswith(_ENV_FILE):
        for manifest in _naming(path):
            yield from _packaged(manifest)
        yield from _carrying(path)
    elif is_to_be_checked(path):
        yield path
        if path.name.endswith(_ADDONS):
            siblings = path.parent.iterdir()
            stacks = sorted(sibling for sibling in siblings if addons_of(sibling, "") == path)
            yield from filter(is_to_be_checked, stacks)


def _naming(env_file: Path) -> Iterator[Path]:
    """The manifests, up the tree, that name an env file."""
    where = os.path.realpath(env_file)
    for workspace in _workspaces(env_file):
        for manifest in sorted(workspace.glob(_MANIFESTS)):
            try:
                data = document.read(manifest).data
            except DocumentError:
                continue  # it is told of where it is checked
            paths = env_file_paths(data) if isinstance(data, dict) else ()
            if any(_real(workspace / path) == where for path in paths):
                yield manifest


def _workspaces(path: Path) -> Iterator[Path]:
    """The folders up the tree that have manifests, named from where the command runs."""
    for folder in Path(os.path.realpath(path)).parents:
        if any(folder.glob(_MANIFESTS)):
            yield folder if path.is_absolute() else Path(os.path.relpath(folder))


def _carrying(env_file: Path) -> Iterator[Path]:
    """The packages of a workspace that ask for an env file as it is now, whoever names it."""
    import hashlib  # OpenSSL loads slowly, and few commits have an env file

    try:
        digest = hashlib.sha256(env_file.read_bytes()).hexdigest().encode()
    except OSError:
        return
    for workspace in _workspaces(env_file):
        for path in files_below(str(workspace), []):
            is_values = is_parameter_file(path)
            if (is_values or is_certain(path)) and _holds(path, digest):
                template = template_of(path) if is_values else path
                if template is not None and is_to_be_checked(template):
                    yield template


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size <= document.MAX_SIZE and content in path.read_bytes()
    except OSError:
        return False


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:  # a name that no file can have
        return ""


def _packaged(manifest: Path) -> Iterator[Path]:
    """What ``copilot svc package`` made of a manifest, wherever it was told to write."""
    workload, workspace = manifest.parent.name, manifest.parents[2]
    where = Path(os.path.realpath(manifest))
    for path in files_below(str(workspace), []):
        if path.name.startswith(f"{workload}-") and not is_parameter_file(path):
            manifest_of = find_manifest(path, "")
            # 'web-admin-test.stack.yml' may be of 'web' or of 'web-admin'.
            if manifest_of is not None and manifest_of[0] == where and is_to_be_checked(path):
                yield path
