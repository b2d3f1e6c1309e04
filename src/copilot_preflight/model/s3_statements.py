"""Every S3 statement of a template, and which half of the bucket/object pair it can reach.

A bucket's ARN and the ARNs of its objects are different resources: an action that takes one never
matches the other.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from copilot_preflight.cursor import Value
from copilot_preflight.iam import actions, arn
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.policies import statements_of
from copilot_preflight.model.roles import roles
from copilot_preflight.scenarios import ANY, Scenario
from copilot_preflight.stack import Stack
from copilot_preflight.text import Hole, Text, match

_POLICY_PROPERTIES: Final = {
    "AWS::IAM::Policy": "PolicyDocument",
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::IAM::RolePolicy": "PolicyDocument",
    "AWS::IAM::UserPolicy": "PolicyDocument",
    "AWS::IAM::GroupPolicy": "PolicyDocument",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::EC2::VPCEndpoint": "PolicyDocument",
    "AWS::SSO::PermissionSet": "InlinePolicy",
}
_INLINE_HOLDERS: Final = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")

OBJECT_KINDS: Final = frozenset({"object", "accesspointobject"})
BUCKET_KINDS: Final = frozenset({"bucket", "accesspoint"})

_PARTITION: Final = Text.of(arn.name_hole("any partition"))
_ANY_BUCKET: Final = Text.of(arn.name_hole("any bucket"))
_ANY_KEY: Final = Text.of(Hole("any key", nonempty=True))
_ANY_BUCKET_ARN: Final = arn.s3_arn(_PARTITION, _ANY_BUCKET)
_ANY_OBJECT_ARN: Final = arn.s3_arn(_PARTITION, _ANY_BUCKET, _ANY_KEY)


@dataclass(frozen=True, slots=True)
class S3Statement:
    """A statement with S3 actions, and the statements that work together with it.

    ``beside`` are all statements of the roles that it attaches to, or of its own document.
    """

    statement: Statement
    beside: tuple[Statement, ...]


def s3_statements(stack: Stack) -> Iterator[S3Statement]:
    """The S3 statements of every policy of a template, each in a scenario that has it."""
    seen = set()
    for found in _in_scenario(stack, ANY):
        pending = [(ANY, found)]
        while pending:
            scenario, item = pending.pop()
            statement = item.statement
            if not statement.conditions:
                if statement.place not in seen:
                    seen.add(statement.place)
                    yield item
                continue
            for leaf in stack.settle(scenario, statement.conditions[0]):
                again = (
                    i for i in _in_scenario(stack, leaf) if i.statement.place == statement.place
                )
                pending += ((leaf, other) for other in again if leaf != scenario)


def _in_scenario(stack: Stack, scenario: Scenario) -> list[S3Statement]:
    def build() -> list[S3Statement]:
        attached: dict[object, list[Statement]] = {}
        for role in roles(stack, scenario):
            for statement in role.statements:
                attached.setdefault(statement.place, []).extend(role.statements)
        return [
            S3Statement(statement, tuple(attached.get(statement.place, document)))
            for document in _documents(stack, scenario)
            for statement in document
            if any(_is_s3(action) for action in statement.actions)
        ]

    return stack.memo(("s3 statements", scenario), build)


def _documents(stack: Stack, scenario: Scenario) -> Iterator[tuple[Statement, ...]]:
    for kind, key in _POLICY_PROPERTIES.items():
        for logical_id, resource in stack.resources(kind, scenario):
            for properties in resource.children("Properties"):
                for document in properties.children(key):
                    yield statements_of(document, logical_id)
    for kind in _INLINE_HOLDERS:
        for logical_id, resource in stack.resources(kind, scenario):
            for properties in resource.children("Properties"):
                yield from _inline(properties, logical_id)


def _inline(properties: Value, logical_id: str) -> Iterator[tuple[Statement, ...]]:
    for policy in properties.each("Policies"):
        for document in policy.children("PolicyDocument"):
            yield statements_of(document, logical_id)


def _is_s3(action: Entry) -> bool:
    name = (action.text.literal or "").lower()
    return name.startswith("s3:") or name == "*"


def only_on(action: Entry, kinds: frozenset[str]) -> bool:
    """Whether everything that an action pattern stands for acts on resources of some kinds only.

    A wildcard counts only if each of its expansions does: ``s3:GetObject*`` acts on objects,
    ``s3:Get*`` on both halves.
    """
    pattern = action.text.literal
    if pattern is None or action.conditions or not pattern.lower().startswith("s3:"):
        return False
    names = actions.expand(pattern)
    if not names:
        return False
    found = [actions.resource_kinds(name) for name in names]
    return all(each and each <= kinds for each in found)


def misses_objects(resource: Entry) -> bool:
    """Whether an ARN pattern certainly matches no object."""
    return not _is_access_point(resource.text) and match(resource.text, _ANY_OBJECT_ARN) is False


def misses_buckets(resource: Entry) -> bool:
    """Whether an ARN pattern certainly matches no bucket."""
    return not _is_access_point(resource.text) and match(resource.text, _ANY_BUCKET_ARN) is False


def _is_access_point(resource: Text) -> bool:
    """S3 ARNs with a region name access points, Outposts and the like: another grammar."""
    parsed = arn.parse(resource)
    return (
        parsed is not None
        and (parsed.service.literal or "s3").startswith("s3")
        and (parsed.service.literal != "s3" or parsed.region.literal != "")
    )


def names_bucket(resource: Entry) -> Text | None:
    """The bucket, if an ARN names one and nothing in it."""
    found = arn.parse_s3(resource.text)
    if found is None or found.partition.literal == "":
        return None
    return found.bucket if found.key is None or found.key.literal == "" else None


def names_objects(resource: Entry) -> Text | None:
    """The bucket, if an ARN names objects in it."""
    found = arn.parse_s3(resource.text)
    if found is None or found.key is None or found.partition.literal == "":
        return None
    return found.bucket


def reached_elsewhere(item: S3Statement, action: Entry, bucket: Text, *, objects: bool) -> bool:
    """Whether another statement gives the action the half of the bucket that this one misses."""
    target = arn.s3_arn(_PARTITION, bucket, _ANY_KEY if objects else None)
    for other in item.beside:
        if other.effect != item.statement.effect or other.place == item.statement.place:
            continue
        covers = any(match(a.text.lower(), action.text.lower()) is not False for a in other.actions)
        if covers and any(_touches(entry.text, target) for entry in other.resources):
            return True
    return False


def _touches(pattern: Text, target: Text) -> bool:
    return match(pattern, target) is not False
