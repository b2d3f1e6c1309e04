"""Whom an answer is about that does not say so: by the index, by its neighbours, by its path.

`get-bucket-policy` prints a policy and not the bucket. Whoever keeps the answer in a file names the
file, or its folder, after the bucket.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import unquote

from copilot_preflight.evidence.documents import at, parsed_or_none
from copilot_preflight.evidence.shapes import (
    SUBJECTS,
    operation_in,
    statements_in,
    strings_of,
)

Neighbours = Mapping[tuple[str, str], frozenset[str]]
"""By folder and parameter, whom the answers there are about that say so themselves."""

_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "s3api get-bucket-policy": ("bucket-policy", "policy"),
    "s3api get-bucket-encryption": ("bucket-encryption", "encryption"),
    "s3api get-bucket-ownership-controls": ("bucket-ownership-controls", "ownership-controls"),
    "s3api get-public-access-block": ("public-access-block",),
    "kms get-key-policy": ("key-policy", "policy"),
    "ecr get-repository-policy": ("repository-policy", "policy"),
    "iam list-role-policies": ("role-policies", "inline-policies", "policies"),
    "iam list-attached-role-policies": ("attached-role-policies", "attached-policies"),
    "iam get-policy-version": ("policy-version", "version"),
    "cloudformation get-template": ("template",),
}
"""What people leave of an operation's name in the name of a file, behind its subject."""

_SEPARATORS: Final = "-_. "

_VERSION: Final = re.compile(r"v\d+")
"""How IAM names the versions of a policy."""


def subject_of(
    call: str, path: PurePath, data: Any, known: Mapping[str, str], neighbours: Neighbours
) -> str:
    """Whom an answer is about; ``""`` where nothing tells.

    ``known`` are the parameters that an index has of the call.
    """
    parameter = SUBJECTS.get(call, "")
    if not parameter:
        return ""
    if known.get(parameter):
        return known[parameter]
    if call == "s3api get-bucket-policy" and (bucket := _bucket_in(data)):
        return bucket
    near = neighbours.get((str(path.parent), parameter), frozenset())
    name = _in_name(call, path)
    if name and not (call == "iam get-policy-version" and _VERSION.fullmatch(name)):
        return name
    if len(near) == 1:
        return next(iter(near))
    return "" if name is None else _folder(path, call)


def _bucket_in(data: Any) -> str:
    """The bucket that a policy speaks of: S3 takes no policy that names another one.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-bucket-policies.html
    """
    written = data.get("Policy") if isinstance(data, dict) else None
    if not isinstance(written, str):
        return ""
    names = {
        re.split("[/*?$]", text.partition(":s3:::")[2])[0]
        for statement in statements_in(parsed_or_none(written))
        for text in strings_of(statement, "Resource")
        if ":s3:::" in text and not re.match("[^/]*[*?$]", text.partition(":s3:::")[2])
    }
    return names.pop() if len(names) == 1 else ""


def _in_name(call: str, path: PurePath) -> str | None:
    """The part of a file's name that is no operation's; None where no operation is in it."""
    operation = operation_in(path)
    if operation:
        before, _, after = path.stem.partition(operation)
        rest = [it.strip(_SEPARATORS) for it in (before, after)]
        return unquote(next(filter(None, reversed(rest)), ""))
    for end in _ENDS.get(call, ()):
        if path.stem.lower().endswith(end):
            return unquote(path.stem[: -len(end)].rstrip(_SEPARATORS))
    return None


def _folder(path: PurePath, call: str) -> str:
    """The name of the folder, if it is not that of a service or an operation."""
    name = path.parent.name
    generic = {"", "evidence", "snapshot", *_GENERIC, call.partition(" ")[0]}
    return "" if name.lower() in generic or operation_in(PurePath(name)) == name else unquote(name)


_GENERIC: Final = frozenset(
    {
        "iam", "s3", "s3api", "kms", "ecr", "ssm", "efs", "ecs", "ec2", "cloudformation",
        "secretsmanager", "organizations", "role", "roles", "policy", "policies", "bucket",
        "buckets", "key", "keys", "aws", "account", "answers",
    }
)  # fmt: skip


_NAMING: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "iam get-role": ("RoleName", ("Role", "RoleName")),
    "iam get-role-policy": ("RoleName", ("RoleName",)),
    "iam get-policy": ("PolicyArn", ("Policy", "Arn")),
    "kms describe-key": ("KeyId", ("KeyMetadata", "Arn")),
}
"""Answers that say whom they are about: for which parameter, and where."""


def neighbours_of(answers: Iterable[tuple[str, PurePath, Any]]) -> Neighbours:
    """What `Neighbours` says, of calls with their paths and data."""
    found: dict[tuple[str, str], set[str]] = {}
    for call, path, data in answers:
        for parameter, name in _own(call, data):
            found.setdefault((str(path.parent), parameter), set()).add(name)
    return {key: frozenset(names) for key, names in found.items()}


def _own(call: str, data: Any) -> Iterator[tuple[str, str]]:
    if call == "ssm describe-parameters":
        for it in data.get("Parameters") or () if isinstance(data, dict) else ():
            if isinstance(it, dict) and isinstance(it.get("Name"), str):
                yield "ResourceId", it["Name"]
    if call in _NAMING:
        parameter, keys = _NAMING[call]
        found = at(data, keys)
        if isinstance(found, str):
            yield parameter, found
