"""Which call of the AWS CLI a file is the answer to, by the keys that it has.

Source: the "Output" of each command in https://docs.aws.amazon.com/cli/latest/reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from copilot_preflight.evidence.documents import parsed_or_none


class Shape(NamedTuple):
    """An answer that has ``keys``; below the last one is a map, or a list of maps, with ``has``.

    ``subject`` is the parameter that says whom an answer is about which does not say so itself,
    ``""`` for one that does.
    """

    call: str
    keys: tuple[str, ...]
    has: tuple[str, ...] = ()
    subject: str = ""


SHAPES: Final = (
    Shape("iam get-account-authorization-details", ("RoleDetailList",)),
    Shape("iam get-role", ("Role",), ("RoleName", "Arn")),
    Shape("iam list-roles", ("Roles",), ("RoleName", "Arn")),
    Shape("iam get-role-policy", ("RoleName", "PolicyName", "PolicyDocument")),
    Shape("iam list-role-policies", ("PolicyNames",), subject="RoleName"),
    Shape("iam list-attached-role-policies", ("AttachedPolicies",), subject="RoleName"),
    Shape("iam list-role-tags", ("Tags", "IsTruncated"), subject="RoleName"),
    Shape("iam get-policy-version", ("PolicyVersion",), ("Document",), subject="PolicyArn"),
    Shape("iam get-policy", ("Policy",), ("PolicyName", "Arn", "DefaultVersionId")),
    Shape("iam list-policies", ("Policies",), ("PolicyName", "Arn", "DefaultVersionId")),
    Shape("organizations describe-policy", ("Policy",), ("PolicySummary", "Content")),
    Shape("organizations list-policies-for-target", ("Policies",), ("Id", "Type"), "TargetId"),
    Shape("organizations list-parents", ("Parents",), subject="ChildId"),
    Shape("organizations list-roots", ("Roots",), ("Id", "PolicyTypes")),
    Shape("organizations describe-organization", ("Organization",), ("Id",)),
    Shape("efs describe-file-system-policy", ("FileSystemId", "Policy")),
    Shape("s3api get-bucket-policy", ("Policy",), subject="Bucket"),
    Shape("kms get-key-policy", ("Policy",), subject="KeyId"),
    Shape("s3api get-bucket-encryption", ("ServerSideEncryptionConfiguration",), subject="Bucket"),
    Shape("s3api get-bucket-ownership-controls", ("OwnershipControls",), subject="Bucket"),
    Shape("s3api get-public-access-block", ("PublicAccessBlockConfiguration",), subject="Bucket"),
    Shape("s3api get-bucket-location", ("LocationConstraint",), subject="Bucket"),
    Shape("s3api head-object", ("ETag", "ContentLength"), subject="Key"),
    Shape("kms describe-key", ("KeyMetadata",), ("KeyId",)),
    Shape("kms list-aliases", ("Aliases",), ("AliasName",)),
    Shape("kms list-resource-tags", ("Tags",), ("TagKey",), "KeyId"),
    Shape("ssm list-tags-for-resource", ("TagList",), subject="ResourceId"),
    Shape("ssm describe-parameters", ("Parameters",), ("Name", "Type")),
    Shape("ssm get-parameter", ("Parameter",), ("Name", "Type")),
    Shape("secretsmanager get-resource-policy", ("ARN", "Name", "ResourcePolicy")),
    Shape("secretsmanager get-secret-value", ("ARN", "Name", "VersionId")),
    Shape("secretsmanager describe-secret", ("ARN", "Name", "CreatedDate")),
    Shape("secretsmanager describe-secret", ("ARN", "Name", "LastChangedDate")),
    Shape("secretsmanager describe-secret", ("ARN", "Name", "VersionIdsToStages")),
    Shape("secretsmanager get-resource-policy", ("ARN", "Name")),  # of one without a policy
    Shape("secretsmanager list-secrets", ("SecretList",)),
    Shape("ecr get-repository-policy", ("policyText",)),
    Shape("ecr describe-repositories", ("repositories",), ("repositoryArn",)),
    Shape("efs describe-file-systems", ("FileSystems",), ("FileSystemId",)),
    Shape("ec2 describe-vpc-endpoints", ("VpcEndpoints",)),
    Shape("ec2 describe-subnets", ("Subnets",), ("SubnetId",)),
    Shape("ec2 describe-route-tables", ("RouteTables",), ("RouteTableId",)),
    Shape("cloudformation list-exports", ("Exports",)),
    Shape("cloudformation describe-stacks", ("Stacks",), ("StackName",)),
    Shape("cloudformation describe-stack-resources", ("StackResources",)),
    Shape("cloudformation list-stack-resources", ("StackResourceSummaries",), subject="StackName"),
    Shape("cloudformation describe-stack-resource", ("StackResourceDetail",), ("StackName",)),
    Shape("cloudformation get-template", ("TemplateBody",), subject="StackName"),
    Shape("ecs describe-task-definition", ("taskDefinition",)),
    Shape("ecs describe-services", ("services",)),
)
"""What is read. Of shapes with the same keys, the one that asks for more stands first."""

OPERATIONS: Final[Mapping[str, str]] = {it.call.partition(" ")[2]: it.call for it in SHAPES}
"""The calls by the names of their operations, of which no two services have one in common here."""

SUBJECTS: Final[Mapping[str, str]] = {it.call: it.subject for it in SHAPES}

_EMPTY: Final = frozenset(
    {
        "Policies", "PolicyNames", "AttachedPolicies", "Parents", "Exports", "VpcEndpoints",
        "Parameters", "StackResources", "SecretList", "repositories", "FileSystems", "Aliases",
        "TagList", "Tags", "Roles", "services", "Stacks",
    }
)  # fmt: skip
"""Lists that may have come back empty, and then show by nothing below them what they are."""


def call_of(data: Any, named: str = "") -> str:
    """The call that data are the answer to, ``""`` for none that is read here.

    ``named`` is the call that the index or the file's path names: it decides where the keys alone
    leave several.
    """
    if not isinstance(data, dict):
        return ""
    fitting = [it.call for it in SHAPES if _fits(it, data)]
    if named in fitting:
        return named
    if fitting[:1] == ["s3api get-bucket-policy"] and isinstance(data["Policy"], str):
        return next(_by_content(data["Policy"]), "")
    return fitting[0] if fitting and not _is_ambiguous(data) else ""


def error_of(data: Any) -> str:
    """The code of an error that was kept in place of an answer; ``""`` for anything else."""
    error = data.get("Error") if isinstance(data, dict) else None
    code = error.get("Code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def _fits(shape: Shape, data: Mapping[str, Any]) -> bool:
    if not all(key in data for key in shape.keys):
        return False
    if shape.keys == ("ARN", "Name"):
        return len(data) == len(shape.keys)
    if not shape.has:
        return True
    below = data[shape.keys[-1]]
    if isinstance(below, list):
        if not below:
            return shape.keys[-1] in _EMPTY
        below = below[0]
    return isinstance(below, dict) and all(key in below for key in shape.has)


def _is_ambiguous(data: Mapping[str, Any]) -> bool:
    """Whether nothing in an answer shows which of several calls it is of."""
    if "RoleDetailList" in data:  # its list of policies is empty where only roles are asked for
        return False
    is_bare_secret = data.keys() == {"ARN", "Name"}  # put-resource-policy prints the same
    is_without_tags = data.get("Tags") == [] and "IsTruncated" not in data
    return data.get("Policies") == [] or is_without_tags or is_bare_secret


def _by_content(policy: str) -> Iterator[str]:
    """Whose policy a string holds: that of a bucket names the bucket, that of a key names KMS."""
    written = parsed_or_none(policy)
    for statement in statements_in(written):
        names = [*strings_of(statement, "Resource"), *strings_of(statement, "NotResource")]
        actions = [*strings_of(statement, "Action"), *strings_of(statement, "NotAction")]
        if any(":s3:::" in name for name in names):
            yield "s3api get-bucket-policy"
        elif any(action.lower().startswith("kms:") for action in actions):
            yield "kms get-key-policy"


def statements_in(policy: Any) -> Iterator[Mapping[str, Any]]:
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict):
            yield statement


def strings_of(statement: Mapping[str, Any], key: str) -> list[str]:
    value = statement.get(key)
    return [it for it in (value if isinstance(value, list) else [value]) if isinstance(it, str)]


# --- paths ----------------------------------------------------------------------------------------

_BY_LENGTH: Final = sorted(OPERATIONS, key=len, reverse=True)
_WORDS: Final = re.compile(r"[^a-z]")


def operation_in(path: PurePath) -> str:
    """The operation that the name of a file has in it, as it is spelt there; ``""`` for none."""
    return next(_operations_in((path.stem,)), "")


def call_in(path: PurePath) -> str:
    """The call that a path names: by its operation in the file's name, or in that of a folder."""
    found = next(_operations_in((path.stem, *reversed(path.parts[:-1]))), "")
    return OPERATIONS[_plain(found)] if found else ""


def _operations_in(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        lowered = name.lower()
        for operation in _BY_LENGTH:
            for spelt in (operation, operation.replace("-", "_"), operation.replace("-", "")):
                start = lowered.find(spelt)
                if (
                    start >= 0
                    and not lowered[start + len(spelt) : start + len(spelt) + 1].isalpha()
                ):
                    yield name[start : start + len(spelt)]
                    break
            else:
                continue
            break


_SPELT: Final = {_WORDS.sub("", operation): operation for operation in OPERATIONS}


def _plain(spelt: str) -> str:
    """An operation as the AWS CLI spells it."""
    return _SPELT[_WORDS.sub("", spelt.lower())]
