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

from copilot_preflight.read.yaml.faults import LONGEST_KEY, NotPlain
from copilot_preflight.read.yaml.scalars import plain
from copilot_preflight.read.yaml.tags import spelt, tagged

_SECOND_LEVEL: Final = 2
"""The column of the keys of a section, as nearly everybody indents them."""

_SHORT: Final = 10_000
"""Characters of an entry that is worth keeping. Of a thousand resources, two are longer."""

MOST_LEVELS: Final = 40
"""Of collections, one in the other. Copilot's deepest templates have about 20."""

# `re` takes 300 bytes for each turn of a loop, so none has more turns than a template needs: a line
# of 1 MB would take 300 MB. Behind a loop that ends too early, no pattern finds what it looks for.

_PLAIN: Final = r"(?=-?[A-Za-z0-9_/.$(])[^ :#\n]+(?:(?: +|:+)[^ :#\n]+){0,2000}"
"""A plain scalar. Its words hold no ``#`` and end in no colon, so none of it is a comment or a key.
"""

_PLAIN_IN_FLOW: Final = _PLAIN.replace("_/.$(", "_/$(").replace(r"#\n]", r"#\n,\[\]{}?'\"]")

_KEY: Final = r"([A-Za-z0-9_/.$][\w/.$-]*(?::+[\w/.$-]+){0,100})|'([^'\n]+)'|\"([^\"\\\n]+)\""

_QUOTED: Final = r"'([^'\n]*(?:''[^'\n]*){0,2000})'|\"([^\"\\\n]*)\""

LINE: Final = re.compile(
    rf"( *)((?:-(?: +|(?=\n|\Z))){{0,100}})(?:(?:{_KEY}):(?: +|(?=\n|\Z)))?"
    rf"(?:({_PLAIN}) *(?:\n|\Z)|([^\n]*)(?:\n|\Z))",
    re.ASCII,
)
"""Indentation, dashes, a key in one of three spellings, and a plain scalar or the rest."""

REST: Final = re.compile(
    rf"(?:!(\w+:*)(?: +|\Z))?(?:(?:({_PLAIN})|{_QUOTED}|\|([-+]?)|())(?: +#.*| *)\Z|(?=[\[{{]))",
    re.ASCII,
)
"""A tag, and a scalar, the head of a block literal or nothing, with a comment; or a bracket."""

_BETWEEN: Final = r"(?:[ \n]| #[^\n]*\n){0,9999}"
ITEM: Final = re.compile(
    rf"{_BETWEEN}(?:!(\w+:*)(?=[ \n]){_BETWEEN})?(?:({_PLAIN_IN_FLOW})|{_QUOTED}|(?=[\[{{]))",
    re.ASCII,
)
KEY_IN_FLOW: Final = re.compile(rf"{_BETWEEN}(?:{_KEY}):(?=[ \n])", re.ASCII)
CLOSED: Final = re.compile(rf"{_BETWEEN}([,\]}}])")
END_OF_LINE: Final = re.compile(r"(?: +#[^\n]*| *)(?:\n|\Z)")
_NEXT_SECTION: Final = re.compile(r"\n[^ \n#-]")
_NEXT_ENTRY: Final = re.compile(r"\n {0,2}[^ \n#-]")
_BLANK_LINES: Final = re.compile(r"(?: *\n)*")


def block_data(text: str) -> dict[str, Any]:
    """The data of a text. Raises NotPlain.

    Sections and resources are shared with other texts that have the very same lines there: do not
    change them in place.
    """
    if not text.replace("\n", "").isprintable():
        raise NotPlain
    data = _mapping(text, 0, is_whole=True)
    if not data:
        raise NotPlain
    return data


def parts_read() -> tuple[int, int]:
    """How many parts of texts were known from other texts so far, and how many were not."""
    known = _shared.cache_info()
    return known.hits, known.misses


@lru_cache(maxsize=1_000)
def _shared(lines: str, column: int) -> dict[str, Any]:
    """A key in a column with its value. Raises NotPlain.

    The templates of a run share most of their resources, but for what their parameters say.
    """
    return _mapping(lines, column)


def _mapping(text: str, column: int, *, is_whole: bool = False) -> dict[str, Any]:
    """The mapping whose keys begin in a column. Raises NotPlain."""
    nest = _Nest(column)
    line, at, size = LINE.match, 0, len(text)
    while at < size:
        match = line(text, at)
        assert match is not None
        spaces, dashes, key1, key2, key3, value, rest = match.groups()
        at = match.end()
        name = key1 or key2 or key3
        is_empty = value is None and (not rest or rest[0] == "#")
        if dashes or name is not None:
            nest.move(len(spaces), dashes, name)
        elif is_empty:
            continue  # a blank line, or a comment
        elif not nest.is_open or len(spaces) <= nest.column:
            raise NotPlain  # else it is the value of a key or of an item, on a line of its own
        tag = nest.tag
        if value is not None:
            nest.put(tagged(tag, value) if tag else plain(value, is_json=False))
        elif not is_empty:
            tag, found, end = _value(text, rest, match.start(7), at, nest.column, tag)
            if end < 0:
                nest.open(tag)
            else:
                nest.put(found)
                at = end
        elif is_whole and not dashes and (ends := nest.part(name)):
            behind = ends.search(text, at - 1)
            at = behind.start() + 1 if behind else size
            lines = text[match.start() : at]
            read = _shared if len(lines) < _SHORT else _mapping
            nest.put(read(lines, nest.column)[name])
        else:
            nest.open("")
    nest.close()
    return nest.data


class _Nest:
    """The collections around the line that is read, from the outermost to the innermost.

    ``column`` is where the keys or dashes of the innermost one begin. Where ``is_open``, the value
    of its last key or item is still to come, and ``tag`` stands before that.
    """

    __slots__ = ("column", "data", "is_open", "key", "most", "node", "outer", "tag")

    def __init__(self, column: int) -> None:
        self.most = MOST_LEVELS - (column == _SECOND_LEVEL)  # that one has the section around it
        self.data: dict[str, Any] = {}
        self.node: Any = self.data
        self.column = column
        self.outer: list[tuple[int, Any]] = []
        self.key = ""  # "" in a list
        self.tag = ""
        self.is_open = False

    def part(self, name: str | None) -> re.Pattern[str] | None:
        """How the line behind a key's value begins, where other texts may have the same value.

        That is a resource, or a section without resources.
        """
        if not self.outer:
            return None if name == "Resources" else _NEXT_SECTION
        is_second = len(self.outer) == 1 and self.column == _SECOND_LEVEL
        return _NEXT_ENTRY if is_second else None

    def open(self, tag: str) -> None:
        """Leaves the value of a key or item to the lines that follow."""
        self.is_open, self.tag = True, tag

    def put(self, found: Any) -> None:
        """The value of a key or item."""
        self.is_open, self.tag = False, ""
        if self.node.__class__ is dict:
            self.node[self.key] = found
        else:
            self.node.append(found)

    def close(self) -> None:
        """Nothing follows what is open. Raises NotPlain for a tag alone."""
        if self.tag:
            raise NotPlain
        if self.is_open:
            self.put(None)

    def move(self, indent: int, dashes: str, name: str | None) -> None:
        """Goes to the collection that a line with a key or an item belongs to. Raises NotPlain."""
        column = self.column
        # A list may stand in the column of the key that has it.
        opens = indent > column or (dashes != "" and indent == column and self.key != "")
        if self.is_open and opens:
            new: Any = [] if dashes else {}
            self.put({self.tag: new} if self.tag else new)
            self._enter(new, indent)
        else:
            self.close()
            while indent < self.column and self.outer:
                self.column, self.node = self.outer.pop()
            if self.node.__class__ is list and not dashes and self.outer:
                self.column, self.node = self.outer.pop()
            if indent != self.column:
                raise NotPlain
        if dashes:
            self._move_into_items(indent, dashes, name)
        if name is not None:
            if self.node.__class__ is list or name in self.node or len(name) > LONGEST_KEY:
                raise NotPlain
            self.key = intern(name)

    def _move_into_items(self, indent: int, dashes: str, name: str | None) -> None:
        """Goes to the innermost item that begins on a line."""
        if self.node.__class__ is dict:
            raise NotPlain
        self.key = ""
        places = [place for place, dash in enumerate(dashes) if dash == "-"]
        for place in places[1:]:
            self._add([], indent + place)
        if name is not None:
            self._add({}, indent + len(dashes))

    def _add(self, new: Any, column: int) -> None:
        self.node.append(new)
        self._enter(new, column)

    def _enter(self, new: Any, column: int) -> None:
        self.outer.append((self.column, self.node))
        self.column, self.node = column, new
        if len(self.outer) > self.most:
            raise NotPlain


def _value(
    text: str, rest: str, start: int, at: int, column: int, tag: str
) -> tuple[str, Any, int]:
    """The value that begins with the rest of a line, and where it ends; -1: it is still to come.

    Then its tag is told, and else put around the value. ``tag`` is one from the line before,
    ``start`` where the rest begins, ``at`` where the next line does.
    """
    match = REST.match(rest)
    if match is None:
        raise NotPlain
    name, scalar, single, double, header, nothing = match.groups()
    if name is not None:
        if tag:
            raise NotPlain
        tag = spelt(name)
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
        found, at = literal(text, at, column, header)
    else:
        found, at = _flow(text, start + match.end(), 1)
        behind = END_OF_LINE.match(text, at)
        if behind is None:
            raise NotPlain
        at = behind.end()
    return "", tagged(tag, found) if tag else found, at


def literal(text: str, at: int, column: int, chomping: str) -> tuple[str, int]:
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
    if text.startswith(" " * indent, match.end()):
        raise NotPlain  # the last line of the text, which no line break ends
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
    if depth > MOST_LEVELS:
        raise NotPlain
    is_list = text[at] == "["
    at += 1
    items: list[Any] = []
    pairs: dict[str, Any] = {}
    closing = CLOSED.match(text, at)
    if closing is None:
        while True:
            if not is_list:
                match = KEY_IN_FLOW.match(text, at)
                if match is None:
                    raise NotPlain
                key = match[1] or match[2] or match[3]
                if key in pairs or len(key) > LONGEST_KEY:
                    raise NotPlain
                at = match.end()
            match = ITEM.match(text, at)
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
                found = tagged(spelt(name), found)
            if is_list:
                items.append(found)
            else:
                pairs[intern(key)] = found
            closing = CLOSED.match(text, at)
            if closing is None:
                raise NotPlain
            at = closing.end()
            if closing[1] != ",":
                break
            last = CLOSED.match(text, at)
            if last is not None:
                closing = last
                break
    if closing[1] != ("]" if is_list else "}"):
        raise NotPlain
    return items if is_list else pairs, closing.end()
