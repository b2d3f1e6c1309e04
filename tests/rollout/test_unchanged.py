"""A release that is compared with itself: nothing is lost, gained or stranded, in any sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_preflight.rollout.comparison import DENIED, NOT_STARTED
from copilot_preflight.run.check import checked
from copilot_preflight.run.earlier import earlier
from copilot_preflight.run.options import Options
from copilot_preflight_rules import CATALOGUE

SAMPLES = Path(__file__).parents[2] / "sample_templates"
FOLDERS = sorted(
    folder for kind in ("clean", "broken", "rollout") for folder in SAMPLES.glob(f"{kind}/*")
)
COMPARING = [entry for entry in CATALOGUE if entry.is_comparing]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_same_release_changes_nothing(folder: Path) -> None:
    """What is denied then was denied before, and is for `check` to say."""
    options = Options(rules=COMPARING, jobs=1)
    found = checked([str(folder)], options._replace(before=earlier([str(folder)], options)))
    assert list(found.report.findings) == []
    for analysis in found.analyses.values():
        rollout = analysis.rollout
        assert rollout is not None
        assert (rollout.lost, rollout.gained, rollout.replaced) == ((), (), ())
        assert (rollout.added, rollout.removed) == ((), ())
        for task in rollout.tasks:
            before = task.cell("old", task.phases[0]).status
            after = {it.status for it in task.cells if it.revision == "old"} - {NOT_STARTED}
            assert before == DENIED or DENIED not in after
