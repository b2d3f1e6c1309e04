"""Formats for programs on the command line: where they go, and the counts beside them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.render.formats import FOR_PEOPLE, FORMATS

Run = Callable[..., Any]
Write = Callable[..., Path]

OTHERS = [format for format in FORMATS if format not in FOR_PEOPLE]


@pytest.fixture
def stacks(write: Write, templates: Any, env_file: str) -> Path:
    """Two stacks whose task is denied, one with a warning; one file that is broken."""
    files = {"a": templates.denied, "b": templates.denied, "locked": templates.locked}
    values = json.dumps({"EnvFileARN": env_file})
    return write(
        {
            **{f"{name}.yml": text for name, text in files.items()},
            **{f"{name}.params.json": values for name in files},
            "broken.yml": "Resources: [",
        }
    )


@pytest.mark.usefixtures("stacks")
def test_every_format_tells_every_finding(run: Run) -> None:
    """What is found, and what cannot be judged, is in the report whatever its format."""

    def told(format: str) -> Any:
        result = run("a.yml", "b.yml", "locked.yml", "broken.yml", "--format", format)
        assert result.status == 2
        return result.out if format == "github" else _read(result.out)

    def _read(out: str) -> Any:
        return ET.fromstring(out) if out.startswith("<") else json.loads(out)

    (sarif,) = told("sarif")["runs"]
    assert [it["ruleId"] for it in sarif["results"]] == ["E9711", "E9711", "W9713"]
    assert sarif["invocations"][0]["executionSuccessful"] is False
    assert [it["check_name"] for it in told("gitlab")] == ["E9711", "E9711", "W9713", "input"]
    junit = told("junit")
    assert (junit.attrib["failures"], junit.attrib["errors"]) == ("3", "1")
    starts = [line.partition(",")[0] for line in told("github").splitlines()]
    assert starts == [
        "::error file=a.yml",
        "::error file=b.yml",
        "::warning file=locked.yml",
        "::error file=broken.yml",
    ]


@pytest.mark.parametrize("format", OTHERS)
def test_a_file_leaves_the_text_on_the_terminal(run: Run, stacks: Path, format: str) -> None:
    """With --output the terminal has what a person reads, and the file what a program reads."""
    result = run("a.yml", "--format", format, "--output", "report")
    assert result.out == run("a.yml").out
    assert (stacks / "report").read_text("utf-8") == run("a.yml", "--format", format).out
    assert result.status == 1


@pytest.mark.usefixtures("stacks")
def test_standard_input_has_no_file_to_annotate(run: Run, templates: Any) -> None:
    """GitHub would look for a file of that name, and find none."""
    result = run("-", "--format", "github", stdin=templates.denied.encode())
    assert result.out.startswith("::error line=") or result.out == ""
    sarif = run("-", "--format", "sarif", stdin=templates.denied.encode())
    (artifact,) = json.loads(sarif.out)["runs"][0]["artifacts"]
    assert artifact["location"]["uri"] == "%3Cstdin%3E"


COUNTS = "2  E9711  env-file-denied\n1  W9713  env-file-version-locked\n"


@pytest.mark.usefixtures("stacks")
def test_statistics_follow_the_text(run: Run) -> None:
    """The counts of each rule, the most frequent first, below the report."""
    plain = run("locked.yml", "a.yml", "b.yml")
    assert run("locked.yml", "a.yml", "b.yml", "--statistics").out == f"{plain.out}\n{COUNTS}"
    assert run("a.yml", "--ignore", "E,W", "--statistics").out.endswith("no findings in 1 file\n")


@pytest.mark.parametrize("format", OTHERS)
def test_statistics_never_spoil_a_report(run: Run, stacks: Path, format: str) -> None:
    """Where a program reads standard output, the counts are on standard error."""
    paths = ("locked.yml", "a.yml", "b.yml")
    plain = run(*paths, "--format", format)
    counted = run(*paths, "--format", format, "--statistics")
    assert (counted.out, counted.err) == (plain.out, COUNTS)
    beside = run(*paths, "--format", format, "--statistics", "--output", "report")
    assert beside.out.endswith(f"\n\n{COUNTS}")
    assert (stacks / "report").read_text("utf-8") == plain.out


@pytest.mark.usefixtures("stacks")
def test_concise_is_one_line_for_each_finding(run: Run) -> None:
    """As ruff and gcc write it, with the proof in the last line; input errors are beside it."""
    paths = ("a.yml", "locked.yml", "broken.yml")
    result = run(*paths, "--format", "concise")
    denied, locked, summary = result.out.splitlines()
    assert re.fullmatch(r"a\.yml:\d+:\d+: E9711 execution role 'ExecutionRole' .+", denied)
    assert re.fullmatch(r"locked\.yml:\d+:\d+: W9713 .+", locked)
    assert summary == run(*paths).out.splitlines()[-1]
    assert result.err.startswith("error: broken.yml:1:")


def test_concise_in_a_file_leaves_the_text_on_the_terminal(run: Run, stacks: Path) -> None:
    """As with every format that is written to a file."""
    result = run("a.yml", "--format", "concise", "--output", "report")
    assert result.out == run("a.yml").out
    assert (stacks / "report").read_text("utf-8") == run("a.yml", "--format", "concise").out


@pytest.mark.usefixtures("stacks")
def test_statistics_follow_the_concise_lines(run: Run) -> None:
    """Both are for people, and stand on standard output."""
    paths = ("locked.yml", "a.yml", "b.yml")
    plain = run(*paths, "--format", "concise").out
    assert run(*paths, "--format", "concise", "--statistics").out == f"{plain}\n{COUNTS}"
