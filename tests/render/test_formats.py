from __future__ import annotations

import subprocess
import sys
from io import StringIO

import pytest

from copilot_preflight.base.finding import InputError, Report
from copilot_preflight.render.formats import FORMATS, render, width_of


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_ends_its_last_line(format: str) -> None:
    """Output is made of whole lines, so that it can be appended to a log."""
    errors = [InputError("a.yml", 1, 1, "found a tab")]
    text = render(Report(0, [], errors), format)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_unknown_format_is_an_error_that_lists_the_known() -> None:
    """The CLI offers ``FORMATS`` alone; a caller of the library learns what there is."""
    with pytest.raises(ValueError, match="format 'xml' is not one of text, concise, json, sarif"):
        render(Report(0, []), "xml")


@pytest.mark.parametrize(
    ("format", "absent"),
    [
        ("text", ["json", "importlib.metadata", "copilot_preflight.render.json", "textwrap"]),
        ("concise", ["json", "copilot_preflight.render.json", "textwrap", "unicodedata"]),
        ("json", ["unicodedata", "importlib.metadata", "copilot_preflight.render.text"]),
        ("sarif", ["importlib.metadata", "copilot_preflight.render.text", "textwrap"]),
        ("junit", ["json", "hashlib", "xml", "html", "copilot_preflight.render.text"]),
        ("github", ["json", "hashlib", "copilot_preflight.render.text", "textwrap"]),
        ("gitlab", ["importlib.metadata", "copilot_preflight_rules", "textwrap"]),
    ],
)
def test_a_run_imports_its_own_format_only(format: str, absent: list[str]) -> None:
    """A cold start does not pay for the other formats."""
    code = (
        "import sys; from copilot_preflight.base.finding import Report\n"
        "from copilot_preflight.render.formats import render\n"
        f"render(Report(0, []), {format!r})\n"
        f"print(sorted(set({absent!r}) & set(sys.modules)))"
    )
    path = f"import sys; sys.path[:0] = {sys.path!r}\n"
    run = [sys.executable, "-S", "-c", path + code]
    result = subprocess.run(run, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("columns", "width"), [("40", 80), ("93", 93), ("300", 120)])
def test_width_is_the_terminals_within_bounds(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    """Very narrow excerpts show nothing, very wide prose is hard to read."""
    monkeypatch.setenv("COLUMNS", columns)
    assert width_of(Terminal()) == width


@pytest.mark.parametrize(("columns", "width"), [("40", 80), ("93", 93), ("300", 120), ("x", 100)])
def test_width_of_a_pipe_is_that_of_columns(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    """Who sets the variable for others, wants it; the terminal around is of no account."""
    monkeypatch.setenv("COLUMNS", columns)
    assert width_of(StringIO()) == width
    monkeypatch.delenv("COLUMNS")
    assert width_of(StringIO()) == 100
