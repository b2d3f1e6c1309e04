"""One edit of one text: where it belongs, and in which style it is written there."""

from __future__ import annotations

from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Operation
from copilot_preflight.edits.text import block, flow, meaning
from copilot_preflight.edits.text.source import CannotWrite, Source, Spot, TextChange

_NAMING: Final = ("Ref", "Fn::GetAtt")


def written(source: Source, operation: Operation, path: DataPath, value: Any) -> list[TextChange]:
    """The changes of a text that carry out an edit, sorted. Raises CannotWrite.

    The edit is one that `meaning.applied` takes. Nothing is proved here: an anchor, a merge key or
    an odd layout may give the result another meaning.
    """
    if operation is Operation.REMOVE:
        changes = _removed(source, path)
    elif operation is Operation.REPLACE:
        changes = _replaced(source, path, value)
    else:
        changes = _inserted(source, path, value)
    return sorted(changes)


# --- replace --------------------------------------------------------------------------------------


def _replaced(source: Source, path: DataPath, value: Any) -> list[TextChange]:
    spots = source.spots(path)
    spot = spots[-1]
    container = spots[-2].node if len(spots) > 1 else None
    if spot.is_argument:
        return _replaced(source, path[:-1], {path[-1]: value})
    if container is not None and source.is_parts(container):
        parts = [*meaning.node_at(source.data, path[:-1])]
        parts[int(path[-1])] = value
        return _replaced(source, path[:-1], parts)
    if spot.container is None:
        raise CannotWrite("is the whole document")
    quote = source.quote(spot.node)
    names_something = isinstance(value, dict) and not value.keys().isdisjoint(_NAMING)
    if quote and names_something and not spot.node.tag:
        quote = None  # a name takes no quotes
    is_wide = source.is_flow(spot.node) and bool(spot.node.children)
    if spot.is_flow or source.is_json or is_wide:
        return flow.replaced(source, spot, value, quote)
    return block.replaced(source, spot, value, quote)


# --- insert ---------------------------------------------------------------------------------------


def _inserted(source: Source, path: DataPath, value: Any) -> list[TextChange]:
    spots = source.spots(path[:-1])
    if path[-1] == END and len(spots) == len(path):
        return _appended(source, path[:-1], spots, value)
    depth = len(spots) - 1
    spot, above, rest = spots[-1], path[:depth], path[depth:]
    there = meaning.node_at(source.data, above)
    node = spot.node
    if above and (there is None or there == {}):
        _refuse_comments(source, spot)
        return _replaced(source, above, meaning.nested(rest, value))
    if source.is_alias(node):
        raise CannotWrite("lies below an alias: change it at its anchor, by hand")
    if node.tag and not spot.is_argument:
        raise CannotWrite(f"lies below the function {node.tag}, which takes no other key")
    key, new = str(rest[0]), meaning.nested(rest[1:], value)
    if source.is_flow(node):
        return flow.added(source, node, new, key)
    return block.added(source, node, new, key)


def _refuse_comments(source: Source, spot: Spot) -> None:
    if "#" in source.text[spot.node.start : spot.node.end]:
        raise CannotWrite("is empty but for a comment between its brackets: fill it in by hand")


def _appended(source: Source, path: DataPath, spots: list[Spot], value: Any) -> list[TextChange]:
    spot, there = spots[-1], meaning.node_at(source.data, path)
    node = spot.node
    if path and (there is None or there == []):
        _refuse_comments(source, spot)
        return _replaced(source, path, [value])
    if isinstance(there, list):
        if source.is_alias(node):
            raise CannotWrite("lies below an alias: change it at its anchor, by hand")
        if source.is_parts(node):
            raise CannotWrite("is the argument of a function, and no list")
        if source.is_flow(node):
            return flow.added(source, node, value)
        return block.added(source, node, value)
    if spot.is_argument:
        return _replaced(source, path[:-1], {path[-1]: [there, value]})
    if spot.container is None:
        raise CannotWrite("is the whole document, and no list")
    if len(spots) > 1 and source.is_parts(spots[-2].node):
        raise CannotWrite("is a part of a name")
    if spot.is_flow or source.is_json:
        return flow.listed(source, spot, value)
    return block.listed(source, spot, value)


# --- remove ---------------------------------------------------------------------------------------


def _removed(source: Source, path: DataPath) -> list[TextChange]:
    spot = source.spots(meaning.removed(source.data, path))[-1]
    if spot.container is None:
        raise CannotWrite("is the whole document")
    if source.is_parts(spot.container):
        raise CannotWrite("is a part of a name")
    return flow.removed(source, spot) if spot.is_flow else block.removed(source, spot)
