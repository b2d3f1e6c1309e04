"""From the name of something in the account to the calls that ask about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn, managed
from copilot_preflight.snapshot.calls import Call, call
from copilot_preflight.snapshot.subjects import ANY, last

Calls = Iterator[Call]


class Unnamed(Exception):
    """A subject of which too little is known to ask about it; ``str()`` says what is missing."""


def of_role(name: str) -> Calls:
    """Who may assume a role, its boundary, and which policies it has."""
    for command in ("get-role", "list-role-policies", "list-attached-role-policies"):
        yield call(f"iam {command}", RoleName=name)


def of_policy(policy_arn: str) -> Calls:
    """A managed policy; none of AWS's own that the tables hold."""
    _, is_of_aws, tail = policy_arn.partition(":iam::aws:policy/")
    if not (is_of_aws and managed.is_known(tail)):
        yield call("iam get-policy", PolicyArn=policy_arn)


def of_bucket(name: str) -> Calls:
    """The policy of a bucket, and how it takes objects."""
    for command in (
        "get-bucket-policy",
        "get-bucket-encryption",
        "get-bucket-ownership-controls",
        "get-public-access-block",
    ):
        yield call(f"s3api {command}", Bucket=name)


def of_key(key: str, region: str = "") -> Calls:
    """A key by its id, ARN or alias; none that AWS manages, whose policies it knows itself.

    What an alias stands for is asked first.
    Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
    """
    resource = key.rpartition(":")[2]
    if resource.startswith("alias/aws/"):
        return
    region = region or _region_of(key)
    yield call("kms describe-key", region, KeyId=key)
    if not resource.startswith("alias/"):
        yield from of_known_key(key, region)


def of_known_key(key: str, region: str = "") -> Calls:
    """The policy and the tags of a key that is no alias."""
    yield call("kms get-key-policy", region, KeyId=key)
    yield call("kms list-resource-tags", region, KeyId=key)


def of_secret(secret: str) -> Calls:
    """The key and the tags of a secret, and its policy."""
    region = _region_of(secret)
    yield call("secretsmanager describe-secret", region, SecretId=secret)
    yield call("secretsmanager get-resource-policy", region, SecretId=secret)


def of_parameter(name: str, region: str = "") -> Calls:
    """Which key a parameter has; its tags are asked for once its name is certain.

    ``x`` and ``/x`` have one ARN. Below a path, a name has to begin with a slash.
    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
    """
    bare = name.lstrip("/")
    names = f"/{bare}" if "/" in bare else f"/{bare},{bare}"
    yield call("ssm describe-parameters", region, ParameterFilters=names)


def of_repository(name: str, registry: str = "", region: str = "") -> Calls:
    """The policy of a repository."""
    owner = {"registryId": registry} if registry else {}
    yield call("ecr get-repository-policy", region, repositoryName=name, **owner)


def of_file_system(file_system: str, region: str = "") -> Calls:
    """The policy of a file system."""
    yield call("efs describe-file-system-policy", region, FileSystemId=file_system)


def of_stack(name: str) -> Calls:
    """What a stack is deployed as; describe-stack-resources would stop at a hundred.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
    """
    for command in ("describe-stacks", "get-template", "list-stack-resources"):
        yield call(f"cloudformation {command}", StackName=name)


def of_exports() -> Calls:
    """What other stacks export: every value of the region, as there is no call for a few."""
    yield call("cloudformation list-exports")


def of_task_definition(name: str) -> Calls:
    """A task definition, by its ARN or as ``family:revision``."""
    yield call("ecs describe-task-definition", _region_of(name), taskDefinition=name)


def of_service(service: str, cluster: str = "") -> Calls:
    """A service; its ARN names its cluster, unless it is an old one.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
    """
    pieces = service.split("/")
    if not cluster and len(pieces) == 3:
        cluster = pieces[1]
    yield call("ecs describe-services", _region_of(service), cluster=cluster, services=service)


def of_organization(account: str) -> Calls:
    """The policies of an account, and what it lies in, whose policies hold for it too."""
    yield call("organizations describe-organization")
    yield from of_target(account)
    yield call("organizations list-parents", ChildId=account)


def of_target(target: str) -> Calls:
    """The policies of an account, a unit or the root: what its roles may do, and its resources."""
    for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
        yield call("organizations list-policies-for-target", TargetId=target, Filter=kind)


def of_object(bucket: str, key: str) -> Calls:
    """Whether there is an object, and how it is encrypted."""
    yield call("s3api head-object", Bucket=bucket, Key=key)


def _region_of(name: str) -> str:
    return name.split(":")[3] if name.startswith("arn:") and name.count(":") >= 5 else ""


# --- what a template calls it --------------------------------------------------------------------


def about_role(named: Text, account: str) -> Calls:
    """The role that a template names by its ARN or name. Raises Unnamed."""
    parsed = arn.parse(named)
    if parsed is None:
        return of_role(last(_known(named)))
    _require_own(parsed, account)
    return of_role(_known(parsed.resource).rpartition("/")[2])


def about_policy(named: Text, account: str) -> Calls:
    """The managed policy of an ARN. Raises Unnamed."""
    parsed = arn.parse(named)
    if parsed is None:
        raise Unnamed(f"'{named}' is no ARN")
    if parsed.account.literal != "aws":
        _require_own(parsed, account)
    return of_policy(_known(Text.of(*map(_deployed, named.parts))))


def _deployed(part: str | Hole) -> str | Hole:
    """``*`` for the account and partition of a stack: a plan may be made before they are known."""
    is_open = isinstance(part, Hole) and part.name in ("AWS::AccountId", "AWS::Partition")
    return ANY if is_open else part


def about_resource(action: str, resource: Text, account: str) -> Calls:
    """What a call is made on, as far as its own settings decide about access. Raises Unnamed."""
    reader = _RESOURCES.get(action.partition(":")[0])
    parsed = arn.parse(resource)
    if reader is None:
        return iter(())
    if parsed is None:
        if resource.literal == "*":  # a registry, which has nothing of its own
            return iter(())
        raise Unnamed("nothing is known of it")
    return reader(resource, parsed, account)


def _bucket(resource: Text, _parsed: arn.Arn, _account: str) -> Calls:
    name = arn.parse_s3(resource)
    if name is None:
        raise Unnamed(f"'{resource}' names no bucket")
    return of_bucket(_known(name.bucket))


def _key(resource: Text, parsed: arn.Arn, account: str) -> Calls:
    """A key of the account: KMS shows the policies of others to nobody.

    Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
    """
    _require_own(parsed, account)
    named, region = _name_or_arn(resource, parsed, "key/", account)
    return of_key(named, region)


def _secret(resource: Text, _parsed: arn.Arn, account: str) -> Calls:
    """A secret by its ARN; by its name where the ARN ends in a suffix that nobody knows."""
    whole = _without_suffix(resource)
    again = arn.parse(whole)
    assert again is not None
    named, _ = _name_or_arn(whole, again, "secret:", account)
    return of_secret(named)


def _without_suffix(secret: Text) -> Text:
    *before, end = secret.parts or ("",)
    if isinstance(end, Hole) and before and isinstance(before[-1], str) and end.length:
        return Text.of(*before[:-1], before[-1].removesuffix("-"))
    return secret


def _parameter(_resource: Text, parsed: arn.Arn, account: str) -> Calls:
    _require_own(parsed, account)
    return of_parameter(_known(parsed.resource).removeprefix("parameter"), _elsewhere(parsed))


def _repository(_resource: Text, parsed: arn.Arn, account: str) -> Calls:
    owner = parsed.account.literal or ""
    name = _known(parsed.resource).removeprefix("repository/")
    return of_repository(name, "" if owner == account else owner, _elsewhere(parsed))


def _file_system(_resource: Text, parsed: arn.Arn, account: str) -> Calls:
    _require_own(parsed, account)
    name = _known(parsed.resource).removeprefix("file-system/")
    return of_file_system(name, _elsewhere(parsed))


_RESOURCES: Final[Mapping[str, Callable[[Text, arn.Arn, str], Calls]]] = {
    "s3": _bucket,
    "kms": _key,
    "secretsmanager": _secret,
    "ssm": _parameter,
    "ecr": _repository,
    "elasticfilesystem": _file_system,
}


def _name_or_arn(whole: Text, parsed: arn.Arn, prefix: str, account: str) -> tuple[str, str]:
    """The whole ARN where it is known, else the name and region of what must be the account's."""
    if whole.literal is not None:
        return whole.literal, _elsewhere(parsed)
    _require_own(parsed, account)
    return _known(parsed.resource).removeprefix(prefix), _elsewhere(parsed)


def _elsewhere(parsed: arn.Arn) -> str:
    return parsed.region.literal or ""


def _known(text: Text) -> str:
    if text.literal:
        return text.literal
    missing = ", ".join(f"'{hole.name}'" for hole in dict.fromkeys(text.holes))
    raise Unnamed(f"{missing} is not known" if missing else "it has no name")


def _require_own(parsed: arn.Arn, account: str) -> None:
    owner = parsed.account.literal
    if owner and account and owner != account:
        raise Unnamed(f"it belongs to account {owner}, and the credentials to {account}")
