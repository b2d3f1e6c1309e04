"""Pipelines, changed one thing at a time: each change gives what it must, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.mutations.pipelines import COPILOT_STACKS, COPILOTS, OWN, OWN_STACK, Edit

from copilot_preflight.run import check as engine

ARTIFACTS = ("E9771", "E9772", "E9773", "W9774")


def check(text: str, folder: Path) -> tuple[set[str], bool]:
    """What is found of artifacts, as rule, role and action; and whether a call is left open."""
    (folder / "pipeline.yml").write_text(text)
    report = engine.check([str(folder)], engine.Options(info=True))
    assert not report.errors
    found = {
        f"{it.rule} {it.call.principal} {it.call.action}"
        for it in report.findings
        if it.rule in ARTIFACTS and it.call is not None
    }
    is_open = any(it.rule == "I9790" and it.call is not None for it in report.findings)
    strange = {it.rule for it in report.findings} - {"I9790", "E9732", *ARTIFACTS}
    assert strange <= {"W9754", "E9755", "W9753", "I9756"}, strange
    return found, is_open


@pytest.mark.parametrize("edit", OWN, ids=lambda edit: edit.name)
def test_an_edit_of_a_pipeline_gives_what_it_must(edit: Edit, tmp_path: Path) -> None:
    """Findings for the roles that lack something, silence for those that do not."""
    text = re.sub(edit.pattern, edit.becomes, OWN_STACK.read_text())
    assert text != OWN_STACK.read_text()
    assert check(text, tmp_path) == (set(edit.found), edit.is_open)


def test_the_pipeline_as_it_is_is_decided_and_right(tmp_path: Path) -> None:
    """What the edits start from."""
    assert check(OWN_STACK.read_text(), tmp_path) == (set(), False)


@pytest.mark.skipif(not COPILOT_STACKS, reason="Copilot's stacks are not at hand")
@pytest.mark.parametrize("edit", COPILOTS, ids=lambda edit: edit.name)
def test_an_edit_of_copilots_pipelines_gives_what_it_must(edit: Edit, tmp_path: Path) -> None:
    """In each of them, whatever its source is."""
    changed = 0
    for path in COPILOT_STACKS:
        text = re.sub(edit.pattern, edit.becomes, path.read_text())
        if text != path.read_text():
            changed += 1
            found, _ = check(text, tmp_path)
            assert found == set(edit.found), path
    assert changed > 3
