"""What a call asks about: the ARNs that IAM decides on, and the folder that gets the answers.

A subject is the values of a call's parameters; ``*`` stands for whatever an answer will name.
The forms of ARNs are those of the Service Authorization Reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from copilot_preflight.iam import arn

Values = Mapping[str, str]

ANY: Final = "*"


class Where(NamedTuple):
    """Where calls are made: each part is ``*`` where it is not known."""

    partition: str = ANY
    region: str = ANY
    account: str = ANY

    @classmethod
    def of(cls, region: str, account: str, partition: str = "") -> Where:
        """From what is known, ``""`` for what is not."""
        named = partition or (arn.partition_of_region(region) if region else "")
        return cls(named or ANY, region or ANY, account or ANY)


class Identity(NamedTuple):
    """Whose credentials are used, and where."""

    account: str
    partition: str
    region: str


class Kind(NamedTuple):
    """A kind of subject: its ARNs, and the folders of its answers from the top."""

    arns: Callable[[Values, Where], tuple[str, ...]]
    folder: Callable[[Values], tuple[str, ...]]


def last(name: str) -> str:
    """The name at the end of an ARN, without its path; a bare name is one already."""
    return name.rpartition("/")[2] if name.startswith("arn:") else name


def _of(where: Where, service: str, resource: str) -> str:
    return f"arn:{where.partition}:{service}:{where.region}:{where.account}:{resource}"


def _role(values: Values, where: Where) -> tuple[str, ...]:
    """A role's name says nothing of its path, which is part of the ARN."""
    name = values["RoleName"]
    head = f"arn:{where.partition}:iam::{where.account}:role/"
    return (f"{head}{name}",) if name == ANY else (f"{head}{name}", f"{head}*/{name}")


def _policy(values: Values, where: Where) -> tuple[str, ...]:
    policy = values["PolicyArn"]
    if policy != ANY:
        return (policy,)
    head = f"arn:{where.partition}:iam:"
    return (f"{head}:{where.account}:policy/*", f"{head}:aws:policy/*")


def _bucket(values: Values, where: Where) -> tuple[str, ...]:
    return (f"arn:{where.partition}:s3:::{values['Bucket']}",)


def _object(values: Values, where: Where) -> tuple[str, ...]:
    return (f"arn:{where.partition}:s3:::{values['Bucket']}/{values['Key']}",)


def _key(values: Values, where: Where) -> tuple[str, ...]:
    """A call by an alias is decided on the key, whose ARN does not hold the alias."""
    key = values["KeyId"]
    if key.startswith("arn:"):
        head, _, resource = key.rpartition(":")
        return (f"{head}:key/*" if resource.startswith("alias/") else key,)
    return (_of(where, "kms", "key/*" if key.startswith("alias/") else f"key/{key}"),)


def _secret(values: Values, where: Where) -> tuple[str, ...]:
    """Six characters follow a secret's name, which IAM wants to see.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
    """
    secret = values["SecretId"]
    if secret.startswith("arn:"):
        return (secret, f"{secret}-??????")
    return (_of(where, "secretsmanager", f"secret:{secret}-??????"),)


def _parameter(values: Values, where: Where) -> tuple[str, ...]:
    names = {name.lstrip("/") for name in values["ResourceId"].split(",")}
    return tuple(_of(where, "ssm", f"parameter/{name}") for name in sorted(names))


def _repository(values: Values, where: Where) -> tuple[str, ...]:
    owner = where._replace(account=values.get("registryId") or where.account)
    return (_of(owner, "ecr", f"repository/{values['repositoryName']}"),)


def _file_system(values: Values, where: Where) -> tuple[str, ...]:
    return (_of(where, "elasticfilesystem", f"file-system/{values['FileSystemId']}"),)


def _service(values: Values, where: Where) -> tuple[str, ...]:
    cluster = last(values["cluster"]) if values["cluster"] else "default"
    return (_of(where, "ecs", f"service/{cluster}/{last(values['services'])}"),)


def _stack(values: Values, where: Where) -> tuple[str, ...]:
    stack = values["StackName"]
    if stack.startswith("arn:"):
        return (stack,)
    return (_of(where, "cloudformation", f"stack/{stack}/*"),)


def _anything(_values: Values, _where: Where) -> tuple[str, ...]:
    """Actions that only ``Resource: "*"`` grants."""
    return (ANY,)


def _target(values: Values, where: Where) -> tuple[str, ...]:
    """What belongs to an organization has the ARN of its management account."""
    target = values["TargetId"]
    head = f"arn:{where.partition}:organizations::*:"
    if target.isdigit():
        return (f"{head}account/*/{target}",)
    if target == ANY:
        return tuple(f"{head}{kind}/*" for kind in ("account", "ou", "root"))
    return (f"{head}{'ou' if target.startswith('ou-') else 'root'}/*/{target}",)


def _organization_policy(values: Values, where: Where) -> tuple[str, ...]:
    """A policy's id says nothing of its type, nor of who owns it."""
    head, policy = f"arn:{where.partition}:organizations:", values["PolicyId"]
    return tuple(
        f"{head}:{owner}/{kind}_control_policy/{policy}"
        for owner in ("*:policy/*", "aws:policy")
        for kind in ("resource", "service")
    )


def _named(*folders: str) -> Callable[[Values], tuple[str, ...]]:
    """Folders, the last ones of which are named by parameters."""
    return lambda values: tuple(last(values[it]) if it in values else it for it in folders)


def _parameter_folder(values: Values) -> tuple[str, ...]:
    names = values.get("ResourceId") or values["ParameterFilters"]
    return ("ssm", names.split(",")[0].lstrip("/"))


def _key_id(values: Values) -> str:
    key = values["KeyId"]
    return key.rpartition(":")[2].removeprefix("key/") if key.startswith("arn:") else key


def _secret_name(values: Values) -> str:
    return values["SecretId"].partition(":secret:")[2] or values["SecretId"]


def _stack_name(values: Values) -> str:
    stack = values["StackName"]
    return stack.split("/")[1] if stack.startswith("arn:") and "/" in stack else stack


KINDS: Final[Mapping[str, Kind]] = {
    "role": Kind(_role, _named("iam", "role", "RoleName")),
    "policy": Kind(_policy, _named("iam", "policy", "PolicyArn")),
    "bucket": Kind(_bucket, _named("s3", "Bucket")),
    "object": Kind(_object, _named("s3", "Bucket")),
    "key": Kind(_key, lambda values: ("kms", _key_id(values))),
    "aliases": Kind(_anything, lambda values: ("kms", _key_id(values))),
    "secret": Kind(_secret, lambda values: ("secretsmanager", _secret_name(values))),
    "parameter": Kind(_parameter, _parameter_folder),
    "parameters": Kind(_anything, _parameter_folder),
    "repository": Kind(_repository, _named("ecr", "repositoryName")),
    "file-system": Kind(_file_system, _named("efs", "FileSystemId")),
    "task-definition": Kind(_anything, _named("ecs", "task-definition", "taskDefinition")),
    "service": Kind(_service, _named("ecs", "service", "cluster", "services")),
    "stack": Kind(_stack, lambda values: ("cloudformation", _stack_name(values))),
    "exports": Kind(_anything, lambda _values: ("cloudformation",)),
    "subnets": Kind(_anything, lambda values: ("ec2", values["SubnetIds"].split(",")[0])),
    "vpc": Kind(_anything, lambda values: ("ec2", values["Filters"])),
    "target": Kind(_target, _named("organizations", "TargetId")),
    "organization": Kind(_anything, lambda _values: ("organizations",)),
    "child": Kind(_anything, _named("organizations", "ChildId")),
    "organization-policy": Kind(_organization_policy, _named("organizations", "PolicyId")),
}  # fmt: skip
