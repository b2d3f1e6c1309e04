"""Nothing that a template says is markup of a Markdown text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_preflight.render.markdown import code_span, fenced, inline, prose
from copilot_preflight.render.safe_text import safe

PIECES = st.sampled_from(["`", "``", "```", "~~~", "\n", "\r", " ", "![i](http://x)", "a", "www.x"])
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=6).map("".join)


def in_span(markdown: str) -> str:
    """What CommonMark takes for the content of the code span that a text must be."""
    ticks = re.match("`+", markdown)
    assert ticks, markdown
    runs = [it for it in re.finditer("`+", markdown) if len(it[0]) == len(ticks[0])]
    assert [it.end() for it in runs[1:]] == [len(markdown)], markdown
    return markdown[len(ticks[0]) : -len(ticks[0])]


@given(TEXTS)
def test_a_code_span_holds_all_of_a_text(text: str) -> None:
    """It ends where it ends and not before, on the line on which it began."""
    markdown = code_span(text)
    assert "\n" not in markdown
    assert in_span(markdown).strip() == safe(text).strip()


@given(TEXTS)
def test_a_fence_holds_all_of_a_text(text: str) -> None:
    """No line of the text is a fence that ends the block."""
    first, *lines, last = fenced(text).split("\n")
    assert lines == [safe(line) for line in text.split("\n")]
    assert re.fullmatch("`{3,}", first)
    assert last == first
    assert not any(first in line for line in lines)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("HasEnvFile is true and IsLoud is false", None),
        ("execution role 'Role'", None),
        ("web-test.params.json", None),
        ("C ![w](https://a.example/w) is true", "`C ![w](https://a.example/w) is true`"),
        ("https://evil.example", "`https://evil.example`"),
        ("www.evil.example", "`www.evil.example`"),
        ("_a_", "`_a_`"),
        ("", "`  `"),
    ],
)
def test_words_stay_words(text: str, shown: str | None) -> None:
    """What no reader of Markdown can take for markup needs no code span."""
    assert inline(text) == (text if shown is None else shown)


def test_numbers_in_parentheses_stay_words() -> None:
    """The last line of a report has them."""
    assert prose("no findings in 1 file (7 other files ignored)").count("`") == 0
    assert prose("(#7 is fixed)") == "`(#7` is fixed)"
