"""What ``Ref`` and ``Fn::GetAtt`` return for the resource types that policies speak of.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
(each type's "Return values").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.arn import NAME_EXCLUDES, name_hole, parse

Lookup = Callable[[str], "Text | None"]
"""A pseudo parameter or property name -> its text; None where a property is absent."""


class _Kind(NamedTuple):
    name_property: str  # the property that names the resource, "" where AWS does
    # What stands behind "arn:{partition}:", with {region}, {account}, {path}, {name} and what AWS
    # adds to it, {suffix} or {revision}; "" where no attribute of the resource is its ARN.
    arn: str
    ref: str = "name"  # what Ref returns: "name" or "arn"
    arn_attribute: str = "Arn"


_KINDS: Final = {
    "AWS::S3::Bucket": _Kind("BucketName", "s3:::{name}"),
    "AWS::IAM::Role": _Kind("RoleName", "iam::{account}:role{path}{name}"),
    "AWS::IAM::User": _Kind("UserName", "iam::{account}:user{path}{name}"),
    "AWS::IAM::ManagedPolicy": _Kind(
        "ManagedPolicyName",
        "iam::{account}:policy{path}{name}",
        ref="arn",
        arn_attribute="PolicyArn",
    ),
    "AWS::KMS::Key": _Kind("", "kms:{region}:{account}:key/{name}"),
    "AWS::KMS::ReplicaKey": _Kind("", "kms:{region}:{account}:key/{name}"),
    "AWS::Logs::LogGroup": _Kind("LogGroupName", "logs:{region}:{account}:log-group:{name}:*"),
    "AWS::KMS::Alias": _Kind("AliasName", ""),
    "AWS::SSM::Parameter": _Kind("Name", ""),
    "AWS::SecretsManager::Secret": _Kind(
        "Name",
        "secretsmanager:{region}:{account}:secret:{name}-{suffix}",
        ref="arn",
        arn_attribute="Id",
    ),
    "AWS::ECR::Repository": _Kind("RepositoryName", "ecr:{region}:{account}:repository/{name}"),
    "AWS::ECS::Cluster": _Kind("ClusterName", "ecs:{region}:{account}:cluster/{name}"),
    "AWS::ECS::TaskDefinition": _Kind(
        "Family",
        "ecs:{region}:{account}:task-definition/{name}:{revision}",
        ref="arn",
        arn_attribute="TaskDefinitionArn",
    ),
    "AWS::SNS::Topic": _Kind(
        "TopicName", "sns:{region}:{account}:{name}", ref="arn", arn_attribute="TopicArn"
    ),
    "AWS::SQS::Queue": _Kind("QueueName", "sqs:{region}:{account}:{name}", ref="url"),
    "AWS::DynamoDB::Table": _Kind("TableName", "dynamodb:{region}:{account}:table/{name}"),
    "AWS::Lambda::Function": _Kind("FunctionName", "lambda:{region}:{account}:function:{name}"),
    "AWS::CodeBuild::Project": _Kind("Name", "codebuild:{region}:{account}:project/{name}"),
    "AWS::EFS::FileSystem": _Kind("", "elasticfilesystem:{region}:{account}:file-system/{name}"),
    "AWS::EFS::AccessPoint": _Kind("", "elasticfilesystem:{region}:{account}:access-point/{name}"),
    "AWS::KinesisFirehose::DeliveryStream": _Kind(
        "DeliveryStreamName", "firehose:{region}:{account}:deliverystream/{name}"
    ),
}

_IDS: Final = {
    "AWS::EC2::RouteTable": "RouteTableId",
    "AWS::EC2::Subnet": "SubnetId",
    "AWS::EC2::VPC": "VpcId",
    "AWS::EC2::VPCEndpoint": "Id",
}
"""The types whose ``Ref`` is an id that AWS makes up, with the attribute that returns it too."""

_ATTACHMENT: Final = "AWS::SecretsManager::SecretTargetAttachment"
"""What completes a secret with a database's address: its ``Ref`` is the secret's ARN."""

NAMING: Final = frozenset({"Path", "SecretId", *(kind.name_property for kind in _KINDS.values())})
"""The properties on which what ``Ref`` and ``Fn::GetAtt`` return depends."""

_OTHERWISE_REPLACED: Final = frozenset(
    {"AWS::EFS::FileSystem", "AWS::EFS::AccessPoint", "AWS::ECS::TaskDefinition"}
)
"""The types above of which other properties than their names make CloudFormation replace them."""


def naming_of(resource_type: str) -> tuple[str, ...] | None:
    """The properties whose change makes another resource; None for a type that is not known."""
    kind = _KINDS.get(resource_type)
    if kind is None or resource_type in _OTHERWISE_REPLACED:
        return None
    return (*([kind.name_property] if kind.name_property else ()), "Path")


_NAME_WITH_SLASHES: Final = frozenset(
    {
        "AWS::KMS::Alias",
        "AWS::Logs::LogGroup",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::Secret",
        "AWS::ECR::Repository",
    }
)


def reference(resource_type: str, logical_id: str, scope: str, lookup: Lookup) -> Text:
    """What ``Ref logical_id`` returns."""
    if resource_type in _IDS:
        return _id(logical_id, scope)
    if resource_type == _ATTACHMENT and (secret := lookup("SecretId")) is not None:
        return secret if parse(secret) is not None else Text.of(Hole(logical_id, scope))
    kind = _KINDS.get(resource_type)
    if kind is None or kind.ref == "url":
        return Text.of(Hole(logical_id, scope))
    if kind.ref == "arn":
        return _arn(kind, resource_type, logical_id, scope, lookup)
    return _name(kind, resource_type, logical_id, scope, lookup)


def attribute(resource_type: str, logical_id: str, name: str, scope: str, lookup: Lookup) -> Text:
    """What ``Fn::GetAtt [logical_id, name]`` returns."""
    if _IDS.get(resource_type) == name:
        return _id(logical_id, scope)
    kind = _KINDS.get(resource_type)
    if kind is not None and kind.arn and name == kind.arn_attribute:
        return _arn(kind, resource_type, logical_id, scope, lookup)
    if kind is not None and (resource_type, name) == ("AWS::ECR::Repository", "RepositoryUri"):
        host = (lookup("AWS::AccountId") or "", ".dkr.ecr.", lookup("AWS::Region") or "", ".")
        own = _name(kind, resource_type, logical_id, scope, lookup)
        return Text.of(*host, lookup("AWS::URLSuffix") or "", "/", own)
    if (resource_type, name) == ("AWS::IAM::Role", "RoleId"):
        # No two roles ever have the same id:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
        hole = Hole(f"{logical_id}.{name}", scope, NAME_EXCLUDES, nonempty=True, unique=True)
        return Text.of(hole)
    return Text.of(Hole(f"{logical_id}.{name}", scope))


def _id(logical_id: str, scope: str) -> Text:
    """``vpc-0a1b2c3d``: stacks hand ids on as lists, which a comma takes apart."""
    excludes = f"{NAME_EXCLUDES},"
    return Text.of(Hole(logical_id, scope, excludes=excludes, nonempty=True, unique=True))


def _name(kind: _Kind, resource_type: str, logical_id: str, scope: str, lookup: Lookup) -> Text:
    given = lookup(kind.name_property) if kind.name_property else None
    # Whoever gives the name, no name holds a colon or a wildcard; AWS itself writes no slash.
    with_slashes = given is not None and resource_type in _NAME_WITH_SLASHES
    excludes = ":*?" if with_slashes else NAME_EXCLUDES
    if given is not None and given.only_hole is None:
        return Text(tuple(_narrowed(part, excludes) for part in given.parts))
    hole = (given.only_hole if given else None) or Hole(logical_id, scope, unique=True)
    return Text.of(hole.but(excludes=excludes, nonempty=True))


def _narrowed(part: str | Hole, excludes: str) -> str | Hole:
    """A part of a name, which holds nothing that the name cannot hold."""
    if isinstance(part, str) or all(character in part.excludes for character in excludes):
        return part
    return part.but(excludes=f"{part.excludes}{excludes}")


def _arn(kind: _Kind, resource_type: str, logical_id: str, scope: str, lookup: Lookup) -> Text:
    fills: dict[str, Text | None] = {
        "name": _name(kind, resource_type, logical_id, scope, lookup),
        "suffix": Text.of(name_hole(f"{logical_id} suffix", scope).but(length=6)),
        "revision": Text.of(name_hole(f"{logical_id} revision", scope)),
        "region": lookup("AWS::Region"),
        "account": lookup("AWS::AccountId"),
        "path": lookup("Path") or Text.of("/"),
    }
    pieces = kind.arn.replace("}", "{").split("{")
    resource = (fills.get(piece) or piece for piece in pieces)
    return Text.of("arn:", lookup("AWS::Partition") or "", ":", *resource)
