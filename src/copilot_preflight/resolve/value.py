"""A cursor into a template: peels ``Fn::If``, drops ``AWS::NoValue``, keeps every path.

Nothing is resolved that nobody asks for, and everything that is returned can say where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.read.document import kind_of

Guard = tuple[tuple[str, bool], ...]
"""Undecided conditions, with the outcomes under which a value is there."""


class TemplateError(Exception):
    """The template ``file`` has the wrong shape at ``path``; ``str()`` is the one-line message."""

    def __init__(self, file: str, path: DataPath, message: str) -> None:
        super().__init__(message)
        self.file = file
        self.path = path


class Reader(Protocol):
    """What a cursor needs of the resolver that made it."""

    @property
    def file(self) -> str: ...

    def decide(self, condition: str) -> bool | None: ...

    def text(self, raw: Any, path: DataPath, guard: Guard = ()) -> Text: ...

    def listed(self, value: Value) -> Iterator[Value]: ...


def function_of(raw: Any) -> str | None:
    """``"Fn::If"``, ``"Ref"`` … where a value is an intrinsic function, else None."""
    if raw.__class__ is dict and len(raw) == 1:
        for name in raw:
            if name == "Ref" or str(name).startswith("Fn::"):
                return str(name)
    return None


class Value(NamedTuple):
    """A node of the template. ``guard`` is what must be decided for it to be there.

    ``raw`` is plain data, or a `Text` that an intrinsic function returned. ``is_open`` says that
    it stands for an unknown number of list elements.
    """

    reader: Reader
    raw: Any
    path: DataPath
    guard: Guard = ()
    is_open: bool = False

    @property
    def place(self) -> Place:
        return Place(self.reader.file, self.path)

    @property
    def key_place(self) -> Place:
        return Place(self.reader.file, self.path, key=True)

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.guard)

    @property
    def is_opaque(self) -> bool:
        """Whether a function stands where its result, a map, cannot be read."""
        return isinstance(self.raw, Text) or function_of(self.raw) is not None

    @property
    def is_written_out_by_aws(self) -> bool:
        """Whether a macro stands among the keys of this map, to add keys that nobody can read."""
        return isinstance(self.raw, dict) and any(str(key).startswith("Fn::") for key in self.raw)

    def variants(self) -> Iterator[Value]:
        """What the value is once every ``Fn::If`` around it is peeled; nothing for NoValue."""
        raw = self.raw
        if raw.__class__ is dict and len(raw) == 1:
            if "Fn::If" in raw:
                return self._branches()
            if raw.get("Ref") == "AWS::NoValue":
                return iter(())
        return iter((self,))

    def _branches(self) -> Iterator[Value]:
        branches = self.raw["Fn::If"]
        path = (*self.path, "Fn::If")
        if not isinstance(branches, list) or len(branches) != 3 or not isinstance(branches[0], str):
            raise TemplateError(
                self.reader.file, path, "Fn::If takes a condition name and two values"
            )
        condition = branches[0]
        outcome = dict(self.guard).get(condition)
        outcome = self.reader.decide(condition) if outcome is None else outcome
        for index, branch in ((1, True), (2, False)):
            if outcome in (None, branch):
                guard = self.guard if outcome is not None else (*self.guard, (condition, branch))
                yield from Value(self.reader, branches[index], (*path, index), guard).variants()

    def elements(self) -> Iterator[Value]:
        """The elements of a list; a lone value counts as a list of one, as policies allow."""
        for variant in self.variants() if isinstance(self.raw, dict) else (self,):
            raw = variant.raw
            if isinstance(raw, list):
                for index, item in enumerate(raw):
                    child = Value(self.reader, item, (*variant.path, index), variant.guard)
                    if item.__class__ is dict:
                        yield from child.variants()
                    else:
                        yield child
            elif function_of(raw) is not None:
                yield from self.reader.listed(variant)
            elif raw is not None:
                yield variant

    def each(self, key: str) -> Iterator[Value]:
        """The elements of the list under a key of this map; nothing where the key is absent."""
        for child in self.children(key):
            if isinstance(child.raw, str):  # as actions are
                yield child
            else:
                yield from child.elements()

    def children(self, key: str) -> Iterator[Value]:
        """The value under a key of this map, once for every way that it can be there."""
        raw = self.raw
        if isinstance(raw, dict) and function_of(raw) is None:  # as nearly all are
            if key not in raw:
                return iter(())
            child = raw[key]
            found = Value(self.reader, child, (*self.path, key), self.guard)
            return found.variants() if child.__class__ is dict else iter((found,))
        return self._children_of_variants(key)

    def _children_of_variants(self, key: str) -> Iterator[Value]:
        for variant in self.variants():
            raw = variant.raw
            if raw is None or variant.is_opaque:
                continue
            if not isinstance(raw, dict):
                message = f"expected a map here, found {kind_of(raw)}"
                raise TemplateError(self.reader.file, variant.path, message)
            if key in raw:
                child = Value(self.reader, raw[key], (*variant.path, key), variant.guard)
                yield from child.variants()

    def child(self, *keys: str) -> Value | None:
        """The value at the end of some keys, where there is exactly one for certain."""
        value = self
        for key in keys:
            found = list(value.children(key))
            if len(found) != 1 or found[0].guard != value.guard:
                return None
            value = found[0]
        return value

    def items(self) -> Iterator[tuple[str, Value]]:
        """Keys and values of this map."""
        for variant in self.variants():
            if variant.raw is None or variant.is_opaque:
                continue
            if not isinstance(variant.raw, dict):
                message = f"expected a map here, found {kind_of(variant.raw)}"
                raise TemplateError(self.reader.file, variant.path, message)
            for key, raw in variant.raw.items():
                yield str(key), Value(self.reader, raw, (*variant.path, key), variant.guard)

    def text(self) -> Text:
        return self.reader.text(self.raw, self.path, self.guard)

    def literal(self, *keys: str) -> str | None:
        """The string at the end of some keys, where it is wholly known."""
        value = self.child(*keys)
        return None if value is None or isinstance(value.raw, list) else value.text().literal

    def with_text(self, text: Text, *, is_open: bool = False) -> Value:
        """The same place, with a string that a function returned."""
        return self._replace(raw=text, is_open=is_open)


def text_of(value: Value, key: str) -> Text | None:
    """The string under a key of a map, a hole where branches are open; None if it is not there."""
    if not any(value.children(key)):
        return None
    return value.reader.text(value.raw[key], (*value.path, key), value.guard)


def texts_of(value: Value, key: str) -> tuple[Text, ...] | None:
    """The strings of the list under a key of a map; None where branches are open.

    A list of unknown length is one hole, which only the same list shares.
    """
    found = list(value.each(key))
    if any(item.guard != value.guard for item in found):
        return None
    return tuple(item.text() for item in found)


def flag_of(value: Value, key: str) -> bool | None:
    """The boolean under a key of a map, False if it is not there; None where it is not known."""
    text = text_of(value, key)
    known = "false" if text is None else (text.literal or "").lower()
    return {"true": True, "false": False}.get(known)


def maps_of(value: Value, key: str) -> Iterator[Value]:
    """The maps under a key, one for each way that it can be there; of others nothing is known."""
    for child in value.children(key):
        if isinstance(child.raw, dict) and not child.is_opaque:
            yield child


def each_map(value: Value, key: str) -> Iterator[Value]:
    """The elements of a list that are maps; of others nothing can be said."""
    for item in value.each(key):
        if isinstance(item.raw, dict) and not item.is_opaque and not item.is_open:
            yield item
