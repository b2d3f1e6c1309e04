"""Worker processes: the same report from any number of them, however they start."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path

import pytest
from tests.amount import some

from copilot_preflight.render.formats import render
from copilot_preflight.resolve import run
from copilot_preflight.run import ahead, workers
from copilot_preflight.run import check as engine
from copilot_preflight.run.options import Options

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_templates"
OF_OTHER_FILES = (
    "broken/unused-suppression",
    "broken/env-file-outdated",
    "broken/override-does-not-apply",
    "clean/every-version-granted",
)
PACKAGES = [str(SAMPLES / name) for name in OF_OTHER_FILES] + [
    *some([str(it) for it in sorted(SAMPLES.glob("*/*")) if it.is_dir()], every=5)
]
"""Samples, those with suppressions, manifests and patches for certain."""


class _Square:
    def __call__(self, number: int) -> int:
        if number == 7:
            raise ValueError("seven")
        return number * number


class _Leave:
    def __call__(self, _number: int) -> int:
        os._exit(3)


@pytest.fixture(params=["fork", "spawn"])
def start(request: pytest.FixtureRequest) -> workers.Start:
    if request.param == "fork" and not hasattr(os, "fork"):
        pytest.skip("processes do not fork here")
    start: workers.Start = request.param
    return start


def test_results_come_in_order(start: workers.Start) -> None:
    """And what fails is raised in its turn."""
    results = workers.in_order(_Square(), 10, 3, start)
    assert [next(results) for _ in range(7)] == [0, 1, 4, 9, 16, 25, 36]
    with pytest.raises(ValueError, match="seven"):
        next(results)


def test_a_worker_that_ends_is_told(start: workers.Start) -> None:
    with pytest.raises(workers.WorkerLost, match="a worker process ended with exit status 3"):
        list(workers.in_order(_Leave(), 4, 2, start))


def _reports(jobs: int) -> list[str]:
    report = engine.check(PACKAGES, Options(info=True, jobs=jobs))
    return [render(report, form) for form in ("text", "json", "sarif")]


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """The report of one process."""
    return _reports(1)


def test_a_report_does_not_depend_on_its_processes(
    start: workers.Start, alone: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading and judging alike, with suppressions, neighbours and what cannot be read."""
    in_order = partial(workers.in_order, start=start)
    monkeypatch.setattr(workers, "in_order", in_order)
    monkeypatch.setattr(ahead, "in_order", in_order)
    assert _reports(2) == alone


def test_a_worker_does_not_import_from_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout may have a file of any name."""
    for name in ("pickle", "json", "yaml", "secrets"):
        (tmp_path / f"{name}.py").write_text("open('imported', 'w')\n")
    monkeypatch.chdir(tmp_path)
    assert list(workers.in_order(_Square(), 4, 2, "spawn")) == [0, 1, 4, 9]
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_report_does_not_depend_on_what_is_in_memory(
    jobs: int, alone: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stacks that are put down after each other are read again where they are asked for."""
    monkeypatch.setattr(run, "MOST_IN_USE", 1)
    monkeypatch.setattr(engine, "MOST_IN_USE", 1)
    assert _reports(jobs) == alone


def test_few_stacks_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MOST_IN_USE", 3)
    monkeypatch.setattr(engine, "MOST_IN_USE", 3)
    sample = next(SAMPLES.rglob("*.yml"))
    for number in range(12):
        shutil.copy(sample, tmp_path / f"s{number}.yml")
    checked = engine.checked([str(tmp_path)])
    assert len(checked.packages) == 12
    assert len(checked.analyses) == 3
    packed = [package.template.is_packed for package in checked.packages.values()]
    assert sum(packed) >= 9
