"""The protocol: what the editor sends and asks, and what it gets."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO, Final

from lsprotocol import types
from pygls import uris
from pygls.exceptions import FeatureNotificationError
from pygls.io_ import StdoutWriter, run_async
from pygls.lsp.server import LanguageServer

from copilot_preflight._version import NAME, __version__
from copilot_preflight.base.finding import Finding, Place, Position, Source
from copilot_preflight.inputs.discovery import may_be_template
from copilot_preflight.lsp import decisions, hover, lenses
from copilot_preflight.lsp.actions.code_actions import offer_actions
from copilot_preflight.lsp.diagnostics import diagnostic, range_of, unreadable
from copilot_preflight.lsp.incoming import Incoming
from copilot_preflight.lsp.positions import UTF_16, Lines
from copilot_preflight.lsp.values import resolved_at
from copilot_preflight.lsp.workspace import OpenPackage, Workspace
from copilot_preflight.read.document import Document
from copilot_preflight.render.markdown import inline
from copilot_preflight.run import check as engine

PATIENCE: Final = 0.25
"""Seconds that somebody who goes on typing sees nothing new, at most.

Meanwhile what was judged is not shown if there are further changes: the next answer has them.
"""

REST: Final = 1.0
"""Seconds without a change, after which there is time to collect what nobody refers to."""

MANY: Final = 1_000_000
"""New objects, net, that are as many as may wait for a rest: about 100 MB."""

WATCHED: Final = "**/*.{yml,yaml,json,template,env}"
"""Files that may belong to a package: what is not open in the editor is watched on the disk."""

_LANGUAGES: Final = ("yaml", "json", "cloudformation")


class Server(LanguageServer):
    """A language server over one workspace of packages."""

    def __init__(self, options_for: Callable[[Path], engine.Options]) -> None:
        super().__init__(NAME, __version__)
        self.packages = Workspace(options_for)
        self._uris: dict[str, str] = {}
        self._lenses: list[str] = []
        self._changed: set[str] = set()
        self._versions: dict[str, int | None] = {}  # of the texts that were judged last
        self._shown_at = 0.0
        self._settling: asyncio.Task[None] | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._is_warm = False

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serves an editor over standard input and output, until it says ``exit`` or is gone."""
        self.protocol.set_writer(StdoutWriter(stdout or sys.stdout.buffer))
        try:
            asyncio.run(self._serve(stdin or sys.stdin.buffer))
        except (BrokenPipeError, KeyboardInterrupt, SystemExit):
            pass  # what pygls does of its own
        finally:
            self.shutdown()  # type: ignore[no-untyped-call]

    async def _serve(self, stdin: BinaryIO) -> None:
        self._stop_event = Event()
        gc.disable()  # it would strike while somebody waits: see `_tidy_up_soon`
        await run_async(self._stop_event, Incoming(stdin), self.protocol)

    # --- what happens ------------------------------------------------------------------------

    def edit(self, uri: str, language: str = "") -> None:
        """Takes note of the text of an open document, if it may be a file of a package."""
        path = _path_of(uri)
        if path is None:
            return
        if uri not in self._uris.values():
            if not (may_be_template(path) or language.startswith(_LANGUAGES)):
                return
            self._uris[os.path.realpath(path)] = uri
        self.packages.edit(path, self.workspace.get_text_document(uri).source)

    def close(self, uri: str) -> None:
        path = _path_of(uri)
        if path is not None and self._uris.get(os.path.realpath(path)) == uri:
            self.packages.close(path)
            self.settle()
            del self._uris[os.path.realpath(path)]

    def save(self, uri: str) -> None:
        self.edit(uri)
        path = _path_of(uri)
        if path is not None:
            self.packages.save(path)

    def settle_soon(self) -> None:
        """Checks what has changed as soon as all that has arrived is taken note of."""
        if self._settling is None or self._settling.done():
            self._settling = asyncio.get_running_loop().create_task(self._settle_in_turns())

    async def _settle_in_turns(self) -> None:
        """Checks again and again, until nothing new has come meanwhile."""
        begun = time.monotonic()
        try:
            while self.packages.is_stale:
                await _arrivals()
                self._judge()
                await _arrivals()
                waited = time.monotonic() - max(begun, self._shown_at)
                if waited > PATIENCE or not self.packages.is_stale:
                    self._show()
        except Exception as fault:  # as pygls does for its handlers: no task has a caller
            self.report_server_error(fault, FeatureNotificationError)

    def settle(self) -> None:
        """Checks what has changed now, and reports what is new."""
        self._judge()
        self._show()

    def _judge(self) -> None:
        if self.packages.is_stale:
            self._changed |= self.packages.refresh()
            documents = self.workspace.text_documents
            self._versions = {
                where: documents[uri].version
                for where, uri in self._uris.items()
                if uri in documents
            }

    def _show(self) -> None:
        """Publishes what was judged and not shown yet."""
        if self._changed:
            changed, self._changed = self._changed, set()
            for where in sorted(changed):
                self._publish(where)
            self._refresh_lenses()
            self._shown_at = time.monotonic()
            self._tidy_up_soon()

    def _tidy_up_soon(self) -> None:
        """Collects garbage when nobody types, or when there is much of it."""
        if self._rest is not None:
            self._rest.cancel()
        if gc.get_count()[0] > MANY:
            self._tidy_up()
        else:
            self._rest = asyncio.get_running_loop().call_later(REST, self._tidy_up)

    def _tidy_up(self) -> None:
        self._rest = None
        gc.collect()
        if not self._is_warm:
            # Most of what there is now are the modules and the data of AWS, which stay.
            gc.freeze()
            self._is_warm = True

    # --- what the editor gets -------------------------------------------------------------

    def _publish(self, where: str) -> None:
        found: dict[Any, types.Diagnostic] = {}
        for package in self.packages.packages_with(where):
            for it in self._diagnostics(package, where):
                key = (it.range.start.line, it.range.start.character, it.code, it.message)
                found.setdefault(key, it)
        uri = self.uri(where)
        version = self._versions.get(where) if where in self._uris else None
        told = [found[key] for key in sorted(found, key=lambda key: (*key[:2], str(key[2])))]
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, told, version=version)
        )

    def _diagnostics(self, package: OpenPackage, where: str) -> Iterator[types.Diagnostic]:
        lines_of = self.lines_of(package)
        for error in package.errors_in(where):
            yield unreadable(error, lines_of(where))
        for finding in package.findings_in(where):
            yield diagnostic(package, finding, lines_of, self.uri)

    def lines_of(self, package: OpenPackage) -> Callable[[str], Lines]:
        """The lines of files, as the package was checked."""
        known: dict[str, Lines] = {}

        def lines_of(where: str) -> Lines:
            if where not in known:
                found: Source | None = package.document_in(where)
                text = self.packages.text(where) if found is None else found.text
                known[where] = Lines(text, self.encoding)
            return known[where]

        return lines_of

    @property
    def encoding(self) -> str:
        agreed = self.workspace.position_encoding
        return UTF_16 if agreed is None else types.PositionEncodingKind(agreed).value

    def uri(self, file: str) -> str:
        """The editor's own URI of a file, if it is open."""
        found = self._uris.get(os.path.realpath(file))
        return found or uris.from_fs_path(os.path.abspath(file)) or file

    def _refresh_lenses(self) -> None:
        """Asks the editor to ask again, where another file changes what a template's lines say."""
        workspace = self.client_capabilities.workspace
        if workspace is None or workspace.code_lens is None:
            return
        now = [
            title
            for package in self.packages.packages.values()
            if package.analysis is not None
            for _, title in lenses.lenses(package.analysis)
        ]
        if now != self._lenses and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)
        self._lenses = now

    # --- what the editor asks ----------------------------------------------------------------

    def _around(
        self, uri: str, place: types.Position
    ) -> Iterator[tuple[OpenPackage, Document, Position, list[Finding]]]:
        """The packages around a place, with the document, and the findings that are shown there."""
        self.settle()
        path = _path_of(uri)
        where = "" if path is None else os.path.realpath(path)
        for package in self.packages.packages_with(where):
            document = package.document_in(where)
            if document is not None:
                lines_of = self.lines_of(package)
                here = [
                    finding
                    for finding in package.findings_in(where)
                    if _holds(range_of(package, finding.at, lines_of), place)
                ]
                yield package, document, lines_of(where).position(place), here

    def hover(self, uri: str, place: types.Position) -> types.Hover | None:
        """The resolved value at a place, the calls that it asks for, the pages of its findings."""
        blocks: dict[str, None] = {}
        pages: dict[str, None] = {}
        for package, document, position, findings in self._around(uri, place):
            where = os.path.realpath(document.file)
            is_own = os.path.realpath(package.template) == where
            pages.update((hover.finding(finding), None) for finding in findings)
            stack = package.stack_in(where)
            if stack is None or (is_own and blocks):
                continue  # an addons template: its values are those that its package provides
            line = Lines(document.text).line(position)
            path = document.path_at(position)
            label = "" if is_own else f"in {inline(package.template.name)}: "
            for found in resolved_at(stack, path, line, position.column):
                blocks[label + hover.value(found)] = None
            if package.analysis is not None:
                told = "\n".join(hover.calls(package.analysis, document.file, path))
                blocks.update({told: None} if told else {})
        if not blocks and not pages:
            return None
        text = "\n\n---\n\n".join((*blocks, *pages))
        return types.Hover(types.MarkupContent(self._markup, text))

    @property
    def _markup(self) -> types.MarkupKind:
        asked = self.client_capabilities.text_document
        formats = asked and asked.hover and asked.hover.content_format
        is_plain = formats and types.MarkupKind.Markdown not in formats
        return types.MarkupKind.PlainText if is_plain else types.MarkupKind.Markdown

    def definition(self, uri: str, place: types.Position) -> list[types.Location]:
        """The statements that decide a finding, or grant what stands at a place."""
        found: dict[tuple[str, int, int], types.Location] = {}
        for package, document, position, findings in self._around(uri, place):
            if package.analysis is None:
                continue
            places = [
                it
                for finding in findings
                for it in decisions.deciding_of(package.analysis, finding)
            ]
            path = document.path_at(position)
            places = places or decisions.grants_at(package.analysis, document.file, path)
            for location in self._locations(package, places):
                start = location.range.start
                found.setdefault((location.uri, start.line, start.character), location)
        return list(found.values())

    def _locations(self, package: OpenPackage, places: list[Place]) -> Iterator[types.Location]:
        lines_of = self.lines_of(package)
        for place in places:
            source = package.report.sources.get(place.file)
            if source is not None:
                span = source.span(place.path, key=place.key)
                shown = lines_of(os.path.realpath(place.file)).range(span)
                yield types.Location(self.uri(place.file), shown)

    def lenses(self, uri: str) -> list[types.CodeLens]:
        """The lines above the task definitions of a document."""
        self.settle()
        path = _path_of(uri)
        package = self.packages.packages.get("" if path is None else os.path.realpath(path))
        if package is None or package.analysis is None:
            return []
        lines_of = self.lines_of(package)
        return [
            types.CodeLens(range_of(package, place, lines_of), types.Command(title, ""))
            for place, title in lenses.lenses(package.analysis)
        ]


async def _arrivals() -> None:
    """Lets everything be dealt with that has arrived: one turn hears of it, the next one has it."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _path_of(uri: str) -> Path | None:
    """The file of a URI; None for text that is no file, such as one without a name yet."""
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def _holds(stretch: types.Range, place: types.Position) -> bool:
    return stretch.start <= place <= stretch.end


def make_server(options_for: Callable[[Path], engine.Options]) -> Server:
    """A server that answers; ``options_for`` gives what holds for a template."""
    server = Server(options_for)
    offer_actions(server, server)

    @server.feature(types.INITIALIZED)
    def initialized(_params: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watching = workspace and workspace.did_change_watched_files
        if not (watching and watching.dynamic_registration):
            return
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(WATCHED)])
        registration = types.Registration(
            "watched", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options
        )
        server.packages.is_watched = True
        server.client_register_capability(types.RegistrationParams([registration]))

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.edit(params.text_document.uri, params.text_document.language_id)
        server.settle()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.edit(params.text_document.uri)
        server.settle_soon()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        server.save(params.text_document.uri)
        server.settle()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            path = _path_of(change.uri)
            if path is not None:
                is_there_anew = change.type is not types.FileChangeType.Changed
                server.packages.touch(path, is_there_anew=is_there_anew)
        server.settle_soon()

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        return server.hover(params.text_document.uri, params.position)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(params: types.DefinitionParams) -> list[types.Location]:
        return server.definition(params.text_document.uri, params.position)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def lenses_asked(params: types.CodeLensParams) -> list[types.CodeLens]:
        return server.lenses(params.text_document.uri)

    return server
