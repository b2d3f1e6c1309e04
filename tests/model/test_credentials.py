"""Credentials in a container's environment: which hide the task role, and which do not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests import stacks

from copilot_preflight.base.finding import Report
from copilot_preflight.model.credentials import overrides
from copilot_preflight.render.formats import render
from copilot_preflight.run import check as engine

KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
TEMPLATE = (
    """
Parameters:
  Key: {Type: String}
  Optional: {Type: String, Default: ''}
  EnvFileARN: {Type: String}
Conditions: {HasKey: !Not [!Equals [!Ref Key, '']]}
Resources:
"""
    + stacks.task("CONTAINER", "TaskRoleArn: !GetAtt TaskRole.Arn")
    + """
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
"""
)


def pair(key: str = "abc", secret: str = "def", more: str = "") -> str:
    return (
        f"Environment: [{{Name: {KEY}, Value: {key}}}, {{Name: {SECRET}, Value: {secret}}}{more}]"
    )


def found(
    container: str, template: str = TEMPLATE, parameters: Mapping[str, str] | None = None
) -> list[list[str]]:
    text = template.replace("CONTAINER", container)
    stack = stacks.stack(text, parameters)
    return [[f"{it.name} {it.where}" for it in each.settings] for each in overrides(stack)]


BOTH = [[f"{KEY} Environment", f"{SECRET} Environment"]]


@pytest.mark.parametrize(
    ("container", "told"),
    [
        (pair(), BOTH),
        (pair("!Ref Key", "'{{resolve:secretsmanager:x}}'"), BOTH),
        (pair("!GetAtt User.Key"), BOTH),
        (pair("!If [HasKey, x, !Ref AWS::NoValue]"), BOTH),
        (
            f"Secrets: [{{Name: {KEY}, ValueFrom: /a}}, {{Name: {SECRET}, ValueFrom: /b}}]",
            [[f"{KEY} Secrets", f"{SECRET} Secrets"]],
        ),
        (
            f"{{Environment: [{{Name: {KEY}, Value: x}}], "
            f"Secrets: [{{Name: {SECRET}, ValueFrom: /b}}]}}",
            [[f"{KEY} Environment", f"{SECRET} Secrets"]],
        ),
        (
            "Environment: [{Name: AWS_WEB_IDENTITY_TOKEN_FILE, Value: /token}, "
            "{Name: AWS_ROLE_ARN, Value: 'arn:aws:iam::111122223333:role/x'}]",
            [["AWS_WEB_IDENTITY_TOKEN_FILE Environment", "AWS_ROLE_ARN Environment"]],
        ),
        # No credentials, or none that are AWS's.
        ("Image: x", []),
        (pair("''"), []),
        (pair(secret="''"), []),
        (pair("!Ref Optional"), []),
        (pair("!Ref AWS::NoValue"), []),
        (pair(more=", {Name: AWS_ENDPOINT_URL_S3, Value: 'http://minio'}"), []),
        (pair().replace("AWS_ACCESS", "aws_access"), []),
        (pair("!If [HasKey, x, !Ref AWS::NoValue]", "!If [HasKey, !Ref AWS::NoValue, x]"), []),
        (f"Environment: [{{Name: {KEY}, Value: x}}]", []),
        ("Environment: [{Name: AWS_SESSION_TOKEN, Value: x}]", []),
        ("Environment: [{Name: AWS_PROFILE, Value: dev}]", []),
        ("Environment: [{Name: AWS_CONTAINER_CREDENTIALS_FULL_URI, Value: x}]", []),
        # Wrong shapes are for others to judge.
        ("Environment: [x, 1, {Name: [a]}, {Value: x}]", []),
        ("Environment: !Ref Key", []),
    ],
)
def test_what_hides_the_role(container: str, told: list[list[str]]) -> None:
    """A whole set of credentials that is certainly not empty."""
    if container.startswith("{"):
        container = container[1:-1].replace(", Secrets", "\n          Secrets")
    assert found(container) == told


def test_a_parameter_that_is_given_counts_as_its_value() -> None:
    """An optional parameter hides the role once it has a value."""
    container = pair("!Ref Optional", "!Ref Optional")
    given = {"Key": "k", "EnvFileARN": ""}
    assert found(container, parameters={**given, "Optional": ""}) == []
    assert found(container, parameters={**given, "Optional": "x"}) == BOTH


def test_a_task_without_a_role_has_nothing_to_hide() -> None:
    """Without a task role, keys are the only way: they are meant."""
    without = TEMPLATE.replace("      TaskRoleArn: !GetAtt TaskRole.Arn\n", "")
    assert found(pair(), without) == []


# --- environment files and reports --------------------------------------------------------------

MANIFEST = "name: web\ntype: Backend Service\nenv_file: web.env\nvariables: {X: '1', SECRETS}\n"
FILES = "EnvironmentFiles: [{Type: s3, Value: !Ref EnvFileARN}]"


def check(folder: Path, container: str, env: str, variables: str = "", arn: str = "") -> Report:
    digest = hashlib.sha256(env.encode()).hexdigest()
    arn = arn or f"arn:aws:s3:::artifacts/manual/env-files/web.env/{digest}.env"
    workspace = {
        "infrastructure/web-test.stack.yml": TEMPLATE.replace("CONTAINER", container),
        "infrastructure/web-test.params.json": f'{{"Parameters": {{"EnvFileARN": "{arn}"}}}}',
        "copilot/web/manifest.yml": MANIFEST.replace("SECRETS", variables or "Y: '2'"),
        "web.env": env,
    }
    for name, content in workspace.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return engine.check([str(folder)], engine.Options())


def messages(report: Report) -> list[str]:
    return [finding.message for finding in report.findings if finding.rule == "W9735"]


@pytest.mark.parametrize(
    ("env", "told"),
    [
        (f"{KEY}=topsecret\n# x\n{SECRET}=topsecret\n", f"{KEY} (line 1) and {SECRET} (line 3)"),
        (f"{KEY}=a\r\n{SECRET}=b=c\r\n", f"{KEY} (line 1) and {SECRET} (line 2)"),
        (f"{KEY}=a\n{KEY}=b\n{SECRET}=c", f"{KEY} (line 2) and {SECRET} (line 3)"),
        (f"#{KEY}=a\n{SECRET}=b\n", ""),
        (f"{KEY}=\n{SECRET}=b\n", ""),
        (f"{KEY}\n{SECRET}=b\n", ""),
        (f" {KEY}=a\n{SECRET}=b\n", ""),
        (f"export {KEY}=a\n{SECRET}=b\n", ""),
        ("", ""),
    ],
)
def test_the_env_file_is_read_as_ecs_reads_it(tmp_path: Path, env: str, told: str) -> None:
    """Comments, lines without a value, and names that only look alike set nothing."""
    hides = f"{told} in 'web.env' of container 'web' hide task role 'TaskRole'"
    rest = ": the AWS SDKs take the credentials that they find first"
    assert messages(check(tmp_path, FILES, env)) == ([hides + rest] if told else [])


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """What the container sets itself, the file does not change; to nothing, too."""
    env = f"{KEY}=a\n{SECRET}=b\n"
    nothing = pair("''", "''")
    emptied = f"{nothing}\n          {FILES}"
    assert messages(check(tmp_path, emptied, env)) == []
    both = f"{pair()}\n          {FILES}"
    (message,) = messages(check(tmp_path, both, env))
    assert message.startswith(f"{KEY} and {SECRET} in Environment of container 'web'")


def test_a_file_that_was_edited_is_another(tmp_path: Path) -> None:
    """What the package asks for is not what lies in the workspace: W9719 tells that."""
    arn = f"arn:aws:s3:::artifacts/manual/env-files/web.env/{'0' * 64}.env"
    report = check(tmp_path, FILES, f"{KEY}=a\n{SECRET}=b\n", arn=arn)
    assert messages(report) == []


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize(
    "container",
    [
        pair("topsecret", "topsecret"),
        f"Environment:\n            - Name: {KEY}\n              Value: topsecret\n"
        f"            - Name: {SECRET}\n              Value: topsecret",
        f"Environment:\n            - Value: topsecret\n              Name: {KEY}\n"
        f"            - Value: topsecret\n              Name: {SECRET}",
        FILES,
    ],
)
def test_no_report_shows_a_secret(
    tmp_path: Path, container: str, format: str, colour: bool
) -> None:
    """Neither the value nor the line on which it stands, of template, manifest or file."""
    env = f"{KEY}=topsecret\n{SECRET}=topsecret\n"
    variables = f"{KEY}: topsecret, {SECRET}: topsecret"
    report = check(tmp_path, container, env, variables)
    assert messages(report)
    rendered = render(report, format, colour=colour)
    assert KEY in rendered
    assert "topsecret" not in rendered


def test_the_manifest_is_pointed_at(tmp_path: Path) -> None:
    """Where Copilot's manifest sets the variable, the finding leads there."""
    variables = f"{KEY}: topsecret, {SECRET}: topsecret"
    report = check(tmp_path, pair(), "", variables)
    (finding,) = [it for it in report.findings if it.rule == "W9735"]
    assert [related.message for related in finding.related] == [
        f"sets {SECRET}",
        f"the manifest sets {KEY}",
        f"the manifest sets {SECRET}",
        "the role that is hidden",
    ]
