"""All layers together, against a naive evaluator that knows everything and follows AWS's page.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
It speaks of what AWS documents only: no NotPrincipal, and ``*`` only where no boundary and no
session policy is in the way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.amount import examples
from tests.iam.evaluation_cases import (
    HERE,
    LINKED,
    OBJECT,
    ROLE,
    ROOT,
    SESSION,
    THERE,
    USER,
    Statement,
    allow,
    aws,
    deny,
    when,
)

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import policy
from copilot_preflight.iam.evaluate import Request
from copilot_preflight.iam.layers import Policies, PolicySet, decide
from copilot_preflight.read.document import parse
from copilot_preflight.simulator.simulate import caller_of, policy_set

SERVICE: Final = "ecs-tasks.amazonaws.com"
ACTION: Final = "s3:GetObject"
CONTEXT: Final = {
    "aws:securetransport": ["true"],
    "aws:tags": ["a", "b"],
    "aws:absent": [],
    "aws:bucket": ["b"],
    "aws:tag": ["b"],
    "aws:spelling": ["${aws:Bucket}"],
}
CURRENT: Final = "2012-10-17"
VERSION: Final = "Version"
"""The Version of a statement's document, written into the statement; none: the current one."""


class World(NamedTuple):
    """Everything that has a say. None: there is no such policy."""

    caller: str
    identity: Sequence[Statement]
    resource: Sequence[Statement] | None
    boundary: Sequence[Statement] | None
    session: Sequence[Statement] | None
    endpoint: Sequence[Statement] | None
    scps: Sequence[Sequence[Statement]]
    rcps: Sequence[Sequence[Statement]]
    owner: str
    resource_must_allow: bool


# --- the naive evaluator --------------------------------------------------------------------------


def naive(world: World) -> str:
    """The page's chart, read from top to bottom."""
    service, linked = world.caller == SERVICE, world.caller == LINKED
    own = [world.identity, world.boundary or [], world.session or []]
    plain = [] if service else own
    if not linked:
        plain += [
            level for levels in (world.rcps, () if service else world.scps) for level in levels
        ]
    addressed = [world.resource or [], *([] if service else [world.endpoint or []])]
    if any(says(each, "Deny") for each in plain) or any(
        says(each, "Deny", to) for each in addressed for to in names(world.caller)
    ):
        return "explicitDeny"
    granted = grants_to_service(world) if service else grants(world)
    ceilings = [] if linked or service else [says(level, "Allow") for level in world.scps]
    if world.endpoint is not None and not service:
        ceilings.append(any(says(world.endpoint, "Allow", to) for to in itself(world.caller)))
    return "allowed" if granted and all(ceilings) else "implicitDeny"


def grants_to_service(world: World) -> bool:
    return world.resource is not None and says(world.resource, "Allow", SERVICE)


def grants(world: World) -> bool:
    """Identity and resource policies, and what limits them."""
    resource = world.resource or []
    by_identity = says(world.identity, "Allow")
    by_name = any(says(resource, "Allow", to) for to in itself(world.caller))
    by_account = any(says(resource, "Allow", to) for to in (ROOT, HERE))
    limits = [says(it, "Allow") for it in (world.boundary, world.session) if it is not None]
    if world.owner != HERE:
        return (by_name or by_account) and by_identity and all(limits)
    unlimited = world.caller if world.caller in (SESSION, USER) else None
    if unlimited is not None and says(resource, "Allow", unlimited):
        return True
    if world.resource_must_allow:
        return (by_name or (by_account and by_identity)) and all(limits)
    return (by_name or by_identity) and all(limits)


def itself(caller: str) -> list[str]:
    """The principals that are the caller itself."""
    return ["*", caller, *([ROLE] if caller == SESSION else [])]


def names(caller: str) -> list[str]:
    """The principals that take the caller in; no account takes a service in."""
    return itself(caller) if caller == SERVICE else [*itself(caller), ROOT, HERE]


def says(statements: Sequence[Statement], effect: str, to: str | None = None) -> bool:
    return any(it["Effect"] == effect and applies(it, to) for it in statements)


def applies(statement: Statement, to: str | None) -> bool:
    if to is not None and to not in [n for of in statement["Principal"].values() for n in of]:
        return False
    current = statement.get(VERSION, CURRENT) == CURRENT
    for element, target in (("Action", ACTION), ("Resource", OBJECT)):
        if element in statement and not fits(statement[element], target, current=current):
            return False
        inverse = statement.get(f"Not{element}")
        if inverse is not None and fits(inverse, target, current=current):
            return False
    return all(
        holds(operator, CONTEXT[key.lower()], spelt_out(wanted, current=current))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def spelt_out(wanted: list[str], *, current: bool) -> list[str]:
    """Values with their variables filled; one whose variable has no value is none."""
    if not current:
        return wanted
    filled = (re.sub(_VARIABLE, value_of, text) for text in wanted)
    return [text for text in filled if NOTHING not in text]


_VARIABLE: Final = r"\$\{([^}]*)\}"
NOTHING: Final = "\0"


def value_of(variable: re.Match[str]) -> str:
    return "".join(CONTEXT[variable[1].lower()]) or NOTHING


def fits(pattern: str, target: str, *, current: bool) -> bool:
    """Whether an action, or an ARN with all that AWS adds to it, matches.

    Only patterns are written here of which it is documented what their wildcards stand for.
    """
    if target == ACTION:
        return re.fullmatch(as_regex(pattern), target, re.IGNORECASE) is not None
    if pattern != "*":
        pattern += ":*" * (5 - pattern.count(":"))
    if current:
        return any(re.fullmatch(as_regex(it), target) for it in spelt_out([pattern], current=True))
    return re.fullmatch(as_regex(pattern), target) is not None


def as_regex(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in pattern)


def holds(operator: str, sent: list[str], wanted: list[str]) -> bool:
    """As AWS words it: each operator by itself."""
    if operator == "Null":
        return wanted == ["false" if sent else "true"]
    if operator == "StringNotEquals":
        return not set(sent) & set(wanted)
    if operator == "ForAllValues:StringEquals":
        return set(sent) <= set(wanted)
    if operator == "StringEqualsIfExists":
        return not sent or bool(set(sent) & set(wanted))
    assert operator in ("StringEquals", "Bool", "ForAnyValue:StringEquals")
    return bool(set(sent) & set(wanted))


# --- strategies -----------------------------------------------------------------------------------

_ELEMENTS: list[dict[str, Any]] = [
    {},
    {},
    {"Action": "S3:get*"},
    {"Action": "s3:Put*"},
    {"NotAction": "s3:*"},
    {"NotAction": "sns:?ublish"},
    {"Resource": "arn:aws:s3:::b/?"},
    {"Resource": "arn:aws:s3:::B/*"},
    {"NotResource": "arn:aws:s3:::c/*"},
    {"NotResource": "arn:*:s3:::b/k"},
    {"Resource": "arn:aws:s3:::${aws:Bucket}/*"},
    {"Resource": "arn:aws:s3:::${aws:Bucket}/*", VERSION: "2008-10-17"},
    {"NotResource": "arn:aws:s3:::${aws:Bucket}/*", VERSION: ""},
    {"NotResource": "arn:aws:s3:::${aws:Absent}*"},
    when("StringEquals", "aws:Tag", "${aws:Bucket}"),
    {**when("StringEquals", "aws:Tag", "${aws:Bucket}"), VERSION: ""},
    {**when("StringEquals", "aws:Spelling", "${aws:Bucket}"), VERSION: "2008-10-17"},
    when("StringEquals", "aws:Spelling", "${aws:Bucket}"),
    when("StringEquals", "aws:SecureTransport", "${aws:Absent}"),
    when("StringNotEquals", "aws:SecureTransport", "${aws:Absent}"),
    when("Bool", "aws:SecureTransport", "true"),
    when("StringEquals", "aws:Absent", "x"),
    when("StringNotEquals", "aws:Absent", "x"),
    when("StringEqualsIfExists", "aws:Absent", "x"),
    when("Null", "aws:Absent", "true"),
    when("ForAllValues:StringEquals", "aws:Tags", "a"),
    when("ForAnyValue:StringEquals", "aws:Tags", "a"),
    {"Condition": {"Bool": {"aws:securetransport": ["true"]}, "Null": {"aws:Tags": ["true"]}}},
]
_PLAIN = [make(**elements) for make in (allow, allow, deny) for elements in _ELEMENTS]
# What AWS adds to ARNs that are not whole, it says of policies without principals only.
_OF_IDENTITIES = [
    *_PLAIN,
    *(
        make(**{element: pattern})
        for make in (allow, deny)
        for element in ("Resource", "NotResource")
        for pattern in ("arn:aws:s3", "arn:aws", "arn:aws:sqs", "arn:aws:s3::111122223333")
    ),
]
_NAMES = [ROLE, SESSION, USER, ROOT, HERE, THERE, ROLE + "2", LINKED]


def _naming(principals: Sequence[dict[str, Any]]) -> list[Statement]:
    return [{**made, **principal} for made in _PLAIN for principal in principals]


_ANYONE = aws("*")
_PRINCIPALS = [aws(name) for name in _NAMES] + [aws(ROLE + "2", ROLE)]
_SERVICES = [{"Principal": {"Service": [name]}} for name in (SERVICE, "ec2.amazonaws.com")]


def lists(of: Sequence[Statement]) -> st.SearchStrategy[list[Statement]]:
    return st.lists(st.sampled_from(of), max_size=3)


# Were every layer left to chance, most worlds would be denied, by several of them.
layers = st.sampled_from([[allow()], [allow()], [allow(Action="sns:*")]]) | lists(_OF_IDENTITIES)


def levels(of: st.SearchStrategy[list[Statement]]) -> st.SearchStrategy[list[list[Statement]]]:
    return st.just([]) | st.just([[allow()]]) | st.lists(of, max_size=2)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    caller = draw(st.sampled_from([ROLE, SESSION, SESSION, USER, LINKED, SERVICE]))
    boundary = draw(st.none() | layers)
    session = draw(st.none() | layers) if caller == SESSION else None
    principals = _SERVICES if caller == SERVICE else _PRINCIPALS
    # A session that is not known may be the one that is named; everyone may be without limits.
    if caller != SESSION:
        principals = [it for it in principals if SESSION not in it["Principal"].get("AWS", ())]
    if caller != SERVICE and boundary is None and session is None:
        principals = [*principals, _ANYONE]
    ceiling = [it for it in _PRINCIPALS if not {ROOT, HERE, SESSION} & {*it["Principal"]["AWS"]}]
    rcps = [[{**it, **_ANYONE} for it in level] for level in draw(levels(lists(_PLAIN)))]
    return World(
        caller,
        draw(layers),
        draw(
            st.none()
            | st.sampled_from([[allow(**it)] for it in principals])
            | lists(_naming(principals))
        ),
        boundary,
        session,
        draw(st.none() | st.just([allow(**_ANYONE)]) | lists(_naming([_ANYONE, *ceiling]))),
        draw(levels(layers)),
        rcps,
        draw(st.sampled_from([HERE, THERE])),
        draw(st.booleans()),
    )


@cache
def _parsed(text: str) -> policy.Statement:
    return policy_set(parse(text, "p.json")).statements[0]


def read(statements: Sequence[Statement]) -> PolicySet:
    return PolicySet(tuple(_parsed(json.dumps(document(it))) for it in statements))


def document(statement: Statement) -> dict[str, Any]:
    """The document of one statement, under the Version that is written into it."""
    version = statement.get(VERSION, CURRENT)
    inner = {name: value for name, value in statement.items() if name != VERSION}
    return {**({VERSION: version} if version else {}), "Statement": inner}


def ours(world: World) -> str:
    def optional(statements: Sequence[Statement] | None) -> PolicySet | None:
        return None if statements is None else read(statements)

    policies = Policies(
        identity=read(world.identity),
        resource=optional(world.resource),
        boundary=optional(world.boundary),
        session=optional(world.session),
        endpoint=optional(world.endpoint),
        scps=tuple(map(read, world.scps)),
        rcps=tuple(map(read, world.rcps)),
        owner=Text.of(world.owner),
        resource_must_allow=world.resource_must_allow,
    )
    context = {key: tuple(map(Text.of, values)) for key, values in CONTEXT.items()}
    request = Request(ACTION, Text.of(OBJECT), context)
    return decide(policies, request, caller_of(world.caller)).outcome.value


@settings(max_examples=examples(600), deadline=None)
@given(worlds())
def test_all_layers_decide_as_the_page_says(world: World) -> None:
    """Where everything is known and documented, the decision is the naive evaluator's."""
    decision = naive(world)
    event(decision)
    assert ours(world) == decision
