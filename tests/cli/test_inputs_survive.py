"""Reports and baselines are never written over a file that the run reads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]

STACK = "infrastructure/web-test.stack.yml"
MANIFEST = """\
name: web
env_file: web.env
sidecars: {log: {env_file: log.env}}
environments: {test: {env_file: test.env}, prod: {sidecars: {log: {env_file: prod.env}}}}
"""
BASELINE = json.dumps({"version": 1, "findings": {}})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*"}})
ENV_FILES = ("web.env", "log.env", "test.env", "prod.env")


@pytest.fixture
def folder(write: Write, templates: Any) -> Path:
    """A Copilot workspace with everything that a run may be given."""
    return write(
        {
            STACK: templates.denied,
            "infrastructure/web-test.params.json": '{"Parameters": {"WorkloadName": "web"}}',
            "copilot/web/manifest.yml": MANIFEST,
            ".copilot-preflight.yml": "info: false\n",
            "known.json": BASELINE,
            "scp.json": POLICY,
            "broken.yml": "Resources: [",
            **dict.fromkeys(ENV_FILES, "PASSWORD=hunter2\n"),
        }
    )


@pytest.mark.parametrize("option", ["--output", "--write-baseline"])
@pytest.mark.parametrize(
    "target",
    [
        *ENV_FILES,
        STACK,
        "copilot/web/manifest.yml",
        ".copilot-preflight.yml",
        "infrastructure/web-test.params.json",
        "scp.json",
        "hard link",
    ],
)
def test_no_input_is_written_over(folder: Path, run: Run, option: str, target: str) -> None:
    """One line, status 2, and the file is what it was: also under another name of it."""
    os.link(folder / "web.env", folder / "hard link")
    before = (folder / target).read_bytes()
    result = run(STACK, "--scp", "scp.json", option, target)
    assert result.status == 2
    assert result.err.endswith("will not write the report over an input\n")
    assert result.err.count("\n") == 1
    assert (folder / target).read_bytes() == before


def test_a_report_is_not_written_over_the_baseline(folder: Path, run: Run) -> None:
    """That it was read from, or that is written by the same run."""
    for more in ((), ("--write-baseline", "new.json")):
        result = run(STACK, "--baseline", "known.json", "--output", "known.json", *more)
        assert result.status == 2
        assert (folder / "known.json").read_text() == BASELINE
    result = run(STACK, "--write-baseline", "both.json", "--output", "./both.json")
    assert result.status == 2
    assert "both name './both.json'" in result.err
    assert not (folder / "both.json").exists()


def test_a_template_that_cannot_be_read_is_an_input(folder: Path, run: Run) -> None:
    """What is broken today is somebody's work all the same."""
    result = run("broken.yml", "--output", "broken.yml")
    assert result.status == 2
    assert (folder / "broken.yml").read_text() == "Resources: ["


def test_a_baseline_is_written_anew(folder: Path, run: Run) -> None:
    """It is not read then, so it may be the one that counted before."""
    known = ("--baseline", "known.json")
    assert run(STACK, *known, "--write-baseline", "known.json").status == 0
    assert json.loads((folder / "known.json").read_text())["findings"]
    assert run(STACK, *known).status == 0


def test_a_report_is_written_anew(folder: Path, run: Run) -> None:
    """Next to the templates, where the folder is what was asked for."""
    for _ in range(2):
        assert run(".", "--output", "report.json", "--format", "json").status == 0
    assert json.loads((folder / "report.json").read_text())["findings"]
