"""Copilot's golden stacks with ECS Exec, changed line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mutations.harness import CORPUS

from copilot_preflight.run import check as engine

FLAG = "EnableExecuteCommand: true"
CHANNEL = ("CreateControlChannel", "OpenControlChannel", "CreateDataChannel", "OpenDataChannel")

TEMPLATES = sorted(path for path in CORPUS.rglob("*.yml") if FLAG in path.read_text())
templates = pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(CORPUS))
)
MINE = {"E9733", "E9734", "E9745", "E9746", "E9747", "W9757"}


def without(text: str, word: str) -> str:
    """The template without the lines that hold a word."""
    return "".join(line for line in text.splitlines(keepends=True) if word not in line)


def told(text: str, folder: Path) -> list[tuple[str, str]]:
    (folder / "t.yml").write_text(text)
    report = engine.check([str(folder / "t.yml")])
    assert not report.errors
    return [(f.rule, f.message) for f in report.findings if f.rule in MINE]


def test_the_corpus_has_stacks_with_exec() -> None:
    """A corpus that moved must not pass as silence."""
    if not CORPUS.is_dir():
        pytest.skip("no corpus beside the checkout")
    assert len(TEMPLATES) > 10


@templates
def test_as_copilot_writes_it_nothing_is_told(path: Path, tmp_path: Path) -> None:
    """Neither of the channel nor of volumes, keys and routers."""
    assert told(path.read_text(), tmp_path) == []


@templates
@pytest.mark.parametrize("name", CHANNEL)
def test_each_of_the_four_calls_is_needed(path: Path, name: str, tmp_path: Path) -> None:
    """Without its grant there is one finding, which names no other call."""
    text = path.read_text().replace(f"ssmmessages:{name}", "sqs:SendMessage")
    (found,) = told(text, tmp_path)
    assert found[0] == "E9746"
    calls = found[1].partition(", which")[0]
    assert [other for other in CHANNEL if f"ssmmessages:{other}" in calls] == [name]


@templates
def test_where_exec_is_off_nobody_needs_them(path: Path, tmp_path: Path) -> None:
    """The grants of the channel may go, once nobody opens it."""
    text = path.read_text().replace(FLAG, "EnableExecuteCommand: false")
    assert told(text.replace("ssmmessages:", "sqs:"), tmp_path) == []


@templates
def test_no_task_role_is_told_at_the_task(path: Path, tmp_path: Path) -> None:
    """One finding, and none of what the role would be granted."""
    assert [rule for rule, _ in told(without(path.read_text(), "TaskRoleArn:"), tmp_path)] == [
        "E9734"
    ]
