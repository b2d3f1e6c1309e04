"""Edits of a template as patches that Copilot applies whenever it writes that template anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import DataPath
from copilot_preflight.edits.edit import END, Edit, Operation
from copilot_preflight.overrides.append import CannotPatch
from copilot_preflight.overrides.apply import Visit, Work
from copilot_preflight.overrides.nodes import GET_ATT, Kind, YamlNode, node_of, node_of_data
from copilot_preflight.overrides.patches import ADD, REMOVE, REPLACE, Patch, pointer
from copilot_preflight.overrides.patches import END as LAST
from copilot_preflight.read.document import Document

_IF: Final = "Fn::If"
_LISTS: Final = frozenset({"Fn::Split", "Fn::GetAZs", "Fn::Cidr", "Fn::FindInMap"})
"""Functions that give a list, or may: nothing can be added to it where they are written."""

_NO_VALUE: Final = {"Ref": "AWS::NoValue"}


class AsPatches(NamedTuple):
    """Edits as patches, in the order in which they must be applied.

    ``positions`` are the pointers among their steps that lead to an item by its index, which is
    another item once Copilot writes more or fewer before it.
    """

    patches: tuple[Patch, ...]
    positions: tuple[str, ...] = ()

    @property
    def is_position_dependent(self) -> bool:
        return bool(self.positions)


def patches_of(edits: Iterable[Edit], template: Document) -> AsPatches:
    """Some edits of a template as patches that do the same to it.

    The template is as it is behind the patches that are there already: those come first. The paths
    of all edits are those of the template as it is. Raises CannotPatch.
    """
    work = Work(node_of(template))
    targets = [(edit, _target(work.root, edit, template.file)) for edit in edits]
    patches: list[Patch] = []
    positions: dict[str, None] = {}
    for edit, target in targets:
        patch = _patch(work.root, edit, target)
        effect = work.apply(patch)
        patches.append(patch)
        positions.update(dict.fromkeys(indexed(effect.visits, patch)))
    return AsPatches(tuple(patches), tuple(positions))


def indexed(visits: Iterable[Visit], patch: Patch) -> Iterator[str]:
    """The pointers among the steps of a patch that lead to an item of a list by its index.

    The branches of an ``!If`` have their places, and before the first item there is always room.
    """
    steps = patch.steps
    for visit in visits:
        is_list = visit.node.kind is Kind.SEQUENCE and visit.node.tag != _IF
        if not is_list or visit.step == LAST:
            continue
        if patch.op == ADD and visit.depth == len(steps) - 1 and int(visit.step) == 0:
            continue
        yield pointer(steps[1 : visit.depth + 1])


class _Target(NamedTuple):
    """The last node on an edit's path that is there, and the steps of the path behind it.

    ``is_argument``: the path leads to the argument of the node's function, not to the function.
    """

    node: YamlNode
    rest: tuple[str | int, ...] = ()
    is_argument: bool = False


def _target(root: YamlNode, edit: Edit, file: str) -> _Target:
    if edit.file != file:
        raise CannotPatch(f"{edit.file} is no template, and Copilot patches nothing else")
    node, steps = root, edit.path
    while steps:
        if node.kind is Kind.ALIAS:
            raise CannotPatch(f"{_said(edit.path)} is behind an alias, where no patch can go")
        inside = steps
        if node.tag:
            if steps[0] != node.tag:
                break
            inside = steps[1:]
            if not inside:
                return _Target(node, (), is_argument=True)
        if node.merged and inside[0] in node.merged and inside[0] not in node.content:
            raise CannotPatch(f"{_said(edit.path)} is merged in by '<<', where no patch can go")
        child = node.child(inside[0])
        if child is None:
            return _Target(node, inside, is_argument=bool(node.tag))
        node, steps = child, inside[1:]
    return _Target(node, steps)


def _said(path: DataPath) -> str:
    return f"'{pointer(path)}'"


def _patch(root: YamlNode, edit: Edit, target: _Target) -> Patch:
    where = _steps_to(root, target.node)
    if where is None:
        raise CannotPatch(f"{_said(edit.path)} is changed by another edit as well")
    if edit.operation is Operation.REMOVE:
        return _removal(root, edit, target, where)
    if edit.operation is Operation.REPLACE:
        return _replacement(edit, target, where)
    return _insertion(edit, target, where)


def _steps_to(root: YamlNode, node: YamlNode) -> tuple[str | int, ...] | None:
    """The steps of a patch to a node, which tags are none of; None where it is no more there."""
    if root is node:
        return ()
    children: Iterable[tuple[str | int, YamlNode]] = ()
    if root.kind is Kind.MAPPING:
        children = root.content.items()
    elif root.kind is Kind.SEQUENCE:
        children = enumerate(root.content)
    for step, child in children:
        below = _steps_to(child, node)
        if below is not None:
            return (step, *below)
    return None


def _made(op: str, steps: Iterable[str | int], value: Any) -> Patch:
    return Patch(op, pointer(steps), node_of_data(value))


def _replacement(edit: Edit, target: _Target, where: DataPath) -> Patch:
    node, value = target.node, edit.value
    if not target.rest:
        return _made(REPLACE, where, {node.tag: value} if target.is_argument else value)
    if node.tag == GET_ATT and node.kind is Kind.SCALAR and len(target.rest) == 1:
        parts = node.data[GET_ATT]
        index = target.rest[0]
        if isinstance(index, int) and index < len(parts):
            changed = [*parts[:index], value, *parts[index + 1 :]]
            return _made(REPLACE, where, {GET_ATT: changed})
    raise CannotPatch(f"{_said(edit.path)} is not there to be replaced")


def _insertion(edit: Edit, target: _Target, where: DataPath) -> Patch:
    node, rest, value = target.node, target.rest, edit.value
    if not rest:
        raise CannotPatch(f"{_said(edit.path)} is there already")
    if rest == (END,):
        if node.kind is Kind.SEQUENCE and (not node.tag or target.is_argument):
            return _made(ADD, (*where, LAST), value)
        return _listed(edit, node, where)
    is_mapping = node.kind is Kind.MAPPING and (not node.tag or target.is_argument)
    if not is_mapping or not isinstance(rest[0], str):
        raise CannotPatch(f"{_said(edit.path)} has no place: '{rest[0]}' is no key of a mapping")
    for step in reversed(rest[1:]):
        if isinstance(step, int):
            raise CannotPatch(f"{_said(edit.path)} has no place: the list is not there")
        value = [value] if step == END else {step: value}  # type: ignore[list-item,dict-item]
    return _made(ADD, (*where, rest[0]), value)


def _listed(edit: Edit, node: YamlNode, where: DataPath) -> Patch:
    """The patch that makes a list of a single value, and adds to it."""
    if _may_be_list(node):
        function = node.tag.removeprefix("Fn::")
        raise CannotPatch(f"{_said(edit.path)} is a list that !{function} makes")
    there = node.data
    return _made(REPLACE, where, [edit.value] if there is None else [there, edit.value])


def _may_be_list(node: YamlNode) -> bool:
    if node.tag == _IF and node.kind is Kind.SEQUENCE:
        branches = node.content[1:]
        return any(it.kind is Kind.SEQUENCE or _may_be_list(it) for it in branches)
    return node.kind is Kind.ALIAS or node.tag in _LISTS


def _removal(root: YamlNode, edit: Edit, target: _Target, where: DataPath) -> Patch:
    """The patch that takes a node away, and what it leaves empty above it."""
    if target.rest or target.is_argument or not where:
        raise CannotPatch(f"{_said(edit.path)} is not there to be taken away by itself")
    above = [root]
    for step in where[:-1]:
        child = above[-1].child(step)
        assert child is not None
        above.append(child)
    steps = where
    while len(steps) > 1 and len(above[-1].content) == 1 and not above[-1].tag:
        above.pop()
        steps = steps[:-1]
    parent = above[-1]
    if parent.tag == _IF:
        return _made(REPLACE, steps, _NO_VALUE)
    if parent.tag:
        function = parent.tag.removeprefix("Fn::")
        raise CannotPatch(f"{_said(edit.path)} is an argument of !{function}, which needs it")
    return Patch(REMOVE, pointer(steps))
