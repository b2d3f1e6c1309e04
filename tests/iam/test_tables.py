from __future__ import annotations

from pathlib import Path

import pytest

from copilot_preflight.iam import actions, managed
from copilot_preflight.iam.tables import row_of

LENGTHS = [
    *([], [0], [0, 0], [9, 0], [0, 9], [0, 0, 0, 0], [1, 0, 40, 0, 1], [0, 90, 0, 90, 7]),
    [number * 37 % 11 for number in range(10)],
]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_every_row_is_found_by_its_key(lengths: list[int], tmp_path: Path) -> None:
    """Rows of very different lengths, first and last ones included, and no key between them."""
    table = tmp_path / "table.tsv"
    rows = {f"k{number}": "x" * length for number, length in enumerate(lengths)}
    table.write_text("".join(f"{key}\t{rest}\n" for key, rest in rows.items()), "utf-8")
    for key, rest in rows.items():
        assert row_of(table, key) == rest.encode()
    for other in ("", "a", "k", "k0\t", "k00", "k3x", "z", "x"):
        assert row_of(table, other) is None


@pytest.mark.parametrize("table", [managed.TABLE, actions.TABLE], ids=lambda it: it.stem)
def test_the_rows_of_a_table_are_sorted(table: Path) -> None:
    keys = [line.partition(b"\t")[0] for line in table.read_bytes().splitlines()]
    assert keys == sorted(set(keys))
    for key in (keys[0], keys[1], keys[len(keys) // 2], keys[-1]):
        assert row_of(table, key.decode()) is not None
