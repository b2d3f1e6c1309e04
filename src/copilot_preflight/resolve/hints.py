"""What a template tells by its mere wording, before any of it is resolved.

How a parameter is used tells its form, ARNs tell the partition, macros and free-handed resources
tell that there may be more than meets the eye.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.arn import PARTITIONS


def unwritten(data: Mapping[str, Any]) -> Iterator[str]:
    """What only AWS can write out, and may add anything to any resource: macros and loops."""
    declared = data.get("Transform")
    for macro in declared if isinstance(declared, list) else [declared] if declared else []:
        name = str(macro.get("Name")) if isinstance(macro, dict) else str(macro)
        if name not in _KNOWN_TRANSFORMS:
            yield f"what macro '{name}' writes"
    resources = data.get("Resources")
    for key in resources if isinstance(resources, dict) else ():
        if str(key).startswith("Fn::"):
            yield f"what '{key}' writes"


def with_partition(
    pseudo: Mapping[str, str],
    values: Mapping[str, Text],
    data: Mapping[str, Any],
    required: Iterable[str] = (),
) -> Mapping[str, str]:
    """The pseudo parameters, with the partition that every ARN of the deployment names.

    A stack can only use resources of its own partition, so ARNs among its parameter values, the
    defaults of the others and its environment files tell where it is deployed, if they agree. If
    there are none, those that the user requires it to be allowed tell it (``required``).
    """
    if "AWS::Partition" in pseudo or "AWS::Region" in pseudo:
        return pseudo
    arns = [value.literal or "" for value in values.values()]
    arns += _literal_env_files(data.get("Resources"))
    declared = data.get("Parameters")
    for name, parameter in (declared if isinstance(declared, dict) else {}).items():
        default = parameter.get("Default") if isinstance(parameter, dict) else None
        if isinstance(default, str) and name not in values:
            arns.append(default)
    partitions = _partitions(arns) or _partitions(required)
    if len(partitions) == 1:
        return {**pseudo, "AWS::Partition": partitions.pop()}
    return pseudo


def _partitions(arns: Iterable[str]) -> set[str]:
    named = {arn.split(":")[1] for arn in arns if arn.startswith("arn:") and ":" in arn[4:]}
    return named & PARTITIONS


def _literal_env_files(resources: Any) -> Iterator[str]:
    for resource in resources.values() if isinstance(resources, dict) else ():
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        containers = (
            properties.get("ContainerDefinitions") if isinstance(properties, dict) else None
        )
        for container in containers if isinstance(containers, list) else ():
            files = container.get("EnvironmentFiles") if isinstance(container, dict) else None
            for file in files if isinstance(files, list) else ():
                value = file.get("Value") if isinstance(file, dict) else None
                if isinstance(value, str):
                    yield value


_KNOWN_TRANSFORMS: Final = frozenset(
    {"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen"}
)
"""Transforms of AWS that leave the resources of other types as they are written."""


def may_attach(kind: str) -> bool:
    """Whether a resource of a type can do with a role whatever it likes."""
    return kind.startswith("Custom::") or kind.endswith("::MODULE") or kind in _FREE_HANDS


_FREE_HANDS: Final = frozenset(
    {
        "AWS::CloudFormation::CustomResource",
        "AWS::CloudFormation::Stack",
        "AWS::Serverless::Application",
        "AWS::Serverless::Connector",
    }
)


def mentions(node: Any, logical_id: str) -> bool:
    """Whether a value refers to a resource, by Ref, GetAtt, Sub or name."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            pending += current.values()
        elif isinstance(current, list):
            pending += current
        elif isinstance(current, str) and logical_id in current:
            spelled = current == logical_id or current.startswith(f"{logical_id}.")
            if spelled or f"${{{logical_id}" in current:
                return True
    return False


_BUCKET_PROPERTIES: Final = frozenset({"BucketName", "Bucket", "S3Bucket", "DestinationBucketName"})


def shapes(data: Mapping[str, Any]) -> dict[str, str]:
    """Parameters whose use tells their form: env-file ARNs, and names of buckets."""
    found: dict[str, str] = {}
    pending: list[tuple[Any, str, bool]] = [(data.get("Resources"), "", False)]
    while pending:
        node, key, in_env_files = pending.pop()
        if isinstance(node, list):
            pending += ((item, key, in_env_files) for item in node)
        elif isinstance(node, dict):
            name = reference_in(node)
            if name:
                if in_env_files and key == "Value":
                    found[name] = "s3-object"
                elif key in _BUCKET_PROPERTIES:
                    found.setdefault(name, "name")
                continue
            for child_key, child in node.items():
                inside = in_env_files or child_key == "EnvironmentFiles"
                # Fn::If only chooses: what it chooses is used as the key above it says.
                pending.append((child, key if child_key == "Fn::If" else child_key, inside))
    return found


def reference_in(raw: Any) -> str:
    """The name that a value is, as ``!Ref X`` or ``!Sub '${X}'``; ``""`` for anything else."""
    if not isinstance(raw, dict) or len(raw) != 1:
        return ""
    if isinstance(raw.get("Ref"), str):
        return str(raw["Ref"])
    template = raw.get("Fn::Sub")
    whole = re.fullmatch(r"\$\{\s*(\w+)\s*\}", template) if isinstance(template, str) else None
    return whole[1] if whole else ""
