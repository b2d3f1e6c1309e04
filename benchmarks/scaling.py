"""How the time of a check grows with the parts of a template, and with the templates of a run.

An exponent of 1 is linear growth. One process, no start-up time; CPU time, so that other load on
the machine hardly shows.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from page import Figure, Sample, Section
from stacks.copilot import copilot_stack
from stacks.mixed import copilot_files, mixed_files
from stacks.services import services_stack

from copilot_preflight.base.symbolic import Hole, Text, match
from copilot_preflight.run import check as engine

ROUNDS = 2

AXES: dict[str, tuple[Callable[[int], str], Sequence[int]]] = {
    "statements": (lambda n: copilot_stack(statements=n), (100, 200, 400, 800)),
    "resources": (lambda n: copilot_stack(resources=n), (100, 200, 400, 800)),
    "containers": (lambda n: copilot_stack(containers=n), (5, 10, 20, 40)),
    "conditions": (lambda n: copilot_stack(conditions=n), (25, 50, 100, 200)),
    "services": (services_stack, (10, 20, 40, 80)),
}


RUNS: dict[str, Callable[[int], Iterable[tuple[str, str]]]] = {
    "Copilot": copilot_files,
    "mixed": mixed_files,
}
"""The kinds of runs, as file names and contents, by the number of their templates.

The cost of a template at the largest size is to stay within 1.15 of that at 100 templates.
"""


def check_seconds(folder: Path) -> float:
    start = time.process_time()
    report = engine.check([str(folder)])
    taken = time.process_time() - start
    assert not report.errors, report.errors
    return taken


def of_template(text: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "web-test.stack.yml").write_text(text, encoding="utf-8")
        return min(check_seconds(Path(folder)) for _ in range(ROUNDS))


def of_run(files: Iterable[tuple[str, str]]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files:
            Path(folder, name).write_text(text, encoding="utf-8")
        return min(check_seconds(Path(folder)) for _ in range(ROUNDS))


def of_match(length: int) -> float:
    """Two ARNs full of holes and stars that nearly match."""
    holes = [Hole(f"p{i}", excludes=":*?") for i in range(length // 20)]
    pattern = Text.of(*(part for hole in holes for part in (hole, "a*" * 5, "b" * 8)))
    target = Text.of("ab" * (length // 2), Hole("end", excludes=":*?"))
    start = time.process_time()
    for _ in range(10):
        match(pattern, target)
    return time.process_time() - start


def exponents(sizes: Sequence[int], seconds: Sequence[float]) -> list[float]:
    return [
        math.log(seconds[i + 1] / seconds[i]) / math.log(sizes[i + 1] / sizes[i])
        for i in range(len(sizes) - 1)
    ]


def show(name: str, sizes: Sequence[int], seconds: Sequence[float]) -> None:
    times = "  ".join(f"{n:>6}: {s * 1000:>6.0f} ms" for n, s in zip(sizes, seconds, strict=True))
    grown = ", ".join(f"{it:.2f}" for it in exponents(sizes, seconds))
    print(f"{name:<11} {times}   exponents {grown}")


SIZES: Final = (100, 400)
"""Templates of a run."""


def growths(runs: Sequence[int] = SIZES) -> Iterator[tuple[str, Sequence[int], list[float]]]:
    """Each axis with its sizes and the seconds of the processor that they take."""
    engine.check([])
    for name, (make, sizes) in AXES.items():
        yield name, sizes, [of_template(make(size)) for size in sizes]
    for name, files in RUNS.items():
        yield name, runs, [of_run(files(size)) for size in runs]
    lengths = (1_000, 2_000, 4_000, 8_000)
    yield "match", lengths, [of_match(length) for length in lengths]


def sections() -> Iterator[Section]:
    """The largest of each axis, with the exponent of its last step."""
    figures = []
    for name, sizes, seconds in growths():
        samples = (Sample(seconds[-1], seconds[-1]),)
        grown = ", ".join(f"{it:.2f}" for it in exponents(sizes, seconds))
        note = f"exponents {grown} from {sizes[0]} on"
        figures.append(Figure(f"{sizes[-1]:,} {name}", "copilot-preflight", samples, note=note))
    yield Section("Growth with the parts of a template", "linear, an exponent of 1", (*figures,))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs",
        type=int,
        nargs="+",
        default=SIZES,
        metavar="N",
        help="templates of the runs that are measured, such as 100 2000 10000 (default: 100 400)",
    )
    for name, sizes, seconds in growths(parser.parse_args().runs):
        show(name, sizes, seconds)
        if name in RUNS:
            each = [1000 * s / n for s, n in zip(seconds, sizes, strict=True)]
            ratios = ", ".join(f"{ms / each[0]:.2f}" for ms in each[1:])
            print(f"{'':<11} {each[0]:.1f} ms a template, then times {ratios}")


if __name__ == "__main__":
    main()
