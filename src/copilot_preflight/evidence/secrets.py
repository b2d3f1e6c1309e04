"""Values in answers that may be secret: they are blanked out before anybody else sees the text.

Nobody needs them here, and a report quotes the lines around a place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from copilot_preflight.base.finding import DataPath, Span
from copilot_preflight.read import document
from copilot_preflight.read.document import AnswerDocument, Document

_SECRET_KEYS: Final = frozenset({"SecretString", "SecretBinary"})

_ARN: Final = re.compile(r"arn:[\w-]*:[\w-]+:[\w-]*:\d*:[\w/.:*-]+", re.ASCII)

_BLANK: Final = "x"
"""What YAML takes for a string without quotes, too."""


def without_secrets(found: Document) -> AnswerDocument:
    """The same answer with blanks for the values of secrets, parameters and variables.

    Every character keeps its line and column. ARNs stay: they are no secret, and what was deployed
    is judged by those that a stack was given.
    """
    paths = list(_secret_paths(found.data, ()))
    if not paths:
        return AnswerDocument(found.file, found.text, found.data)
    lines = found.text.split("\n")
    for path in paths:
        _blank(lines, found.span(path))
    text = "\n".join(lines)
    if len(text) > document.MAX_SIZE:  # which is JSON
        return AnswerDocument(found.file, text, json.loads(text))
    return AnswerDocument(found.file, text, document.parse(text, found.file).data)


def _secret_paths(data: Any, path: DataPath) -> Iterator[DataPath]:
    """The paths of values that are nobody's business.

    ``SecretString`` of a secret, ``Value`` of a parameter of SSM, ``value`` of the environment of a
    container, and ``ParameterValue`` of a stack, which is no ARN.
    """
    pending: list[tuple[DataPath, Any]] = [(path, data)]
    while pending:
        at, node = pending.pop()
        if isinstance(node, list):
            pending += (((*at, index), item) for index, item in enumerate(node))
        elif isinstance(node, dict):
            for key, item in node.items():
                below = (*at, key)
                if isinstance(item, dict | list):
                    pending.append((below, item))
                elif isinstance(item, str) and item and _is_secret(below, node):
                    yield below


def _is_secret(path: DataPath, node: Any) -> bool:
    key = path[-1]
    if key in _SECRET_KEYS:
        return True
    if key == "ParameterValue":
        return "ParameterKey" in node and not _ARN.fullmatch(node[key])
    if key == "Value":  # of a tag or an export it is none
        return "Name" in node and "Type" in node
    return key == "value" and "environment" in path[-3:-1]


def _blank(lines: list[str], span: Span) -> None:
    """Blanks out what stands in a span, but for the quotes around it."""
    start, end = span
    for number in range(start.line, end.line + 1):
        line = lines[number - 1]
        indent = len(line) - len(line.lstrip())
        begin = start.column - 1 if number == start.line else indent
        stop = end.column - 1 if number == end.line else len(line)
        inside = line[begin:stop]
        if number == start.line and inside[:1] in ("'", '"'):
            begin += 1
        if number == end.line and inside[-1:] in ("'", '"'):
            stop -= 1
        lines[number - 1] = f"{line[:begin]}{_BLANK * (stop - begin)}{line[stop:]}"
