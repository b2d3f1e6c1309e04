"""The commands beside check, wrong options, and the ends of a run that nobody asked for."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import copilot_preflight_rules
from copilot_preflight.checks.rule import Rule
from copilot_preflight.cli import console
from copilot_preflight.run import check as engine

Run = Callable[..., Any]
Write = Callable[..., Path]

RULES = pytest.mark.parametrize("rule", copilot_preflight_rules.RULES, ids=lambda rule: rule.id)


@RULES
def test_explain_prints_the_page_of_a_rule(run: Run, rule: Rule) -> None:
    """A rule is named by its id or its name, in any case; whether it has a fix comes last."""
    page = Path(copilot_preflight_rules.__file__).with_name(rule.page).read_text(encoding="utf-8")
    for name in (rule.id, rule.id.lower(), rule.name, rule.name.upper()):
        result = run("explain", name)
        assert (result.status, result.out, result.err) == (0, f"{page}\n{rule.way_out}\n", "")


@pytest.mark.parametrize("name", ["E1", "", "E97", "files", "../x/y", "\x1b[31m"])
def test_explain_knows_no_other_rule(run: Run, name: str) -> None:
    """A name that no rule has is one line, which tells where the names are."""
    result = run("explain", name)
    shown = name.replace("\x1b", r"\x1b")
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        f"error: no rule '{shown}': 'copilot-preflight rules' lists them "
        "(see 'copilot-preflight explain --help')\n"
    )


def test_explain_names_the_nearest_rule(run: Run) -> None:
    told = run("explain", "env-file-stale").err
    assert told.startswith("error: no rule 'env-file-stale': did you mean 'env-file-stale-grant'? ")


def test_a_mistyped_command_is_taken_for_one(run: Run, write: Write, templates: Any) -> None:
    """It is a path for all that is known, but one that is not there."""
    result = run("exlpain", "E9712")
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "error: no such command or path 'exlpain': did you mean 'explain'? "
        "(see 'copilot-preflight --help')\n"
    )
    write({"exlpain": templates.clean})
    assert run("exlpain").status == 0


def test_rules_lists_the_rules(run: Run) -> None:
    """Every rule is one line, with its id, severity, name, title, and whether it has a fix."""
    lines = run("rules").out.splitlines()
    for line, rule in zip(lines, copilot_preflight_rules.RULES, strict=True):
        told = [*line.split(maxsplit=3)[:3], *re.split("  +", line)[-2:]]
        assert told == [rule.id, rule.severity.label, rule.name, rule.title, rule.way_out]


def test_some_rules_are_listed(run: Run) -> None:
    """By ids, beginnings of ids, or names."""
    picked = run("rules", "--select", "E971,env-file-outdated", "--select", "w9720").out
    ids = {line.split()[0] for line in picked.splitlines()}
    known = {rule.id for rule in copilot_preflight_rules.RULES}
    assert ids == {it for it in known if it.startswith("E971")} | {"W9719", "W9720"}
    wrong = run("rules", "--select", "E0")
    assert (wrong.status, wrong.out) == (2, "")
    assert "no rule 'E0'" in wrong.err


def test_rules_as_json(run: Run) -> None:
    """For editors and dashboards."""
    told = json.loads(run("rules", "--format", "json").out)
    assert told["version"] == 1
    rules = [(it["id"], it["name"], it["severity"], it["title"], it["url"]) for it in told["rules"]]
    assert rules == [
        (rule.id, rule.name, rule.severity.label, rule.title, rule.url)
        for rule in copilot_preflight_rules.RULES
    ]


FENCED = re.compile(r"(?ms)^```[^\n]*\n(.*?)^```$")


def _words(markdown: str) -> list[str]:
    """The words of what is no code block, without marks."""
    text = re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", r"\1 (\2)", FENCED.sub("", markdown))
    return re.sub(r"(?m)^#+ |`|\*\*", "", text).split()


@RULES
def test_a_terminal_shows_a_page_in_style(run: Run, rule: Rule) -> None:
    """Every word of the page is there, and no mark; lines of prose break where words end."""
    page = run("explain", rule.id).out
    coloured = run("explain", rule.id, "--color", "always").out
    assert "\x1b[" in coloured
    shown = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    blocks = "".join(FENCED.findall(page)).splitlines()
    outside = [line for line in shown.splitlines() if not line.startswith("    ")]
    assert "\n".join(outside).split() == _words(page)
    inside = [line[4:] for line in shown.splitlines() if line.startswith("    ")]
    assert inside == [line for line in blocks if line]
    for line in outside:
        assert len(line) <= 100 or " " not in line.strip("- ") or line.startswith("|")


def test_version(run: Run) -> None:
    """The version is that of the installed package."""
    result = run("--version")
    assert (result.status, result.err) == (0, "")
    assert result.out == f"copilot-preflight {version('copilot-preflight')}\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["check", "--help"], ["check", "-h"], ["rules", "--help"]]
)
def test_help(run: Run, arguments: list[str]) -> None:
    """Help is on standard output, and asking for it is no failure."""
    result = run(*arguments)
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("Usage: copilot-preflight")


def test_help_tells_every_option_of_the_contract(run: Run) -> None:
    """No option is hidden."""
    told = set(re.findall(r"--[a-z-]+", run("check", "--help").out))
    assert told >= {
        "--params", "--parameter", "--region", "--account", "--partition", "--format", "--output",
        "--select", "--ignore", "--info", "--fail-on", "--help",
    }  # fmt: skip


def test_no_arguments_are_a_failure(run: Run) -> None:
    """A script whose list of files is empty gets the usage, and does not pass."""
    result = run()
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("Usage: copilot-preflight")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["check", "--changed"],
            "missing argument 'PATH...': --changed takes the files (see 'copilot-preflight check "
            "--help')",
        ),
        (["check", "--"], "missing argument 'PATH...': nothing stands behind '--' (see 'copilot-"),
        (["check", "-q", "--"], "missing argument 'PATH...': nothing stands behind '--' (see 'cop"),
        (
            ["check", "--fix", "infra"],
            "check has no --fix: run copilot-preflight fix infra (see 'copilot-preflight check",
        ),
        (["--xyzzy"], r"no such option:? '?--xyzzy'? \(see 'copilot-preflight check --help'\)"),
        (["web.yml", "--bogus"], "no such option"),
        (["web.yml", "--formt", "json"], "no such option.*--format"),
        (["web.yml", "--format", "xml"], "invalid value for '--format': 'xml' is not one of"),
        (["web.yml", "--format"], "option '--format' requires an argument"),
        (["web.yml", "--fail-on", "fatal"], "invalid value for '--fail-on': 'fatal' is not one of"),
        (
            ["web.yml", "--region", "Ireland"],
            "invalid value for --region: must be a region such as",
        ),
        (
            ["web.yml", "--account", "12"],
            "invalid value for --account: must be the 12 digits of an",
        ),
        (["web.yml", "--partition", "eu"], "invalid value for --partition: must be a partition su"),
        (["config", "--account", "12"], "invalid value for --account: must be the 12 digits of an"),
        (["rules", "web.yml"], "got unexpected extra argument"),
        (["explain"], "missing argument 'RULE'"),
        (["web.yml", "--bo\x1b[31mgus"], r"no such option:? '?--bo\\x1b\[31mgus"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, arguments: list[str], told: str) -> None:
    """A wrong option ends the run before anything is read."""
    result = run(*arguments)
    assert (result.status, result.out) == (2, "")
    (line,) = result.errors
    pattern = told if "\\" in told or ".*" in told else re.escape(told)
    assert re.match(f"error: {pattern}", line)
    assert line.endswith("--help')")


# --- ends that nobody asked for ------------------------------------------------------------------


def test_interrupt_is_no_finding(
    run: Run, write: Write, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the run with a status of its own, and no traceback."""

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    write({"web.yml": templates.clean})
    monkeypatch.setattr(engine, "checked", interrupt)
    result = run("web.yml")
    assert result.status == 128 + signal.SIGINT == console.INTERRUPTED
    assert "Traceback" not in result.err


COMMAND = [sys.executable, "-m", "copilot_preflight"]


@pytest.mark.parametrize(("name", "status"), [("clean", 0), ("denied", 1)])
def test_reader_that_goes_away_changes_nothing(
    write: Write, templates: Any, name: str, status: int
) -> None:
    """``copilot-preflight … | head -1`` has the status that it has without a pipe."""
    folder = write({f"{n}.yml": getattr(templates, name) for n in range(30)})
    paths = sorted(path.name for path in folder.iterdir())
    script = "import os, sys; os.read(0, 1); os.close(0)"
    with (
        subprocess.Popen(
            [*COMMAND, *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder
        ) as checking,
        subprocess.Popen([sys.executable, "-c", script], stdin=checking.stdout) as reading,
    ):
        assert checking.stdout is not None
        checking.stdout.close()
        _, err = checking.communicate(timeout=60)
        reading.wait(timeout=60)
    assert (checking.returncode, err) == (status, b"")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["--version"]])
def test_help_without_a_reader_is_no_finding(arguments: list[str], unbuffered: str) -> None:
    """``copilot-preflight --help | true``: nothing went wrong, and there is no traceback."""
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as nobody:
        done = subprocess.run(
            [*COMMAND, *arguments],
            stdout=nobody,
            stderr=subprocess.PIPE,
            env=environment,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_full_disk_is_a_failure(write: Write, templates: Any) -> None:
    """A report that did not arrive is no clean run."""
    folder = write({"web.yml": templates.clean})
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "web.yml"], stdout=full, stderr=subprocess.PIPE, cwd=folder, check=False
        )
    assert done.returncode == 2
    assert done.stderr == b"error: cannot write to standard output: no space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_full_disk_is_told_of_by_what_needs_no_file(option: str, unbuffered: str) -> None:
    """One line, and not the 1 that means findings; what is buffered fails at the end once more."""
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, option],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"error: cannot write to standard output: no space left on device\n"


@pytest.mark.parametrize(("name", "status"), [("clean", 0), ("denied", 1), ("missing", 2)])
def test_standard_error_without_a_reader_changes_nothing(
    write: Write, templates: Any, name: str, status: int
) -> None:
    """``2> >(head -0)`` leaves the status alone, 2 for an input that cannot be judged too."""
    folder = write({"clean.yml": templates.clean, "denied.yml": templates.denied})
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as nobody:
        done = subprocess.run(
            [*COMMAND, f"{name}.yml", "--verbose"],
            stdout=subprocess.PIPE,
            stderr=nobody,
            cwd=folder,
            check=False,
        )
    assert done.returncode == status
    assert done.stdout.count(b"E9711") == (name == "denied")


@pytest.mark.skipif(sys.platform == "win32", reason="no folder in use can be removed there")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["web.yml"], 2), (["--config", "c.yml", "/dev/null"], 2), (["--version"], 0)],
)
def test_folder_that_is_gone_is_one_line(tmp_path: Path, arguments: list[str], status: int) -> None:
    """A run from a folder that was removed meanwhile cannot find anything."""
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'rmdir "$PWD" && exec "$0" -I -m copilot_preflight "$@"'
    done = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable, *arguments],
        capture_output=True,
        cwd=gone,
        check=False,
    )
    told = b"error: the current folder is gone: run this from one that is there\n"
    assert (done.returncode, done.stderr) == (status, told if status else b"")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes the streams")
@pytest.mark.parametrize(("closed", "status"), [(">&-", 1), ("2>&-", 1), ("<&-", 1)])
def test_closed_stream_is_no_traceback(
    write: Write, templates: Any, closed: str, status: int
) -> None:
    """A run without one of its streams goes on as far as it can."""
    folder = write({"web.yml": templates.denied})
    script = f'exec "$0" -m copilot_preflight web.yml {closed}'
    done = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable], capture_output=True, cwd=folder, check=False
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == status
