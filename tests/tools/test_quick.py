"""``make quick``: which tests a change asks for, and in which order they run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.quick import SKIPPED, WHOLE, changed_files, nearest_tests

ROOT = Path(__file__).parents[2]
RULES = "rules/copilot_preflight_rules"


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        (["src/copilot_preflight/iam/arn.py"], ["tests/iam/test_arn.py", "tests/iam", *WHOLE]),
        (["src/copilot_preflight/read/yaml/tree.py"], ["tests/read", *WHOLE]),
        (["src/copilot_preflight/checks/rule.py"], ["tests/checks", *WHOLE]),
        (["src/copilot_preflight/api.py"], ["tests/test_api.py", *WHOLE]),
        (["tests/iam/test_arn.py"], ["tests/iam/test_arn.py"]),
        (["tests/render/__snapshots__/test_formats.ambr"], ["tests/render"]),
        ([f"{RULES}/env_file_denied.md"], ["tests/test_pages.py", *WHOLE]),
        (["sample_templates/README.md"], ["tests/test_samples.py"]),
        (["docs/cli.md"], ["tests/test_readme.py", "tests/test_docs.py"]),
        (["requirements/dev.txt"], ["tests/tools"]),
        (
            ["src/copilot_preflight/iam/arn.py", "tests/base/test_symbolic.py"],
            ["tests/iam/test_arn.py", "tests/base/test_symbolic.py", "tests/iam", *WHOLE],
        ),
        (["tests/hosts/test_action.py", "tests/mutations/gone.py"], []),
        ([], []),
    ],
)
def test_the_nearest_tests_come_first(changed: list[str], wanted: list[str]) -> None:
    """The test of the file, those of its folder, those of the whole; the slow folders never."""
    assert nearest_tests(changed, ROOT) == wanted


def test_every_folder_of_tests_is_that_of_a_folder_of_sources() -> None:
    """The mapping by name holds: a folder of tests that mirrors nothing has another reason."""
    sources = {path.name for path in (ROOT / "src" / "copilot_preflight").iterdir()}
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    others = {Path(name).name for name in SKIPPED} | {"docs", "fuzz", "rules", "tools"}
    assert folders - sources == others


GREEN = "def test_green() -> None: pass\n"
RED = "def test_red() -> None: assert False\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with one commit, in which everything is green."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "quick.py", tmp_path / "tools")
    for name in ("aaa/test_a", "iam/test_arn", "iam/test_a", "test_imports", "hosts/test_h"):
        write(tmp_path / f"tests/{name}.py", GREEN)
    write(tmp_path / "src/copilot_preflight/iam/arn.py", "")
    write(
        tmp_path / "pyproject.toml",
        "[tool.pytest.ini_options]\naddopts = '--import-mode=importlib'",
    )
    write(tmp_path / ".gitignore", "__pycache__\n.pytest_cache\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "all")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def environment(**more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {
        f"GIT_{role}_{what}": "a@b"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return {**ours, **who, "GIT_CONFIG_GLOBAL": os.devnull, **more}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, env=environment())


def quick(folder: Path, **more: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tools.quick"],
        check=False,
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


def test_the_first_failure_of_what_changed_ends_the_run(project: Path) -> None:
    """The changed module's own test runs before all others, and none runs after its failure."""
    write(project / "src/copilot_preflight/iam/arn.py", "CHANGED = True\n")
    write(project / "tests/iam/test_arn.py", RED)
    write(project / "tests/iam/test_a.py", RED)
    git(project, "commit", "-q", "-m", "the other is red already", "tests/iam/test_a.py")
    status, out = quick(project)
    assert status == 1
    assert "FAILED tests/iam/test_arn.py::test_red" in out
    assert "1 failed in" in out


def test_what_failed_last_time_comes_before_all(project: Path) -> None:
    """Even where something nearer has changed since."""
    write(project / "tests/iam/test_a.py", RED)
    assert "1 failed in" in quick(project)[1]
    write(project / "tests/aaa/test_a.py", RED)
    _, out = quick(project)
    assert "FAILED tests/iam/test_a.py::test_red" in out
    assert "1 failed in" in out


def test_without_a_change_everything_but_the_slow_folders_runs(project: Path) -> None:
    """All tests are as near as each other."""
    status, out = quick(project)
    assert status == 0, out
    assert "4 passed in" in out


def test_no_test_begins_when_time_is_up(project: Path) -> None:
    """The run says how many are left, and is not taken for one that passed them all."""
    _, out = quick(project, WITHIN="0")
    assert "4 tests did not begin within 0 seconds: make quick WITHIN=600, or make test" in out
    assert "4 skipped in" in out


def test_on_a_branch_its_commits_count_as_changes(project: Path) -> None:
    """Changes are what the main branch does not have: committed, staged, new and deleted files."""
    git(project, "checkout", "-q", "-b", "branch")
    write(project / "committed.py", "")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "one")
    write(project / "new é.py", "")
    (project / "tests/iam/test_a.py").unlink()
    assert sorted(changed_files(project)) == ["committed.py", "new é.py", "tests/iam/test_a.py"]


def test_without_git_nothing_has_changed(tmp_path: Path) -> None:
    """As in an unpacked source distribution."""
    assert list(changed_files(tmp_path)) == []
