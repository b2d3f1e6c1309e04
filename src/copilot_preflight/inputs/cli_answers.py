"""A template put together from answers of the AWS CLI: what an account runs, without its files.

The answers are those of ``cloudformation get-template``, ``ecs describe-task-definition``,
``iam get-role-policy`` and ``iam list-attached-role-policies``, each in a JSON file of one folder
and recognised by its keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from copilot_preflight.inputs.template_shape import is_template
from copilot_preflight.read import document
from copilot_preflight.read.document import DocumentError

_KEYS: Final = ("TemplateBody", "taskDefinition", "PolicyDocument", "AttachedPolicies")

_OF_TEMPLATES: Final = (".yml", ".yaml", ".template")

_NOT_LISTED: Final = "policies-that-no-answer-of-list-attached-role-policies-names"
"""A policy that nobody has: what is attached to a role is not known without that answer."""

_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}


def found_in(folder: str) -> Sequence[Path]:
    """The answers that lie in a folder; none where it holds a template or anything else of use."""
    if any(path.suffix in _OF_TEMPLATES for path in Path(folder).glob("*")):
        return ()
    found = []
    for path in sorted(Path(folder).glob("*.json")):
        try:
            data = document.read(path, str(path)).data
        except DocumentError:
            continue
        if is_template(data):
            return ()
        if isinstance(data, dict) and any(key in data for key in _KEYS):
            found.append(path)
    return found


def template_of(answers: Sequence[Path]) -> str:
    """The template that some answers come to, as JSON. Raises DocumentError.

    With a task definition among them it is what runs; else it is the stack's own template.
    """
    read = {path: document.read(path, str(path)) for path in answers}
    data = {path: it.data for path, it in read.items()}
    tasks = [it["taskDefinition"] for it in data.values() if "taskDefinition" in it]
    if not tasks:
        for path, it in data.items():
            if "TemplateBody" in it:
                body = it["TemplateBody"]
                return body if isinstance(body, str) else json.dumps(body, indent=2)
            first = read[path]
        raise first.fault((), "answers about roles alone: add that of describe-task-definition")
    if len(tasks) > 1:
        raise DocumentError(str(answers[0].parent), 0, 0, "answers about several task definitions")
    return json.dumps(_template(tasks[0], data), indent=2)


def _template(task: Any, data: Mapping[Path, Any]) -> dict[str, Any]:
    properties = _renamed(task)
    resources: dict[str, Any] = {}
    named: dict[str, str] = {}
    arns: dict[str, str] = {}
    for key, logical_id in (("ExecutionRoleArn", "ExecutionRole"), ("TaskRoleArn", "TaskRole")):
        role_arn = properties.get(key)
        if isinstance(role_arn, str) and role_arn:
            name = role_arn.rpartition("/")[2]
            arns[name] = role_arn
            logical_id = named.setdefault(name, logical_id)
            properties[key] = {"Fn::GetAtt": [logical_id, "Arn"]}
    for name, logical_id in named.items():
        inline = [
            {"PolicyName": it.get("PolicyName", "inline"), "PolicyDocument": it["PolicyDocument"]}
            for it in data.values()
            if "PolicyDocument" in it and it.get("RoleName") == name
        ]
        listed = [
            it["AttachedPolicies"]
            for path, it in data.items()
            if "AttachedPolicies" in it and (len(named) == 1 or name in path.name)
        ]
        attached = [policy["PolicyArn"] for policies in listed for policy in policies]
        if inline and not listed:
            attached.append(f"{arns[name].rpartition(':')[0]}:policy/{_NOT_LISTED}")
        if inline or attached:
            resources[logical_id] = {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": _TRUST,
                    "ManagedPolicyArns": attached,
                    "Policies": inline,
                },
            }
        else:  # nothing is known of it: it stays the role of the account that it is
            for key in ("ExecutionRoleArn", "TaskRoleArn"):
                if properties.get(key) == {"Fn::GetAtt": [logical_id, "Arn"]}:
                    properties[key] = task[f"{key[0].lower()}{key[1:]}"]
    kept = {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}
    return {"Resources": {"TaskDefinition": kept, **resources}}


_FREE: Final = ("options", "dockerLabels", "labels", "driverOpts")
"""The maps whose keys are the user's."""


def _renamed(value: Any) -> Any:
    """The API's ``containerDefinitions`` in CloudFormation's spelling."""
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        f"{key[:1].upper()}{key[1:]}": item if key in _FREE else _renamed(item)
        for key, item in value.items()
    }
