"""Rounds of fixes: what is made together, what is not made, and what is said of it.

The file of these tests lists its own defects, ``a b c``; a check finds those, and a fix writes
another word in the place of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from copilot_preflight.base.finding import Finding, InputError, Place, Report
from copilot_preflight.edits.edit import Applicability, replacement
from copilot_preflight.edits.fix import Fix
from copilot_preflight.edits.spelling import Spelling
from copilot_preflight.fixes.rounds import MOST_CHECKS, Outcome, Refused, Rounds, Written
from copilot_preflight.fixes.texts import Texts
from copilot_preflight.fixes.together import together

FILE = "t"
BROKEN = "broken"


class _Source:
    """A text that is its own data."""

    def __init__(self, text: str) -> None:
        self.text = text

    def span(self, path: Any, *, key: bool = False) -> Any:
        raise NotImplementedError


class World:
    """A file with defects, and what each of them becomes when it is fixed."""

    def __init__(
        self,
        becomes: Mapping[str, str],
        review: Sequence[str] = (),
        unwritable: Sequence[str] = (),
    ) -> None:
        self.becomes = becomes
        self.review = review
        self.unwritable = unwritable
        self.checks = 0

    def check(self, texts: Texts) -> Report:
        self.checks += 1
        return self.report(texts.written[FILE])

    def report(self, text: str) -> Report:
        words = text.split()
        errors = [InputError(FILE, 1, 1, "cannot be read")] if BROKEN in words else []
        findings = [
            Finding(Place(FILE, (number,)), word, rule="E9711")
            for number, word in enumerate(words)
            if word != "-" and not errors
        ]
        return Report(1, findings, errors, sources={FILE: _Source(text)})

    def fix_of(self, finding: Finding, _report: Report) -> Fix | str:
        new = self.becomes.get(finding.message)
        if new is None:
            return "nothing"
        how = Applicability.REVIEW if finding.message in self.review else Applicability.SAFE
        edit = replacement(finding.at, Spelling(new), f"mend {finding.message}", how)
        return Fix(edit.title, how, (edit,))

    def written(self, fixes: Sequence[Fix], report: Report, texts: Texts) -> Written:
        words = report.sources[FILE].text.split()
        refused = []
        for fix in fixes:
            (edit,) = fix.edits
            at = edit.path[0]
            assert isinstance(at, int)
            if words[at] in self.unwritable:
                refused.append(Refused(fix, "behind an alias"))
            else:
                words[at] = str(edit.value)
        return Written(texts.having({FILE: " ".join(words)}), refused)

    def outcome(self, text: str, *, with_review: bool = False) -> Outcome:
        rounds = Rounds(self.check, self, with_review=with_review)
        return rounds.outcome(self.report(text))


def ended(outcome: Outcome) -> str:
    return outcome.after.texts.written.get(FILE, "")


def left(outcome: Outcome) -> dict[str, str]:
    return {it.finding.message: it.reason for it in outcome.left}


def test_what_touches_different_things_is_made_in_one_round() -> None:
    world = World(dict.fromkeys("abc", "-"))
    outcome = world.outcome("a b c")
    assert (ended(outcome), left(outcome), world.checks) == ("- - -", {}, 1)
    assert [it.finding.message for it in outcome.made] == ["a", "b", "c"]


def test_a_fix_that_brings_another_finding_is_not_made() -> None:
    """Found among many, which are all made; and said with what it would bring."""
    names = [f"x{number}" for number in range(20)]
    world = World({**dict.fromkeys(names, "-"), "x13": "worse"})
    outcome = world.outcome(" ".join(names))
    assert ended(outcome).split() == ["-"] * 13 + ["x13"] + ["-"] * 6
    assert left(outcome) == {"x13": "it would bring E9711: worse"}
    assert world.checks < 15


def test_a_fix_that_leaves_its_finding_is_not_made() -> None:
    outcome = World({"a": "a", "b": "-"}).outcome("a b")
    assert (ended(outcome), left(outcome)) == ("a -", {"a": "the finding would stay"})


def test_a_fix_that_breaks_the_file_is_not_made() -> None:
    outcome = World({"a": BROKEN, "b": "-"}).outcome("a b")
    assert ended(outcome) == "a -"
    assert left(outcome) == {"a": "the file could not be judged any more: cannot be read"}


def test_what_a_fix_brings_up_is_fixed_too() -> None:
    """One policy denied it, and behind it the next one does."""
    outcome = World({"a": "b", "b": "c", "c": "-"}).outcome("a")
    assert (ended(outcome), left(outcome)) == ("-", {})
    assert [it.finding.message for it in outcome.made] == ["a", "b", "c"]


@pytest.mark.parametrize("end", ["a", "d"])
def test_fixes_that_go_in_a_circle_are_not_made(end: str) -> None:
    world = World({"a": "b", "b": "c", "c": end, "d": "e"})
    outcome = world.outcome("a")
    assert ended(outcome) == ""
    assert left(outcome) == {"a": "it would bring E9711: b"}


def test_what_has_to_be_looked_at_is_made_only_if_asked_for() -> None:
    world = World({"a": "-", "b": "-"}, review=["b"])
    outcome = world.outcome("a b")
    assert (ended(outcome), left(outcome)) == ("- b", {"b": "--review does it: mend b"})
    assert ended(world.outcome("a b", with_review=True)) == "- -"


def test_what_cannot_be_written_is_said_and_the_rest_is_made() -> None:
    outcome = World(dict.fromkeys("ab", "-"), unwritable=["a"]).outcome("a b")
    assert (ended(outcome), left(outcome)) == ("a -", {"a": "behind an alias"})


def test_a_finding_without_a_fix_stays() -> None:
    outcome = World({}).outcome("a")
    assert ended(outcome) == ""
    assert list(left(outcome)) == ["a"]


@pytest.mark.parametrize("wrong", [0, 37, 99])
def test_one_fix_of_many_that_is_wrong_is_found_by_halves(wrong: int) -> None:
    becomes = {f"w{number}": "-" for number in range(100)}
    becomes[f"w{wrong}"] = "new"
    world = World(becomes)
    found = world.outcome(" ".join(becomes))
    assert [*left(found)] == [f"w{wrong}"]
    assert ended(found).split().count("-") == 99
    assert world.checks < 30


def test_where_many_fixes_are_wrong_it_is_given_up() -> None:
    """What is left is said to be left, and the checks have an end."""
    becomes = {f"w{number}": f"n{number}" for number in range(1000)}
    world = World(becomes)
    found = world.outcome(" ".join(becomes))
    assert (ended(found), [*left(found)]) == ("", [*becomes])
    assert any("name fewer files" in reason for reason in left(found).values())
    assert world.checks < 2 * MOST_CHECKS


def test_what_cannot_be_written_with_others_is_found_by_halves() -> None:
    attempts = 0

    def attempt(some: Sequence[Fix]) -> tuple[Texts | None, str]:
        nonlocal attempts
        attempts += 1
        titles = {it.title for it in some}
        if "7" in titles or {"40", "41"} <= titles:
            return None, "in the way"
        return Texts({fix.title: "" for fix in some}), ""

    fixes = [Fix(str(number), Applicability.SAFE, ()) for number in range(100)]
    texts, refused = together(fixes, Texts(), attempt)
    assert {it.fix.title: it.is_final for it in refused} == {"7": True, "41": False}
    assert set(texts.read) == {str(number) for number in range(100)} - {"7", "41"}
    assert attempts < 40
