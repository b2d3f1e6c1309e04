"""``make rule`` in a copy of the checkout: what it writes is clean, and says what is left to do."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.new_rule import begin

ROOT = Path(__file__).parents[2]
NAME, ID = "some-new-rule", "W9799"
CODE = "rules/copilot_preflight_rules/some_new_rule.py"
WRITTEN = [
    CODE,
    "rules/copilot_preflight_rules/some_new_rule.md",
    "sample_templates/broken/some-new-rule/template.yml",
    "rules/copilot_preflight_rules/__init__.py",
    "sample_templates/README.md",
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout, as far as rules are concerned."""
    for name in ("src", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("rules", "sample_templates", "tests/__snapshots__", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=unwanted)
    for name in ("pyproject.toml", "tests/test_pages.py", "tests/test_samples.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(folder: Path, *command: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *command],
        check=False,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


def test_what_is_written_is_clean_and_its_tests_name_what_is_left(checkout: Path) -> None:
    """ruff and mypy are content; only the tests fail that wait for the rule to find something."""
    status, out = run(checkout, "tools/new_rule.py", NAME, ID)
    assert status == 0, out
    assert out.splitlines()[: len(WRITTEN)] == WRITTEN

    assert run(checkout, "-m", "ruff", "check", "--no-cache", "rules")[0] == 0
    assert run(checkout, "-m", "ruff", "format", "--no-cache", "--check", "rules")[0] == 0
    # From here, whose cache knows everything that the rule imports.
    status, out = run(ROOT, "-m", "mypy", "--follow-imports=silent", str(checkout / CODE))
    assert status == 0, out

    new = f"{NAME} or belongs_to_a_rule or broken_package_for_every_rule or names_every_sample"
    files = ("tests/test_pages.py", "tests/test_samples.py")
    _, out = run(checkout, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "-k", new, *files)
    outcomes = re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", out, re.MULTILINE)
    assert {test for outcome, test in outcomes if outcome != "PASSED"} == {
        "test_the_example_gives_the_finding_at_the_marked_line",
        "test_a_broken_package_gives_its_rule_and_no_other",
        "test_the_text_report_of_a_broken_package",
    }
    assert {test for outcome, test in outcomes if outcome == "PASSED"} == {
        "test_every_page_belongs_to_a_rule",
        "test_the_title_is_the_id_and_the_name",
        "test_the_headings_are_the_same_on_every_page",
        "test_the_references_are_links",
        "test_what_to_do_instead_is_silent",
        "test_a_sample_could_be_deployed",
        "test_there_is_a_broken_package_for_every_rule",
        "test_the_readme_names_every_sample",
    }


@pytest.mark.parametrize(
    ("id", "before", "after"),
    [
        ("W9721", "W9720", "E9731"),
        ("W9711", "E9711", "E9712"),
        ("E9710", "CATALOGUE", "E9711"),
        ("W9799", "W9791", ")"),
    ],
)
def test_the_catalogue_keeps_its_order(checkout: Path, id: str, before: str, after: str) -> None:
    """By number, then by letter; at both ends too."""
    list(begin(checkout, NAME, id))
    lines = (checkout / "rules/copilot_preflight_rules/__init__.py").read_text().splitlines()
    (at,) = (n for n, line in enumerate(lines) if NAME in line)
    assert lines[at] == f'    RuleEntry("{id}", "{NAME}"),'
    assert before in lines[at - 1]
    assert after in lines[at + 1]


@pytest.mark.parametrize(
    ("name", "id", "message"),
    [
        (NAME, "X9799", "ID=X9799: must be E, W or I and a number from 9710 to 9799, as in E9799"),
        (NAME, "", "ID=: must be E, W or I"),
        (NAME, "E9711", "ID=E9711: is taken by env-file-denied, choose another number"),
        ("Some_Rule", ID, "NAME=Some_Rule: must be words in lower case with hyphens between them"),
        ("env-file-denied", ID, "env_file_denied.py is there already, choose another name"),
    ],
)
def test_a_wrong_name_or_id_writes_nothing(
    checkout: Path, name: str, id: str, message: str
) -> None:
    """One line says what is wrong with which of the two."""
    there = sorted(checkout.rglob("*"))
    with pytest.raises(ValueError, match=re.escape(message)):
        list(begin(checkout, name, id))
    assert sorted(checkout.rglob("*")) == there
