"""What a template tells by its mere wording, before any of it is resolved.

How a parameter is used tells its form, ARNs tell the partition, macros and free-handed resources
tell that there may be more than meets the eye.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.arn import PARTITIONS
from copilot_preflight.resolve.nodes import once_per_node


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
    resources = data.get("Resources")
    found: dict[str, str] = {}
    for resource in resources.values() if isinstance(resources, dict) else ():
        for name, shape in _shapes(resource).items():
            if shape == "s3-object":
                found[name] = shape
            else:
                found.setdefault(name, shape)
    return found


@once_per_node
def _shapes(resource: Any) -> Mapping[str, str]:
    found: dict[str, str] = {}
    pending: list[tuple[Any, str, bool]] = [(resource, "", False)]
    while pending:
        node, key, in_env_files = pending.pop()
        if isinstance(node, list):
            pending += [(it, key, in_env_files) for it in node if isinstance(it, (dict, list))]
        elif isinstance(node, dict):
            name = reference_in(node) if len(node) == 1 else ""
            if name:
                if in_env_files and key == "Value":
                    found[name] = "s3-object"
                elif key in _BUCKET_PROPERTIES:
                    found.setdefault(name, "name")
                continue
            for child_key, child in node.items():
                if not isinstance(child, (dict, list)):
                    continue
                inside = in_env_files or child_key == "EnvironmentFiles"
                # Fn::If only chooses: what it chooses is used as the key above it says.
                pending.append((child, key if child_key == "Fn::If" else child_key, inside))
    return found


_ONE_VARIABLE: Final = lazy_pattern(r"\$\{\s*(\w+)\s*\}")


def reference_in(raw: Any) -> str:
    """The name that a value is, as ``!Ref X`` or ``!Sub '${X}'``; ``""`` for anything else."""
    if not isinstance(raw, dict) or len(raw) != 1:
        return ""
    if isinstance(raw.get("Ref"), str):
        return str(raw["Ref"])
    template = raw.get("Fn::Sub")
    whole = _ONE_VARIABLE.fullmatch(template) if isinstance(template, str) else None
    return whole[1] if whole else ""


class Spelling(NamedTuple):
    """What a pattern says about the values that match it: their characters, and how many."""

    characters: frozenset[str]
    least: int
    most: int | None  # None: there is no limit


_PIECE: Final = lazy_pattern(
    r"(?P<set>\[(?:[^\]\[\\^&]|\\[^a-zA-Z0-9]|\\[dw])+\]|\\[dw]|\\[^a-zA-Z0-9]|[^\\\[\](){}.*+?|^$])"
    r"(?P<times>\*|\+|\?|\{(?P<least>\d+)(?P<more>,(?P<most>\d*))?\})?"
)
_DIGITS: Final = "0123456789"
LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""As ``string`` has them, which no check needs otherwise."""

_CLASSES: Final = {"d": _DIGITS, "w": _DIGITS + LETTERS + "_"}


def spelling(parameter: Any) -> Spelling | None:
    r"""What the AllowedPattern of a parameter tells, such as ``[0-9]{12}`` or ``^team-\w+$``.

    The whole of a String has to match; of a list, each element has to. None without a pattern,
    and for one with more than characters, sets of them and their numbers.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    pattern = parameter.get("AllowedPattern") if isinstance(parameter, dict) else None
    if not isinstance(pattern, str) or parameter.get("Type") != "String":
        return None
    rest = pattern.removeprefix("^")
    rest = rest[:-1] if rest.endswith("$") and not rest.endswith("\\$") else rest
    characters, least = set[str](), 0
    most: int | None = 0
    while rest:
        piece = _PIECE.match(rest)
        if piece is None:
            return None
        few, many = _times(piece)
        characters |= _characters(piece["set"])
        least += few
        most = None if most is None or many is None else most + many
        rest = rest[piece.end() :]
    return Spelling(frozenset(characters), least, most)


def _times(piece: re.Match[str]) -> tuple[int, int | None]:
    """How often a piece of a pattern stands there: at least, and at most."""
    times = piece["times"]
    if times is None or times in "*+?":
        return {None: (1, 1), "*": (0, None), "+": (1, None), "?": (0, 1)}[times]
    least = int(piece["least"])
    if piece["more"] is None:
        return least, least
    return least, int(piece["most"]) if piece["most"] else None


def _characters(written: str) -> set[str]:
    r"""The characters of ``[a-z_]``, ``\d``, ``\.`` or ``x``."""
    inside = written[1:-1] if written.startswith("[") else written
    found: set[str] = set()
    ends = re.findall(r"\\?.", inside, re.DOTALL)
    while ends:
        first = ends.pop(0)
        if len(first) == 2 and first[1] in _CLASSES:
            found |= set(_CLASSES[first[1]])
        elif len(ends) > 1 and ends[0] == "-" and ends[1] not in ("\\d", "\\w"):
            found |= set(map(chr, range(ord(first[-1]), ord(ends[1][-1]) + 1)))
            del ends[:2]
        else:
            found.add(first[-1])
    return found
