"""Names that a template refers to and does not have, and functions that there are not.

CloudFormation refuses such a template; until then nobody knows what the reference was to be.
Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ref.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.resolve.nodes import once_per_node
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.template import SUB_VARIABLE

FUNCTIONS: Final = frozenset(
    {
        "Ref", "Condition",
        "Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Contains", "Fn::EachMemberEquals",
        "Fn::EachMemberIn", "Fn::Equals", "Fn::FindInMap", "Fn::ForEach", "Fn::GetAtt",
        "Fn::GetAZs", "Fn::GetStackOutput", "Fn::If", "Fn::ImportValue", "Fn::Join", "Fn::Length",
        "Fn::Not", "Fn::Or", "Fn::RefAll", "Fn::Select", "Fn::Split", "Fn::Sub",
        "Fn::ToJsonString", "Fn::Transform", "Fn::ValueOf", "Fn::ValueOfAll",
    }
)  # fmt: skip
"""The functions that CloudFormation has, those for rules among them."""

_NAME: Final = re.compile(r"[A-Za-z0-9]+")
"""What a logical id is made of. Copilot's own stacks refer to more in ways that work: to
``Resource.Attribute`` by ``Ref``, and by a tag ``!Ref:``."""

_WRITES_RESOURCES: Final = "AWS::LanguageExtensions"
"""The one transform that adds no resource of which its ``Fn::ForEach`` does not speak."""


class UnknownName(NamedTuple):
    """A name that a node refers to and nothing has; ``is_function``: of a function.

    ``known`` are the names that there are.
    """

    path: DataPath
    name: str
    known: tuple[str, ...]
    is_function: bool = False


def unknown_names(stack: Stack, path: DataPath) -> Iterator[UnknownName]:
    """The unknown names in what stands at a path of a template, each where it stands.

    Nothing where macros may write the resource that is referred to.
    """
    transforms = stack.data.get("Transform")
    listed = transforms if isinstance(transforms, list) else [transforms] if transforms else []
    if stack.unwritten or any(name != _WRITES_RESOURCES for name in listed):
        return
    node: Any = stack.data
    for step in path:
        node = node[step]
    known = _names(stack)
    names, has_strange_function = _mentioned(node)
    if has_strange_function or not names <= known.keys():  # as hardly any template has
        yield from _in_node(node, path, known)


@query
def _names(stack: Stack) -> Mapping[str, None]:
    """The names of what a template has, in their order."""
    sections = (stack.data.get("Parameters"), stack.data.get("Resources"))
    return {name: None for section in sections for name in section or ()}


@once_per_node
def _mentioned(node: Any) -> tuple[frozenset[str], bool]:
    """The names that a node refers to, and whether it has a function that there is not."""
    found = list(_in_node(node, (), {}))
    names = frozenset(it.name for it in found if not it.is_function)
    return names, any(it.is_function for it in found)


def _in_node(node: Any, path: DataPath, known: Mapping[str, None]) -> Iterator[UnknownName]:
    if isinstance(node, dict) and len(node) == 1:
        for function, argument in node.items():
            yield from _of_function(str(function), argument, path, known)
    for step, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(child, (dict, list)):
            yield from _in_node(child, (*path, step), known)


def _of_function(
    function: str, argument: Any, path: DataPath, known: Mapping[str, None]
) -> Iterator[UnknownName]:
    prefix, colons, name = function.partition("::")
    if prefix == "Fn" and colons and _NAME.fullmatch(name) and function not in FUNCTIONS:
        yield UnknownName(path, function, tuple(sorted(FUNCTIONS)), is_function=True)
    if function != "Ref" and not colons:
        return
    for name in named_by(function, argument):
        if name not in known and _NAME.fullmatch(name):
            yield UnknownName(path, name, tuple(known))


def named_by(function: str, argument: Any) -> Iterator[str]:
    """The parameters and resources that one function names, where they are written out."""
    if function == "Ref" and isinstance(argument, str):
        yield argument
    elif function == "Fn::GetAtt":
        first = argument[0] if isinstance(argument, list) and argument else argument
        if isinstance(first, str):
            yield first if isinstance(argument, list) else first.partition(".")[0]
    elif function == "Fn::Sub":
        text, own = argument, ()
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            text, own = argument[0], tuple(argument[1])
        for variable in SUB_VARIABLE.findall(text) if isinstance(text, str) else ():
            name = variable.strip()
            if name and not name.startswith("!") and name not in own:
                yield name.partition(".")[0]
