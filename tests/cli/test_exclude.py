"""``--exclude`` and ``exclude``: what is left out of folders, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

FILE = ".copilot-preflight.yml"


@pytest.fixture
def stacks(write: Write, templates: Any) -> Path:
    return write(
        {
            "infra/a.yml": templates.clean,
            "infra/b-dev.yml": templates.denied,
            "infra/legacy/c.yml": templates.denied,
        }
    )


def files(result: Any) -> set[str]:
    report = json.loads(result.out)
    return {it["file"] for it in report["findings"]}


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize("pattern", ["infra/legacy", "legacy/", "infra/**/c.yml", "**/legacy/**"])
def test_what_matches_is_left_out_of_folders(run: Run, pattern: str) -> None:
    result = run("infra", "--exclude", pattern, "--format", "json")
    assert (result.status, files(result)) == (1, {"infra/b-dev.yml"})
    both = run("infra", "--exclude", pattern, "--exclude", "*-dev.yml")
    assert (both.status, both.out.endswith("no findings in 1 file\n")) == (0, True)


def test_the_configuration_says_it_from_its_own_folder(
    run: Run, stacks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stacks / FILE).write_text("exclude: [infra/legacy, '*-dev.yml']\n")
    assert run("infra").status == 0
    monkeypatch.chdir(stacks / "infra" / "legacy")
    assert run("..").status == 0
    shown = json.loads(run("config", "--format", "json").out)["settings"]["exclude"]
    assert shown["value"] == ["../../infra/legacy", "../../**/*-dev.yml"]
    # A list of the command line takes the place of the file's.
    assert run("..", "--exclude", "../*-dev.yml").status == 1


@pytest.mark.usefixtures("stacks")
def test_a_file_that_is_named_is_checked(run: Run) -> None:
    """Nobody who names a template wants to hear that nothing is wrong with it."""
    assert run("infra/b-dev.yml", "--exclude", "*-dev.yml").status == 1


@pytest.mark.usefixtures("stacks")
def test_files_of_a_commit_are_no_such_names(run: Run) -> None:
    """A hook passes whatever changed; what is excluded stays out of it."""
    changed = ("--changed", "infra/a.yml", "infra/b-dev.yml")
    assert run(*changed).status == 1
    assert run(*changed, "--exclude", "*-dev.yml").status == 0


@pytest.mark.usefixtures("stacks")
def test_a_folder_of_which_nothing_is_left_does_not_pass(run: Run) -> None:
    result = run("infra", "--exclude", "infra")
    assert result.errors == [
        "error: infra: no template in this folder or below it, and no file (exclude leaves out 3 "
        "more)"
    ]
    assert result.status == 2


@pytest.mark.usefixtures("stacks")
def test_fix_leaves_it_alone(run: Run) -> None:
    result = run("fix", "--diff", "infra", "--exclude", "legacy/")
    assert "infra/b-dev.yml:15:50: left E9711" in result.err
    assert "legacy" not in result.err


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize(
    ("pattern", "told"),
    [("[z-a]", "range 'z-a' runs backwards"), ("", "a pattern cannot be empty")],
)
def test_a_bad_pattern_is_refused(run: Run, pattern: str, told: str) -> None:
    result = run("infra", "--exclude", pattern)
    assert result.status == 2
    assert told in result.err
