"""What one execution may take: processor time, so that a busy machine makes no hang, and memory."""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MEGABYTES: Final = 256
"""By which an execution may raise the most memory that the process has had."""


class Exceeded(BaseException):
    """Not an Exception: what is run must not take it for a fault of the input."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises Exceeded where the body takes more, of processor time or of memory."""
    before = _most_memory()
    old = signal.signal(signal.SIGVTALRM, _stop)
    # Again and again: a handler somewhere below may swallow the first one.
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, old)
    if (grown := _most_memory() - before) > MEGABYTES:
        raise Exceeded(f"memory: {grown:.0f} MB more")


def _stop(_signal: int, _frame: object) -> None:
    raise Exceeded("hang")


def _most_memory() -> float:
    """In MB; Linux counts it in kB, macOS in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)
