"""Runs all benchmarks and writes benchmarks/RESULTS.md: `make bench`, `make bench QUICK=1`.

About 15 minutes on two idle cores, under 2 with --quick, which writes RESULTS-quick.md next to it:
the page of the repository is that of a whole run.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import batches
import cold_check
import page
import scaling
import simulate
from page import Figure, Machine, Page, Sample, Section

import lsp
from tools import own, peers

_HERE = Path(__file__).parent


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    peers()  # their environments are made before the clock starts
    begin = time.monotonic()
    is_loaded = os.getloadavg()[0] > 0.5 if hasattr(os, "getloadavg") else False
    sections: list[Section] = []
    for make in _parts(quick=quick):
        for section in make():
            print(page.text(section), flush=True)
            sections.append(section)
    minutes = (time.monotonic() - begin) / 60
    made = Page(machine(), versions(), sections, minutes, quick, is_loaded)
    file = _HERE / ("RESULTS-quick.md" if quick else "RESULTS.md")
    file.write_text(page.markdown(made), encoding="utf-8")
    print(f"{minutes:.1f} minutes; written: {file}")


def _parts(*, quick: bool) -> Iterator[Callable[[], Iterator[Section]]]:
    yield lambda: cold_check.sections(quick=quick)
    yield lambda: batches.sections(quick=quick)
    if not quick:
        yield editor
        yield simulate.sections
        yield scaling.sections


def editor() -> Iterator[Section]:
    """A keystroke in the language server, where its benchmark offers values.

    ``lsp.figures()`` gives, for each thing that is done in an editor, its times in milliseconds.
    """
    offered = getattr(lsp, "figures", None)
    if offered is None:
        figures = [Figure("a keystroke", "", (), note="benchmarks/lsp.py prints its times only")]
    else:
        figures = [
            Figure(what, "copilot-preflight lsp", tuple(Sample(t / 1000, t / 1000) for t in times))
            for what, times in offered().items()
        ]
    aim = "a keystroke shown within 60 ms on 1,000 lines and 150 ms on 3,000, median"
    yield Section("The editor", aim, tuple(figures))


def versions() -> dict[str, str]:
    """What was run: this tool, what it is made with, the others."""
    found = {tool.name: tool.version for tool in (own(), *peers())}
    parts = {name: metadata.version(name) for name in ("PyYAML", "click")}
    return {**found, "Python": platform.python_version(), **parts}


def machine() -> Machine:
    """This machine, as far as it says what times depend on; not which one it is."""
    return Machine(_cores(), _model(), _memory(), platform.system())


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _model() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0


if __name__ == "__main__":
    main()
