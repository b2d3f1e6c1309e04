"""Every statement of a template's policies, and those that it works together with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.policy_documents import statement_of, statements_of
from copilot_preflight.model.roles import roles
from copilot_preflight.resolve.scenario import ANY, Scenario
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value

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


class PlacedStatement(NamedTuple):
    """A statement of a template, in a scenario that has it."""

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


def placed_statements(
    stack: Stack, is_wanted: Callable[[Statement], bool]
) -> Iterator[PlacedStatement]:
    """The statements of every policy of a template, each once, in a scenario that has it."""
    for document in _documents(stack, ANY):
        for statement in document:
            if is_wanted(statement):
                found = _decided(stack, ANY, statement)
                if found is not None:
                    yield found


def _decided(stack: Stack, scenario: Scenario, statement: Statement) -> PlacedStatement | None:
    """A statement in the first scenario that has it for certain, or that leaves it open."""
    resolver = stack.resolver(scenario)
    names = (name for name in statement.conditions if resolver.decide(name) is None)
    condition = next(names, None)
    leaves = [scenario] if condition is None else stack.settle(scenario, condition)
    if leaves == [scenario]:
        return PlacedStatement(stack, scenario, statement)
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


def is_given(
    others: Iterable[Statement], statement: Statement, action: Entry, resource: Text
) -> bool:
    """Whether another statement of the same effect may cover an action on a resource."""
    return any(
        any(match(a.text.lower(), action.text.lower()) is not False for a in other.actions)
        and any(match(entry.text, resource) is not False for entry in other.resources)
        for other in others
        if other.effect == statement.effect and other.place != statement.place
    )
