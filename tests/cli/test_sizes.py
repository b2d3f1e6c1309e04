"""Templates made to take long: each ends, within a time that only a hang exceeds.

Conditions that multiply, functions that double each other's results, aliases, patterns that make a
matcher try again and again, and simply a great many of everything.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]

ENV_FILE = "arn:aws:s3:::artifacts/web.env"
NO_VALUE = {"Ref": "AWS::NoValue"}


def statement(resource: Any = ENV_FILE, *, effect: str = "Allow") -> dict[str, Any]:
    """A statement about reading."""
    return {"Effect": effect, "Action": "s3:GetObject", "Resource": resource}


def role(*statements: Any) -> dict[str, Any]:
    """A role of ECS tasks with some statements."""
    service = {"Service": "ecs-tasks.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
    document = {"Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Statement": [trust]},
            "Policies": [{"PolicyName": "p", "PolicyDocument": document}],
        },
    }


def task(*files: Any, role: str = "Role") -> dict[str, Any]:
    """A task definition with one container for each environment file."""
    containers = [
        {"Name": f"c{index}", "EnvironmentFiles": [file]} for index, file in enumerate(files)
    ]
    properties = {
        "ExecutionRoleArn": {"Fn::GetAtt": [role, "Arn"]},
        "ContainerDefinitions": containers,
    }
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}


def file(value: Any = ENV_FILE) -> dict[str, Any]:
    """An environment file."""
    return {"Type": "s3", "Value": value}


def under(condition: str, value: Any) -> dict[str, Any]:
    """A value that is there under a condition."""
    return {"Fn::If": [condition, value, NO_VALUE]}


def template(
    *statements: Any, files: Iterable[Any] = (file(),), resources: Any = None, **sections: Any
) -> dict[str, Any]:
    """A template with one task and the role that it is executed with."""
    own = {"Task": task(*files), "Role": role(*statements)}
    return {**sections, "Resources": {**own, **(resources or {})}}


def equals(parameter: int, value: str = "x") -> dict[str, Any]:
    """A comparison of a parameter with a literal."""
    return {"Fn::Equals": [{"Ref": f"P{parameter}"}, value]}


def parameters(count: int, **properties: Any) -> dict[str, Any]:
    """Parameters P0, P1 …"""
    return {f"P{index}": {"Type": "String", **properties} for index in range(count)}


def guarded_statements() -> Any:
    """Thirty statements, each under a condition of its own."""
    return template(
        *(under(f"C{index}", statement()) for index in range(30)),
        Parameters=parameters(30),
        Conditions={f"C{index}": equals(index) for index in range(30)},
    )


def guarded_denials() -> Any:
    """A hundred Deny statements that may or may not be there."""
    denials = (under(f"C{index}", statement(effect="Deny")) for index in range(100))
    return template(
        statement(),
        *denials,
        Parameters=parameters(100),
        Conditions={f"C{index}": equals(index) for index in range(100)},
    )


def sidecars() -> Any:
    """Twelve sidecars, each with an environment file that another one's grant is for."""
    return template(
        *(under(f"C{index}", statement({"Ref": f"P{(index + 1) % 12}"})) for index in range(12)),
        files=[under(f"C{index}", file({"Ref": f"P{index}"})) for index in range(12)],
        Parameters=parameters(12, Default=""),
        Conditions={f"C{index}": {"Fn::Not": [equals(index, "")]} for index in range(12)},
    )


def exclusive_or() -> Any:
    """A condition that every combination of twenty parameters decides."""
    conditions: dict[str, Any] = {"X0": equals(0)}
    for index in range(1, 20):
        before, now = {"Condition": f"X{index - 1}"}, equals(index)
        one = {"Fn::And": [before, {"Fn::Not": [now]}]}
        other = {"Fn::And": [{"Fn::Not": [before]}, now]}
        conditions[f"X{index}"] = {"Fn::Or": [one, other]}
    guarded = under("X19", statement())
    return template(guarded, Parameters=parameters(20), Conditions=conditions)


def nested_conditions() -> Any:
    """And in Or in And …, as deep as a template may go."""
    expression = equals(0)
    for index in range(1, 45):
        function = "Fn::And" if index % 2 else "Fn::Or"
        expression = {function: [equals(index % 20, f"v{index}"), expression]}
    guarded = under("X", statement())
    return template(guarded, Parameters=parameters(20), Conditions={"X": expression})


def many_allowed_values() -> Any:
    """Fifty conditions over twenty parameters with a thousand allowed values each."""
    draw = random.Random(1)
    conditions = {
        f"C{index}": {"Fn::Or": [equals(draw.randrange(20), f"v{n}") for n in range(3)]}
        for index in range(50)
    }
    return template(
        *(under(f"C{index}", statement()) for index in range(50)),
        Parameters=parameters(20, AllowedValues=[f"v{index}" for index in range(1000)]),
        Conditions=conditions,
    )


def chain_of_conditions() -> Any:
    """Three thousand conditions, each the opposite of the next."""
    conditions = {
        f"C{index}": {"Fn::Not": [{"Condition": f"C{index + 1}"}]} for index in range(3000)
    }
    conditions["C3000"] = equals(0)
    guarded = under("C0", statement())
    return template(guarded, Parameters=parameters(1), Conditions=conditions)


def nested_roles() -> Any:
    """An execution role chosen by fourteen conditions in a row."""
    chosen: Any = {"Fn::GetAtt": ["Role", "Arn"]}
    for index in range(14):
        chosen = {"Fn::If": [f"C{index}", chosen, f"arn:aws:iam::123456789012:role/r{index}"]}
    made = template(
        statement(),
        Parameters=parameters(14),
        Conditions={f"C{index}": equals(index) for index in range(14)},
    )
    made["Resources"]["Task"]["Properties"]["ExecutionRoleArn"] = chosen
    return made


def bucket(name: Any) -> dict[str, Any]:
    """A bucket with a name."""
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}


def names_that_double() -> Any:
    """Forty buckets, each named twice after the next: a name of a million million letters."""
    buckets = {
        f"B{index}": bucket({"Fn::Sub": f"${{B{index + 1}}}${{B{index + 1}}}"})
        for index in range(40)
    }
    granted = statement({"Fn::Sub": "${B0.Arn}/*"})
    return template(granted, resources={**buckets, "B40": bucket("xx")})


def substitutions_that_double() -> Any:
    """The same with nested substitutions."""
    text: Any = "xx"
    for _ in range(40):
        text = {"Fn::Sub": ["${a}${a}", {"a": text}]}
    return template(statement(text))


def imports_that_double() -> Any:
    """The same with exports that import each other."""
    outputs = {
        f"O{index}": {
            "Value": {"Fn::Sub": ["${a}${a}", {"a": {"Fn::ImportValue": f"e{index + 1}"}}]},
            "Export": {"Name": f"e{index}"},
        }
        for index in range(60)
    }
    return template(statement({"Fn::ImportValue": "e0"}), Outputs=outputs)


def imports_in_a_circle() -> Any:
    """An export that imports itself, and two that import each other."""

    def export(name: str, imported: str) -> dict[str, Any]:
        return {"Value": {"Fn::ImportValue": imported}, "Export": {"Name": name}}

    outputs = {"A": export("a", "a"), "B": export("b", "c"), "C": export("c", "b")}
    imported = [statement({"Fn::ImportValue": name}) for name in "abc"]
    return template(*imported, Outputs=outputs)


def references_in_a_circle() -> Any:
    """Two buckets, each named after the other."""
    buckets = {"A": bucket({"Ref": "B"}), "B": bucket({"Ref": "A"})}
    return template(statement({"Fn::Sub": "${A.Arn}/*"}), resources=buckets)


def role_named_after_itself() -> Any:
    """A role whose name is its own ARN."""
    made = template(statement())
    made["Resources"]["Role"]["Properties"]["RoleName"] = {"Fn::GetAtt": ["Role", "Arn"]}
    return made


def aliases_in_a_circle() -> Any:
    """KMS aliases that stand for each other, on a bucket that is encrypted with one."""

    def alias(name: str, target: str) -> dict[str, Any]:
        properties = {"AliasName": f"alias/{name}", "TargetKeyId": {"Ref": target}}
        return {"Type": "AWS::KMS::Alias", "Properties": properties}

    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "A"}}
    encryption = [{"ServerSideEncryptionByDefault": default}]
    artifacts = bucket("artifacts")
    artifacts["Properties"]["BucketEncryption"] = {"ServerSideEncryptionConfiguration": encryption}
    return template(
        statement(), resources={"A": alias("a", "B"), "B": alias("b", "A"), "Bucket": artifacts}
    )


def many_resources() -> Any:
    """Two thousand buckets."""
    name = "${AWS::StackName}-"
    buckets = {f"B{index}": bucket({"Fn::Sub": f"{name}{index}"}) for index in range(2000)}
    return template(statement(), resources=buckets)


def many_roles() -> Any:
    """A thousand roles, a hundred tasks."""
    roles = {f"R{index}": role(statement()) for index in range(1000)}
    tasks = {f"T{index}": task(file(), role=f"R{index}") for index in range(100)}
    return template(statement(), resources={**roles, **tasks})


def many_statements() -> Any:
    """A thousand statements, each for another bucket."""
    return template(*(statement(f"arn:aws:s3:::bucket{index}/*") for index in range(1000)))


def many_wrong_statements() -> Any:
    """A thousand statements that can never match, each looked for in all the others."""
    return template(*(statement(f"arn:aws:s3:::bucket{index}") for index in range(1000)))


def many_actions_and_resources() -> Any:
    """One statement with three thousand actions and as many resources."""
    wide = statement([f"arn:aws:s3:::bucket{index}" for index in range(3000)])
    wide["Action"] = [f"s3:Get*{index}" for index in range(3000)]
    return template(wide)


def many_files() -> Any:
    """Two hundred containers with an environment file each."""
    files = [file(f"arn:aws:s3:::artifacts/{index}.env") for index in range(200)]
    return template(statement("arn:aws:s3:::artifacts/*"), files=files)


def hostile_patterns() -> Any:
    """Wildcards without number, on long strings, with and without holes."""
    patterns: list[Any] = ["*a" * 3000 + "b", "*" * 9000 + "q", "*?" * 3000 + "z", "?" * 9000]
    patterns += [{"Fn::Sub": "arn:aws:s3:::${AWS::StackName}" + "*${AWS::Region}a" * 500}]
    wide = statement(patterns)
    wide["Action"] = ["s3:" + "*?" * 40 + "q", "s3:" + "*e" * 40 + "q", "s3:Get*t"]
    name = "arn:aws:s3:::" + "a" * 4000 + "${AWS::StackName}/" + "a" * 4000 + ".env"
    return template(wide, files=[file({"Fn::Sub": name})])


def long_strings() -> Any:
    """Strings of half a megabyte wherever one is compared."""
    long = "x" * 500_000
    made = template(
        statement(long),
        files=[file(f"arn:aws:s3:::{long}.env")],
        resources={"Bucket": bucket(long)},
        Conditions={"Long": {"Fn::Equals": [{"Ref": "P0"}, long]}},
        Parameters=parameters(1, Default=long),
    )
    made["Resources"]["Role"]["Properties"]["RoleName"] = long
    return made


CYCLE = "depends on itself"
DEPTH = "too deeply"

SIZES: dict[Callable[[], Any], tuple[int, str]] = {
    guarded_statements: (0, "env-file-bucket-denied"),
    guarded_denials: (1, "when C0 is true"),
    sidecars: (0, "env-file-bucket-denied"),
    exclusive_or: (1, "env-file-denied"),
    nested_conditions: (1, "env-file-denied"),
    many_allowed_values: (0, "env-file-bucket-denied"),
    chain_of_conditions: (2, DEPTH),
    nested_roles: (0, "env-file-bucket-denied"),
    names_that_double: (0, "access-undetermined"),
    substitutions_that_double: (0, "access-undetermined"),
    imports_that_double: (0, "access-undetermined"),
    imports_in_a_circle: (0, "access-undetermined"),
    references_in_a_circle: (2, CYCLE),
    role_named_after_itself: (2, CYCLE),
    aliases_in_a_circle: (0, "env-file-bucket-denied"),
    many_resources: (0, "env-file-bucket-denied"),
    many_roles: (0, "env-file-bucket-denied"),
    many_statements: (1, "env-file-denied"),
    many_wrong_statements: (1, "1001 errors in 1 file"),
    many_actions_and_resources: (1, "env-file-denied"),
    many_files: (0, "env-file-bucket-denied"),
    hostile_patterns: (0, "access-undetermined"),
    long_strings: (0, "access-undetermined"),
}


@pytest.mark.parametrize("make", SIZES, ids=lambda make: make.__name__)
def test_template_that_is_made_to_take_long(
    spawn: Run, write: Write, make: Callable[[], Any]
) -> None:
    """The run ends, and tells what is known or where it gave up."""
    status, told = SIZES[make]
    write({"t.json": json.dumps(make())})
    result = spawn("t.json", "--info")
    assert (result.status, told in result.out + result.err) == (status, True), result.err
    assert "Traceback" not in result.err
    assert "fault of copilot-preflight" not in result.err
