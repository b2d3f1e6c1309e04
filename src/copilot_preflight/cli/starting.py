"""What a project begins with: a configuration, an entry for pre-commit, a workflow for GitHub."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from copilot_preflight._version import HOME, __version__
from copilot_preflight.edits.edit import END, Applicability, insertion
from copilot_preflight.edits.text.changes import CannotWrite, changed, text_changes
from copilot_preflight.fixes.files import FileChange
from copilot_preflight.inputs.nearest import nearest
from copilot_preflight.read import document
from copilot_preflight.read.document import DocumentError

CONFIGURATION: Final = ".copilot-preflight.yml"
PRE_COMMIT: Final = ".pre-commit-config.yaml"
WORKFLOW: Final = ".github/workflows/copilot-preflight.yml"

_SCHEMA: Final = (
    "https://raw.githubusercontent.com/copilot-preflight/copilot-preflight/main/src/"
    "copilot_preflight/data/schemas/config.schema.json"
)

_CONFIGURATION_TEXT: Final = """\
# yaml-language-server: $schema={schema}
# What holds for every run here. All keys: {home}/blob/main/docs/configuration.md
fail-on: error
# region: eu-west-1            # where the stacks are deployed
# account: '111122223333'
# exclude: [legacy/]           # files and folders that are left out
# ignore: [W9754]              # rules that do not look
"""

_WORKFLOW_TEXT: Final = """\
name: copilot-preflight
on:
  pull_request:
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: '3.13'
{before}      - uses: copilot-preflight/copilot-preflight@v{version}
        with:
          paths: {paths}
"""

_BEFORE: Final = """\
      # add the steps that write {path} here: 'cdk synth', or 'copilot svc package'
"""
_PLAIN: Final = re.compile(r"[A-Za-z][\w./-]*")


class Project(NamedTuple):
    """Where a project begins, and what of it is checked, both from the current folder."""

    root: str
    paths: tuple[str, ...]
    is_copilots: bool


class Start(NamedTuple):
    """What there is to write, and a line for each file that is left as it is."""

    changes: tuple[FileChange, ...]
    left: tuple[str, ...]


def project() -> Project:
    """The project around the current folder: the git repository, else the folder itself."""
    here = Path(os.path.realpath(os.curdir))
    with_git = (it for it in (here, *here.parents) if os.path.exists(it / ".git"))
    root = next(with_git, here)
    found = nearest(str(root))
    paths = [Path(os.path.realpath(path)) for path in found.paths]
    inside = [path.relative_to(root).as_posix() for path in paths if path.is_relative_to(root)]
    shown = tuple(inside) or ("infrastructure",)
    return Project(os.path.relpath(root), shown, found.is_copilots)


def start(project: Project, wanted: Sequence[str]) -> Start:
    """What to write of the files that are wanted: of ``config``, ``pre-commit``, ``workflow``."""
    changes, left = [], []
    for name, file, made in _files(project):
        if name not in wanted:
            continue
        path = os.path.normpath(os.path.join(project.root, file))
        try:
            change = made(path)
        except CannotWrite as fault:
            left.append(f"{path}: left as it is: {fault.reason}")
        else:
            changes.append(change)
    return Start(tuple(changes), tuple(left))


def _files(project: Project) -> Iterator[tuple[str, str, Callable[[str], FileChange]]]:
    paths = list(project.paths)
    is_plain = len(paths) == 1 and _PLAIN.fullmatch(paths[0])
    listed = paths[0] if is_plain else "|\n" + "\n".join(f"            {it}" for it in paths)
    absent = [it for it in paths if not _is_kept(os.path.join(project.root, it))]
    before = "".join(_BEFORE.format(path=it) for it in absent)
    text = _WORKFLOW_TEXT.format(version=__version__, paths=listed, before=before)
    yield (
        "config",
        CONFIGURATION,
        lambda path: _new(path, _CONFIGURATION_TEXT.format(schema=_SCHEMA, home=HOME)),
    )
    yield "pre-commit", PRE_COMMIT, lambda path: _with_hooks(path, _entry(project))
    yield (
        "workflow",
        WORKFLOW,
        lambda path: _new(path, text),
    )


def _is_kept(path: str) -> bool:
    """Whether a checkout has a folder: what the CDK synthesizes is written anew each time."""
    return os.path.exists(path) and os.path.basename(path) != "cdk.out"


def _new(path: str, text: str) -> FileChange:
    if os.path.lexists(path):
        raise CannotWrite("it is there already")
    return FileChange(path, None, text)


# --- pre-commit -----------------------------------------------------------------------------------


class _Entry(NamedTuple):
    """An item of a list, as edits write it."""

    plain: Any
    gaps: tuple[str, ...] = ()


def _entry(project: Project) -> dict[str, Any]:
    """What pre-commit's configuration says of the hooks that fit a project."""
    with_copilot = ("copilot-preflight", "copilot-preflight-manifests")
    hooks = with_copilot if project.is_copilots else ("copilot-preflight-templates",)
    return {"repo": HOME, "rev": f"v{__version__}", "hooks": [{"id": name} for name in hooks]}


def _with_hooks(path: str, entry: dict[str, Any]) -> FileChange:
    """pre-commit's configuration with the hooks, and nothing of what is there touched."""
    if not os.path.lexists(path):
        hooks = "".join(f"      - id: {hook['id']}\n" for hook in entry["hooks"])
        text = f"repos:\n  - repo: {entry['repo']}\n    rev: {entry['rev']}\n    hooks:\n{hooks}"
        return FileChange(path, None, text)
    try:
        found = document.read(path, path)
    except DocumentError as fault:
        raise CannotWrite(f"it cannot be read: {fault.message}") from None
    repos = found.data.get("repos") if isinstance(found.data, dict) else None
    if not isinstance(repos, list):
        raise CannotWrite("it has no list 'repos'")
    if any(isinstance(it, dict) and _is_ours(it.get("repo")) for it in repos):
        raise CannotWrite("the hooks are in it already")
    edit = insertion(path, ("repos", END), _Entry(entry), "add hooks", Applicability.SAFE)
    changes = text_changes(found.text, [edit])
    if repos and any(it.start != it.end for it in changes):
        raise CannotWrite("the hooks do not fit in without a change of what is there")
    return FileChange(path, found.text, changed(found.text, changes))


def _is_ours(repository: object) -> bool:
    return isinstance(repository, str) and repository.removesuffix(".git").endswith(
        "/copilot-preflight"
    )
