"""The language server, over standard input and output, by what a real client is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp.conftest import COMMAND, make_client
from tests.lsp.editor import REQUESTS, Editor, asked, place_of, range_of
from tests.stacks import COPILOT_TASK

from copilot_preflight.lsp import hover
from copilot_preflight.run.check import checked

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "https://github.com/copilot-preflight/copilot-preflight/blob/main/rules/copilot_preflight_rules"
)
ASKED = "arn:aws:s3:::artifacts/manual/env-files/web.env/" + "a" * 64 + ".env"
GRANTED = "arn:aws:s3:::artifacts/manual/env-files/web.env/" + "b" * 64 + ".env"
WARNING = types.DiagnosticSeverity.Warning
STACK = "infrastructure/web-test.stack.yml"
PARAMS = "infrastructure/web-test.params.json"

TEMPLATE = f"""\
Parameters:
  WorkloadName: {{Type: String}}
  EnvFileARN: {{Type: String, Default: ''}}
  LogLevel: {{Type: String}}
  Password: {{Type: String, NoEcho: true}}
Conditions:
  HasEnvFile: !Not [!Equals [{{Ref: EnvFileARN}}, '']]
  IsLoud: !Equals [!Ref LogLevel, debug]
Resources:
{COPILOT_TASK}\
          Environment:
            - {{Name: TOPIC, Value: !Sub '${{WorkloadName}}-${{AWS::Region}}-events'}}
            - {{Name: FORMAT, Value: !If [IsLoud, !Sub '${{WorkloadName}}-long', short]}}
            - {{Name: PASSWORD, Value: !Ref Password}}
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}}, Action: sts:AssumeRole}}
      Policies:
        - PolicyName: files
          PolicyDocument:
            Statement:
              - {{Effect: Allow, Action: s3:GetObject, Resource: '{GRANTED}'}}
              - {{Effect: Allow, Action: s3:GetBucketLocation, Resource: 'arn:aws:s3:::artifacts'}}
"""  # noqa: E501
ASKING = "!Ref EnvFileARN"
OBJECT_GRANT = f"{{Effect: Allow, Action: s3:GetObject, Resource: '{GRANTED}'}}"
BUCKET_GRANT = "{Effect: Allow, Action: s3:GetBucketLocation, Resource: 'arn:aws:s3:::artifacts'}"


def params(arn: str) -> str:
    values = {"WorkloadName": "web", "EnvFileARN": arn, "Password": "hunter2"}
    return json.dumps({"Parameters": values}, indent=2)


@pytest.fixture
def package(editor: Editor) -> Editor:
    """A package whose role may read another version of the env file; nothing is open yet."""
    editor.save(STACK, TEMPLATE)
    editor.save(PARAMS, params(ASKED))
    return editor


# --- diagnostics ---------------------------------------------------------------------------------


async def test_a_finding_is_told_in_full(package: Editor) -> None:
    """Range, code with a link to its page, and the places that it cites, in other files too."""
    package.open(STACK)
    told = await package.codes(STACK, ["E9712"])
    role = place_of(TEMPLATE, "  ExecutionRole:\n")
    role.character += 2

    def cited(name: str, where: types.Range, what: str) -> types.DiagnosticRelatedInformation:
        return types.DiagnosticRelatedInformation(types.Location(package.uri(name), where), what)

    assert list(told) == [
        types.Diagnostic(
            range_of(TEMPLATE, ASKING),
            "execution role 'ExecutionRole' may read 'manual/env-files/web.env/bbbbbbbb….env' "
            "but container 'web' asks for 'manual/env-files/web.env/aaaaaaaa….env'",
            severity=types.DiagnosticSeverity.Error,
            code="E9712",
            code_description=types.CodeDescription(f"{PAGES}/env_file_stale_grant.md"),
            source="copilot-preflight",
            related_information=(
                cited(STACK, range_of(TEMPLATE, f"'{GRANTED}'"), "the version that is granted"),
                cited(
                    STACK,
                    types.Range(role, types.Position(role.line, role.character + 13)),
                    "the role that ECS downloads with",
                ),
                cited(PARAMS, range_of(params(ASKED), f'"{ASKED}"'), "the value of EnvFileARN"),
            ),
        )
    ]


async def test_typing_the_fix_clears_the_finding(package: Editor) -> None:
    """A change is checked as it stands in the editor, saved or not."""
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    package.replace(STACK, GRANTED, GRANTED.replace("b" * 64 + ".env", "*"))
    await package.codes(STACK, [])
    package.replace(STACK, "web.env/*", "web.env/" + "b" * 64 + ".env")
    await package.codes(STACK, ["E9712"])


async def test_a_burst_of_typing_ends_with_the_answer_to_the_last_change(package: Editor) -> None:
    """Changes that arrive while a text is judged are one; none is left over."""
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    old, new = GRANTED, ASKED
    for _ in range(41):
        package.replace(STACK, old, new)
        old, new = new, old
    await package.codes(STACK, ["W9713"])
    await package.lenses(STACK)  # behind the last change
    assert await package.codes(STACK, ["W9713"])


async def test_what_is_closed_has_no_diagnostics(package: Editor) -> None:
    """The editor forgets a package when its last file is closed; unsaved text is gone with it."""
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    package.replace(STACK, OBJECT_GRANT, f"{OBJECT_GRANT}  # \U0001f600")
    package.close(STACK)
    await package.codes(STACK, [])
    package.open(STACK)
    await package.codes(STACK, ["E9712"])


async def test_columns_are_counted_in_utf_16(package: Editor) -> None:
    """A character beyond U+FFFF counts for two, in what is told and in what is typed."""
    emoji = TEMPLATE.replace("{Type: s3, Value: !Ref", "{Type: s3, \U0001f600: é, Value: !Ref")
    package.save(STACK, emoji)
    package.open(STACK)
    (told,) = await package.codes(STACK, ["E9712"])
    assert told.range == range_of(emoji, ASKING)
    assert "resolves" not in await package.hover(STACK, ASKING)
    assert ASKED in await package.hover(STACK, ASKING)
    package.replace(STACK, ASKING, f"'{GRANTED}x'"[:-2] + "'")
    assert await package.codes(STACK, ["W9713"])


async def test_files_that_are_no_templates_are_left_alone(editor: Editor) -> None:
    """Neither other YAML, whole or broken, nor other languages are any of our business."""
    texts = {"compose.yml": "services: {web: {}}", "broken.yml": "a: [", "x.py": TEMPLATE + "]"}
    for name, text in texts.items():
        editor.save(name, text)
        editor.open(name, language="python" if name == "x.py" else "yaml")
        assert await editor.hover(name, text[:8]) == ""
        assert await editor.definition(name, text[:8]) == []
        assert await editor.lenses(name) == []
    assert not [uri for uri in editor.client.diagnostics if uri.startswith(editor.uri(""))]


async def test_text_without_a_file_is_left_alone(editor: Editor) -> None:
    """A new document has no package around it before it is saved for the first time."""
    item = types.TextDocumentItem("untitled:Untitled-1", "yaml", 0, TEMPLATE)
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    asked = types.CodeLensParams(types.TextDocumentIdentifier(item.uri))
    assert not await editor.client.text_document_code_lens_async(asked)
    assert item.uri not in editor.client.diagnostics


async def test_a_template_that_is_not_on_the_disk_yet_is_checked(editor: Editor) -> None:
    editor.save(PARAMS, params(ASKED))
    editor.open(STACK, TEMPLATE)
    await editor.codes(STACK, ["E9712"])


# --- broken text ---------------------------------------------------------------------------------


async def test_broken_yaml_is_told_at_its_place_and_mended_again(package: Editor) -> None:
    """While somebody types, the old findings and lenses are gone, and come back."""
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    package.replace(STACK, "Parameters:\n", "Parameters: [\n")
    (told,) = await package.codes(STACK, [None])
    text = package.texts[STACK]
    assert told == types.Diagnostic(
        range_of(text, "EnvFileARN: {Type: String, Default: ''}"),
        told.message,
        severity=types.DiagnosticSeverity.Error,
        source="copilot-preflight",
    )
    assert told.message == "expected ',' or ']' in the list that opens on line 1"
    assert await package.lenses(STACK) == []
    assert await package.hover(STACK, ASKING) == ""
    package.replace(STACK, "Parameters: [\n", "Parameters:\n")
    await package.codes(STACK, ["E9712"])
    assert await package.lenses(STACK)


async def test_every_prefix_of_a_template_is_survived(package: Editor) -> None:
    """Whatever stands there while a template is written, there is an answer."""
    package.open(STACK)
    text = TEMPLATE
    for length in range(len(TEMPLATE) - 1, 0, -97):
        package.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(1, package.uri(STACK)),
                [types.TextDocumentContentChangeWholeDocument(TEMPLATE[:length])],
            )
        )
        package.texts[STACK] = TEMPLATE[:length]
        await package.lenses(STACK)
    assert text.startswith(package.texts[STACK])
    assert not package.client.messages


async def test_a_broken_parameter_file_is_told_there(package: Editor) -> None:
    """What belongs to a package is judged with it, and shown where it stands."""
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    package.open(PARAMS, language="json")
    package.replace(PARAMS, '"Password": "hunter2"', '"Passwort": "hunter2"')
    (told,) = await package.diagnostics(PARAMS, lambda found: len(found) == 1)
    assert "declares no parameter 'Passwort'" in told.message
    text = package.texts[PARAMS]
    assert told.range == range_of(text, '"hunter2"')
    package.close(PARAMS)
    await package.codes(PARAMS, [])


# --- what belongs to a package -------------------------------------------------------------------


async def test_parameters_count_as_they_stand_in_the_editor(package: Editor) -> None:
    """Typing in the parameter file changes what is found in the template."""
    package.open(STACK)
    package.open(PARAMS, language="json")
    await package.codes(STACK, ["E9712"])
    package.replace(PARAMS, ASKED, GRANTED)
    await package.codes(STACK, ["W9713"])


async def test_opening_the_parameters_checks_their_template(package: Editor) -> None:
    """The package is looked at as long as one of its files is open."""
    package.open(PARAMS, language="json")
    await package.codes(STACK, ["E9712"])
    package.close(PARAMS)
    await package.codes(STACK, [])


async def test_parameters_that_change_on_the_disk_are_read_again(package: Editor) -> None:
    """Such as by 'copilot svc package'; the lenses are asked for anew."""
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    before = len(await asked(package.client, "refresh"))
    package.save(PARAMS, params(GRANTED))
    package.changed_on_disk(PARAMS, types.FileChangeType.Changed)
    await package.codes(STACK, ["W9713"])
    await asked(package.client, "refresh", before + 1)
    (package.folder / PARAMS).unlink()
    package.changed_on_disk(PARAMS, types.FileChangeType.Deleted)
    await package.codes(STACK, [])


async def test_a_manifest_that_comes_later_is_noticed(package: Editor) -> None:
    """W9718 needs a manifest with an env_file, and an ARN that is empty."""
    package.save(PARAMS, params(""))
    package.open(STACK)
    await package.codes(STACK, [])
    manifest = "name: web\ntype: Backend Service\nenv_file: web.env\n"
    package.save("copilot/web/manifest.yml", manifest)
    package.changed_on_disk("copilot/web/manifest.yml", types.FileChangeType.Created)
    await package.codes(STACK, ["W9718"])
    package.save("copilot/web/manifest.yml", manifest.replace("env_file", "x_file"))
    package.changed_on_disk("copilot/web/manifest.yml", types.FileChangeType.Changed)
    await package.codes(STACK, [])


async def test_the_files_of_packages_are_watched(client: LanguageClient) -> None:
    (watched,) = await asked(client, "register")
    assert watched.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    watchers = [{"globPattern": "**/*.{yml,yaml,json,template,env}"}]
    assert watched.register_options == {"watchers": watchers}


# --- configuration -------------------------------------------------------------------------------

CONFIG = ".copilot-preflight.yml"


async def test_the_nearest_configuration_holds(package: Editor) -> None:
    """It is read again when it is saved; what it suppresses elsewhere is no news here."""
    package.open(STACK)
    await package.codes(STACK, ["E9712"])
    other = "suppress: [{rule: E9711, files: other.yml, reason: known}]\n"
    package.save(CONFIG, f"severity: {{E9712: warning}}\n{other}")
    package.changed_on_disk(CONFIG, types.FileChangeType.Created)
    (told,) = await package.diagnostics(STACK, lambda it: [d.severity for d in it] == [WARNING])
    assert told.code == "E9712"
    package.open(CONFIG)
    package.replace(CONFIG, "E9712: warning", "E9712: 'off'")
    package.save(CONFIG, package.texts[CONFIG])
    identifier = types.TextDocumentIdentifier(package.uri(CONFIG))
    package.client.text_document_did_save(types.DidSaveTextDocumentParams(identifier))
    await package.codes(STACK, [])
    assert not package.client.diagnostics.get(package.uri(CONFIG))


async def test_a_broken_configuration_is_told_at_its_place(package: Editor) -> None:
    """Nothing is checked before it is mended, as on the command line."""
    text = "selekt: [E9711]\n"
    package.save(CONFIG, text)
    package.open(STACK)
    (told,) = await package.diagnostics(CONFIG, lambda found: len(found) == 1)
    assert "'selekt'" in told.message
    assert told.range.start == types.Position(0, 0)
    assert await package.codes(STACK, []) == ()
    package.save(CONFIG, "ignore: [W9713]\n")
    package.changed_on_disk(CONFIG, types.FileChangeType.Changed)
    await package.codes(STACK, ["E9712"])
    await package.codes(CONFIG, [])


# --- hover ---------------------------------------------------------------------------------------


async def test_a_hover_over_a_finding_has_the_way_out_and_the_page(package: Editor) -> None:
    package.open(STACK)
    told = await package.hover(STACK, ASKING)
    value, calls, page = told.split("\n\n---\n\n")
    assert value == f"**`!Ref EnvFileARN`**\n\n```\n{ASKED}\n```"
    assert calls.splitlines() == [
        "- execution role 'ExecutionRole' calls `s3:GetObject`: **denied**",
        "- execution role 'ExecutionRole' calls `s3:GetBucketLocation`: **allowed**",
    ]
    assert page.startswith("**E9712 env-file-stale-grant**\n\n```\ngrant every version")
    assert "## Why it breaks" in page


async def test_links_of_a_page_lead_somewhere_from_an_editor() -> None:
    """Pages of other rules are no files next to the template."""
    (found,) = checked([str(ROOT / "sample_templates/broken/task-launch-denied")]).report.findings
    assert f"[E9732]({PAGES}/role_not_assumable.md)" in hover.finding(found)


@pytest.mark.parametrize(
    ("needle", "told"),
    [
        (
            "${WorkloadName}-${AWS::Region}",
            "**`${WorkloadName}`**\n\n```\nweb\n```\n\n---\n\n"
            "**`!Sub ${WorkloadName}-${AWS::Region}-events`**\n\n"
            "```\nweb-${AWS::Region}-events\n```",
        ),
        (
            "-events",
            "**`!Sub ${WorkloadName}-${AWS::Region}-events`**\n\n"
            "```\nweb-${AWS::Region}-events\n```",
        ),
        (
            "!If [IsLoud",
            "**`!If`**\n\nwhen IsLoud is true\n```\nweb-long\n```\n\n"
            "when IsLoud is false\n```\nshort\n```",
        ),
        (
            "!Ref Password",
            "**`!Ref Password`**\n\nnot shown, as it holds the NoEcho parameter Password",
        ),
        ("IsLoud, !Sub", "**`condition IsLoud`**\n\n```\ntrue or false\n```"),
        ("HasEnvFile: !Not", "**`condition HasEnvFile`**\n\n```\ntrue\n```"),
        (
            "WorkloadName: {Type",
            "**`parameter WorkloadName`**\n\n```\nweb\n```\n\ngiven in web-test.params.json",
        ),
        (
            "!GetAtt ExecutionRole.Arn",
            "**`!GetAtt ExecutionRole.Arn`**\n\n"
            "```\narn:aws:iam::${AWS::AccountId}:role/${ExecutionRole}\n```",
        ),
        ("AWS::ECS::TaskDefinition", ""),
        ("{Name: TOPIC", ""),
    ],
)
async def test_a_hover_tells_what_an_expression_resolves_to(
    package: Editor, needle: str, told: str
) -> None:
    """With the package's parameters, in every scenario that makes a difference."""
    package.open(STACK)
    assert await package.hover(STACK, needle) == told


async def test_names_of_a_template_are_no_markup_of_a_hover(editor: Editor) -> None:
    """No name or value of a template becomes a link or an image of the editor."""
    name = "P`** ![i](https://evil.example/p) **`"
    condition = "C ![w](https://evil.example/w.png)"
    editor.save(
        STACK,
        f"""\
Parameters:
  "{name}": {{Type: String, Default: "x\\n```\\n\\n![i](https://evil.example/q.png)\\n```\\n"}}
  Which: {{Type: String}}
Conditions:
  "{condition}": !Equals [!Ref Which, y]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Ref "{name}"
      Cpu: !If ["{condition}", a, b]
""",
    )
    editor.open(STACK)
    assert await editor.hover(STACK, '!Ref "P`') == (
        f"**`` !Ref {name} ``**\n\n````\nx\n```\n\n![i](https://evil.example/q.png)\n```\n\n````"
    )
    assert f"when `{condition} is true`\n```\na\n```" in await editor.hover(STACK, "!If [")


async def test_a_hover_shows_no_secret_value(editor: Editor) -> None:
    """Not even where another template has the parameter and hands on a name made of it."""
    editor.save(
        "web.addons.stack.yml",
        """\
Parameters:
  Name: {Type: String, NoEcho: true, Default: hunter2}
Resources:
  Files: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub 'files-${Name}'}}
Outputs:
  Arn: {Value: !GetAtt Files.Arn}
""",
    )
    editor.save(
        "web-test.stack.yml",
        """\
Resources:
  AddonsStack: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x}}
Outputs:
  Arn: {Value: !GetAtt AddonsStack.Outputs.Arn}
""",
    )
    editor.open("web-test.stack.yml")
    shown = await editor.hover("web-test.stack.yml", "!GetAtt AddonsStack")
    assert shown.endswith("```\narn:${AWS::Partition}:s3:::files-${Name}\n```")


# --- definitions and lenses ----------------------------------------------------------------------


async def test_a_finding_leads_to_the_statement_that_decides_it(package: Editor) -> None:
    package.open(STACK)
    assert await package.definition(STACK, ASKING) == [
        (Path(STACK).name, range_of(TEMPLATE, OBJECT_GRANT))
    ]


async def test_an_env_file_leads_to_the_grants_that_allow_it(package: Editor) -> None:
    package.save(PARAMS, params(GRANTED))
    package.open(STACK)
    await package.codes(STACK, ["W9713"])
    found = await package.definition(STACK, ASKING)
    name = Path(STACK).name
    assert found == [
        (name, range_of(TEMPLATE, OBJECT_GRANT)),
        (name, range_of(TEMPLATE, BUCKET_GRANT)),
    ]
    assert await package.definition(STACK, "WorkloadName: {Type") == []


async def test_a_lens_counts_the_calls_of_each_role(package: Editor) -> None:
    package.open(STACK)
    line = place_of(TEMPLATE, "  TaskDefinition:\n").line
    assert await package.lenses(STACK) == [
        (line, "execution role ExecutionRole: 1 call allowed, 1 denied")
    ]
    package.replace(STACK, GRANTED, ASKED)
    assert await package.lenses(STACK) == [(line, "execution role ExecutionRole: 2 calls allowed")]


# --- the process ---------------------------------------------------------------------------------


async def test_the_server_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """A client with next to no capabilities is served, and the exit status is 0."""
    client = make_client()
    await client.start_io(*COMMAND)
    minimal = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind.Utf8]
        ),
        text_document=types.TextDocumentClientCapabilities(
            hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.PlainText])
        ),
    )
    await client.initialize_session(types.InitializeParams(minimal))
    editor = Editor(client, tmp_path)
    text = TEMPLATE.replace("{Type: s3, Value: !Ref", "{Type: s3, é: é, Value: !Ref")
    editor.save(STACK, text)
    editor.save(PARAMS, params(ASKED))
    editor.open(STACK)
    (told,) = await editor.codes(STACK, ["E9712"])
    assert told.range.start.character == range_of(text, ASKING).start.character + len("éé")
    assert not REQUESTS[client]
    server = client._server
    assert server is not None
    await client.shutdown_session()
    assert server.returncode == 0
    await client.stop()  # type: ignore[no-untyped-call]
