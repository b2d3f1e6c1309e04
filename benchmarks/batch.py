"""What a stack costs in a batch: reading and judging it, in times of what libyaml alone takes.

The floor is `yaml.compose` with libyaml, which builds the nodes of a text and knows nothing of
them. One process, no start-up time; CPU time, the rounds of both in turns, the best of each, so
that other load on the machine hardly shows.
"All the rest" is the check without one parse of each text: the judging, and whatever is read twice.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml
from stacks.copilot import copilot_stack

from copilot_preflight.read import document
from copilot_preflight.run import check as engine

STACKS = 100
ROUNDS = 5


def cpu_ms(work: Callable[[], object]) -> float:
    """Milliseconds of CPU time for each stack."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000 / STACKS


def main() -> None:
    containers = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    text = copilot_stack(containers=containers)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(STACKS):
            Path(folder, f"web{number}-test.stack.yml").write_text(text, encoding="utf-8")

        def compose() -> None:
            for _ in range(STACKS):
                yaml.compose(text, Loader=yaml.CSafeLoader)

        def parse() -> None:
            for number in range(STACKS):
                document.parse(text, f"web{number}-test.stack.yml")

        def check() -> None:
            report = engine.check([folder])
            assert not report.errors, report.errors

        check()  # loads the modules and the tables
        rounds = [(cpu_ms(compose), cpu_ms(parse), cpu_ms(check)) for _ in range(ROUNDS)]
    composed, parsed, checked = map(min, zip(*rounds, strict=True))
    lines = len(text.splitlines())
    print(f"{STACKS} stacks of {lines} lines, {containers} containers; CPU for each stack:")
    for name, taken in (
        ("libyaml's compose", composed),
        ("parse", parsed),
        ("all the rest", checked - parsed),
        ("the whole check", checked),
    ):
        print(f"{name:<18} {taken:>6.2f} ms  {taken / composed:>5.1f} times compose")


if __name__ == "__main__":
    main()
