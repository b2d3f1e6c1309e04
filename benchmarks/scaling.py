"""How the time of a check grows with the parts of a template, and with the templates of a run.

An exponent of 1 is linear growth. One process, no start-up time; CPU time, so that other load on
the machine hardly shows.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stacks.copilot import copilot_stack
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


def of_run(templates: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        text = copilot_stack(containers=2)
        for number in range(templates):
            Path(folder, f"web{number}-test.stack.yml").write_text(text, encoding="utf-8")
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


def show(name: str, sizes: Sequence[int], seconds: Sequence[float]) -> None:
    grown = [
        math.log(seconds[i + 1] / seconds[i]) / math.log(sizes[i + 1] / sizes[i])
        for i in range(len(sizes) - 1)
    ]
    times = "  ".join(f"{n:>6}: {s * 1000:>6.0f} ms" for n, s in zip(sizes, seconds, strict=True))
    print(f"{name:<11} {times}   exponents {', '.join(f'{g:.2f}' for g in grown)}")


def main() -> None:
    engine.check([])
    for name, (make, sizes) in AXES.items():
        show(name, sizes, [of_template(make(size)) for size in sizes])
    runs = (10, 20, 40, 80)
    show("templates", runs, [of_run(size) for size in runs])
    lengths = (1_000, 2_000, 4_000, 8_000)
    show("match", lengths, [of_match(length) for length in lengths])


if __name__ == "__main__":
    main()
