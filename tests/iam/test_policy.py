"""Policy variables become holes, and facts name what is missing."""

from __future__ import annotations

import pytest

from copilot_preflight.base.symbolic import Hole, Text, match
from copilot_preflight.iam.policy import Fact, missing_values, with_variables

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
