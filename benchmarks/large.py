"""A check of the largest stack that CloudFormation takes: CPU seconds, by format and by phase.

One process, no start-up time. libyaml's compose of the same text is the floor beneath which no
linter gets that knows where things stand; times are printed next to it as ratios. The last lines
show how the time grows with the stack: an exponent of 1 is linear growth.

    python benchmarks/large.py [--rounds N]
"""

from __future__ import annotations

import argparse
import gc
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from stacks.largest import largest_stack

from copilot_preflight.base.finding import Report
from copilot_preflight.read import document
from copilot_preflight.render import json as json_report
from copilot_preflight.render import sarif, text
from copilot_preflight.run import check as engine

FINDINGS = (10, 1_500)
PARTS = (0.125, 0.25, 0.5, 1)
FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.render,
    "json": json_report.render,
    "sarif": sarif.render,
}


def seconds(work: Callable[[], Any], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def measure(name: str, stack: str, folder: Path, rounds: int) -> None:
    path = folder / name
    path.write_text(stack, encoding="utf-8")
    report = engine.check([str(path)])
    assert not report.errors, report.errors
    compose = seconds(lambda: yaml.compose(stack, Loader=yaml.CSafeLoader), rounds)
    read = seconds(lambda: document.read(path), rounds)
    check = seconds(lambda: engine.check([str(path)]), rounds)
    rules = len({finding.rule for finding in report.findings})
    print(f"{name}: {len(report.findings)} findings of {rules} rules")
    show("libyaml's compose", compose, compose)
    show("read", read, compose)
    show("judge", check - read, compose)
    for format, render in FORMATS.items():
        rendered = seconds(lambda render=render: render(report), rounds)  # type: ignore[misc]
        show(f"render as {format}", rendered, compose)
        show(f"check --format {format}", check + rendered, compose)


def show(what: str, taken: float, floor: float) -> None:
    print(f"  {what:<24} {taken:7.3f} s  {taken / floor:6.1f}")


def growth(findings: int, folder: Path, rounds: int) -> None:
    """The exponents from each part of the stack to the next, with a share of the findings."""
    sizes, times = [], []
    for part in PARTS:
        path = folder / f"part-{part}.yml"
        path.write_text(largest_stack(int(findings * part), part=part), encoding="utf-8")
        sizes.append(path.stat().st_size)
        times.append(seconds(lambda path=path: engine.check([str(path)]), rounds))  # type: ignore[misc]
    exponents = [
        math.log(times[n + 1] / times[n]) / math.log(sizes[n + 1] / sizes[n])
        for n in range(len(PARTS) - 1)
    ]
    shown = "  ".join(f"{s / 1000:.0f} KB: {t:.2f} s" for s, t in zip(sizes, times, strict=True))
    print(f"{findings:>5} findings  {shown}  exponents {', '.join(f'{e:.2f}' for e in exponents)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2, help="the fastest of them counts")
    rounds = parser.parse_args().rounds
    gc.set_threshold(100_000, 50, 50)  # as the command does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for findings in FINDINGS:
            for ending in ("yml", "json"):
                stack = largest_stack(findings, as_json=ending == "json")
                measure(f"{findings}-findings.{ending}", stack, folder, rounds)
        for findings in FINDINGS:
            growth(findings, folder, rounds)


if __name__ == "__main__":
    main()
