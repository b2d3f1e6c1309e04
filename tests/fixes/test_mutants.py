"""Changed stacks, fixed as a whole: what is promised holds on the disk, and for good."""

from __future__ import annotations

from itertools import islice

import pytest
from tests.amount import EVERYWHERE
from tests.fixes.mutants import WAYS, counts_of
from tests.mutations.fixes import TABLES

EACH = {
    "files": 120,
    "starts": 120,
    "secrets": 24,
    "buckets": 24,
    "launches": 12,
    "pipelines": 9,
    "branches": 6,
}
"""Of these tables every so manieth case is taken, unless all mutations are asked for."""


TO_TRY = [
    (table, way)
    for table in TABLES
    for way in WAYS
    if EVERYWHERE or (table != "samples" and (way, table) != ("iam", "statements"))
]
"""Samples have tests of their own next to this file."""


@pytest.mark.parametrize(("table", "way"), TO_TRY)
def test_a_run_that_is_fixed_stays_fixed(table: str, way: str) -> None:
    """Nothing new is found, nothing that was promised is left, and a second run has no work."""
    cases = islice(TABLES[table](), 0, None, 1 if EVERYWHERE else EACH.get(table, 1))
    counts = counts_of(cases, [way])
    assert not counts.wrong, "\n".join(counts.wrong[:9])
    if way in ("template", "iam"):
        assert sum(counts.fixed[way].values())
