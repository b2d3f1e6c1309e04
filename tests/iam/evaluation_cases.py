"""What AWS documents of policy evaluation, as cases: policies, a request, and the answer.

Every case names the page that states it. The families cross a table of what AWS says of one
element with the ways in which the element can be used.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
LOGIC = GUIDE + "reference_policies_evaluation-logic_policy-eval-denyallow.html"
BASICS = GUIDE + "reference_policies_evaluation-logic_policy-eval-basics-resource-based.html"
CROSS = GUIDE + "reference_policies_evaluation-logic-cross-account.html"
ACTION = GUIDE + "reference_policies_elements_action.html"
NOT_ACTION = GUIDE + "reference_policies_elements_notaction.html"
RESOURCE = GUIDE + "reference_policies_elements_resource.html"
ARNS = GUIDE + "reference-arns.html"
VERSION = GUIDE + "reference_policies_elements_version.html"
NOT_RESOURCE = GUIDE + "reference_policies_elements_notresource.html"
PRINCIPAL = GUIDE + "reference_policies_elements_principal.html"
NOT_PRINCIPAL = GUIDE + "reference_policies_elements_notprincipal.html"
OPERATORS = GUIDE + "reference_policies_elements_condition_operators.html"
MULTIVALUED = GUIDE + "reference_policies_condition-single-vs-multi-valued-context-keys.html"
LOGICAL = GUIDE + "reference_policies_condition-logic-multiple-context-keys-or-values.html"
VARIABLES = GUIDE + "reference_policies_variables.html"
BOUNDARIES = GUIDE + "access_policies_boundaries.html"
POLICIES = GUIDE + "access_policies.html"
DEPUTY = GUIDE + "confused-deputy.html"
SCPS = (
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps"
    "_evaluation.html"
)
RCPS = (
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps"
    "_evaluation.html"
)
ENDPOINTS = "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"
KEYS = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"
ROOT_OF_KEYS = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"

ALLOWED, IMPLICIT, EXPLICIT, OPEN = "allowed", "implicitDeny", "explicitDeny", "undetermined"

HERE, THERE = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{HERE}:role/app"
SESSION = f"arn:aws:sts::{HERE}:assumed-role/app/task"
USER = f"arn:aws:iam::{HERE}:user/ana"
ROOT = f"arn:aws:iam::{HERE}:root"
LINKED = f"arn:aws:iam::{HERE}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
LINKED_SESSION = f"arn:aws:sts::{HERE}:assumed-role/AWSServiceRoleForECS/ecs"
FEDERATED = f"arn:aws:sts::{HERE}:federated-user/ana"
OBJECT = "arn:aws:s3:::b/k"
KEY = f"arn:aws:kms:eu-west-1:{HERE}:key/1"

IDENTITY, BY_RESOURCE = "identity-based policy", "resource-based policy"
BOUNDARY, BY_SESSION = "permissions boundary", "session policy"
SCP, RCP, ENDPOINT = "service control policy", "resource control policy", "VPC endpoint policy"

Statement = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One documented answer. A layer's value is a list of statements; None: there is no policy."""

    says: str
    page: str
    outcome: str
    layer: str = ""
    identity: Sequence[Statement] = ()
    resource: Sequence[Statement] | None = None
    boundary: Sequence[Statement] | None = None
    session: Sequence[Statement] | None = None
    endpoint: Sequence[Statement] | None = None
    scps: Sequence[Sequence[Statement]] = ()
    rcps: Sequence[Sequence[Statement]] = ()
    action: str = "s3:GetObject"
    on: str = OBJECT
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    caller: str = ROLE
    owner: str = HERE
    version: str = "2012-10-17"


def allow(**elements: Any) -> Statement:
    """An Allow of everything on everything, but for the elements given."""
    return _statement("Allow", elements)


def deny(**elements: Any) -> Statement:
    """A Deny of everything on everything, but for the elements given."""
    return _statement("Deny", elements)


def _statement(effect: str, elements: dict[str, Any]) -> Statement:
    made: Statement = {"Effect": effect, **elements}
    if "NotAction" not in made:
        made.setdefault("Action", "*")
    if "NotResource" not in made:
        made.setdefault("Resource", "*")
    return made


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    """A Condition block of one operator and one key."""
    return {"Condition": {operator: {key: list(values)}}}


def aws(*names: str) -> dict[str, Any]:
    """A Principal element."""
    return {"Principal": {"AWS": list(names)}}


ALL = [allow()]
NOTHING = [allow(Action="sns:Publish")]
ANYONE = {"Principal": "*"}


# --- one statement: its elements ------------------------------------------------------------------

_ACTIONS: Final = [
    ("the same name", "s3:GetObject", True),
    ("all of a service", "s3:*", True),
    ("everything", "*", True),
    ("names in another case", "S3:getOBJECT", True),
    ("a star at the end", "s3:Get*", True),
    ("a star in the middle", "s3:G*t", True),
    ("a star at the beginning", "s3:*Object", True),
    ("a question mark for one character", "s3:GetObjec?", True),
    ("a question mark for no character", "s3:GetObject?", False),
    ("another action", "s3:PutObject", False),
    ("another service", "iam:GetObject", False),
    ("all of another service", "iam:*", False),
    ("the beginning of a name", "s3:GetObj", False),
    ("a longer name", "s3:GetObjectAcl", False),
    ("several of which one matches", ["iam:*", "s3:Get*"], True),
    ("several of which none matches", ["iam:*", "s3:Put*"], False),
]

_RESOURCES: Final = [
    ("the same ARN", OBJECT, True),
    ("everything", "*", True),
    ("all objects of a bucket", "arn:aws:s3:::b/*", True),
    ("a star across a slash", "arn:aws:s3:::*", True),
    ("a question mark for one character", "arn:aws:s3:::b/?", True),
    ("a question mark for no character", "arn:aws:s3:::b/k?", False),
    ("a star for no character", "arn:aws:s3:::b/k*", True),
    ("names in another case", "arn:aws:s3:::B/K", False),
    ("the bucket instead of its objects", "arn:aws:s3:::b", False),
    ("another bucket", "arn:aws:s3:::c/*", False),
    ("another partition", "arn:aws-cn:s3:::b/*", False),
    ("any partition", "arn:*:s3:::b/*", True),
    ("a region where the ARN has none", "arn:aws:s3:eu-west-1::b/*", False),
    ("several of which one matches", ["arn:aws:s3:::c/*", "arn:aws:s3:::b/*"], True),
    ("several of which none matches", ["arn:aws:s3:::c/*", "arn:aws:s3:::d/*"], False),
]


def elements() -> Iterator[Case]:
    """Action, NotAction, Resource and NotResource, in an Allow and in a Deny."""
    for element, page, table in (
        ("Action", ACTION, _ACTIONS),
        ("Resource", RESOURCE, _RESOURCES),
    ):
        opposite = {"Action": NOT_ACTION, "Resource": NOT_RESOURCE}[element]
        for says, pattern, covers in table:
            for name, where, applies in (
                (element, page, covers),
                (f"Not{element}", opposite, not covers),
            ):
                yield Case(
                    f"Allow, {name}: {says}",
                    where,
                    ALLOWED if applies else IMPLICIT,
                    "" if applies else IDENTITY,
                    identity=[allow(**{name: pattern})],
                )
                yield Case(
                    f"Deny, {name}: {says}",
                    where,
                    EXPLICIT if applies else ALLOWED,
                    IDENTITY if applies else "",
                    identity=[*ALL, deny(**{name: pattern})],
                )


# --- conditions -----------------------------------------------------------------------------------

_TEN, _NINE = "2026-01-10T00:00:00Z", "2026-01-09T00:00:00Z"
_QUEUE = f"arn:aws:sqs:eu-west-1:{HERE}:q"

# operator, value in the policy, value in the request that meets it, one that does not
_OPERATORS: Final = [
    ("StringEquals", "web", "web", "WEB"),
    ("StringNotEquals", "web", "WEB", "web"),
    ("StringEqualsIgnoreCase", "web", "WEB", "api"),
    ("StringNotEqualsIgnoreCase", "web", "api", "WEB"),
    ("StringLike", "w*b?", "w/eb1", "web"),
    ("StringNotLike", "w*b?", "web", "w/eb1"),
    ("NumericEquals", "10", "10.0", "9"),
    ("NumericNotEquals", "10", "9", "10"),
    ("NumericLessThan", "10", "9", "10"),
    ("NumericLessThanEquals", "10", "10", "11"),
    ("NumericGreaterThan", "10", "11", "10"),
    ("NumericGreaterThanEquals", "10", "10", "9"),
    ("DateEquals", _TEN, _TEN, _NINE),
    ("DateNotEquals", _TEN, _NINE, _TEN),
    ("DateLessThan", _TEN, _NINE, _TEN),
    ("DateLessThanEquals", _TEN, _TEN, "2026-01-10T00:00:01Z"),
    ("DateGreaterThan", _NINE, _TEN, _NINE),
    ("DateGreaterThanEquals", _TEN, _TEN, _NINE),
    ("Bool", "true", "true", "false"),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", "QmluYXJ6"),
    ("IpAddress", "203.0.113.0/24", "203.0.113.7", "203.0.114.7"),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", "2001:db8:1::1"),
    ("NotIpAddress", "203.0.113.0/24", "203.0.114.7", "203.0.113.7"),
    ("ArnEquals", _QUEUE, _QUEUE, _QUEUE + "2"),
    ("ArnEquals", "arn:aws:sqs:*:*:q", _QUEUE, _QUEUE + "2"),
    ("ArnLike", f"arn:aws:sqs:*:{HERE}:q?", _QUEUE + "2", _QUEUE),
    ("ArnNotEquals", _QUEUE, _QUEUE + "2", _QUEUE),
    ("ArnNotLike", "arn:aws:sqs:*:*:q", _QUEUE + "2", _QUEUE),
]
_NEGATED: Final = ("Not", "NotEquals", "NotLike")


def _on_key(says: str, page: str, holds: bool, block: Any, *sent: str) -> Case:
    return Case(
        says,
        page,
        ALLOWED if holds else IMPLICIT,
        "" if holds else IDENTITY,
        identity=[allow(**block)],
        context={"aws:key": sent} if sent else {},
    )


def operators() -> Iterator[Case]:
    """Every operator and its twin with IfExists: met, not met, and without the key."""
    for name, wanted, met, unmet in _OPERATORS:
        negated = "Not" in name
        for spelt in (name, f"{name}IfExists"):
            block, what = when(spelt, "aws:Key", wanted), f"{spelt} {wanted}"
            yield _on_key(f"{what}: {met} meets it", OPERATORS, True, block, met)
            yield _on_key(f"{what}: {unmet} does not", OPERATORS, False, block, unmet)
            absent = negated or spelt != name
            yield _on_key(f"{what}: the key is not sent", OPERATORS, absent, block)
        yield Case(
            f"a Deny with {name} {wanted}: {met} meets it",
            OPERATORS,
            EXPLICIT,
            IDENTITY,
            identity=[*ALL, deny(**when(name, "aws:Key", wanted))],
            context={"aws:Key": [met]},
        )


_SETS: Final = [
    # quantifier and operator, values in the policy, values in the request, whether it holds
    ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a", "b"], ["c"], False),
    ("ForAllValues:StringEquals", ["a", "b"], [], True),
    ("ForAllValues:StringLike", ["a*"], ["a1", "a2"], True),
    ("ForAllValues:StringLike", ["a*"], ["a1", "b2"], False),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], False),
    ("ForAllValues:StringEqualsIgnoreCase", ["a"], ["A", "a"], True),
    ("ForAllValues:ArnLike", ["arn:aws:sqs:*:*:q"], [_QUEUE], True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["a", "c"], True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], False),
    ("ForAnyValue:StringEquals", ["a", "b"], [], False),
    ("ForAnyValue:StringLike", ["a*"], ["b", "a2"], True),
    ("ForAnyValue:StringLike", ["a*"], ["b", "c"], False),
    ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "c"], True),
    ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], False),
    ("ForAnyValue:StringEqualsIgnoreCase", ["a"], ["c", "A"], True),
    ("ForAnyValue:ArnLike", ["arn:aws:sqs:*:*:q"], [_QUEUE, _QUEUE + "2"], True),
]


def sets() -> Iterator[Case]:
    """ForAllValues and ForAnyValue, over keys of several values; Null."""
    for operator, wanted, sent, holds in _SETS:
        block = when(operator, "aws:Key", *wanted)
        yield _on_key(f"{operator} {wanted} over {sent}", MULTIVALUED, holds, block, *sent)
    for wanted_null, sent_null, holds in (
        ("true", [], True),
        ("true", ["x"], False),
        ("false", [], False),
        ("false", ["x"], True),
    ):
        block = when("Null", "aws:Key", wanted_null)
        says = f"Null {wanted_null} over {sent_null}"
        yield _on_key(says, OPERATORS + "#Conditions_Null", holds, block, *sent_null)
    both = {
        "Condition": {
            "ForAllValues:StringEquals": {"aws:Key": ["a"]},
            "Null": {"aws:Key": "false"},
        }
    }
    yield _on_key("ForAllValues beside Null: no key", MULTIVALUED, False, both)
    yield _on_key("ForAllValues beside Null: a key", MULTIVALUED, True, both, "a")


def logic() -> Iterator[Case]:
    """Several values are joined by OR (negated: NOR); keys and operators by AND."""
    for sent, holds in (("a", True), ("b", True), ("c", False)):
        block = when("StringEquals", "aws:Key", "a", "b")
        yield _on_key(f"one of two values: {sent}", LOGICAL, holds, block, sent)
        block = when("StringNotEquals", "aws:Key", "a", "b")
        yield _on_key(f"none of two values: {sent}", LOGICAL, not holds, block, sent)
    two_keys = {"Condition": {"StringEquals": {"aws:Key": "a", "aws:Other": "o"}}}
    two_operators = {"Condition": {"StringEquals": {"aws:Key": "a"}, "Bool": {"aws:Other": "true"}}}
    for name, block, good in (("keys", two_keys, "o"), ("operators", two_operators, "true")):
        for key, other in itertools.product(("a", "x"), (good, "false")):
            holds = (key, other) == ("a", good)
            yield Case(
                f"two {name} are joined by AND: {key}, {other}",
                LOGICAL,
                ALLOWED if holds else IMPLICIT,
                "" if holds else IDENTITY,
                identity=[allow(**block)],
                context={"aws:Key": [key], "aws:Other": [other]},
            )
    yield _on_key(
        "names of keys have no case",
        GUIDE + "reference_policies_elements_condition.html",
        True,
        when("StringEquals", "AWS:KEY", "a"),
        "a",
    )


_QUEUE_OF = f"arn:aws:sqs:eu-west-1:{HERE}:"

# says, page, pattern, ARN, whether it covers: None where no page says it
_SEGMENTS: Final = [
    ("a star that ends a segment", RESOURCE, "arn:aws:sqs:*", _QUEUE, True),
    ("a star that ends the middle one", RESOURCE, "arn:*:s3:::b/*", OBJECT, True),
    ("a star inside a segment", RESOURCE, f"arn:aws:sqs:e*1:{HERE}:q", _QUEUE, True),
    ("a question mark in a segment", RESOURCE, f"arn:aws:sqs:eu-west-?:{HERE}:q", _QUEUE, True),
    ("a star inside, over a colon", RESOURCE, "arn:aws:sqs:e*3:q", _QUEUE, None),
    ("a star inside, to the end", RESOURCE, "arn:aws:sqs:e*q", _QUEUE, None),
    ("a star that begins, over colons", RESOURCE, "arn:aws:s3:*/k", OBJECT, None),
    ("a question mark over a colon", RESOURCE, "arn:aws:s3:?:b/k", OBJECT, None),
    ("a star inside, nothing it could", RESOURCE, "arn:aws:sqs:e*4:q", _QUEUE, False),
    (
        "a colon of the resource's own",
        RESOURCE,
        "arn:aws:s3:::b/*.env",
        "arn:aws:s3:::b/a:b.env",
        True,
    ),
    ("three segments", ARNS, "arn:aws:sqs", _QUEUE, True),
    ("three segments of S3", ARNS, "arn:aws:s3", OBJECT, True),
    ("four segments", ARNS, "arn:aws:sqs:eu-west-1", _QUEUE, True),
    ("five segments", ARNS, f"arn:aws:sqs:eu-west-1:{HERE}", _QUEUE, True),
    ("three segments, another service", ARNS, "arn:aws:sns", _QUEUE, False),
    ("four segments, another region", ARNS, "arn:aws:sqs:eu-west-2", _QUEUE, False),
    ("five segments, another account", ARNS, f"arn:aws:sqs:eu-west-1:{THERE}", _QUEUE, False),
    ("a part of a service's name", ARNS, "arn:aws:sq", _QUEUE, False),
    ("six segments, of which one is empty", ARNS, "arn:aws:s3:::", OBJECT, False),
    ("five segments with a star", ARNS, "arn:aws:sqs:*:q", _QUEUE, None),
]


def segments() -> Iterator[Case]:
    """Wildcards and the colons of an ARN; ARNs of fewer than six segments."""
    for says, page, pattern, on, covers in _SEGMENTS:
        for name, applies in (
            ("Resource", covers),
            ("NotResource", None if covers is None else not covers),
        ):
            sure = {True: ALLOWED, False: IMPLICIT, None: OPEN}[applies]
            yield Case(
                f"Allow, {name}: {says}",
                page,
                sure,
                "" if applies else IDENTITY,
                identity=[allow(**{name: pattern})],
                action="sqs:SendMessage" if ":sqs:" in on else "s3:GetObject",
                on=on,
            )
            sure = {True: EXPLICIT, False: ALLOWED, None: OPEN}[applies]
            yield Case(
                f"Deny, {name}: {says}",
                page,
                sure,
                "" if applies is False else IDENTITY,
                identity=[*ALL, deny(**{name: pattern})],
                action="sqs:SendMessage" if ":sqs:" in on else "s3:GetObject",
                on=on,
            )
    for says, pattern, outcome in (
        ("an incomplete ARN", "arn:aws:sqs", OPEN),
        ("an incomplete ARN of another service", "arn:aws:sns", IMPLICIT),
    ):
        yield Case(
            f"a resource policy, {says}",
            ARNS,
            outcome,
            IDENTITY,
            resource=[allow(Resource=pattern, **aws(ROLE))],
            action="sqs:SendMessage",
            on=_QUEUE,
        )


def versions() -> Iterator[Case]:
    """Variables are variables under 2012-10-17 only, else literal strings."""
    folder = "arn:aws:s3:::b/${aws:username}/*"
    sent = {"aws:username": ["ana"], "aws:ResourceTag/owner": ["ana"]}
    literal = {**sent, "aws:ResourceTag/owner": ["${aws:username}"]}
    owned = when("StringEquals", "aws:ResourceTag/owner", "${aws:username}")
    for version, filled in (("2012-10-17", True), ("2008-10-17", False), ("", False)):
        for says, elements, on, context, holds in (
            ("Resource", {"Resource": folder}, "arn:aws:s3:::b/ana/k", sent, filled),
            (
                "Resource, its own spelling",
                {"Resource": folder},
                "arn:aws:s3:::b/${aws:username}/k",
                sent,
                not filled,
            ),
            ("NotResource", {"NotResource": folder}, "arn:aws:s3:::b/ana/k", sent, not filled),
            ("a Condition", owned, OBJECT, sent, filled),
            ("a Condition, its own spelling", owned, OBJECT, literal, not filled),
            ("a star", {"Resource": "arn:aws:s3:::b/${*}"}, "arn:aws:s3:::b/*", sent, filled),
            (
                "a star, a wildcard between braces",
                {"Resource": "arn:aws:s3:::b/${*}"},
                "arn:aws:s3:::b/${k}",
                sent,
                not filled,
            ),
        ):
            yield Case(
                f"Version '{version}': {says}",
                VERSION,
                ALLOWED if holds else IMPLICIT,
                "" if holds else IDENTITY,
                identity=[allow(**elements)],
                on=on,
                context=context,
                version=version,
            )
            yield Case(
                f"Version '{version}', Deny: {says}",
                VERSION,
                EXPLICIT if holds else ALLOWED,
                IDENTITY if holds else "",
                identity=[*ALL, deny(**elements)],
                on=on,
                context=context,
                version=version,
            )


def variables() -> Iterator[Case]:
    """Policy variables in Resource and Condition, with defaults."""
    folder = "arn:aws:s3:::b/${aws:username}/*"
    default = "arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/*"
    rows: list[tuple[str, str, str, dict[str, Sequence[str]], bool]] = [
        ("a value", folder, "arn:aws:s3:::b/ana/k", {"aws:username": ["ana"]}, True),
        ("another value", folder, "arn:aws:s3:::b/ana/k", {"aws:username": ["bob"]}, False),
        ("no value", folder, "arn:aws:s3:::b/ana/k", {}, False),
        ("no value, its own spelling", folder, f"arn:aws:s3:::b/{folder[15:-2]}/k", {}, False),
        ("the case of a value", folder, "arn:aws:s3:::b/Ana/k", {"aws:username": ["ana"]}, False),
        (
            "the case of a name",
            "arn:aws:s3:::b/${AWS:UserName}/*",
            "arn:aws:s3:::b/ana/k",
            {"aws:username": ["ana"]},
            True,
        ),
        ("a default", default, "arn:aws:s3:::b/none/k", {}, True),
        ("a default, elsewhere", default, "arn:aws:s3:::b/a/k", {}, False),
        (
            "a value before the default",
            default,
            "arn:aws:s3:::b/a/k",
            {"aws:PrincipalTag/team": ["a"]},
            True,
        ),
        (
            "a value instead of the default",
            default,
            "arn:aws:s3:::b/none/k",
            {"aws:PrincipalTag/team": ["a"]},
            False,
        ),
        ("a dollar", "arn:aws:s3:::b/${$}k", "arn:aws:s3:::b/$k", {}, True),
        ("no dollar", "arn:aws:s3:::b/${$}k", "arn:aws:s3:::b/k", {}, False),
        ("a star", "arn:aws:s3:::b/${*}k", "arn:aws:s3:::b/*k", {}, True),
        ("a star is no wildcard", "arn:aws:s3:::b/${*}k", "arn:aws:s3:::b/ak", {}, False),
        ("a star beside a wildcard", "arn:aws:s3:::b/${*}*", "arn:aws:s3:::b/*ak", {}, True),
        ("a question mark", "arn:aws:s3:::b/${?}k", "arn:aws:s3:::b/?k", {}, True),
        ("it is no wildcard", "arn:aws:s3:::b/${?}k", "arn:aws:s3:::b/ak", {}, False),
    ]
    for says, pattern, on, context, covers in rows:
        yield Case(
            f"a variable in Resource: {says}",
            VARIABLES,
            ALLOWED if covers else IMPLICIT,
            "" if covers else IDENTITY,
            identity=[allow(Resource=pattern)],
            on=on,
            context=context,
        )
    for operator, sent, holds in (
        ("StringEquals", "ana", True),
        ("StringEquals", "bob", False),
        ("StringNotEquals", "bob", True),
        ("StringNotEquals", "ana", False),
        ("StringLike", "ana", True),
        ("ArnLike", f"arn:aws:iam::{HERE}:user/ana", False),
    ):
        yield Case(
            f"a variable in a Condition: {operator} {sent}",
            VARIABLES,
            ALLOWED if holds else IMPLICIT,
            "" if holds else IDENTITY,
            identity=[allow(**when(operator, "aws:ResourceTag/owner", "${aws:username}"))],
            context={"aws:ResourceTag/owner": [sent], "aws:username": ["ana"]},
        )
    no_value = VARIABLES + "#policy-vars-no-value"
    for effect, operator, outcome in (
        ("Allow", "StringEquals", IMPLICIT),
        ("Allow", "StringLike", IMPLICIT),
        ("Allow", "StringNotEquals", ALLOWED),
        ("Allow", "StringNotLike", ALLOWED),
        ("Deny", "StringEquals", ALLOWED),
        ("Deny", "StringNotEquals", EXPLICIT),  # AWS's own example
    ):
        team = when(operator, "s3:ExistingObjectTag/Team", "${aws:PrincipalTag/Team}")
        yield Case(
            f"{effect}, a variable without a value: {operator}",
            no_value,
            outcome,
            "" if outcome == ALLOWED else IDENTITY,
            identity=[allow(**team)] if effect == "Allow" else [*ALL, deny(**team)],
            context={"s3:ExistingObjectTag/Team": ["a"]},
        )
    for element, effect, outcome in (
        ("Resource", "Allow", IMPLICIT),
        ("Resource", "Deny", ALLOWED),
        ("NotResource", "Allow", ALLOWED),
        ("NotResource", "Deny", EXPLICIT),
    ):
        reach = {element: "arn:aws:s3:::b/${aws:PrincipalTag/Team}*"}
        yield Case(
            f"{effect}, a variable without a value in {element}",
            no_value,
            outcome,
            "" if outcome == ALLOWED else IDENTITY,
            identity=[allow(**reach)] if effect == "Allow" else [*ALL, deny(**reach)],
        )
    for operator, value in (
        ("NumericEquals", "10"),
        ("DateEquals", _TEN),
        ("IpAddress", "203.0.113.7"),
        ("BinaryEquals", "QQ=="),
        ("Bool", "true"),
    ):
        yield Case(
            f"an operator without variables: {operator}",
            VARIABLES + "#policy-vars-wheretouse",
            OPEN,
            IDENTITY,
            identity=[allow(**when(operator, "aws:Key", "${aws:Other}"))],
            context={"aws:Key": [value], "aws:Other": [value]},
        )
    for says, sent, outcome in (
        ("itself", "arn:aws:s3:::b/a*", ALLOWED),
        ("what it would match", "arn:aws:s3:::b/ab", OPEN),
        ("what it would not match", "arn:aws:s3:::b/b", IMPLICIT),
    ):
        yield Case(
            f"a star in a variable's value: {says}",
            VARIABLES,
            outcome,
            "" if outcome == ALLOWED else IDENTITY,
            identity=[allow(Resource="arn:aws:s3:::b/${aws:PrincipalTag/Team}")],
            on=sent,
            context={"aws:PrincipalTag/Team": ["a*"]},
        )


def values() -> Iterator[Case]:
    """Values that no page knows, and several values for an operator that takes one."""
    for operator, wanted, sent, outcome in (
        ("NumericLessThan", "inf", ["1"], OPEN),
        ("NumericEquals", "1_0", ["10"], OPEN),
        ("NumericNotEquals", "nan", ["nan"], OPEN),
        ("Bool", "yes", ["true"], OPEN),
        ("Bool", "yes", ["yes"], OPEN),
        ("DateLessThan", "2030", [_TEN], OPEN),
        ("DateLessThan", "2030-01-01", [_TEN], ALLOWED),
        ("StringEquals", "a", ["a", "b"], OPEN),
        ("StringEquals", "a", ["b", "c"], IMPLICIT),
        ("StringNotEquals", "a", ["b", "c"], OPEN),
        ("ArnLike", "arn:aws:sqs:*:*:q", [_QUEUE, _QUEUE + "2"], OPEN),
    ):
        yield Case(
            f"{operator} {wanted} over {sent}: a value of no page",
            MULTIVALUED if len(sent) > 1 else OPERATORS,
            outcome,
            "" if outcome == ALLOWED else IDENTITY,
            identity=[allow(**when(operator, "aws:Key", wanted))],
            context={"aws:Key": sent},
        )


# --- layers ---------------------------------------------------------------------------------------


def effects() -> Iterator[Case]:
    """Everything is denied by default; an Allow overrides that, and a Deny overrides the Allow."""
    yield Case("no policy at all", LOGIC, IMPLICIT, IDENTITY)
    for first, second, outcome in (
        (allow(), deny(), EXPLICIT),
        (deny(), allow(), EXPLICIT),
        (allow(), deny(Action="s3:Put*"), ALLOWED),
        (allow(Action="s3:Put*"), deny(Action="s3:Put*"), IMPLICIT),
        (allow(Action="s3:Put*"), deny(), EXPLICIT),
        (allow(), allow(Action="s3:Put*"), ALLOWED),
    ):
        says = f"{first['Effect']} {first['Action']}, {second['Effect']} {second['Action']}"
        layer = "" if outcome == ALLOWED else IDENTITY
        yield Case(says, LOGIC, outcome, layer, identity=[first, second])
    denying = [deny()]
    guarded = {**aws(ROLE), **deny()}
    yield Case(
        "Deny in a resource policy", LOGIC, EXPLICIT, BY_RESOURCE, identity=ALL, resource=[guarded]
    )
    for says, layer, more in (
        ("a boundary", BOUNDARY, {"boundary": denying}),
        ("a session policy", BY_SESSION, {"session": denying}),
        ("an SCP", SCP, {"scps": [[allow(), deny()]]}),
        ("an RCP", RCP, {"rcps": [[deny(**ANYONE)]]}),
        ("an endpoint policy", ENDPOINT, {"endpoint": [deny(**ANYONE)]}),
    ):
        yield Case(f"Deny in {says}", LOGIC, EXPLICIT, layer, identity=ALL, **more)


def accounts() -> Iterator[Case]:
    """Within an account the union of the grants counts, across accounts their intersection."""
    for by_identity, by_resource in itertools.product((True, False), repeat=2):
        grants: dict[str, Any] = {
            "identity": ALL if by_identity else NOTHING,
            "resource": [allow(**aws(ROLE))] if by_resource else [allow(**aws(USER))],
        }
        told = f"identity {'allows' if by_identity else 'silent'}, resource " + (
            "allows" if by_resource else "silent"
        )
        within = by_identity or by_resource
        yield Case(
            f"within an account: {told}",
            BASICS,
            ALLOWED if within else IMPLICIT,
            "" if within else IDENTITY,
            **grants,
        )
        both = by_identity and by_resource
        layer = "" if both else BY_RESOURCE if by_identity else IDENTITY
        yield Case(
            f"across accounts: {told}",
            CROSS,
            ALLOWED if both else IMPLICIT,
            layer,
            owner=THERE,
            **grants,
        )
    account = [allow(**aws(ROOT))]
    yield Case(
        "across accounts, the account is named and its policy allows",
        CROSS,
        ALLOWED,
        identity=ALL,
        resource=account,
        owner=THERE,
    )
    yield Case(
        "across accounts, the account is named and its policy is silent",
        CROSS,
        IMPLICIT,
        IDENTITY,
        identity=NOTHING,
        resource=account,
        owner=THERE,
    )
    yield Case(
        "across accounts, there is no resource policy",
        CROSS,
        IMPLICIT,
        BY_RESOURCE,
        identity=ALL,
        owner=THERE,
    )
    for ceiling, layer in (("boundary", BOUNDARY), ("session", BY_SESSION)):
        yield Case(
            f"across accounts, the {ceiling} limits a session that is named",
            CROSS,
            IMPLICIT,
            layer,
            identity=ALL,
            resource=[allow(**aws(SESSION))],
            caller=SESSION,
            owner=THERE,
            **{ceiling: NOTHING},  # type: ignore[arg-type]
        )
    yield Case(
        "the account in the resource's ARN is its owner",
        CROSS,
        IMPLICIT,
        BY_RESOURCE,
        identity=ALL,
        action="sqs:SendMessage",
        on=f"arn:aws:sqs:eu-west-1:{THERE}:q",
    )


_PRINCIPALS: Final = [
    # what is named, the principal, the caller, whether an Allow in its account grants by itself
    ("the role", ROLE, ROLE, True),
    ("the role of a session", ROLE, SESSION, True),
    ("the session", SESSION, SESSION, True),
    ("another session of the role", SESSION + "2", SESSION, False),
    ("another role", ROLE + "2", ROLE, False),
    ("a user", USER, USER, True),
    ("another user", USER + "2", USER, False),
    ("everyone", "*", ROLE, True),
    ("everyone, a user", "*", USER, True),
    ("the account by ARN", ROOT, ROLE, False),
    ("the account by id", HERE, ROLE, False),
    ("another account by ARN", ROOT.replace(HERE, THERE), ROLE, False),
    ("another account by id", THERE, ROLE, False),
    ("the role of the same name elsewhere", ROLE.replace(HERE, THERE), ROLE, False),
    ("a role in another partition", ROLE.replace("arn:aws:", "arn:aws-cn:"), ROLE, False),
]


def principals() -> Iterator[Case]:
    """Whom a Principal element names, in an Allow without identity policy and in a Deny."""
    for says, principal, caller, names in _PRINCIPALS:
        yield Case(
            f"Allow for {says}",
            PRINCIPAL,
            ALLOWED if names else IMPLICIT,
            "" if names else IDENTITY,
            resource=[allow(**aws(principal))],
            caller=caller,
        )
        denied = names or principal in (ROOT, HERE)
        yield Case(
            f"Deny for {says}",
            PRINCIPAL,
            EXPLICIT if denied else ALLOWED,
            BY_RESOURCE if denied else "",
            identity=ALL,
            resource=[deny(**aws(principal))],
            caller=caller,
        )
    for listed, caller, outcome in (
        ([ROLE + "2"], ROLE, EXPLICIT),
        ([ROOT, ROLE], ROLE, ALLOWED),
        ([ROOT, ROLE, SESSION], SESSION, ALLOWED),
        ([ROOT, USER], USER, ALLOWED),
        ([USER], ROLE, EXPLICIT),
        ([USER], USER, OPEN),
        ([ROLE], ROLE, OPEN),
        ([ROOT], ROLE, OPEN),
        ([ROOT, USER], ROLE, EXPLICIT),
        ([ROOT, ROLE + "2"], ROLE, EXPLICIT),
        ([ROOT, USER.replace(HERE, "444455556666")], ROLE, OPEN),
    ):
        yield Case(
            f"Deny for all but {listed}: {caller}",
            NOT_PRINCIPAL,
            outcome,
            "" if outcome == ALLOWED else BY_RESOURCE,
            identity=ALL,
            resource=[deny(NotPrincipal={"AWS": listed})],
            caller=caller,
        )
    for caller in (ROLE, USER):
        yield Case(
            f"NotPrincipal denies whoever has a boundary: {caller}",
            NOT_PRINCIPAL,
            EXPLICIT,
            BY_RESOURCE,
            identity=ALL,
            boundary=ALL,
            resource=[deny(NotPrincipal={"AWS": [ROOT, caller]})],
            caller=caller,
        )


def federated_users() -> Iterator[Case]:
    """A federated user is named as itself; the user who made the session is not told."""
    named = [allow(**aws(FEDERATED))]
    for ceiling in ("boundary", "session"):
        yield Case(
            f"no {ceiling} limits a federated user that is named",
            LOGIC,
            ALLOWED,
            resource=named,
            caller=FEDERATED,
            **{ceiling: NOTHING},  # type: ignore[arg-type]
        )
        yield Case(
            f"the {ceiling} limits a federated user by the user who federated",
            LOGIC,
            IMPLICIT,
            BOUNDARY if ceiling == "boundary" else BY_SESSION,
            identity=ALL,
            resource=[allow(**aws(USER))],
            caller=FEDERATED,
            **{ceiling: NOTHING},  # type: ignore[arg-type]
        )
    for says, principal, allowed, denied in (
        ("itself", FEDERATED, ALLOWED, EXPLICIT),
        ("another federated user", FEDERATED + "2", IMPLICIT, ALLOWED),
        ("a user of the account, of the same name", USER, OPEN, OPEN),
        ("a user of the account, of another name", USER + "2", OPEN, OPEN),
        ("a user of another account", USER.replace(HERE, THERE), IMPLICIT, ALLOWED),
        ("the account", ROOT, IMPLICIT, EXPLICIT),
    ):
        for effect, outcome in ((allow, allowed), (deny, denied)):
            layer = {ALLOWED: "", IMPLICIT: IDENTITY, EXPLICIT: BY_RESOURCE}.get(outcome)
            if layer is None:
                layer = IDENTITY if effect is allow else BY_RESOURCE
            yield Case(
                f"a federated user, {effect.__name__} for {says}",
                PRINCIPAL + "#sts-session-principals",
                outcome,
                layer,
                identity=ALL if effect is deny else [],
                resource=[effect(**aws(principal))],
                caller=FEDERATED,
            )


def root_users() -> Iterator[Case]:
    """The root user needs no policy in its account, and only the organization limits it."""
    other = [allow(NotAction="s3:*")]
    for says, outcome, layer, more in (
        ("no policy", ALLOWED, "", {}),
        ("a boundary", ALLOWED, "", {"boundary": NOTHING}),
        ("a bucket policy for others", ALLOWED, "", {"resource": [allow(**aws(USER))]}),
        ("a Deny in the bucket policy", EXPLICIT, BY_RESOURCE, {"resource": [deny(**ANYONE)]}),
        ("an SCP", IMPLICIT, SCP, {"scps": [other]}),
        ("an RCP", EXPLICIT, RCP, {"rcps": [[deny(**ANYONE)]]}),
        ("a bucket elsewhere", IMPLICIT, BY_RESOURCE, {"owner": THERE}),
        (
            "a bucket elsewhere that names the account",
            ALLOWED,
            "",
            {"owner": THERE, "resource": [allow(**aws(ROOT))]},
        ),
        (
            "a key that names it",
            ALLOWED,
            "",
            {"action": "kms:Decrypt", "on": KEY, "resource": [allow(**aws(ROOT))]},
        ),
        (
            "a key that names another",
            IMPLICIT,
            BY_RESOURCE,
            {"action": "kms:Decrypt", "on": KEY, "resource": [allow(**aws(USER))]},
        ),
    ):
        page = LOGIC if says == "no policy" else POLICIES + "#access_policies-root"
        given: dict[str, Any] = more
        yield Case(f"the root user: {says}", page, outcome, layer, caller=ROOT, **given)


def identities() -> Iterator[Case]:
    """sts:GetCallerIdentity needs no permission, and tells the same where it is denied."""
    page = "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"
    ask: dict[str, Any] = {"action": "sts:GetCallerIdentity", "on": "*"}
    for says, outcome, layer, more in (
        ("no policy", ALLOWED, "", {}),
        ("a Deny", ALLOWED, "", {"identity": [*ALL, deny()]}),
        ("a boundary", ALLOWED, "", {"identity": ALL, "boundary": NOTHING}),
        ("a session policy", ALLOWED, "", {"session": [deny()], "caller": SESSION}),
        ("an SCP that allows", ALLOWED, "", {"scps": [ALL]}),
        ("an SCP", OPEN, SCP, {"scps": [[*ALL, deny()]]}),
        ("an endpoint", OPEN, ENDPOINT, {"endpoint": [allow(**ANYONE, Action="s3:*")]}),
    ):
        given: dict[str, Any] = {**ask, **more}
        yield Case(f"sts:GetCallerIdentity: {says}", page, outcome, layer, **given)


def ceilings() -> Iterator[Case]:
    """Boundary, session policy and SCP each have to allow what the identity policy allows."""
    for on in itertools.product((True, False), repeat=4):
        identity, boundary, session, scp = (ALL if it else NOTHING for it in on)
        silent = [
            layer
            for layer, allows in zip((IDENTITY, BOUNDARY, BY_SESSION, SCP), on, strict=True)
            if not allows
        ]
        first = SCP if SCP in silent else silent[0] if silent else ""
        yield Case(
            f"silent: {', '.join(silent) or 'none'}",
            LOGIC,
            IMPLICIT if silent else ALLOWED,
            first,
            identity=identity,
            boundary=boundary,
            session=session,
            scps=[scp],
        )
    for says, ceiling, layer, named, caller, limited in (
        ("a boundary limits a role that is named", "boundary", BOUNDARY, ROLE, ROLE, True),
        ("a boundary limits a session by its role", "boundary", BOUNDARY, ROLE, SESSION, True),
        ("no boundary limits a session that is named", "boundary", "", SESSION, SESSION, False),
        ("no boundary limits a user that is named", "boundary", "", USER, USER, False),
        ("a session policy limits the role", "session", BY_SESSION, ROLE, SESSION, True),
        ("no session policy limits the session named", "session", "", SESSION, SESSION, False),
    ):
        for identity in ([], ALL):
            limits: dict[str, Any] = {ceiling: NOTHING}
            yield Case(
                f"{says}; identity {'allows' if identity else 'silent'}",
                LOGIC if ceiling == "boundary" else POLICIES,
                IMPLICIT if limited else ALLOWED,
                layer,
                identity=identity,
                resource=[allow(**aws(named))],
                caller=caller,
                **limits,
            )
    pinned = allow(**ANYONE, **when("ArnEquals", "aws:PrincipalArn", ROLE))
    for ceiling in ("boundary", "session"):
        limits = {ceiling: NOTHING}
        yield Case(
            f"no {ceiling} limits everyone with aws:PrincipalArn",
            PRINCIPAL,
            ALLOWED,
            resource=[pinned],
            context={"aws:PrincipalArn": [ROLE]},
            caller=SESSION,
            **limits,
        )
    for says, condition in (
        ("Null", when("Null", "aws:PrincipalArn", "false")),
        ("ArnNotEquals", when("ArnNotEquals", "aws:PrincipalArn", ROLE + "2")),
        ("StringNotLike", when("StringNotLike", "aws:PrincipalArn", ROLE + "2*")),
        ("ArnEqualsIfExists", when("ArnEqualsIfExists", "aws:PrincipalArn", ROLE)),
        ("a wildcard", when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{HERE}:role/*")),
    ):
        yield Case(
            f"whether a boundary limits everyone whom no ARN grants to: {says}",
            PRINCIPAL,
            OPEN,
            BOUNDARY,
            resource=[allow(**ANYONE, **condition)],
            context={"aws:PrincipalArn": [ROLE]},
            caller=SESSION,
            boundary=NOTHING,
        )
    yield Case("a boundary grants nothing", BOUNDARIES, IMPLICIT, IDENTITY, boundary=ALL)
    yield Case("a session policy grants nothing", POLICIES, IMPLICIT, IDENTITY, session=ALL)
    yield Case("an SCP grants nothing", SCPS, IMPLICIT, IDENTITY, scps=[ALL])


def organizations() -> Iterator[Case]:
    """SCPs must allow on every level; RCPs, of which one always allows, only deny."""
    other = [allow(NotAction="s3:*")]
    for says, levels, outcome in (
        ("allow on all levels", [ALL, ALL, ALL], ALLOWED),
        ("silent at the root", [other, ALL, ALL], IMPLICIT),
        ("silent at the OU", [ALL, other, ALL], IMPLICIT),
        ("silent at the account", [ALL, ALL, other], IMPLICIT),
        ("empty at the OU", [ALL, [], ALL], IMPLICIT),
        ("Deny at the root", [[*ALL, deny(Action="s3:*")], ALL, ALL], EXPLICIT),
        ("Deny at the OU", [ALL, [*ALL, deny(Action="s3:*")], ALL], EXPLICIT),
        ("Deny of another service", [ALL, [*ALL, deny(Action="ec2:*")], ALL], ALLOWED),
    ):
        layer = "" if outcome == ALLOWED else SCP
        yield Case(f"SCPs: {says}", SCPS, outcome, layer, identity=ALL, scps=levels)
        if outcome != ALLOWED:
            yield Case(
                f"SCPs do not touch service-linked roles: {says}",
                SCPS,
                ALLOWED,
                identity=ALL,
                scps=levels,
                caller=LINKED,
            )
            yield Case(
                f"SCPs limit what a resource policy grants: {says}",
                SCPS,
                outcome,
                SCP,
                resource=[allow(**aws(ROLE))],
                scps=levels,
            )
    for says, levels, outcome in (
        ("allow", [ALL], ALLOWED),
        ("silent", [other], OPEN),
        ("Deny", [[*ALL, deny(Action="s3:*")]], OPEN),
    ):
        yield Case(
            f"a session tells no path, and so not that it is service-linked; SCPs: {says}",
            SCPS,
            outcome,
            "" if outcome == ALLOWED else SCP,
            identity=ALL,
            scps=levels,
            caller=LINKED_SESSION,
        )
    insecure = deny(**ANYONE, **when("BoolIfExists", "aws:SecureTransport", "false"))
    for sent, outcome in (("false", EXPLICIT), ("true", ALLOWED)):
        for level in range(3):
            rcps: list[list[Statement]] = [[], [], []]
            rcps[level] = [insecure]
            yield Case(
                f"RCPs: a Deny on level {level}, secure transport {sent}",
                RCPS,
                outcome,
                "" if outcome == ALLOWED else RCP,
                identity=ALL,
                rcps=rcps,
                context={"aws:SecureTransport": [sent]},
            )
    yield Case("an RCP grants nothing", RCPS, IMPLICIT, IDENTITY, rcps=[[allow(**ANYONE)]])
    yield Case(
        "RCPs do not touch service-linked roles",
        RCPS,
        ALLOWED,
        identity=ALL,
        rcps=[[deny(**ANYONE)]],
        caller=LINKED,
    )
    yield Case(
        "an RCP limits principals of other accounts",
        RCPS,
        EXPLICIT,
        RCP,
        identity=ALL,
        resource=[allow(**aws(ROLE))],
        rcps=[[deny(**ANYONE, **when("StringNotEquals", "aws:PrincipalAccount", THERE))]],
        context={"aws:PrincipalAccount": [HERE]},
        owner=THERE,
    )


def endpoints() -> Iterator[Case]:
    """What goes through an endpoint must be allowed by its policy too, which grants nothing."""
    arn = when("ArnEquals", "aws:PrincipalArn", ROLE)
    context = {"aws:PrincipalArn": [ROLE]}
    for says, policy, outcome in (
        ("the default policy", [allow(**ANYONE)], ALLOWED),
        ("another bucket", [allow(**ANYONE, Resource="arn:aws:s3:::c/*")], IMPLICIT),
        ("this bucket", [allow(**ANYONE, Resource="arn:aws:s3:::b/*")], ALLOWED),
        ("another action", [allow(**ANYONE, Action="s3:PutObject")], IMPLICIT),
        ("everyone with aws:PrincipalArn", [allow(**ANYONE, **arn)], ALLOWED),
        ("the role", [allow(**aws(ROLE))], ALLOWED),
        ("another role", [allow(**aws(ROLE + "2"))], IMPLICIT),
        ("another account", [allow(**aws(THERE))], IMPLICIT),
        ("the account, by a gateway or an interface", [allow(**aws(ROOT))], OPEN),
    ):
        layer = "" if outcome == ALLOWED else ENDPOINT
        yield Case(
            f"an endpoint policy: {says}",
            ENDPOINTS,
            outcome,
            layer,
            identity=ALL,
            endpoint=policy,
            context=context,
        )
    yield Case(
        "an endpoint grants nothing",
        ENDPOINTS,
        IMPLICIT,
        IDENTITY,
        endpoint=[allow(**ANYONE)],
    )


def keys() -> Iterator[Case]:
    """Nobody may use a KMS key whom its key policy does not admit, by name or by account."""
    use: dict[str, Any] = {"action": "kms:Decrypt", "on": KEY}
    for says, principal, identity, outcome, layer in (
        ("the role is named, identity silent", ROLE, [], ALLOWED, ""),
        ("the role is named, identity allows", ROLE, ALL, ALLOWED, ""),
        ("the account is named, identity allows", ROOT, ALL, ALLOWED, ""),
        ("the account is named by id, identity allows", HERE, ALL, ALLOWED, ""),
        ("the account is named, identity silent", ROOT, [], IMPLICIT, IDENTITY),
        ("another role is named, identity allows", ROLE + "2", ALL, IMPLICIT, BY_RESOURCE),
        ("another account is named, identity allows", THERE, ALL, IMPLICIT, BY_RESOURCE),
    ):
        page = ROOT_OF_KEYS if principal in (ROOT, HERE) else KEYS
        policy = [allow(**aws(principal))]
        yield Case(says, page, outcome, layer, identity=identity, resource=policy, **use)
        denied = [*policy, deny(Principal="*", Action="kms:Decrypt")]
        yield Case(
            f"Deny beside: {says}",
            LOGIC,
            EXPLICIT,
            BY_RESOURCE,
            identity=identity,
            resource=denied,
            **use,
        )
    via = allow(**ANYONE, **when("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com"))
    for sent, outcome in (
        ("s3.eu-west-1.amazonaws.com", ALLOWED),
        ("ssm.eu-west-1.amazonaws.com", IMPLICIT),
    ):
        yield Case(
            f"kms:ViaService {sent}",
            "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html",
            outcome,
            "" if outcome == ALLOWED else BY_RESOURCE,
            identity=ALL,
            resource=[via],
            context={"kms:ViaService": [sent]},
            **use,
        )
    across = {**use, "on": KEY.replace(HERE, THERE)}
    page = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external"
    for principal, identity, outcome in (
        (ROLE, ALL, ALLOWED),
        (ROOT, ALL, ALLOWED),
        (ROLE, [], IMPLICIT),
        (ROOT, [], IMPLICIT),
    ):
        yield Case(
            f"a key elsewhere names {principal}; identity {'allows' if identity else 'silent'}",
            page + "-accounts.html",
            outcome,
            "" if outcome == ALLOWED else IDENTITY,
            identity=identity,
            resource=[allow(**aws(principal))],
            **across,
        )


def trust() -> Iterator[Case]:
    """Who may assume a role; a service for whom, by aws:SourceArn and aws:SourceAccount."""
    ecs, source = "ecs-tasks.amazonaws.com", f"arn:aws:ecs:eu-west-1:{HERE}:task/1"
    assume: dict[str, Any] = {"action": "sts:AssumeRole", "on": ROLE, "caller": ecs}

    def trusts(principal: Any, **more: Any) -> list[Statement]:
        made = allow(Principal=principal, Action="sts:AssumeRole", **more)
        del made["Resource"]
        return [made]

    like = when("ArnLike", "aws:SourceArn", f"arn:aws:ecs:*:{HERE}:*")
    same = when("StringEquals", "aws:SourceAccount", HERE)
    sent = {"aws:SourceArn": [source], "aws:SourceAccount": [HERE]}
    foreign = {"aws:SourceArn": [source.replace(HERE, THERE)], "aws:SourceAccount": [THERE]}
    both = {"Condition": {**like["Condition"], **same["Condition"]}}
    mixed = [{**foreign, key: values} for key, values in sent.items()]
    exact = when("ArnEquals", "aws:SourceArn", source)
    any_arn = when("ArnEquals", "aws:SourceArn", f"arn:aws:ecs:*:{HERE}:task/*")
    for says, policy, context, outcome in (
        ("the service is named", trusts({"Service": ecs}), sent, ALLOWED),
        ("among others", trusts({"Service": ["ec2.amazonaws.com", ecs]}), sent, ALLOWED),
        ("another service", trusts({"Service": "ecs.amazonaws.com"}), sent, IMPLICIT),
        ("the account is named", trusts({"AWS": ROOT}), sent, IMPLICIT),
        ("aws:SourceArn fits", trusts({"Service": ecs}, **like), sent, ALLOWED),
        ("aws:SourceArn differs", trusts({"Service": ecs}, **like), foreign, IMPLICIT),
        ("aws:SourceArn is not sent", trusts({"Service": ecs}, **like), {}, IMPLICIT),
        ("aws:SourceAccount fits", trusts({"Service": ecs}, **same), sent, ALLOWED),
        ("aws:SourceAccount differs", trusts({"Service": ecs}, **same), foreign, IMPLICIT),
        ("aws:SourceAccount is not sent", trusts({"Service": ecs}, **same), {}, IMPLICIT),
        ("both Source keys fit", trusts({"Service": ecs}, **both), sent, ALLOWED),
        ("aws:SourceArn fits alone", trusts({"Service": ecs}, **both), mixed[0], IMPLICIT),
        ("aws:SourceAccount fits alone", trusts({"Service": ecs}, **both), mixed[1], IMPLICIT),
        ("the exact aws:SourceArn fits", trusts({"Service": ecs}, **exact), sent, ALLOWED),
        ("the exact aws:SourceArn differs", trusts({"Service": ecs}, **exact), foreign, IMPLICIT),
        (
            "a pattern of aws:SourceArn, ArnEquals",
            trusts({"Service": ecs}, **any_arn),
            sent,
            ALLOWED,
        ),
        (
            "a pattern of aws:SourceArn, StringEquals",
            trusts(
                {"Service": ecs}, **when("StringEquals", "aws:SourceArn", f"arn:aws:ecs:*:{HERE}:*")
            ),
            sent,
            IMPLICIT,
        ),
        (
            "another service, aws:SourceArn fits",
            trusts({"Service": "ecs.amazonaws.com"}, **like),
            sent,
            IMPLICIT,
        ),
        (
            "aws:SourceAccountIfExists is not sent",
            trusts({"Service": ecs}, **when("StringEqualsIfExists", "aws:SourceAccount", HERE)),
            {},
            ALLOWED,
        ),
    ):
        layer = "" if outcome == ALLOWED else BY_RESOURCE
        page = DEPUTY if "Source" in says else PRINCIPAL
        yield Case(
            f"trust: {says}", page, outcome, layer, resource=policy, context=context, **assume
        )
    for says, anyone, outcome in (
        ("all principals", "*", EXPLICIT),
        ("all AWS principals", {"AWS": "*"}, OPEN),
        ("all AWS principals and it", {"AWS": "*", "Service": ecs}, EXPLICIT),
        ("an account", {"AWS": ROOT}, ALLOWED),
    ):
        refused = deny(Principal=anyone, Action="sts:AssumeRole")
        del refused["Resource"]
        yield Case(
            f"trust, a service under a Deny of {says}",
            PRINCIPAL + "#principal-anonymous",
            outcome,
            "" if outcome == ALLOWED else BY_RESOURCE,
            resource=[*trusts({"Service": ecs}), refused],
            **assume,
        )
    for says, principal, identity, outcome, layer in (
        ("a user is named", USER, [], ALLOWED, ""),
        ("the account is named, identity allows", ROOT, ALL, ALLOWED, ""),
        ("the account is named, identity silent", ROOT, [], IMPLICIT, IDENTITY),
        ("another user is named", USER + "2", ALL, IMPLICIT, BY_RESOURCE),
    ):
        yield Case(
            f"trust: {says}",
            GUIDE + "id_roles_create_for-user.html",
            outcome,
            layer,
            identity=identity,
            resource=trusts({"AWS": principal}),
            **{**assume, "caller": USER},
        )
    # A Deny with StringNotEquals holds where the key is not sent, but for ...IfExists and Null.
    for says, key_sent, operators_of_deny, outcome in (
        ("differs", foreign, ("StringNotEquals",), EXPLICIT),
        ("fits", sent, ("StringNotEquals",), ALLOWED),
        ("is not sent", {}, ("StringNotEquals",), EXPLICIT),
        ("is not sent, beside Null", {}, ("StringNotEquals", "Null"), ALLOWED),
        ("differs, beside Null", foreign, ("StringNotEquals", "Null"), EXPLICIT),
    ):
        values = {"StringNotEquals": HERE, "Null": "false"}
        condition = {name: {"aws:SourceAccount": values[name]} for name in operators_of_deny}
        guard = deny(Principal={"Service": ecs}, Action="sts:AssumeRole", Condition=condition)
        del guard["Resource"]
        yield Case(
            f"trust, a Deny of other accounts: aws:SourceAccount {says}",
            DEPUTY,
            outcome,
            "" if outcome == ALLOWED else BY_RESOURCE,
            resource=[*trusts({"Service": ecs}), guard],
            context=key_sent,
            **assume,
        )
    yield Case(
        "SCPs do not touch services",
        SCPS,
        ALLOWED,
        resource=trusts({"Service": ecs}),
        scps=[NOTHING],
        **assume,
    )


CASES: Final = [
    case
    for family in (
        elements,
        operators,
        sets,
        logic,
        segments,
        versions,
        variables,
        values,
        effects,
        accounts,
        principals,
        federated_users,
        root_users,
        identities,
        ceilings,
        organizations,
        endpoints,
        keys,
        trust,
    )
    for case in family()
]
