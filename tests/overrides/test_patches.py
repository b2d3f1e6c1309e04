"""Reading a ``cfn.patches.yml``: its patches, and what is wrong with its shape."""

from __future__ import annotations

import pytest

from copilot_preflight.base.finding import Place
from copilot_preflight.overrides.patches import Patch, parse, pointer
from copilot_preflight.read.document import Document
from copilot_preflight.read.document import parse as read


def test_a_file_is_read_with_its_places() -> None:
    """Each patch knows where it stands, and each value what it is written as."""
    source = read("# why\n- op: add\n  path: /a/-\n  value: !Sub '${x}'\n- {op: remove}\n", "p.yml")
    first, second = parse(source).patches
    assert (first.op, first.path, first.data) == ("add", "/a/-", {"Fn::Sub": "${x}"})
    assert first.place == Place("p.yml", (0,))
    assert first.at("path") == Place("p.yml", (0, "path"))
    assert first.value is not None
    assert first.value.tag == "Fn::Sub"
    assert (second.path, second.value, second.data) == ("", None, None)


@pytest.mark.parametrize("text", ["[]", "null", "~"])
def test_a_file_without_patches_has_none(text: str) -> None:
    """It is no fault of its own."""
    assert parse(read(text, "p.yml")) == ((), ())


def test_a_file_of_comments_has_none() -> None:
    """Whoever reads it has no data for it."""
    assert parse(Document("p.yml", "# nothing yet\n", None)) == ((), ())


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            "op: add\npath: /a",
            (1, 1),
            "a patch file must be a list of {op, path, value}, found a map: Copilot stops at it",
        ),
        ("- add", (1, 3), "a patch must be a map with op, path and value, found a string"),
        ("- [add]", (1, 3), "a patch must be a map with op, path and value, found a list"),
        ("- op: add\n  path: [a]", (2, 9), "path must be a string, found a list"),
        ("- op: {a: 1}", (1, 7), "op must be a string, found a map"),
    ],
)
def test_a_broken_shape_is_one_line(text: str, place: tuple[int, int], message: str) -> None:
    """With its place; there are no patches then."""
    parsed = parse(read(text, "p.yml"))
    assert parsed.patches == ()
    (fault,) = parsed.faults
    assert (fault.file, (fault.line, fault.column), fault.message) == ("p.yml", place, message)


def test_what_is_no_string_is_read_as_it_is_written() -> None:
    """Copilot does so too, and an empty patch is one without an operation."""
    numbered, empty = parse(read("- {op: 1, path: 2, value: 3}\n-\n", "p.yml")).patches
    assert (numbered.op, numbered.path, numbered.data) == ("1", "2", 3)
    assert (empty.op, empty.path) == ("", "")


def test_steps_are_unescaped_in_this_order() -> None:
    """``~01`` is a tilde and a one."""
    assert Patch("add", "/a~1b/~01/-").steps == ("", "a/b", "~1", "-")
    assert pointer(("a/b", "~1", 0)) == "/a~1b/~01/0"
    assert Patch("add", pointer(("a/b", "~1", 0))).steps == ("", "a/b", "~1", "0")
