"""E9737: something that a task needs refers to a resource that the template does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import replaced
from copilot_preflight.read.schema import nearest
from copilot_preflight.resolve.references import UnknownName

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help

_PAGE: Final = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "intrinsic-function-reference.html"
)

_LIKE: Final = 0.7


@rule(
    "E9737",
    "reference-unknown",
    "A reference to something that the template does not have",
    fix="review",
)
def reference_unknown(analysis: Analysis) -> Iterator[Finding]:
    for unknown in analysis.unknown_references:
        close = _close(unknown)
        if close or not unknown.is_function:  # else a function that is newer than we are
            yield _finding(analysis, str(unknown.path[1]), unknown, close)


def _close(unknown: UnknownName) -> str:
    names = [name.removeprefix("Fn::") for name in unknown.known]
    return nearest(unknown.name.removeprefix("Fn::"), names, cutoff=_LIKE)


def _finding(analysis: Analysis, logical_id: str, unknown: UnknownName, close: str) -> Finding:
    name = unknown.name.removeprefix("Fn::")
    if unknown.is_function:
        message = f"'{logical_id}' uses the function '{name}', which CloudFormation does not have"
    else:
        message = f"'{logical_id}' refers to '{name}', which the template does not have"
    help = _help(analysis, unknown)
    return Finding(
        at=Place(analysis.stack.file, unknown.path),
        message=f"{message}, so that what depends on it cannot be judged{close}",
        label="no such function" if unknown.is_function else "no such resource or parameter",
        cause="reference-unknown",
        help=help.text,
        remedy=help,
    )


_OPEN: Final = "no name of the template is like it, or more than one"


def _help(analysis: Analysis, unknown: UnknownName) -> Help:
    """The name that is meant, where only one is like it."""
    from difflib import get_close_matches  # here: most runs have no such fault

    from copilot_preflight.edits.spelling import Expression

    name = unknown.name.removeprefix("Fn::")
    names = {known.removeprefix("Fn::"): known for known in unknown.known}
    close = get_close_matches(name, [*names], n=2, cutoff=_LIKE)
    sentence = f"correct the name: CloudFormation refuses the template as it is ({_PAGE})"
    if len(close) != 1:
        return advice.help_with(sentence, no_fix=_OPEN)
    at = Place(analysis.stack.file, unknown.path)
    node: Any = analysis.stack.data
    for step in unknown.path:
        node = node[step]
    meant = Expression(close[0], _renamed(node, unknown, names[close[0]]))
    title = f"correct '{name}' to '{close[0]}'"
    return advice.help_with(sentence, edits=[replaced(at, meant, title, is_safe=False)])


def _renamed(node: Any, unknown: UnknownName, meant: str) -> Any:
    """A function with another name in it, or another function with the same in it."""
    ((function, argument),) = node.items()
    if unknown.is_function:
        return {meant: argument}
    if function == "Fn::Sub":
        text, *own = argument if isinstance(argument, list) else [argument]
        pattern = rf"(\$\{{\s*){re.escape(unknown.name)}(?=[.\s}}])"
        text = re.sub(pattern, lambda found: found[1] + meant, text)
        return {function: [text, *own] if own else text}
    if function == "Fn::GetAtt" and isinstance(argument, list):
        return {function: [meant, *argument[1:]]}
    return {function: meant + argument.removeprefix(unknown.name)}
