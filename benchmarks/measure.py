"""Runs a command and says what it took: time, processor, and memory of all its processes."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from page import Sample

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096

OWN = Path(sys.executable).with_name("copilot-preflight")


def run(
    command: Sequence[str],
    *,
    within: float = 600,
    cache: Path | None = None,
    watch: float = 0.1,
) -> Sample | None:
    """One run; None where it had to be stopped after ``within`` seconds.

    Without a ``cache`` folder every run has an empty one of its own. ``watch`` is the time between
    two looks at the memory of all processes together (Linux only), 0 for none: each takes a few
    milliseconds. What the system says of memory afterwards is of no use: it counts the process
    that starts the command, too.
    """
    if cache is None:
        with tempfile.TemporaryDirectory() as empty:
            return run(command, within=within, cache=Path(empty), watch=watch)
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(cache),
        start_new_session=True,
    )
    peak = 0
    if watch:
        while not _has_ended(process.pid) and time.perf_counter() - begin < within:
            peak = max(peak, _resident(process.pid))
            _pause(process.pid, watch)
        if not _has_ended(process.pid):
            os.killpg(process.pid, signal.SIGKILL)  # the session is its own
            process.wait()
            return None
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0:
        raise RuntimeError(f"{command[0]} was ended by signal {-process.returncode}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, peak)


def _environment(cache: Path) -> Mapping[str, str]:
    # Whoever installs a package has its bytecode: an environment without it would measure Python.
    dropped = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "XDG_CACHE_HOME": str(cache), "NO_COLOR": "1"}


def _pause(pid: int, seconds: float) -> None:
    """Waits for some time, or until a process ends, so that its time is not rounded up."""
    if not hasattr(os, "pidfd_open"):  # macOS, and older Linux
        time.sleep(seconds)
        return
    ending = os.pidfd_open(pid)
    try:
        select.select([ending], [], [], seconds)
    finally:
        os.close(ending)


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _resident(session: int) -> int:
    """Bytes of memory of the processes of a session; shared pages count for each of them."""
    total = 0
    for entry in os.scandir("/proc") if sys.platform == "linux" else ():
        if not entry.name.isdecimal():
            continue
        try:
            fields = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has ended
            continue
        after_name = fields.rpartition(")")[2].split()
        if int(after_name[3]) == session:
            total += int(after_name[21]) * _PAGE
    return total
