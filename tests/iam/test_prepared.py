"""A statement read once gives the answers of one read anew for each request."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import examples
from tests.iam.test_evaluate import requests, statement, statements

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.evaluate import Request, applies, covers_action
from copilot_preflight.iam.policy import Clause, Entry, Principal, Statement
from copilot_preflight.iam.prepared import Patterns, Prepared

patterns = st.lists(st.text("ab/[.*?", max_size=6), min_size=1, max_size=4)
strings = st.text("ab/[.*?\n", max_size=8)


def by_regex(pattern: str, known: str) -> bool:
    written = "".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in pattern)
    return re.fullmatch(written, known, re.DOTALL) is not None


@settings(max_examples=examples(600), deadline=None)
@given(patterns, st.lists(strings, min_size=1, max_size=4))
def test_wildcards_agree_with_a_regex(several: list[str], known: list[str]) -> None:
    """Patterns that are asked together match what any of them matches, however often."""
    together = Patterns(several)
    for one in [*known, *known]:
        assert together.match(one) is any(by_regex(pattern, one) for pattern in several)


def test_the_empty_string_is_asked_like_any_other() -> None:
    """Nothing is what stars, and they alone, match."""
    assert Patterns(["**"]).match("")
    assert not Patterns(["*?"]).match("")


@settings(max_examples=examples(600), deadline=None)
@given(statements, st.lists(requests, min_size=1, max_size=3))
def test_prepared_answers_are_the_same(found: Statement, asked: list[Request]) -> None:
    """Whatever is unknown, in the statement or in the request; and in any order of requests."""
    prepared = Prepared(found)
    for request in [*asked, *asked]:
        covered = covers_action(found, request.action)
        answer = prepared.applies(request, request.resource.literal, covered)
        assert answer == applies(found, request)


ODD = (
    "arn:aws:s3",
    "arn:aws:s3:*/k",
    "arn:aws:s3:::b/*",
    "arn:aws:s3::",
    "arn:*:b/k",
    "arn:aws:sqs",
)


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(st.sampled_from(ODD), min_size=1, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_prepared_answers_are_the_same_of_odd_arns(
    patterns: list[str], inverse: bool, is_identity_based: bool
) -> None:
    """Those that are not whole, and those of whose wildcards AWS says too little."""
    made = statement("Allow", ["*"], patterns)
    if inverse:
        made = made._replace(resources=(), not_resources=made.resources)
    if not is_identity_based:
        made = made._replace(principals=(Principal("AWS", Entry(Text.of("*"), made.place)),))
    request = Request("s3:GetObject", Text.of("arn:aws:s3:::b/k"))
    covered = covers_action(made, request.action)
    answer = Prepared(made).applies(request, request.resource.literal, covered)
    assert answer == applies(made, request)


# --- characters that are no wildcards -------------------------------------------------------------


def with_variable(pattern: str) -> Text:
    """A pattern as it is read out of a policy: ``${…}`` becomes a hole."""
    pieces = re.split(r"\$\{([^}]*)\}", pattern)
    return Text.of(*(Hole(f"policy variable {p}") if n % 2 else p for n, p in enumerate(pieces)))


@pytest.mark.parametrize(
    ("pattern", "resource", "covered"),
    [
        ("b/${*}", "b/*", True),
        ("b/${*}", "b/k", False),
        ("b/${*}*", "b/*k", True),
        ("b/*${*}", "b/k*", True),
        ("b/*${*}", "b/k", False),
        ("b/${?}", "b/?", True),
        ("b/${?}", "b/k", False),
        ("b/${*}", "b/?", False),
        ("b/${$}{*}", "b/${k}", True),
        ("b/${*}/${aws:username}", "b/*/ana", True),
    ],
)
def test_a_star_in_braces_is_a_star(pattern: str, resource: str, covered: bool) -> None:
    """``${*}`` and ``${?}`` match themselves only, beside wildcards that match them too."""
    found = statement("Allow", ["*"], [with_variable(pattern)])
    request = Request("s3:GetObject", Text.of(resource), {"aws:username": (Text.of("ana"),)})
    assert applies(found, request).verdict is covered


@pytest.mark.parametrize(
    ("operator", "wanted", "sent", "holds"),
    [
        ("StringEquals", "a${*}", "a*", True),
        ("StringEquals", "a${*}", "ab", False),
        ("StringEquals", "*${*}", "**", True),
        ("StringEquals", "*${*}", "a*", False),
        ("StringEqualsIgnoreCase", "A${?}", "a?", True),
        ("StringLike", "*${*}", "a*", True),
        ("StringLike", "*${*}", "a", False),
        ("StringNotLike", "*${*}", "a", True),
        ("ArnLike", "arn:aws:s3:::${*}", "arn:aws:s3:::*", True),
        ("ArnLike", "arn:aws:s3:::${*}", "arn:aws:s3:::b", False),
    ],
)
def test_a_star_in_braces_is_a_star_in_a_condition(
    operator: str, wanted: str, sent: str, holds: bool
) -> None:
    """Operators with wildcards and those without."""
    place = statement("Allow", [], []).place
    clause = Clause(operator, "aws:Key", (Entry(with_variable(wanted), place),))
    found = statement("Allow", ["*"], ["*"], clauses=(clause,))
    request = Request("s3:GetObject", Text.of("b"), {"aws:key": (Text.of(sent),)})
    assert applies(found, request).verdict is holds


def test_a_hole_may_be_the_star_that_is_asked_for() -> None:
    """Where the resource is not known, neither is whether it has the star."""
    found = statement("Allow", ["*"], [with_variable("b/${*}")])
    unknown = Request("s3:GetObject", Text.of("b/", Hole("Key")))
    assert applies(found, unknown).verdict is None
    elsewhere = Request("s3:GetObject", Text.of("c/", Hole("Key")))
    assert applies(found, elsewhere).verdict is False


@pytest.mark.parametrize("asked", ["b/1", "b/5", "b/9", "*"])
def test_one_of_many_resources(asked: str) -> None:
    """A resource is found by what it is spelt like, if it is there for certain."""
    bucket = Hole("Bucket", excludes=":/*?", nonempty=True)
    texts = [Text.of("arn:aws:s3:::", bucket, f"-b/{number}") for number in range(8)]
    made = statement("Allow", ["s3:GetObject"], texts)
    doubted = made.resources[5]._replace(conditions=("IsProd",))
    made = made._replace(resources=(*made.resources[:5], doubted, *made.resources[6:]))
    for found in (made, made._replace(resources=(), not_resources=made.resources)):
        request = Request("s3:GetObject", Text.of("arn:aws:s3:::", bucket, f"-{asked}"))
        covered = covers_action(found, request.action)
        answer = Prepared(found).applies(request, request.resource.literal, covered)
        assert answer == applies(found, request)
    if asked == "b/1":
        assert applies(made, request).verdict is True
