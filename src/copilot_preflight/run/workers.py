"""Work spread over forked processes, with results in the order of the work.

A fork has everything that was loaded before it, so nothing is sent to a worker; what it finds comes
back through a pipe. Worker number w does the items w, w + jobs, w + 2 * jobs and so on, hence the
next result always comes out of a known pipe, whoever is faster.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import BinaryIO, NamedTuple, NoReturn, TypeVar

T = TypeVar("T")


class WorkerLost(Exception):
    """A worker process ended before its work did; ``str()`` is one line that says how."""


class _Worker(NamedTuple):
    pid: int
    results: BinaryIO


def is_possible() -> bool:
    """Whether processes fork here; on Windows they do not."""
    return hasattr(os, "fork")


def cores() -> int:
    """How many processes can run at a time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(work: Callable[[int], T], count: int, jobs: int) -> Generator[T, None, None]:
    """``work(0)``, ``work(1)`` ... up to ``count``, worked out in ``jobs`` processes.

    Results must be picklable. What ``work`` raises is raised here, in its turn; WorkerLost where a
    worker was ended from outside. All workers have ended when the iterator is closed.
    """
    workers: list[_Worker] = []
    takes_sigterm = _end_together(workers)
    try:
        for number in range(jobs):
            workers.append(_start(work, range(number, count, jobs), workers))
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
        for worker in workers:
            _stop(worker)
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
            with suppress(OSError):
                os.kill(worker.pid, signal.SIGKILL)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, end)
    return True


def _start(work: Callable[[int], T], items: range, others: Sequence[_Worker]) -> _Worker:
    receiving, sending = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(receiving)
        for other in others:  # a pipe breaks, for its worker to see, only if nobody else reads it
            other.results.close()
        _serve(work, items, sending)
    os.close(sending)
    return _Worker(pid, open(receiving, "rb"))


def _serve(work: Callable[[int], T], items: range, sending: int) -> NoReturn:
    """The life of a worker. It never returns into what its parent was doing."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with open(sending, "wb") as results:
            for item in items:
                try:
                    sent = pickle.dumps((work(item), None))
                except Exception as fault:
                    sent = pickle.dumps((None, fault))
                results.write(sent)
                results.flush()
        status = 0
    except BrokenPipeError:
        pass  # the parent has gone, or has heard enough
    finally:
        os._exit(status)


def _end_of(worker: _Worker) -> str:
    """How a worker ended."""
    _, status = os.waitpid(worker.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    how = f"by signal {-code}" if code < 0 else f"with exit status {code}"
    hint = ": is there memory for as many? --jobs 1 takes the least" if code == -9 else ""
    return f"a worker process ended {how}{hint}"


def _stop(worker: _Worker) -> None:
    worker.results.close()
    with suppress(OSError):  # it has ended, and was waited for
        os.kill(worker.pid, signal.SIGKILL)
        os.waitpid(worker.pid, 0)
