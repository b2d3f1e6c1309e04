"""Templates in plain block style -> plain data, line by line and without PyYAML.

Nearly all templates are written in a small part of YAML: a key, an item or a value on each line,
block literals, and flow collections that end on the line on which they begin. A text of that kind
is read here, which saves a short run the loading of PyYAML. Of any other text nothing is said:
libyaml reads it, and says what is wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache
from sys import intern
from typing import Any, Final

from copilot_preflight.read.yaml.faults import NotPlain
from copilot_preflight.read.yaml.scalars import plain

_SECOND_LEVEL: Final = 2
"""The column of the keys of a section, as nearly everybody indents them."""

_MOST_LEVELS: Final = 40
"""Of collections, one in the other. Copilot's deepest templates have about 20."""

_LONGEST_KEY: Final = 400
"""Characters. libyaml refuses a key that ends in more than 1,024."""

_PLAIN: Final = r"(?=-?[A-Za-z0-9_/.$(])[^ :#\n]+(?:(?: +|:+)[^ :#\n]+)*"
"""A plain scalar. Its words hold no ``#`` and end in no colon, so none of it is a comment or a key.
"""

_PLAIN_IN_FLOW: Final = _PLAIN.replace("_/.$(", "_/$(").replace(r"#\n]", r"#\n,\[\]{}?'\"]")

_KEY: Final = r"([A-Za-z0-9_/.$][\w/.$-]*(?::+[\w/.$-]+)*)|'([^'\n]+)'|\"([^\"\\\n]+)\""

_QUOTED: Final = r"'((?:[^'\n]|'')*)'|\"([^\"\\\n]*)\""

_LINE: Final = re.compile(
    rf"( *)((?:-(?: +|(?=\n|\Z)))*)(?:(?:{_KEY}):(?: +|(?=\n|\Z)))?"
    rf"(?:({_PLAIN}) *(?:\n|\Z)|([^\n]*)(?:\n|\Z))",
    re.ASCII,
)
"""Indentation, dashes, a key in one of three spellings, and a plain scalar or the rest."""

_REST: Final = re.compile(
    rf"(?:!(\w+:*)(?: +|\Z))?(?:(?:({_PLAIN})|{_QUOTED}|\|([-+]?)|())(?: +#.*| *)\Z|(?=[\[{{]))",
    re.ASCII,
)
"""A tag, and a scalar, the head of a block literal or nothing, with a comment; or a bracket."""

_BETWEEN: Final = r"(?:[ \n]| #[^\n]*\n)*"
_ITEM: Final = re.compile(
    rf"{_BETWEEN}(?:!(\w+:*)(?=[ \n]){_BETWEEN})?(?:({_PLAIN_IN_FLOW})|{_QUOTED}|(?=[\[{{]))",
    re.ASCII,
)
_KEY_IN_FLOW: Final = re.compile(rf"{_BETWEEN}(?:{_KEY}):(?=[ \n])", re.ASCII)
_CLOSED: Final = re.compile(rf"{_BETWEEN}([,\]}}])")
_END_OF_LINE: Final = re.compile(r"(?: +#[^\n]*| *)(?:\n|\Z)")
_NEXT_ENTRY: Final = re.compile(r"\n {0,2}[^ \n#]")
_BLANK_LINES: Final = re.compile(r"(?: *\n)*")


def block_data(text: str) -> dict[str, Any]:
    """The data of a text. Raises NotPlain.

    What stands under a key of the second level, such as a resource, is shared with every other text
    that has the very same lines there: do not change it in place.
    """
    if not text.replace("\n", "").isprintable():
        raise NotPlain
    data = _mapping(text, 0)
    if not data:
        raise NotPlain
    return data


@lru_cache(maxsize=1_000)
def _entry(lines: str) -> dict[str, Any]:
    """A key of the second level with its value. Raises NotPlain.

    The templates of a run share most of their resources, but for what their parameters say.
    """
    return _mapping(lines, _SECOND_LEVEL)


def _mapping(text: str, column: int) -> dict[str, Any]:
    """The mapping whose keys begin in a column. Raises NotPlain."""
    line, at, size = _LINE.match, 0, len(text)
    has_entries = column == 0
    data: dict[str, Any] = {}
    node: Any = data
    key, tag, is_open = "", "", False  # is_open: the value of the key or item is still to come
    outer: list[tuple[int, Any]] = []
    while at < size:
        match = line(text, at)
        assert match is not None
        spaces, dashes, key1, key2, key3, value, rest = match.groups()
        at = match.end()
        name = key1 or key2 or key3
        is_empty = value is None and (not rest or rest[0] == "#")
        if is_empty and not dashes and name is None:
            continue  # a blank line, or a comment
        indent = len(spaces)
        opens = is_open and (indent > column or (dashes and indent == column and key != ""))
        is_alone = opens and not dashes and name is None
        if not is_alone:
            if is_open:
                new: Any = None
                if opens:
                    new = [] if dashes else {}
                elif tag:
                    raise NotPlain
                found = {tag: new} if tag else new
                if node.__class__ is dict:
                    node[key] = found
                else:
                    node.append(found)
                tag = ""
            if opens:
                outer.append((column, node))
                column, node = indent, new
            else:
                while indent < column and outer:
                    column, node = outer.pop()
                if node.__class__ is list and not dashes and outer:
                    column, node = outer.pop()
                if indent != column:
                    raise NotPlain
            if dashes:
                if node.__class__ is dict:
                    raise NotPlain
                key = ""
                for number in range(1, dashes.count("-")):
                    outer.append((column, node))
                    node.append([])
                    node, column = node[-1], indent + _nth_dash(dashes, number)
                if name is not None:
                    outer.append((column, node))
                    node.append({})
                    node, column = node[-1], indent + len(dashes)
            if len(outer) > _MOST_LEVELS:
                raise NotPlain
            if name is not None:
                if name in node or node.__class__ is list or len(name) > _LONGEST_KEY:
                    raise NotPlain
                key = intern(name)
            elif not dashes:
                raise NotPlain
        is_open = False
        if value is not None:
            found = _tagged(tag, value) if tag else plain(value, is_json=False)
        elif is_empty:
            if has_entries and indent == _SECOND_LEVEL and len(outer) == 1 and not dashes:
                behind = _NEXT_ENTRY.search(text, at - 1)
                at = behind.start() + 1 if behind else size
                found = _entry(text[match.start() : at])[name]
            else:
                is_open = True
                continue
        else:
            tag, found, end = _value(text, rest, match.start(7), at, column, tag)
            if end < 0:
                is_open = True
                continue
            at = end
        tag = ""
        if node.__class__ is dict:
            node[key] = found
        else:
            node.append(found)
    if is_open:
        if tag:
            raise NotPlain
        if node.__class__ is dict:
            node[key] = None
        else:
            node.append(None)
    return data


def _nth_dash(dashes: str, number: int) -> int:
    at = 0
    for _ in range(number):
        at = dashes.index("-", at + 1)
    return at


def _value(
    text: str, rest: str, start: int, at: int, column: int, tag: str
) -> tuple[str, Any, int]:
    """The value that begins with the rest of a line, and where it ends; -1: it is still to come.

    Then its tag is told, and else put around the value. ``tag`` is one from the line before,
    ``start`` where the rest begins, ``at`` where the next line does.
    """
    match = _REST.match(rest)
    if match is None:
        raise NotPlain
    name, scalar, single, double, header, nothing = match.groups()
    if name is not None:
        if tag:
            raise NotPlain
        tag = _spelt(name)
    if nothing is not None:
        return tag, None, -1
    found: Any
    if scalar is not None:
        found = scalar if tag else plain(scalar, is_json=False)
    elif single is not None:
        found = single.replace("''", "'")
    elif double is not None:
        found = double
    elif header is not None:
        found, at = _literal(text, at, column, header)
    else:
        found, at = _flow(text, start + match.end(), 1)
        behind = _END_OF_LINE.match(text, at)
        if behind is None:
            raise NotPlain
        at = behind.end()
    return "", _tagged(tag, found) if tag else found, at


def _spelt(tag: str) -> str:
    return tag if tag in ("Ref", "Condition") else f"Fn::{tag}"


def _tagged(tag: str, found: Any) -> dict[str, Any]:
    if tag == "Fn::GetAtt" and found.__class__ is str:
        return {tag: found.split(".", 1)}
    return {tag: found}


def _literal(text: str, at: int, column: int, chomping: str) -> tuple[str, int]:
    """A block literal whose first line begins at an offset, and where the line behind it begins."""
    blank = _BLANK_LINES.match(text, at)
    assert blank is not None
    start = blank.end()
    indent = 0
    while text.startswith(" ", start + indent):
        indent += 1
    if indent <= column or start + indent >= len(text):
        raise NotPlain
    if any(len(line) > indent for line in blank[0].split("\n")):
        raise NotPlain
    body, margin = _indented(indent)
    match = body.match(text, at)
    assert match is not None
    found = margin.sub("", match[0])
    if chomping != "+":
        found = found.rstrip("\n") + ("" if chomping else "\n")
    return found, match.end()


@lru_cache
def _indented(indent: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Lines that are blank or indented by some spaces, and those spaces in each of them."""
    body = re.compile(rf"(?:(?: {{{indent}}}[^\n]*| *)\n)*")
    return body, re.compile(rf"^ {{0,{indent}}}", re.MULTILINE)


def _flow(text: str, at: int, depth: int) -> tuple[Any, int]:
    """The collection that a bracket opens, and where it ends. Raises NotPlain."""
    if depth > _MOST_LEVELS:
        raise NotPlain
    is_list = text[at] == "["
    at += 1
    items: list[Any] = []
    pairs: dict[str, Any] = {}
    closing = _CLOSED.match(text, at)
    if closing is None:
        while True:
            if not is_list:
                match = _KEY_IN_FLOW.match(text, at)
                if match is None:
                    raise NotPlain
                key = match[1] or match[2] or match[3]
                if key in pairs or len(key) > _LONGEST_KEY:
                    raise NotPlain
                at = match.end()
            match = _ITEM.match(text, at)
            if match is None:
                raise NotPlain
            name, scalar, single, double = match.groups()
            at = match.end()
            found: Any
            if scalar is not None:
                found = plain(scalar, is_json=False) if name is None else scalar
            elif single is not None:
                found = single.replace("''", "'")
            elif double is not None:
                found = double
            else:
                found, at = _flow(text, at, depth + 1)
            if name is not None:
                found = _tagged(_spelt(name), found)
            if is_list:
                items.append(found)
            else:
                pairs[intern(key)] = found
            closing = _CLOSED.match(text, at)
            if closing is None:
                raise NotPlain
            at = closing.end()
            if closing[1] != ",":
                break
            last = _CLOSED.match(text, at)
            if last is not None:
                closing = last
                break
    if closing[1] != ("]" if is_list else "}"):
        raise NotPlain
    return items if is_list else pairs, closing.end()
