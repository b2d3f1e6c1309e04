"""Every statement of a template's policies, and those that it works together with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.policy_documents import statement_of, statements_of
from copilot_preflight.model.roles import roles
from copilot_preflight.model.sam import inline_policies
from copilot_preflight.resolve.node_paths import value_at
from copilot_preflight.resolve.query import query, query_by
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View

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
    """A statement of a template, in a scenario that has it, as it was meant and as it is written.

    The two differ where its variables are plain text.
    """

    view: View
    statement: Statement
    written: Statement

    @property
    def neighbours(self) -> tuple[Statement, ...]:
        """All statements of the roles that it attaches to, or of its own document."""
        place = self.statement.place
        attached = _attached(self.view).get(place)
        if attached is not None:
            return attached
        return _own_documents(self.view).get(place, ())

    def is_elsewhere(self, resource: Entry) -> bool:
        """Whether an ARN of the statement is certainly in another partition than the stack.

        No request in a partition is for a resource of another one. What stands under an open
        condition may be meant for a stack elsewhere.
        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
        """
        here = self.view.stack.partition
        if here is None:
            return False
        parsed = arn.parse(resource.text)
        named = None if parsed is None else parsed.partition.literal
        if named == here or named not in arn.PARTITIONS:
            return False
        decided = map(self.view.decide, (*self.statement.conditions, *resource.conditions))
        return self.view == View(self.view.stack) and None not in decided


def placed_statements(
    stack: Stack, is_wanted: Callable[[Statement], bool]
) -> Iterator[PlacedStatement]:
    """The statements of every policy of a template, each once, in a scenario that has it."""
    view = View(stack)
    for document in _documents(view):
        for statement in document:
            if is_wanted(statement):
                found = _decided(view, statement)
                if found is not None:
                    yield found


@query_by(id)
def _decided(view: View, statement: Statement) -> PlacedStatement | None:
    """A statement in the first scenario that has it for certain, or that leaves it open."""
    resolver = view.resolver
    names = (name for name in statement.conditions if resolver.decide(name) is None)
    condition = next(names, None)
    leaves = [view] if condition is None else view.settle(condition)
    if leaves == [view]:
        # A variable that is plain text, for want of a Version, is a fault of its own: ARNs are
        # judged by what they were meant to be.
        return PlacedStatement(view, statement.in_current_version(), statement)
    for leaf in leaves:
        value = value_at(leaf.resolver, leaf.stack.data, statement.place.path)
        again = None if value is None else statement_of(value, statement.policy, statement.version)
        found = None if again is None else _decided(leaf, again)
        if found is not None:
            return found
    return None


@query
def _attached(view: View) -> dict[Place, tuple[Statement, ...]]:
    """Every statement of the roles, with those that it works together with."""
    found: dict[Place, tuple[Statement, ...]] = {}
    for role in roles(view):
        for statement in role.statements:
            others = found.get(statement.place)
            # Nearly every policy attaches to one role: its statements share one tuple.
            together = role.statements if others is None else (*others, *role.statements)
            found[statement.place] = together
    return found


@query
def _own_documents(view: View) -> dict[Place, tuple[Statement, ...]]:
    """Every statement, with those of its document, or of the SAM function that has it."""
    documents = _documents(view)
    found = {statement.place: each for each in documents for statement in each}
    for policies in inline_policies(view):
        together = (*policies.written, *policies.others)
        found.update((statement.place, together) for statement in policies.written)
    return found


@query
def _documents(view: View) -> tuple[tuple[Statement, ...], ...]:
    return (
        *_read_documents(view),
        *(policies.written for policies in inline_policies(view) if policies.written),
    )


def _read_documents(view: View) -> Iterator[tuple[Statement, ...]]:
    for kind, key in _POLICY_PROPERTIES.items():
        for logical_id, resource in view.resources(kind):
            for properties in resource.children("Properties"):
                for document in properties.children(key):
                    yield statements_of(document, logical_id)
    for kind in _INLINE_HOLDERS:
        for logical_id, resource in view.resources(kind):
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
