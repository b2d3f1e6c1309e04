"""Which templates of a run have what, so that nobody walks over all of them for one question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.stack import Run, Stack


def of_file(run: Run, file: str) -> Sequence[Stack]:
    """The stacks of a template, which are one or none."""
    return _by_file(run).get(file, ())


@query
def _by_file(run: Run) -> Mapping[str, list[Stack]]:
    found: dict[str, list[Stack]] = {}
    for stack in run.members():
        found.setdefault(stack.file, []).append(stack)
    return found


@query
def having(run: Run, kinds: tuple[str, ...]) -> tuple[Stack, ...]:
    """The stacks of a run that have resources of one of some types, without their addons."""
    return tuple(stack for stack in run.members() if any(map(stack.has, kinds)))


@query
def has(run: Run, kind: str) -> bool:
    """Whether a template of the run, or its addons, has resources of a type."""
    return any(other.has(kind) for stack in run.members() for other in stack.with_addons())


@query
def keys_of(stack: Stack, kind: str) -> frozenset[str]:
    """Every key that stands anywhere in the resources of a type."""
    return frozenset(_keys([raw for _, raw in stack.of_type(kind)]))


def _keys(data: Any) -> Iterator[str]:
    pending = [data]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            yield from node
            pending += node.values()
        elif isinstance(node, list):
            pending += node
