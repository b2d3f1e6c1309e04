"""Which files a pattern is about, held against a regular expression."""

from __future__ import annotations

import os
import random
import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.amount import examples

from copilot_preflight.base.globs import Globs, fault_of

PIECES = ("a", "b", "a.yml", "*", "?", "**", "[ab]", "[!a]", "[a-c]", "[!a-c]", "[-a]", "[!]", "*b")
NAMES = ("a", "b", "d", "-", "!", "ab", "a.yml")
FILES = ["/".join(names) for count in (1, 2, 3) for names in product(NAMES, repeat=count)]


def as_regex(step: str) -> str:
    """One step of a path, by the book."""
    written = ""
    for token in re.findall(r"\[!?[^\]]+\]|.", step):
        if len(token) > 2:
            inside = token[1:-1]
            written += (
                "[^/" + inside[1:] + "]" if inside[:1] == "!" and inside[1:] else f"[{inside}]"
            )
        else:
            written += {"*": "[^/]*", "?": "[^/]"}.get(token) or re.escape(token)
    return written


def reference(pattern: str) -> re.Pattern[str]:
    """A pattern by the book; what lies below a folder that matches belongs to it."""
    steps = pattern.split("/")
    if len(steps) == 1:
        steps = ["**", *steps]
    written = ""
    for index, step in enumerate(steps):
        if step != "**":
            written += as_regex(step) + "/"
        elif index < len(steps) - 1:
            written += "(?:[^/]+/)*"
    return re.compile(f"{written}(?:.*)")


@settings(max_examples=examples(300), deadline=None)
@example(["a", "**", "**"], random.Random(0))
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_patterns_match_as_a_regular_expression_does(steps: list[str], chance: object) -> None:
    """Stars, question marks, classes and ranges, in steps of a path."""
    pattern = "/".join(steps)
    found, expected = Globs("/repo", (pattern,)), reference(pattern)
    for file in chance.sample(FILES, 25):  # type: ignore[attr-defined]
        answer = expected.fullmatch(f"{file}/") is not None
        assert found.match(f"/repo/{file}") is answer, (pattern, file)


@pytest.mark.parametrize(
    ("pattern", "file", "answer"),
    [
        ("x[1-3].yml", "/repo/x2.yml", True),
        ("x[1-3].yml", "/repo/x4.yml", False),
        ("x[!1-3].yml", "/repo/x4.yml", True),
        ("x[!1-3].yml", "/repo/x2.yml", False),
        ("a[!b]c", "/repo/a/c", False),  # a class takes no slash, whatever it leaves out
        ("x[ab", "/repo/x[ab", True),  # a bracket that nothing closes is itself
        ("../other/*.yml", "/other/a.yml", True),
        ("../other/*.yml", "/repo/other/a.yml", False),
        ("./a", "/repo/a", True),
        ("a/", "/repo/b/a/c.yml", True),
        ("/a", "/repo/a", True),
        ("/a", "/repo/b/a", False),
    ],
)
def test_where_a_pattern_begins_and_what_it_takes(pattern: str, file: str, answer: bool) -> None:
    """Folders above, brackets, and a slash that ties a pattern to its folder."""
    assert Globs("/repo", (pattern,)).match(file) is answer


def test_a_file_is_named_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of the patterns need not be the one in which the command runs."""
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    here = os.path.realpath(tmp_path)
    assert Globs(here, ("in/a.yml",)).match("a.yml")
    assert not Globs(here, ("/a.yml",)).match("a.yml")
    assert Globs(here, ("/a.yml",)).match("../a.yml")


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("[z-a].yml", "'[z-a].yml': range 'z-a' runs backwards"),
        ("x[!9-0]", "'x[!9-0]': range '9-0' runs backwards"),
        ("[a-z].yml", ""),
        ("[a-a]", ""),
        ("[a-]", ""),
        ("[-a]", ""),
        ("[z-", ""),
        ("z-a", ""),
    ],
)
def test_a_range_that_runs_backwards_is_a_fault(pattern: str, fault: str) -> None:
    """It can never match; everything else is a pattern."""
    assert fault_of(pattern) == fault
