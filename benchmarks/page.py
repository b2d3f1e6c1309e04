"""Figures of the benchmarks as values, and how they are shown: as text, and as RESULTS.md.

Nothing here measures or knows a tool, so that a test can give it figures.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple


class Sample(NamedTuple):
    """One run: seconds on the clock and of the processor, and the bytes that it held at most.

    ``memory`` is of all its processes together, 0 where it was not looked at.
    """

    wall: float
    cpu: float
    memory: int = 0


class Figure(NamedTuple):
    """What one tool took for one thing. Without samples it was not measured: ``note`` says why.

    ``units`` are the stacks, or calls, of one run.
    """

    what: str
    tool: str
    samples: tuple[Sample, ...]
    units: int = 1
    note: str = ""

    @property
    def wall(self) -> float:
        """Median of the seconds on the clock."""
        return statistics.median(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float:
        """Median of the processor's seconds."""
        return statistics.median(sample.cpu for sample in self.samples)

    @property
    def memory(self) -> int:
        """The most bytes of any run."""
        return max(sample.memory for sample in self.samples)


class Section(NamedTuple):
    """Figures that belong together. ``yardsticks`` are tools: each is a column of ratios.

    A ratio compares the medians of what has the same ``what``. ``remarks`` stand below the table.
    """

    title: str
    aim: str
    figures: tuple[Figure, ...]
    yardsticks: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Machine(NamedTuple):
    """Where it was measured: processors that may be used, their model, bytes of memory."""

    cores: int
    model: str
    memory: int
    system: str


class Page(NamedTuple):
    """Everything that RESULTS.md says; ``versions`` are by name of what was run."""

    machine: Machine
    versions: Mapping[str, str]
    sections: Sequence[Section]
    minutes: float
    is_quick: bool = False
    is_loaded: bool = False


def markdown(page: Page) -> str:
    """RESULTS.md."""
    return "\n".join(_lines(page)) + "\n"


def text(section: Section) -> str:
    """A section for a terminal."""
    rows = [_header(section), *(_row(section, figure) for figure in section.figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join((f"== {section.title}: {section.aim}", *table, *section.remarks)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield "# What was measured"
    yield ""
    yield "Written by `make bench`, which measures everything anew; not by hand."
    machine = page.machine
    yield f"It took {page.minutes:.0f} minutes on {_counted(machine.cores, 'core')} of a machine"
    yield f"with {_size(machine.memory)} of memory: {machine.model}, {machine.system}."
    if page.is_quick:
        yield ""
        yield "**A quick run** (`make bench QUICK=1`): fewer rounds, small sizes, parts left out."
    if page.is_loaded:
        yield ""
        yield "**The machine was busy with other work**: the ratios hold roughly, the times do not."
    yield ""
    yield "Times are medians of runs in which the tools take turns, after one that fills the"
    yield "caches of the system; the spread is from the fastest to the slowest. Memory is the most"
    yield "that all processes of a run held together, pages that they share counted for each."
    yield "`1/17` is a seventeenth of the time of what the column names."
    yield ""
    yield from _table([["what", "version"], *map(list, page.versions.items())])
    for section in page.sections:
        yield ""
        yield f"## {section.title}"
        yield ""
        yield f"Aim: {section.aim}."
        yield ""
        yield from _table([_header(section), *(_row(section, it) for it in section.figures)])
        for remark in section.remarks:
            yield ""
            yield f"{remark}."


_COLUMNS: Mapping[str, Callable[[Figure], str]] = {
    "what": lambda figure: figure.what,
    "tool": lambda figure: figure.tool,
    "median": lambda figure: _time(figure.wall),
    "spread": lambda figure: _spread(figure.samples),
    "processor": lambda figure: _time(figure.cpu),
    "each": lambda figure: _time(figure.wall / figure.units),
    "memory": lambda figure: _size(figure.memory),
}


def _names(section: Section) -> list[str]:
    has_units = any(figure.units > 1 for figure in section.figures)
    has_memory = any(sample.memory for figure in section.figures for sample in figure.samples)
    left_out = {"each": not has_units, "memory": not has_memory}
    return [name for name in _COLUMNS if not left_out.get(name)]


def _header(section: Section) -> list[str]:
    return [*_names(section), *(f"of {name}" for name in section.yardsticks), "note"]


def _row(section: Section, figure: Figure) -> list[str]:
    if not figure.samples:
        blank = [""] * (len(_names(section)) - 2 + len(section.yardsticks))
        return [figure.what, figure.tool, *blank, figure.note]
    cells = [_COLUMNS[name](figure) for name in _names(section)]
    ratios = [_against(section, figure, yardstick) for yardstick in section.yardsticks]
    return [*cells, *ratios, figure.note]


def _against(section: Section, figure: Figure, yardstick: str) -> str:
    for other in section.figures:
        if other.tool == yardstick and other.what == figure.what and other.samples:
            mine, its = figure.wall / figure.units, other.wall / other.units
            return "" if other is figure else ratio(mine, its)
    return ""


def ratio(one: float, other: float) -> str:
    """How one time compares to another: ``1/17.3``, ``2.4 x``."""
    return f"1/{other / one:.1f}" if one < other else f"{one / other:.1f} x"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    used = [at for at, name in enumerate(rows[0]) if any(row[at] for row in rows[1:])]
    for number, row in enumerate(rows):
        cells = (row[at].replace("|", "\\|") for at in used)
        yield f"| {' | '.join(cells)} |"
        if not number:
            yield f"|{'---|' * len(used)}"


def _spread(samples: Sequence[Sample]) -> str:
    if len(samples) == 1:
        return "one run"
    return f"{_time(min(it.wall for it in samples))} - {_time(max(it.wall for it in samples))}"


def _time(seconds: float) -> str:
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _size(memory: int) -> str:
    if not memory:
        return ""
    return f"{memory / 1e6:.0f} MB" if memory < 1e9 else f"{memory / 1e9:.1f} GB"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
