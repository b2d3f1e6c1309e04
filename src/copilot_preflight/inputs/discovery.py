"""Paths from the command line -> the templates that they stand for.

A file that somebody names is a template, or a fault. In a folder only what looks like a template
is one; the rest is counted.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.inputs.copilot_names import is_parameter_file, template_of
from copilot_preflight.inputs.template_shape import is_template
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError

if TYPE_CHECKING:
    from copilot_preflight.base.globs import Globs

STDIN: Final = "-"

_SUFFIXES: Final = (".yml", ".yaml", ".json", ".template")
_CERTAIN_SUFFIXES: Final = (".stack.yml", ".stack.yaml", ".template.json")  # Copilot's, CDK's
_SKIPPED_FOLDERS: Final = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


class DiscoveredTemplate(NamedTuple):
    """A template and where it lies, None for standard input.

    ``is_next``: it was looked up for a Copilot workspace, of which the next package is asked for.
    """

    template: Document
    path: Path | None
    is_next: bool = False


class _Listing(NamedTuple):
    """The files below a folder, and the folders among them that cannot be read.

    ``excluded`` is the number of files that may be templates and are left out.
    """

    files: list[Path]
    faults: list[DocumentError]
    excluded: int


class Discovery:
    """Finds each template once, however often its path is given.

    ``read`` reads a file. What is named and cannot be read ends up in ``faults``; ``others`` are
    the files of folders that are no templates, by their real paths. What ``exclude`` matches is
    left out of folders; a file that is named itself is not. So are ``answers`` of the account,
    files and folders of them.
    """

    def __init__(
        self,
        read: document.Read = document.read,
        exclude: Globs | None = None,
        answers: Iterable[Path] = (),
    ) -> None:
        self.faults: list[DocumentError] = []
        self.read = read
        self.exclude = exclude
        self._answers = tuple(os.path.realpath(path) for path in answers)
        self.others: set[str] = set()
        self._listings: dict[str, _Listing] = {}
        self._named: set[str] = set()
        self._found: dict[str, DiscoveredTemplate | None] = {}
        self._packages: list[Path] = []

    def templates(self, paths: Iterable[str]) -> Iterator[DiscoveredTemplate]:
        """The templates in files and folders; last the packages of workspaces among them."""
        for name in paths:
            is_folder = name != STDIN and os.path.isdir(name)
            yield from self._search(name) if is_folder else self._take(name)
        for path in self._packages:
            if (template := self._look_once(path)) is not None:
                yield template._replace(is_next=True)

    def candidates(self, paths: Iterable[str]) -> list[Path]:
        """The files that may be read for templates, in the order in which they will be."""
        found: dict[Path, None] = {}
        for name in paths:
            if name != STDIN:
                is_folder = os.path.isdir(name)
                files = self._listing(name).files if is_folder else [Path(name)]
                found.update((it, None) for it in files if not is_folder or may_be_template(it))
        return list(found)

    def _listing(self, folder: str) -> _Listing:
        if folder not in self._listings:
            faults: list[DocumentError] = []
            files, excluded = list(files_below(folder, faults)), 0
            if self._answers:
                files = [path for path in files if not self._is_answer(path)]
            if self.exclude is not None:
                every, files = files, [path for path in files if not self._is_excluded(path)]
                excluded = sum(map(may_be_template, every)) - sum(map(may_be_template, files))
            self._listings[folder] = _Listing(files, faults, excluded)
        return self._listings[folder]

    def _is_answer(self, path: Path) -> bool:
        where = os.path.realpath(path)
        return any(where == it or where.startswith(f"{it}{os.sep}") for it in self._answers)

    def _is_excluded(self, path: Path) -> bool:
        return self.exclude is not None and self.exclude.match(str(path))

    # --- what is named -----------------------------------------------------------------------

    def _take(self, name: str) -> Iterator[DiscoveredTemplate]:
        path = None if name == STDIN else Path(name)
        if path is not None and is_parameter_file(path):
            template = template_of(path)
            if template is None:
                message = "parameter values without a template next to them: use --params"
                self.faults.append(DocumentError(name, 0, 0, message))
                return
            path = template
        where = STDIN if path is None else os.path.realpath(path)
        if where in self._named or self._found.get(where) is not None:
            return
        self._named.add(where)
        self.others.discard(where)
        try:
            loaded = _standard_input() if path is None else self.read(path, str(path))
        except DocumentError as fault:
            self.faults.append(fault)
            return
        if is_template(loaded.data):
            self._found[where] = DiscoveredTemplate(loaded, path)
            yield DiscoveredTemplate(loaded, path)
        else:
            self.faults.append(loaded.fault((), _not_a_template(loaded)))

    # --- what a folder holds -----------------------------------------------------------------

    def _search(self, folder: str) -> Iterator[DiscoveredTemplate]:
        faults, templates, others = len(self.faults), 0, 0
        files, refused, excluded = self._listing(folder)
        self.faults += refused
        for path in files:
            where = os.path.realpath(path)
            before = len(self.faults)
            is_new = where not in self._found and where not in self._named
            if is_new:
                self._found[where] = self._look(path)
            if (template := self._found.get(where)) is not None:
                templates += 1
                if is_new:
                    yield template
            elif len(self.faults) == before and where not in self._named:
                others += 1
                self.others.add(where)
        packages = [path for path in packages_for(folder) if not self._is_excluded(path)]
        self._packages += packages
        if not templates and not packages and len(self.faults) == faults:
            command = _packaging(folder)
            if command:
                message = f"no package of this workspace: run '{command}' first"
                self.faults.append(DocumentError(folder, 0, 0, message))
                return
            rest = f"only {others} other file{'s' * (others > 1)}" if others else "and no file"
            if excluded:
                rest += f" (exclude leaves out {excluded} more)"
            message = f"no template in this folder or below it, {rest}"
            self.faults.append(DocumentError(folder, 0, 0, message))

    def _look_once(self, path: Path) -> DiscoveredTemplate | None:
        """The template in a file that nobody named, unless it was found before."""
        where = os.path.realpath(path)
        if where in self._found or where in self._named:
            return None
        self._found[where] = found = self._look(path)
        return found

    def _look(self, path: Path) -> DiscoveredTemplate | None:
        """The template in a file that nobody named, if it is one."""
        try:
            if looks_like_template(path):
                loaded = self.read(path, str(path))
                return DiscoveredTemplate(loaded, path) if is_template(loaded.data) else None
        except DocumentError as fault:
            self.faults.append(fault)
        return None


def packages_for(folder: str) -> Iterator[Path]:
    """What the workloads in a folder ``copilot``, or below one, were packaged into next to it."""
    if "copilot" in Path(os.path.realpath(folder)).parts:
        from copilot_preflight.inputs.workspaces import workspace_of  # here: few are named so

        workspace = workspace_of(folder)
        for path in () if workspace is None else workspace.packages():
            yield path if os.path.isabs(folder) else Path(os.path.relpath(path))


def _packaging(folder: str) -> str:
    """The command that packages what a folder has of a workspace, ``""`` where it has none."""
    from copilot_preflight.inputs.workspaces import workspace_in, workspace_of

    workspace = workspace_of(folder) or workspace_in(folder)
    return "" if workspace is None else workspace.command


def files_below(folder: str, faults: list[DocumentError]) -> Iterator[Path]:
    """The files below a folder in a stable order, except in hidden and in vendored folders.

    Links to folders are not followed, so no loop is ever walked. No recursion either: folders
    nest deeper than Python's stack. Folders that cannot be read end up in ``faults``.
    """
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            shown = sorted(name for name in os.listdir(current) if not name.startswith("."))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            faults.append(DocumentError(current, 0, 0, f"cannot read folder: {reason}"))
            continue
        paths = [os.path.join(current, name) for name in shown]
        folders = dict.fromkeys(filter(os.path.isdir, paths))
        yield from (Path(path) for path in paths if path not in folders)
        pending += (path for path in reversed(folders) if not _is_skipped(path))


def _is_skipped(folder: str) -> bool:
    return os.path.islink(folder) or os.path.basename(folder) in _SKIPPED_FOLDERS


def _standard_input() -> Document:
    stream = sys.stdin and sys.stdin.buffer
    return document.parse(stream.read(document.MAX_SIZE + 1) if stream else b"", "<stdin>")


def _not_a_template(loaded: Document) -> str:
    data = loaded.data
    if isinstance(data, dict) and {"name", "type"} <= data.keys():
        return "a Copilot manifest, not a template: check what 'copilot svc package' writes"
    return "not a CloudFormation template: it has no Resources"


def is_certain(path: Path) -> bool:
    """Whether only templates are named like this."""
    return path.name.endswith(_CERTAIN_SUFFIXES)


def may_be_template(path: Path) -> bool:
    """Whether a file in a folder is looked into."""
    return path.name.endswith(_SUFFIXES)


def looks_like_template(path: Path) -> bool:
    """A cheap look at a file, before it is parsed.

    What cannot be read counts, if its name does: reading it will say what is wrong.
    """
    if not may_be_template(path):
        return False
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > document.MAX_SIZE:
            return False  # a pipe could be waited for without end
        if is_certain(path):
            return True
        content = path.read_bytes().replace(b"\0", b"")  # UTF-16 is looked at as ASCII
    except OSError:
        return True
    return reads_like_template(content)


def is_to_be_checked(path: Path) -> bool:
    """Whether a file is a template, or would be one without the fault that a check will report."""
    if not looks_like_template(path):
        return False
    try:
        return is_template(document.read(path).data)
    except DocumentError:
        return True


def reads_like_template(content: bytes) -> bool:
    """Whether a text that nobody has parsed has the words of a template."""
    has_resource = b"Resources" in content and b"::" in content
    return has_resource or b"AWSTemplateFormatVersion" in content
