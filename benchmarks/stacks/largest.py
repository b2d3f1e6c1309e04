"""The largest stack that CloudFormation takes, as YAML and as JSON, with as many defects as asked.

Its limits: 1 MB, 500 resources, 200 parameters.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

LIMIT = 1_000_000
RESOURCES = 500
PARAMETERS = 200

_TASKS = 40
_CONTAINERS = 10  # ECS's limit for a task
_OWN = 24  # statements of a task role on queues and topics
_ENV_FILES = 140  # optional ones, of every other task
_FIXED = 40_000  # bytes of parameters and conditions, which any part has
_VERSION = "2012-10-17"

Tree = dict[str, Any]


def largest_stack(findings: int, *, as_json: bool = False, part: float = 1) -> str:
    """Services as Copilot writes them, whose task roles have statements up to the limit of size.

    ``findings`` are the defects, at most 1,500, each with one finding: a grant of another version
    of an environment file, a secret without a grant, and statements of the task roles with an
    action that AWS lacks. ``part`` makes everything smaller
    by that factor, for measuring how the time grows.
    """
    size, tasks, resources = (int(part * whole) for whole in (LIMIT, _TASKS, RESOURCES))
    size += int((1 - part) * _FIXED)
    write = _as_json if as_json else _as_yaml
    bare, more = (len(write(_stack(findings, number, tasks, resources))) for number in (0, 1000))
    statements = int((size - bare) / (more - bare) * 1000 * 0.98)  # later numbers are longer
    text = write(_stack(findings, statements, tasks, resources))
    assert bare < len(text) <= size, (bare, len(text))
    return text


def _stack(findings: int, statements: int, tasks: int, resources: int) -> Tree:
    # So that a few findings are of every kind, and far apart.
    spots = [
        (kind, task, number)
        for number in range(_OWN)
        for task in range(tasks)
        for kind in _kinds(task, number)
    ]
    broken = set(spots[:findings])
    if len(broken) < findings:
        raise ValueError(f"{findings} findings: this stack has room for {len(spots)}")
    names = ["AppName", "EnvName", "LogRetention", "ArtifactKeyARN"]
    names += [f"EnvFileARN{n}" for n in range(_ENV_FILES)]
    names += [f"Option{n}" for n in range(PARAMETERS - len(names))]
    found: Tree = {}
    for task in range(tasks):
        share = statements // tasks + (task < statements % tasks)
        found |= _service(task, broken, share)
    for number in range(resources - len(found)):
        found[f"Table{number}"] = _table(number)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "CloudFormation template that represents backend services on Amazon ECS.",
        "Parameters": {name: {"Type": "String", "Default": ""} for name in names},
        "Conditions": {
            f"HasEnvFile{n}": {"Fn::Not": [{"Fn::Equals": [{"Ref": f"EnvFileARN{n}"}, ""]}]}
            for n in range(_ENV_FILES)
        },
        "Resources": found,
    }


def _kinds(task: int, number: int) -> Iterator[str]:
    yield "statement"
    if number < _CONTAINERS:
        yield "secret"
        if not _optional_files(task):  # any of which may be the one that is denied
            yield "file"


def _optional_files(task: int) -> Sequence[int]:
    half = _TASKS // 2
    return () if task % 2 else range(task // 2, _ENV_FILES, half)


def _service(task: int, broken: set[tuple[str, int, int]], statements: int) -> Tree:
    containers = range(_CONTAINERS)
    return {
        f"LogGroup{task}": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": {"Fn::Sub": f"/copilot/${{AppName}}-${{EnvName}}-service-{task}"},
                "RetentionInDays": {"Ref": "LogRetention"},
            },
        },
        f"TaskDefinition{task}": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": {"Fn::Sub": f"${{AppName}}-${{EnvName}}-service-{task}"},
                "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"],
                "ExecutionRoleArn": {"Fn::GetAtt": [f"ExecutionRole{task}", "Arn"]},
                "TaskRoleArn": {"Fn::GetAtt": [f"TaskRole{task}", "Arn"]},
                "ContainerDefinitions": [_container(task, n) for n in containers],
            },
        },
        f"ExecutionRole{task}": _role(
            [*map(_optional_grant, _optional_files(task)), _grants(task, broken)]
        ),
        f"TaskRole{task}": _role([_policy("Data", list(_data(task, broken, statements)))]),
        f"Service{task}": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Fn::Sub": "${AppName}-${EnvName}"},
                "TaskDefinition": {"Ref": f"TaskDefinition{task}"},
                "DesiredCount": 1,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {
                    "AwsvpcConfiguration": {
                        "Subnets": {
                            "Fn::Split": [
                                ",",
                                {"Fn::ImportValue": {"Fn::Sub": "${AppName}-${EnvName}-Subnets"}},
                            ]
                        }
                    }
                },
            },
        },
    }


def _container(task: int, container: int) -> Tree:
    files: list[Any] = [{"Type": "s3", "Value": _file(task, container)}]
    for number in _optional_files(task)[container : container + 1]:
        one = {"Type": "s3", "Value": {"Ref": f"EnvFileARN{number}"}}
        files.append({"Fn::If": [f"HasEnvFile{number}", one, {"Ref": "AWS::NoValue"}]})
    return {
        "Name": f"container-{container}",
        "Image": f"public.ecr.aws/example/service-{task}:latest",
        "Environment": [
            {"Name": "COPILOT_APPLICATION_NAME", "Value": {"Ref": "AppName"}},
            {"Name": "COPILOT_ENVIRONMENT_NAME", "Value": {"Ref": "EnvName"}},
        ],
        "EnvironmentFiles": files,
        "Secrets": [{"Name": "PASSWORD", "ValueFrom": _secret(task, container)}],
        "LogConfiguration": {
            "LogDriver": "awslogs",
            "Options": {
                "awslogs-region": {"Ref": "AWS::Region"},
                "awslogs-group": {"Ref": f"LogGroup{task}"},
                "awslogs-stream-prefix": "copilot",
            },
        },
    }


def _file(task: int, container: int, version: str = "1") -> Tree:
    key = f"manual/service-{task}-{container}/{version}.env"
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::${{AppName}}-files/{key}"}


def _secret(task: int, container: int) -> Tree:
    arn = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
    return {"Fn::Sub": f"{arn}/${{AppName}}/{task}/{container}"}


def _grants(task: int, broken: set[tuple[str, int, int]]) -> Tree:
    files, secrets = [], []
    for container in range(_CONTAINERS):
        version = "2" if ("file", task, container) in broken else "1"
        files.append(_file(task, container, version))
        if ("secret", task, container) not in broken:
            secrets.append(_secret(task, container))
    bucket = {"Fn::Sub": "arn:${AWS::Partition}:s3:::${AppName}-files"}
    statements = [
        _allow("s3:GetObject", files),
        _allow("s3:GetBucketLocation", bucket),
    ]
    if secrets:
        statements.append(_allow("ssm:GetParameters", secrets))
    return _policy("Start", statements)


def _optional_grant(number: int) -> Tree:
    file = {"Ref": f"EnvFileARN{number}"}
    bucket = {
        "Fn::Select": [
            0,
            {"Fn::Split": ["/", {"Fn::Select": [5, {"Fn::Split": [":", file]}]}]},
        ]
    }
    parts = ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", bucket]
    policy = _policy(
        f"GetEnvFile{number}",
        [
            _allow("s3:GetObject", file),
            _allow("s3:GetBucketLocation", {"Fn::Join": ["", parts]}),
        ],
    )
    return {"Fn::If": [f"HasEnvFile{number}", policy, {"Ref": "AWS::NoValue"}]}


def _data(task: int, broken: set[tuple[str, int, int]], statements: int) -> Iterator[Tree]:
    here = "${AWS::Region}:${AWS::AccountId}"
    for number in range(_OWN):
        is_broken = ("statement", task, number) in broken
        if number % 2:
            action = "sns:Publishes" if is_broken else "sns:Publish"
            arn = f"arn:${{AWS::Partition}}:sns:{here}:${{AppName}}-{task}-{number}"
        else:
            action = "sqs:ReceiveMessages" if is_broken else "sqs:ReceiveMessage"
            arn = f"arn:${{AWS::Partition}}:sqs:{here}:${{AppName}}-{task}-{number}"
        yield _allow(action, {"Fn::Sub": arn})
    bucket = f"arn:${{AWS::Partition}}:s3:::${{AppName}}-data-{task}"
    for number in range(statements):
        objects = {"Fn::Sub": f"{bucket}/{number}/${{EnvName}}/*"}
        yield {"Sid": f"Number{number}", **_allow(["s3:GetObject", "s3:PutObject"], objects)}


def _role(policies: list[Tree]) -> Tree:
    managed = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": _VERSION, "Statement": [trust]},
            "Policies": policies,
            "ManagedPolicyArns": [{"Fn::Sub": managed}],
        },
    }


def _policy(name: str, statements: list[Tree]) -> Tree:
    document = {"Version": _VERSION, "Statement": statements}
    return {"PolicyName": name, "PolicyDocument": document}


def _allow(action: str | list[str], resource: Any) -> Tree:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _table(number: int) -> Tree:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": {"Fn::Sub": f"${{AppName}}-${{EnvName}}-table-{number}"},
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    }


def _as_json(stack: Tree) -> str:
    return json.dumps(stack) + "\n"  # on one line, as those who come near to the limit write it


def _as_yaml(stack: Tree) -> str:
    return "\n".join(_lines(stack, "")) + "\n"


def _lines(node: Tree | list[Any], indent: str) -> Iterator[str]:
    """A map or a list in block style, with CloudFormation's short tags."""
    pairs = node.items() if isinstance(node, dict) else (("-", item) for item in node)
    for key, value in pairs:
        lead = f"{indent}{key}" if key == "-" else f"{indent}{key}:"
        tag, value = _short(value)
        lead += f" {tag}" if tag else ""
        if not isinstance(value, dict | list):
            yield f"{lead} {json.dumps(value)}"
            continue
        inner = list(_lines(value, indent + "  "))
        if key == "-" and not tag:
            yield lead + inner[0][len(lead) :]
            inner = inner[1:]
        else:
            yield lead
        yield from inner


def _short(value: Any) -> tuple[str, Any]:
    if isinstance(value, dict) and len(value) == 1:
        name, inner = next(iter(value.items()))
        if name == "Ref" or name.startswith("Fn::"):
            inner = ".".join(inner) if name == "Fn::GetAtt" else inner
            return "!" + name.removeprefix("Fn::"), inner
    return "", value
