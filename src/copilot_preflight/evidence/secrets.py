"""Values in answers that may be secret: they are blanked out before anybody else sees the text.

Nobody needs them here, and a report quotes the lines around a place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from copilot_preflight.base.finding import DataPath, Span
from copilot_preflight.evidence.documents import at
from copilot_preflight.read import document
from copilot_preflight.read.document import AnswerDocument, Document, DocumentError
from copilot_preflight.read.layout import line_starts

_SECRET_KEYS: Final = frozenset({"SecretString", "SecretBinary"})

_NEVER_AN_ALIAS: Final = frozenset({*_SECRET_KEYS, "Value"})
"""Keys whose values YAML may not have by an alias: what that stands for is in another place."""

_ARN: Final = re.compile(r"arn:[\w-]*:[\w-]+:[\w-]*:\d*:[\w/.:*-]+", re.ASCII)

_BLANK: Final = "x"
"""What YAML takes for a string without quotes, too."""

_CHARACTER: Final = re.compile(r"(?P<margin>\n[ \t]*)|[^\n]")
_NEW_LINE: Final = re.compile(r"\n")

_LONG: Final = 8
"""Characters of a value that stands nowhere else by chance."""


def without_secrets(found: Document) -> AnswerDocument:
    """The same answer with blanks for the values of secrets, parameters and variables.

    Every character keeps its line and column. ARNs stay: they are no secret, and what was deployed
    is judged by those that a stack was given. Raises DocumentError where a value stays.
    """
    whole = AnswerDocument(found.file, found.text, found.data)
    paths = list(_secret_paths(found.data, ()))
    if not paths:
        return whole
    text = found.text
    is_json = text.lstrip()[:1] in ("{", "[")
    starts = [0, *(it.end() for it in _NEW_LINE.finditer(text))] if is_json else line_starts(text)
    blanked: list[str] = []
    done = 0
    for begin, end in sorted(_offsets(starts, whole.span(path)) for path in paths):
        if begin >= done:
            blanked += (text[done:begin], _blank(text[begin:end]))
            done = end
    text = "".join((*blanked, text[done:]))
    data = _parsed(text, found.file)
    for path in paths:
        value = str(at(found.data, path))
        stays = at(data, path) == value and value.strip(f"{_BLANK}\n")
        may_be_alias = not is_json and path[-1] in _NEVER_AN_ALIAS
        if stays or (may_be_alias and len(value) >= _LONG and value in text):
            message = "a secret stands here that cannot be blanked out: leave it out"
            raise DocumentError(found.file, whole.span(path).start.line, 0, message)
    return AnswerDocument(found.file, text, data)


def _parsed(text: str, file: str) -> Any:
    """The data of a text, which was read before; one of many megabytes is JSON."""
    if len(text) <= document.MAX_SIZE:
        return document.parse(text, file).data
    return json.loads(text)


def _offsets(starts: Sequence[int], span: Span) -> tuple[int, int]:
    begin, end = (starts[it.line - 1] + it.column - 1 for it in span)
    return begin, end


def _blank(written: str) -> str:
    """A value as it is written, blanked out but for its quotes and the margins of its lines."""
    quote = written[0] if written[:1] in ("'", '"') and written[-1:] == written[:1] else ""
    inside = written[len(quote) : len(written) - len(quote)]
    return f"{quote}{_CHARACTER.sub(_blanked, inside)}{quote}"


def _blanked(found: re.Match[str]) -> str:
    return found["margin"] or _BLANK


def _secret_paths(data: Any, path: DataPath) -> Iterator[DataPath]:
    """The paths of values that are nobody's business.

    ``SecretString`` of a secret, ``Value`` of a parameter of SSM, ``value`` of the environment of a
    container, and ``ParameterValue`` of a stack, which is no ARN.
    """
    pending: list[tuple[DataPath, Any]] = [(path, data)]
    while pending:
        above, node = pending.pop()
        if isinstance(node, list):
            pending += (((*above, index), item) for index, item in enumerate(node))
        elif isinstance(node, dict):
            for key, item in node.items():
                below = (*above, key)
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
