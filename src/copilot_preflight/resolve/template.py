"""A template as it is written: its sections, and of what each of its nodes speaks."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.read.document import kind_of
from copilot_preflight.resolve import return_values as attributes
from copilot_preflight.resolve.nodes import once_per_node
from copilot_preflight.resolve.value import TemplateError

SUB_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")

SHARED_PSEUDO: Final = ("AWS::Partition", "AWS::Region", "AWS::AccountId")
"""Pseudo parameters with one value for the whole run."""


class Template:
    """The sections of a template, and what each of its nodes depends on."""

    def __init__(self, file: str, data: Mapping[str, Any]) -> None:
        self.file = file
        self.parameters = _mapping(file, data, "Parameters")
        self.conditions = _mapping(file, data, "Conditions")
        self.mappings = _mapping(file, data, "Mappings")
        self.resources = _mapping(file, data, "Resources")
        self.shared: dict[Hashable, Any] = {}
        self._mentions: dict[DataPath, Mentions] = {}

    def mentions(self, path: DataPath, raw: Any) -> Mentions:
        """The conditions and parameters of which a node, which stands at a path, speaks."""
        if path not in self._mentions:
            self._mentions[path] = self.mentions_of(raw)
        return self._mentions[path]

    def mentions_of(self, raw: Any) -> Mentions:
        """The same for a node that stands nowhere in the template."""
        conditions: dict[str, None] = {}
        names: set[str] = set()
        pending = [raw]
        while pending:
            found = _mentioned(pending.pop())
            conditions.update(dict.fromkeys(found.conditions))
            for name in found.names - names:
                resource = self.resources.get(name)
                properties = resource.get("Properties") if isinstance(resource, dict) else None
                if isinstance(properties, dict):
                    pending += (properties[key] for key in attributes.NAMING & set(properties))
            names |= found.names
        return Mentions(tuple(conditions), frozenset(names).union(SHARED_PSEUDO))


class Mentions(NamedTuple):
    """The names of conditions, and of parameters and resources, in a part of a template."""

    conditions: tuple[str, ...]
    names: frozenset[str]


@once_per_node
def _mentioned(raw: Any) -> Mentions:
    """What a node itself speaks of."""
    conditions: dict[str, None] = {}
    names: set[str] = set()
    pending = [raw]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            branches, attribute = node.get("Fn::If"), node.get("Fn::GetAtt")
            if isinstance(branches, list) and branches:
                conditions[str(branches[0])] = None
            if isinstance(attribute, list) and attribute:
                attribute = attribute[0]
            names.update((str(node.get("Ref")), str(attribute).partition(".")[0]))
            pending += node.values()
        elif isinstance(node, list):
            pending += node
        elif isinstance(node, str) and "${" in node:
            names.update(n.strip().partition(".")[0] for n in SUB_VARIABLE.findall(node))
    return Mentions(tuple(conditions), frozenset(names))


def _mapping(file: str, data: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found = data.get(section)
    if found is None:
        return {}
    if not isinstance(found, dict):
        message = f"{section} must be a map, found {kind_of(found)}"
        raise TemplateError(file, (section,), message)
    return found


def size_of(section: Any) -> int:
    """How many nodes a section of a template has."""
    if not isinstance(section, dict):
        return _size(section)
    return 1 + sum(map(_size, section.values()))


@once_per_node
def _size(data: Any) -> int:
    size, pending = 0, [data]
    while pending:
        node = pending.pop()
        size += 1
        if isinstance(node, (dict, list)):
            pending += node.values() if isinstance(node, dict) else node
    return size
