"""Answers as the AWS CLI prints them with ``--output``: JSON, text between tabs, or a table.

Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-output-format.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from copilot_preflight.render.safe_text import safe

FORMATS: Final = ("json", "text", "table")

TITLE: Final = "SimulateCustomPolicy"
"""What stands above a table: the operation, as in the AWS CLI."""


class QueryError(Exception):
    """A JMESPath expression that cannot be used; ``str()`` is one line that says why."""


def queried(answer: Any, expression: str) -> Any:
    """What a JMESPath expression takes out of an answer. Raises QueryError.

    Source: https://jmespath.org/specification.html
    """
    import jmespath  # here: most runs have no query
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(expression, answer)
    except JMESPathError as error:
        told = " ".join(str(error).split("\n")[0].split()).rstrip(":.")
        raise QueryError(f"'{expression}': {told[:1].lower()}{told[1:]}") from None


def rendered(answer: Any, form: str, *, width: int = 80) -> str:
    """An answer in one of FORMATS, with a line break at its end unless it is empty.

    ``width`` is how many columns a table may take. No control character gets through as it is.
    """
    if form == "json":
        return json.dumps(answer, indent=4) + "\n"
    if isinstance(answer, dict) and "IsTruncated" in answer:
        # The AWS CLI reads all the pages, and shows one answer.
        answer = {key: value for key, value in answer.items() if key != "IsTruncated"}
    if form == "text":
        return "".join(f"{line}\n" for line in _text(answer))
    return "".join(f"{line}\n" for line in _table(answer, width))


def _shown(value: Any) -> str:
    """A scalar; JSON's null and booleans are spelt as the AWS CLI spells them, in Python."""
    return safe(str(value))


# --- text -----------------------------------------------------------------------------------------


def _text(data: Any, name: str = "", keys: Sequence[str] | None = None) -> Iterator[str]:
    """One line for each map, its scalars in the order of their keys; what is inside comes below.

    A line begins with the name, in capitals, under which its data stand. In a list of maps, all
    have the same columns.
    """
    begin = [safe(name).upper()] if name else []
    if isinstance(data, dict):
        columns = sorted(k for k, v in data.items() if _is_scalar(v)) if keys is None else keys
        if columns:
            yield "\t".join([*begin, *(_shown(data.get(key, "")) for key in columns)])
        for key in sorted(data.keys() - set(columns)):
            yield from _text(data[key], key)
    elif not isinstance(data, list):
        yield _shown(data)
    elif any(isinstance(item, dict) for item in data):
        columns = _columns(data)
        for item in data:
            yield from _text(item, name, columns if isinstance(item, dict) else None)
    else:
        scalars = [_shown(item) for item in data if _is_scalar(item)]
        if name:
            yield from ("\t".join([*begin, item]) for item in scalars)
        elif scalars:
            yield "\t".join(scalars)
        for item in data:
            if not _is_scalar(item):
                yield from _text(item, name)


def _columns(items: Sequence[Any]) -> list[str]:
    """The keys that hold a scalar in some map of a list and, unlike in AWS's CLI, never more."""
    maps = [item for item in items if isinstance(item, dict)]
    scalar = {key for item in maps for key, value in item.items() if _is_scalar(value)}
    return sorted(scalar - {k for item in maps for k, v in item.items() if not _is_scalar(v)})


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, (dict, list))


# --- table ----------------------------------------------------------------------------------------

_NARROWEST: Final = 8
"""Characters of a column, however many there are."""


class _Section(NamedTuple):
    """A part of a table: a title, then rows; ``depth`` is how far inside it stands."""

    title: str
    depth: int
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    def on_end(self, width: int) -> Iterator[_Section]:
        """With the columns one below the other: of a single row, as in the AWS CLI, and of several
        where there are more columns than a table of that width can have.
        """
        least = 2 * self.depth + 1 + len(self.header) * (_NARROWEST + 5)
        if not self.header or (len(self.rows) > 1 and least <= width):
            yield self
            return
        for row in self.rows:
            pairs = [pair for pair in zip(self.header, row, strict=True) if pair[1]]
            yield self._replace(header=(), rows=pairs)

    @property
    def columns(self) -> list[int]:
        """How wide the columns would like to be."""
        lines = [self.header, *self.rows] if self.header else self.rows
        return [max(map(len, column)) for column in zip(*lines, strict=True)]

    @property
    def width(self) -> int:
        """With the borders: two at the ends and one between columns, two spaces around each."""
        cells = sum(it + 4 for it in self.columns) + max(0, len(self.columns) - 1) + 2
        return max(cells, len(self.title) + 4) + 2 * self.depth


def _table(data: Any, width: int) -> Iterator[str]:
    sections = list(_sections(TITLE, data, 0))
    if not sections:
        return
    if max(section.width for section in sections) > width:
        sections = [it for section in sections for it in section.on_end(width)]
    full = min(width, max(section.width for section in sections))
    yield "-" * full
    for section in sections:
        bars = "|" * section.depth
        for line in _lines(section, full - 2 * section.depth):
            yield f"{bars}{line}{bars}"


def _sections(title: str, data: Any, depth: int) -> Iterator[_Section]:
    if data is None or data in ({}, []):
        return
    title = safe(title)
    if isinstance(data, dict):
        scalars = {safe(key): _shown(data[key]) for key in sorted(data) if _is_scalar(data[key])}
        if len(scalars) == 1:
            yield _Section(title, depth, rows=[next(iter(scalars.items()))])
        elif scalars:
            yield _Section(title, depth, list(scalars), [list(scalars.values())])
        else:
            yield _Section(title, depth)
        yield from _inside(data, depth)
    elif not isinstance(data, list):
        yield _Section(title, depth, rows=[[_shown(data)]])
    elif any(isinstance(item, dict) for item in data):
        yield from _of_maps(title, data, depth)
    else:
        rows = [item if isinstance(item, list) else [item] for item in data]
        most = max(map(len, rows))
        cells = [[_cell(it) for it in row] + [""] * (most - len(row)) for row in rows]
        yield _Section(title, depth, rows=cells if most else ())


def _of_maps(title: str, data: Sequence[Any], depth: int) -> Iterator[_Section]:
    """Maps as the rows of one section, or of one each where something stands inside of them."""
    keys = _columns(data)
    header = [safe(key) for key in keys]
    maps = [item if isinstance(item, dict) else {"": item} for item in data]
    rows = [[_shown(item.get(key, "")) for key in keys] for item in maps]
    if all(_is_scalar(value) for item in maps for value in item.values()):
        yield _Section(title, depth, header, rows)
        return
    for item, row in zip(maps, rows, strict=True):
        yield _Section(title, depth, header, [row] if row else ())
        yield from _inside(item, depth)


def _inside(item: Mapping[str, Any], depth: int) -> Iterator[_Section]:
    for key in sorted(item):
        if not _is_scalar(item[key]):
            yield from _sections(key, item[key], depth + 1)


def _cell(value: Any) -> str:
    return _shown(value) if _is_scalar(value) else safe(json.dumps(value))


def _lines(section: _Section, width: int) -> Iterator[str]:
    yield f"|{section.title[: width - 2].center(width - 2)}|"
    if not section.rows:
        yield f"+{'-' * (width - 2)}+"
        return
    columns = _fitted(section.columns, width)
    rule = f"+{'+'.join('-' * (it + 4) for it in columns)}+"
    yield rule
    if section.header:
        cells = (name.center(it + 4) for name, it in zip(section.header, columns, strict=True))
        yield f"|{'|'.join(cells)}|"
        yield rule
    for row in section.rows:
        yield from _row(row, columns)
    yield rule


def _row(row: Sequence[str], columns: Sequence[int]) -> Iterator[str]:
    """A row, on several lines where a cell is longer than its column is wide."""
    cells = [_wrapped(cell, it) for cell, it in zip(row, columns, strict=True)]
    for number in range(max(map(len, cells))):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        yield f"|{'|'.join(f'  {it.ljust(n)}  ' for it, n in zip(parts, columns, strict=True))}|"


def _wrapped(text: str, width: int) -> list[str]:
    from textwrap import wrap

    return wrap(text, width, break_on_hyphens=False) or [""]


def _fitted(wanted: Sequence[int], width: int) -> list[int]:
    """Columns that fill a table of a width: the widest ones shrink, or all of them grow."""
    columns = list(wanted)
    room = width - 2 - (len(columns) - 1) - 4 * len(columns)
    while sum(columns) > room and max(columns) > _NARROWEST:
        columns[columns.index(max(columns))] -= 1
    spare = max(0, room - sum(columns))
    return [it + spare // len(columns) + (n < spare % len(columns)) for n, it in enumerate(columns)]
