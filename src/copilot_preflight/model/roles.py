"""IAM roles: who may assume them, and every statement that attaches to them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import EMPTY, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Entry, Fact, Statement
from copilot_preflight.model.managed_policies import document_of, is_elsewhere
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.model.tags import listed_tags
from copilot_preflight.resolve.query import query, query_by
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.template import Mentions
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import OPEN, View, index_of

ATTACHING: Final = {
    "AWS::IAM::Policy": "Roles",
    "AWS::IAM::RolePolicy": "RoleName",
    "AWS::IAM::ManagedPolicy": "Roles",
}
"""The policies that are resources of their own, and where each names its roles."""


class Boundary(NamedTuple):
    """A role's permissions boundary.

    ``statements`` are None where its document is not to be had: no template of the run has it,
    AWS's own policies do not hold it, and nobody has handed it over.
    """

    arn: Text
    place: Place
    statements: tuple[Statement, ...] | None


class Role(NamedTuple):
    """A role of a template, as one scenario shows it.

    ``statements`` are all that attach to it and can be read; ``unread`` are the policies that
    attach, or may attach, and cannot; ``elsewhere`` are managed policies of another partition than
    the stack's, which never attach. ``undecided`` is an open condition that decides whether
    there is a boundary, or which: ``boundary`` is then one that may be there. ``id`` is the unique
    id, ``AROA…``; ``tags`` are those that are certain, the stack's own come on top.
    """

    logical_id: str
    place: Place
    arn: Text
    name: Text
    trust_place: Place
    trust: tuple[Statement, ...]
    statements: tuple[Statement, ...]
    unread: tuple[Fact, ...] = ()
    boundary: Boundary | None = None
    undecided: str = ""
    id: Text = EMPTY
    tags: Mapping[str, Text] = MappingProxyType({})
    elsewhere: tuple[Entry, ...] = ()

    def __str__(self) -> str:
        return f"role '{self.logical_id}'"


ANONYMOUS: Final = "anonymous client"
"""What stands in the place of a role's name where somebody calls without credentials."""


def nobody(place: Place) -> Role:
    """Who calls without credentials, from a place of the template: a role that has nothing."""
    return Role(ANONYMOUS, place, EMPTY, EMPTY, place, (), ())


class Trust(NamedTuple):
    """Who may assume a role; its policies are not read for that."""

    logical_id: str
    place: Place
    arn: Text
    trust_place: Place
    trust: tuple[Statement, ...]

    def __str__(self) -> str:
        return f"role '{self.logical_id}'"


def roles(view: View) -> tuple[Role, ...]:
    """The roles of a template in a scenario."""
    return tuple(_role(view, head) for head in _heads(view))


def role_of(view: View, logical_id: str) -> Role | None:
    """The role of a template that has a logical id, if there is one."""
    return next((_role(view, head) for head in _heads(view) if head.logical_id == logical_id), None)


def role_named(view: View, reference: Text) -> Role | None:
    """The role that an ARN or a name stands for, in the stack itself or in another of the run."""
    found = _heads_meant(view, reference)
    if not found and view.run.outside.account is not None:
        from copilot_preflight.model.account_roles import role_in_account

        return role_in_account(view, reference)
    return _role(*found[0]) if _is_one(found) else None


def trust_named(view: View, reference: Text) -> Trust | None:
    """The trust policy of the role that an ARN or a name stands for, as `role_named` finds it."""
    found = _heads_meant(view, reference)
    if not found and view.run.outside.account is not None:
        from copilot_preflight.model.account_roles import trust_in_account

        return trust_in_account(view, reference)
    return _trust_of(*found[0]) if _is_one(found) else None


def names_in(view: View) -> Iterator[tuple[str, Text]]:
    """The logical ids and names of the roles of a template."""
    return ((head.logical_id, head.name) for head in _heads(view))


def attached_by_templates(view: View, role: Text) -> Iterator[Statement | Fact]:
    """What the templates around attach to a role that none of them has."""
    return _attached(view, role)


def _heads_meant(view: View, reference: Text) -> list[tuple[View, _Head]]:
    """The roles of the run that a name or an ARN certainly stands for, each with its view."""
    asked = _Asked(reference, _key(reference), arn.parse(reference))
    found: list[tuple[View, _Head]] = []
    for other in _views_with(view, asked):
        heads = _heads_named(other, asked)
        if heads and other.file == view.file:
            return [(other, heads[0])]  # whatever the others have, which are not even looked at
        found += ((other, head) for head in heads)
    return found


def _is_one(found: list[tuple[View, _Head]]) -> bool:
    """Whether roles are one and the same.

    Two templates of a run may be two deployments of one stack: which role it is, none can tell.
    An addons template may be there twice: nested, and by itself.
    """
    return len({other.file for other, _ in found}) == 1


class _Head(NamedTuple):
    """A role by its names: enough to tell which one is meant, without reading its policies."""

    logical_id: str
    resource: Value
    arn: Text
    name: Text


@query
def _heads(view: View) -> tuple[_Head, ...]:
    return tuple(
        _Head(
            logical_id,
            resource,
            view.attribute(logical_id, "Arn", resource),
            view.ref(logical_id, resource),
        )
        for logical_id, resource in view.resources("AWS::IAM::Role")
    )


class _Asked(NamedTuple):
    """What a role is called where it is used, taken apart once for all stacks of a run."""

    reference: Text
    key: Hashable
    arn: arn.Arn | None


def _views_with(view: View, asked: _Asked) -> Iterator[View]:
    """A view and its addons, then the others of the run that have a role of such a name."""
    return view.holding(_by_name, (asked.reference, asked.key))


def _heads_named(view: View, asked: _Asked) -> list[_Head]:
    """The roles that a name or an ARN certainly stands for; a run lies in one partition."""
    plain = View(view.stack)
    is_alike = view.scenario is not plain.scenario and view.reads_alike(_naming(view.stack))
    index = _by_name(plain if is_alike else view)
    found = [*index.get(asked.reference, ()), *index.get(asked.key, ())]
    heads = [h for h in found if asked.arn is None or _may_share_partition(h.arn, asked.arn)]
    return list(_again(view, heads)) if is_alike else heads


@query
def _naming(stack: Stack) -> Mentions:
    """What decides the names of a template's roles: in most, no scenario changes one."""
    kind = "AWS::IAM::Role"
    return stack.mentions([{"Fn::GetAtt": [name, "Arn"]} for name, _ in stack.of_type(kind)])


def _again(view: View, heads: Iterable[_Head]) -> Iterator[_Head]:
    """Roles as a scenario shows them, without those that are not there."""
    for head in heads:
        resource = view.resource(head.logical_id, head.resource.raw)
        if resource is not None:
            yield head._replace(resource=resource)


@index_of("AWS::IAM::Role")
def _by_name(view: View) -> Mapping[Hashable, list[_Head]]:
    found: dict[Hashable, list[_Head]] = {}
    for head in _heads(view):
        for key in {head.name, _key(head.arn)}:
            found.setdefault(key, []).append(head)
    return found


def _key(role: Text) -> Hashable:
    """What certainly equal ARNs of roles share, whatever is known of their partition."""
    parsed = arn.parse(role)
    return role if parsed is None else (parsed.account, parsed.resource)


def _may_share_partition(role: Text, other: arn.Arn) -> bool:
    parsed = arn.parse(role)
    return parsed is None or parsed.partition.equals(other.partition) is not False


@query_by(lambda head: head.logical_id)
def _trust_of(_view: View, head: _Head) -> Trust:
    return _trust(head)


def _trust(head: _Head) -> Trust:
    place = head.resource.key_place
    properties = head.resource.child("Properties")
    trust = properties.child("AssumeRolePolicyDocument") if properties is not None else None
    if trust is None:
        return Trust(head.logical_id, place, head.arn, place, ())
    return Trust(head.logical_id, place, head.arn, trust.key_place, statements_of(trust))


@query_by(lambda head: head.logical_id)
def _role(view: View, head: _Head) -> Role:
    logical_id, resource = head.logical_id, head.resource
    trust = _trust_of(view, head)
    properties = resource.child("Properties")
    if properties is None:
        return Role(logical_id, trust.place, head.arn, head.name, trust.place, (), ())
    boundary, undecided = _boundary(view, properties)
    statements: list[Statement] = list(_inline(view, properties))
    unread: list[Fact] = []
    if properties.is_written_out_by_aws:
        unread.append(Fact("document", f"what a macro adds to '{logical_id}'"))
    unread += (Fact("document", what) for what in view.stack.unwritten)
    unread += (Fact("attachment", receiver) for receiver in view.stack.receivers_of(logical_id))
    for item in (*_attached(view, head.name), *_managed(view, properties)):
        if isinstance(item, Fact):
            unread.append(item)
        else:
            statements.append(item)
    return Role(
        logical_id,
        trust.place,
        head.arn,
        head.name,
        trust_place=trust.trust_place,
        trust=trust.trust,
        statements=tuple(statements),
        unread=tuple(unread),
        boundary=boundary,
        undecided=undecided,
        id=view.resolver.text({"Fn::GetAtt": [logical_id, "RoleId"]}, resource.path),
        tags={} if properties.is_written_out_by_aws else dict(listed_tags(properties)),
        elsewhere=tuple(_elsewhere(view, properties)),
    )


def _boundary(view: View, properties: Value) -> tuple[Boundary | None, str]:
    """The boundary, and the open condition that decides it."""
    found = next(properties.children("PermissionsBoundary"), None)
    if found is None:
        return None, ""
    policy = found.text()
    holding = [
        condition for condition in found.conditions if condition not in properties.conditions
    ]
    naming = (hole.condition for hole in policy.holes if hole.condition)
    statements = document_of(view, policy, found)
    return Boundary(policy, found.place, statements), next(iter((*holding, *naming)), "")


def _inline(view: View, properties: Value) -> Iterator[Statement]:
    for policy in properties.each("Policies"):
        read = partial(_policy_statements, policy)
        yield from view.resolver.shared(policy, "inline policy", read)


def _policy_statements(policy: Value) -> tuple[Statement, ...]:
    if policy.is_opaque:
        return statements_of(policy)
    name = policy.child("PolicyName")
    title = str(name.text()) if name else ""
    documents = policy.children("PolicyDocument")
    return tuple(it for document in documents for it in statements_of(document, title))


def _attached(view: View, role: Text) -> Iterator[Statement | Fact]:
    """Policies that are resources of their own and name the role, in any stack of the run.

    One that may name the role counts where the stack, or its addons, has it: the other stacks of
    a run need have nothing to do with this one.
    """
    near = (view.file, view.stack.package.addons.file if view.stack.package.addons else "")
    if role.literal is not None:
        views = view.holding(_by_attached, (role, OPEN, *near))
    elif role.only_hole is not None:
        views = view.holding(_by_attached, (role, *near))
    else:
        views = view.having(*ATTACHING)
    for other in views:
        if not any(map(other.stack.has, ATTACHING)):
            continue
        by_role, others = _policies_by_role(other)
        for policy in (*by_role.get(role, ()), *others):
            attached = None if policy.role is None else policy.role.equals(role)
            if attached:
                yield from policy.statements
            elif attached is None and (other.file in near or _is_spelt(role, policy.role)):
                yield Fact("attachment", policy.logical_id)


@index_of(*ATTACHING)
def _by_attached(view: View) -> dict[Hashable, None]:
    """By the roles to which they attach, and by their files, the templates with policies."""
    found: dict[Hashable, None] = {view.file: None}
    by_role, others = _policies_by_role(view)
    for policy in (*(policy for each in by_role.values() for policy in each), *others):
        if policy.role is not None:
            found[policy.role] = None
            if policy.role.literal is None and policy.role.only_hole is None:
                found[OPEN] = None
    return found


def _is_spelt(*names: Text | None) -> bool:
    """Whether names are written out, if with holes: then they may be meant for each other."""
    return all(name is not None and name.only_hole is None for name in names)


class _Policy(NamedTuple):
    """A policy that is a resource of its own, as it attaches to a role; None: not known which."""

    logical_id: str
    role: Text | None
    statements: tuple[Statement, ...]


@query
def _policies_by_role(view: View) -> tuple[dict[Text, list[_Policy]], tuple[_Policy, ...]]:
    """The policies that attach to a stack's own roles, by their names, and all others.

    Two roles never share a name: what attaches to one of them is no other role's.
    """
    by_role: dict[Text, list[_Policy]] = {h.name: [] for h in _heads(view)}
    others: list[_Policy] = []
    for policy in _policies(view):
        mine = None if policy.role is None else by_role.get(policy.role)
        (others if mine is None else mine).append(policy)
    return by_role, tuple(others)


def _policies(view: View) -> Iterator[_Policy]:
    for kind, key in ATTACHING.items():
        for logical_id, resource in view.resources(kind):
            for properties in resource.children("Properties"):
                documents = tuple(properties.children("PolicyDocument"))
                for name in properties.each(key):
                    found = (_guarded(statements_of(d, logical_id), name) for d in documents)
                    role = None if name.is_open else name.text()
                    yield _Policy(logical_id, role, tuple(s for some in found for s in some))


def _guarded(statements: tuple[Statement, ...], name: Value) -> Iterator[Statement]:
    """Statements that are there only where the name that attaches them is."""
    for statement in statements:
        missing = tuple(c for c in name.conditions if c not in statement.conditions)
        yield statement._replace(conditions=(*statement.conditions, *missing))


def _managed(view: View, properties: Value) -> Iterator[Statement | Fact]:
    """Managed policies that the role lists by ARN."""
    for value in properties.each("ManagedPolicyArns"):
        policy = value.text()
        if not value.is_open and is_elsewhere(view, policy):
            continue
        found = None if value.is_open else document_of(view, policy, value)
        if found is None:
            yield Fact("document", f"managed policy {policy}", policy)
        else:
            yield from _guarded(found, value)


def _elsewhere(view: View, properties: Value) -> Iterator[Entry]:
    for value in properties.each("ManagedPolicyArns"):
        if not value.is_open and is_elsewhere(view, value.text()):
            yield Entry(value.text(), value.place, value.conditions)
