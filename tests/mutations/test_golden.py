from __future__ import annotations

from pathlib import Path

import pytest
from tests.mutations.harness import (
    CORPUS,
    NOTHING,
    Site,
    Stack,
    check,
    copilot_stacks,
    own_stacks,
    problems,
)

from copilot_preflight.base.finding import Severity
from copilot_preflight.run import check as engine

TEMPLATES = sorted(path for path in CORPUS.rglob("*.y*ml") if "\nResources:" in path.read_text())
STACKS = [*own_stacks(), *copilot_stacks()]


def test_the_corpus_is_what_the_suite_thinks_it_is() -> None:
    """A corpus that moved or a pattern that no longer fits must not pass as silence."""
    if not CORPUS.is_dir():
        pytest.skip("no corpus beside the checkout")
    assert len(TEMPLATES) > 50
    assert len(STACKS) > 30
    assert sum(len(stack.files) for stack in STACKS) > 45


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_golden_stack_is_without_findings(path: Path) -> None:
    """What Copilot writes without --upload-assets has no env file, and nothing to say about."""
    report = engine.check([str(path)], engine.Options())
    assert not report.errors
    assert not [f for f in report.findings if f.severity is Severity.ERROR]
    if path.name.endswith(".stack.yml"):  # its parameters lie beside it
        assert not report.findings


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("blind", [False, True], ids=["filled", "unknown"])
def test_stack_with_env_files_is_warned_of_its_pinned_grants_alone(
    stack: Stack, blind: bool, tmp_path: Path
) -> None:
    """One W9713 for each env file, and E9717 on Windows, whether the ARNs are known or not."""
    site = Site(stack, stack.files[0])
    found = check(site, tmp_path, blind=blind)
    if blind and not stack.is_copilot:
        # Which bucket it is, and what its policy says, nobody can tell: a remark, and no more.
        found = [f for f in found if f.rule != "I9790"]
    assert list(problems(NOTHING, site, found)) == []
