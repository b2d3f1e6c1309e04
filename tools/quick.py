"""The tests of what has changed, the nearest first, up to the first failure: ``make quick``.

Changed is what differs from the main branch, or from the last commit on it. ``tests/`` mirrors
``src/copilot_preflight``: a change of ``iam/arn.py`` runs ``tests/iam/test_arn.py``, then the rest
of ``tests/iam``, then what looks at the whole. What failed last time comes before all, and what
took long comes late. After WITHIN seconds, 15 unless the environment says otherwise, no further
test begins: `make test` remains the judge.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
WHOLE: Final = ("tests/test_imports.py", "tests/test_samples.py")
"""What notices a mistake wherever it is made, and soon."""

SKIPPED: Final = ("tests/hosts", "tests/mutations")
_RULES: Final = "rules/copilot_preflight_rules/"
_SOURCES: Final = "src/copilot_preflight/"
_SECONDS: Final = 15.0
_DURATIONS: Final = "quick/durations"


def main() -> int:
    changed = list(changed_files(ROOT))
    chosen = nearest_tests(changed, ROOT) or ["tests"]
    print(f"{len(changed)} changed files: {' '.join(chosen)}", flush=True)
    os.chdir(ROOT)
    ignored = [f"--ignore={folder}" for folder in SKIPPED]
    seconds = float(os.environ.get("WITHIN", _SECONDS))
    return int(pytest.main(["-q", "-x", *ignored, *chosen], [Nearest(chosen, seconds)]))


def changed_files(root: Path) -> Iterator[str]:
    """The files that differ from the main branch, as git names them: new ones and deleted ones too.

    None where git is not installed or this is not a checkout.
    """
    bases = (_git(root, "merge-base", "HEAD", branch) for branch in ("origin/main", "main"))
    base = next((found[0].strip() for found in bases if found), "HEAD")
    yield from _git(root, "diff", "--name-only", "-z", base)
    yield from _git(root, "ls-files", "--others", "--exclude-standard", "-z")


def _git(root: Path, *arguments: str) -> list[str]:
    """The parts of an answer of git's; none where it has nothing to say."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, check=False, text=True
        )
    except FileNotFoundError:
        return []
    return [part for part in done.stdout.split("\0") if part] if done.returncode == 0 else []


def nearest_tests(changed: Collection[str], root: Path) -> list[str]:
    """The files and folders with tests of some changed files, the nearest first, each once.

    Empty where nothing changed that a test looks at.
    """
    kinds = list(zip(*(_nearness(name) for name in changed), strict=True))
    wanted = dict.fromkeys(name for kind in kinds for names in kind for name in names)
    return [
        name
        for name in wanted
        if (root / name).exists()
        and not name.startswith(tuple(f"{it}/" for it in SKIPPED))
        and name not in SKIPPED
    ]


def _nearness(name: str) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """The tests of a file: its own, those around it, those of the whole."""
    path = PurePosixPath(name)
    if name.startswith("tests/"):
        if path.match("test_*.py"):
            return (name,), (), ()
        return (), (str(path.parent).removesuffix("/__snapshots__"),), ()
    if name.startswith(_RULES):
        return (f"tests/rules/test_{path.stem}.py",), ("tests/test_pages.py",), WHOLE
    if name.startswith(_SOURCES) and path.suffix == ".py":
        inside = path.relative_to(_SOURCES)
        if len(inside.parts) == 1:
            return (f"tests/test_{path.stem}.py",), (), WHOLE
        folder = f"tests/{inside.parts[0]}"
        return (f"{folder}/test_{path.stem}.py",), (folder,), WHOLE
    if name.startswith("sample_templates/"):
        return (), ("tests/test_samples.py",), ()
    if name.startswith(("tools/", "requirements/")) or name in ("Makefile", "pyproject.toml"):
        return (f"tests/tools/test_{path.stem}.py",), ("tests/tools",), ()
    if path.suffix == ".md" or name.startswith("docs/"):
        return (), ("tests/test_readme.py", "tests/test_docs.py"), ()
    return (), (), WHOLE


class Nearest:
    """A pytest plugin: orders the tests, and begins no further one when time is up."""

    def __init__(self, chosen: Sequence[str], seconds: float) -> None:
        self._chosen = chosen
        self._seconds = seconds
        self._ends = 0.0
        self._left = 0
        self._took: dict[str, float] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        assert config.cache is not None
        failed = config.cache.get("cache/lastfailed", {})
        self._took = config.cache.get(_DURATIONS, {})

        def late(item: pytest.Item) -> tuple[bool, int, float]:
            nearness = next(n for n, it in enumerate(self._chosen) if item.nodeid.startswith(it))
            return item.nodeid not in failed, nearness, round(self._took.get(item.nodeid, 0.0), 1)

        items.sort(key=late)
        self._ends = time.monotonic() + self._seconds

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        if time.monotonic() >= self._ends:
            self._left += 1
            pytest.skip("time is up")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self._took[report.nodeid] = report.duration

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        assert session.config.cache is not None
        session.config.cache.set(_DURATIONS, self._took)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._left:
            terminalreporter.write_line(
                f"{self._left} tests did not begin within {self._seconds:g} seconds: "
                "make quick WITHIN=600, or make test"
            )


if __name__ == "__main__":
    sys.exit(main())
