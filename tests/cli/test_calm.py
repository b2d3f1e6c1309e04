"""Files that behave badly, full disks, and what a run never does to the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.read import document
from copilot_preflight.run import check as engine

Run = Callable[..., Any]
Write = Callable[..., Path]

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux has these devices")

# Events of https://docs.python.org/3/library/audit_events.html: what a linter has no business with.
AUDITED = """
import json, os, sys
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NEVER = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "urllib.",
         "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod",
         "os.chown", "os.truncate", "os.utime", "os.putenv", "shutil.", "ctypes.dlopen", "ftplib.",
         "http.", "smtplib.", "webbrowser.", "tempfile.")
def hook(event, given):
    is_write = event == "open" and isinstance(given[2], int) and given[2] & WRITING
    if is_write or event.startswith(NEVER):
        told.append((event, str(given[0] if given else "")))
told = []
sys.addaudithook(hook)
from copilot_preflight.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    status = ended.code
print(json.dumps([status, told]), file=sys.stderr)
"""


def audited(folder: Path, *arguments: str) -> tuple[int, list[list[str]]]:
    """The status of a run, and what it did that is audited: each event with its first argument."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", AUDITED, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    status, told = json.loads(done.stderr.splitlines()[-1])
    return status, told


def test_a_run_opens_no_socket_and_writes_nothing(write: Write, templates: Any) -> None:
    """It reads, prints and ends, whatever the format; no program is started."""
    folder = write({"a.yml": templates.denied, "b.yml": templates.clean, "web.env": "A=1\n"})
    before = sorted(folder.iterdir())
    for form in ("text", "sarif", "junit"):
        assert audited(folder, ".", "--format", form) == (1, [])
    assert sorted(folder.iterdir()) == before


def test_the_audit_sees_what_is_asked_for(write: Write, templates: Any) -> None:
    """A report goes into one file, whole, and nothing else is touched."""
    folder = write({"a.yml": templates.denied})
    status, told = audited(folder, "a.yml", "--output", "report.txt")
    assert status == 1
    assert {"open", "os.rename"} <= {event for event, _ in told}
    assert all("report.txt" in path for _, path in told)
    assert sorted(path.name for path in folder.iterdir()) == ["a.yml", "report.txt"]


@needs_linux
def test_an_endless_file_is_refused(write: Write, run: Run, templates: Any) -> None:
    """Under its own name and as a link next to a template."""
    folder = write({"a.yml": templates.clean})
    (folder / "zero.yml").symlink_to("/dev/zero")
    for path in ("/dev/zero", "zero.yml"):
        result = run("a.yml", path)
        assert result.status == 2
        assert result.err.count("\n") == 1
        assert "in 1 file" in result.out


@needs_linux
def test_a_full_disk_is_one_line(write: Write, run: Run, templates: Any) -> None:
    """For the report and for the baseline."""
    write({"a.yml": templates.denied})
    for option in ("--output", "--write-baseline"):
        result = run("a.yml", option, "/dev/full")
        assert result.status == 2
        assert result.err == "error: /dev/full: cannot write: no space left on device\n"


@needs_linux
def test_a_report_that_does_not_fit_leaves_the_old_one(write: Write, templates: Any) -> None:
    """Whole or not at all: no half of a report, and no file next to it."""
    import resource

    folder = write({"a.yml": templates.denied, "report.txt": "old"})
    done = subprocess.run(
        [sys.executable, "-B", "-m", "copilot_preflight", "a.yml", "--output", "report.txt"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert done.returncode == 2
    assert "cannot write: file too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert (folder / "report.txt").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["a.yml", "report.txt"]


def test_a_file_that_vanishes_is_one_error(write: Write, templates: Any) -> None:
    """Between the moment it is found and the one it is read; the others are checked."""
    folder = write({"a.yml": templates.denied, "b.yml": templates.denied})

    def read(path: Path, file: str) -> document.Document:
        if path.name == "a.yml":
            path.unlink(missing_ok=True)
        return document.read(path, file)

    report = engine.check([str(folder)], engine.Options(read=read))
    assert [Path(it.file).name for it in report.errors] == ["a.yml"]
    assert "no such file" in report.errors[0].message
    assert {Path(it.at.file).name for it in report.findings} == {"b.yml"}


def test_a_file_that_cannot_be_read_is_one_error(
    write: Write, run: Run, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so the refusal is made up."""
    write({"a.yml": templates.clean, "b.yml": templates.clean})
    opened = os.open

    def refuse(path: str, *arguments: Any, **more: Any) -> int:
        if Path(path).name == "a.yml":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **more)

    monkeypatch.setattr(os, "open", refuse)
    result = run("a.yml", "b.yml")
    assert (result.status, result.err) == (2, "error: a.yml: cannot read: permission denied\n")
    assert "in 1 file" in result.out


def test_a_folder_that_leads_into_itself_ends(write: Write, run: Run, templates: Any) -> None:
    """A link upwards, a link to itself, and two that lead to each other."""
    folder = write({"a/b/web.yml": templates.denied})
    for name, target in (("up", ".."), ("self", "self"), ("one", "two"), ("two", "one")):
        (folder / "a" / "b" / name).symlink_to(target)
    result = run(".")
    assert result.status == 1
    assert "1 error in 1 file" in result.out
    assert result.err == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_report_does_not_depend_on_the_encoding(
    write: Write, run: Run, templates: Any, encoding: str, line_end: str
) -> None:
    """Nor on line ends: rules, lines and columns are the same."""
    write({"a.yml": templates.denied})
    plain = run("a.yml", "--format", "json")
    write({"a.yml": templates.denied.replace("\n", line_end).encode(encoding)})
    result = run("a.yml", "--format", "json")
    assert json.loads(result.out) == json.loads(plain.out)
    assert (result.status, result.err) == (1, "")


def test_many_other_files_cost_little(write: Write, run: Run, templates: Any) -> None:
    """A folder is full of files that are none of ours; only names are looked at."""
    folder = write({"web.yml": templates.denied})
    for number in range(2_000):
        os.close(os.open(folder / f"{number}.txt", os.O_CREAT | os.O_WRONLY))
    result = run(".")
    assert result.status == 1
    assert "1 error in 1 file" in result.out
