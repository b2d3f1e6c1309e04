"""Positions and paths: ours, 1-based in characters, and those of an editor."""

from __future__ import annotations

import pytest
from lsprotocol import types

from copilot_preflight.base.finding import DataPath, Position, Span
from copilot_preflight.lsp.positions import Lines
from copilot_preflight.read import document

TEXT = "a: 1\r\nb: '\U0001f600é' # x\rc: {d: !Sub '${e}'}\n"


@pytest.mark.parametrize(("encoding", "unit"), [("utf-8", 10), ("utf-16", 7), ("utf-32", 6)])
def test_columns_are_counted_in_the_agreed_unit(encoding: str, unit: int) -> None:
    """There and back again, behind an emoji and a letter with an accent."""
    lines = Lines(TEXT, encoding)
    behind = Position(2, 7)
    assert lines.place(behind) == types.Position(1, unit)
    assert lines.position(types.Position(1, unit)) == behind


def test_a_place_inside_a_character_is_that_character() -> None:
    """Between the halves of a surrogate pair, say."""
    assert Lines(TEXT).position(types.Position(1, 5)) == Position(2, 5)


def test_places_behind_the_text_are_at_its_end() -> None:
    lines = Lines(TEXT)
    assert lines.place(Position(9, 9)) == types.Position(3, 0)
    assert lines.position(types.Position(0, 99)) == Position(1, 5)
    assert lines.position(types.Position(99, 0)) == Position(100, 1)


def test_several_lines_are_underlined_on_the_first() -> None:
    """A squiggle under a whole statement hides more than it shows."""
    shown = Lines(TEXT).underlined(Span(Position(2, 1), Position(3, 2)))
    assert shown == types.Range(types.Position(1, 0), types.Position(1, 12))


@pytest.mark.parametrize(
    ("line", "column", "path"),
    [
        (1, 1, ("a",)),
        (1, 4, ("a",)),
        (2, 5, ("b",)),
        (3, 5, ("c", "d", "Fn::Sub")),
        (3, 9, ("c", "d", "Fn::Sub")),
        (3, 15, ("c", "d", "Fn::Sub")),
        (3, 4, ("c",)),
        (4, 1, ()),
        (9, 9, ()),
        (0, 0, ()),
    ],
)
def test_a_position_has_a_path(line: int, column: int, path: DataPath) -> None:
    """That of the innermost node, whose key and tag are part of it."""
    assert document.parse(TEXT, "x.yml").path_at(Position(line, column)) == path


def test_every_node_is_found_where_it_begins() -> None:
    """``path_at`` is the way back from ``span``."""
    text = "R:\n  - !If\n    - C\n    - {x: !GetAtt A.B}\n    - [1, 2]\n  - &n {k: v}\n  - *n\n"
    found = document.parse(text, "x.yml")
    paths: list[DataPath] = [
        ("R", 0, "Fn::If", 0),
        ("R", 0, "Fn::If", 1, "x", "Fn::GetAtt", 0),
        ("R", 0, "Fn::If", 2, 1),
        ("R", 1, "k"),
        ("R", 2),
    ]
    for path in paths:
        assert found.path_at(found.span(path).start) == path
