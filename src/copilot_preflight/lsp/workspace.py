"""The packages behind the open files, checked again when a file of theirs changes.

Nothing here speaks the protocol. A package is a template with what belongs to it; it is looked at
as long as one of its files is open.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from copilot_preflight.base.finding import Finding, InputError, Report, Source
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.config.settings import ConfigError
from copilot_preflight.inputs.copilot_names import is_parameter_file, template_of
from copilot_preflight.inputs.discovery import is_certain, may_be_template, reads_like_template
from copilot_preflight.inputs.template_shape import is_template
from copilot_preflight.lsp.unchanged import (
    Stamp,
    depends_on_data_alone,
    in_order,
    is_about_lines,
    same,
    stamps,
)
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.run import check as engine


class OpenPackage(NamedTuple):
    """A checked package: ``template`` is its template, ``files`` are the real paths of all of it.

    There is no analysis where the template could not be judged. ``read`` are the documents that an
    editor's text may stand for, by their names. ``is_lasting``: other texts with the same data
    would be judged alike, as long as the files on the disk have these ``stamps``.
    """

    template: Path
    report: Report
    analysis: Analysis | None
    files: frozenset[str]
    read: Mapping[str, Document] = MappingProxyType({})
    is_lasting: bool = False
    stamps: Mapping[str, Stamp] = MappingProxyType({})

    def document_in(self, where: str) -> Document | None:
        """A file of the package, as it was when it was checked."""
        for file, source in self.report.sources.items():
            if isinstance(source, Document) and os.path.realpath(file) == where:
                return source
        return None

    def findings_in(self, where: str) -> Iterator[Finding]:
        return (it for it in self.report.findings if os.path.realpath(it.at.file) == where)

    def errors_in(self, where: str) -> Iterator[InputError]:
        return (it for it in self.report.errors if os.path.realpath(it.file) == where)

    def stack_in(self, where: str) -> Stack | None:
        """The stack that a file of the package is the template of: its own, or the addons."""
        if self.analysis is None:
            return None
        stack = self.analysis.stack
        if os.path.realpath(stack.file) == where:
            return stack
        addons = stack.package.addons
        is_addons = addons is not None and os.path.realpath(addons.file) == where
        return stack.addons(addons) if is_addons else None

    @property
    def shown(self) -> frozenset[str]:
        """The real paths of the files that have findings or errors."""
        names = {finding.at.file for finding in self.report.findings}
        names.update(error.file for error in self.report.errors)
        return frozenset(map(os.path.realpath, names))


class Workspace:
    """The open files and their packages; paths are real ones, as strings, but for `OpenPackage`'s.

    ``options_for`` gives what holds for a template, or raises ConfigError.
    """

    def __init__(self, options_for: Callable[[Path], engine.Options]) -> None:
        self.packages: dict[str, OpenPackage] = {}
        self.options_for = options_for
        self._texts: dict[str, str] = {}
        self._parsed: dict[str, tuple[str, Document | DocumentError]] = {}
        self._stale: dict[str, Path] = {}
        self._anew: set[str] = set()  # of the stale ones those that not only an edit made stale
        self._sound: dict[str, OpenPackage] = {}  # as they were before their text was broken
        self.is_watched = False
        """Whether somebody says what changes on the disk. Else every edit has to look there."""

    # --- what happens to files ---------------------------------------------------------------

    def edit(self, path: Path, text: str) -> None:
        """Takes the text that the editor shows of a file, which is open from now on."""
        where = os.path.realpath(path)
        is_open = where in self._texts
        self._texts[where] = text
        self._mark(where, is_anew=not is_open)
        template = template_of(path) if is_parameter_file(path) else path
        if template is not None:
            self._stale[os.path.realpath(template)] = template

    def save(self, path: Path) -> None:
        """A file that is open is written to the disk, where a configuration is read from."""
        self._mark(os.path.realpath(path), is_anew=True)

    def close(self, path: Path) -> None:
        """Goes back to what lies on the disk."""
        where = os.path.realpath(path)
        self._texts.pop(where, None)
        self._parsed.pop(where, None)
        self._mark(where, is_anew=True)

    def touch(self, path: Path, *, is_there_anew: bool) -> None:
        """A file has changed on the disk; ``is_there_anew``: it came, or it went.

        A new file may belong to any package, and so may one that is not read as a document: the
        local environment file of a manifest.
        """
        where = os.path.realpath(path)
        if where in self._texts:
            return  # the editor's text counts
        if is_there_anew or not may_be_template(path):
            self._stale.update((name, it.template) for name, it in self.packages.items())
            self._anew.update(self.packages)
        else:
            self._mark(where, is_anew=True)

    def _mark(self, where: str, *, is_anew: bool) -> None:
        for name, package in self.packages.items():
            if where in package.files:
                self._stale[name] = package.template
                if is_anew:
                    self._anew.add(name)

    # --- checking ----------------------------------------------------------------------------

    @property
    def is_stale(self) -> bool:
        return bool(self._stale)

    def refresh(self) -> frozenset[str]:
        """Checks what has changed, and returns the files of which there is anything new to tell."""
        changed: set[str] = set()
        while self._stale:
            where, path = self._stale.popitem()
            is_anew = where in self._anew
            self._anew.discard(where)
            sound = self._sound.pop(where, None)
            if (before := self.packages.pop(where, None)) is not None:
                changed |= before.shown
                if not before.files & self._texts.keys():
                    continue
                sound = before if before.is_lasting else sound
            kept = None if sound is None or is_anew else self._kept(sound)
            if kept is not None:
                self.packages[where] = kept
                changed |= kept.shown | {where}
                continue
            if not self._is_template(where, path, known=before is not None):
                continue
            package = self._check(path)
            if package.files & self._texts.keys():
                self.packages[where] = package
                changed |= package.shown | {where}
                if sound is not None and not is_anew and not package.is_lasting:
                    self._sound[where] = sound
        return frozenset(changed)

    def _kept(self, before: OpenPackage) -> OpenPackage | None:
        """A package with its texts as they are now; None where more than these has changed."""
        if not self.is_watched or before.stamps != stamps(before.stamps):
            return None
        sources: dict[str, Source] = dict(before.report.sources)
        read: dict[str, Document] = {}
        for file, known in before.read.items():
            if (where := os.path.realpath(file)) not in self._texts:
                if where not in before.stamps:
                    return None  # it was open then, and may be another text on the disk
                read[file] = known
                continue
            try:
                now = self.read(Path(file), file)
            except DocumentError:
                return None
            if is_about_lines(now.text) or not same(known, now):
                return None
            sources[file] = read[file] = now
        findings = in_order(before.report.findings, sources)
        report = before.report._replace(sources=sources, findings=findings)
        return before._replace(report=report, read=read)

    def _check(self, path: Path) -> OpenPackage:
        read: dict[str, Document] = {}

        def read_and_note(found: Path, file: str) -> Document:
            read[file] = self.read(found, file)
            return read[file]

        is_lasting = False
        try:
            options = self.options_for(path)._replace(read=read_and_note)
        except ConfigError as error:  # nobody can tell what was to be checked how
            errors = [InputError(it.file, it.line, it.column, it.message) for it in error.faults]
            report, analysis, named = Report(files=1, findings=(), errors=errors), None, []
        else:
            done = engine.checked([str(path)], options)
            findings = in_order(of_package(done.report, options), done.report.sources)
            report = done.report._replace(findings=findings)
            analysis, named = done.analyses.get(str(path)), list(options.files)
            is_lasting = analysis is not None and depends_on_data_alone(report, options)
        names = [*report.sources, *(error.file for error in report.errors), str(path)]
        names += map(str, named)
        files = frozenset(map(os.path.realpath, names))
        edited = set(map(os.path.realpath, read)) & self._texts.keys()
        on_disk = stamps(files - edited)
        return OpenPackage(path, report, analysis, files, read, is_lasting, on_disk)

    def _is_template(self, where: str, path: Path, *, known: bool) -> bool:
        """Whether a file is a template, or one that is being written and cannot be read now."""
        if where not in self._texts and not path.is_file():
            return False
        try:
            return is_template(self.read(path, str(path)).data)
        except DocumentError:
            content = self.text(where).encode("utf-8", "replace")
            return known or is_certain(path) or reads_like_template(content)

    # --- reading -----------------------------------------------------------------------------

    def read(self, path: Path, file: str) -> Document:
        """What the editor shows of a file, else what lies on the disk. Raises DocumentError."""
        where = os.path.realpath(path)
        text = self._texts.get(where)
        if text is None:
            return document.read(path, file)
        before = self._parsed.get(where)
        if before is None or before[0] is not text or before[1].file != file:
            before = text, _parse(text, file)
            self._parsed[where] = before
        if isinstance(before[1], DocumentError):
            raise before[1]
        return before[1]

    def open_or_there(self, file: str) -> str | None:
        """The text of a file that is open or on the disk, as a document has it; None if neither."""
        where = os.path.realpath(file)
        is_there = where in self._texts or os.path.isfile(where)
        return self.text(where).lstrip("\ufeff") if is_there else None

    def text(self, where: str) -> str:
        """The text of a file; empty where it cannot be read."""
        if where in self._texts:
            return self._texts[where]
        try:
            with open(where, encoding="utf-8-sig", errors="replace", newline="") as stream:
                return stream.read()
        except (OSError, ValueError):
            return ""

    def packages_with(self, where: str) -> Iterable[OpenPackage]:
        """The packages that a file belongs to; first those in which it is not the template."""
        found = (it for it in self.packages.values() if where in it.files)
        return sorted(found, key=lambda it: os.path.realpath(it.template) == where)


def of_package(report: Report, options: engine.Options) -> Iterator[Finding]:
    """The findings that one package is enough for.

    What the configuration suppresses in vain here, it may suppress in another package.
    """
    config = options.config.file if options.config is not None else ""
    for finding in report.findings:
        if not (finding.at.file == config and finding.cause == "unused"):
            yield finding


def _parse(text: str, file: str) -> Document | DocumentError:
    try:
        return document.parse(text, file, is_shown=True)
    except DocumentError as error:
        return error
