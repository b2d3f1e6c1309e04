"""Several files of one run, and the summary of GitHub's job."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.base.finding import Finding, InputError, Place, Report
from copilot_preflight.cli import job_summary as appended
from copilot_preflight.render import job_summary

Run = Callable[..., Any]
Write = Callable[..., Path]


@pytest.fixture
def stacks(write: Write, templates: Any, env_file: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack whose task is denied, outside of any step of GitHub's."""
    monkeypatch.delenv(appended.VARIABLE, raising=False)
    return write({"a.yml": templates.denied, "a.params.json": json.dumps({"EnvFileARN": env_file})})


def test_one_run_writes_several_files(run: Run, stacks: Path) -> None:
    """Each as a run of its own would write it; the terminal has what --format says."""
    forms = ("sarif", "markdown", "json")
    wanted = [word for it in forms for word in ("--output", f"{it}=out.{it}")]
    result = run("a.yml", *wanted)
    assert (result.out, result.status) == (run("a.yml").out, 1)
    for form in forms:
        assert (stacks / f"out.{form}").read_text("utf-8") == run("a.yml", "--format", form).out


def test_a_format_of_its_own_leaves_standard_output_to_the_other(run: Run, stacks: Path) -> None:
    """Annotations in the log, and a file for code scanning."""
    result = run("a.yml", "--format", "github", "--output", "sarif=out.sarif")
    assert result.out == run("a.yml", "--format", "github").out
    assert json.loads((stacks / "out.sarif").read_text("utf-8"))["version"] == "2.1.0"


def test_both_forms_of_the_option_go_together(run: Run, stacks: Path) -> None:
    """A file in --format, as ever, and one more."""
    more = ("--format", "json", "--output", "out.json", "--output", "junit=out.xml")
    assert run("a.yml", *more).out == run("a.yml").out
    assert json.loads((stacks / "out.json").read_text("utf-8"))["version"] == 1
    assert (stacks / "out.xml").read_text("utf-8").startswith("<?xml")


def test_a_name_may_have_an_equals_sign(run: Run, stacks: Path) -> None:
    """What is no format is a part of the name."""
    run("a.yml", "--output", "day=1.txt")
    run("a.yml", "--output", "./json=x")
    assert (stacks / "day=1.txt").exists()
    assert (stacks / "json=x").exists()


@pytest.mark.parametrize(
    ("outputs", "wrong"),
    [
        (("json=x", "sarif=x"), "--output names 'x' twice"),
        (("json=x", "sarif=./x"), "--output names './x' twice"),
        (("x", "y"), "--output names 'x' and 'y': write FORMAT=FILE for one of them"),
        (("jsn=x",), "no format 'jsn': did you mean 'json'?"),
        (("json=",), "'json=' names no file"),
        (("json=a.yml",), "a.yml: will not write the report over an input"),
        (("json=x", "junit=a.params.json"), "a.params.json: will not write the report over"),
    ],
)
def test_files_that_get_in_each_others_way_are_refused(
    run: Run, stacks: Path, outputs: tuple[str, ...], wrong: str
) -> None:
    """Two reports in one file, or one over an input, would be lost."""
    before = {it.name: it.read_bytes() for it in stacks.glob("a.*")}
    result = run("a.yml", *(word for it in outputs for word in ("--output", it)))
    assert result.status == 2
    assert wrong in result.err
    assert {it.name: it.read_bytes() for it in stacks.glob("a.*")} == before


@pytest.mark.usefixtures("stacks")
def test_the_baseline_is_none_of_the_outputs(run: Run) -> None:
    """The later of the two would be all that is left."""
    result = run("a.yml", "--output", "json=x", "--write-baseline", "x")
    assert result.status == 2
    assert "--output and --write-baseline both name 'x'" in result.err


def test_a_joined_report_is_written_several_times(run: Run, stacks: Path) -> None:
    """The options of a report are those of merge, too."""
    run("a.yml", "--shard", "1/1", "--format", "json", "--output", "shard.json")
    run("merge", "shard.json", "--output", "sarif=out.sarif", "--output", "junit=out.xml")
    assert (stacks / "out.xml").read_text("utf-8") == run("a.yml", "--format", "junit").out
    assert (stacks / "out.sarif").exists()


# --- GitHub's summary ----------------------------------------------------------------------------


@pytest.fixture
def summary(stacks: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a step of GitHub's appends to."""
    file = stacks / "summary"
    file.write_text("before\n")
    monkeypatch.setenv(appended.VARIABLE, str(file))
    return file


@pytest.mark.parametrize("more", [(), ("--output", "report"), ("--output", "json=report")])
def test_annotations_come_with_a_summary(run: Run, summary: Path, more: tuple[str, ...]) -> None:
    """It is added to what earlier commands of the step have written."""
    run("a.yml", "--format", "github", *more)
    text = summary.read_text("utf-8")
    assert text.startswith("before\n\n## copilot-preflight\n\n**")
    assert text.endswith(run("a.yml", "--format", "markdown").out)


@pytest.mark.parametrize(
    "options",
    [("--format", it) for it in ("text", "json", "markdown")]
    + [("--format", "github", "--no-summary"), ("--format", "github", "--quiet")],
)
def test_nobody_else_adds_a_summary(run: Run, summary: Path, options: tuple[str, ...]) -> None:
    """Only who asks for annotations reads it, and may do without."""
    run("a.yml", *options)
    assert summary.read_text("utf-8") == "before\n"


def test_a_run_does_not_fail_for_its_summary(
    run: Run, stacks: Path, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is full, or a folder that is gone, is a remark."""
    summary.write_text("x" * (appended.LARGEST - 10))
    full = run("a.yml", "--format", "github")
    assert full.status == 1
    assert full.err == "note: the job summary is full: nothing was added to it\n"
    assert summary.stat().st_size == appended.LARGEST - 10
    monkeypatch.setenv(appended.VARIABLE, str(stacks / "gone" / "summary"))
    gone = run("a.yml", "--format", "github")
    assert gone.status == 1
    assert gone.err.startswith("note: nothing was added to the job summary: no such file")


def test_the_summary_is_no_input(run: Run, stacks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that somebody else set does not spoil a template."""
    monkeypatch.setenv(appended.VARIABLE, "a.yml")
    before = (stacks / "a.yml").read_bytes()
    assert run("a.yml", "--format", "github").status == 2
    assert (stacks / "a.yml").read_bytes() == before


def _report(errors: int, warnings: int, text: str = "it is denied") -> Report:
    found = [Finding(Place("a.yml", ()), text, rule="E9711")] * errors
    found += [Finding(Place("a.yml", ()), text, rule="W9713")] * warnings
    return Report(1, found)


def test_the_summary_says_what_has_no_annotation() -> None:
    """GitHub drops it without a word."""
    told = job_summary.render(_report(32, 11))
    assert "22 errors and 1 warning of this report have none" in told
    assert "none" not in job_summary.render(_report(10, 10))
    one_more = _report(10, 0)._replace(errors=[InputError("a.yml", 1, 1, "found a tab")])
    assert "1 error of this report has none" in job_summary.render(one_more)


def test_a_summary_has_room_for_another() -> None:
    """What does not fit is counted, and every part that is there is whole."""
    told = job_summary.render(_report(2000, 0, "x" * 1000))
    assert len(told.encode()) <= job_summary.ROOM
    shown = told.count("### error")
    assert 100 < shown < 2000
    assert f"{2000 - shown} more have no room here" in told
    assert told.count("x" * 1000) == shown
