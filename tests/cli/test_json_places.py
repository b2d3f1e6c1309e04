"""Templates in JSON: a bracket says nothing, and neither does a line of 1 MB."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]


def template(**parameters: Any) -> dict[str, Any]:
    """A stack that CDK wrote, whose execution role may read another file."""
    statement = {
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Effect": "Allow",
        "Resource": {"Fn::Sub": "arn:aws:s3:::files/other.env"},
    }
    container = {
        "Name": "web",
        "Environment": [{"Name": "TOKEN", "Value": "plain-secret"}],
        "EnvironmentFiles": [
            {"Type": "s3", "Value": {"Fn::Sub": "arn:aws:s3:::files/web-${AWS::StackName}.env"}}
        ],
    }
    return {
        **({"Parameters": parameters} if parameters else {}),
        "Resources": {
            "TaskDef54694570": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "ExecutionRoleArn": {"Fn::GetAtt": ["RoleABC", "Arn"]},
                    "ContainerDefinitions": [container],
                },
                "Metadata": {"aws:cdk:path": "Shop/TaskDef/Resource"},
            },
            "RoleABC": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]
                },
                "Metadata": {"aws:cdk:path": "Shop/ExecutionRole/Resource"},
            },
        },
    }


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_the_span_is_the_whole_node(run: Run, write: Write, indent: int | None) -> None:
    """On one line or on many, what is underlined is what decides, and never its neighbours."""
    write({"a.json": json.dumps(template(), indent=indent)})
    lines = run("a.json", "--select", "E9711").out.splitlines()
    quoted = next(n for n, line in enumerate(lines) if "^^^" in line)
    shown = '{"Fn::Sub": "arn:aws:s3:::files/web-${AWS::StackName}.env"}'
    assert shown in lines[quoted - 1]
    assert lines[quoted - 1].index(shown) == lines[quoted].index("^")
    assert lines[quoted].count("^") == len(shown)
    assert indent is None or "plain-secret" not in "".join(lines)


@pytest.mark.parametrize("indent", [None, 2])
def test_roles_and_constructs_are_named(run: Run, write: Write, indent: int | None) -> None:
    """As the source of a CDK app has them, not its template."""
    write({"a.json": json.dumps(template(), indent=indent)})
    out = run("a.json", "--select", "E9711").out
    assert "= in: 'TaskDef54694570' (construct 'Shop/TaskDef/Resource')\n" in out
    assert "= in: 'RoleABC' (construct 'Shop/ExecutionRole/Resource')\n" in out


def test_a_long_line_names_its_resources(run: Run, write: Write) -> None:
    """Without constructs logical ids are all there is; short lines speak for themselves."""
    plain = template()
    for resource in plain["Resources"].values():
        del resource["Metadata"]
    write({"one.json": json.dumps(plain), "many.json": json.dumps(plain, indent=2)})
    assert "= in: 'TaskDef54694570'\n" in run("one.json", "--select", "E9711").out
    assert "= in:" not in run("many.json", "--select", "E9711").out


def test_a_hidden_value_is_no_part_of_what_is_joined(run: Run, write: Write) -> None:
    """The lines below a bracket are looked at for values of NoEcho parameters, too."""
    stack = template(Key={"Type": "String", "NoEcho": True})
    container = stack["Resources"]["TaskDef54694570"]["Properties"]["ContainerDefinitions"][0]
    container["EnvironmentFiles"][0]["Value"] = {
        "Fn::Join": ["", ["arn:aws:s3:::", "files/", "web", "-hiddenvalue", ".env"]]
    }
    write({"a.json": json.dumps(stack, indent=1)})
    out = run("a.json", "--parameter", "Key=hiddenvalue").out
    assert "E9711" in out
    assert "hiddenvalue" not in out


def test_a_joined_report_shows_the_same_lines(run: Run, write: Write) -> None:
    """The lines that are put together come with the shard, and so do the constructs."""
    write({"a.json": json.dumps(template(), indent=1)})
    run("a.json", "--shard", "1/1", "--format", "json", "--output", "shard.json")
    whole = run("a.json").out
    assert "= in: 'TaskDef54694570' (construct 'Shop/TaskDef/Resource')" in whole
    assert run("merge", "shard.json").out == whole
