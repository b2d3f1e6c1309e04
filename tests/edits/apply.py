"""Edits carried out on plain data: what they will do to a document, without its text.

It says again, in another way, what `copilot_preflight.edits.text.meaning` says: that one proves the
changes of a text, and would prove its own mistakes.
"""

from __future__ import annotations

import copy
from typing import Any

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Edit, Operation


def applied(data: Any, edit: Edit) -> Any:
    """A copy of a document's data with an edit carried out. KeyError where it does not fit."""
    if edit.operation is Operation.INSERT:
        return inserted(data, edit.path, edit.value)
    changed = copy.deepcopy(data)
    if edit.operation is Operation.REMOVE:
        _remove(changed, edit.path)
    else:
        _node(changed, edit.path)  # there has to be something to replace
        _node(changed, edit.path[:-1])[edit.path[-1]] = edit.value
    return changed


def inserted(data: Any, path: DataPath, value: Any) -> Any:
    """A copy of a document's data with a new key, or a new item where the path ends in `END`."""
    changed = copy.deepcopy(data)
    _insert(changed, path, value)
    return changed


def _node(data: Any, path: DataPath) -> Any:
    for step in path:
        data = data[step]
    return data


def _insert(data: Any, path: DataPath, value: Any) -> None:
    to_list = path[-1] == END
    steps: list[Any] = [*(path[:-1] if to_list else path)]
    key = steps.pop()
    node: Any = data
    for step in steps:
        node = node[step] if isinstance(node, list) else node.setdefault(step, {})
    if not to_list:
        assert key not in node
        node[key] = value
        return
    there = node[key] if isinstance(node, list) else node.get(key, [])
    node[key] = [*(there if isinstance(there, list) else [there]), value]


def _remove(data: Any, path: DataPath) -> None:
    del _node(data, path[:-1])[path[-1]]
    if len(path) > 1 and not _node(data, path[:-1]):
        _remove(data, path[:-1])
