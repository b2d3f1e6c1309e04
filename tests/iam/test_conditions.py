"""Condition operators, row by row as AWS documents them, and sound where values are unknown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import examples

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.conditions import hold
from copilot_preflight.iam.policy import Clause, Entry, Fact, with_variables

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
W3C = "https://www.w3.org/TR/NOTE-datetime"
OPERATORS = _GUIDE + "reference_policies_elements_condition_operators.html"
SEVERAL = _GUIDE + "reference_policies_condition-logic-multiple-context-keys-or-values.html"
SETS = _GUIDE + "reference_policies_condition-single-vs-multi-valued-context-keys.html"
VARIABLES = _GUIDE + "reference_policies_variables.html"

PLACE = Place("t.yml", ())
ABSENT: tuple[str, ...] = ()
UNKNOWN = None
TEAM = Hole("team")
NAME = Hole("name", excludes=":/*?", nonempty=True)

Value = str | Hole | Text


def text(value: Value) -> Text:
    return value if isinstance(value, Text) else Text.of(value)


def clause(operator: str, *values: Value, key: str = "aws:Key") -> Clause:
    return Clause(operator, key, tuple(Entry(text(value), PLACE) for value in values))


def answer(operator: str, wanted: Iterable[Value], sent: Iterable[Value] | None) -> bool | None:
    context = {} if sent is None else {"aws:key": tuple(map(text, sent))}
    return hold([clause(operator, *wanted)], context).verdict


ROWS: list[tuple[str, tuple[Value, ...], tuple[Value, ...] | None, bool | None, str]] = [
    # String operators: exact or with wildcards, with and without case.
    ("StringEquals", ("a",), ("a",), True, OPERATORS),
    ("StringEquals", ("a",), ("A",), False, OPERATORS),
    ("StringEquals", ("a*",), ("ab",), False, OPERATORS),
    ("StringNotEquals", ("a",), ("a",), False, OPERATORS),
    ("StringNotEquals", ("a",), ("b",), True, OPERATORS),
    ("StringEqualsIgnoreCase", ("Ab",), ("aB",), True, OPERATORS),
    ("StringNotEqualsIgnoreCase", ("Ab",), ("aB",), False, OPERATORS),
    ("StringLike", ("a*c?",), ("abcd",), True, OPERATORS),
    ("StringLike", ("a*",), ("Ab",), False, OPERATORS),
    ("StringNotLike", ("a*",), ("ab",), False, OPERATORS),
    ("StringNotLike", ("a*",), ("b",), True, OPERATORS),
    ("stringlike", ("a*",), ("ab",), True, OPERATORS),
    # Several values in the policy: any of them, or with a negation none of them.
    ("StringEquals", ("a", "b"), ("b",), True, SEVERAL),
    ("StringEquals", ("a", "b"), ("c",), False, SEVERAL),
    ("StringNotEquals", ("a", "b"), ("b",), False, SEVERAL),
    ("StringNotEquals", ("a", "b"), ("c",), True, SEVERAL),
    ("StringNotLike", ("a*", "b*"), ("bc",), False, SEVERAL),
    ("ArnNotLike", ("arn:aws:s3:::a*", "arn:aws:s3:::b*"), ("arn:aws:s3:::bc",), False, SEVERAL),
    ("NotIpAddress", ("10.0.0.0/8", "192.0.2.0/24"), ("192.0.2.9",), False, SEVERAL),
    ("NumericNotEquals", ("1", "2"), ("2",), False, SEVERAL),
    # A key that is not sent does not match; asked not to match, it does.
    ("StringEquals", ("a",), ABSENT, False, OPERATORS),
    ("StringNotEquals", ("a",), ABSENT, True, OPERATORS),
    ("StringNotEqualsIgnoreCase", ("a",), ABSENT, True, OPERATORS),
    ("StringLike", ("*",), ABSENT, False, OPERATORS),
    ("StringNotLike", ("*",), ABSENT, True, OPERATORS),
    ("ArnLike", ("arn:aws:s3:::*",), ABSENT, False, OPERATORS),
    ("ArnNotEquals", ("arn:aws:s3:::*",), ABSENT, True, OPERATORS),
    ("Bool", ("false",), ABSENT, False, OPERATORS),
    ("NumericLessThan", ("1",), ABSENT, False, OPERATORS),
    ("NumericNotEquals", ("1",), ABSENT, True, OPERATORS),
    ("DateLessThan", ("2020-01-01T00:00:00Z",), ABSENT, False, OPERATORS),
    ("DateNotEquals", ("2020-01-01T00:00:00Z",), ABSENT, True, OPERATORS),
    ("IpAddress", ("0.0.0.0/0",), ABSENT, False, OPERATORS),
    ("NotIpAddress", ("10.0.0.0/8",), ABSENT, True, OPERATORS),
    ("BinaryEquals", ("QQ==",), ABSENT, False, OPERATORS),
    # ...IfExists: true without the key, and as ever with it.
    ("StringEqualsIfExists", ("a",), ABSENT, True, OPERATORS),
    ("StringEqualsIfExists", ("a",), ("a",), True, OPERATORS),
    ("StringEqualsIfExists", ("a",), ("b",), False, OPERATORS),
    ("StringNotEqualsIfExists", ("a",), ABSENT, True, OPERATORS),
    ("StringNotEqualsIfExists", ("a",), ("a",), False, OPERATORS),
    ("ArnLikeIfExists", ("arn:aws:s3:::b",), ABSENT, True, OPERATORS),
    ("BoolIfExists", ("true",), ABSENT, True, OPERATORS),
    ("BoolIfExists", ("true",), ("false",), False, OPERATORS),
    ("NumericLessThanIfExists", ("1",), ABSENT, True, OPERATORS),
    ("IpAddressIfExists", ("10.0.0.0/8",), ABSENT, True, OPERATORS),
    # Null: asks whether the key is sent.
    ("Null", ("true",), ABSENT, True, OPERATORS),
    ("Null", ("false",), ABSENT, False, OPERATORS),
    ("Null", ("true",), ("x",), False, OPERATORS),
    ("Null", ("false",), ("x",), True, OPERATORS),
    ("Null", ("True",), ABSENT, True, OPERATORS),
    ("Null", ("false",), (TEAM,), True, OPERATORS),
    ("Null", ("maybe",), ("x",), None, OPERATORS),
    ("Null", (TEAM,), ("x",), None, OPERATORS),
    ("NullIfExists", ("true",), ABSENT, None, OPERATORS),  # AWS: IfExists fits all but Null
    # Bool.
    ("Bool", ("true",), ("true",), True, OPERATORS),
    ("Bool", ("True",), ("true",), True, OPERATORS),
    ("Bool", ("false",), ("true",), False, OPERATORS),
    # AWS compares with true or false; of another word it says nothing.
    ("Bool", ("yes",), ("yes",), None, OPERATORS),
    ("Bool", ("yes",), ("true",), None, OPERATORS),
    ("Bool", ("true",), ("yes",), None, OPERATORS),
    ("Bool", ("yes", "true"), ("true",), True, OPERATORS),
    ("Bool", (TEAM,), (TEAM,), None, OPERATORS),
    ("BoolNot", ("false",), ("true",), None, OPERATORS),  # there is no such operator
    # Numbers.
    ("NumericEquals", ("10",), ("10.0",), True, OPERATORS),
    ("NumericNotEquals", ("10",), ("9",), True, OPERATORS),
    ("NumericLessThan", ("10",), ("9",), True, OPERATORS),
    ("NumericLessThan", ("10",), ("10",), False, OPERATORS),
    ("NumericLessThanEquals", ("10",), ("10",), True, OPERATORS),
    ("NumericGreaterThan", ("10",), ("11",), True, OPERATORS),
    ("NumericGreaterThanEquals", ("10",), ("10",), True, OPERATORS),
    ("NumericEquals", ("-1",), ("-1.0",), True, OPERATORS),
    ("NumericEquals", ("10000000000000001",), ("10000000000000000",), False, OPERATORS),
    # An integer or a decimal number: what only Python takes for one is none.
    *(
        ("NumericLessThan", (odd,), ("1",), None, OPERATORS)
        for odd in ("inf", "-inf", "nan", "1_0", "1e3", " 10", "10 ", "", "0x10", "\u0661")
    ),
    ("NumericLessThan", ("10",), ("inf",), None, OPERATORS),
    ("NumericNotEquals", ("nan",), ("nan",), None, OPERATORS),
    ("NumericEquals", ("ten",), ("10",), None, OPERATORS),
    ("NumericNotEquals", ("ten",), ("10",), None, OPERATORS),
    # Dates: ISO 8601 or seconds since the epoch.
    ("DateEquals", ("2020-01-01T00:00:00Z",), ("1577836800",), True, OPERATORS),
    ("DateNotEquals", ("2020-01-01T00:00:00Z",), ("1577836801",), True, OPERATORS),
    ("DateLessThan", ("2020-01-01T00:00:00Z",), ("2019-12-31T23:59:59Z",), True, OPERATORS),
    ("DateLessThanEquals", ("2020-01-01T00:00:00Z",), ("2020-01-01T00:00:00Z",), True, OPERATORS),
    ("DateGreaterThan", ("2020-01-01T00:00:00Z",), ("2020-01-01T01:00:00+00:00",), True, OPERATORS),
    ("DateGreaterThanEquals", ("2020-01-01T00:00:00Z",), ("2019-01-01",), False, OPERATORS),
    ("DateEquals", ("2020-01-01T00:00Z",), ("2020-01-01",), True, W3C),
    ("DateLessThan", ("2020-01-01T00:00:00.5Z",), ("2020-01-01T00:00:00.45Z",), True, W3C),
    ("DateEquals", ("2020-01-01T01:30:00+01:30",), ("1577836800",), True, W3C),
    ("DateEquals", ("2020-01-01T00:00:00Z",), ("1577836800.0",), True, OPERATORS),
    # Four digits are a year for W3C and seconds for the epoch; and forms that neither has.
    ("DateLessThan", ("2030",), ("2020-01-01T00:00:00Z",), None, W3C),
    ("DateLessThan", ("2020-01-01T00:00:00Z",), ("2030",), None, W3C),
    *(
        ("DateLessThan", (odd,), ("2020-01-01T00:00:00Z",), None, W3C)
        for odd in ("2030-01", "2030-01-01T00:00:00", "2030-W01-1", "2030-02-30", "inf", "nan", "")
    ),
    ("DateLessThan", ("soon",), ("2020-01-01T00:00:00Z",), None, OPERATORS),
    # Addresses.
    ("IpAddress", ("203.0.113.0/24",), ("203.0.113.9",), True, OPERATORS),
    ("IpAddress", ("203.0.113.0/24",), ("203.0.114.9",), False, OPERATORS),
    ("IpAddress", ("203.0.113.9",), ("203.0.113.9",), True, OPERATORS),
    ("IpAddress", ("2001:DB8:1234:5678::/64",), ("2001:db8:1234:5678::1",), True, OPERATORS),
    ("IpAddress", ("2001:DB8::/32",), ("203.0.113.9",), False, OPERATORS),
    ("NotIpAddress", ("203.0.113.0/24",), ("203.0.114.9",), True, OPERATORS),
    # The page gives an address without prefix a /32, of version 6 too, where it is 2**96 addresses.
    ("IpAddress", ("2001:db8::1",), ("2001:db8::1",), True, OPERATORS),
    ("IpAddress", ("2001:db8::1",), ("2001:db8::2",), None, OPERATORS),
    ("IpAddress", ("2001:db8::1",), ("2001:db9::1",), False, OPERATORS),
    ("IpAddress", ("10.0.0.0/255.0.0.0",), ("10.0.0.1",), None, OPERATORS),
    ("IpAddress", ("everywhere",), ("203.0.113.9",), None, OPERATORS),
    # ARNs: part by part, a wildcard does not span the colons; the page's own example.
    (
        "ArnLike",
        ("arn:aws:someservice:*:111122223333:finance/*",),
        ("arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",),
        False,
        OPERATORS,
    ),
    (
        "StringLike",
        ("arn:aws:someservice:*:111122223333:finance/*",),
        ("arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",),
        True,
        OPERATORS,
    ),
    ("ArnLike", ("arn:aws:s3:::b*",), ("arn:aws:s3:::bucket/key:1",), True, OPERATORS),
    ("ArnEquals", ("arn:aws:s3:::b*",), ("arn:aws:s3:::bucket",), True, OPERATORS),
    ("ArnEquals", ("arn:aws:s3:::B",), ("arn:aws:s3:::b",), False, OPERATORS),
    ("ArnNotLike", ("arn:aws:s3:::b*",), ("arn:aws:s3:::bucket",), False, OPERATORS),
    ("ArnNotEquals", ("arn:aws:s3:::b",), ("arn:aws:s3:::c",), True, OPERATORS),
    ("ArnLike", ("*",), ("arn:aws:s3:::b",), None, OPERATORS),  # not an ARN pattern
    # No wildcard spans a colon, so what is unknown of the resource cannot be the account.
    (
        "ArnLike",
        ("arn:aws:ecs:*:444455556666:*",),
        (Text.of("arn:aws:ecs:eu-west-1:111122223333:", Hole("resource")),),
        False,
        OPERATORS,
    ),
    (
        "ArnLike",
        ("arn:aws:ecs:*:111122223333:cluster/web",),
        (Text.of("arn:aws:ecs:eu-west-1:111122223333:", Hole("resource")),),
        None,
        OPERATORS,
    ),
    # Binary values are compared in base 64.
    ("BinaryEquals", ("QmluYXJ5",), ("QmluYXJ5",), True, OPERATORS),
    ("BinaryEquals", ("QmluYXJ5",), ("QQ==",), False, OPERATORS),
    # Keys of several values.
    ("ForAnyValue:StringEquals", ("a", "b"), ("x", "b"), True, SETS),
    ("ForAnyValue:StringEquals", ("a", "b"), ("x", "y"), False, SETS),
    ("ForAnyValue:StringEquals", ("a",), ABSENT, False, SETS),
    ("ForAllValues:StringEquals", ("a", "b"), ("a", "b"), True, SETS),
    ("ForAllValues:StringEquals", ("a", "b"), ("a", "x"), False, SETS),
    ("ForAllValues:StringEquals", ("a",), ABSENT, True, SETS),
    ("ForAllValues:StringLike", ("a*",), ("ab", "ac"), True, SETS),
    ("ForAnyValue:StringLike", ("a*",), ("xb", "ac"), True, SETS),
    ("ForAnyValue:StringNotEquals", ("a", "b"), ("a", "b"), False, SETS),
    ("ForAnyValue:StringNotEquals", ("a", "b"), ("a", "x"), True, SETS),
    ("ForAnyValue:StringNotEquals", ("a",), ABSENT, False, SETS),
    ("ForAllValues:StringNotEquals", ("a", "b"), ("x", "y"), True, SETS),
    ("ForAllValues:StringNotEquals", ("a", "b"), ("x", "b"), False, SETS),
    ("ForAllValues:StringNotEquals", ("a",), ABSENT, True, SETS),
    ("ForAllValues:StringEqualsIfExists", ("a",), ABSENT, True, SETS),
    # Two pages disagree, or none speaks: unknown.
    ("ForAnyValue:StringEqualsIfExists", ("a",), ABSENT, None, SETS),
    ("ForAnyValue:StringEqualsIfExists", ("a",), ("a",), True, SETS),
    ("StringEquals", ("a",), ("a", "b"), None, SETS),
    ("StringEquals", ("a", "b"), ("a", "b"), None, SETS),
    ("StringEquals", ("a",), ("b", "c"), False, SETS),
    ("StringEquals", ("a",), ("a", "a"), True, SETS),
    ("StringNotEquals", ("a",), ("a", "b"), None, SETS),
    ("StringNotEquals", ("a",), ("b", "c"), None, SETS),
    ("StringNotEquals", ("a", "b"), ("a", "b"), None, SETS),
    ("StringNotEqualsIfExists", ("a",), ("b", "c"), None, SETS),
    ("Null", ("false",), ("a", "b"), True, OPERATORS),
    ("ForSomeValues:StringEquals", ("a",), ("a",), None, SETS),
    ("StringEqualz", ("a",), ("a",), None, OPERATORS),
    ("", ("a",), ("a",), None, OPERATORS),
    ("StringEquals", (), ("a",), None, OPERATORS),
    ("StringNotEquals", (), ("a",), None, OPERATORS),
    # A key of which nothing is known.
    ("StringEquals", ("a",), UNKNOWN, None, OPERATORS),
    ("StringNotEquals", ("a",), UNKNOWN, None, OPERATORS),
    ("StringEqualsIfExists", ("a",), UNKNOWN, None, OPERATORS),
    ("ForAllValues:StringEquals", ("a",), UNKNOWN, None, SETS),
    ("Null", ("true",), UNKNOWN, None, OPERATORS),
    # Values of which a part is known.
    ("StringEquals", (TEAM,), ("a",), None, OPERATORS),
    ("StringEquals", (TEAM,), (TEAM,), True, OPERATORS),
    ("StringNotEquals", (TEAM,), (TEAM,), False, OPERATORS),
    ("StringEquals", (TEAM, "a"), ("a",), True, OPERATORS),
    ("StringNotEquals", (TEAM, "a"), ("a",), False, OPERATORS),
    ("StringEquals", (Text.of("x-", NAME),), ("y-1",), False, OPERATORS),
    ("StringLike", (Text.of("x-", NAME, "*"),), (Text.of("x-", NAME, "-1"),), True, OPERATORS),
    ("NumericLessThan", (TEAM,), ("1",), None, OPERATORS),
    ("IpAddress", (TEAM,), ("10.0.0.1",), None, OPERATORS),
    (
        "ArnLike",
        (Text.of("arn:aws:iam::", NAME, ":role/*"),),
        (Text.of("arn:aws:iam::", NAME, ":role/app/x"),),
        True,
        OPERATORS,
    ),
    (
        "ArnLike",
        (Text.of("arn:aws:iam::*:role/x"),),
        (Text.of("arn:aws:iam::", TEAM, ":role/x"),),
        None,  # the account is no account: it may hold colons
        OPERATORS,
    ),
    # Policy variables are for the request to fill, the escapes among them.
    ("StringLike", (Text.of(Hole("policy variable aws:userid")),), ("a",), None, VARIABLES),
]


@pytest.mark.parametrize(("operator", "wanted", "sent", "verdict", "page"), ROWS)
def test_operators(
    operator: str,
    wanted: tuple[Value, ...],
    sent: tuple[Value, ...] | None,
    verdict: bool | None,
    page: str,
) -> None:
    """Every operator answers as its page says."""
    assert answer(operator, wanted, sent) is verdict, page


NO_VALUE = VARIABLES + "#policy-vars-no-value"
WHERE = VARIABLES + "#policy-vars-wheretouse"
SPECIAL = VARIABLES + "#policy-vars-specialchars"
ANA, STAR, MANY = ("ana",), ("a*",), ("ana", "bob")
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:"


@pytest.mark.parametrize(
    ("operator", "wanted", "sent", "variable", "verdict", "page"),
    [
        ("StringEquals", ("${v}",), ("ana",), ANA, True, WHERE),
        ("StringNotLike", ("${v}?",), ("ana1",), ANA, False, WHERE),
        ("ArnLike", (QUEUE + "${v}",), (QUEUE + "ana",), ANA, True, WHERE),
        ("ForAnyValue:StringLike", ("${v}*",), ("x", "ana1"), ANA, True, WHERE),
        ("StringEquals", ("${v}",), ("ana",), UNKNOWN, None, WHERE),
        # A key of several values is no variable.
        ("StringEquals", ("${v}",), ("ana",), MANY, None, SETS),
        # Without a value, nothing is equal to it or like it; what is negated holds.
        ("StringEquals", ("${v}",), ("ana",), ABSENT, False, NO_VALUE),
        ("StringEquals", ("${v}",), ("${v}",), ABSENT, False, NO_VALUE),
        ("StringLike", ("${v}*",), ("ana",), ABSENT, False, NO_VALUE),
        ("StringNotEquals", ("${v}",), ("ana",), ABSENT, True, NO_VALUE),
        ("StringNotLike", ("*${v}",), ("ana",), ABSENT, True, NO_VALUE),
        ("ArnLike", (QUEUE + "${v}",), (QUEUE + "ana",), ABSENT, False, NO_VALUE),
        ("ArnNotEquals", (QUEUE + "${v}",), (QUEUE + "ana",), ABSENT, True, NO_VALUE),
        ("StringEqualsIfExists", ("${v}",), ("ana",), ABSENT, False, NO_VALUE),
        ("StringEqualsIfExists", ("${v}",), ABSENT, ABSENT, True, NO_VALUE),
        ("StringNotEquals", ("${v}",), ABSENT, ABSENT, True, NO_VALUE),
        ("ForAnyValue:StringEquals", ("${v}",), ("a", "b"), ABSENT, False, NO_VALUE),
        ("ForAllValues:StringNotEquals", ("${v}",), ("a", "b"), ABSENT, True, NO_VALUE),
        ("StringEquals", ("${v}",), UNKNOWN, ABSENT, None, NO_VALUE),
        ("StringEquals", ("${v}", "ana"), ("ana",), ABSENT, True, SEVERAL),
        ("StringEquals", ("${v, 'ana'}",), ("ana",), ABSENT, True, VARIABLES),
        # Operators that take no variables are not given any.
        ("NumericEquals", ("${v}",), ("10",), ("10",), None, WHERE),
        ("NumericNotEquals", ("${v}",), ("10",), ("9",), None, WHERE),
        ("NumericNotEquals", ("${v}",), ("10",), ABSENT, None, WHERE),
        ("DateLessThan", ("${v}",), ("1577836800",), ("1577836801",), None, WHERE),
        ("IpAddress", ("${v}",), ("10.0.0.1",), ("10.0.0.1",), None, WHERE),
        ("NotIpAddress", ("${v}",), ("10.0.0.1",), ABSENT, None, WHERE),
        ("BinaryEquals", ("${v}",), ("QQ==",), ("QQ==",), None, WHERE),
        ("Null", ("${v}",), ("a",), ("false",), None, OPERATORS + "#Conditions_Null"),
        # The page of the variables forbids them in Bool, the page of the operators has them.
        ("Bool", ("${v}",), ("true",), ("true",), None, OPERATORS + "#Conditions_Boolean"),
        ("Bool", ("${v}",), ("true",), ABSENT, None, OPERATORS + "#Conditions_Boolean"),
        # Whether a star that a value brings is a wildcard, AWS does not say.
        ("StringEquals", ("${v}",), ("a*",), STAR, True, SPECIAL),
        ("StringEquals", ("${v}",), ("ab",), STAR, False, SPECIAL),
        ("StringLike", ("${v}",), ("a*",), STAR, True, SPECIAL),
        ("StringLike", ("${v}",), ("ab",), STAR, None, SPECIAL),
        ("StringLike", ("${v}",), ("b",), STAR, False, SPECIAL),
        ("StringNotLike", ("${v}",), ("ab",), STAR, None, SPECIAL),
        ("StringLike", ("${*}${v}",), ("*ab",), STAR, None, SPECIAL),
        ("StringLike", ("${*}${v}",), ("xab",), STAR, False, SPECIAL),
        ("ArnLike", (QUEUE + "${v}",), (QUEUE + "ab",), STAR, None, SPECIAL),
    ],
)
def test_variables(
    operator: str,
    wanted: tuple[str, ...],
    sent: tuple[str, ...] | None,
    variable: tuple[str, ...] | None,
    verdict: bool | None,
    page: str,
) -> None:
    """Variables are filled where AWS fills them, and never with a guess."""
    given = {"aws:key": sent, "v": variable}
    context = {k: tuple(map(Text.of, v)) for k, v in given.items() if v is not None}
    asked = clause(operator, *(with_variables(Text.of(value)) for value in wanted))
    assert hold([asked], context).verdict is verdict, page


@settings(max_examples=examples(300), deadline=None)
@given(
    st.sampled_from(["StringLike", "StringNotLike"]),
    st.lists(st.sampled_from(["a", "*", "?", "${*}", "${v}"]), max_size=5),
    st.text("ab*?", max_size=5),
    st.text("ab*?", max_size=3),
)
def test_an_answer_with_variables_is_that_of_both_readings(
    operator: str, wanted: list[str], sent: str, value: str
) -> None:
    """A value's stars taken for wildcards, or for stars: what is definite holds of both."""
    negated = operator == "StringNotLike"
    texts = {"*": ".*", "?": ".", "${*}": re.escape("*"), "${v}": re.escape(value), "a": "a"}
    wild = {**texts, "${v}": "".join({"*": ".*", "?": "."}.get(c, c) for c in value)}
    readings = {
        (re.fullmatch("".join(map(table.__getitem__, wanted)), sent) is not None) is not negated
        for table in (texts, wild)
    }
    asked = clause(operator, with_variables(Text.of("".join(wanted))))
    context = {"aws:key": (Text.of(sent),), "v": (Text.of(value),)}
    assert hold([asked], context).verdict is (readings.pop() if len(readings) == 1 else None)


def test_all_clauses_must_hold() -> None:
    """Keys and operators are joined by AND, whatever is unknown of the others."""
    context = {"aws:a": (Text.of("1"),), "aws:b": (Text.of("2"),)}
    one, two = clause("StringEquals", "1", key="aws:A"), clause("StringEquals", "2", key="AWS:b")
    wrong = clause("StringEquals", "3", key="aws:B")
    unknown = clause("StringEquals", "3", key="aws:C")
    assert hold([one, two], context).verdict is True
    assert hold([one, two, wrong], context).verdict is False
    assert hold([unknown, wrong], context).verdict is False
    assert hold([one, unknown], context) == (None, (Fact("context", "aws:C"),), "")
    assert hold([], context).verdict is True


def test_a_failing_clause_is_told() -> None:
    """The reason names operator and key as the policy writes them."""
    found = hold([clause("StringEquals", "1", key="aws:A")], {"aws:a": ()})
    assert found.why == "StringEquals aws:A does not hold"


def test_undecided_values_ask_for_their_template_condition() -> None:
    """A value under an open Fn::If makes the clause unknown, and names the condition."""
    value = Entry(Text.of("a"), PLACE, ("IsProd",))
    found = hold([Clause("StringEquals", "aws:A", (value,))], {"aws:a": (Text.of("a"),)})
    assert found == (None, (Fact("condition", "IsProd"),), "")


def test_unknown_values_ask_for_what_fills_them() -> None:
    """Where the key is sent and the policy's value is open, the value is the missing fact."""
    hole = Hole("{If}", condition="IsProd")
    found = hold([clause("StringEquals", Text.of("x", hole))], {"aws:key": (Text.of("xy"),)})
    assert found == (None, (Fact("condition", "IsProd"),), "")


HOLES = (Hole("any"), Hole("name", excludes=":/*?", nonempty=True))
FILLS = {
    HOLES[0]: ["", "a", "A", "*", "arn:aws:s3:::a", "true"],
    HOLES[1]: ["a", "B", "arn", "true"],
}
values = st.one_of(
    st.sampled_from(["a", "B", "*", "", "a*", "true", "arn:aws:s3:::a", "arn:aws:s3:::?", "2"]),
    st.sampled_from(HOLES),
    st.sampled_from(HOLES).map(lambda hole: Text.of("arn:aws:s3:::", hole)),
)
operators = st.sampled_from(
    [
        f"{quantifier}{name}{if_exists}"
        for quantifier in ("", "ForAnyValue:", "ForAllValues:")
        for name in (
            *("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "Bool"),
            *("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "ArnLike", "ArnNotEquals"),
        )
        for if_exists in ("", "IfExists")
    ]
)


@settings(max_examples=examples(500), deadline=None)
@given(
    operators, st.lists(values, min_size=1, max_size=3), st.none() | st.lists(values, max_size=2)
)
def test_unknown_values_are_judged_soundly(
    operator: str, wanted: list[Value], sent: list[Value] | None
) -> None:
    """An answer in spite of holes is the answer for every way to fill them."""
    verdict = answer(operator, wanted, sent)
    if verdict is None:
        return
    assert sent is not None
    for fills in itertools.product(*FILLS.values()):
        filled = dict(zip(FILLS, fills, strict=True))

        def fill(value: Value, filled: dict[Hole, str] = filled) -> str:
            parts = text(value).parts
            return "".join(filled[p] if isinstance(p, Hole) else p for p in parts)

        assert answer(operator, map(fill, wanted), map(fill, sent)) in (verdict, None), filled


@settings(max_examples=examples(200), deadline=None)
@given(operators, st.lists(values, min_size=1, max_size=3), st.lists(values, max_size=2))
def test_order_and_repetition_do_not_matter(
    operator: str, wanted: list[Value], sent: list[Value]
) -> None:
    """A condition is a set of values compared with a set of values."""
    verdict = answer(operator, wanted, sent)
    assert answer(operator, wanted[::-1], sent[::-1]) is verdict
    assert answer(operator, wanted * 2, sent * 2) is verdict


def test_values_without_a_variable_stand_next_to_one_with() -> None:
    """Each value is filled by itself."""
    wanted = tuple(
        Entry(with_variables(Text.of(each)), Place("t.yml", ())) for each in ("x", "${aws:Tag}")
    )
    compared = Clause("StringEquals", "aws:Key", wanted)
    for sent, verdict in (("x", True), ("b", True), ("c", False)):
        context = {"aws:key": (Text.of(sent),), "aws:tag": (Text.of("b"),)}
        assert hold([compared], context).verdict is verdict


def test_an_unknown_arn_is_like_itself() -> None:
    """Whatever colons it brings, and of two that are unknown nobody can tell."""
    one, two = Text.of("arn:", Hole("One")), Text.of("arn:", Hole("Two"))
    for operator in ("ArnLike", "ArnEquals"):
        for sent, verdict in ((one, True), (two, None)):
            compared = Clause(operator, "aws:Key", (Entry(one, Place("t.yml", ())),))
            assert hold([compared], {"aws:key": (sent,)}).verdict is verdict


@pytest.mark.parametrize("operator", ["NumericEquals", "NumericLessThan", "DateEquals", "Bool"])
def test_an_unknown_value_has_no_order(operator: str) -> None:
    """On either side."""
    known, unknown = Text.of("1"), Text.of(Hole("P"))
    for wanted, sent in ((known, unknown), (unknown, known), (unknown, unknown)):
        compared = Clause(operator, "aws:Key", (Entry(wanted, Place("t.yml", ())),))
        assert hold([compared], {"aws:key": (sent,)}).verdict is None


def test_a_range_may_be_written_with_an_address_of_it() -> None:
    """``10.0.0.1/24`` is all of 10.0.0."""
    assert answer("IpAddress", ["10.0.0.1/24"], ["10.0.0.7"]) is True
    assert answer("IpAddress", ["10.0.0.1/24"], ["10.0.1.7"]) is False
