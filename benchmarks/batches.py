"""Many stacks in one run: time, memory, and how the cost of one grows with their number.

Copilot's packages, which differ in names, environments and hashes; templates of other kinds that
import from each other; the largest template that CloudFormation takes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import page
from measure import OWN, run
from page import Figure, Sample, Section
from stacks.packages import copilot_packages, write

from tools import own, peers

SIZES, QUICK_SIZES = (100, 1_000, 10_000), (20, 50)
MIXED, QUICK_MIXED = (100, 1_000), (20,)
FINDINGS, QUICK_FINDINGS = (10, 1_500), (10,)
PEERS_UP_TO = 100
"""The others are run on as many stacks only: more of them add minutes, and say nothing new."""

PATIENCE, QUICK_PATIENCE = 60, 10
"""Seconds after which another tool is stopped."""

COMPOSE = "libyaml's compose"
COMPOSES = """
import sys, yaml
from pathlib import Path
for file in sorted(Path(sys.argv[1]).rglob("*.yml"))[:200]:
    yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
"""


def sections(*, quick: bool = False) -> Iterator[Section]:
    """All of them, in the order of the page."""
    yield _copilot(QUICK_SIZES if quick else SIZES, quick=quick)
    yield _mixed(QUICK_MIXED if quick else MIXED, quick=quick)
    yield _largest(QUICK_FINDINGS if quick else FINDINGS, quick=quick)


def _copilot(sizes: tuple[int, ...], *, quick: bool) -> Section:
    figures: list[Figure] = []
    for stacks in sizes:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), copilot_packages(stacks))
            what = f"{stacks:,} Copilot stacks"
            figures += _of_folder(what, Path(folder), stacks, quick=quick)
            if stacks <= PEERS_UP_TO and (stacks == max(sizes) or not quick):
                figures += _of_others(what, Path(folder), stacks, quick=quick)
    return Section(
        "Many Copilot stacks",
        "on one core at most 4 times libyaml's compose; 10,000 stacks under 60 s on two cores and "
        "in at most 400 MB, the same again unchanged under 2 s; the cost of one at 10,000 within "
        "1.15 of that at 100",
        tuple(figures),
        (COMPOSE, "cfn-lint"),
        tuple(_growth(figures, sizes)),
    )


def _mixed(sizes: tuple[int, ...], *, quick: bool) -> Section:
    figures: list[Figure] = []
    try:
        mixed = import_module("stacks.mixed")
    except ModuleNotFoundError:
        figures.append(Figure("templates of many kinds", "", (), note="no generator of them here"))
        sizes = ()
    for templates in sizes:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), mixed.mixed_files(templates))
            what = f"{templates:,} templates"
            figures += _of_folder(what, Path(folder), templates, quick=quick)
            if templates <= PEERS_UP_TO and not quick:
                figures += _of_others(what, Path(folder), templates, quick=quick)
    return Section(
        "Templates of many kinds that import from each other",
        "the cost of one at 1,000 within 1.15 of that at 100",
        tuple(figures),
        (COMPOSE, "cfn-lint"),
        tuple(_growth(figures, sizes)),
    )


def _largest(findings: tuple[int, ...], *, quick: bool) -> Section:
    figures: list[Figure] = []
    try:
        largest = import_module("stacks.largest")
    except ModuleNotFoundError:
        figures.append(Figure("the largest template", "", (), note="no generator of it here"))
        findings = ()
    for number in findings:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), iter([("largest.yml", largest.largest_stack(number))]))
            what = f"1 MB, 500 resources, 200 parameters, {number:,} findings"
            figures += _of_folder(what, Path(folder), 1, quick=quick, plain=True)
            if number == findings[0] and not quick:
                figures += _of_others(what, Path(folder), 1, quick=quick)
    return Section(
        "The largest template that CloudFormation takes",
        "under a second with ten findings, under 3 s with 1,500",
        tuple(figures),
        (COMPOSE, "cfn-lint"),
    )


def _of_folder(
    what: str, folder: Path, units: int, *, quick: bool, plain: bool = False
) -> Iterator[Figure]:
    """This tool on all files of a folder: by default, on one core, and once more unchanged.

    ``plain``: by default only, as for a single template.
    """
    compose = [sys.executable, "-c", COMPOSES, str(folder)]
    composed = min(units, 200)
    nothing = run([sys.executable, "-c", "import yaml"], watch=0)
    taken = run(compose, watch=0)
    assert taken is not None
    assert nothing is not None
    alone = Sample(max(taken.wall - nothing.wall, 1e-6), max(taken.cpu - nothing.cpu, 1e-6))
    yield Figure(what, COMPOSE, (alone,), composed, f"of {composed}, without the start")
    rounds = _rounds(units, quick=quick)
    ways = {"copilot-preflight": own()}
    if not plain:
        ways["copilot-preflight --jobs 1"] = own("--jobs", "1")
    for name, tool in ways.items():
        samples = [run(tool.command([folder])) for _ in range(rounds)]
        yield Figure(what, name, tuple(filter(None, samples)), units)
    if not plain:
        yield _again(what, folder, units, quick=quick)


def _rounds(units: int, *, quick: bool) -> int:
    return 1 if quick or units >= 1_000 else 3


def _again(what: str, folder: Path, units: int, *, quick: bool) -> Figure:
    """The second of two runs that share their cache."""
    helped = subprocess.run([OWN, "check", "--help"], capture_output=True, text=True, check=True)
    note = "" if "--no-cache" in helped.stdout else "this version has no cache: all is done again"
    with tempfile.TemporaryDirectory() as cache:
        command = own().command([folder])
        run(command, cache=Path(cache))
        samples = [run(command, cache=Path(cache)) for _ in range(_rounds(units, quick=quick))]
    return Figure(what, "copilot-preflight, again", tuple(filter(None, samples)), units, note)


def _of_others(what: str, folder: Path, units: int, *, quick: bool) -> Iterator[Figure]:
    files = sorted(folder.rglob("*.yml"))
    patience = QUICK_PATIENCE if quick else PATIENCE
    for tool in peers():
        taken = run(tool.command(files), within=patience)
        if taken is None:
            yield Figure(what, tool.name, (), units, f"stopped after {patience} s")
        else:
            yield Figure(what, tool.name, (taken,), units)


def _growth(figures: list[Figure], sizes: tuple[int, ...]) -> Iterator[str]:
    """How the processor's time of one grows from the smallest number to the largest."""
    own_figures = [it for it in figures if it.tool == "copilot-preflight --jobs 1" and it.samples]
    if len(sizes) < 2 or len(own_figures) < 2:
        return
    first, last = own_figures[0], own_figures[-1]
    grown = (last.cpu / last.units) / (first.cpu / first.units)
    yield (
        f"On one core the processor's time of one, the start of the run included, is {grown:.2f} "
        f"times as long among {last.units:,} as among {first.units:,}"
    )


def main() -> None:
    for section in sections(quick="--quick" in sys.argv[1:]):
        print(page.text(section))


if __name__ == "__main__":
    main()
