"""Comments that look like suppressions and are none: a note says what to write."""

from __future__ import annotations

import pytest
from tests.run.suppress.stack import ACCEPTED, Check, above, beside, reported

VALUE = "Value: arn:aws:s3:::files/web.env"


@pytest.mark.parametrize(
    ("comment", "shown"),
    [
        ("# noqa: E9711", "# noqa: E9711"),
        ("# NOQA", "# NOQA"),
        ("# preflight: disable[E9711] by hand", "# preflight: disable[E9711]"),
        ("# preflight: skip", "# preflight: skip"),
        (
            "# copilot-preflight: ignore[env-file-denied] x",
            "# copilot-preflight: ignore[env-file-d",
        ),
        ("# cfn-lint: ignore E9711", "# cfn-lint: ignore E9711"),
    ],
)
def test_a_note_says_what_to_write(check: Check, comment: str, shown: str) -> None:
    """The finding is reported, and nothing else: the note is no finding."""
    for text, line in ((beside(VALUE, comment), 10), (above(VALUE, comment), 10)):
        report = check(text)
        assert {rule for rule, _, _ in reported(report)} == {"E9711"}
        (note,) = report.notes
        assert f":{line}:" in note
        assert shown in note
        assert note.endswith("suppresses nothing here: write '# preflight: ignore[E9711]' and why")


@pytest.mark.parametrize(
    "comment",
    ["# noqa: E501", "# noqa: W9713", "# cfn-lint: E3012", "# a noqa thing", ACCEPTED, "# nothing"],
)
def test_what_is_meant_for_others_is_left_alone(check: Check, comment: str) -> None:
    assert list(check(beside(VALUE, comment)).notes) == []


def test_far_from_a_finding_nothing_is_said(check: Check) -> None:
    assert list(check(beside("- PolicyName: location", "# noqa: E9711")).notes) == []


def test_text_is_no_comment(check: Check) -> None:
    text = beside(VALUE, "").replace("Name: web", "Name: 'web # noqa: E9711'")
    assert list(check(text).notes) == []


def test_one_comment_has_one_note(check: Check) -> None:
    """Around two findings too, of one rule or of several."""
    (note,) = check(beside("Task:", "# noqa")).notes
    assert "ignore[E9711]" in note
