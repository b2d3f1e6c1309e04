"""Code actions: what is offered at a finding, and what a buffer is after it was taken."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import Editor
from tests.lsp.test_lsp import (
    ASKING,
    BUCKET_GRANT,
    CONFIG,
    GRANTED,
    OBJECT_GRANT,
    PARAMS,
    STACK,
    TEMPLATE,
    package,
    params,
)

from copilot_preflight.read.document import parse

__all__ = ["package"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAMPLES = Path(__file__).parents[2] / "sample_templates" / "broken"
FIX_ALL = "source.fixAll.copilotPreflight"
IN_PLACE = "Grant every version of the file"
ADDED = "Allow s3:GetObject and s3:GetBucketLocation in role 'ExecutionRole'"
IGNORED = "Ignore E9712 (env-file-stale-grant) here, with a reason"
ALL = "Apply all safe fixes of copilot-preflight"
EVERY = "arn:aws:s3:::artifacts/manual/env-files/web.env/*"

TWO_IMAGES = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: web
          Image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1
        - Name: log
          Image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/log:1
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ecs-task.amazonaws.com}, Action: sts:AssumeRole}
"""  # noqa: E501


async def titled(
    editor: Editor, name: str, needle: str, title: str, only: list[str] | None = None
) -> types.CodeAction:
    (found,) = (it for it in await editor.actions(name, needle, only) if it.title == title)
    return found


# --- what is offered -----------------------------------------------------------------------------


async def test_a_finding_is_offered_its_ways_out(package: Editor) -> None:
    """In place first, then added, then ignored; nothing is worked out before one is taken."""
    package.open(STACK)
    (told,) = await package.codes(STACK, ["E9712"])
    found = await package.actions(STACK, ASKING)
    assert [(it.title, it.kind, it.is_preferred) for it in found] == [
        (IN_PLACE, "quickfix", True),
        (ADDED, "quickfix", None),
        (IGNORED, "quickfix", None),
        (ALL, FIX_ALL, None),
    ]
    assert all(it.edit is None for it in found)
    assert [it.diagnostics for it in found] == [(told,)] * 3 + [None]
    assert [it.title for it in await package.actions(STACK, "ExecutionRole:\n")] == [ALL]


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["quickfix"], {"quickfix"}),
        (["source"], {FIX_ALL}),
        (["source.fixAll"], {FIX_ALL}),
        ([FIX_ALL], {FIX_ALL}),
        (["source.fixAll.eslint", "refactor"], set()),
        (["quickfix", "source.fixAll"], {"quickfix", FIX_ALL}),
    ],
)
async def test_the_kinds_that_are_asked_for_are_listed(
    package: Editor, only: list[str], kinds: set[str]
) -> None:
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    assert {it.kind for it in await package.actions(STACK, ASKING, only)} == kinds


async def test_an_editor_may_name_the_diagnostics_of_the_line(package: Editor) -> None:
    """With the cursor in another column; what it names and is there no more has no fix."""
    package.open(STACK)
    (told,) = await package.codes(STACK, ["E9712"])
    start = types.Position(told.range.start.line, 0)
    asked = types.CodeActionParams(
        types.TextDocumentIdentifier(package.uri(STACK)),
        types.Range(start, start),
        types.CodeActionContext([told], ["quickfix"]),
    )
    listed = package.client.text_document_code_action_async
    assert len(await listed(asked) or ()) == 3
    package.replace(STACK, GRANTED, EVERY)
    assert not await listed(asked)


async def test_what_needs_a_look_says_so(package: Editor) -> None:
    """It is not preferred, and no part of all fixes."""
    package.save(PARAMS, params(GRANTED))
    package.open(STACK)
    await package.codes(STACK, ["W9713"])
    found = await package.actions(STACK, f"'{GRANTED}'")
    assert [(it.title, it.is_preferred) for it in found] == [
        (f"{IN_PLACE} (review)", None),
        ("Allow s3:GetObject in role 'ExecutionRole' (review)", None),
        ("Ignore W9713 (env-file-version-locked) here, with a reason", None),
    ]
    await package.take(found[0])
    await package.codes(STACK, [])


async def test_there_is_nothing_to_do_where_nothing_was_found(package: Editor) -> None:
    package.save(PARAMS, params(GRANTED))
    package.save("compose.yml", "services: {web: {}}\n")
    package.open("compose.yml")
    package.open(STACK, TEMPLATE.replace(GRANTED, EVERY))
    await package.codes(STACK, [])
    assert await package.actions(STACK, ASKING) == []
    assert await package.actions("compose.yml", "services") == []


async def test_broken_text_is_offered_nothing(package: Editor) -> None:
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    package.replace(STACK, "Parameters:\n", "Parameters: [\n")
    assert await package.actions(STACK, ASKING) == []


# --- what is taken -------------------------------------------------------------------------------


@pytest.mark.parametrize("title", [IN_PLACE, ADDED, IGNORED, ALL])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
async def test_what_is_taken_clears_the_finding(package: Editor, title: str, line_end: str) -> None:
    """In the buffer as it is, saved or not, with UTF-16 columns and its own line ends."""
    text = TEMPLATE.replace(OBJECT_GRANT, f"{{Sid: '\U0001f600 é', {OBJECT_GRANT[1:]}")
    text = text.replace("{Type: s3, Value: !Ref", "{Type: s3, '\U0001f600': é, Value: !Ref")
    package.open(STACK, text.replace("\n", line_end))
    await package.codes(STACK, ["E9712"])
    await package.take(await titled(package, STACK, ASKING, title))
    await package.codes(STACK, [])
    after = package.texts[STACK]
    assert after.count("\n") == after.count(line_end)
    assert "\U0001f600 é" in after


async def test_an_edit_touches_nothing_but_what_it_corrects(package: Editor) -> None:
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    edit = await package.take(await titled(package, STACK, ASKING, IN_PLACE))
    assert package.texts[STACK] == TEMPLATE.replace(GRANTED, EVERY)
    (step,) = edit.document_changes or ()
    assert isinstance(step, types.TextDocumentEdit)
    assert [it.new_text for it in step.edits if isinstance(it, types.TextEdit)] == ["*"]


async def test_an_edit_is_for_the_text_as_it_is_when_it_is_worked_out(package: Editor) -> None:
    """Somebody may type between the list and the choice; a version says for what it is."""
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    action = await titled(package, STACK, ASKING, IN_PLACE)
    package.replace(STACK, "Parameters:\n", "# one\n\nParameters:\n")
    edit = await package.take(action)
    (step,) = edit.document_changes or ()
    assert isinstance(step, types.TextDocumentEdit)
    assert step.text_document.version == 1
    await package.codes(STACK, [])


async def test_what_was_mended_meanwhile_is_said(package: Editor) -> None:
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    action = await titled(package, STACK, ASKING, IN_PLACE)
    package.replace(STACK, GRANTED, EVERY)
    with pytest.raises(JsonRpcException, match="there is no such finding any more"):
        await package.take(action)
    with pytest.raises(JsonRpcException, match="none of copilot-preflight"):
        await package.take(types.CodeAction("another's", data=["x"]))


async def test_a_file_that_is_not_open_is_edited_as_it_is_on_the_disk(package: Editor) -> None:
    """Its package is looked at as long as another file of it is open."""
    package.open(PARAMS, language="json")
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    action = await titled(package, STACK, ASKING, IN_PLACE)
    package.close(STACK)
    await package.lenses(STACK)  # behind it
    package.save(STACK, TEMPLATE + "# by hand\n")
    with pytest.raises(JsonRpcException, match=r"'web-test\.stack\.yml' has changed meanwhile"):
        await package.take(action)
    package.changed_on_disk(STACK, types.FileChangeType.Changed)
    edit = await package.take(action)
    (step,) = edit.document_changes or ()
    assert isinstance(step, types.TextDocumentEdit)
    assert step.text_document.version is None
    on_disk = (package.folder / STACK).read_text(encoding="utf-8")
    assert on_disk == TEMPLATE.replace(GRANTED, EVERY) + "# by hand\n"


async def test_all_fixes_are_one_edit(editor: Editor) -> None:
    """Also where two are of one list, and each needs a policy with a name of its own."""
    editor.save("web.yml", TWO_IMAGES)
    editor.open("web.yml")
    await editor.codes("web.yml", ["E9742", "E9742", "E9732"])
    action = await titled(editor, "web.yml", "Resources:", ALL, ["source.fixAll"])
    await editor.take(action)
    assert await editor.codes("web.yml", []) == ()
    names = [it.strip() for it in editor.texts["web.yml"].splitlines() if "PolicyName" in it]
    assert len(names) == len(set(names))
    assert "Service: ecs-tasks.amazonaws.com" in editor.texts["web.yml"]
    assert await editor.actions("web.yml", "Resources:") == []


async def test_all_fixes_leave_what_needs_a_look(package: Editor) -> None:
    package.save(PARAMS, params(GRANTED))
    package.open(STACK)
    await package.codes(STACK, ["W9713"])
    assert await package.actions(STACK, ASKING, [FIX_ALL]) == []
    package.replace(STACK, f"              - {BUCKET_GRANT}\n", "")
    await package.codes(STACK, ["W9714", "W9713"])
    await package.take(await titled(package, STACK, "Parameters:", ALL))
    await package.codes(STACK, ["W9713"])


async def test_no_secret_is_in_what_is_offered(package: Editor) -> None:
    """The value of a NoEcho parameter is in no title and no edit, where a grant would name it."""
    text = TEMPLATE.replace(
        "EnvFileARN: {Type: String, ", "EnvFileARN: {Type: String, NoEcho: true, "
    )
    package.open(STACK, text)
    (told, *_) = await package.diagnostics(STACK, lambda found: len(found) > 0)
    assert "a" * 8 not in told.message
    said = []
    for action in await package.actions(STACK, ASKING):
        said.append(action.title)
        try:
            said.append(str(await package.client.code_action_resolve_async(action)))
        except JsonRpcException as error:
            said.append(str(error))
    assert len(said) >= 2
    assert not [it for it in said if "a" * 8 in it]


async def test_another_file_changes_where_it_must(editor: Editor) -> None:
    """A finding in the addons, whose grant belongs to a role of the stack; that is closed."""
    addons, stack = (f"infrastructure/api{it}.stack.yml" for it in (".addons", "-test"))
    shutil.copytree(
        SAMPLES / "grant-on-wrong-role" / "infrastructure", editor.folder / "infrastructure"
    )
    editor.save(CONFIG, "info: true\n")
    editor.open(stack)
    editor.open(addons)
    editor.close(stack)
    (told,) = await editor.codes(addons, ["I9756"])
    found = await editor.client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(editor.uri(addons)),
            told.range,
            types.CodeActionContext([told], ["quickfix"]),
        )
    )
    (fix, *_) = (it for it in found or () if isinstance(it, types.CodeAction))
    edit = await editor.take(fix)
    (step,) = edit.document_changes or ()
    assert isinstance(step, types.TextDocumentEdit)
    assert step.text_document == types.OptionalVersionedTextDocumentIdentifier(editor.uri(stack))
    editor.changed_on_disk(stack, types.FileChangeType.Changed)
    await editor.codes(addons, [])


# --- suppressions --------------------------------------------------------------------------------


async def test_an_ignored_finding_has_a_comment_with_a_reason_to_write(package: Editor) -> None:
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    await package.take(await titled(package, STACK, ASKING, IGNORED))
    (line,) = (it for it in TEMPLATE.splitlines() if ASKING in it)
    comment = f"{line[: line.index('-')]}# preflight: ignore[E9712] TODO: say why"
    assert package.texts[STACK] == TEMPLATE.replace(line, f"{comment}\n{line}")
    await package.codes(STACK, [])


async def test_json_is_not_offered_a_comment(editor: Editor) -> None:
    """It has none; the configuration can hold the suppression, where there is one."""
    name = "web.template.json"
    text = json.dumps(parse(TWO_IMAGES, name).data, indent=2)
    editor.open(name, text, language="json")
    await editor.codes(name, ["E9742", "E9742", "E9732"])
    needle = '"123456789012.dkr.ecr.eu-west-1.amazonaws.com/log:1"'
    offered = [it.title for it in await editor.actions(name, needle, ["quickfix"])]
    assert len(offered) == 1
    editor.save(CONFIG, "# ours\nignore: [W9713]\n")
    editor.changed_on_disk(CONFIG, types.FileChangeType.Created)
    _, ignored = await editor.actions(name, needle, ["quickfix"])
    assert ignored.title == f"Ignore E9742 (image-pull-denied) in {CONFIG}, with a reason"
    await editor.take(ignored)
    editor.changed_on_disk(CONFIG, types.FileChangeType.Changed)
    await editor.codes(name, ["E9742", "E9732"])
    await editor.take(await titled(editor, name, needle, ALL))
    await editor.codes(name, [])
    assert json.loads(editor.texts[name])


async def test_a_finding_is_ignored_in_the_configuration(package: Editor) -> None:
    """Which outlasts the next 'svc package'; its own text and entries stay as they are."""
    config = "# ours\nseverity:\n  W9713: warning\nsuppress:\n  - {rule: W9714, reason: known}\n"
    package.save(CONFIG, config)
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    title = f"Ignore E9712 (env-file-stale-grant) in {CONFIG}, with a reason"
    await package.take(await titled(package, STACK, ASKING, title))
    written = (package.folder / CONFIG).read_text(encoding="utf-8")
    assert written.startswith(config)
    entry = parse(written, CONFIG).data["suppress"][1]
    assert (entry["rule"], entry["files"]) == ("E9712", STACK)
    package.changed_on_disk(CONFIG, types.FileChangeType.Changed)
    await package.codes(STACK, [])
