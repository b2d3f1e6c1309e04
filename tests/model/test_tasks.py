"""Task definitions: containers, their environment files, and the roles."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.model.tasks import TaskDefinition, task_definitions
from copilot_preflight.resolve.scenario import ANY, Scenario
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

TEMPLATE = """
Parameters:
  Env: {{Type: String}}
  File: {{Type: String}}
  Files: {{Type: CommaDelimitedList}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Role: {{Type: AWS::IAM::Role}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {0}
"""


def stack(properties: str) -> Stack:
    return stacks.stack(TEMPLATE.format(properties))


def task(found: Stack, scenario: Scenario = ANY) -> TaskDefinition:
    (only,) = task_definitions(View(found, scenario))
    return only


def test_containers_and_their_files() -> None:
    """Every environment file of every container, with the parameter that it refers to."""
    found = task(
        stack("""
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles:
            - {Type: s3, Value: !Ref File}
            - {Type: s3, Value: !Sub 'arn:aws:s3:::b/${Env}.env'}
        - Name: !Sub 'side-${Env}'
          EnvironmentFiles: []
        - Name: bare
""")
    )
    assert [str(container) for container in found.containers] == [
        "container 'web'",
        "container 'side-${Env}'",
        "container 'bare'",
    ]
    web, side, bare = found.containers
    assert [(f.parameter, f.kind) for f in web.files] == [("File", "s3"), ("", "s3")]
    assert web.files[0].value.path[-3:] == ("EnvironmentFiles", 0, "Value")
    assert str(web.files[1].arn) == "arn:aws:s3:::b/${Env}.env"
    assert side.files == bare.files == ()
    assert side.files_value is not None
    assert bare.files_value is None


@pytest.mark.parametrize(
    ("item", "kinds"),
    [
        ("{Value: x}", [None]),
        ("{Type: S3, Value: x}", ["S3"]),
        ("{Type: s3}", []),
        ("'arn:aws:s3:::b/k.env'", [""]),
        ("!Ref File", [""]),
        ("!If [IsProd, {Type: s3, Value: x}, !Ref AWS::NoValue]", ["s3"]),
        ("!If [IsProd, {Type: s3, Value: x}, {Type: s3, Value: y}]", ["s3", "s3"]),
        ("{Type: s3, Value: !If [IsProd, x, y]}", ["s3", "s3"]),
        ("!Ref AWS::NoValue", []),
        ("!GetAtt Custom.File", []),
        ("{'Fn::Transform': {Name: M}}", []),
    ],
)
def test_elements_of_every_kind(item: str, kinds: list[str | None]) -> None:
    """Bare strings are files of no type; what nobody can read is nothing to speak of."""
    found = task(stack(f"{{ContainerDefinitions: [{{Name: a, EnvironmentFiles: [{item}]}}]}}"))
    assert [file.kind for file in found.containers[0].files] == kinds


def test_an_unknown_list_of_files_is_no_file() -> None:
    """Of a list that is a parameter nothing can be said."""
    found = task(stack("{ContainerDefinitions: [{Name: a, EnvironmentFiles: !Ref Files}]}"))
    assert found.containers[0].files == ()


def test_roles() -> None:
    """A role is there, absent, empty, or open."""
    found = task(stack("{ExecutionRoleArn: !GetAtt Role.Arn, TaskRoleArn: !Ref AWS::NoValue}"))
    assert found.execution_role is not None
    assert found.task_role is None
    assert task(stack("{ExecutionRoleArn: ''}")).execution_role is None
    open_one = stack("{ExecutionRoleArn: !If [IsProd, !GetAtt Role.Arn, !Ref AWS::NoValue]}")
    role = task(open_one).execution_role
    assert role is not None
    assert role.guard == (("IsProd", True),)
    (prod,), (other,) = (
        [leaf.scenario for leaf in View(open_one).where((("IsProd", outcome),))]
        for outcome in (True, False)
    )
    decided = task(open_one, prod).execution_role
    assert decided is not None
    assert decided.guard == ()
    assert task(open_one, other).execution_role is None


def test_containers_under_conditions() -> None:
    """A container that only some scenario has carries its condition to its files."""
    found = stack("""
      ContainerDefinitions:
        - !If
          - IsProd
          - {Name: a, EnvironmentFiles: [{Type: s3, Value: x}]}
          - !Ref AWS::NoValue
""")
    (container,) = task(found).containers
    assert container.files[0].value.guard == (("IsProd", True),)
    (other,) = (leaf.scenario for leaf in View(found).where((("IsProd", False),)))
    assert task(found, other).containers == ()
