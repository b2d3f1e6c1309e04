"""E9737: a name that the template does not have is said, and nothing that works is."""

from __future__ import annotations

import pytest

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.inputs.package import Package
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight_rules.reference_unknown import reference_unknown

TEMPLATE = """
Parameters: {{Name: {{Type: String}}}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {{ExecutionRoleArn: {value}}}
  ExecRole: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{Statement: []}}}}}}
"""


def messages(value: str, more: str = "") -> list[str]:
    template = parse(TEMPLATE.format(value=value) + more, "t.yml")
    analysis = Analysis(Run().add(Package(template)))
    return [finding.message for finding in reference_unknown(analysis)]


@pytest.mark.parametrize(
    ("value", "name", "meant"),
    [
        ("!GetAtt ExecutionRole.Arn", "ExecutionRole", "ExecRole"),
        ("!GetAtt [ExecRol, Arn]", "ExecRol", "ExecRole"),
        ("!Ref ExecRoles", "ExecRoles", "ExecRole"),
        ("!Sub '${Execrole.Arn}'", "Execrole", "ExecRole"),
        ("!Sub ['${A}-${Nam}', {A: x}]", "Nam", "Name"),
        ("!If [IsProd, !GetAtt Rolle.Arn, x]", "Rolle", ""),
        ("{Fn::GetAtt: [Elsewhere, Arn]}", "Elsewhere", ""),
    ],
)
def test_an_unknown_name_is_said(value: str, name: str, meant: str) -> None:
    """With the one that was meant, where one is like it."""
    (message,) = messages(value)
    assert message.startswith(f"'Task' refers to '{name}', which the template does not have")
    assert message.endswith(f": did you mean '{meant}'?" if meant else "cannot be judged")


def test_a_misspelt_tag_is_said() -> None:
    """It is no function, and silences whatever depends on it."""
    (message,) = messages("!GettAtt ExecRole.Arn")
    assert message.startswith("'Task' uses the function 'GettAtt'")
    assert message.endswith(": did you mean 'GetAtt'?")


@pytest.mark.parametrize(
    "value",
    [
        "!GetAtt ExecRole.Arn",
        "!Ref Name",
        "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Name}'",
        "!Sub ['${Own}', {Own: x}]",
        "!Sub '${!Literal}'",
        "!ImportValue ExecutionRole",
        "!Ref ExecRole.Arn",  # works, undocumented: Copilot's own stacks have it
        "{'Fn::Brand::New': [a]}",
        "{'Fn::SomethingNew': [a]}",
    ],
)
def test_what_is_there_is_not(value: str) -> None:
    """Parameters, resources, pseudo parameters, names of a Sub, and what we may not know yet."""
    assert messages(value) == []


@pytest.mark.parametrize(
    "more", ["Transform: AWS::Serverless-2016-10-31", "Transform: [Macro]", "Transform: Macro"]
)
def test_a_transform_may_write_the_resource(more: str) -> None:
    """SAM and macros add resources that nobody sees here."""
    assert messages("!GetAtt FunctionRole.Arn", more) == []


def test_language_extensions_write_no_other_resource() -> None:
    """Their loops stand in the template, and where there is one the rule is silent."""
    assert messages("!GetAtt Rolle.Arn", "Transform: AWS::LanguageExtensions")
    loop = "  Fn::ForEach::Roles: [N, [A], {'R${N}': {Type: AWS::IAM::Role}}]\n"
    assert messages("!GetAtt RA.Arn", loop + "Transform: AWS::LanguageExtensions") == []
