"""The fenced blocks of a page, and shell that is run as a user or a pipeline runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[2]
SAMPLES = PROJECT / "sample_templates"
BIN = Path(sys.executable).parent
HANG = 240
"""Seconds after which a process hangs."""


def blocks(page: str, language: str) -> list[str]:
    """The blocks of one language in a page of ``docs/``, in their order."""
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


class Ran(NamedTuple):
    """What a process left behind: its status, and both outputs as they came."""

    status: int
    out: str


_HOSTS = ("GIT_", "GITHUB_", "CI_", "BITBUCKET_", "CODEBUILD_", "COLUMNS", "FORCE_COLOR")
"""What git and pipelines tell a process by: these tests may be run by them as well."""


def clean_environment(**more: str) -> dict[str, str]:
    """The environment of a user who has this checkout's command, and no host around it."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(_HOSTS)}
    path = f"{BIN}{os.pathsep}{ours.get('PATH', '')}"
    return {**ours, "PATH": path, "PYTHONUTF8": "1", "GIT_CONFIG_GLOBAL": os.devnull, **more}


def bash(script: str, folder: Path, env: Mapping[str, str] | None = None) -> Ran:
    """Runs a script as pipelines do: it ends with the first command that fails."""
    return run(["bash", "-e", "-o", "pipefail", "-c", script], folder, env)


def run(command: list[str], folder: Path, env: Mapping[str, str] | None = None) -> Ran:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=HANG,
        cwd=folder,
        env=dict(clean_environment() if env is None else env),
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode())
