"""Values of a file that nobody trusts: each has the type and the bounds that it must have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from copilot_preflight.read.document import kind_of

T = TypeVar("T")

DEEPEST: Final = 100
"""Levels of lists and maps in a value that somebody writes into a template."""

_FAR: Final = 2**53


class ShardError(Exception):
    """A report that cannot be joined; ``str()`` is one line that begins with its file."""


class Value:
    """A value of the file that is not yet what it must be."""

    def __init__(self, data: Any, name: str, path: str) -> None:
        self.data = data
        self._name = name
        self._path = path

    def wrong(self, wanted: str) -> ShardError:
        data = self.data
        found = "a string" if isinstance(data, str) else kind_of(data)[:40]
        return ShardError(f"{self._name}: {self._path} must be {wanted}, found {found}")

    def __getitem__(self, key: str) -> Value:
        if not isinstance(self.data, dict):
            raise self.wrong("a map")
        if key not in self.data:
            raise ShardError(f"{self._name}: {self._path} lacks '{key}'")
        return Value(self.data[key], self._name, f"{self._path}.{key}")

    def __iter__(self) -> Iterator[Value]:
        if not isinstance(self.data, list):
            raise self.wrong("a list")
        for number, item in enumerate(self.data):
            yield Value(item, self._name, f"{self._path}[{number}]")

    def items(self) -> Iterator[tuple[str, Value]]:
        if not isinstance(self.data, dict):
            raise self.wrong("a map")
        for number, (key, item) in enumerate(self.data.items()):
            yield key, Value(item, self._name, f"{self._path}[{number}]")

    def several(self, count: int) -> Sequence[Value]:
        found = list(self)
        if len(found) != count:
            raise self.wrong(f"a list of {count}")
        return found

    def at_least(self, count: int) -> Sequence[Value]:
        found = list(self)
        if len(found) < count:
            raise self.wrong(f"a list of {count} or more")
        return found

    def each(self, read: Callable[[Value], T]) -> tuple[T, ...]:
        return tuple(map(read, self))

    def maybe(self, read: Callable[[Value], T]) -> T | None:
        return None if self.data is None else read(self)

    def text(self) -> str:
        if not isinstance(self.data, str):
            raise self.wrong("a string")
        return self.data

    def one_of(self, known: Sequence[str]) -> str:
        if self.data not in known or not isinstance(self.data, str):
            raise self.wrong(f"one of {', '.join(known)}")
        return self.data

    def flag(self) -> bool:
        if not isinstance(self.data, bool):
            raise self.wrong("true or false")
        return self.data

    def step(self) -> str | int:
        """A key or an index."""
        return self.data if isinstance(self.data, str) else self.number()

    def plain(self) -> Any:
        """Data of a template: nothing that JSON cannot write again, and of no great depth."""
        rest = [(self.data, 0)]
        while rest:
            data, depth = rest.pop()
            inside = data.values() if isinstance(data, dict) else data
            if isinstance(data, dict | list) and depth < DEEPEST:
                rest += ((it, depth + 1) for it in inside)
            elif not isinstance(data, str | int | None):
                raise self.wrong("strings and whole numbers, in lists and maps")
        return self.data

    def number(self, least: int = 0, most: int = _FAR) -> int:
        if type(self.data) is not int or not least <= self.data <= most:
            raise self.wrong(f"a whole number from {least} to {most}")
        return self.data
