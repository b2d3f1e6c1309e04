"""The ECS tasks that a Step Functions state machine runs.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.resolve.value import Value, function_of

_SUBSTITUTION: Final = re.compile(r"\$\{(\w+)\}")
_PLACEHOLDER: Final = re.compile("\ue000([0-9]+)\ue001")
_MARK: Final = re.compile(r"\ue000|\\ue000", re.IGNORECASE)
"""What stands in the place of holes while JSON is read, as it is or as JSON escapes it."""

_DYNAMIC: Final = ".$"
_RUN_TASK: Final = ":states:::ecs:runTask"


def run_task_parameters(properties: Value) -> Iterator[Value]:
    """What each state of a state machine passes to ``ecs:RunTask``, as a map.

    A value that only an execution can tell is a hole. Nothing comes of a definition that cannot
    be read: one in S3, or one of which a hole holds more than strings.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
    """
    given = {
        name: value.text()
        for substitutions in properties.children("DefinitionSubstitutions")
        for name, value in substitutions.items()
    }
    for value in properties.children("Definition"):
        if not value.is_opaque:
            yield from _runs(value._replace(raw=_filled(value, value.raw, given)))
    for value in properties.children("DefinitionString"):
        definition = _parsed(_substituted(value.text(), given), value.reader.file)
        yield from _runs(value._replace(raw=definition))


def _runs(node: Value) -> Iterator[Value]:
    """The parameters of the tasks in a definition, wherever its states are nested."""
    pending = [node.raw]
    while pending:
        raw = pending.pop()
        if isinstance(raw, list):
            pending += reversed(raw)
        elif isinstance(raw, dict):
            pending += reversed(list(raw.values()))
            resource = node.reader.text(raw.get("Resource"), node.path)
            passed = raw.get("Parameters", raw.get("Arguments"))
            if _RUN_TASK in str(resource) and _is_read(passed):
                yield node._replace(raw=passed)


def _is_read(passed: Any) -> bool:
    return isinstance(passed, dict) and function_of(passed) is None


def _filled(node: Value, raw: Any, given: Mapping[str, Text]) -> Any:
    """A definition whose strings are texts; functions stay, for whoever asks for their values."""
    if isinstance(raw, str):
        return _substituted(node.reader.text(raw, node.path), given)
    if isinstance(raw, list):
        return [_filled(node, item, given) for item in raw]
    if not isinstance(raw, dict) or function_of(raw) is not None:
        return raw
    filled = {key: _filled(node, item, given) for key, item in raw.items()}
    return _without_paths(filled, node.reader.file)


def _without_paths(raw: dict[str, Any], file: str) -> dict[str, Any]:
    """A map whose ``X.$`` is an ``X`` that only an execution can tell."""
    return {
        str(key).removesuffix(_DYNAMIC): Text.of(Hole(str(key), file))
        if str(key).endswith(_DYNAMIC)
        else item
        for key, item in raw.items()
    }


def _substituted(text: Text, given: Mapping[str, Text]) -> Text:
    """A string with its ``${Name}`` replaced by what DefinitionSubstitutions says."""
    parts: list[str | Hole | Text] = []
    for part in text.parts:
        if isinstance(part, Hole):
            parts.append(part)
            continue
        for index, piece in enumerate(_SUBSTITUTION.split(part)):
            parts.append(piece if index % 2 == 0 else given.get(piece, "${" + piece + "}"))
    return Text.of(*parts)


def _parsed(text: Text, file: str) -> Any:
    """A JSON text as data whose strings are texts; None if it cannot be read as JSON."""
    if any(_MARK.search(part) for part in text.parts if isinstance(part, str)):
        return None
    holes = list(text.holes)
    numbers = iter(range(len(holes)))
    spelled = (f"\ue000{next(numbers)}\ue001" if isinstance(p, Hole) else p for p in text.parts)
    try:
        return _with_holes(json.loads("".join(spelled), strict=False), holes, file)
    except (ValueError, RecursionError):
        return None


def _with_holes(data: Any, holes: list[Hole], file: str) -> Any:
    if isinstance(data, str):
        pieces = _PLACEHOLDER.split(data)
        return Text.of(*(holes[int(p)] if i % 2 else p for i, p in enumerate(pieces)))
    if isinstance(data, list):
        return [_with_holes(item, holes, file) for item in data]
    if isinstance(data, dict):
        filled = {_PLACEHOLDER.sub("", k): _with_holes(v, holes, file) for k, v in data.items()}
        return _without_paths(filled, file)
    return data
