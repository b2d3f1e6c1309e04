"""Edits of plain data, for tests that need no rule to make one."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import Applicability, Edit, Operation
from copilot_preflight.edits.spelling import Spelling


class Written(NamedTuple):
    """Stands where an edit has a spelling or a grant, of which only the data count here."""

    plain: Any


def edit(operation: Operation, path: DataPath, value: Any = None) -> Edit:
    """An edit that writes any plain data."""
    new = None if operation is Operation.REMOVE else cast(Spelling, Written(value))
    return Edit(operation, "t.yml", path, new, "mend it", Applicability.SAFE)


def replace(path: DataPath, value: Any) -> Edit:
    return edit(Operation.REPLACE, path, value)


def insert(path: DataPath, value: Any) -> Edit:
    return edit(Operation.INSERT, path, value)


def remove(path: DataPath) -> Edit:
    return edit(Operation.REMOVE, path)
