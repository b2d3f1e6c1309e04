"""``watch``: what it says of each change, and what it notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from copilot_preflight.base.finding import Report
from copilot_preflight.cli.watching import changed_since, headline, shown, signatures, watched
from copilot_preflight.run.check import check

Run = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

PATIENCE = 60
"""Seconds in which a change is noticed, on a machine that has much else to do."""


# --- what is said ---------------------------------------------------------------------------------


@pytest.fixture
def reports(write: Write) -> Callable[[str], Report]:
    def of(text: str) -> Report:
        write({"infra/web.yml": text})
        return check(["infra"])

    return of


def lines(before: Report | None, after: Report) -> list[str]:
    return "\n".join(shown(before, after)).split("\n")


def test_what_appears_is_shown_in_full_and_what_goes_in_a_line(
    reports: Callable[[str], Report], templates: Any
) -> None:
    clean, denied = reports(templates.clean), reports(templates.denied)
    (only,) = lines(None, clean)
    assert only.endswith("no findings in 1 file")
    appeared = lines(clean, denied)
    assert appeared[0].startswith("error[E9711] env-file-denied: ")
    assert any(line.startswith("help: ") for line in appeared)
    went = lines(denied, clean)
    assert went[1:] == [only]
    assert went[0].startswith("gone: infra/web.yml:15:50: E9711 ")


def test_a_moved_line_is_no_difference(reports: Callable[[str], Report], templates: Any) -> None:
    before = reports(templates.denied)
    (only,) = lines(before, reports(f"# a remark\n\n{templates.denied}"))
    assert only.endswith("1 error in 1 file")


def test_findings_of_a_file_with_a_slip_in_it_did_not_go(
    reports: Callable[[str], Report], templates: Any
) -> None:
    """Somebody is typing: nobody knows whether they will be there."""
    denied = reports(templates.denied)
    broken = reports(f"{templates.denied}  More: [\n")
    (told,) = lines(denied, broken)
    assert told.startswith("error: infra/web.yml:")
    assert lines(broken, reports(templates.clean))[0] == "readable again: infra/web.yml"
    (told,) = lines(denied, reports(""))
    assert told.startswith("error: infra: no template in this folder")


def test_a_headline_names_a_few() -> None:
    names = [os.path.join(os.getcwd(), f"{name}.yml") for name in "dacb"]
    assert headline("12:00:00", names) == "--- 12:00:00 a.yml, b.yml, c.yml and 1 more changed"


# --- what is noticed ------------------------------------------------------------------------------


def test_folders_are_watched_as_a_whole_and_other_files_by_themselves(write: Write) -> None:
    folder = write(
        {
            "infra/a.yml": "x",
            "infra/below/b.yml": "x",
            "copilot/web/manifest.yml": "x",
            "other/params.json": "x",
        }
    )
    inputs = [Path(it) for it in ("infra/a.yml", "copilot/web/manifest.yml", "other/params.json")]
    found = watched(["infra", "infra/below"], inputs)
    assert found.folders == (str(folder / "copilot"), str(folder / "infra"))
    assert found.files == (str(folder / "other" / "params.json"),)


def test_nothing_falls_between_two_checks(write: Write) -> None:
    """What changes, comes or goes while a check runs is found by its time."""
    folder = write({"infra/a.yml": "x", "infra/b.yml": "x", "p.json": "x"})
    found = watched(["infra"], [Path("p.json")])
    time.sleep(0.1)
    moment = time.time_ns()
    assert changed_since(found, moment) == set()
    (folder / "infra" / "b.yml").unlink()
    (folder / "p.json").write_text("y")
    assert changed_since(found, moment) == {str(folder / "infra"), str(folder / "p.json")}


def test_a_file_that_is_not_there_yet_has_a_signature(tmp_path: Path) -> None:
    file = str(tmp_path / "a")
    assert signatures([file]) == {file: None}
    Path(file).write_text("x")
    assert signatures([file])[file] is not None


# --- the command ----------------------------------------------------------------------------------


def test_without_the_extra_it_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    result = run("watch", ".")
    assert (result.status, len(result.errors)) == (2, 1)
    assert result.errors[0].startswith("error: watch needs watchfiles: install copilot-preflight ")


def test_standard_input_cannot_be_watched(run: Run) -> None:
    assert run("watch", "-").status == 2


class Watcher:
    """The command at work, and the lines that it prints."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._lines: Queue[str] = Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "copilot_preflight", "watch", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def until(self, words: str) -> list[str]:
        """The lines up to one that has these words."""
        found: list[str] = []
        while not (found and words in found[-1]):
            found.append(self._lines.get(timeout=PATIENCE))  # queue.Empty where none comes
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.wait(timeout=PATIENCE)
        self._thread.join(timeout=PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.mark.skipif(os.name == "nt", reason="no Ctrl-C for a single process there")
def test_it_checks_again_until_it_is_interrupted(write: Write, templates: Any) -> None:
    pytest.importorskip("watchfiles")
    folder = write({"infra/web.yml": templates.clean})
    watcher = Watcher(folder, "infra")
    try:
        assert len(watcher.until("no findings in 1 file")) == 1
        (folder / "infra" / "web.yml").write_text(templates.denied)
        told = watcher.until("1 error in 1 file")
        assert told[0] == ""
        assert told[1].endswith(" infra/web.yml changed")
        assert told[2].startswith("error[E9711]")
        (folder / ".copilot-preflight.yml").write_text("ignore: [E9711, nothing]\n")
        assert watcher.until("no rule 'nothing'")[-1].startswith("error:")
        (folder / ".copilot-preflight.yml").write_text("ignore: [E9711]\n")
        assert watcher.until("gone:")[-1].startswith("gone: infra/web.yml:15:50: E9711")
        watcher.until("no findings")
        watcher.process.send_signal(signal.SIGINT)
        assert watcher.process.wait(timeout=PATIENCE) == 0
    finally:
        watcher.end()
