"""Work spread over processes, with results in the order of the work.

A fork has everything that was loaded before it, so nothing is sent to a worker. Where processes do
not fork, on Windows, or had better not, on macOS, a worker is a new interpreter that gets the work
pickled. What it finds comes back through a pipe. Worker number w does the items w, w + jobs,
w + 2 * jobs and so on, hence the next result always comes out of a known pipe, whoever is faster.
"""

from __future__ import annotations

import copyreg
import gc
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import IO, Final, Literal, Protocol, TypeVar

T = TypeVar("T")


def _read_only(items: dict[object, object]) -> MappingProxyType[object, object]:
    return MappingProxyType(items)


copyreg.pickle(MappingProxyType, lambda it: (_read_only, (dict(it),)))

Start = Literal["fork", "spawn"]
"""How a worker comes into being: as a copy of this process, or as a new interpreter."""

START: Final[Start] = "fork" if hasattr(os, "fork") and sys.platform != "darwin" else "spawn"
"""System libraries of macOS may crash in a fork (https://docs.python.org/3/library/os.html#os.fork)."""


class WorkerLost(Exception):
    """A worker process ended before its work did; ``str()`` is one line that says how."""


class _Worker(Protocol):
    """A process whose results come through a pipe."""

    results: IO[bytes]

    def kill(self) -> None:
        """Ends the process, if it has not ended yet."""

    def wait(self) -> int:
        """The exit status of the process when it has ended; minus a signal's number."""


def jobs_for(items: int) -> int:
    """In how many processes it pays to do so many items, of some milliseconds each."""
    return max(1, min(_cores(), items // _WORTH_A_WORKER[START]))


_WORTH_A_WORKER: Final[dict[Start, int]] = {"fork": 25, "spawn": 200}
"""Items: starting a process for fewer takes longer than they do."""


def _cores() -> int:
    """How many processes can run at a time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    work: Callable[[int], T], count: int, jobs: int, start: Start = START
) -> Generator[T, None, None]:
    """``work(0)``, ``work(1)`` ... up to ``count``, worked out in ``jobs`` processes.

    Results must be picklable, and ``work`` too where processes do not fork. What it raises is
    raised here, in its turn; WorkerLost where a worker was ended from outside. All workers have
    ended when the iterator is closed.
    """
    workers: list[_Worker] = []
    takes_sigterm = _end_together(workers)
    gc.freeze()  # what is here already is no garbage, and a collection would copy it to each fork
    try:
        pickled = pickle.dumps(work) if start == "spawn" else b""
        for number in range(jobs):
            items = range(number, count, jobs)
            workers.append(
                _Forked(work, items, workers) if start == "fork" else _Spawned(pickled, items)
            )
        for item in range(count):
            worker = workers[item % jobs]
            try:
                result, fault = pickle.load(worker.results)
            except (EOFError, pickle.UnpicklingError):
                raise WorkerLost(_end_of(worker)) from None
            if fault is not None:
                raise fault
            yield result
    finally:
        gc.unfreeze()
        for worker in workers:
            worker.results.close()
            worker.kill()
        if takes_sigterm:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end_together(workers: Sequence[_Worker]) -> bool:
    """Has SIGTERM end the workers too, which a terminal's Ctrl-C reaches and this does not.

    False where somebody else answers it already.
    """
    is_ours = threading.current_thread() is threading.main_thread()
    if not is_ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return False

    def end(number: int, _frame: object) -> None:
        for worker in workers:
            worker.kill()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, end)
    return True


class _Forked:
    """A worker that is a copy of this process."""

    def __init__(
        self, work: Callable[[int], object], items: range, others: Sequence[_Worker]
    ) -> None:
        receiving, sending = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.close(receiving)
                for other in others:  # a pipe breaks only if nobody else reads it
                    other.results.close()
                status = _serve(work, items, os.fdopen(sending, "wb"))
            finally:
                os._exit(status)  # it never returns into what its parent was doing
        os.close(sending)
        self.results: IO[bytes] = os.fdopen(receiving, "rb")

    def kill(self) -> None:
        with suppress(OSError):  # it has ended, and was waited for
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class _Spawned:
    """A worker that is a new interpreter, with the modules of this one and none of its folder."""

    def __init__(self, pickled: bytes, items: range) -> None:
        import subprocess

        path = [os.path.abspath(folder) for folder in sys.path if folder]
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", _SERVE, *path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.results: IO[bytes] = self.process.stdout
        with suppress(OSError), self.process.stdin as stdin:  # it has ended: its results say so
            pickle.dump((pickled, items), stdin)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def wait(self) -> int:
        return self.process.wait()


_SERVE: Final = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from copilot_preflight.run.workers import serve; sys.exit(serve())"
)


def serve() -> int:
    """The life of a spawned worker: its work comes through standard input."""
    pickled, items = pickle.load(sys.stdin.buffer)
    results, sys.stdout = sys.stdout.buffer, sys.stderr
    return _serve(pickle.loads(pickled), items, results)


def _serve(work: Callable[[int], object], items: range, results: IO[bytes]) -> int:
    """Does some items and sends what comes of each; its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with results:
            for item in items:
                try:
                    sent = pickle.dumps((work(item), None))
                except Exception as fault:
                    sent = pickle.dumps((None, fault))
                results.write(sent)
                results.flush()
    except BrokenPipeError:
        return 1  # the parent has gone, or has heard enough
    return 0


def _end_of(worker: _Worker) -> str:
    """How a worker ended."""
    code = worker.wait()
    how = f"by signal {-code}" if code < 0 else f"with exit status {code}"
    hint = ": is there memory for as many? --jobs 1 takes the least" if code == -9 else ""
    return f"a worker process ended {how}{hint}"
