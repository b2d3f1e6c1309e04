"""Every finding of the mutated stacks, fixed by the command's own ways: rules by ways, with counts.

``python -m tests.fixes.mutants`` prints the table; words behind it name the tables of mutations to
take. Unlike `tests.mutations.fixes`, which carries out each fix by itself on data, whole runs are
fixed here, in their texts: rounds, proof and patches included.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.mutations.fixes import TABLES, Case

from copilot_preflight.base.finding import Report
from copilot_preflight.fixes.candidates import counted
from copilot_preflight.fixes.files import write
from copilot_preflight.fixes.plan import Plan, planned
from copilot_preflight.fixes.writers import writer_for
from copilot_preflight.overrides.apply import apply
from copilot_preflight.overrides.patches import parse
from copilot_preflight.read import document
from copilot_preflight.run import check as engine

WAYS: Final = ("template", "iam", "override")
PATCHES: Final = Path("copilot/fe/overrides/cfn.patches.yml")


@dataclass
class Counts:
    """What became of the findings in each way, by rule; ``wrong`` are promises that do not hold."""

    fixed: dict[str, Counter[str]] = field(default_factory=lambda: {way: Counter() for way in WAYS})
    tried: dict[str, Counter[str]] = field(default_factory=lambda: {way: Counter() for way in WAYS})
    wrong: list[str] = field(default_factory=list)

    def add(self, case: Case, way: str) -> None:
        """Fixes the files of a case on the disk, in a folder of its own."""
        with tempfile.TemporaryDirectory() as temporary, _inside(temporary):
            problem = self._problem(case, way)
        if problem:
            self.wrong.append(f"{case.name}, {way}: {problem}")

    def _problem(self, case: Case, way: str) -> str:
        case.written(Path())
        if way == "override":
            if "fe.stack.yml" not in case.files:
                return ""
            manifest = Path("copilot/fe/manifest.yml")
            manifest.parent.mkdir(parents=True)
            manifest.write_text("name: fe\ntype: Backend Service\n")
        first = _plan(case, way)
        for finding in first.before.findings:
            self.tried[way][finding.rule] += 1
        for finding in first.ended:
            self.fixed[way][finding.rule] += 1
        if way == "iam":  # nothing is written, but the proof is made
            return ""
        for change in first.changes:
            write(change)
        if way == "override":
            if not first.changes:
                return ""
            _package_again()
        after = _checked(case)
        if after.errors != first.before.errors:
            return f"errors: {after.errors}"
        noted = ["W9785"] if first.notes else []  # patches that have to count positions
        brought = [it for it in counted(after) - counted(first.before) if it[0] not in noted]
        if brought:
            return f"brings {brought[0]}"
        left = [it for it in counted(after) - counted(first.after) if it[0] not in noted]
        if left:
            return f"leaves {left[0]}"
        again = _plan(case, way)
        return f"a second run makes {again.made[0].fix.title}" if again.changes else ""

    def lines(self) -> Iterator[str]:
        """The table in Markdown."""
        yield f"| rule | {' | '.join(f'{way}: fixed of found' for way in WAYS)} |"
        yield f"|---|{'---|' * len(WAYS)}"
        rules = sorted({rule for way in WAYS for rule in self.tried[way]}, key=lambda it: it[1:])
        for rule in rules:
            cells = (f"{self.fixed[way][rule]} of {self.tried[way][rule]}" for way in WAYS)
            yield f"| {rule} | {' | '.join(cells)} |"


@contextmanager
def _inside(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _plan(case: Case, way: str) -> Plan:
    options = case.options(Path())._replace(info=False)
    paths = [_checked_path(case)]
    return planned(paths, options, lambda run: writer_for(way, run), with_review=True)


def _checked(case: Case) -> Report:
    return engine.check([_checked_path(case)], case.options(Path())._replace(info=False))


def _checked_path(case: Case) -> str:
    return case.checked or next(iter(case.files))


def _package_again() -> None:
    """What Copilot writes when it applies the patches: the data are enough."""
    patches = parse(document.read(PATCHES)).patches
    stack = Path("fe.stack.yml")
    stack.write_text(json.dumps(apply(patches, document.read(stack)).template.data))


def counts_of(cases: Iterable[Case], ways: Sequence[str] = WAYS) -> Counts:
    counts = Counts()
    for case in cases:
        for way in ways:
            counts.add(case, way)
    return counts


def main(names: Sequence[str]) -> None:
    counts = counts_of(case for name in names or TABLES for case in TABLES[name]())
    print(*counts.lines(), sep="\n")
    print(*counts.wrong, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
