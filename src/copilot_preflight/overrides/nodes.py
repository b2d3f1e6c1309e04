"""YAML nodes as Copilot's patches walk them: as they are written, short tags and aliases included.

``!If [a, b, c]`` is a list here, and ``Fn::If: [a, b, c]`` a mapping with one key, while both are
the same in a document's data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.read.document import Document
from copilot_preflight.read.yaml.scalars import content_start
from copilot_preflight.read.yaml.tree import MapEntry, Node, build

GET_ATT: Final = "Fn::GetAtt"

_FUNCTION: Final = re.compile(r"Ref|Fn::[A-Za-z0-9]+")
"""What has a short tag. ``Condition``, which has one too, may also be a key of a statement."""


class Kind(Enum):
    """What a node is, in the words of Copilot's messages."""

    MAPPING = "mapping"
    SEQUENCE = "sequence"
    SCALAR = "scalar"
    ALIAS = "alias"


class YamlNode:
    """A node of a text. ``tag`` is the long spelling of its short tag, ``""`` where it has none.

    ``content`` are the values of a mapping by their keys, the items of a sequence, or what a
    scalar says; of an alias it is the data that it repeats. ``merged`` are the values that a ``<<``
    adds to a mapping, which no patch finds. ``place`` is where the node is written, None where
    nowhere yet, and ``key`` where its key is, if a patch has put it below one that was there.
    """

    __slots__ = ("content", "key", "kind", "merged", "place", "tag")

    def __init__(
        self,
        kind: Kind,
        content: Any,
        tag: str = "",
        place: Place | None = None,
        merged: Mapping[str, Any] | None = None,
    ) -> None:
        self.kind = kind
        self.content = content
        self.tag = tag
        self.place = place
        self.merged = merged
        self.key: Place | None = None

    @property
    def data(self) -> Any:
        """What the node means, as `Document.data` has it."""
        data: Any
        if self.kind is Kind.MAPPING:
            data = {name: value.data for name, value in self.content.items()}
            for name, value in (self.merged or {}).items():
                data.setdefault(name, value)
        elif self.kind is Kind.SEQUENCE:
            data = [item.data for item in self.content]
        elif self.tag == GET_ATT and isinstance(self.content, str):
            data = self.content.split(".", 1)
        else:
            data = self.content
        return {self.tag: data} if self.tag else data

    def copy(self) -> YamlNode:
        """The same node, which may be changed by itself."""
        content = self.content
        if self.kind is Kind.MAPPING:
            content = {name: value.copy() for name, value in content.items()}
        elif self.kind is Kind.SEQUENCE:
            content = [item.copy() for item in content]
        copied = YamlNode(self.kind, content, self.tag, self.place, self.merged)
        copied.key = self.key
        return copied

    def become(self, other: YamlNode) -> None:
        """Takes over what another node is, and stays below the key that it has."""
        if self.key is None and self.place is not None:
            self.key = self.place._replace(key=True)
        self.kind, self.tag, self.merged = other.kind, other.tag, other.merged
        self.content, self.place = other.content, other.place

    def child(self, step: str | int) -> YamlNode | None:
        """The value of a key, or the item of an index; None where there is none."""
        if self.kind is Kind.MAPPING and isinstance(step, str):
            found: YamlNode | None = self.content.get(step)
            return found
        if self.kind is Kind.SEQUENCE and isinstance(step, int):
            return self.content[step] if 0 <= step < len(self.content) else None
        return None

    def at(self, path: DataPath) -> YamlNode | None:
        """The node at a path of the data, which names the function of a short tag as a key."""
        node: YamlNode | None = self
        below_tag = False
        for step in path:
            if node is None:
                return None
            if node.tag and not below_tag:
                if step != node.tag:
                    return None
                below_tag = True
                continue
            node, below_tag = node.child(step), False
        return node


def node_of(document: Document, path: DataPath = ()) -> YamlNode:
    """The node at a path of a document, as it is written. Raises KeyError where there is none."""
    text = document.text
    node, data, where = build(text).root, document.data, path
    while where:
        if node.tag:
            data, where = data[where[0]], where[1:]
            if not where:
                break
        step, where = where[0], where[1:]
        children = node.children
        if isinstance(children, dict):
            node = children[str(step)].value
        elif isinstance(children, list) and isinstance(step, int):
            node = children[step]
        else:
            raise KeyError(step)
        data = data[step]
    return _node(text, document.file, node, data, path)


def _node(text: str, file: str, node: Node, data: Any, path: DataPath) -> YamlNode:
    place = Place(file, path)
    if text[node.start : node.start + 1] == "*":  # no scalar begins with it but for quotes
        return YamlNode(Kind.ALIAS, data, "", place)
    below = data
    if node.tag:
        below, path = data[node.tag], (*path, node.tag)
        if _is_dotted(text, node):
            return YamlNode(Kind.SCALAR, ".".join(below), node.tag, place)
    if isinstance(node.children, dict):
        own, merged = {}, {}
        for name, entry in node.children.items():
            if _is_own(node, entry):
                own[name] = _node(text, file, entry.value, below[name], (*path, name))
            else:
                merged[name] = below[name]
        return YamlNode(Kind.MAPPING, own, node.tag, place, merged or None)
    if isinstance(node.children, list):
        items = [
            _node(text, file, child, item, (*path, index))
            for index, (child, item) in enumerate(zip(node.children, below, strict=True))
        ]
        return YamlNode(Kind.SEQUENCE, items, node.tag, place)
    return YamlNode(Kind.SCALAR, below, node.tag, place)


def _is_own(node: Node, entry: MapEntry) -> bool:
    """Whether a mapping has a key itself: what ``<<`` merges into it stands somewhere else."""
    return node.start <= entry.key_start <= node.end


def _is_dotted(text: str, node: Node) -> bool:
    """Whether a node is ``!GetAtt Role.Arn``, whose parts all stand where the scalar does."""
    children = node.children
    if node.tag != GET_ATT or not isinstance(children, list) or not children:
        return False
    body = content_start(text, node.start, node.end)
    return all((child.start, child.end) == (body, node.end) for child in children)


def node_of_data(data: Any, *, short: bool = True) -> YamlNode:
    """The node for data that are to be written. Functions get short tags where they can have one.

    A tag cannot follow a tag, so what stands directly in a function is spelt long.
    """
    if isinstance(data, dict):
        name = next(iter(data)) if len(data) == 1 else ""
        takes_tag = short and _FUNCTION.fullmatch(name)
        if takes_tag and isinstance(data[name], (str, list, dict)):
            return _tagged(name, data[name])
        return YamlNode(Kind.MAPPING, {key: node_of_data(value) for key, value in data.items()})
    if isinstance(data, list):
        return YamlNode(Kind.SEQUENCE, [node_of_data(item) for item in data])
    return YamlNode(Kind.SCALAR, data)


def _tagged(name: str, argument: Any) -> YamlNode:
    if name == GET_ATT and isinstance(argument, list) and argument:
        dotted = ".".join(map(str, argument))
        if dotted.split(".", 1) == argument:
            return YamlNode(Kind.SCALAR, dotted, name)
    node = node_of_data(argument, short=False)
    node.tag = name
    return node
