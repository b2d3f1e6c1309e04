"""What a person needs of JSON, where a line is one bracket, or a whole template.

A statement or a function that begins with a bracket at the end of its line is shown on one line. No
other node is: what stands in a container may be a secret, and a report quotes no more than it must.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from copilot_preflight.base.finding import Place, Position, Source, Span

_ENDS: Final = 6
"""Lines of each end of a statement that are looked at: no report has room for more."""

_SHOWN: Final = re.compile(r'\{ ?"(?:Ref|Fn::\w+)":|[{,] ?"Effect": ?"(?:Allow|Deny)"')
"""What is in a function of CloudFormation, or in a statement of a policy."""

_LONG: Final = 300
"""Characters of a line in which nobody finds a place by its column."""


def lines_of(lines: Sequence[str], span: Span) -> Sequence[int]:
    """The numbers of the lines that are shown as one, none where the first stands for itself."""
    number, column = span.start
    last = span.end.line
    if last <= number or _line(lines, number)[column - 1 :].strip() not in ("{", "["):
        return ()
    if last - number < 2 * _ENDS:
        numbers = [*range(number, last + 1)]
    else:
        numbers = [*range(number, number + _ENDS), *range(last - _ENDS + 1, last + 1)]
    return numbers if _SHOWN.search(_joined(lines, span, numbers)) else ()


def whole(lines: Sequence[str], span: Span) -> tuple[str, Span] | None:
    """The line with all of the statement or function that begins on it, and where that stands."""
    numbers = lines_of(lines, span)
    if not numbers:
        return None
    begin = _line(lines, numbers[0])[: span.start.column - 1]
    line = begin + _joined(lines, span, numbers)
    return line, Span(span.start, Position(span.start.line, len(line) + 1))


def _joined(lines: Sequence[str], span: Span, numbers: Sequence[int]) -> str:
    parts: list[str] = []
    for number in numbers:
        line = _line(lines, number)
        if number == span.end.line:
            line = line[: span.end.column - 1]
        if number == span.start.line:
            line = line[span.start.column - 1 :]
        part = line.strip()
        is_tight = not parts or parts[-1][-1:] in ("{", "[") or part[:1] in ("}", "]")
        parts.append(part if is_tight else f" {part}")
    return "".join(parts)


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number - 1] if number <= len(lines) else ""


_CONSTRUCT: Final = '"aws:cdk:path"'


# --- where it is ----------------------------------------------------------------------------------


def is_json(source: Source) -> bool:
    """Whether a file is JSON, where a line may say little of what stands in it."""
    return source.text[:200].lstrip()[:1] == "{"


def has_constructs(source: Source) -> bool:
    """Whether the CDK made a template, and says of which constructs."""
    return _CONSTRUCT in source.text


def residence(
    source: Source, lines: Sequence[str], places: Iterable[tuple[Place, Span]]
) -> Iterator[str]:
    """The resources that some places are in, with their constructs: ``'Task' (construct 'A/B')``.

    None where lines of their own tell as much. Source:
    https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html#identifiers-paths
    """
    known = list(places)
    is_cdks = has_constructs(source)
    if not is_cdks and not any(len(_line(lines, span.start.line)) > _LONG for _, span in known):
        return
    data = getattr(source, "data", None) if is_cdks else None
    for name in dict.fromkeys(
        str(place.path[1]) for place, _ in known if place.path[:1] == ("Resources",) != place.path
    ):
        construct = construct_of(data, name)
        yield f"'{name}' (construct '{construct}')" if construct else f"'{name}'"


def construct_of(data: Any, name: str) -> str:
    """The construct of the CDK that made a resource, ``""`` where nothing says so."""
    try:
        path = data["Resources"][name]["Metadata"]["aws:cdk:path"]
    except (KeyError, TypeError):
        return ""
    return path if isinstance(path, str) else ""
