"""How the process ends: at once, unless somebody waits for Python's own end."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator

import pytest

from copilot_preflight.__main__ import _end_at_once


class Ended(Exception):
    """Stands for the end of the process, with its exit status."""


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A process as a short run leaves it, in which ``os._exit`` raises `Ended`."""

    def end(status: int) -> None:
        raise Ended(status)

    with monkeypatch.context() as patched:
        for name in ("threading", "_lsprof"):
            patched.delitem(sys.modules, name, raising=False)
        patched.setattr(sys, "gettrace", lambda: None)
        patched.setattr(sys, "getprofile", lambda: None)
        patched.setattr(atexit, "_ncallbacks", lambda: 0, raising=False)
        patched.setattr(os, "_exit", end)
        yield patched


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_short_run_ends_at_once(status: int) -> None:
    with pytest.raises(Ended, match=f"^{status}$"):
        _end_at_once(status)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("status", [None, "a message"])
def test_what_python_prints_at_the_end_is_left_to_it(status: object) -> None:
    _end_at_once(status)


def test_threads_and_profilers_get_their_end(alone: pytest.MonkeyPatch) -> None:
    for name in ("threading", "_lsprof"):
        with alone.context() as patched:
            patched.setitem(sys.modules, name, sys)
            _end_at_once(0)
    for name in ("gettrace", "getprofile"):
        with alone.context() as patched:
            patched.setattr(sys, name, lambda: print)
            _end_at_once(0)


def test_what_is_registered_for_the_end_is_called(alone: pytest.MonkeyPatch) -> None:
    alone.setattr(atexit, "_ncallbacks", lambda: 1, raising=False)
    _end_at_once(0)
    alone.delattr(atexit, "_ncallbacks")  # no promise of Python's
    _end_at_once(0)


def test_output_that_cannot_be_written_is_left_to_python(alone: pytest.MonkeyPatch) -> None:
    with open(os.devnull, "w") as closed:
        pass
    alone.setattr(sys, "stdout", closed)
    _end_at_once(0)
    alone.setattr(sys, "stdout", None)
    with pytest.raises(Ended):
        _end_at_once(0)
