"""``copilot-preflight triage``: where the text comes from, what is printed, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]

DENIED = (
    "An error occurred (AccessDenied) when calling the GetObject operation: User: "
    "arn:aws:sts::123456789012:assumed-role/shop-test-web-TaskRole-1ABCDEFGHIJK/0a1b is not "
    'authorized to perform: s3:GetObject on resource: "arn:aws:s3:::shop-data/report.csv" because '
    "no identity-based policy allows the s3:GetObject action"
)
STACK = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt TaskRole.Arn
      ContainerDefinitions: [{Name: web, Image: public.ecr.aws/shop/web}]
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
"""


@pytest.mark.parametrize("way", ["text", "file", "stdin"])
def test_a_text_a_file_and_standard_input_are_read(run: Run, write: Write, way: str) -> None:
    """All three say the same; what is a failure makes the status 1."""
    write({"error.log": DENIED})
    given = {"text": [DENIED], "file": ["error.log"], "stdin": ["-"]}[way]
    done = run("triage", *given, stdin=DENIED.encode() if way == "stdin" else b"")
    assert done.status == 1
    assert done.out.startswith("access refused while running: An error occurred (AccessDenied)")
    assert "aws iam simulate-principal-policy" in done.out


def test_templates_are_named_behind_with(run: Run, write: Write) -> None:
    """Several paths, up to the next option; the line of the cause is named."""
    write({"a.yml": STACK, "b.yml": "Resources: {}", "error.log": DENIED})
    done = run("triage", "error.log", "--with", "a.yml", "b.yml", "--format", "json")
    assert done.status == 1
    (failure,) = json.loads(done.out)["failures"]
    assert failure["causes"][0]["file"] == "a.yml"
    assert failure["causes"][0]["start"] == {"line": 8, "column": 3}
    assert failure["causes"][0]["rule"] == "E9748"


def test_json_has_the_shape_of_version_1(run: Run) -> None:
    """What nobody knows is null."""
    data = json.loads(run("triage", DENIED, "--format", "json").out)
    assert set(data) == {"version", "failures"}
    assert data["version"] == 1
    (failure,) = data["failures"]
    assert set(failure) == {
        *("text", "principal", "action", "resource", "moment", "kind", "causes", "excluded"),
    }
    for cause in failure["causes"]:
        assert set(cause) == {"rule", "message", "file", "start", "confirm", "fix"}
    for excluded in failure["excluded"]:
        assert set(excluded) == {"step", "by", "file", "start"}


def test_a_text_without_a_failure_is_clean(run: Run) -> None:
    """It is said, and the status is 0."""
    done = run("triage", "all went well")
    assert (done.status, done.out) == (0, "")
    assert "nothing in this text is a failure" in done.err


@pytest.mark.parametrize("text", ["", "  \n"])
def test_no_text_at_all_is_an_error(run: Run, text: str) -> None:
    """A pipe that brought nothing must not look like success."""
    done = run("triage", "-", stdin=text.encode())
    assert done.status == 2
    assert "there is no text to read" in done.err


def test_a_file_that_is_not_there_is_no_text(run: Run) -> None:
    """A mistyped name is not taken for an error text."""
    done = run("triage", "logs/error.log")
    assert done.status == 2
    assert "logs/error.log: no such file" in done.err


def test_evidence_without_a_template_is_noted(run: Run) -> None:
    """It decides calls of templates, and none is there."""
    done = run("triage", "AccessDenied: Access Denied", "--evidence", "account")
    note = "note: --evidence counts together with templates: name them --with PATH\n"
    assert (done.status, done.err) == (1, note)


def test_a_template_that_cannot_be_read_is_an_error(run: Run, write: Write) -> None:
    """What the text says is told all the same."""
    write({"a.yml": "Resources: ["})
    done = run("triage", DENIED, "--with", "a.yml")
    assert done.status == 2
    assert "access refused" in done.out


def test_markdown_has_no_markup_of_the_text(run: Run) -> None:
    """A link in a text is shown as code."""
    done = run("triage", f"[x](http://evil) {DENIED}", "--format", "markdown")
    assert "`[x](http://evil) An error" in done.out
