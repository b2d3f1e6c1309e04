"""Every S3 statement of a template, and which half of the bucket/object pair it can reach.

A bucket's ARN and the ARNs of its objects are different resources: an action that takes one never
matches the other.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from copilot_preflight.cursor import Value
from copilot_preflight.finding import DataPath, Place
from copilot_preflight.iam import actions, arn
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.policies import statement_of, statements_of
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

_PARTITION: Final = Text.of(arn.name_hole("any partition"))
_ANY_BUCKET: Final = Text.of(arn.name_hole("any bucket"))
_ANY_KEY: Final = Text.of(Hole("any key", nonempty=True))


class S3Statement(NamedTuple):
    """A statement with S3 actions, in a scenario that has it."""

    stack: Stack
    scenario: Scenario
    statement: Statement

    @property
    def beside(self) -> tuple[Statement, ...]:
        """All statements of the roles that it attaches to, or of its own document."""
        place = self.statement.place
        attached = _attached(self.stack, self.scenario).get(place)
        if attached is not None:
            return attached
        return _own_documents(self.stack, self.scenario).get(place, ())


def s3_statements(stack: Stack) -> tuple[S3Statement, ...]:
    """The S3 statements of every policy of a template, each in a scenario that has it."""

    def build() -> Iterator[S3Statement]:
        for document in _documents(stack, ANY):
            for statement in document:
                if any(is_s3(action) for action in statement.actions):
                    found = _decided(stack, ANY, statement)
                    if found is not None:
                        yield found

    return stack.memo("s3 statements", lambda: tuple(build()))


def _decided(stack: Stack, scenario: Scenario, statement: Statement) -> S3Statement | None:
    """A statement in the first scenario that has it for certain, or that leaves it open."""
    resolver = stack.resolver(scenario)
    names = (name for name in statement.conditions if resolver.decide(name) is None)
    condition = next(names, None)
    leaves = [scenario] if condition is None else stack.settle(scenario, condition)
    if leaves == [scenario]:
        return S3Statement(stack, scenario, statement)
    for leaf in leaves:
        value = _value_at(stack, leaf, statement.place.path)
        again = None if value is None else statement_of(value, statement.policy)
        found = None if again is None else _decided(stack, leaf, again)
        if found is not None:
            return found
    return None


def _value_at(stack: Stack, scenario: Scenario, path: DataPath) -> Value | None:
    """The node at a path, read in a scenario; None where the scenario does not have it."""
    resolver = stack.resolver(scenario)
    node: Any = stack.data
    guard: list[tuple[str, bool]] = []
    for depth, step in enumerate(path):
        name: Any = None
        if depth == 2 and isinstance(node, dict):  # a resource
            name, branch = node.get("Condition"), True
        elif depth and path[depth - 1] == "Fn::If" and isinstance(node, list):
            name, branch = node[0], step == 1
        if isinstance(name, str):
            outcome = resolver.decide(name)
            if outcome is not None and outcome is not branch:
                return None
            guard += [] if outcome is branch else [(name, branch)]
        node = node[step]
    return Value(resolver, node, path, tuple(guard))


def _attached(stack: Stack, scenario: Scenario) -> dict[Place, tuple[Statement, ...]]:
    """Every statement of the roles, with those that it works together with."""

    def build() -> dict[Place, tuple[Statement, ...]]:
        found: dict[Place, tuple[Statement, ...]] = {}
        for role in roles(stack, scenario):
            for statement in role.statements:
                others = found.get(statement.place)
                # Nearly every policy attaches to one role: its statements share one tuple.
                together = role.statements if others is None else (*others, *role.statements)
                found[statement.place] = together
        return found

    return stack.memo(("attached", scenario), build)


def _own_documents(stack: Stack, scenario: Scenario) -> dict[Place, tuple[Statement, ...]]:
    """Every statement, with those of its document."""

    def build() -> dict[Place, tuple[Statement, ...]]:
        documents = _documents(stack, scenario)
        return {statement.place: found for found in documents for statement in found}

    return stack.memo(("documents", scenario), build)


def _documents(stack: Stack, scenario: Scenario) -> Iterator[tuple[Statement, ...]]:
    for kind, key in _POLICY_PROPERTIES.items():
        for logical_id, resource in stack.resources(kind, scenario):
            for properties in resource.children("Properties"):
                for document in properties.children(key):
                    yield statements_of(document, logical_id)
    for kind in _INLINE_HOLDERS:
        for logical_id, resource in stack.resources(kind, scenario):
            for properties in resource.children("Properties"):
                yield tuple(_inline(properties, logical_id))


def _inline(properties: Value, logical_id: str) -> Iterator[Statement]:
    """The statements of all inline policies: they work together."""
    for policy in properties.each("Policies"):
        for document in policy.children("PolicyDocument"):
            yield from statements_of(document, logical_id)


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


class Half(NamedTuple):
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
        if pattern is None or action.conditions or not pattern.lower().startswith("s3:"):
            return False
        kinds = [actions.resource_kinds(name) for name in actions.expand(pattern) or ()]
        return bool(kinds) and all(each and each <= self.kinds for each in kinds)

    def bucket_of(self, resource: Entry) -> Text | None:
        """The bucket, if an ARN names this half of it."""
        found = arn.parse_s3(resource.text)
        if found is None or found.partition.literal == "":
            return None
        has_key = found.key is not None and found.key.literal != ""
        return found.bucket if has_key is self.is_objects else None

    def arn_in(self, partition: Text, bucket: Text) -> Text:
        """The ARN of this half of one bucket; any object stands for all."""
        return arn.s3_arn(partition, bucket, _ANY_KEY if self.is_objects else None)


OBJECTS: Final = Half(
    frozenset({"object", "accesspointobject"}),
    arn.s3_arn(_PARTITION, _ANY_BUCKET, _ANY_KEY),
    is_objects=True,
)
BUCKET: Final = Half(
    frozenset({"bucket", "accesspoint"}), arn.s3_arn(_PARTITION, _ANY_BUCKET), is_objects=False
)


class Mismatch(NamedTuple):
    """Actions of a statement that act on one half, while its ARNs name only the other."""

    statement: Statement
    resource: Entry
    actions: tuple[Entry, ...]


def mismatches(stack: Stack, half: Half) -> Iterator[Mismatch]:
    """The statements whose actions on a half can never match, for want of an ARN of it.

    One matching ARN for each action is enough, here or in a statement beside this one.
    """
    other = BUCKET if half is OBJECTS else OBJECTS
    reaching: dict[int, tuple[Statement, ...]] = {}
    for item in s3_statements(stack):
        resources = item.statement.resources
        acting = [action for action in item.statement.actions if half.is_only_use_of(action)]
        if not acting or not resources or not all(map(half.is_missed_by, resources)):
            continue
        named = [(r, bucket) for r in resources if (bucket := other.bucket_of(r)) is not None]
        if not named:
            continue
        beside = item.beside
        if id(beside) not in reaching:  # of a role, and the same for all of its statements
            reaching[id(beside)] = tuple(s for s in beside if half.is_reached_by(s))
        others = reaching[id(beside)]
        useless = tuple(
            action
            for action in acting
            if not any(_is_reached(item, others, action, half, bucket) for _, bucket in named)
        )
        if useless:
            yield Mismatch(item.statement, named[0][0], useless)


def _is_reached(
    item: S3Statement, others: Iterable[Statement], action: Entry, half: Half, bucket: Text
) -> bool:
    """Whether another statement gives an action the half that this one misses."""
    target = half.arn_in(_PARTITION, bucket)
    return any(
        any(match(a.text.lower(), action.text.lower()) is not False for a in other.actions)
        and any(match(entry.text, target) is not False for entry in other.resources)
        for other in others
        if other.effect == item.statement.effect and other.place != item.statement.place
    )
