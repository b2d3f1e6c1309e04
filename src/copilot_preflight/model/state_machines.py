"""The ECS tasks that a Step Functions state machine runs.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.resolve.value import Value, function_of

_SUBSTITUTION: Final = lazy_pattern(r"\$\{(\w+)\}")
_PLACEHOLDER: Final = lazy_pattern("\ue000([0-9]+)\ue001")
_MARK: Final = lazy_pattern(r"\ue000|\\ue000", re.IGNORECASE)
"""What stands in the place of holes while JSON is read, as it is or as JSON escapes it."""

_DYNAMIC: Final = ".$"
_JSONATA: Final = "{%"
"""How a string begins that is an expression of JSONata.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

_RUN_TASK: Final = lazy_pattern(r":states:::(?:aws-sdk:)?ecs:runTask(?:\.(sync|waitForTaskToken))?")


class RunTask(NamedTuple):
    """A state that calls ``ecs:RunTask``.

    ``parameters`` is what it passes, a map; ``name`` tells the states of one definition apart.
    ``waits`` says that it waits for the end of the task, by ``.sync``. ``credentials`` is whether
    it takes on a role of its own.
    """

    parameters: Value
    name: str
    waits: bool
    credentials: bool


def run_tasks(properties: Value) -> Iterator[RunTask]:
    """The states of a state machine that call ``ecs:RunTask``, by the service or by its SDK.

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
        text = _substituted(value.text(), given)
        if _RUN_TASK.search(str(text)):  # few machines run tasks, and definitions are long
            yield from _runs(value._replace(raw=parsed(text, value.reader.file)))


def run_task_parameters(properties: Value) -> Iterator[Value]:
    """What each state of a state machine passes to ``ecs:RunTask``, as a map."""
    return (run.parameters for run in run_tasks(properties))


def _runs(node: Value) -> Iterator[RunTask]:
    """The tasks in a definition, wherever its states are nested."""
    pending: list[tuple[str, Any]] = [("", node.raw)]
    while pending:
        name, raw = pending.pop()
        if isinstance(raw, list):
            pending += ((f"{name}/{index}", item) for index, item in reversed([*enumerate(raw)]))
        elif isinstance(raw, dict):
            pending += ((f"{name}/{key}", item) for key, item in reversed([*raw.items()]))
            resource = node.reader.text(raw.get("Resource"), node.path)
            passed = raw.get("Parameters", raw.get("Arguments"))
            found = _RUN_TASK.search(str(resource))
            if found and _is_read(passed):
                parameters, own = node._replace(raw=passed), "Credentials" in raw
                yield RunTask(parameters, name, found[1] == "sync", own)


def _is_read(passed: Any) -> bool:
    return isinstance(passed, dict) and function_of(passed) is None


def _filled(node: Value, raw: Any, given: Mapping[str, Text]) -> Any:
    """A definition whose strings are texts; functions stay, for whoever asks for their values."""
    if isinstance(raw, str):
        return _known(_substituted(node.reader.text(raw, node.path), given), node.reader.file)
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


def _known(text: Text, file: str) -> Text:
    """A string of a definition, or the hole that an expression is."""
    first = text.parts[0] if text.parts else ""
    is_expression = isinstance(first, str) and first.startswith(_JSONATA)
    return Text.of(Hole(text.identity, file)) if is_expression else text


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


def parsed(text: Text, file: str) -> Any:
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
        return _known(Text.of(*(holes[int(p)] if i % 2 else p for i, p in enumerate(pieces))), file)
    if isinstance(data, list):
        return [_with_holes(item, holes, file) for item in data]
    if isinstance(data, dict):
        filled = {_PLACEHOLDER.sub("", k): _with_holes(v, holes, file) for k, v in data.items()}
        return _without_paths(filled, file)
    return data
