"""Small stacks for tests: what most templates have, and how a text becomes a stack.

`task` and `role` give resources as text, two columns in, to stand below ``Resources:``. What is put
into them may hold placeholders, such as ``%(grant)s``, for the test to fill.
"""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent, indent

from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack


def stack(
    text: str,
    parameters: Mapping[str, str] | None = None,
    pseudo: Mapping[str, str] | None = None,
    run: Run | None = None,
    file: str = "t.yml",
    *,
    addons: str | None = None,
) -> Stack:
    """A template in a run of its own, or in ``run``.

    With ``parameters``, even none at all (``{}``), defaults count for what is left out.
    """
    package = Package(
        parse(text, file),
        {name: ParameterValue(value) for name, value in (parameters or {}).items()},
        has_parameters=parameters is not None,
        addons=parse(addons, "addons.yml") if addons is not None else None,
    )
    return (run or Run()).add(package, pseudo)


def task(
    container: str, properties: str = "ExecutionRoleArn: !GetAtt Role.Arn", *, name: str = "Task"
) -> str:
    """A task definition with one container, ``web``, that has some properties."""
    return f"""\
  {name}:
    Type: AWS::ECS::TaskDefinition
    Properties:
{_lines(properties, 6)}
      ContainerDefinitions:
        - Name: web
{_lines(container, 10)}
"""


def role(*statements: str, name: str = "Role", policy: str = "P") -> str:
    """A role whose one policy has some statements, each a flow map or a placeholder for one."""
    listed = "\n".join(f"- {statement}" for statement in statements)
    return f"""\
  {name}:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: {policy}
          PolicyDocument:
            Statement:
{_lines(listed, 14)}
"""


def _lines(text: str, columns: int) -> str:
    return indent(dedent(text).strip("\n"), " " * columns)


OPTIONAL_ENV_FILE = "!If [HasEnvFile, {Type: s3, Value: !Ref EnvFileARN}, !Ref AWS::NoValue]"

COPILOT_TASK = task(
    f"EnvironmentFiles:\n  - {OPTIONAL_ENV_FILE}",
    "ExecutionRoleArn: !GetAtt ExecutionRole.Arn",
    name="TaskDefinition",
)
"""Copilot's task definition: its environment file is there if the parameter for it has a value."""
