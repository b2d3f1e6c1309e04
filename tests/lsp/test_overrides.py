"""Code actions in a Copilot workspace, whose overrides outlast the next package; and clients."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.conftest import COMMAND, make_client
from tests.lsp.editor import Editor
from tests.lsp.test_actions import ADDED, ALL, IGNORED, IN_PLACE, titled
from tests.lsp.test_lsp import ASKED, ASKING, OBJECT_GRANT, PARAMS, STACK, TEMPLATE, package, params

from copilot_preflight.read.document import parse

__all__ = ["package"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

IN_COPILOT = TEMPLATE.replace(
    "Parameters:\n", "Parameters:\n  EnvName: {Type: String, Default: test}\n"
)
"""Copilot's own parameters, by which it is known for a package of a workload."""


# --- overrides -----------------------------------------------------------------------------------

MANIFEST = "copilot/web/manifest.yml"
PATCHES = "copilot/web/overrides/cfn.patches.yml"
FOR_NOW = ", until the next 'copilot svc package'"
OVERRIDE = f"{ADDED}, by {PATCHES}"


@pytest.fixture
def packaged(package: Editor) -> Editor:
    """The package in a Copilot workspace, and not open yet."""
    package.save(STACK, IN_COPILOT)
    package.save(MANIFEST, "name: web\ntype: Backend Service\n")
    return package


async def test_in_a_workspace_the_override_comes_first(packaged: Editor) -> None:
    """A file of its own where there is none; what is edited in the package is soon gone."""
    packaged.open(STACK)
    await packaged.codes(STACK, ["E9712"])
    found = await packaged.actions(STACK, ASKING)
    assert [(it.title, it.is_preferred) for it in found] == [
        (OVERRIDE, True),
        (f"{IN_PLACE}{FOR_NOW}", None),
        (f"{ADDED}{FOR_NOW}", None),
        (f"{IGNORED}{FOR_NOW}", None),
        (f"{ALL}{FOR_NOW}", None),
    ]
    edit = await packaged.take(found[0])
    assert [type(it).__name__ for it in edit.document_changes or ()] == [
        "CreateFile",
        "TextDocumentEdit",
    ]
    patches = parse((packaged.folder / PATCHES).read_text(encoding="utf-8"), PATCHES)
    (patch,) = patches.data
    assert (patch["op"], patch["path"]) == ("add", "/Resources/ExecutionRole/Properties/Policies/-")
    with pytest.raises(JsonRpcException, match="package again"):
        await packaged.take(await titled(packaged, STACK, ASKING, OVERRIDE))


async def test_patches_that_are_there_stay(packaged: Editor) -> None:
    """They are added to as they stand in the editor, saved or not."""
    packaged.save(PATCHES, "- {op: remove, path: /Resources/Other}\n")
    text = "# in the editor\n- op: remove\n  path: /Resources/Topic\n"
    packaged.open(STACK, IN_COPILOT + "  Topic: {Type: AWS::SNS::Topic}\n")
    packaged.open(PATCHES, text)
    await packaged.codes(STACK, ["E9712"])
    await packaged.take(await titled(packaged, STACK, ASKING, OVERRIDE))
    assert packaged.texts[PATCHES].startswith(text)
    assert len(parse(packaged.texts[PATCHES], PATCHES).data) == 2


async def test_overrides_in_typescript_are_left_alone(packaged: Editor) -> None:
    packaged.save("copilot/web/overrides/cdk.json", "{}")
    packaged.open(STACK)
    await packaged.codes(STACK, ["E9712"])
    titles = [it.title for it in await packaged.actions(STACK, ASKING)]
    assert OVERRIDE not in titles
    assert titles[0].startswith(IN_PLACE)


# --- what clients can do -------------------------------------------------------------------------


@pytest.mark.parametrize("creates", [False, True], ids=["plain", "creates"])
async def test_a_client_gets_what_it_can_take(tmp_path: Path, creates: bool) -> None:
    """Edits at once if it resolves nothing, without versions, and new files if it makes them."""
    client = make_client()
    await client.start_io(*COMMAND)
    kinds = types.ClientCodeActionKindOptions([types.CodeActionKind.QuickFix])
    literals = types.ClientCodeActionLiteralOptions(kinds)
    operations = [types.ResourceOperationKind.Create] if creates else None
    capabilities = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind.Utf8]
        ),
        text_document=types.TextDocumentClientCapabilities(
            code_action=types.CodeActionClientCapabilities(code_action_literal_support=literals)
        ),
        workspace=types.WorkspaceClientCapabilities(
            workspace_edit=types.WorkspaceEditClientCapabilities(resource_operations=operations)
        ),
    )
    await client.initialize_session(types.InitializeParams(capabilities))
    editor = Editor(client, tmp_path)
    grant = OBJECT_GRANT.replace("{Effect", "{Sid: '\U0001f600 é', Effect")
    text = IN_COPILOT.replace(OBJECT_GRANT, grant)
    editor.save(STACK, text)
    editor.save(PARAMS, params(ASKED))
    editor.save(MANIFEST, "name: web\ntype: Backend Service\n")
    editor.open(STACK)
    await editor.codes(STACK, ["E9712"])
    found = await editor.actions(STACK, ASKING, ["quickfix"])
    assert all(it.edit is not None and it.data is None for it in found)
    titles = [it.title for it in found]
    assert (OVERRIDE in titles) is creates
    edit = found[titles.index(f"{IN_PLACE}{FOR_NOW}")].edit
    assert edit is not None
    assert (edit.changes is None) is creates
    (changes,) = (edit.changes or {}).values() if edit.changes else [None]
    if changes is not None:
        (change,) = changes
        line = text.splitlines()[change.range.start.line].encode()
        span = line[change.range.start.character : change.range.end.character]
        assert span == b"b" * 64 + b".env"
    await client.shutdown_session()
    await client.stop()  # type: ignore[no-untyped-call]
