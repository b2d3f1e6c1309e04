"""The fixes of samples and changed stacks: each ends its finding and brings no other."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import islice

import pytest
from tests.amount import EVERYWHERE
from tests.mutations.fixes import BY_ID, TABLES, Table, table_of

from copilot_preflight.checks.rule import Rule
from copilot_preflight_rules import RULES

SOME = {
    "buckets": 4,
    "builds": 2,
    "files": 40,
    "launches": 3,
    "pipelines": 3,
    "secrets": 2,
    "starts": 40,
}
"""Of these tables every so manieth case is taken, unless all mutations are asked for."""


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return {
        name: table_of(islice(cases(), 0, None, 1 if EVERYWHERE else SOME.get(name, 1)))
        for name, cases in TABLES.items()
    }


@pytest.mark.parametrize("name", TABLES)
def test_a_fix_ends_its_finding_and_brings_no_other(tables: dict[str, Table], name: str) -> None:
    """In place and by a statement that is added; what is over cannot be fixed a second time."""
    table = tables[name]
    assert table.rows
    assert any(sum(row.gone.values()) for row in table.rows.values())
    assert not table.wrong, "\n".join(table.wrong[:9])


@pytest.mark.parametrize("name", TABLES)
def test_a_finding_without_a_fix_says_why(tables: dict[str, Table], name: str) -> None:
    """Each by itself, or as its rule does for all."""
    silent = [id for id, row in tables[name].rows.items() if not all(row.not_fixed)]
    assert silent == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_declares_the_fixes_that_it_has(tables: dict[str, Table], rule: Rule) -> None:
    """No other kind than those that are shown, and each of them somewhere."""
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for table in tables.values():
        for id, row in table.rows.items():
            kinds[id] += row.kinds
    declared = set(rule.fix.split(" or ")) - {""}
    assert set(kinds[rule.id]) == declared
    assert rule.fix or rule.no_fix


def test_the_table_has_a_row_for_every_rule(tables: dict[str, Table]) -> None:
    """The samples come to each of them, and the lines can be read by whoever prints them."""
    table = tables["samples"]
    assert set(table.rows) == set(BY_ID)
    lines = [*table.lines()]
    assert len(lines) == len(BY_ID) + 2
    assert len({line.count(" | ") for line in lines[:1] + lines[2:]}) == 1
