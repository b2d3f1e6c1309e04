"""The calls that a snapshot may make: all of them only read, and none reads a secret.

Each operation is one of the AWS CLI's, with the IAM action that allows it.
Sources: https://docs.aws.amazon.com/cli/latest/reference/ and the pages of the services at
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from copilot_preflight.snapshot.subjects import KINDS, Identity, Where


class Operation(NamedTuple):
    """One operation: ``service`` is boto3's name, ``command`` that of the AWS CLI.

    ``subject`` is a kind of `KINDS`. ``absent`` are the error codes that say that there is none of
    what is asked for, which is an answer. ``pages``: the answer comes in pages. ``fixed`` are
    parameters that are always the same, ``extra`` is the one that tells answers of one subject
    apart in the names of their files.
    """

    command: str
    service: str
    action: str
    subject: str
    absent: tuple[str, ...] = ()
    pages: bool = False
    fixed: Mapping[str, Any] = MappingProxyType({})
    extra: str = ""

    @property
    def method(self) -> str:
        """The method of boto3's client: ``get_bucket_policy``."""
        return self.command.partition(" ")[2].replace("-", "_")

    @property
    def api(self) -> str:
        """The name of the operation in the API: ``GetBucketPolicy``."""
        return "".join(word.capitalize() for word in self.method.split("_"))


_NO_ENTITY: Final = ("NoSuchEntity",)
_NO_RESOURCE: Final = ("ResourceNotFoundException",)
_NO_KEY: Final = ("NotFoundException",)
_NO_BUCKET: Final = ("NoSuchBucket",)


def _bucket(command: str, action: str, absent: str) -> Operation:
    return Operation(f"s3api {command}", "s3", f"s3:{action}", "bucket", (absent, *_NO_BUCKET))


_ALL: Final = (
    Operation("iam get-role", "iam", "iam:GetRole", "role", _NO_ENTITY),
    Operation(
        "iam list-role-policies", "iam", "iam:ListRolePolicies", "role", _NO_ENTITY, pages=True
    ),
    Operation(
        "iam get-role-policy", "iam", "iam:GetRolePolicy", "role", _NO_ENTITY, extra="PolicyName"
    ),
    Operation(
        *("iam list-attached-role-policies", "iam", "iam:ListAttachedRolePolicies", "role"),
        absent=_NO_ENTITY,
        pages=True,
    ),
    Operation("iam get-policy", "iam", "iam:GetPolicy", "policy", _NO_ENTITY),
    Operation("iam get-policy-version", "iam", "iam:GetPolicyVersion", "policy", _NO_ENTITY),
    _bucket("get-bucket-policy", "GetBucketPolicy", "NoSuchBucketPolicy"),
    _bucket(
        *("get-bucket-encryption", "GetEncryptionConfiguration"),
        absent="ServerSideEncryptionConfigurationNotFoundError",
    ),
    _bucket(
        *("get-bucket-ownership-controls", "GetBucketOwnershipControls"),
        absent="OwnershipControlsNotFoundError",
    ),
    _bucket(
        *("get-public-access-block", "GetBucketPublicAccessBlock"),
        absent="NoSuchPublicAccessBlockConfiguration",
    ),
    Operation("s3api head-object", "s3", "s3:GetObject", "object", ("404",), extra="Key"),
    Operation("kms describe-key", "kms", "kms:DescribeKey", "key", _NO_KEY),
    Operation(
        *("kms get-key-policy", "kms", "kms:GetKeyPolicy", "key", _NO_KEY),
        fixed=MappingProxyType({"PolicyName": "default"}),
    ),
    Operation(
        "kms list-resource-tags", "kms", "kms:ListResourceTags", "key", _NO_KEY, pages=True
    ),
    Operation("kms list-aliases", "kms", "kms:ListAliases", "aliases", _NO_KEY, pages=True),
    Operation(
        "secretsmanager describe-secret", "secretsmanager", "secretsmanager:DescribeSecret",
        "secret", _NO_RESOURCE,
    ),
    Operation(
        "secretsmanager get-resource-policy", "secretsmanager", "secretsmanager:GetResourcePolicy",
        "secret", _NO_RESOURCE,
    ),
    Operation("ssm describe-parameters", "ssm", "ssm:DescribeParameters", "parameters", pages=True),
    Operation(
        *("ssm list-tags-for-resource", "ssm", "ssm:ListTagsForResource", "parameter"),
        absent=("InvalidResourceId",),
        fixed=MappingProxyType({"ResourceType": "Parameter"}),
    ),
    Operation(
        *("ecr get-repository-policy", "ecr", "ecr:GetRepositoryPolicy", "repository"),
        absent=("RepositoryPolicyNotFoundException", "RepositoryNotFoundException"),
    ),
    Operation(
        *("efs describe-file-system-policy", "efs"),
        action="elasticfilesystem:DescribeFileSystemPolicy",
        subject="file-system",
        absent=("PolicyNotFound", "FileSystemNotFound"),
    ),
    Operation("ec2 describe-subnets", "ec2", "ec2:DescribeSubnets", "subnets", pages=True),
    Operation("ec2 describe-vpc-endpoints", "ec2", "ec2:DescribeVpcEndpoints", "vpc", pages=True),
    Operation("ec2 describe-route-tables", "ec2", "ec2:DescribeRouteTables", "vpc", pages=True),
    Operation(
        *("ecs describe-task-definition", "ecs", "ecs:DescribeTaskDefinition", "task-definition"),
    ),
    Operation("ecs describe-services", "ecs", "ecs:DescribeServices", "service"),
    Operation("cloudformation describe-stacks", "cloudformation", "cloudformation:DescribeStacks",
        "stack",
    ),
    Operation("cloudformation get-template", "cloudformation", "cloudformation:GetTemplate",
        "stack",
    ),
    Operation(
        *("cloudformation list-stack-resources", "cloudformation"),
        action="cloudformation:ListStackResources",
        subject="stack",
        pages=True,
    ),
    Operation(
        *("cloudformation list-exports", "cloudformation", "cloudformation:ListExports"),
        subject="exports",
        pages=True,
    ),
    Operation(
        *("organizations list-parents", "organizations", "organizations:ListParents", "child"),
        pages=True,
    ),
    Operation(
        *("organizations list-policies-for-target", "organizations"),
        action="organizations:ListPoliciesForTarget",
        subject="target",
        pages=True,
        extra="Filter",
    ),
    Operation(
        *("organizations describe-organization", "organizations"),
        action="organizations:DescribeOrganization",
        subject="organization",
    ),
    Operation(
        *("organizations describe-policy", "organizations", "organizations:DescribePolicy"),
        subject="organization-policy",
    ),
)  # fmt: skip
OPERATIONS: Final[Mapping[str, Operation]] = {it.command: it for it in _ALL}
"""By the command of the AWS CLI: ``"iam get-role"``. Nothing else is ever called."""


class Answer(NamedTuple):
    """What AWS says to a call: the body, or else the code of an error and what it says."""

    body: dict[str, Any] | None
    error: str = ""
    message: str = ""


class Call(NamedTuple):
    """One call: a ``command`` of `OPERATIONS` with its parameters, in the order of their names.

    ``region`` is where the subject lies, ``""`` for the region of the run. A value is what the
    answer is about: those of lists stand in one string, with commas.
    """

    command: str
    values: tuple[tuple[str, str], ...] = ()
    region: str = ""

    @property
    def operation(self) -> Operation:
        return OPERATIONS[self.command]

    def value(self, name: str) -> str:
        return dict(self.values).get(name, "")

    def placed(self, identity: Identity) -> Call:
        """The same call as it is spelt in an account and region, where it may have two spellings.

        A key is named by its id in one place and by its ARN in another.
        """
        region = "" if self.region == identity.region else self.region
        values = self.values
        if self.operation.subject == "key":
            head = f"arn:{identity.partition}:kms:{region or identity.region}:{identity.account}"
            key = self.value("KeyId")
            if not key.startswith("arn:"):
                values = (("KeyId", f"{head}:{key if key.startswith('alias/') else f'key/{key}'}"),)
        return Call(self.command, values, region)

    @property
    def parameters(self) -> dict[str, Any]:
        """As the API takes them."""
        sent = {key: _as_sent(key, value) for key, value in self.values if value}
        return {**sent, **self.operation.fixed}

    def arns(self, where: Where) -> tuple[str, ...]:
        """What IAM decides on."""
        if self.region:
            where = where._replace(region=self.region)
        return KINDS[self.operation.subject].arns(dict(self.values), where)

    @property
    def folder(self) -> tuple[str, ...]:
        return KINDS[self.operation.subject].folder(dict(self.values))

    def __str__(self) -> str:
        """As a shell takes it: ``aws iam get-role --role-name web``."""
        words = ["aws", *self.command.split()]
        for key, value in self.parameters.items():
            words += (f"--{_kebab(key)}", *_as_typed(value))
        if self.region:
            words += ("--region", self.region)
        return " ".join(map(shlex.quote, words))


def call(command: str, region: str = "", **values: str) -> Call:
    """A call of `OPERATIONS`; its parameters as `Call.values` has them."""
    return Call(command, tuple(sorted(values.items())), region)


_FILTERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Filters": {"Name": "vpc-id"},
    "ParameterFilters": {"Key": "Name", "Option": "Equals"},
}
_LISTS: Final = ("SubnetIds", "services")


def _as_sent(key: str, value: str) -> Any:
    if key in _FILTERS:
        return [{**_FILTERS[key], "Values": value.split(",")}]
    return value.split(",") if key in _LISTS else value


def _as_typed(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        return
    for item in value:
        if isinstance(item, str):
            yield item
        else:
            pairs = (f"{k}={','.join(v) if isinstance(v, list) else v}" for k, v in item.items())
            yield ",".join(pairs)


def _kebab(key: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", key).lower()
