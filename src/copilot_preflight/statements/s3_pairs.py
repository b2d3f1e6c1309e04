"""Every S3 statement of a template, and which half of the bucket/object pair it can reach.

A bucket's ARN and the ARNs of its objects are different resources: an action that takes one never
matches the other.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text, match
from copilot_preflight.iam import actions, arn
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.statements.placed import PlacedStatement, is_given, placed_statements

_PARTITION: Final = Text.of(arn.name_hole("any partition"))
_ANY_BUCKET: Final = Text.of(arn.name_hole("any bucket"))
_ANY_KEY: Final = Text.of(Hole("any key", nonempty=True))

_SURPLUS: Final = frozenset({"s3:listbucketmultipartuploads", "s3:getbucketversioning"})
"""Bucket actions that stand next to object actions without being of use to them.

An upload knows its own id: the CDK writes the first on the objects of every place for the results
of Athena, where queries run all the same. A pipeline asks for versioning only where the bucket is
its source: the second stands on the objects of the artifact store in the roles that AWS itself
publishes for pipelines, which run.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html
"""


@query
def s3_statements(stack: Stack) -> tuple[PlacedStatement, ...]:
    """The S3 statements of every policy of a template, each in a scenario that has it."""
    return tuple(placed_statements(stack, lambda statement: any(map(is_s3, statement.actions))))


def is_s3(action: Entry) -> bool:
    """Whether an action pattern is one of S3's, or takes in those of every service."""
    name = (action.text.literal or "").lower()
    return name.startswith("s3:") or name == "*"


def is_access_point(resource: Text) -> bool:
    """S3 ARNs with a region name access points, Outposts and the like: another grammar."""
    parsed = arn.parse(resource)
    return (
        parsed is not None
        and (parsed.service.literal or "s3").startswith("s3")
        and (parsed.service.literal != "s3" or parsed.region.literal != "")
    )


class S3Level(NamedTuple):
    """One half of the pair: the objects of a bucket, or the bucket itself.

    ``kinds`` are the resource types of the actions that act on it, ``any_arn`` is what every ARN
    of it looks like.
    """

    kinds: frozenset[str]
    any_arn: Text
    is_objects: bool

    def is_missed_by(self, resource: Entry) -> bool:
        """Whether an ARN pattern certainly matches nothing of this half."""
        text = resource.text
        return not is_access_point(text) and match(text, self.any_arn) is False

    def is_reached_by(self, statement: Statement) -> bool:
        """Whether some ARN of a statement may match something of this half."""
        return not all(map(self.is_missed_by, statement.resources))

    def is_only_use_of(self, action: Entry) -> bool:
        """Whether everything that an action pattern stands for acts on this half only.

        A wildcard counts only if each of its expansions does: ``s3:GetObject*`` acts on objects,
        ``s3:Get*`` on both halves.
        """
        pattern = action.text.literal
        if pattern is None or action.conditions:
            return False
        return _act_only_on(self.kinds, pattern)

    def bucket_of(self, resource: Entry) -> Text | None:
        """The bucket, if an ARN names this half of it."""
        found = arn.parse_s3(resource.text)
        if found is None or arn.is_partition(found.partition) is False:
            return None
        has_key = found.key is not None and found.key.literal != ""
        return found.bucket if has_key is self.is_objects else None

    def arn_in(self, partition: Text, bucket: Text) -> Text:
        """The ARN of this half of one bucket; any object stands for all."""
        return arn.s3_arn(partition, bucket, _ANY_KEY if self.is_objects else None)


@lru_cache(maxsize=2_000)
def _act_only_on(kinds: frozenset[str], pattern: str) -> bool:
    """Whether all actions of S3 that a pattern stands for act on some kinds of resource only."""
    if not pattern.lower().startswith("s3:"):
        return False
    each = [actions.resource_kinds(name) for name in actions.expand(pattern) or ()]
    return bool(each) and all(its and its <= kinds for its in each)


OBJECTS: Final = S3Level(
    frozenset({"object", "accesspointobject"}),
    arn.s3_arn(_PARTITION, _ANY_BUCKET, _ANY_KEY),
    is_objects=True,
)
BUCKET: Final = S3Level(
    frozenset({"bucket", "accesspoint"}), arn.s3_arn(_PARTITION, _ANY_BUCKET), is_objects=False
)


class Mismatch(NamedTuple):
    """Actions of a statement that act on one half, while its ARNs name only the other."""

    statement: Statement
    resource: Entry
    actions: tuple[Entry, ...]


def mismatches(stack: Stack, level: S3Level) -> Iterator[Mismatch]:
    """The statements whose actions on a half can never match, for want of an ARN of it.

    One matching ARN for each action is enough, here or in a neighbouring statement.
    """
    other = BUCKET if level is OBJECTS else OBJECTS
    reaching: dict[int, tuple[Statement, ...]] = {}
    for item in s3_statements(stack):
        resources = item.statement.resources
        acting = [action for action in item.statement.actions if level.is_only_use_of(action)]
        if any(map(other.is_only_use_of, item.statement.actions)):
            acting = [it for it in acting if (it.text.literal or "").lower() not in _SURPLUS]
        if not acting:
            continue
        named = [
            (resource, bucket)
            for resource in resources
            if (bucket := other.bucket_of(resource)) is not None and not item.is_elsewhere(resource)
        ]
        # Most statements name what they act on: they are not matched against all there may be.
        if not named or not all(map(level.is_missed_by, resources)):
            continue
        neighbours = item.neighbours
        if id(neighbours) not in reaching:  # of a role, and the same for all of its statements
            reaching[id(neighbours)] = tuple(s for s in neighbours if level.is_reached_by(s))
        others = reaching[id(neighbours)]
        useless = tuple(
            action
            for action in acting
            if not any(
                is_given(others, item.statement, action, level.arn_in(_PARTITION, bucket))
                for _, bucket in named
            )
        )
        if useless:
            yield Mismatch(item.statement, named[0][0], useless)
