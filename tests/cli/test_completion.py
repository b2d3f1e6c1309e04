"""Shells complete the command: the real shell runs the script and asks for what fits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.cli.commands import COMMANDS
from copilot_preflight_rules import CATALOGUE

Run = Callable[..., Any]

# As bash does for TAB: words, the number of the one under the cursor, then the function.
BASH = """
compopt() {{ echo "compopt $1 $2"; }}
eval "$(copilot-preflight completion bash)"
complete -p copilot-preflight
COMP_WORDS=({words}); COMP_CWORD={at}
_copilot_preflight_completion copilot-preflight
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """
autoload -U compinit && compinit -D -u
eval "$(copilot-preflight completion zsh)"
print -r -- $_comps[copilot-preflight]
"""
FISH = """
copilot-preflight completion fish | source
complete --do-complete 'copilot-preflight explain E971'
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose ``copilot-preflight`` is the one of these tests."""
    folder = tmp_path_factory.mktemp("bin")
    command = folder / "copilot-preflight"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m copilot_preflight "$@"\n')
    command.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def _run(shell: Sequence[str], script: str, environment: dict[str, str], folder: Path) -> list[str]:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")
    done = subprocess.run(
        [*shell, script],
        capture_output=True,
        check=False,
        cwd=folder,
        env=environment,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture
def offered(environment: dict[str, str], tmp_path: Path) -> Callable[..., list[str]]:
    """What bash offers for the last of some words, behind the name of the command."""

    def needed(*words: str) -> list[str]:
        told = " ".join(f"'{word}'" for word in ("copilot-preflight", *words))
        script = BASH.format(words=told, at=len(words))
        registered, *found = _run(["bash", "--norc", "-c"], script, environment, tmp_path)
        assert registered.endswith("-F _copilot_preflight_completion copilot-preflight")
        return [line for line in found if line]

    return needed


RULES = [rule.id for rule in CATALOGUE]
STARTS = [rule for rule in RULES if rule.startswith("E974")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["exp"], ["explain"]),
        (["explain", "E974"], STARTS),
        (["explain", "env-file-st"], ["env-file-stale-grant"]),
        (["check", "--select", "e974"], STARTS),
        (["infra", "--ignore", "W9713,E9712,E9711"], ["W9713,E9712,E9711"]),
        (["infra", "--format", "j"], ["json", "junit"]),
        (["--format", "gitl"], ["gitlab"]),
        (["check", "--fail-on", "n"], ["never"]),
        (["completion", "z"], ["zsh"]),
        (["--ver"], ["--version", "--verbose"]),
        (["check", "--qu"], ["--quiet"]),
    ],
)
def test_bash_is_offered(
    offered: Callable[..., list[str]], words: list[str], expected: list[str]
) -> None:
    """Commands, rules by id or name, formats and options, where each of them may stand."""
    assert offered(*words) == expected


def test_bash_is_offered_every_command(offered: Callable[..., list[str]]) -> None:
    """Behind the bare name, every command."""
    assert offered("") == list(COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ["check", ""],
        ["infra"],
        ["infra", "--params", "web"],
        ["infra", "--output", ""],
        ["infra", "--policy", "Boundary=b"],
    ],
)
def test_bash_completes_files_by_itself(
    offered: Callable[..., list[str]], words: list[str]
) -> None:
    """Paths are left to bash, also where the command's name is left out."""
    assert offered(*words) == ["compopt -o default"]


def test_zsh_takes_the_script(environment: dict[str, str], tmp_path: Path) -> None:
    """zsh registers the function for the command."""
    found = _run(["zsh", "-f", "-c"], ZSH, environment, tmp_path)
    assert found == ["_copilot_preflight_completion"]


def test_fish_is_offered_rules(environment: dict[str, str], tmp_path: Path) -> None:
    """fish offers the rules, with their names beside them."""
    found = _run(["fish", "--no-config", "-c"], FISH, environment, tmp_path)
    assert "E9711\tenv-file-denied" in found


def test_another_shell_is_refused(run: Run) -> None:
    """A shell for which there is no script is a wrong use of the command."""
    result = run("completion", "tcsh")
    assert (result.status, result.out) == (2, "")
    assert "'tcsh' is not one of" in result.err
