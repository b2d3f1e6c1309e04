"""Builds, services and jobs, changed one thing at a time: what must be found, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.mutations.builds import EDITS, STACK
from tests.mutations.pipelines import Edit

from copilot_preflight.run import check as engine


def check(text: str, folder: Path) -> tuple[set[str], bool]:
    """What is found, as rule, role and action; and whether something is left open."""
    (folder / "builds.yml").write_text(text)
    report = engine.check([str(folder)], engine.Options(info=True))
    assert not report.errors
    found = {
        " ".join([it.rule, *([it.call.principal, it.call.action] if it.call else [])])
        for it in report.findings
        if it.rule not in ("I9790", "W9754", "E9755", "I9756")
    }
    return found, any(it.rule == "I9790" for it in report.findings)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_gives_what_it_must(edit: Edit, tmp_path: Path) -> None:
    """Findings for the roles that lack something, silence for those that do not."""
    text = re.sub(edit.pattern, edit.becomes, STACK.read_text())
    assert text != STACK.read_text()
    assert check(text, tmp_path) == (set(edit.found), edit.is_open)


def test_the_stack_as_it_is_is_decided_and_right(tmp_path: Path) -> None:
    """What the edits start from."""
    assert check(STACK.read_text(), tmp_path) == (set(), False)
