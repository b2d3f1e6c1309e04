"""Code actions as the protocol has them: what is listed, and what becomes of one that is taken."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from copilot_preflight.base.finding import Finding
from copilot_preflight.lsp.actions.file_changes import (
    CannotOffer,
    OpenText,
    takes_new_files,
    workspace_edit,
)
from copilot_preflight.lsp.actions.fixing import fix_all, quick_fixes
from copilot_preflight.lsp.actions.ignoring import ignoring
from copilot_preflight.lsp.actions.offer import FIX_ALL, QUICK_FIX, Offer
from copilot_preflight.lsp.diagnostics import SOURCE, LinesOf, diagnostic
from copilot_preflight.lsp.workspace import OpenPackage, Workspace

REQUEST_FAILED: Final = types.LSPErrorCodes.RequestFailed.value
"""The request was right, and there is a reason why it cannot be done, which the user is shown."""

_EDIT: Final = "edit"


class Desk(Protocol):
    """What is open in the editor, as it was judged last."""

    packages: Workspace

    def settle(self) -> None: ...

    def uri(self, file: str) -> str: ...

    def lines_of(self, package: OpenPackage) -> LinesOf: ...

    @property
    def encoding(self) -> str: ...


class CodeActions:
    """Answers an editor that asks what can be done about findings; nothing is done before."""

    def __init__(self, server: LanguageServer, desk: Desk) -> None:
        self._server = server
        self._desk = desk

    def listed(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """What can be done at a place of a document, as it stands in the editor now."""
        if not self._takes_actions:
            return []
        wanted = _wanted(params.context.only)
        uri = params.text_document.uri
        found: dict[str, types.CodeAction] = {}
        for package, where in self._packages(uri):
            told = self._told(package, where)
            here = [
                (finding, it) for finding, it in told if _is_here(it, params.range, params.context)
            ]
            for finding, it in here if wanted(QUICK_FIX) else ():
                for offer in self._offers_for(package, finding):
                    self._add(found, uri, offer, [it])
            every = fix_all(self._desk.packages, package, where) if wanted(FIX_ALL) else None
            if every is not None:
                self._add(found, uri, every, None)
        return list(found.values())

    def _add(
        self,
        found: dict[str, types.CodeAction],
        uri: str,
        offer: Offer,
        about: list[types.Diagnostic] | None,
    ) -> None:
        if offer.key in found:
            return
        action = types.CodeAction(
            offer.title, offer.kind, about, is_preferred=offer.is_preferred or None
        )
        if self._is_lazy:
            action.data = {"uri": uri, "offer": offer.key}
        else:
            with suppress(CannotOffer):
                action.edit = self._edit(offer)
            if action.edit is None:
                return
        found[offer.key] = action

    def resolved(self, action: types.CodeAction) -> types.CodeAction:
        """An action with its edit, for the text as it is now. Raises JsonRpcException."""
        data: Any = action.data
        uri, key = (data.get("uri"), data.get("offer")) if isinstance(data, dict) else (None, None)
        if not (isinstance(uri, str) and isinstance(key, str)):
            raise JsonRpcException("this action is none of copilot-preflight", REQUEST_FAILED)
        try:
            offer = next((it for it in self._offers(uri) if it.key == key), None)
            if offer is None:
                raise CannotOffer("the text has changed, and there is no such finding any more")
            action.edit = self._edit(offer)
        except CannotOffer as error:
            raise JsonRpcException(str(error), REQUEST_FAILED) from None
        return action

    # --- what is offered ---------------------------------------------------------------------

    def _offers(self, uri: str) -> Iterator[Offer]:
        """Everything that can be done in a document."""
        for package, where in self._packages(uri):
            for finding in package.findings_in(where):
                yield from self._offers_for(package, finding)
            every = fix_all(self._desk.packages, package, where)
            if every is not None:
                yield every

    def _offers_for(self, package: OpenPackage, finding: Finding) -> Iterator[Offer]:
        files, client = self._desk.packages, self._server.client_capabilities
        yield from quick_fixes(files, package, finding, with_new_files=takes_new_files(client))
        yield from ignoring(files, package, finding)

    def _packages(self, uri: str) -> Iterator[tuple[OpenPackage, str]]:
        """The packages of a document, judged as it is now, with its real path."""
        self._desk.settle()
        path = uris.to_fs_path(uri) if uri.startswith("file:") else None
        where = os.path.realpath(path) if path else ""
        for package in self._desk.packages.packages_with(where):
            if package.document_in(where) is not None:
                yield package, where

    def _told(self, package: OpenPackage, where: str) -> Iterator[tuple[Finding, types.Diagnostic]]:
        lines_of = self._desk.lines_of(package)
        for finding in package.findings_in(where):
            yield finding, diagnostic(package, finding, lines_of, self._desk.uri)

    # --- edits -------------------------------------------------------------------------------

    def _edit(self, offer: Offer) -> types.WorkspaceEdit:
        capabilities = self._server.client_capabilities
        return workspace_edit(offer.make(), self._open_text, self._desk.encoding, capabilities)

    def _open_text(self, file: str) -> OpenText:
        uri, where = self._desk.uri(file), os.path.realpath(file)
        shown = self._server.workspace.text_documents.get(uri)
        if shown is not None:
            return OpenText(uri, shown.source, shown.version)
        return OpenText(uri, self._desk.packages.text(where), None)

    # --- what the client can do --------------------------------------------------------------

    @property
    def _client(self) -> types.CodeActionClientCapabilities | None:
        document = self._server.client_capabilities.text_document
        return None if document is None else document.code_action

    @property
    def _takes_actions(self) -> bool:
        """A client without literals knows commands alone, of which there are none."""
        return bool(self._client and self._client.code_action_literal_support)

    @property
    def _is_lazy(self) -> bool:
        client = self._client
        resolved = client and client.resolve_support
        return bool(client and client.data_support and resolved and _EDIT in resolved.properties)


def _wanted(only: Sequence[str] | None) -> Callable[[str], bool]:
    """Whether a kind is asked for: by its own name, or by one that it lies below."""

    def is_wanted(kind: str) -> bool:
        names = [it.value if isinstance(it, types.CodeActionKind) else it for it in only or ()]
        return not names or any(kind == it or not it or kind.startswith(f"{it}.") for it in names)

    return is_wanted


def _is_here(
    told: types.Diagnostic, stretch: types.Range, context: types.CodeActionContext
) -> bool:
    """Whether somebody asks about a diagnostic: by its place, or by naming it.

    Some editors ask at the cursor about all diagnostics of its line.
    """
    if told.range.start <= stretch.end and stretch.start <= told.range.end:
        return True
    return any(
        (it.source, it.code, it.message, it.range.start)
        == (SOURCE, told.code, told.message, told.range.start)
        for it in context.diagnostics
    )


def offer_actions(server: LanguageServer, desk: Desk) -> None:
    """Lets a server answer for code actions, and says so to the editor."""
    actions = CodeActions(server, desk)
    options = types.CodeActionOptions([QUICK_FIX, FIX_ALL], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    def asked(params: types.CodeActionParams) -> list[types.CodeAction]:
        return actions.listed(params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    def taken(action: types.CodeAction) -> types.CodeAction:
        return actions.resolved(action)
