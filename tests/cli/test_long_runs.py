"""Runs over many templates: what is told meanwhile, how they end early, and their processes."""

from __future__ import annotations

import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.cli.console import write_file
from copilot_preflight.cli.progress import Bar

if sys.platform == "win32":
    pytest.skip("signals and terminals are others there", allow_module_level=True)

import pty

Run = Callable[..., Any]
Write = Callable[..., Path]

ROOT = Path(__file__).resolve().parents[2]
SAMPLES, CORPUS = ROOT / "sample_templates", ROOT.parent / "shared" / "corpus"
POLICY = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
HANG = 120


def _many(template: str, count: int) -> dict[str, str]:
    return {f"infrastructure/s{number:03}.yml": template for number in range(count)}


# --- --quiet and --verbose -----------------------------------------------------------------------


def test_quiet_leaves_the_status(run: Run, write: Write, templates: Any) -> None:
    """Findings, notes and statistics are told by the exit status alone."""
    write({"web.yml": templates.denied, "p.json": POLICY})
    arguments = ("web.yml", "--quiet", "--info", "--policy", "Nobody=p.json", "--statistics")
    result = run(*arguments)
    assert (result.status, result.out, result.err) == (1, "", "")


def test_quiet_tells_errors(run: Run, write: Write, templates: Any) -> None:
    """An input that cannot be judged is told of."""
    write({"web.yml": templates.denied, "api.yml": "Resources: ["})
    result = run("web.yml", "api.yml", "-q")
    assert (result.status, result.out) == (2, "")
    assert re.fullmatch(r"error: api\.yml:1:\d+: .*\n", result.err)


def test_quiet_writes_the_report(run: Run, write: Write, templates: Any) -> None:
    """A file that is asked for is written all the same."""
    folder = write({"web.yml": templates.denied})
    result = run("web.yml", "-q", "--format", "json", "--output", "report.json")
    assert (result.status, result.out, result.err) == (1, "", "")
    assert json.loads((folder / "report.json").read_text())["summary"]["error"] == 1


def test_quiet_and_verbose_exclude_each_other(run: Run, write: Write, templates: Any) -> None:
    """Both at once is a wrong use."""
    write({"web.yml": templates.clean})
    result = run("web.yml", "-q", "-v")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: --quiet and --verbose exclude each other")


VERBOSE = """\
policy Boundary: boundary.json
SCP of level 1: root.json, deny.json
SCP of level 2: account.json
infrastructure/web-test.stack.yml
  parameters: 2 from infrastructure/web-test.params.json, 1 from --parameter
  addons:     infrastructure/web.addons.stack.yml
  manifest:   copilot/web/manifest.yml
  judged:     in N, N ms
job.yml
  parameters: none given
  judged:     in N, N ms
"""


def test_verbose_tells_what_belongs_together(run: Run, write: Write, templates: Any) -> None:
    """On standard error: the files of each template, where values come from, how it was read."""
    write(
        {
            "infrastructure/web-test.stack.yml": templates.clean,
            "infrastructure/web-test.params.json": json.dumps(
                {"Parameters": {"WorkloadName": "web", "EnvName": "test"}}
            ),
            "infrastructure/web.addons.stack.yml": "Resources: {Topic: {Type: AWS::SNS::Topic}}",
            "copilot/web/manifest.yml": "name: web\ntype: Worker Service\n",
            "job.yml": "Resources: {Topic: {Type: AWS::SNS::Topic}}",
            **dict.fromkeys(("boundary.json", "root.json", "deny.json", "account.json"), POLICY),
        }
    )
    told = ("--policy", "Boundary=boundary.json", "--scp", "root.json,deny.json")
    more = ("--scp", "account.json", "--parameter", "EnvFileARN=arn:aws:s3:::artifacts/x.env")
    paths = ("infrastructure/web-test.stack.yml", "job.yml")
    result = run(*paths, "--verbose", *told, *more)
    assert re.sub(r"in \d+ scenarios?, \d+ ms", "in N, N ms", result.err) == VERBOSE
    assert result.out == run(*paths, *told, *more).out


# --- the bar -------------------------------------------------------------------------------------


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time; no environment keeps the bar from being shown."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def at(seconds: float) -> None:
        monkeypatch.setattr(time, "monotonic", lambda: seconds)

    at(0)
    return at


def test_bar_is_drawn_and_wiped(clock: Callable[[float], None]) -> None:
    """After half a second, not for every step, and nothing of it is left behind."""
    stream = _Terminal()
    with Bar(stream) as bar:
        bar.step(1, 0, "a.yml")
        clock(0.6)
        bar.step(40, 0, "b.yml")
        bar.step(41, 0, "c.yml")
        clock(0.8)
        bar.step(2, 4, "d.yml")
    reading = "reading templates: 40"
    checking = f"checking templates: [{'#' * 15}{' ' * 15}] 2 of 4"
    assert stream.getvalue() == f"\r{reading}\r{checking}\r{' ' * len(checking)}\r"


def test_bar_says_what_is_done_and_makes_way(clock: Callable[[float], None]) -> None:
    """What is written in between begins on an empty line."""
    stream = _Terminal()
    with Bar(stream, doing="asking the account") as bar:
        clock(0.6)
        bar.step(1, 2, "")
        bar.clear()
        stream.write("12 calls\n")
    asking = f"asking the account: [{'#' * 15}{' ' * 15}] 1 of 2"
    assert stream.getvalue() == f"\r{asking}\r{' ' * len(asking)}\r12 calls\n"


def test_bar_is_wiped_though_it_was_interrupted_as_it_came(clock: Callable[[float], None]) -> None:
    """What somebody has seen when they press Ctrl-C is gone afterwards."""

    class Interrupted(_Terminal):
        def flush(self) -> None:
            if self.getvalue().endswith("1"):
                raise KeyboardInterrupt

    stream = Interrupted()
    with Bar(stream) as bar:
        clock(0.6)
        with pytest.raises(KeyboardInterrupt):
            bar.step(1, 0, "a.yml")
    assert stream.getvalue().endswith(f"\r{' ' * len('reading templates: 1')}\r")


def test_short_run_shows_no_bar(clock: Callable[[float], None]) -> None:
    """What is over soon leaves the terminal alone."""
    stream = _Terminal()
    with Bar(stream) as bar:
        clock(0.4)
        bar.step(1, 1, "a.yml")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("variable", [{"TERM": "dumb"}, {"CI": "true"}])
def test_no_bar_where_it_would_be_a_mess(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch, variable: Mapping[str, str]
) -> None:
    """A terminal that cannot go back, and the log of a pipeline, get no bar."""
    for name, value in variable.items():
        monkeypatch.setenv(name, value)
    stream = _Terminal()
    with Bar(stream) as bar:
        clock(9)
        bar.step(1, 2, "a.yml")
    assert stream.getvalue() == ""


def test_no_bar_beside_quiet_and_in_pipes(clock: Callable[[float], None]) -> None:
    """Nobody looks there."""
    for stream, is_wanted in ((_Terminal(), False), (io.StringIO(), True)):
        with Bar(stream, is_wanted=is_wanted) as bar:
            clock(9)
            bar.step(1, 2, "a.yml")
        assert stream.getvalue() == ""


# --- Ctrl-C --------------------------------------------------------------------------------------


class _Process:
    """The command in a process of its own, with a terminal for its standard error."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._terminal, shown = pty.openpty()
        environment = {k: v for k, v in os.environ.items() if k != "CI"} | {"TERM": "xterm"}
        self.running = subprocess.Popen(
            [sys.executable, "-m", "copilot_preflight", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=shown,
            start_new_session=True,
        )
        os.close(shown)
        self.told = b""

    def wait_for(self, text: bytes) -> None:
        """Waits until something is on the terminal."""
        end = time.monotonic() + HANG
        while text not in self.told:
            assert time.monotonic() < end, self.told
            self._read(1)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self._terminal, 65536)
        except OSError:  # the other end is closed
            return False
        self.told += piece
        return bool(piece)

    def interrupt(self) -> tuple[int, bytes]:
        """Presses Ctrl-C, for the workers as well; the status, and what is on standard output."""
        os.killpg(self.running.pid, signal.SIGINT)
        out, _ = self.running.communicate(timeout=HANG)
        while self._read(0):
            pass
        os.close(self._terminal)
        return self.running.returncode, out


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupt_leaves_nothing_behind(write: Write, templates: Any, jobs: str) -> None:
    """130, the bar wiped, no traceback, no report, no worker."""
    folder = write(_many(templates.denied, 2000))
    process = _Process(folder, "infrastructure", "--jobs", jobs, "--output", "report.txt")
    process.wait_for(b"checking templates: [")
    assert process.interrupt() == (130, b"")
    assert b"Traceback" not in process.told
    assert process.told.rstrip(b"\r\n").endswith(b" ")
    assert [path.name for path in folder.iterdir()] == ["infrastructure"]
    assert _is_gone(process.running.pid)


def _is_gone(group: int) -> bool:
    """Whether all processes of a group have ended; init takes a moment to collect an orphan."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_interrupt_while_writing(write: Write, templates: Any) -> None:
    """A report that waits for its reader can be interrupted, too."""
    folder = write({"web.yml": templates.denied})
    os.mkfifo(folder / "report.txt")
    process = _Process(folder, "web.yml", "--verbose", "--output", "report.txt")
    process.wait_for(b"judged:")
    time.sleep(0.2)  # on to the pipe, which nobody reads
    assert process.interrupt() == (130, b"")
    assert b"Traceback" not in process.told


def test_interrupt_before_the_report_is_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stood in the file before stays, and nothing half-written beside it."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    report = tmp_path / "report.txt"
    report.write_text("old")
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_file(report, "new", ())
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]
    assert report.read_text() == "old"


# --- --jobs --------------------------------------------------------------------------------------

ROLE = """
Parameters: {{Unknown: {{Type: String}}}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !Sub 'arn:aws:iam::111122223333:role/role-{asked}'
      ContainerDefinitions:
        - {{Name: web, EnvironmentFiles: [{{Type: s3, Value: 'arn:aws:s3:::artifacts/web.env'}}]}}
  Role:
    Type: AWS::IAM::Role
    Properties: {{RoleName: role-{own}, Policies: []}}
"""
BROKEN = """
  Bad:
    Type: AWS::IAM::Role
    Properties: {RoleName: {'Fn::Sub': [1, 2, 3]}}
"""


@pytest.fixture
def stacks() -> Mapping[str, str]:
    """Stacks that use each other's roles; two of them turn out broken when the others look."""
    made = {
        f"run/s{own}.yml": ROLE.format(own=own, asked=(own + 2) % 9)
        + (BROKEN if own in (2, 5) else "")
        for own in range(9)
    }
    return {**made, "run/unreadable.stack.yml": "Resources: ["}


def _reports(spawn: Run, *arguments: str) -> Iterator[tuple[int, str, str]]:
    for jobs in ("1", "2", "4", "auto"):
        result = spawn(*arguments, "--jobs", jobs)
        yield result.status, result.out, result.err


@pytest.mark.parametrize("form", ["text", "json"])
def test_report_does_not_depend_on_jobs(
    spawn: Run, write: Write, stacks: Mapping[str, str], form: str
) -> None:
    """Findings, errors and notes are the same, in the same order, with broken stacks in between."""
    write({**stacks, "p.json": POLICY})
    more = ("--account", "111122223333", "--partition", "aws", "--policy", "Nobody=p.json")
    first, *others = _reports(spawn, "run", "--info", "--format", form, "--group-by", "none", *more)
    assert first[0] == 2
    assert first[1].count("E9711") >= 4
    assert first[2].count("error: ") == 3
    assert "policy 'Nobody': nothing in this run asked for it" in first[2]
    assert [first] * 3 == others


@pytest.mark.parametrize(("folder", "least"), [(SAMPLES, 50), (CORPUS, 20)])
def test_stacks_do_not_depend_on_jobs(spawn: Run, folder: Path, least: int) -> None:
    """Nor do findings of every kind, unused suppressions among them, and Copilot's own stacks."""
    if not folder.is_dir():
        pytest.skip("no corpus beside the checkout")
    first, *others = _reports(spawn, str(folder), "--info", "--format", "json")
    assert len(json.loads(first[1])["findings"]) >= least
    assert [first] * 3 == others


FAULTY = """
import os, signal, sys
import copilot_preflight_rules
from copilot_preflight.checks.rule import rule

@rule("E9999", "faulty", "A rule that fails in one template")
def faulty(analysis):
    if "s3" in analysis.stack.file:
        {fault}
    yield from ()

copilot_preflight_rules.CATALOGUE = (*copilot_preflight_rules.CATALOGUE, faulty)
from copilot_preflight.__main__ import main
sys.argv[0] = "copilot-preflight"
main()
"""


def _faulty(folder: Path, fault: str, jobs: str) -> tuple[int, str, str]:
    """A run in which a rule does something else to one template of several."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTY.format(fault=fault), "infrastructure", "--jobs", jobs],
        capture_output=True,
        check=False,
        cwd=folder,
        text=True,
        timeout=HANG,
    )
    return done.returncode, done.stdout, done.stderr


def test_internal_faults_do_not_depend_on_jobs(write: Write, templates: Any) -> None:
    """A fault of ours stops its file, whichever process meets it."""
    folder = write({f"infrastructure/s{number}.yml": templates.denied for number in range(6)})
    first, *others = (_faulty(folder, "raise KeyError('ours')", jobs) for jobs in ("1", "2", "4"))
    status, out, err = first
    assert (status, "5 errors in" in out) == (2, True)
    assert err.startswith("error: infrastructure/s3.yml: rule E9999 (faulty) failed with KeyError")
    assert [first, first] == others


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "by signal 9: is there memory for as many? --jobs 1 takes the least",
        ),
        ("os._exit(7)", "with exit status 7"),
    ],
)
def test_lost_worker_ends_the_run(write: Write, templates: Any, fault: str, told: str) -> None:
    """One line and 2: what the others found is half of a report."""
    folder = write({f"infrastructure/s{number}.yml": templates.denied for number in range(6)})
    assert _faulty(folder, fault, "2") == (2, "", f"error: a worker process ended {told}\n")


def test_termination_leaves_no_worker(write: Write, templates: Any) -> None:
    """SIGTERM reaches one process alone, as of a supervisor or ``timeout``: the others end too."""
    folder = write({f"infrastructure/s{number}.yml": templates.denied for number in range(6)})
    fault = "print(os.getpid(), flush=True); __import__('time').sleep(30)"
    with subprocess.Popen(
        [sys.executable, "-c", FAULTY.format(fault=fault), "infrastructure", "--jobs", "2"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        busy = int(running.stdout.readline())
        running.terminate()
        assert running.wait(timeout=HANG) == -signal.SIGTERM
        end = time.monotonic() + 10
        while _is_running(busy) and time.monotonic() < end:
            time.sleep(0.02)
        assert not _is_running(busy)


def _is_running(pid: int) -> bool:
    """Whether a process is there, and not only waited for by whom it was left to."""
    told = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False, text=True
    )
    return told.stdout.strip()[:1] not in ("", "Z")


def test_a_few_templates_are_judged_with_jobs_auto(run: Run, write: Write, templates: Any) -> None:
    """They are not worth a process, and are judged in this one."""
    write({"web.stack.yml": templates.clean, "api.stack.yml": templates.clean})
    result = run(".", "--jobs", "auto")
    assert (result.status, result.err) == (0, "")
    assert result.out.endswith("no findings in 2 files\n")


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "1.5", "1000"])
def test_jobs_are_a_number(run: Run, write: Write, templates: Any, jobs: str) -> None:
    """No other word than auto, and no number that no machine has."""
    write({"web.yml": templates.clean})
    result = run("web.yml", f"--jobs={jobs}")
    assert (result.status, result.out) == (2, "")
    assert f"'{jobs}' is neither auto nor a number from 1 to 256" in result.err
