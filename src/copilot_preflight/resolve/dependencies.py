"""In which order CloudFormation makes the resources of a template: which one waits for which.

A resource waits for those that its ``DependsOn`` names and for those to which anything in it
refers by ``Ref``, ``Fn::GetAtt`` or ``Fn::Sub``, its ``Metadata`` included; all others are made at
the same time. A branch of ``Fn::If`` that is not taken makes nothing wait, nor does a resource that
is not made: whoever depends on it does not wait for what it would have waited for.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html;
for Metadata and branches https://cloudonaut.io/optional-dependson-with-cloudformation-metadata-to-the-rescue
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.resolve.query import query, query_by
from copilot_preflight.resolve.references import named_by
from copilot_preflight.resolve.value import Guard
from copilot_preflight.resolve.view import View

_REFERENCES: Final = ("Ref", "Fn::GetAtt", "Fn::Sub")


class Waits(NamedTuple):
    """Whether one resource waits for another: None where it is open.

    ``conditions`` are the undecided conditions on which it depends, in the order in which they
    were met; an open answer without any depends on what only AWS can write out.
    """

    verdict: bool | None
    conditions: tuple[str, ...] = ()


def waits_for(view: View, one: str, other: str) -> Waits:
    """Whether a resource, which is certainly made, waits for another until that is there."""
    if other in _reached(view, one, only_certain=True).conditions:
        return Waits(True)
    possible = _reached(view, one, only_certain=False)
    conditions = possible.conditions.get(other)
    if conditions is not None or possible.is_open or view.stack.unwritten:
        return Waits(None, conditions or ())
    return Waits(False)


class _Edge(NamedTuple):
    """A resource for which another waits, and the open conditions under which it does."""

    to: str
    conditions: tuple[str, ...]


class _Edges(NamedTuple):
    """``is_open``: there may be more, which nobody can read."""

    edges: tuple[_Edge, ...]
    is_open: bool = False


class _Reached(NamedTuple):
    """The resources to which chains lead from one, each with the open conditions of its chain.

    ``is_open``: some resource on the way refers to what nobody can read.
    """

    conditions: Mapping[str, tuple[str, ...]]
    is_open: bool


@query_by(lambda start, *, only_certain: (start, only_certain))
def _reached(view: View, start: str, *, only_certain: bool) -> _Reached:
    """All that a resource waits for, by chains in which each waits for the next.

    Worked out once for each resource: a template with many grants asks for it again and again.
    """
    found: dict[str, tuple[str, ...]] = {start: ()}
    pending = deque([start])
    is_open = False
    while pending:
        name = pending.popleft()
        edges = _edges(view, name)
        is_open = is_open or edges.is_open
        for to, conditions in edges.edges:
            if to in found or (only_certain and conditions):
                continue
            found[to] = (*found[name], *(c for c in conditions if c not in found[name]))
            pending.append(to)
    del found[start]
    return _Reached(found, is_open)


@query
def _edges(view: View, logical_id: str) -> _Edges:
    """What one resource waits for by itself."""
    resources = view.stack.data.get("Resources") or {}
    names: dict[str, tuple[str, ...]] = {}
    is_open = False
    for name, guard in _named(view, resources[logical_id]):
        if name is None:
            is_open = True
        elif name in resources and name != logical_id and isinstance(resources[name], dict):
            made = _conditions_of(view, resources[name])
            if made is None:
                continue
            conditions = (*(condition for condition, _ in guard), *made)
            # Of several references the one that depends on nothing is enough.
            if name not in names or len(conditions) < len(names[name]):
                names[name] = tuple(dict.fromkeys(conditions))
    return _Edges(tuple(_Edge(*entry) for entry in names.items()), is_open)


def _conditions_of(view: View, resource: dict[str, Any]) -> tuple[str, ...] | None:
    """The open condition under which a resource is made; None where it is not made."""
    condition = resource.get("Condition")
    if not isinstance(condition, str):
        return ()
    outcome = view.decide(condition)
    return (condition,) if outcome is None else () if outcome else None


def _named(view: View, resource: dict[str, Any]) -> Iterator[tuple[str | None, Guard]]:
    """The names to which a resource refers, each under its guard; None: what nobody can read."""
    yield from _depended_on(resource.get("DependsOn"))
    pending: list[tuple[Any, Guard]] = [
        (item, ()) for key, item in resource.items() if key not in ("DependsOn", "Condition")
    ]
    while pending:
        node, guard = pending.pop()
        if isinstance(node, list):
            pending += ((item, guard) for item in node)
        if not isinstance(node, dict):
            continue
        branches = node.get("Fn::If") if len(node) == 1 else None
        if isinstance(branches, list) and len(branches) == 3 and isinstance(branches[0], str):
            pending += _branches(view, branches, guard)
            continue
        for key, item in node.items():
            if key in _REFERENCES:
                names = [name.partition(".")[0] for name in named_by(str(key), item)]
                yield from ((name, guard) for name in names)
                if not names and not _is_readable(item):
                    yield None, guard
            elif str(key).startswith(("Fn::Transform", "Fn::ForEach")):
                yield None, guard
            pending.append((item, guard))


def _depended_on(written: Any) -> Iterator[tuple[str | None, Guard]]:
    for name in written if isinstance(written, list) else [] if written is None else [written]:
        yield (name if isinstance(name, str) else None), ()


def _branches(view: View, branches: list[Any], guard: Guard) -> Iterator[tuple[Any, Guard]]:
    condition = branches[0]
    outcome = dict(guard).get(condition)
    outcome = view.decide(condition) if outcome is None else outcome
    for branch, value in ((branches[1], True), (branches[2], False)):
        if outcome is None:
            yield branch, (*guard, (condition, value))
        elif outcome is value:
            yield branch, guard


def _is_readable(argument: Any) -> bool:
    """Whether what a function refers to is written out, though it may be no resource."""
    first = argument[0] if isinstance(argument, list) and argument else argument
    return isinstance(first, str)
