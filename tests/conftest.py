"""What holds for all tests."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.amount import examples

# What reads lines from a terminal exports its size, and reports would be wrapped to it.
os.environ.pop("COLUMNS", None)

# How long an example takes says how busy the machine is; what must be fast is tested by itself.
settings.register_profile("ours", settings(), deadline=None, max_examples=examples(100))
settings.load_profile("ours")

# A shell ignores SIGINT for what it starts in the background, and children inherit that: a test
# that interrupts one would wait for ever.
_is_main = threading.current_thread() is threading.main_thread()
if _is_main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads what a run of somebody else has kept, or leaves anything to one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPILOT_PREFLIGHT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where Python is told to keep nothing that it compiles, it is kept for the run.

    Tests start the command hundreds of times, and it would take twice as long each time. Not in
    the checkout, where somebody does not want it.
    """
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("PYTHONDONTWRITEBYTECODE"):
            folder = tmp_path_factory.getbasetemp()
            if "PYTEST_XDIST_WORKER" in os.environ:
                folder = folder.parent  # of all workers
            patch.delenv("PYTHONDONTWRITEBYTECODE")
            patch.setenv("PYTHONPYCACHEPREFIX", str(folder / "compiled"))
        yield
