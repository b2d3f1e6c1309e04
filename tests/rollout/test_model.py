"""The table against a simulator of updates: what it calls 403 or allowed is so in every history."""

from __future__ import annotations

import os
from random import Random

import pytest
from tests import stacks
from tests.rollout.simulator import Setting, history, releases, template

from copilot_preflight.rollout.comparison import ALLOWED, DENIED, NOT_STARTED, TaskRollout, compare
from copilot_preflight.rollout.phases import BEFORE

HISTORIES = int(os.environ.get("HISTORIES", "400"))
"""How many histories are played; ``HISTORIES=20000`` is the soak."""

EACH = 10
UPDATES = HISTORIES // EACH
"""Updates of which the histories are, ``EACH`` of every one."""


def compared(seed: int) -> tuple[TaskRollout, dict[tuple[str, str], set[bool]]]:
    """The table of an update, and what the starts of its histories came to, cell by cell."""
    random = Random(seed)
    old, new = releases(random)
    setting = Setting(random.random() < 0.7, random.random() < 0.5)
    (rollout,) = compare(
        stacks.stack(template(old, setting), file="old.json"),
        stacks.stack(template(new, setting), file="new.json"),
    ).tasks
    seen: dict[tuple[str, str], set[bool]] = {}
    for _ in range(EACH):
        for start in history(random, old, new, setting):
            seen.setdefault((start.revision, start.phase), set()).add(start.is_allowed)
    return rollout, seen


@pytest.mark.parametrize("seed", range(UPDATES))
def test_no_history_contradicts_the_table(seed: int) -> None:
    """A denied start is 403 or unknown in its cell; where all is settled, 403 is always so."""
    rollout, seen = compared(seed)
    for cell in rollout.cells:
        starts = seen.get((cell.revision, cell.phase.key), set())
        if cell.status == NOT_STARTED:
            assert not starts
        elif cell.status == ALLOWED:
            assert starts <= {True}, (cell.revision, cell.phase.key)
        elif cell.status == DENIED and (cell.phase.is_cleaned_up or cell.phase.key == BEFORE):
            assert starts <= {False}, cell.phase.key  # else the policies are under way


def test_a_denied_cell_has_a_history_that_shows_it() -> None:
    """Among enough histories, every 403 of every table happens."""
    missed, shown = [], 0
    for seed in range(UPDATES):
        random = Random(seed)
        old, new = releases(random)
        setting = Setting(random.random() < 0.7, random.random() < 0.5)
        (rollout,) = compare(
            stacks.stack(template(old, setting), file="old.json"),
            stacks.stack(template(new, setting), file="new.json"),
        ).tasks
        starts = {it for _ in range(300) for it in history(random, old, new, setting)}
        denied = {(it.revision, it.phase) for it in starts if not it.is_allowed}
        for cell in rollout.cells:
            if cell.status == DENIED:
                shown += 1
                if (cell.revision, cell.phase.key) not in denied:
                    missed.append((seed, cell.revision, cell.phase.key))
    assert not missed
    assert shown > UPDATES
