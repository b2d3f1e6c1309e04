"""Roles of the account that no template of the run has, by what the account has answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from copilot_preflight.base.symbolic import EMPTY, Hole, Text
from copilot_preflight.evidence import records
from copilot_preflight.evidence.naming import is_made_up
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Fact, Statement
from copilot_preflight.model import roles
from copilot_preflight.model.account_documents import answered
from copilot_preflight.model.account_names import may_be_made
from copilot_preflight.model.deployed_stacks import stack_name
from copilot_preflight.model.managed_policies import document_of
from copilot_preflight.model.roles import Boundary, Role, Trust
from copilot_preflight.model.tasks import task_definitions
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.query import query, query_by
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View


@query
def role_in_account(view: View, reference: Text) -> Role | None:
    """The role of the account that an ARN or a name stands for."""
    found = _record(view, reference)
    if found is None:
        return None
    role = _role(view, found, _arn_of(view, found, reference))
    more = list(roles.attached_by_templates(view, Text.of(found.name)))
    return role._replace(
        statements=(*role.statements, *(it for it in more if not isinstance(it, Fact))),
        unread=tuple(dict.fromkeys((*role.unread, *(it for it in more if isinstance(it, Fact))))),
    )


@query_by(id)
def role_as_deployed(view: View, role: Role) -> Role | None:
    """The role of the account that a role of a template is deployed as, as it is now.

    It has the name that the template gives it, or is what the stack has made of its logical id,
    or is named by the running task definition of the family that uses it.
    """
    account, stack = view.run.outside.account, stack_name(view)
    if account is None or view.run.outside.is_answer(role.place.file):
        return None
    here = view.pseudo("AWS::AccountId")
    found: records.Role | None = None
    if role.name.literal is not None:
        found = account.role(role.name, here)
    else:
        found = account.role_made_by(stack, role.logical_id) if stack else None
        running = set(_running(view, role)) if found is None else set()
        if len(running) == 1:
            found = account.role(Text.of(running.pop()), here)
    return None if found is None else _role(view, found, _arn_of(view, found, role.arn))


def _running(view: View, role: Role) -> Iterator[str]:
    """The ARNs of the roles that the running task definitions of a role's families have.

    Those count that have a name which CloudFormation makes up for the role: the template may be
    about to replace another role by one of its own.
    """
    account = view.run.outside.account
    for task in task_definitions(view) if account is not None else ():
        family = task.value.literal("Properties", "Family")
        for used, key in (
            (task.execution_role, "executionRoleArn"),
            (task.task_role, "taskRoleArn"),
        ):
            if account is None or family is None or used is None or used.text() != role.arn:
                continue
            for deployed in account.running(family):
                found = deployed.raw.get(key)
                if isinstance(found, str) and is_made_up(found, role.logical_id):
                    yield found


def _role(view: View, found: records.Role, own: Text) -> Role:
    trust = _trust(found, own)
    statements: list[Statement] = []
    unread = [Fact("answer", f"aws {call}") for call in found.missing]
    for item in _policies(view, found):
        if isinstance(item, Fact):
            unread.append(item)
        else:
            statements += item
    return Role(
        found.name,
        trust.place,
        own,
        Text.of(found.name),
        trust_place=trust.trust_place,
        trust=trust.trust,
        statements=tuple(statements),
        unread=tuple(dict.fromkeys(unread)),
        boundary=_boundary(view, found),
        id=Text.of(found.id) if found.id else EMPTY,
        tags={key: Text.of(value) for key, value in found.tags.items()},
    )


@query
def trust_in_account(view: View, reference: Text) -> Trust | None:
    """The trust policy of the role of the account that an ARN or a name stands for."""
    found = _record(view, reference)
    return None if found is None else _trust(found, _arn_of(view, found, reference))


def _record(view: View, reference: Text) -> records.Role | None:
    account = view.run.outside.account
    if account is None:
        return None
    found = account.role(reference, view.pseudo("AWS::AccountId"))
    if found is None or may_be_made(view, "AWS::IAM::Role", found.name):
        return None
    return found


def _arn_of(view: View, found: records.Role, reference: Text) -> Text:
    """The ARN as the account has it, else as the template does, else with a path that may be any.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
    """
    if found.arn:
        return Text.of(found.arn)
    if arn.parse(reference) is not None:
        return reference
    account = Text.of(found.account) if found.account else view.pseudo("AWS::AccountId")
    path = Hole(f"path of role '{found.name}'", excludes=":*?", nonempty=True)  # with its slashes
    partition = view.pseudo("AWS::Partition")
    return Text.of("arn:", partition, ":iam::", account, ":role", path, found.name)


def _trust(found: records.Role, own: Text) -> Trust:
    if found.trust is None:
        return Trust(found.name, found.place, own, found.place, ())
    trust = answered(found.trust)
    return Trust(found.name, found.place, own, found.trust.place, trust)


def _boundary(view: View, found: records.Role) -> Boundary | None:
    if found.boundary is None:
        return None
    place = found.boundary.place
    value = Value(Plain(place.file), found.boundary.arn, place.path)
    policy = Text.of(found.boundary.arn)
    return Boundary(policy, place, document_of(view, policy, value))


def _policies(view: View, found: records.Role) -> Iterator[tuple[Statement, ...] | Fact]:
    """The statements of each policy of a role, or what would have to be known of it.

    Where a template of the run attaches policies to the role, one of the account's may be the one
    that the next deploy replaces.
    """
    made = [it for other in view.having(*roles.ATTACHING) for it in _made(other, found.name)]
    for inline in found.inline:
        if any(it.may_be(inline.name) for it in made):
            yield Fact("attachment", inline.name)
        else:
            yield answered(inline)
    for attached in found.attached:
        policy = Text.of(attached.arn)
        name = attached.arn.rpartition("/")[2]
        if ":iam::aws:" not in attached.arn and any(it.may_be(name) for it in made):
            yield Fact("attachment", name)
            continue
        place = attached.place
        document = document_of(view, policy, Value(Plain(place.file), attached.arn, place.path))
        if document is not None:
            yield document
        else:
            yield Fact("answer", f"aws iam get-policy-version --policy-arn {attached.arn}")


class _Made(NamedTuple):
    """A policy that a template attaches to a role, or may; ``name`` is None for a made-up one."""

    logical_id: str
    name: Text | None

    def may_be(self, name: str) -> bool:
        if self.name is None:
            return is_made_up(name, self.logical_id)
        return self.name.equals(Text.of(name)) is not False


def _is_other(named: Text, role: str, own: set[Text]) -> bool:
    return named in own or named.equals(Text.of(role)) is False


def _made(view: View, role: str) -> Iterator[_Made]:
    """The policies that a template attaches to a role, or may."""
    own = {name for _, name in roles.names_in(view)}  # the account's role is none of them
    for kind, key in roles.ATTACHING.items():
        for logical_id, resource in view.resources(kind):
            for properties in resource.children("Properties"):
                named = [None if it.is_open else it.text() for it in properties.each(key)]
                others = [it is not None and _is_other(it, role, own) for it in named]
                if all(others):
                    continue
                name = "ManagedPolicyName" if kind.endswith("ManagedPolicy") else "PolicyName"
                given: list[Text | None] = [it.text() for it in properties.children(name)]
                yield from (_Made(logical_id, it) for it in given or [None])
