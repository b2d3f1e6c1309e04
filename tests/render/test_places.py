"""How files are named to other programs."""

from __future__ import annotations

import ntpath
import os
from pathlib import Path

import pytest

from copilot_preflight.base.finding import Position, Span
from copilot_preflight.render import places
from copilot_preflight.render.places import last_line, relative, uri

ROOT = "PREFLIGHT_ROOT"


@pytest.mark.parametrize(
    ("file", "seen"),
    [
        ("web.yml", "web.yml"),
        ("./infra//web.yml", "infra/web.yml"),
        ("infra/../web.yml", "web.yml"),
        ("..web.yml", "..web.yml"),
        ("<stdin>", "<stdin>"),
        ("--parameter", "--parameter"),
    ],
)
def test_files_are_named_from_the_current_folder(file: str, seen: str) -> None:
    """However a file was spelt, it has one name."""
    assert relative(file) == seen


def test_files_are_named_from_the_root_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that runs in a folder of a checkout names files as the checkout has them."""
    (tmp_path / "checkout/api").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "checkout/api")
    monkeypatch.setenv(ROOT, str(tmp_path / "checkout"))
    assert relative("web.yml", ROOT) == "api/web.yml"
    assert relative("../web.yml", ROOT) == "web.yml"
    assert relative(str(tmp_path / "checkout/x.yml"), ROOT) == "x.yml"


def test_a_file_outside_keeps_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name begins with two dots; a root that has nothing to do with a file does not count."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv(ROOT, "/elsewhere")
    assert relative("../web.yml") == f"{tmp_path}/web.yml"
    assert relative("web.yml", ROOT) == "web.yml"


def test_paths_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backslashes become slashes, another drive keeps its letter."""
    monkeypatch.setattr(places, "path", ntpath)
    monkeypatch.setattr(os, "getcwd", lambda: r"C:\work")
    assert relative(r"infra\web.yml") == "infra/web.yml"
    assert relative(r"C:\work\infra\web.yml") == "infra/web.yml"
    assert relative(r"D:\web.yml") == "D:/web.yml"
    assert uri("infra/a b.yml") == "infra/a%20b.yml"
    assert uri("D:/a b.yml") == "file:///D:/a%20b.yml"
    assert uri("//server/share/web.yml") == "file://server/share/web.yml"


@pytest.mark.parametrize(
    ("seen", "spelt"),
    [
        ("a b/c#d?e%.yml", "a%20b/c%23d%3Fe%25.yml"),
        ("C:/web.yml", "C%3A/web.yml"),
        (r"a\b.yml", "a%5Cb.yml"),
        ("/tmp/ä.yml", "file:///tmp/%C3%A4.yml"),
        ("\udcff.yml", "%FF.yml"),
        ("\ud800.yml", "%ED%A0%80.yml"),
    ],
)
def test_a_uri_says_every_name(seen: str, spelt: str) -> None:
    """Whatever a URI gives a meaning to is escaped; names that are no UTF-8 keep their bytes."""
    assert uri(seen) == spelt


@pytest.mark.parametrize(
    ("end", "last"), [((3, 5), 3), ((5, 2), 5), ((5, 1), 4), ((3, 1), 3), ((4, 1), 3)]
)
def test_the_last_line_has_a_character(end: tuple[int, int], last: int) -> None:
    """A block that ends where the next line begins ends on the line before."""
    assert last_line(Span(Position(3, 1), Position(*end))) == last
