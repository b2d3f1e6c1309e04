"""A path into a template: the conditions that it stands under, and the value at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from copilot_preflight.base.finding import DataPath
from copilot_preflight.resolve.value import Guard, Reader, Value


def conditions_above(data: Any, path: DataPath) -> Iterator[tuple[str, bool]]:
    """The conditions that a node stands under, each with the outcome for which it is there.

    Those of its resource and of each ``Fn::If`` on the way. A path may go on where the data do
    not, as into a policy of AWS's that a role names.
    """
    node = data
    for depth, step in enumerate(path):
        name: Any = None
        branch = True
        if depth == 2 and path[0] == "Resources" and isinstance(node, dict):
            name = node.get("Condition")
        elif depth and path[depth - 1] == "Fn::If" and isinstance(node, list) and step in (1, 2):
            name, branch = node[0], step == 1
        if isinstance(name, str):
            yield name, branch
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return


def value_at(reader: Reader, data: Any, path: DataPath, guard: Guard = ()) -> Value | None:
    """The node at a path; None where what is decided, or a guard, rules it out."""
    still_open = dict(guard)
    for condition, wanted in conditions_above(data, path):
        outcome = still_open.get(condition, reader.decide(condition))
        if outcome is None:
            still_open[condition] = wanted
        elif outcome is not wanted:
            return None
    node = data
    for step in path:
        node = node[step]
    return Value(reader, node, path, tuple(still_open.items()))
