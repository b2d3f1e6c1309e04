"""What an edit means, on plain data: against this every changed text is proved."""

from __future__ import annotations

from marshal import dumps
from typing import Any

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Operation


def applied(data: Any, operation: Operation, path: DataPath, value: Any) -> Any:
    """A document's data with an edit carried out; whatever lies off the path is the same object.

    An anchor's value may be the same object in several places, of which only the one at the path
    changes. Nothing (``Key:``) counts as not being there. Raises KeyError where the edit does not
    fit: no such node to replace or remove, a key that is there already, a step into a scalar.
    """
    if not path:
        raise KeyError(path)
    if operation is Operation.REMOVE:
        path = removed(data, path)
    return _with(data, path, operation, value)


def removed(data: Any, path: DataPath) -> DataPath:
    """The path of what a removal takes away: the topmost node that it would leave empty.

    Raises KeyError where nothing is at the path.
    """
    above = [data]
    for step in path:
        above.append(_child(above[-1], step))
    while len(path) > 1 and len(above[len(path) - 1]) == 1:
        path = path[:-1]
    return path


def node_at(data: Any, path: DataPath) -> Any:
    """What is at a path. Raises KeyError where nothing is."""
    for step in path:
        data = _child(data, step)
    return data


def nested(path: DataPath, value: Any) -> Any:
    """A value below keys that are not there yet, in a list where the path ends in `END`."""
    if path[-1:] == (END,):
        path, value = path[:-1], [value]
    for step in reversed(path):
        if not isinstance(step, str):
            raise KeyError(step)
        value = {step: value}
    return value


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, dict) and isinstance(step, str):
        return node[step]
    if isinstance(node, list) and isinstance(step, int) and 0 <= step < len(node):
        return node[step]
    raise KeyError(step)


def _with(node: Any, path: DataPath, operation: Operation, value: Any) -> Any:
    step, below = path[0], path[1:]
    if operation is Operation.INSERT:
        if path == (END,):
            return [*(node if isinstance(node, list) else [] if node is None else [node]), value]
        if node is None:
            return nested(path, value)
        if isinstance(node, dict) and step not in node:
            return {**node, **nested(path, value)}
        if not below:
            raise KeyError(step)
    child = _child(node, step)
    if not below and operation is Operation.REMOVE:
        if isinstance(node, dict):
            return {key: item for key, item in node.items() if key != step}
        return [item for index, item in enumerate(node) if index != step]
    new = _with(child, below, operation, value) if below else value
    if isinstance(node, dict):
        return {key: new if key == step else item for key, item in node.items()}
    return [new if index == step else item for index, item in enumerate(node)]


def is_same(one: Any, other: Any) -> bool:
    """Whether two data are equal to the last type: ``1``, ``1.0`` and ``True`` are not."""
    rest = [(one, other)]
    while rest:
        left, right = rest.pop()
        if left is right:
            continue
        if left.__class__ is not right.__class__:
            return False
        if isinstance(left, dict):
            if left.keys() != right.keys():
                return False
            rest.extend((item, right[key]) for key, item in left.items())
        elif isinstance(left, list):
            if len(left) != len(right):
                return False
            rest.extend(zip(left, right, strict=True))
        elif left != right:
            return False
    return True


def apart(one: Any, other: Any) -> tuple[Any, Any]:
    """The smallest parts of two data in which all lies that is not the same object in both."""
    while isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        differing = [(it, other[key]) for key, it in one.items() if it is not other[key]]
        if len(differing) != 1:
            break
        ((one, other),) = differing
    return one, other


def is_proved(read: Any, meant: Any) -> bool:
    """`is_same`, in a third of the time where the keys are in the same order, as they mostly are.

    Bytes of that version say nothing of which objects are one.
    """
    try:
        if dumps(read, 2) == dumps(meant, 2):
            return True
    except ValueError:  # too deep, or a value that is no plain data
        pass
    return is_same(read, meant)
