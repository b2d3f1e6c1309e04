"""Data against a JSON Schema, with the place of whatever is wrong.

As much of JSON Schema as our own schemas are written in: KEYWORDS. ``x-wanted`` says in words what
a value must be. https://json-schema.org/draft/2020-12/json-schema-validation
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.read.document import Document, DocumentError, kind_of
from copilot_preflight.read.yaml.scalars import NO_KEY

Schema = Mapping[str, Any]

KEYWORDS: Final = frozenset(
    {
        "$ref", "type", "enum", "pattern", "minLength", "minItems", "minimum", "maximum",
        "required", "properties", "additionalProperties", "items",
    }
)  # fmt: skip
"""The keywords that are understood, apart from those that only describe."""

_IS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: type(value) is int or (type(value) is float and value.is_integer()),
}
_WORDS: Final = {
    "object": "a map", "array": "a list", "string": "a string", "boolean": "true or false",
    "number": "a number", "integer": "a whole number",
}  # fmt: skip


def faults(found: Document, schema: Schema) -> Iterator[DocumentError]:
    """Everything in which a document differs from a schema."""
    return _Check(found, schema).value(found.data, schema, ())


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """``": did you mean 'select'?"`` for ``selct``; ``""`` where nothing is like it."""
    from difflib import get_close_matches  # here: most runs have no such fault

    close = get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return f": did you mean '{close[0]}'?" if close else ""


def _quoted(key: str) -> str:
    """A key as a message shows it; not one that is a line of another file, ``PASSWORD=a: b``."""
    return "" if NO_KEY.search(key) else f" '{key}'"


class _Check:
    def __init__(self, found: Document, schema: Schema) -> None:
        self._found = found
        self._definitions = schema.get("$defs", {})

    def value(self, value: Any, schema: Schema, path: DataPath) -> Iterator[DocumentError]:
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].rpartition("/")[2]]
        wrong = unlike(value, schema)
        if wrong:
            yield self._found.fault(path, wrong)
        elif isinstance(value, dict):
            yield from self._map(value, schema, path)
        elif isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                yield from self.value(item, schema["items"], (*path, index))

    def _map(self, value: Any, schema: Schema, path: DataPath) -> Iterator[DocumentError]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", {})
        for key, item in value.items():
            inside = known.get(key, others)
            if inside is False:
                start = self._found.span((*path, key), key=True).start
                message = f"unknown key{_quoted(key)}{nearest(key, known)}"
                yield DocumentError(self._found.file, start.line, start.column, message)
            else:
                yield from self.value(item, inside, (*path, key))
        for key in schema.get("required", ()):
            if key not in value:
                yield self._found.fault(path, f"lacks '{key}'")


def unlike(value: Any, schema: Schema) -> str:
    """What a value must be and is not, leaving out what is inside of it; ``""`` if all is well."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    wanted = schema.get("x-wanted")
    # A text in the place of a map may be all of a file that holds something else, such as secrets.
    quoted = isinstance(value, str) and "object" not in types
    found = f"found '{value}'" if quoted else f"found {kind_of(value)}"
    if types and not any(_IS[name](value) for name in types):
        names = [_WORDS[name] for name in types]
        return f"must be {wanted or ' or '.join(names)}, {found}"
    if "enum" in schema and not any(
        value == it and type(value) is type(it) for it in schema["enum"]
    ):
        names = [it for it in schema["enum"] if isinstance(it, str)]
        return f"must be {', '.join(names[:-1])} or {names[-1]}, {found}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return f"must be {wanted}, {found}"
        if len(value) < schema.get("minLength", 0):
            return "must not be empty"
    elif isinstance(value, list) and len(value) < schema.get("minItems", 0):
        return "must not be an empty list"
    elif _IS["number"](value) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        return f"must be {wanted}, {found}"
    return ""
