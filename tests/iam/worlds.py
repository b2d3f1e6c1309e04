"""Worlds: everything that a decision is made of, with nothing unknown and over every layer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from random import Random
from typing import Any, Final, NamedTuple

from tests.iam.evaluation_cases import (
    CASES,
    FEDERATED,
    HERE,
    KEY,
    LINKED,
    LINKED_SESSION,
    OBJECT,
    ROLE,
    ROOT,
    SESSION,
    THERE,
    USER,
    allow,
    aws,
    deny,
    when,
)
from tests.iam.evaluation_cases import Statement as Written

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import policy
from copilot_preflight.iam.evaluate import Request
from copilot_preflight.iam.layers import Policies, PolicySet
from copilot_preflight.iam.policy import VARIABLE, Entry, Statement
from copilot_preflight.iam.principals import Caller
from copilot_preflight.read.document import parse
from copilot_preflight.simulator.simulate import caller_of, policy_set

IN_A_FOLDER: Final = ROLE.replace("role/", "role/svc/")
SERVICE: Final = "ecs-tasks.amazonaws.com"

SINGLE: Final = ("identity", "resource", "boundary", "session", "endpoint")
LEVELS: Final = ("scps", "rcps")


class World(NamedTuple):
    """All that a decision takes in; nothing else changes it."""

    policies: Policies
    request: Request
    caller: Caller


# --- every string of a world ----------------------------------------------------------------------

Rewrite = Callable[[int, Text], Text]
"""(number of the place, its string) -> what stands there instead."""


def sets_of(policies: Policies) -> Iterator[PolicySet]:
    for name in SINGLE:
        if (found := getattr(policies, name)) is not None:
            yield found
    yield from (*policies.scps, *policies.rcps)


def texts_of(statement: Statement) -> list[Text]:
    """Every string of a statement."""
    found: list[Text] = []

    def note(text: Text) -> Text:
        found.append(text)
        return text

    rewritten(statement, note)
    return found


Entries = tuple[Entry, ...]


def each_element(statement: Statement, change: Callable[[Entries], Entries]) -> Statement:
    """A statement with the strings of each of its elements changed."""

    def principals(given: tuple[policy.Principal, ...]) -> tuple[policy.Principal, ...]:
        kinds = {it.entry.place.path: it.kind for it in given}
        changed = change(tuple(it.entry for it in given))
        return tuple(policy.Principal(kinds[it.place.path], it) for it in changed)

    return statement._replace(
        actions=change(statement.actions),
        not_actions=change(statement.not_actions),
        resources=change(statement.resources),
        not_resources=change(statement.not_resources),
        principals=principals(statement.principals),
        not_principals=principals(statement.not_principals),
        clauses=tuple(it._replace(values=change(it.values)) for it in statement.clauses),
    )


def rewritten(statement: Statement, write: Callable[[Text], Text]) -> Statement:
    """A statement with every string written anew."""
    return each_element(
        statement, lambda given: tuple(it._replace(text=write(it.text)) for it in given)
    )


def with_sets(policies: Policies, change: Callable[[PolicySet], PolicySet]) -> Policies:
    made: dict[str, Any] = {
        name: change(getattr(policies, name))
        for name in SINGLE
        if getattr(policies, name) is not None
    }
    made |= {name: tuple(map(change, getattr(policies, name))) for name in LEVELS}
    return policies._replace(**made)


def rewrite(world: World, write: Rewrite) -> World:
    """A world with every string written anew. ARN and session of the caller are one place."""
    number = 0

    def next_one(text: Text) -> Text:
        nonlocal number
        number += 1
        return write(number, text)

    def of_set(found: PolicySet) -> PolicySet:
        return PolicySet(tuple(rewritten(it, next_one) for it in found.statements), found.unread)

    policies = with_sets(world.policies, of_set)
    if policies.owner is not None:
        policies = policies._replace(owner=next_one(policies.owner))
    context = {key: tuple(map(next_one, it)) for key, it in sorted(world.request.context.items())}
    request = world.request._replace(resource=next_one(world.request.resource), context=context)
    number += 1
    arn, session = world.caller.arn, world.caller.session
    caller = world.caller._replace(
        arn=write(number, arn), session=None if session is None else write(number, session)
    )
    return World(policies, request, caller)


def show(world: World) -> str:
    """A world as a failing test tells it."""
    policies, request, caller = world
    lines = [f"caller {caller.service or caller.arn}, session {caller.session}"]
    context = {key: [str(it) for it in sent] for key, sent in request.context.items()}
    lines += [f"{request.action} on {request.resource}, context {context}"]
    lines += [f"owner {policies.owner}, must allow: {policies.resource_must_allow}"]
    for name in (*SINGLE, *LEVELS):
        found = getattr(policies, name)
        for each in found if name in LEVELS else () if found is None else (found,):
            lines.append(f"{name}: unread {[*each.unread]}")
            lines += (f"  {_shown(statement)}" for statement in each.statements)
    return "\n".join(lines)


def _shown(statement: Statement) -> str:
    def entries(given: Sequence[Entry]) -> str:
        return ", ".join(f"{it.text}{[*it.conditions] or ''}" for it in given)

    words = [f"{statement.effect or '?'}{[*statement.conditions] or ''}"]
    for name in ("actions", "not_actions", "resources", "not_resources"):
        if found := getattr(statement, name):
            words += [f"{name} {entries(found)}"]
    for name in ("principals", "not_principals"):
        words += (f"{name[:-1]} {it.kind} {entries([it.entry])}" for it in getattr(statement, name))
    words += (f"if {it.operator} {it.key} {entries(it.values)}" for it in statement.clauses)
    return "; ".join(words)


# --- concrete worlds ------------------------------------------------------------------------------


@cache
def _parsed(text: str) -> Statement:
    return policy_set(parse(text, "p.json")).statements[0]


def read(statements: Sequence[Written]) -> PolicySet:
    """Statements as a policy set."""
    documents = ({"Version": "2012-10-17", "Statement": it} for it in statements)
    return PolicySet(tuple(_parsed(json.dumps(it)) for it in documents))


def _optional(statements: Sequence[Written] | None) -> PolicySet | None:
    return None if statements is None else read(statements)


def known(world: World) -> World:
    """With every key that is asked for in the context: one that is not there was not sent."""
    keys = {
        key
        for found in sets_of(world.policies)
        for statement in found.statements
        for key in _keys_of(statement)
    }
    request = world.request
    context = {**dict.fromkeys(sorted(keys), ()), **request.context}
    return world._replace(request=request._replace(context=context))


def _keys_of(statement: Statement) -> Iterator[str]:
    for clause in statement.clauses:
        yield clause.key.lower()
    for text in texts_of(statement):
        for hole in text.holes:
            if hole.name.startswith(VARIABLE):
                yield hole.name.removeprefix(VARIABLE).partition(",")[0].strip().lower()


def _of_cases() -> Iterator[World]:
    for case in CASES:
        policies = Policies(
            identity=read(case.identity),
            resource=_optional(case.resource),
            boundary=_optional(case.boundary),
            session=_optional(case.session),
            scps=tuple(map(read, case.scps)),
            rcps=tuple(map(read, case.rcps)),
            endpoint=_optional(case.endpoint),
            owner=Text.of(case.owner),
            resource_must_allow=case.action.startswith(("kms:", "sts:")),
        )
        sent = {key.lower(): tuple(map(Text.of, it)) for key, it in case.context.items()}
        request = Request(case.action, Text.of(case.on), sent)
        yield known(World(policies, request, caller_of(case.caller)))


DOCUMENTED: Final = tuple(_of_cases())
"""One world for each answer that AWS documents."""

NAMES: Final = (ROLE, SESSION, USER, ROOT, HERE, THERE, IN_A_FOLDER, FEDERATED, LINKED, "*")
_CALLERS: Final = (
    ROLE,
    ROLE,
    SESSION,
    SESSION,
    USER,
    FEDERATED,
    ROOT,
    LINKED,
    LINKED_SESSION,
    SERVICE,
)
_PRINCIPALS: Final[Sequence[dict[str, Any]]] = (
    *(aws(name) for name in NAMES),
    aws(THERE, ROLE),
    aws(ROOT, "*"),
    aws("AROAEXAMPLEID"),
    {"Principal": "*"},
    {"Principal": {"Service": SERVICE}},
    {"Principal": {"CanonicalUser": "79a59df900b949e5", "AWS": THERE}},
    {"NotPrincipal": {"AWS": [ROOT, ROLE]}},
    {"NotPrincipal": {"AWS": [ROOT, ROLE, SESSION]}},
    {"NotPrincipal": {"AWS": [USER]}},
)
_ELEMENTS: Final[Sequence[dict[str, Any]]] = (
    *({},) * 6,
    {"Action": ["s3:Get*", "kms:*"]},
    {"Action": "s3:Put*"},
    {"NotAction": "s3:Put*"},
    {"Resource": ["arn:aws:s3:::b/*", "arn:aws:kms:*"]},
    {"Resource": "arn:aws:s3:::b/${aws:PrincipalTag/key}"},
    {"NotResource": ["arn:aws:s3:::c/*", KEY]},
    when("ArnEquals", "aws:PrincipalArn", ROLE),
    when("StringLike", "aws:PrincipalArn", "arn:aws:iam::*:role/a*"),
    when("ArnNotEquals", "aws:PrincipalArn", USER),
    when("StringEquals", "aws:PrincipalAccount", HERE, THERE),
    when("StringNotEqualsIfExists", "aws:PrincipalTag/key", "k"),
    when("ForAnyValue:StringLike", "aws:TagKeys", "a*", "b"),
    when("Bool", "aws:SecureTransport", "true"),
    when("NumericLessThan", "s3:TlsVersion", "1.2"),
    when("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
    when("Null", "aws:PrincipalTag/key", "false"),
)
_ALL, _NOTHING = [allow()], [allow(Action="sns:*")]


def concrete(chance: Random) -> World:
    """A world without any unknown: a documented one, or one in which a single layer decides."""
    if chance.random() < 0.4:
        return chance.choice(DOCUMENTED)
    caller = caller_of(chance.choice(_CALLERS))

    def statements(*, naming: bool) -> list[Written]:
        made = []
        for _ in range(chance.choice((0, 1, 1, 1, 2))):
            names = chance.choice(_PRINCIPALS) if naming else {}
            effect = deny if "NotPrincipal" in names or chance.random() < 0.25 else allow
            made.append(effect(**chance.choice(_ELEMENTS), **names))
        return made

    def layer(there: float, *, naming: bool = False) -> PolicySet | None:
        if chance.random() >= there:
            return None
        if chance.random() < 0.6:
            silent = chance.choice((_ALL, _NOTHING))
            return read([{**it, "Principal": "*"} for it in silent] if naming else silent)
        return read(statements(naming=naming))

    by_key = chance.random() < 0.3
    policies = Policies(
        identity=layer(0.8) or PolicySet(),
        resource=read(statements(naming=True)) if chance.random() < 0.8 else None,
        boundary=layer(0.4),
        session=layer(0.4) if caller.session is not None else None,
        scps=tuple(filter(None, (layer(0.2), layer(0.2)))),
        rcps=tuple(filter(None, (layer(0.2, naming=True),))),
        endpoint=layer(0.2, naming=True),
        owner=chance.choice((None, Text.of(HERE), Text.of(HERE), Text.of(THERE))),
        resource_must_allow=by_key or chance.random() < 0.1,
    )
    context = {
        "aws:principalarn": (caller.arn,),
        "aws:principalaccount": (Text.of(HERE),),
        "aws:principaltag/key": (Text.of("k"),),
        "aws:tagkeys": (Text.of("app"), Text.of("b")),
        "aws:securetransport": (Text.of("true"),),
        "s3:tlsversion": (Text.of("1.3"),),
        "aws:sourceip": (Text.of("10.1.2.3"),),
    }
    request = (
        Request("kms:Decrypt", Text.of(KEY), context)
        if by_key
        else Request("s3:GetObject", Text.of(OBJECT), context)
    )
    return known(World(policies, request, caller))
