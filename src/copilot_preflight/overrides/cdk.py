"""Patches as statements for the ``stack.ts`` of a workspace that overrides with the AWS CDK.

Source: https://aws.github.io/copilot-cli/docs/developing/overrides/cdk/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.inputs.copilot_names import PROGRAM
from copilot_preflight.overrides.append import CannotPatch
from copilot_preflight.overrides.apply import Effect, Work
from copilot_preflight.overrides.nodes import Kind, node_of
from copilot_preflight.overrides.patches import END, REMOVE, REPLACE, Patch
from copilot_preflight.read.document import Document

FILE: Final = PROGRAM

_PROPERTIES: Final = "Properties"


def statements(patches: Iterable[Patch], template: Document) -> str:
    """TypeScript that does to a template what patches do, to be put into the class of a stack.

    An item is overridden by its index, as the CDK has no other way. Raises CannotPatch for what
    concerns more than properties and attributes of resources that are there.
    """
    work = Work(node_of(template))
    lines: list[str] = []
    known: dict[str, str] = {}
    for patch in patches:
        effect = work.apply(patch)
        path, value = _override(effect)
        below, resource = path[2:], path[min(1, len(path) - 1)]
        if path[0] != "Resources" or not below or not isinstance(resource, str):
            raise CannotPatch(
                f"'{patch.path}' is no part of a resource: change it in {FILE} by hand"
            )
        name = known.get(resource)
        if name is None:
            name = known[resource] = resource[:1].lower() + resource[1:]
            get = f"this.template.getResource({json.dumps(resource)})"
            lines.append(f"const {name} = {get} as cdk.CfnResource;")
        lines.append(f"{name}.{_call(patch.op == REMOVE and value is None, below, value)};")
    return "".join(f"{line}\n" for line in lines)


def _call(deletes: bool, path: DataPath, value: Any) -> str:
    of_property = path[0] == _PROPERTIES and len(path) > 1
    steps = path[1:] if of_property else path
    where = json.dumps(".".join(str(step).replace(".", "\\.") for step in steps))
    kind = "Property" if of_property else ""
    if deletes:
        return f"add{kind}DeletionOverride({where})"
    return f"add{kind}Override({where}, {json.dumps(value, indent=2, ensure_ascii=False)})"


def _override(effect: Effect) -> tuple[DataPath, Any]:
    """The path in the data that has to be overridden, and with what; None takes a key away."""
    patch = effect.patch
    if not effect.visits:
        raise CannotPatch(f"'{patch.path}' is the whole template: change it in {FILE} by hand")
    path = tuple(_path(effect))
    last = effect.visits[-1]
    if last.node.kind is Kind.SEQUENCE and patch.op != REPLACE:
        is_at_end = patch.op != REMOVE and path[-1] == len(last.node.content) - 1
        if not is_at_end:  # the items behind it move, so all of them are written
            return path[:-1], [item.data for item in last.node.content]
    return path, patch.data


def _path(effect: Effect) -> Iterator[str | int]:
    for visit in effect.visits:
        if visit.node.tag:
            yield visit.node.tag
        if visit.node.kind is not Kind.SEQUENCE:
            yield visit.step
        elif visit.step == END:
            yield len(visit.node.content) - 1
        else:
            yield int(visit.step)
