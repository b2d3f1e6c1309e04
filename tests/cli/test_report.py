"""The report: what is in it, where it goes, and the exit status."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]

BROKEN = "Resources: ["


@pytest.fixture
def stacks(write: Write, templates: Any, env_file: str) -> Path:
    """A folder with one stack for each severity, and one that cannot be read."""
    files = {"error": templates.denied, "warning": templates.locked, "info": templates.undetermined}
    values = json.dumps({"EnvFileARN": env_file})
    return write(
        {
            **{f"{name}.yml": text for name, text in files.items()},
            **{f"{name}.params.json": values for name in files},
            "clean.yml": templates.clean,
            "clean.params.json": values,
            "broken.yml": BROKEN,
        }
    )


# --- exit status ---------------------------------------------------------------------------------

FAILS_ON = {
    "error": {"error"},
    "warning": {"error", "warning"},
    "info": {"error", "warning", "info"},
    "never": set[str](),
}


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("name", ["clean", "error", "warning", "info"])
@pytest.mark.parametrize("fail_on", [None, *FAILS_ON])
def test_exit_status(run: Run, fail_on: str | None, name: str, broken: bool) -> None:
    """1 for findings at or above --fail-on, error unless told; 2 wins wherever a file is broken."""
    options = [] if fail_on is None else ["--fail-on", fail_on]
    paths = [f"{name}.yml", *(["broken.yml"] if broken else [])]
    expected = 2 if broken else int(name in FAILS_ON[fail_on or "error"])
    assert run(*paths, *options).status == expected
    assert run(*paths[::-1], *options, "--format", "json").status == expected


@pytest.mark.usefixtures("stacks")
def test_undecided_calls_are_told_only_on_request(run: Run) -> None:
    """What cannot be decided is silent without --info, --fail-on info or the rule's own name."""
    assert run("info.yml").out.endswith("no findings in 1 file\n")
    for options in (["--info"], ["--fail-on", "info"], ["--select", "I9790"], ["--select", "I"]):
        result = run("info.yml", *options)
        assert result.out.endswith("1 info in 1 file\n")
        assert result.status == int("--fail-on" in options)


# --- rules ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], {"E9711", "W9713"}),
        (["--select", "E9711"], {"E9711"}),
        (["--select", "e9711"], {"E9711"}),
        (["--select", "env-file-version-locked"], {"W9713"}),
        (["--select", "Env-File-Version-Locked"], {"W9713"}),
        (["--select", "E"], {"E9711"}),
        (["--select", "E97,W97"], {"E9711", "W9713"}),
        (["--select", " E9711 , W9713 "], {"E9711", "W9713"}),
        (["--select", "E9711", "--select", "W9713"], {"E9711", "W9713"}),
        (["--select", ""], {"E9711", "W9713"}),
        (["--ignore", "E9711"], {"W9713"}),
        (["--ignore", "E,W"], set()),
        (["--ignore", ""], {"E9711", "W9713"}),
        (["--select", "E", "--ignore", "E9711"], set()),
        (["--select", "E9711", "--ignore", "W"], {"E9711"}),
    ],
)
def test_select_and_ignore(run: Run, options: list[str], found: set[str]) -> None:
    """Rules are chosen by id, by name, or by the beginning of an id; --ignore wins."""
    result = run("error.yml", "warning.yml", "clean.yml", "--format", "json", *options)
    assert {finding["rule"] for finding in json.loads(result.out)["findings"]} == found
    assert result.status == int("E9711" in found)


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize("name", ["E1234", "files", "X", "E9711,E1234", "*", "e9711x"])
def test_unknown_rule_is_an_error(run: Run, option: str, name: str) -> None:
    """A rule that does not exist is a mistake, in either option."""
    result = run("clean.yml", option, name)
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        f"error: invalid value for {option}: no rule '{name.split(',')[-1]}' "
        "(see 'copilot-preflight check --help')\n"
    )


@pytest.mark.usefixtures("stacks")
def test_a_rule_that_is_mistyped_is_named(run: Run) -> None:
    """As for the configuration file."""
    assert run("clean.yml", "--ignore", "env-file-denid").err.startswith(
        "error: invalid value for --ignore: no rule 'env-file-denid': did you mean "
        "'env-file-denied'? (see "
    )


# --- formats -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("stacks")
def test_json_holds_findings_and_errors(run: Run) -> None:
    """The JSON report has everything, and the errors are on standard error too."""
    result = run("error.yml", "broken.yml", "clean.yml", "--format", "json")
    report = json.loads(result.out)
    assert report["version"] == 1
    assert report["summary"] == {
        "files": 2,
        "error": 1,
        "warning": 0,
        "info": 0,
        "suppressed": 0,
        "calls": {"allowed": 1, "denied": 1, "undetermined": 0, "not_judged": 0},
    }
    (finding,) = report["findings"]
    assert (finding["rule"], finding["file"]) == ("E9711", "error.yml")
    (error,) = report["errors"]
    place = (error["file"], error["line"], error["column"])
    assert place == ("broken.yml", 1, 13)
    assert result.err == f"error: broken.yml:1:13: {error['message']}\n"


@pytest.mark.usefixtures("stacks")
def test_findings_keep_the_order_of_the_paths(run: Run) -> None:
    """Files are reported in the order in which they are given."""
    for paths in (["error.yml", "warning.yml"], ["warning.yml", "error.yml"]):
        findings = json.loads(run(*paths, "--format", "json").out)["findings"]
        assert [finding["file"] for finding in findings] == paths


def test_json_is_utf_8_on_any_terminal(spawn: Run, write: Write, templates: Any) -> None:
    """JSON is UTF-8 whatever the locale is; text shows what the terminal cannot as escapes."""
    write({"统é.yml": templates.denied})
    latin = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1", "LC_ALL": "C.UTF-8"}
    found = json.loads(spawn("统é.yml", "--format", "json", env=latin).out)
    assert found["findings"][0]["file"] == "统é.yml"
    shown = spawn("统a.yml", env=latin)
    assert (shown.status, shown.err) == (
        2,
        "error: \\u7edfa.yml: cannot read: no such file or directory\n",
    )


def test_colours_are_for_terminals_only(run: Run, stacks: Path) -> None:
    """Neither a pipe nor a file gets control characters."""
    assert "\x1b" not in run("error.yml", "--output", "report.txt").out
    assert "\x1b" not in (stacks / "report.txt").read_text()


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_on_a_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
) -> None:
    """A terminal gets colours, unless it or the user says no."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert ("\x1b[" in run("error.yml").out) is coloured


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize(
    ("environment", "options", "coloured"),
    [
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": "0"}, (), False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
        ({}, ("--color", "always", "--format", "concise"), True),
        ({}, ("--color", "always", "--format", "json"), False),
    ],
)
def test_colours_where_somebody_asks_for_them(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    options: tuple[str, ...],
    coloured: bool,
) -> None:
    """A pipe gets them, too; the option wins over both variables, and no over yes."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in run("error.yml", *options).out) is coloured


@pytest.mark.usefixtures("stacks")
def test_findings_in_another_order(run: Run) -> None:
    """The worst first, in every format; what is not shown makes the run fail all the same."""

    def rules(*options: str) -> list[str]:
        lines = run("warning.yml", "error.yml", "--format", "concise", *options).out.splitlines()
        return [line.split()[1] for line in lines if ".yml:" in line]

    assert rules() == ["W9713", "E9711"]
    assert rules("--sort", "severity") == rules("--sort", "rule") == ["E9711", "W9713"]
    assert rules("--max-findings", "1") == ["W9713"]
    assert run("warning.yml", "error.yml", "--max-findings", "1").status == 1
    assert run("warning.yml", "--max-findings", "0").status == 2


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json"])
def test_output_goes_to_a_file(run: Run, stacks: Path, form: str) -> None:
    """The report is in the file as it would be on the terminal, which shows text beside it."""
    expected = run("error.yml", "--format", form)
    text = run("error.yml").out
    result = run("error.yml", "--format", form, "--output", "out/report")
    assert result.err.startswith("error: ")
    (stacks / "out").mkdir()
    result = run("error.yml", "--format", form, "--output", "out/report")
    assert (stacks / "out/report").read_text(encoding="utf-8") == expected.out
    assert result.status == expected.status
    assert result.out == ("" if form == "text" else text)
    assert os.listdir(stacks / "out") == ["report"], "nothing else is left behind"


def test_output_replaces_a_file(run: Run, stacks: Path) -> None:
    """A report that is there is replaced; a link to it remains one."""
    (stacks / "out").mkdir()
    (stacks / "out/report").write_text("old" * 10_000)
    (stacks / "link").symlink_to("out/report")
    assert run("clean.yml", "--output", "link").status == 0
    assert (stacks / "link").is_symlink()
    assert (stacks / "out/report").read_text().endswith("no findings in 1 file\n")
    assert os.listdir(stacks / "out") == ["report"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("none/report", "no such file or directory"),
        ("clean.yml/report", "not a directory"),
        (".", "is a directory"),
        ("x" * 300, "file name too long"),
    ],
)
def test_unwritable_output_is_an_error(run: Run, stacks: Path, target: str, reason: str) -> None:
    """A report that cannot be written is one line and exit status 2, whatever was found."""
    before = sorted(os.listdir(stacks))
    for name in ("clean.yml", "error.yml"):
        result = run(name, "--output", target)
        assert result.status == 2
        assert len(result.errors) == 1
        assert result.err.endswith(f"cannot write: {reason}\n")
    assert sorted(os.listdir(stacks)) == before


def test_output_is_whole_or_not_there(
    run: Run, stacks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is full, the report of an earlier run is left as it is."""
    (stacks / "report").write_text("of an earlier run")
    written = Path.write_text

    def fill(self: Path, text: str, **options: Any) -> int:
        written(self, text[:10], **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fill)
    before = sorted(os.listdir(stacks))
    result = run("clean.yml", "--output", "report")
    assert result.status == 2
    assert result.err.endswith("report: cannot write: no space left on device\n")
    assert (stacks / "report").read_text() == "of an earlier run"
    assert sorted(os.listdir(stacks)) == before


def test_output_to_a_device(run: Run, stacks: Path) -> None:
    """What is no regular file is written to, never replaced by one."""
    (stacks / "null").symlink_to("/dev/null")
    assert run("clean.yml", "--output", "null").status == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("target", ["clean.yml", "./clean.yml", "clean.params.json", "link"])
def test_output_never_replaces_an_input(run: Run, stacks: Path, target: str) -> None:
    """A report over a template would cost the user the template."""
    (stacks / "link").symlink_to("clean.yml")
    before = (stacks / target).read_bytes()
    result = run("clean.yml", "--output", target)
    assert result.status == 2
    assert result.err.endswith("will not write the report over an input\n")
    assert (stacks / target).read_bytes() == before


def test_report_of_a_failed_run_is_written(run: Run, stacks: Path) -> None:
    """A run with errors leaves a report that tells them."""
    result = run("broken.yml", "error.yml", "--format", "json", "--output", "report.json")
    assert result.status == 2
    report = json.loads((stacks / "report.json").read_text())
    assert len(report["errors"]) == len(report["findings"]) == 1


def test_a_run_that_read_nothing_claims_nothing(spawn: Run) -> None:
    """Where no template could be read, there is no "no findings" beside the error."""
    ran = spawn("gone.yml")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "error: gone.yml: cannot read: no such file or directory\n"
