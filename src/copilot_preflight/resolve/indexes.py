"""Which templates of a run have what, so that nobody walks over all of them for one question.

An index is worked out from all templates, but whoever asks it depends just on those that it leads
to: a template that leaves the run takes nothing away from the others. What a template is found
under may come from further ones, which export it: these count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from copilot_preflight.resolve.nodes import once_per_node
from copilot_preflight.resolve.query import EVERY, MEMBERS, query
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack, noted


def of_file(run: Run, file: str) -> Sequence[Stack]:
    """The stacks of a template, which are one or none."""
    run.reads.add(file)
    return [stack for stack in _by_file(run).get(file, ()) if run.has(stack)]


def sources(run: Run, files: frozenset[str]) -> frozenset[str] | None:
    """The templates behind what was read in some files, by imports too; None for any of the run."""
    found = set(files - {MEMBERS})
    pending = list(found)
    while pending and EVERY not in found:
        for stack in _by_file(run).get(pending.pop(), ()):
            pending += stack.imports - found
            found |= stack.imports
    return None if EVERY in found else frozenset(found)


@query
def _by_file(run: Run) -> Mapping[str, list[Stack]]:
    found: dict[str, list[Stack]] = {}
    for stack in run.members():
        found.setdefault(stack.file, []).append(stack)
    return found


def having(run: Run, kinds: tuple[str, ...]) -> Iterator[Stack]:
    """The stacks of a run that have resources of one of some types, without their addons."""
    return run.each(filter(run.has, _having(run, kinds)))


@query
def _having(run: Run, kinds: tuple[str, ...]) -> tuple[Stack, ...]:
    def has_any(stack: Stack) -> bool:
        return any(map(stack.has, kinds))

    return tuple(stack for stack in run.members() if noted(stack, has_any))


@query
def has(run: Run, kind: str) -> bool:
    """Whether a template of the run, or its addons, has resources of a type."""

    def has_kind(stack: Stack) -> bool:
        return any(other.has(kind) for other in stack.with_addons())

    return _is_any(run, run.members(), has_kind)


def is_any(run: Run, kinds: tuple[str, ...], condition: Callable[[Stack], bool]) -> bool:
    """Whether a condition holds for a template that has resources of one of some types."""
    return _is_any(run, having(run, kinds), condition)


def _is_any(run: Run, stacks: Iterable[Stack], condition: Callable[[Stack], bool]) -> bool:
    for stack in stacks:
        if noted(stack, condition):
            run.reads.add(stack.file)  # of all that it holds for, one is enough
            return True
    return False


@query
def keys_of(stack: Stack, kind: str) -> frozenset[str]:
    """Every key that stands anywhere in the resources of a type."""
    return frozenset[str]().union(*(_keys(raw) for _, raw in stack.of_type(kind)))


@once_per_node
def _keys(data: Any) -> frozenset[str]:
    found: set[str] = set()
    pending = [data]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            found.update(node)
            pending += node.values()
        elif isinstance(node, list):
            pending += node
    return frozenset(found)
