"""Which branches of the deciding folders no test takes: ``make coverage``.

A branch is a way from one line to the next: an ``if`` that is never false has one that no test
takes. The lines that have one are printed; under 95% in one folder, the exit status is 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import coverage
import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = ROOT / "src/copilot_preflight"
FOLDERS: Final = ("iam", "base", "resolve", "access")
TESTS: Final = (*FOLDERS, "model", "needs", "statements", "checks", "edits", "rules")
"""What knows these folders well; whole runs of the command come by lines and hold little."""

LEAST: Final = 95.0


class Branches(NamedTuple):
    """The lines of a file at which it branches: how many ways there are, and how many are taken."""

    file: str
    lines: Mapping[int, tuple[int, int]]


def share(found: Sequence[Branches]) -> float:
    """How many of 100 branches some test takes."""
    ways = [way for each in found for way in each.lines.values()]
    count = sum(total for total, _ in ways)
    return 100.0 * sum(taken for _, taken in ways) / count if count else 100.0


def main() -> int:
    os.chdir(ROOT)
    watch = coverage.Coverage(
        data_file=None, branch=True, source=[str(SOURCES / folder) for folder in FOLDERS]
    )
    watch.start()
    tests = [f"tests/{folder}" for folder in TESTS]
    failed = int(pytest.main(["-q", "-p", "no:cacheprovider", *tests]))
    watch.stop()
    if failed:
        return failed
    enough = True
    for folder in FOLDERS:
        found = [
            Branches(path.relative_to(SOURCES).as_posix(), watch.branch_stats(str(path)))
            for path in sorted((SOURCES / folder).rglob("*.py"))
        ]
        percent = share(found)
        enough = enough and percent >= LEAST
        print(f"{folder}: {percent:.1f}% of the branches")
        for each in found:
            for line, (total, taken) in each.lines.items():
                if taken < total:
                    print(f"  {each.file}:{line} goes on in {total} ways, in {taken} of them here")
    if not enough:
        print(f"a folder is under {LEAST:.0f}%: write a test that takes a branch of it above")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
