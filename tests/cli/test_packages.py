"""The files that belong together, and what becomes of a run when one of them is broken."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]

LOCKED = "env-file-version-locked"
NOT_PACKAGED = "env-file-not-packaged"

ADDONS = """\
Resources:
  AccessPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - {Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::artifacts/*'}
Outputs:
  AccessPolicyArn: {Value: !Ref AccessPolicy}
"""
NESTED = """\
  AddonsStack:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: x}
"""


def params(**values: str) -> str:
    """A parameter file as Copilot writes it."""
    return json.dumps({"Parameters": values, "Tags": {}}, indent=2)


@pytest.fixture
def with_addons(templates: Any) -> str:
    """A stack whose only grant stands in its addons."""
    text: str = templates.denied
    role = "  ExecutionRole:\n    Type: AWS::IAM::Role\n    Properties:\n"
    grant = "      ManagedPolicyArns: [!GetAtt AddonsStack.Outputs.AccessPolicyArn]\n"
    assert role in text
    return text.replace(role, role + grant) + NESTED


# --- pairs by name -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("web-test.stack.yml", "web-test.params.json"),
        ("web-test.stack.yaml", "web-test.params.json"),
        ("my-app-api-prod-eu.stack.yml", "my-app-api-prod-eu.params.json"),
        ("test.env.yml", "test.env.params.json"),
        ("web.yml", "web.params.json"),
        ("web.json", "web.params.json"),
        ("infra/web test.stack.yml", "infra/web test.params.json"),
    ],
)
@pytest.mark.parametrize("given", ["template", "values", "both", "folder"])
def test_parameters_belong_to_the_template_beside_them(
    run: Run, write: Write, templates: Any, env_file: str, template: str, values: str, given: str
) -> None:
    """Whichever of the two is given, the template is checked, once, with its values."""
    write({template: templates.locked, values: params(EnvFileARN=env_file)})
    paths = {
        "template": [template],
        "values": [values],
        "both": [values, template],
        "folder": [os.path.dirname(template) or "."],
    }
    result = run(*paths[given])
    assert (result.status, result.err) == (0, "")
    assert LOCKED in result.out
    assert f"::: {values}:3:" in result.out
    assert result.out.endswith("1 warning in 1 file\n"), "a neighbour is no ignored file"


def test_parameters_of_another_environment_are_not_taken(
    run: Run, write: Write, templates: Any, env_file: str
) -> None:
    """Each environment has its own values."""
    write(
        {
            "web-test.stack.yml": templates.locked,
            "web-prod.stack.yml": templates.locked,
            "web-test.params.json": params(EnvFileARN=env_file),
            "web-prod.params.json": params(EnvFileARN=""),
        }
    )
    result = run(".")
    assert result.out.count(LOCKED) == 1
    assert "--> web-test.stack.yml" in result.out


def test_parameters_without_a_template_are_an_error(run: Run, write: Write) -> None:
    """Values alone cannot be checked."""
    write({"web-test.params.json": params(EnvFileARN="")})
    assert run("web-test.params.json").err == (
        "error: web-test.params.json: parameter values without a template next to them: "
        "use --params\n"
    )


@pytest.mark.parametrize(
    ("template", "addons"),
    [
        ("web-test.stack.yml", "web.addons.stack.yml"),
        ("my-app-api-prod-eu.stack.yml", "my-app-api.addons.stack.yml"),
        ("my-app-api-prod-eu.stack.yml", "my-app.addons.stack.yml"),
        ("test.env.yml", "env.addons.yml"),
    ],
)
def test_addons_belong_to_the_stack_beside_them(
    run: Run, write: Write, with_addons: str, env_file: str, template: str, addons: str
) -> None:
    """A grant in the addons is a grant of the stack's role."""
    given = ["--parameter", f"EnvFileARN={env_file}"]
    write({template: with_addons})
    assert "access-undetermined" in run(template, *given, "--info").out
    write({addons: ADDONS})
    assert run(template, *given, "--info").out.endswith("no findings in 1 file\n")


def test_addons_of_a_workload_with_a_longer_name(
    run: Run, write: Write, with_addons: str, env_file: str
) -> None:
    """The longest name wins, and the workload's own name, where it is known, decides."""
    write(
        {
            "web-admin-test.stack.yml": with_addons,
            "web.addons.stack.yml": ADDONS,
            "web-admin-test.params.json": params(EnvFileARN=env_file),
        }
    )
    assert run("web-admin-test.stack.yml", "--info").out.endswith("no findings in 1 file\n")
    write({"web-admin-test.params.json": params(EnvFileARN=env_file, WorkloadName="web-admin")})
    assert "access-undetermined" in run("web-admin-test.stack.yml", "--info").out
    write({"web-admin.addons.stack.yml": ADDONS})
    assert run("web-admin-test.stack.yml", "--info").out.endswith("no findings in 1 file\n")


def test_addons_are_a_template_of_their_own_too(
    run: Run, write: Write, with_addons: str, env_file: str
) -> None:
    """In a folder the addons are checked beside the stack that nests them."""
    write(
        {
            "web-test.stack.yml": with_addons,
            "web.addons.stack.yml": ADDONS,
            "web-test.params.json": params(EnvFileARN=env_file),
        }
    )
    assert run(".", "--info").out.endswith("no findings in 2 files\n")


@pytest.mark.parametrize("folder", ["", "out/", "infra/deep/er/"])
@pytest.mark.parametrize("knows_its_name", [True, False])
def test_manifest_lies_up_the_tree(
    run: Run, write: Write, templates: Any, folder: str, knows_its_name: bool
) -> None:
    """``copilot/<name>/manifest.yml`` is looked for in every folder above the template."""
    named = {"WorkloadName": "my-api"} if knows_its_name else {}
    write(
        {
            f"{folder}my-api-test.stack.yml": templates.clean,
            f"{folder}my-api-test.params.json": params(EnvFileARN="", **named),
            "copilot/my-api/manifest.yml": "name: my-api\nenv_file: my.env\n",
            "copilot/my/manifest.yml": "name: my\n",
        }
    )
    result = run(f"{folder}my-api-test.stack.yml")
    assert NOT_PACKAGED in result.out
    assert "::: copilot/my-api/manifest.yml:2:11" in result.out


def test_manifest_is_found_above_an_absolute_path(run: Run, write: Write, templates: Any) -> None:
    """A path is shown as absolute as the one that was given."""
    folder = write(
        {
            "web-test.stack.yml": templates.clean,
            "web-test.params.json": params(EnvFileARN=""),
            "copilot/web/manifest.yml": "name: web\nenv_file: web.env\n",
        }
    )
    result = run(str(folder / "web-test.stack.yml"))
    assert f"::: {folder}/copilot/web/manifest.yml:2:11" in result.out


@pytest.mark.parametrize("name", ["../../secret", "/etc", "a/b", "..", "", "web\0"])
def test_workload_name_is_no_path(run: Run, write: Write, templates: Any, name: str) -> None:
    """A value from a parameter file never leads out of the workspace."""
    write(
        {
            "in/web-test.stack.yml": templates.clean,
            "in/web-test.params.json": params(EnvFileARN="", WorkloadName=name),
            "secret/manifest.yml": "name: web\nenv_file: web.env\n",
        }
    )
    assert run("in/web-test.stack.yml").out.endswith("no findings in 1 file\n")


def test_embedded_manifest(run: Run, write: Write, templates: Any) -> None:
    """Copilot writes the manifest into the template; the workspace's own one goes first."""
    embedded = "Metadata:\n  Manifest: |\n    name: web\n    env_file: old.env\n"
    write(
        {
            "web-test.stack.yml": embedded + templates.clean,
            "web-test.params.json": params(EnvFileARN=""),
        }
    )
    assert "env_file 'old.env'" in run("web-test.stack.yml").out
    write({"copilot/web/manifest.yml": "name: web\nenv_file: new.env\n"})
    assert "env_file 'new.env'" in run("web-test.stack.yml").out


@pytest.mark.parametrize("metadata", ["{}", "", "{Manifest: 5}", "{Manifest: '{{ x }}: ['}"])
def test_embedded_manifest_that_says_nothing(
    run: Run, write: Write, templates: Any, metadata: str
) -> None:
    """Metadata are nobody's business: what is not a manifest there does no harm."""
    write({"web.yml": f"Metadata: {metadata}\n{templates.denied}"})
    assert run("web.yml").out.endswith("1 error in 1 file\n")


# --- broken neighbours ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("web-test.params.json", '{"Parameters": {"EnvFi', ':1:17: the quote " that opens'),
        ("web-test.params.json", "", ":1:1: file is empty"),
        ("web-test.params.json", "5", ":1:1: parameters must be a map or a list, found 5"),
        ("web-test.params.json", '{"EnvName": {"a": 1}}', ":1:13: a parameter value must be a"),
        (
            "web-test.params.json",
            '{"Other": "1", "More": "2"}',
            ":1:11: 'web-test.stack.yml' declares no parameter 'Other': is this another stack's?",
        ),
        ("web.addons.stack.yml", "Resources: {", ":1:13: a value is missing: found the end"),
        ("web.addons.stack.yml", "a: b", ":1:1: addons must be a template"),
        ("web.addons.stack.yml", "- a", ":1:1: addons must be a template"),
        ("web.addons.stack.yml", "Resources: {A: []}", ":1:16: a resource must be a map"),
        ("copilot/web/manifest.yml", "name: [", ":1:8: a value is missing: found the end"),
        ("copilot/web/manifest.yml", "- web", ":1:1: a manifest must be a map, found a list"),
        ("copilot/web/manifest.yml", b"name: \xff", ":1:7: byte 0xff is not UTF-8"),
    ],
)
def test_broken_neighbour(
    run: Run, write: Write, templates: Any, name: str, content: Any, told: str
) -> None:
    """A neighbour that is broken is one line, and the template and the others are checked."""
    write(
        {
            "web-test.stack.yml": templates.denied + NESTED,
            "web-prod.stack.yml": templates.denied + NESTED,
            "other.yml": templates.denied,
            name: content,
        }
    )
    result = run("web-test.stack.yml", "web-prod.stack.yml", "other.yml")
    assert result.status == 2
    assert len(result.errors) == 1
    assert result.err.startswith(f"error: {name}{told}")
    assert result.out.endswith("3 errors in 3 files\n")


def test_neighbour_that_cannot_be_opened(
    run: Run, write: Write, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A neighbour that the file system refuses is one line too."""
    write({"web-test.stack.yml": templates.denied, "web-test.params.json": "{}"})
    opened = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if Path(path).name == "web-test.params.json":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    result = run("web-test.stack.yml")
    assert result.errors == ["error: web-test.params.json: cannot read: permission denied"]
    assert "1 error in 1 file" in result.out


def test_folder_of_the_neighbours_name_is_no_neighbour(
    run: Run, write: Write, templates: Any
) -> None:
    """Only files are read."""
    write(
        {
            "web-test.stack.yml": templates.denied,
            "web-test.params.json/a": "",
            "web.addons.stack.yml/a": "",
            "copilot/web/manifest.yml/a": "",
        }
    )
    assert run("web-test.stack.yml").err == ""


def test_broken_expression_in_the_addons(
    run: Run, write: Write, with_addons: str, env_file: str
) -> None:
    """What the addons say is left out where it cannot be read, and the stack is still checked."""
    write(
        {
            "web-test.stack.yml": with_addons,
            "web.addons.stack.yml": ADDONS.replace("!Ref AccessPolicy", "!Sub [1]"),
            "web-test.params.json": params(EnvFileARN=env_file),
        }
    )
    result = run("web-test.stack.yml", "--info")
    assert result.status == 2
    assert result.errors == [
        "error: web.addons.stack.yml:9:28: Fn::Sub takes a string, or a list of a string and a map"
    ]
    assert "access-undetermined" in result.out


def test_addons_that_are_passed_what_they_return(
    run: Run, write: Write, with_addons: str, env_file: str
) -> None:
    """A nested stack in a circle with its parent returns nothing that is known."""
    passed = "    Properties: {TemplateURL: x, Parameters: {X: !GetAtt AddonsStack.Outputs.Y}}\n"
    circle = "Parameters: {X: {Type: String}}\n" + ADDONS + "  Y: {Value: !Ref X}\n"
    returned = circle.replace("Value: !Ref AccessPolicy", "Value: !Ref X")
    write(
        {
            "web-test.stack.yml": with_addons.replace("    Properties: {TemplateURL: x}\n", passed),
            "web.addons.stack.yml": returned,
            "web-test.params.json": params(EnvFileARN=env_file),
        }
    )
    result = run("web-test.stack.yml", "--info")
    assert (result.status, result.err) == (0, "")
    assert "access-undetermined" in result.out


def test_broken_template_beside_one_that_needs_it(
    run: Run, write: Write, templates: Any, env_file: str
) -> None:
    """What another template of the run exports is not known where it is broken."""
    exports = (
        "Resources: {B: {Type: 'AWS::S3::Bucket'}}\n"
        "Outputs: {B: {Value: !Ref B, Export: {Name: !Join [a]}}}\n"
    )
    write({"web.yml": templates.undetermined, "shared.yml": exports, "api.yml": templates.denied})
    result = run("web.yml", "shared.yml", "api.yml", "--parameter", f"EnvFileARN={env_file}")
    assert result.errors == ["error: shared.yml:2:45: Fn::Join takes a delimiter and a list"]
    assert result.out.endswith("1 error in 3 files\n")
