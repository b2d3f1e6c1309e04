"""Changes of a text as lines and columns, and as whole lines."""

from __future__ import annotations

import pytest

from copilot_preflight.base.finding import Position, Span
from copilot_preflight.edits.shown import Change, ChangedLines, Lines
from copilot_preflight.edits.text.changes import TextChange

TEXT = "a: 1\nb:\n  c: 2\n  d: 3\ne: 4\n"


def at(words: str, text: str = TEXT) -> int:
    return text.index(words)


def lines(*changes: TextChange, text: str = TEXT) -> list[tuple[int, list[str], list[str], str]]:
    found = Lines("t.yml", text).changed(changes)
    return [(it.first, [*it.old], [*it.new], it.above) for it in found]


def test_a_change_has_lines_and_columns() -> None:
    """The first character is 1:1, and the end is just behind the last one."""
    change = TextChange(at("c"), at("c") + 4, "x: 5")
    (found,) = Lines("t.yml", TEXT).changes([change])
    assert found == Change("t.yml", Span(Position(3, 3), Position(3, 7)), "x: 5")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_a_value_is_the_line_that_it_stands_in(line_break: str) -> None:
    """Whatever ends the lines of the file."""
    text = TEXT.replace("\n", line_break)
    change = TextChange(at("2", text), at("2", text) + 1, "22")
    assert lines(change, text=text) == [(3, ["  c: 2"], ["  c: 22"], "")]


@pytest.mark.parametrize(
    "change",
    [
        TextChange(at("\n  d"), at("\n  d"), "\n  x: 9"),
        TextChange(at("  d"), at("  d"), "  x: 9\n"),
    ],
    ids=["behind a line", "before a line"],
)
def test_what_is_added_comes_after_a_line(change: TextChange) -> None:
    """It takes the place of none."""
    assert lines(change) == [(4, [], ["  x: 9"], "  c: 2")]


def test_what_is_added_at_the_end_and_at_the_beginning() -> None:
    """The end of the last line begins no other."""
    assert lines(TextChange(len(TEXT), len(TEXT), "f: 5\n")) == [(6, [], ["f: 5"], "e: 4")]
    assert lines(TextChange(4, 4, "\nf: 5"), text="a: 1") == [(2, [], ["f: 5"], "a: 1")]
    assert lines(TextChange(0, 0, "# note\n")) == [(1, [], ["# note"], "")]


def test_what_is_removed_leaves_no_line() -> None:
    assert lines(TextChange(at("  c"), at("  d"), "")) == [(3, ["  c: 2"], [], "")]


def test_neighbours_are_one_stretch_and_others_are_not() -> None:
    """Two changes of one line, or of the next one, are shown together."""
    first = TextChange(at("c"), at("c") + 1, "x")
    same, following = (TextChange(at(it), at(it) + 1, it * 2) for it in ("2", "3"))
    far = TextChange(at("1"), at("1") + 1, "7")
    assert lines(first, same, following) == [(3, ["  c: 2", "  d: 3"], ["  x: 22", "  d: 33"], "")]
    assert [first for first, *_ in lines(far, following)] == [1, 4]


def test_a_change_of_nothing_is_none() -> None:
    assert lines(TextChange(0, 1, "a")) == []
    assert ChangedLines("t", 1, (), ()).above == ""
