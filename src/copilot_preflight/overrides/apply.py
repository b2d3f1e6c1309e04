"""What patches make of a template, step by step as Copilot does it, mistakes included.

Source: https://github.com/aws/copilot-cli/blob/v1.33.2/internal/pkg/override/patch.go
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import DataPath, Place, Span
from copilot_preflight.overrides.nodes import Kind, YamlNode, node_of
from copilot_preflight.overrides.patches import ADD, END, OPERATIONS, REMOVE, Patch
from copilot_preflight.read.document import Document, DocumentError

_PATCHED: Final = " using AWS Copilot with YAML patches."
_INDEX: Final = re.compile(r"[+-]?[0-9]{1,18}")


class Reason(Enum):
    """Why a patch does not apply."""

    OPERATION = "operation"
    """Copilot has no such operation."""
    VALUE = "value"
    """There is no value to write."""
    KEY = "key"
    """A mapping on the way, or at the end of it, does not have the key."""
    NO_INDEX = "no-index"
    """There is a list where the path has a word."""
    BOUNDS = "bounds"
    """There is a list that has fewer items."""
    NODE = "node"
    """There is nothing below: a single value, or an alias."""


class DoesNotApply(Exception):
    """A patch that stops Copilot; ``str()`` is the end of its message, in its words.

    ``number`` counts the patches from 0. ``depth`` is how many steps of the path lead to ``node``,
    where the walk ends, the first one included, which is never looked at.
    """

    def __init__(
        self, reason: Reason, words: str, depth: int = 0, node: YamlNode | None = None
    ) -> None:
        super().__init__(words)
        self.reason = reason
        self.depth = depth
        self.node = node
        self.number = 0


class Visit(NamedTuple):
    """A step of a path: the node that it is taken in, the step, and how many come before it."""

    node: YamlNode
    step: str
    depth: int


class Effect(NamedTuple):
    """What one patch did: the nodes on its way, and a copy of what it replaced, if anything."""

    patch: Patch
    visits: tuple[Visit, ...]
    replaced: YamlNode | None = None


class PatchedTemplate(Document):
    """A template with patches applied, under the name and with the text of the original.

    Paths are those of the patched data. Positions are those of what is written there, in the
    original or in a patch.
    """

    def __init__(self, original: Document, root: YamlNode, patches: Document | None) -> None:
        super().__init__(original.file, original.text, root.data)
        self._original = original
        self._patches = patches
        self._root = root

    def place(self, place: Place) -> Place:
        """Where something of the patched template is written: in the original, or in a patch.

        A place in another file is itself, and so is what a patch writes that is in no file.
        """
        if place.file != self.file:
            return place
        node, steps = self._root, list(place.path)
        while steps and node.place is not None:
            tag = (node.tag,) if node.tag else ()
            if tag and steps[0] != node.tag:
                break
            inside = steps[len(tag) :]
            child = node.child(inside[0]) if inside else None
            if child is None:
                break  # a tag's key, a part of what is one scalar, or nothing that is there
            node, steps = child, inside[1:]
        if node.place is None:
            return place
        if steps:
            return node.place._replace(path=(*node.place.path, *steps), key=place.key)
        if place.key and node.key is not None:
            return node.key
        is_value = node.place.file != self.file and len(node.place.path) == 2
        return node.place._replace(key=place.key and not is_value)

    def span(self, path: DataPath, *, key: bool = False) -> Span:
        """Where the node at a path is written, in whichever file."""
        document, place = self._written(path, key=key)
        return document.span(place.path, key=place.key)

    def fault(self, path: DataPath, message: str) -> DocumentError:
        """What is wrong with the node at a path, in the file that has it."""
        document, place = self._written(path)
        return document.fault(place.path, message)

    def _written(self, path: DataPath, *, key: bool = False) -> tuple[Document, Place]:
        place = self.place(Place(self.file, path, key))
        in_patch = place.file != self.file and self._patches is not None
        return (self._patches if in_patch and self._patches else self._original), place

    def __getstate__(self) -> Any:
        return super().__getstate__(), self._original, self._patches, self._root

    def __setstate__(self, state: Any) -> None:
        above, self._original, self._patches, self._root = state
        super().__setstate__(above)


class Patched(NamedTuple):
    """A template with patches applied, and what each of them did."""

    template: PatchedTemplate
    effects: tuple[Effect, ...]


def is_patched(template: Document) -> bool:
    """Whether Copilot has applied patches to a template already, as its Description says."""
    data = template.data
    description = data.get("Description") if isinstance(data, dict) else None
    return isinstance(description, str) and description.endswith(_PATCHED)


def apply(patches: Iterable[Patch], template: Document, source: Document | None = None) -> Patched:
    """A template with patches applied, in their order. Raises DoesNotApply for the first bad one.

    The template must be as Copilot renders it, before any patch. ``source`` is the file of the
    patches, if they are in one.
    """
    work = Work(node_of(template))
    try:
        for patch in patches:
            work.apply(patch)
    except DoesNotApply as fault:
        fault.number = len(work.effects)
        raise
    work.describe()
    return Patched(PatchedTemplate(template, work.root, source), tuple(work.effects))


class Work:
    """A template in the middle of being patched, at the node ``root``."""

    def __init__(self, root: YamlNode) -> None:
        self.root = root
        self.effects: list[Effect] = []
        self._is_document = True

    def apply(self, patch: Patch) -> Effect:
        """Applies one patch. Raises DoesNotApply."""
        effect = self._effect(patch)
        self.effects.append(effect)
        return effect

    def _effect(self, patch: Patch) -> Effect:
        stop = certain_stop(patch)
        if stop is not None:
            raise stop
        steps = patch.steps
        if patch.op in (ADD, REMOVE):
            return self._change(patch, steps)
        visits, node = self._walk(steps)
        old = node.copy()
        node.become(_value(patch))
        return Effect(patch, visits, old)

    def _walk(self, steps: Sequence[str]) -> tuple[tuple[Visit, ...], YamlNode]:
        """The nodes on the way, and the one at its end."""
        visits: list[Visit] = []
        node = self.root
        for depth, step in enumerate(steps):
            if depth == 0 and self._is_document:
                continue
            visits.append(Visit(node, step, depth))
            node = _child(node, step, steps[:depth])
        return tuple(visits), node

    def _change(self, patch: Patch, steps: Sequence[str]) -> Effect:
        if len(steps) == 1 and self._is_document:
            return self._change_document(patch)
        visits, parent = self._walk(steps[:-1])
        last, depth = steps[-1], len(steps) - 1
        visits = (*visits, Visit(parent, last, depth))
        content: Any = parent.content
        if parent.kind is Kind.MAPPING:
            there = content.get(last)
            if patch.op == REMOVE:
                if there is None:
                    raise _no_key(parent, last, steps[:-1])
                del content[last]
                return Effect(patch, visits, there)
            if there is None:
                content[last] = _value(patch)
                return Effect(patch, visits)
            old = there.copy()
            there.become(_value(patch))
            return Effect(patch, visits, old)
        if parent.kind is Kind.SEQUENCE:
            if patch.op == REMOVE:
                index = _index(parent, last, len(content) - 1, steps[:-1])
                return Effect(patch, visits, content.pop(index))
            is_end = last == END
            index = len(content) if is_end else _index(parent, last, len(content), steps[:-1])
            content.insert(index, _value(patch))
            return Effect(patch, visits)
        raise _no_way(parent, steps[:depth])

    def _change_document(self, patch: Patch) -> Effect:
        """A path of one step means the whole template, in which no later step is left out."""
        old = self.root
        self.root = _value(patch) if patch.op == ADD else YamlNode(Kind.SCALAR, None)
        self._is_document = False
        return Effect(patch, (), old)

    def describe(self) -> None:
        """Says in the Description that patches were applied, as Copilot does even without any."""
        if not self._is_document or self.root.kind is not Kind.MAPPING:
            return
        description = self.root.content.get("Description")
        text = None if description is None else description.content
        if isinstance(text, str) and not text.endswith(_PATCHED):
            description.content = text.removesuffix(".") + _PATCHED


def certain_stop(patch: Patch) -> DoesNotApply | None:
    """Why a patch applies to no template, None where it may apply to some."""
    if patch.op not in OPERATIONS:
        words = (
            f'unsupported operation "{patch.op}": supported operations are "add", "remove", and '
            '"replace".'
        )
        return DoesNotApply(Reason.OPERATION, words)
    if patch.op != REMOVE and patch.value is None:
        return DoesNotApply(Reason.VALUE, "value required")
    return None


def _value(patch: Patch) -> YamlNode:
    assert patch.value is not None
    return patch.value.copy()


def _child(node: YamlNode, step: str, traversed: Sequence[str]) -> YamlNode:
    if node.kind is Kind.MAPPING:
        found: YamlNode | None = node.content.get(step)
        if found is None:
            raise _no_key(node, step, traversed)
        return found
    if node.kind is Kind.SEQUENCE:
        item: YamlNode = node.content[_index(node, step, len(node.content) - 1, traversed)]
        return item
    raise _no_way(node, traversed)


def _index(node: YamlNode, step: str, most: int, traversed: Sequence[str]) -> int:
    key = "/".join(traversed)
    if not _INDEX.fullmatch(step):
        words = f'key "{key}": expected index in sequence, got "{step}"'
        raise DoesNotApply(Reason.NO_INDEX, words, len(traversed), node)
    index = int(step)
    if not 0 <= index <= most:
        words = f'key "{key}": index {index} out of bounds for sequence of length {most}'
        raise DoesNotApply(Reason.BOUNDS, words, len(traversed), node)
    return index


def _no_key(node: YamlNode, step: str, traversed: Sequence[str]) -> DoesNotApply:
    words = f'key "{"/".join(traversed)}": "{step}" not found in map'
    return DoesNotApply(Reason.KEY, words, len(traversed), node)


def _no_way(node: YamlNode, traversed: Sequence[str]) -> DoesNotApply:
    words = f'key "{"/".join(traversed)}": invalid node type {node.kind.value}'
    return DoesNotApply(Reason.NODE, words, len(traversed), node)
