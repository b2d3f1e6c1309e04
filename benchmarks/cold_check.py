"""A cold `copilot-preflight check` against cfn-lint, on the same file, in turns.

The aim: at most 1/15 of cfn-lint's time on a stack of 1,000 lines.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from stacks.copilot import copilot_stack

LINES = 1_000
ROUNDS = 5
AIM = 15

BIN = Path(sys.executable).parent
CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


def stack_of(lines: int) -> str:
    """The generated stack that comes closest to a number of lines."""
    tables = 0
    while (text := copilot_stack(containers=4, statements=40, resources=tables)).count(
        "\n"
    ) < lines:
        tables += 1
    return text


class Times(NamedTuple):
    """Seconds of one run of a command: on the clock, and of the processor."""

    wall: float
    cpu: float


def run(command: list[str]) -> Times:
    # Whoever installs a package has its bytecode: an environment without it would measure Python.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, capture_output=True, check=False, env=environment)
    wall, after = time.perf_counter() - start, os.times()
    cpu = after.children_user - before.children_user
    return Times(wall, cpu + after.children_system - before.children_system)


def measure(file: Path) -> dict[str, Times]:
    """Median times of each command; the commands take turns, so that noise hits all."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "copilot-preflight": [str(BIN / "copilot-preflight"), "check", str(file)],
        "cfn-lint": [str(BIN / "cfn-lint"), str(file)],
    }
    times: dict[str, list[Times]] = {name: [] for name in commands}
    for number in range(ROUNDS + 1):
        for name, command in commands.items():
            taken = run(command)
            if number:  # the first round fills the caches
                times[name].append(taken)
    return {name: _median(taken) for name, taken in times.items()}


def _median(times: list[Times]) -> Times:
    return Times(*(statistics.median(column) for column in zip(*times, strict=True)))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        generated = Path(folder, "web-test.stack.yml")
        generated.write_text(stack_of(LINES), encoding="utf-8")
        files = {"generated": generated}
        golden = CORPUS / "copilot-v1.33.2" / "workloads" / "svc-prod.stack.yml"
        if golden.is_file():
            files["Copilot's svc-prod"] = golden
        print(f"{'stack':<18} {'lines':>6}  {'command':<18} {'ms':>6} {'cpu ms':>7}  of cfn-lint")
        for label, file in files.items():
            lines = file.read_text(encoding="utf-8").count("\n")
            found = measure(file)
            all_of = found["cfn-lint"]
            for name, taken in found.items():
                share = f"1/{all_of.wall / taken.wall:.1f}"
                wall, cpu = taken.wall * 1000, taken.cpu * 1000
                print(f"{label:<18} {lines:>6}  {name:<18} {wall:>6.0f} {cpu:>7.0f}  {share}")
            own = found["copilot-preflight"]
            print(
                f"{label}: 1/{all_of.wall / own.wall:.1f} of cfn-lint's time"
                f" (1/{all_of.cpu / own.cpu:.1f} of the processor's), the aim is 1/{AIM}\n"
            )


if __name__ == "__main__":
    main()
