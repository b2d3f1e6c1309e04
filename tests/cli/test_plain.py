"""What is read without click is what click reads."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_preflight.cli import checking
from copilot_preflight.cli.checking import CheckRequest
from copilot_preflight.cli.commands import check as command
from copilot_preflight.cli.group import cli
from copilot_preflight.cli.plain import plain_check

WORDS = (
    "check", "-q", "--quiet", "--changed", "--statistics", "--no-suppressions", "--info",
    "--no-info", "--no-config", "--format", "--format=json", "--format=xml", "json", "sarif", "-",
    "a.yml", "folder/", "", "--", "-v", "-qv", "--verbose", "--jobs", "2", "--config", "--select",
    "E97", "rules", "chekc", "-h", "--version", "--quite", "--fail-on=never",
)  # fmt: skip


class Asked(Exception):
    """Stands for the check itself: carries what it was asked for."""


def _by_click(words: Sequence[str]) -> tuple[CheckRequest, dict[str, object]] | None:
    """What click reads; None where it refuses, or runs something else than a check."""

    def run(request: CheckRequest, settings: dict[str, object]) -> None:
        raise Asked(request, settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "run", run)
        patch.setattr(command, "settings_of", lambda **given: given)
        try:
            cli.main(list(words), "copilot-preflight", standalone_mode=False)
        except Asked as asked:
            request, settings = asked.args
            assert settings.pop("paths") == request.paths
            return request, {k: v for k, v in settings.items() if v not in (None, ())}
        except (click.ClickException, SystemExit):
            pass
    return None


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_plain_words_mean_what_click_says(words: list[str]) -> None:
    """Whatever is read without click is the request that click makes of it."""
    plain = plain_check(words)
    if plain is None:
        return
    settings: dict[str, object] = {str(path[0]): value for path, value in plain.settings.items()}
    settings["no_config"] = not plain.is_configured
    assert (plain.request, settings) == _by_click(words)


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        (["a.yml"], CheckRequest(("a.yml",))),
        (["check", "a.yml", "-q", "b.yml"], CheckRequest(("a.yml", "b.yml"), quiet=True)),
        (["--changed", "x", "--format", "json"], CheckRequest(("x",), form="json", changed=True)),
    ],
)
def test_usual_checks_are_plain(words: list[str], request_: CheckRequest) -> None:
    """Paths, flags and a format need no click."""
    plain = plain_check(words)
    assert plain is not None
    assert plain.request == request_


@pytest.mark.parametrize(
    "words",
    [
        [], ["check"], ["rules"], ["--help"], ["chekc"], ["a.yml", "--jobs", "2"], ["a.yml", "--"],
        ["a.yml", "--format"], ["a.yml", "--format", "xml"], ["a.yml", "-qv"],
    ],
)  # fmt: skip
def test_the_rest_is_left_to_click(words: list[str]) -> None:
    """Other commands, other options, and whatever is wrong."""
    assert plain_check(words) is None


def test_completion_is_left_to_click(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell asks by a variable of the environment."""
    monkeypatch.setenv("_COPILOT_PREFLIGHT_COMPLETE", "bash_complete")
    assert plain_check(["a.yml"]) is None


def test_windows_expands_with_click(monkeypatch: pytest.MonkeyPatch) -> None:
    """No shell of Windows expands ``*.yml``, and click does."""
    monkeypatch.setattr(os, "name", "nt")
    assert plain_check(["*.yml"]) is None
    assert plain_check(["a.yml"]) is not None


def test_interruption_ends_the_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """^C during a plain check ends with the same status as elsewhere."""
    from copilot_preflight.cli.main import main

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checking, "run", interrupt)
    with pytest.raises(SystemExit) as ended:
        main(["a.yml"])
    assert ended.value.code == 130
    assert capsys.readouterr().err == "\n"
