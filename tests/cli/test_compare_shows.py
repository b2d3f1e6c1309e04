"""What a comparison must not show: values of NoEcho parameters, folders that nobody knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_compare import EDITED, below, git

Run = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

OLD, NEW = 'Summer"2025"', "Winter-2026"
"""Values of a NoEcho parameter; what JSON has to escape is no way around."""

TEMPLATE = """
Parameters: {Tenant: {Type: String, NoEcho: true}}
Resources:
  Service: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles: [{Type: s3, Value: !Sub 'arn:aws:s3:::b/${Tenant}/x.env'}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
      Policies:
        - PolicyName: Key
          PolicyDocument:
            Statement:
              Effect: Allow
              Action: s3:GetObject
              Resource: !Sub 'arn:aws:s3:::b/${Tenant}/x.env'
"""


def release(tenant: str) -> dict[str, str]:
    return {
        "web-test.stack.yml": TEMPLATE,
        "web-test.params.json": json.dumps({"Parameters": {"Tenant": tenant}}),
    }


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_no_value_of_either_release_is_shown(run: Run, write: Write, form: str) -> None:
    """The old release has secrets of its own, in cells, in findings and in what roles lose."""
    write({**below("old", release(OLD)), **below("new", release(NEW))})
    result = run("compare", "old", "new", "--format", form)
    assert result.status == 1
    assert "${Tenant}/x.env" in result.out
    for part in ("Summer", "2025", NEW):
        assert part not in result.out


def test_since_shows_no_value_of_the_past(run: Run, write: Write) -> None:
    folder = write(below("infra", release(OLD)))
    git(folder, "init")
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "one")
    write(below("infra", release(NEW)))
    result = run("check", "--since", "HEAD", "infra")
    assert "E9781" in result.out
    for part in ("Summer", "2025", NEW):
        assert part not in result.out


@pytest.mark.parametrize("sides", [("HEAD:docs", "infra"), ("infra", "HEAD:docs")])
def test_no_folder_for_the_time_being_is_named(
    run: Run, write: Write, sides: tuple[str, str]
) -> None:
    """What cannot be judged is named as the user named it, and nothing else is printed."""
    folder = write({**below("infra", EDITED), "docs/page.md": "# A page"})
    git(folder, "init")
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "one")
    result = run("compare", *sides)
    said = "error: HEAD:docs: no template in this folder or below it, and no file\n"
    assert (result.status, result.out, result.err) == (2, "", said)
