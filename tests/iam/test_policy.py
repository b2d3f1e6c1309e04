"""Policy variables become holes, and facts name what is missing."""

from __future__ import annotations

import pytest

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Hole, Text, match
from copilot_preflight.iam.policy import (
    Clause,
    Entry,
    Fact,
    Statement,
    fill_variables,
    missing_values,
    with_variables,
)

BUCKET = Hole("Bucket", excludes=":/*?", nonempty=True)


@pytest.mark.parametrize(
    ("pattern", "target", "answer"),
    [
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        ("b/${aws:username}/*", "b/anna/x", None),
        ("b/${aws:username}/*", "c/anna/x", False),
        ("b/${aws:PrincipalTag/team, 'none'}/*", "b/none/x", None),
        ("b/${*}", "b/x", None),
        ("b/${?}", "b/?", None),
        ("b/${$}{x}", "b/${x}", None),
        ("b/$x", "b/$x", True),
        ("b/${", "b/${", None),
    ],
)
def test_policy_variables_are_unknown(pattern: str, target: str, answer: bool | None) -> None:
    """A variable may stand for anything; what is written around it still counts."""
    assert match(with_variables(Text.of(pattern)), Text.of(target)) is answer


def test_a_variable_whose_name_is_unknown_swallows_the_rest() -> None:
    """Where a hole of the template stands inside a variable, nothing behind it is certain."""
    pattern = with_variables(Text.of("b/${aws:PrincipalTag/", BUCKET, "}/x"))
    assert match(pattern, Text.of("b/anything")) is None
    assert match(pattern, Text.of("c/anything")) is False


def test_texts_without_variables_are_left_alone() -> None:
    """Holes of the template are not variables of the policy."""
    text = Text.of("b/", BUCKET, "/$/{x}")
    assert with_variables(text) is text


def test_the_same_variable_is_the_same_value() -> None:
    """Two mentions of a variable agree, those of two variables need not."""
    one, again = (with_variables(Text.of("b/${aws:userid}")) for _ in range(2))
    assert one.equals(again) is True
    assert one.equals(with_variables(Text.of("b/${aws:username}"))) is None


def test_missing_values_name_conditions_first() -> None:
    """A hole that a template condition would fill asks for the condition, others for a value."""
    text = Text.of("a", Hole("If ...", condition="IsProd"), BUCKET)
    assert missing_values(text) == (Fact("condition", "IsProd"), Fact("value", "Bucket"))


# --- Version --------------------------------------------------------------------------------------

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
OLD = pytest.mark.parametrize("version", ["", "2008-10-17"])


@OLD
@pytest.mark.parametrize("written", ["b/${aws:username}/*", "b/${*}", "b/${$}", "b/${aws:x, 'y'}"])
def test_variables_of_an_old_policy_are_text(version: str, written: str) -> None:
    """Without a Version, or with the first, AWS takes them for literal strings."""
    assert with_variables(Text.of(written), version) == Text.of(written)


def test_variables_of_a_policy_of_unknown_version_are_anything() -> None:
    """They may be text, or have whatever value the request gives them."""
    text = with_variables(Text.of("b/${aws:username}/*"), None)
    for target in ("b/${aws:username}/k", "b/ana/k"):
        assert match(text, Text.of(target)) is None
    assert match(text, Text.of("c/ana/k")) is False
    assert missing_values(text) == (Fact("value", "Version of the policy"),)
    assert text.equals(with_variables(Text.of("b/${aws:username}/*"), None)) is True
    assert text.equals(with_variables(Text.of("b/${aws:userid}/*"), None)) is None
    plain = Text.of("b/", BUCKET, "/*")
    assert with_variables(plain, None) is plain


def written(version: str | None, text: str = "b/${aws:username}/*", **more: object) -> Statement:
    place = Place("t.yml", ())
    entry = Entry(with_variables(Text.of(text), version), place)
    return Statement("Allow", place, version=version, **(more or {"resources": (entry,)}))  # type: ignore[arg-type]


@OLD
def test_a_statement_knows_its_literal_variables(version: str) -> None:
    """In Resource, NotResource and Condition; none where there are none, or they are filled."""
    place = Place("t.yml", ())
    entry = Entry(Text.of("${aws:username}"), place)
    assert written(version).has_literal_variables
    assert written(version, not_resources=(entry,)).has_literal_variables
    clause = Clause("StringLike", "s3:prefix", (entry,))
    assert written(version, clauses=(clause,)).has_literal_variables
    assert not written(version, sid="${aws:username}").has_literal_variables
    assert not written(version, "b/$x/*").has_literal_variables


@pytest.mark.parametrize("version", ["2012-10-17", None])
def test_a_statement_whose_variables_may_be_filled_has_no_literal_ones(version: str | None) -> None:
    """What is not known is not told."""
    found = written(version)
    assert not found.has_literal_variables
    assert found.in_current_version() is found


@OLD
def test_a_statement_can_be_read_in_the_current_version(version: str) -> None:
    """As what it was meant to be; one without variables is the same in both."""
    assert written(version).in_current_version() == written("2012-10-17")
    plain = written(version, "b/*")
    assert plain.in_current_version() is plain


def test_a_value_that_both_strings_share_decides_nothing() -> None:
    """It is missing only where nothing else is."""
    one, two = Hole("One"), Hole("Two", condition="IsProd")
    both = Text.of(BUCKET, "/", one), Text.of(BUCKET, "-", two)
    assert missing_values(*both) == (Fact("value", "One"), Fact("condition", "IsProd"))
    assert missing_values(Text.of(BUCKET, "/"), Text.of(BUCKET)) == (Fact("value", "Bucket"),)
    assert missing_values(both[0]) == (Fact("value", "Bucket"), Fact("value", "One"))


def test_variables_next_to_values_of_the_template() -> None:
    """A hole of ours stays what it is, in every version, and is no variable of its name."""
    text = Text.of(BUCKET, "/${aws:username}")
    assert [hole.name for hole in with_variables(text).holes] == [
        "Bucket",
        "policy variable aws:username",
    ]
    assert next(with_variables(text, None).holes) == BUCKET
    for name in ("$", "*", "aws:username"):
        own = Text.of(Hole(name))
        assert fill_variables(own, {"aws:username": (Text.of("ana"),)}) is own
