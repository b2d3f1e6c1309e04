"""An editor as the tests drive one: a real client, which speaks to a server in its own process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from lsprotocol import types
from pytest_lsp import LanguageClient

REQUESTS: WeakKeyDictionary[LanguageClient, list[tuple[str, Any]]] = WeakKeyDictionary()
"""What servers asked of their clients: ``"register"`` and ``"refresh"``, with what came along."""

PATIENCE = 10.0
"""Seconds after which something that should have happened has not."""


def place_of(text: str, needle: str, *, after: bool = False) -> types.Position:
    """Where some text begins, or ends, as an editor counts: in UTF-16, from 0."""
    assert text.count(needle) == 1, f"{needle!r} stands there {text.count(needle)} times"
    before = text[: text.index(needle) + (len(needle) if after else 0)]
    line = before.rpartition("\n")[2]
    return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


def range_of(text: str, needle: str) -> types.Range:
    return types.Range(place_of(text, needle), place_of(text, needle, after=True))


async def asked(client: LanguageClient, what: str, times: int = 1) -> list[Any]:
    """What the server has asked of the client, once it has asked often enough."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while len(found := [value for kind, value in REQUESTS[client] if kind == what]) < times:
        assert asyncio.get_running_loop().time() < deadline, f"asked for {REQUESTS[client]}"
        await asyncio.sleep(0.005)
    return found


def with_edits(text: str, edits: Sequence[Any]) -> str:
    """A text after edits, whose places are all those of the text before them."""
    lines = text.splitlines(keepends=True) or [""]

    def offset(place: types.Position) -> int:
        before = "".join(lines[: place.line])
        if place.line == len(lines):
            assert place.character == 0
            return len(before)
        units = lines[place.line].encode("utf-16-le")[: 2 * place.character]
        return len(before) + len(units.decode("utf-16-le"))

    spans = [(offset(it.range.start), offset(it.range.end), it.new_text) for it in edits]
    assert all(one[1] <= other[0] for one, other in pairwise(sorted(spans))), "they overlap"
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


class Editor:
    """Files that are open in a client."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def save(self, name: str, text: str) -> None:
        """Writes to the disk, behind the editor's back."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def open(self, name: str, text: str | None = None, language: str = "yaml") -> None:
        self.texts[name] = (
            (self.folder / name).read_text(encoding="utf-8") if text is None else text
        )
        self.versions[self.uri(name)] = 0
        item = types.TextDocumentItem(self.uri(name), language, 0, self.texts[name])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def replace(self, name: str, old: str, new: str) -> None:
        """Types something over something else, as an incremental change."""
        text = self.texts[name]
        self.versions[self.uri(name)] += 1
        version = self.versions[self.uri(name)]
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, self.uri(name)),
                [types.TextDocumentContentChangePartial(range_of(text, old), new)],
            )
        )
        self.texts[name] = text.replace(old, new)

    def apply(self, edit: types.WorkspaceEdit | None) -> None:
        """Carries out an edit as editors do: open buffers change, other files on the disk.

        An edit for another version than that of its buffer is a mistake.
        """
        assert edit is not None
        steps: list[Any] = list(edit.document_changes or ())
        for uri, edits in (edit.changes or {}).items():
            identifier = types.OptionalVersionedTextDocumentIdentifier(uri, self.versions[uri])
            steps.append(types.TextDocumentEdit(identifier, edits))
        for step in steps:
            path = Path(unquote(urlsplit(getattr(step, "uri", "")).path))
            if isinstance(step, types.CreateFile):
                assert not path.exists()
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
                continue
            assert isinstance(step, types.TextDocumentEdit)
            uri = step.text_document.uri
            path = Path(unquote(urlsplit(uri).path))
            name = path.relative_to(self.folder).as_posix()
            assert step.text_document.version == self.versions.get(uri)
            if name in self.texts:
                self._change(name, step.edits)
            else:
                text = path.read_bytes().decode()
                path.write_bytes(with_edits(text, step.edits).encode())

    def _change(self, name: str, edits: Sequence[Any]) -> None:
        uri, text = self.uri(name), self.texts[name]
        self.versions[uri] += 1
        self.texts[name] = with_edits(text, edits)
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [types.TextDocumentContentChangeWholeDocument(self.texts[name])],
            )
        )

    def close(self, name: str) -> None:
        del self.texts[name], self.versions[self.uri(name)]
        identifier = types.TextDocumentIdentifier(self.uri(name))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))

    def changed_on_disk(self, name: str, kind: types.FileChangeType) -> None:
        event = types.FileEvent(self.uri(name), kind)
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    async def diagnostics(
        self, name: str, until: Callable[[Sequence[types.Diagnostic]], bool]
    ) -> Sequence[types.Diagnostic]:
        """What is published for a file, once it is as expected."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while True:
            found = self.client.diagnostics.get(self.uri(name))
            if found is not None and until(found):
                return found
            assert loop.time() < deadline, f"still {found}"
            await asyncio.sleep(0.005)

    async def codes(
        self, name: str, expected: list[str] | list[None]
    ) -> Sequence[types.Diagnostic]:
        return await self.diagnostics(name, lambda found: [it.code for it in found] == expected)

    async def hover(self, name: str, needle: str) -> str:
        """What is told at the first character of some text; empty for nothing."""
        found = await self.client.text_document_hover_async(
            types.HoverParams(
                types.TextDocumentIdentifier(self.uri(name)), place_of(self.texts[name], needle)
            )
        )
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def definition(self, name: str, needle: str) -> list[tuple[str, types.Range]]:
        """File names and ranges."""
        found = await self.client.text_document_definition_async(
            types.DefinitionParams(
                types.TextDocumentIdentifier(self.uri(name)), place_of(self.texts[name], needle)
            )
        )
        assert isinstance(found, list)
        return [(Path(it.uri).name, it.range) for it in found if isinstance(it, types.Location)]

    async def actions(
        self, name: str, needle: str, only: Sequence[str] | None = None
    ) -> list[types.CodeAction]:
        """What is offered at the first character of some text, not worked out yet."""
        at = place_of(self.texts[name], needle)
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(self.uri(name)),
                types.Range(at, at),
                types.CodeActionContext([], only),
            )
        )
        actions = [it for it in found or () if isinstance(it, types.CodeAction)]
        assert len(actions) == len(found or ())
        return actions

    async def take(self, action: types.CodeAction) -> types.WorkspaceEdit:
        """Takes an action, and applies its edit."""
        resolved = await self.client.code_action_resolve_async(action)
        self.apply(resolved.edit)
        assert resolved.edit is not None
        return resolved.edit

    async def lenses(self, name: str) -> list[tuple[int, str]]:
        """Lines, from 0, and what is written above them."""
        found = await self.client.text_document_code_lens_async(
            types.CodeLensParams(types.TextDocumentIdentifier(self.uri(name)))
        )
        return [(it.range.start.line, it.command.title) for it in found or () if it.command]
