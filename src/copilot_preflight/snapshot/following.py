"""What an answer leads to: the calls about what it names, and which those may be.

Both are here next to each other: `following` gives the calls once there is an answer, `expected`
the same with ``*`` for what nobody knows before, for those who must allow them in advance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from copilot_preflight.snapshot import asking
from copilot_preflight.snapshot.asking import Calls
from copilot_preflight.snapshot.calls import OPERATIONS, Call, call
from copilot_preflight.snapshot.subjects import ANY, KINDS, last

Answer = Mapping[str, Any]


def following(call: Call, answer: Answer, account: str = "") -> Calls:
    """The calls about what an answer names and what the account has; the order is the answer's."""
    follow = _FOLLOWING.get(call.command)
    return iter(()) if follow is None else follow(call, answer, account)


def expected(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Some calls with all that may follow, and what may follow that, in the end."""
    found: dict[Call, None] = {}
    pending = list(calls)
    while pending:
        current = pending.pop()
        if current not in found:
            found[current] = None
            pending += _next(current)
    return tuple(found)


def any_call() -> tuple[Call, ...]:
    """Every operation, on anything: what a template may need that nobody has read yet."""
    return tuple(_pattern(command) for command in OPERATIONS)


# --- answers -------------------------------------------------------------------------------------


def _of_role(_call: Call, answer: Answer, _account: str) -> Calls:
    boundary = _at(answer, "Role", "PermissionsBoundary", "PermissionsBoundaryArn")
    if boundary:
        yield from asking.of_policy(boundary)


def _of_inline(asked: Call, answer: Answer, _account: str) -> Calls:
    role = asked.value("RoleName")
    for name in _strings(answer.get("PolicyNames")):
        yield call("iam get-role-policy", RoleName=role, PolicyName=name)


def _of_attached(_call: Call, answer: Answer, _account: str) -> Calls:
    for policy in _items(answer.get("AttachedPolicies")):
        if found := _at(policy, "PolicyArn"):
            yield from asking.of_policy(found)


def _of_policy(asked: Call, answer: Answer, _account: str) -> Calls:
    policy = asked.value("PolicyArn")
    if version := _at(answer, "Policy", "DefaultVersionId"):
        yield call("iam get-policy-version", PolicyArn=policy, VersionId=version)


def _of_named_key(key: str, region: str, account: str) -> Calls:
    """The key that something is encrypted under, if it is one of the account's."""
    if not key.startswith("arn:") or not account or key.split(":")[4] == account:
        yield from asking.of_key(key, region)


def _of_encryption(asked: Call, answer: Answer, account: str) -> Calls:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules")
    for rule in _items(rules):
        if key := _at(rule, "ApplyServerSideEncryptionByDefault", "KMSMasterKeyID"):
            yield from _of_named_key(key, asked.region, account)


def _of_key(asked: Call, answer: Answer, _account: str) -> Calls:
    """The key that an alias stands for, by which its answers can be found again.

    Keys that AWS manages need no more.
    """
    key = _at(answer, "KeyMetadata", "Arn")
    if (
        _may_be_alias(asked.value("KeyId"))
        and key
        and _at(answer, "KeyMetadata", "KeyManager") != "AWS"
    ):
        yield call("kms list-aliases", asked.region, KeyId=key)
        yield from asking.of_known_key(key, asked.region)


def _may_be_alias(key: str) -> bool:
    return key == ANY or key.rpartition(":")[2].startswith("alias/")


def _of_secret(asked: Call, answer: Answer, account: str) -> Calls:
    if key := _at(answer, "KmsKeyId"):
        yield from _of_named_key(key, asked.region, account)


def _of_parameters(asked: Call, answer: Answer, account: str) -> Calls:
    for parameter in _items(answer.get("Parameters")):
        if name := _at(parameter, "Name"):
            yield call("ssm list-tags-for-resource", asked.region, ResourceId=name)
        if key := _at(parameter, "KeyId"):
            yield from _of_named_key(key, asked.region, account)


def _of_resources(_call: Call, answer: Answer, _account: str) -> Calls:
    """What of a stack may differ from its template, or be reached only by its real name."""
    for resource in _items(answer.get("StackResourceSummaries")):
        name = _at(resource, "PhysicalResourceId")
        ask = _BY_TYPE.get(_at(resource, "ResourceType"))
        if name and ask is not None and _at(resource, "ResourceStatus") != "DELETE_COMPLETE":
            yield from ask(name)


_BY_TYPE: Final[Mapping[str, Callable[[str], Calls]]] = {
    "AWS::IAM::Role": asking.of_role,
    "AWS::IAM::ManagedPolicy": asking.of_policy,
    "AWS::ECS::TaskDefinition": asking.of_task_definition,
    "AWS::ECS::Service": asking.of_service,
    "AWS::CloudFormation::Stack": asking.of_stack,
}


def _of_task(_call: Call, answer: Answer, account: str) -> Calls:
    for key in ("executionRoleArn", "taskRoleArn"):
        role = _at(answer, "taskDefinition", key)
        if role and (not role.startswith("arn:") or role.split(":")[4] in ("", account)):
            yield from asking.of_role(last(role))


def _of_service(asked: Call, answer: Answer, _account: str) -> Calls:
    """What a service runs, and the subnets that lead to the endpoints of its VPC."""
    for service in _items(answer.get("services")):
        if task := _at(service, "taskDefinition"):
            yield from asking.of_task_definition(task)
        network = service.get("networkConfiguration") or {}
        subnets = _strings((network.get("awsvpcConfiguration") or {}).get("subnets"))
        if found := ",".join(sorted(subnets)):
            yield call("ec2 describe-subnets", asked.region, SubnetIds=found)


def _of_subnets(asked: Call, answer: Answer, _account: str) -> Calls:
    for subnet in _items(answer.get("Subnets")):
        if vpc := _at(subnet, "VpcId"):
            yield call("ec2 describe-vpc-endpoints", asked.region, Filters=vpc)
            yield call("ec2 describe-route-tables", asked.region, Filters=vpc)


def _of_target(_call: Call, answer: Answer, _account: str) -> Calls:
    for policy in _items(answer.get("Policies")):
        if found := _at(policy, "Id"):
            yield call("organizations describe-policy", PolicyId=found)


def _of_child(_call: Call, answer: Answer, _account: str) -> Calls:
    for parent in _items(answer.get("Parents")):
        if not (found := _at(parent, "Id")):
            continue
        yield from asking.of_target(found)
        if _at(parent, "Type") != "ROOT":
            yield call("organizations list-parents", ChildId=found)


_FOLLOWING: Final[Mapping[str, Callable[[Call, Answer, str], Calls]]] = {
    "iam get-role": _of_role,
    "iam list-role-policies": _of_inline,
    "iam list-attached-role-policies": _of_attached,
    "iam get-policy": _of_policy,
    "s3api get-bucket-encryption": _of_encryption,
    "kms describe-key": _of_key,
    "secretsmanager describe-secret": _of_secret,
    "ssm describe-parameters": _of_parameters,
    "cloudformation list-stack-resources": _of_resources,
    "ecs describe-task-definition": _of_task,
    "ecs describe-services": _of_service,
    "ec2 describe-subnets": _of_subnets,
    "organizations list-policies-for-target": _of_target,
    "organizations list-parents": _of_child,
}


def _at(node: Any, *keys: str) -> str:
    """The string at a path of an answer; ``""`` where there is none."""
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node if isinstance(node, str) else ""


def _items(node: Any) -> Iterator[Mapping[str, Any]]:
    return (item for item in node or () if isinstance(item, Mapping))


def _strings(node: Any) -> Iterator[str]:
    return (item for item in node or () if isinstance(item, str))


# --- what may come -------------------------------------------------------------------------------

_SAME: Final[Mapping[str, tuple[str, ...]]] = {
    "iam list-role-policies": ("iam get-role-policy",),
    "iam get-policy": ("iam get-policy-version",),
    "kms describe-key": ("kms get-key-policy", "kms list-resource-tags", "kms list-aliases"),
    "ssm describe-parameters": ("ssm list-tags-for-resource",),
}
"""What may be asked next about the very subject."""

_KEYS: Final = ("kms describe-key",)
_ROLES: Final = ("iam get-role", "iam list-role-policies", "iam list-attached-role-policies")
_STACKS: Final = (
    "cloudformation describe-stacks",
    "cloudformation get-template",
    "cloudformation list-stack-resources",
)

_OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "iam get-role": ("iam get-policy",),
    "iam list-attached-role-policies": ("iam get-policy",),
    "s3api get-bucket-encryption": _KEYS,
    "secretsmanager describe-secret": _KEYS,
    "ssm describe-parameters": _KEYS,
    "cloudformation list-stack-resources": (
        *_ROLES,
        *_STACKS,
        "iam get-policy",
        "ecs describe-task-definition",
        "ecs describe-services",
    ),
    "ecs describe-task-definition": _ROLES,
    "ecs describe-services": ("ecs describe-task-definition", "ec2 describe-subnets"),
    "ec2 describe-subnets": ("ec2 describe-vpc-endpoints", "ec2 describe-route-tables"),
    "organizations list-policies-for-target": ("organizations describe-policy",),
    "organizations list-parents": (
        "organizations list-parents",
        "organizations list-policies-for-target",
    ),
}
"""What may be asked next about something that only the answer names."""


def _next(asked: Call) -> Iterator[Call]:
    is_certain = asked.command == "kms describe-key" and not _may_be_alias(asked.value("KeyId"))
    for command in () if is_certain else _SAME.get(asked.command, ()):
        if asked.command == "ssm describe-parameters":
            names = asked.value("ParameterFilters")
            yield call(command, asked.region, ResourceId=names)
        elif command == "iam get-role-policy":
            yield call(command, RoleName=asked.value("RoleName"), PolicyName=ANY)
        else:
            yield Call(command, asked.values, asked.region)
    for command in _OTHERS.get(asked.command, ()):
        if command in _STACKS:  # a nested stack is named after the one that has it
            yield call(command, StackName=f"{_begins(asked.value('StackName'))}-*")
        else:
            yield _pattern(command)


def _begins(stack: str) -> str:
    return stack.rstrip("-*")


def _pattern(command: str) -> Call:
    """An operation on anything of the account."""
    return call(command, **dict.fromkeys(_PARAMETERS[OPERATIONS[command].subject], ANY))


_PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "role": ("RoleName",),
    "policy": ("PolicyArn",),
    "bucket": ("Bucket",),
    "object": ("Bucket", "Key"),
    "key": ("KeyId",),
    "aliases": ("KeyId",),
    "secret": ("SecretId",),
    "parameter": ("ResourceId",),
    "parameters": ("ParameterFilters",),
    "repository": ("repositoryName",),
    "file-system": ("FileSystemId",),
    "task-definition": ("taskDefinition",),
    "service": ("cluster", "services"),
    "stack": ("StackName",),
    "exports": (),
    "subnets": ("SubnetIds",),
    "vpc": ("Filters",),
    "target": ("TargetId", "Filter"),
    "organization": (),
    "child": ("ChildId",),
    "organization-policy": ("PolicyId",),
}
assert _PARAMETERS.keys() == KINDS.keys()
