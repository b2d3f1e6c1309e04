"""What a report says of itself."""

from __future__ import annotations

import pytest

from copilot_preflight.base.finding import (
    Finding,
    Place,
    Position,
    Report,
    Severity,
    Silenced,
    Span,
)
from copilot_preflight.read.document import parse

AT = Place("t.yml", ("Resources", "A"))
FOUND = {letter: Finding(AT, "m", rule=f"{letter}9700") for letter in "EWI"}


def test_a_place_in_a_file_that_was_not_loaded_is_its_beginning() -> None:
    """A finding may point at a file of which the run knows no more than the name."""
    report = Report(1, (), sources={"t.yml": parse("Resources:\n  A: {B: c}\n", "t.yml")})
    assert report.span(AT).start == Position(2, 6)
    assert report.span(AT._replace(key=True)).start == Position(2, 3)
    assert report.span(AT._replace(file="other.yml")) == Span(Position(1, 1), Position(1, 1))


@pytest.mark.parametrize(
    ("letters", "worst"),
    [
        ("", None),
        ("I", Severity.INFO),
        ("IW", Severity.WARNING),
        ("WEI", Severity.ERROR),
    ],
)
def test_the_worst_of_a_report(letters: str, worst: Severity | None) -> None:
    """It decides the exit status; what is suppressed counts for nothing."""
    silenced = (Silenced(FOUND["E"], "inSource"),)
    report = Report(1, [FOUND[letter] for letter in letters], silenced=silenced)
    assert report.worst is worst
    assert report.suppressed == 1
    assert report.count(Severity.ERROR) == letters.count("E")


def test_what_assumes_something_is_a_warning_at_most() -> None:
    """Whatever the rule, and whatever the user makes of the rule."""
    sure, assuming = FOUND["E"], FOUND["E"]._replace(assumes=("Env",))
    assert (sure.severity, assuming.severity) == (Severity.ERROR, Severity.WARNING)
    assert assuming._replace(graded=Severity.ERROR).severity is Severity.WARNING
    assert assuming._replace(graded=Severity.INFO).severity is Severity.INFO
