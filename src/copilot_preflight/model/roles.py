"""IAM roles: who may assume them, and every statement that attaches to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from copilot_preflight.cursor import Value
from copilot_preflight.finding import Place
from copilot_preflight.iam import arn, managed
from copilot_preflight.iam.policy import Fact, Statement
from copilot_preflight.model.policies import statements_of
from copilot_preflight.scenarios import ANY, Scenario
from copilot_preflight.stack import Run, Stack
from copilot_preflight.text import Text


@dataclass(frozen=True, slots=True)
class Role:
    """A role of a template, as one scenario shows it.

    ``statements`` are all that attach to it and can be read; ``unread`` are the policies that
    attach, or may attach, and cannot. ``boundary`` is the permissions boundary's ARN.
    """

    logical_id: str
    place: Place
    arn: Text
    name: Text
    trust_place: Place
    trust: tuple[Statement, ...]
    statements: tuple[Statement, ...]
    unread: tuple[Fact, ...] = ()
    boundary: Text | None = None

    def __str__(self) -> str:
        return f"role '{self.logical_id}'"


def roles(stack: Stack, scenario: Scenario = ANY) -> tuple[Role, ...]:
    """The roles of a template in a scenario."""
    return stack.memo(("roles", scenario), lambda: tuple(_roles(stack, scenario)))


def role_named(run: Run, stack: Stack, scenario: Scenario, reference: Text) -> Role | None:
    """The role that an ARN or a name stands for, in the stack itself or in another of the run."""
    for other in run.around(stack):
        for role in roles(other, scenario if other is stack else ANY):
            if role.name.equals(reference) or _is_same_role(role.arn, reference):
                return role
    return None


def _is_same_role(one: Text, other: Text) -> bool:
    """Whether two ARNs are certainly of one role; a run lies in one partition."""
    left, right = arn.parse(one), arn.parse(other)
    if left is None or right is None:
        return bool(one.equals(other))
    same = left.account.equals(right.account) and left.resource.equals(right.resource)
    return bool(same) and left.partition.equals(right.partition) is not False


def _roles(stack: Stack, scenario: Scenario) -> Iterator[Role]:
    for logical_id, resource in stack.resources("AWS::IAM::Role", scenario):
        properties = resource.child("Properties")
        resolver = stack.resolver(scenario)
        role_arn = resolver.text({"Fn::GetAtt": [logical_id, "Arn"]}, resource.path)
        name = resolver.text({"Ref": logical_id}, resource.path)
        if properties is None:
            yield Role(logical_id, resource.key_place, role_arn, name, resource.key_place, (), ())
            continue
        trust = properties.child("AssumeRolePolicyDocument")
        boundary = next(properties.children("PermissionsBoundary"), None)
        statements: list[Statement] = list(_inline(properties))
        unread: list[Fact] = []
        if properties.is_written_out_by_aws:
            unread.append(Fact("document", f"what a macro adds to '{logical_id}'"))
        for item in (*_attached(stack, scenario, name), *_managed(stack, scenario, properties)):
            if isinstance(item, Fact):
                unread.append(item)
            else:
                statements.append(item)
        yield Role(
            logical_id,
            resource.key_place,
            role_arn,
            name,
            trust_place=trust.key_place if trust else resource.key_place,
            trust=statements_of(trust) if trust else (),
            statements=tuple(statements),
            unread=tuple(unread),
            boundary=boundary.text() if boundary else None,
        )


def _inline(properties: Value) -> Iterator[Statement]:
    for policy in properties.each("Policies"):
        yield from _policy_statements(policy)


def _policy_statements(policy: Value) -> Iterator[Statement]:
    if policy.is_opaque:
        yield from statements_of(policy)
        return
    name = policy.child("PolicyName")
    for document in policy.children("PolicyDocument"):
        yield from statements_of(document, str(name.text()) if name else "")


def _attached(stack: Stack, scenario: Scenario, role: Text) -> Iterator[Statement | Fact]:
    """Policies that are resources of their own and name the role, in any stack of the run.

    One that may name the role counts where the stack, or its addons, has it: the other stacks of
    a run need have nothing to do with this one.
    """
    near = (stack.file, stack.package.addons.file if stack.package.addons else "")
    for other in stack.run.around(stack):
        for policy in _policies(other, scenario if other is stack else ANY):
            attached = None if policy.role is None else policy.role.equals(role)
            if attached:
                yield from policy.statements
            elif attached is None and other.file in near:
                yield Fact("attachment", policy.logical_id)


class _Policy(NamedTuple):
    """A policy that is a resource of its own, as it attaches to a role; None: not known which."""

    logical_id: str
    role: Text | None
    statements: tuple[Statement, ...]


def _policies(stack: Stack, scenario: Scenario) -> tuple[_Policy, ...]:
    def build() -> Iterator[_Policy]:
        for kind, key in (
            ("AWS::IAM::Policy", "Roles"),
            ("AWS::IAM::RolePolicy", "RoleName"),
            ("AWS::IAM::ManagedPolicy", "Roles"),
        ):
            for logical_id, resource in stack.resources(kind, scenario):
                for properties in resource.children("Properties"):
                    documents = tuple(properties.children("PolicyDocument"))
                    for name in properties.each(key):
                        found = (_guarded(statements_of(d, logical_id), name) for d in documents)
                        role = None if name.is_open else name.text()
                        yield _Policy(logical_id, role, tuple(s for some in found for s in some))

    return stack.memo(("policies", scenario), lambda: tuple(build()))


def _guarded(statements: tuple[Statement, ...], name: Value) -> Iterator[Statement]:
    """Statements that are there only where the name that attaches them is."""
    for statement in statements:
        missing = tuple(c for c in name.conditions if c not in statement.conditions)
        yield replace(statement, conditions=(*statement.conditions, *missing))


def _managed(stack: Stack, scenario: Scenario, properties: Value) -> Iterator[Statement | Fact]:
    """Managed policies that the role lists by ARN."""
    for value in properties.each("ManagedPolicyArns"):
        policy = value.text()
        found = None if value.is_open else _document_of(stack, scenario, policy, value)
        if found is None:
            yield Fact("document", f"managed policy {policy}")
        else:
            yield from _guarded(found, value)


def _document_of(
    stack: Stack, scenario: Scenario, policy: Text, value: Value
) -> tuple[Statement, ...] | None:
    tail = _aws_managed(policy)
    if tail is not None:
        known = managed.statements_of(tail)
        if known is None:
            return None
        document = replace(value, raw={"Statement": _in_partition(known)})
        return tuple(replace(s, place=value.place) for s in statements_of(document, tail))
    for other in stack.run.around(stack):
        seen = scenario if other is stack else ANY
        for logical_id, resource in other.resources("AWS::IAM::ManagedPolicy", seen):
            reference = other.resolver(seen).text({"Ref": logical_id}, resource.path)
            if reference.equals(policy):
                documents = [
                    document
                    for properties in resource.children("Properties")
                    for document in properties.children("PolicyDocument")
                ]
                return tuple(
                    s for document in documents for s in statements_of(document, logical_id)
                )
    return None


def _aws_managed(policy: Text) -> str | None:
    """``service-role/X`` of ``arn:P:iam::aws:policy/service-role/X``, whatever P is.

    Some of Copilot's own stacks spell ``${AWS::Partition}`` there without ``!Sub``.
    """
    _, found, tail = str(policy).partition(":iam::aws:policy/")
    return tail if found and "${" not in tail else None


def _in_partition(raw: Any) -> Any:
    """A document as every partition has it: the table spells the ARNs of ``aws``."""
    if isinstance(raw, str) and raw.startswith("arn:aws:"):
        return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, raw.removeprefix("arn:aws")]]}
    if isinstance(raw, list):
        return [_in_partition(item) for item in raw]
    if isinstance(raw, dict):
        return {key: _in_partition(item) for key, item in raw.items()}
    return raw
