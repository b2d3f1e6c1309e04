"""Which names a value refers to, and whether a template may write it: it has them, in no circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.edit import Edit, Operation

_FILLED_IN: Final = lazy_pattern(r"\$\{([^!}][^}]*)\}")
"""What ``Fn::Sub`` fills in; ``${!literally}`` is none.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
"""

_NAME: Final = lazy_pattern(r"[A-Za-z0-9]+")
"""What a logical id is made of: anything else is left to be filled in, see `Spelling.gaps`."""

_PSEUDO: Final = "AWS::"


class Names(NamedTuple):
    """The names that a value refers to: resources or parameters, and conditions."""

    values: frozenset[str]
    conditions: frozenset[str]


def names_in(value: Any) -> Names:
    """What a value refers to. Pseudo parameters are left out: every template has them."""
    found = [*_references(value)]
    return Names(
        frozenset(name for name, is_condition in found if not is_condition),
        frozenset(name for name, is_condition in found if is_condition),
    )


def _references(value: Any) -> Iterator[tuple[str, bool]]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if len(value) == 1:
                yield from _of_function(key, inner)
            yield from _references(inner)


def _of_function(function: str, inner: Any) -> Iterator[tuple[str, bool]]:
    if function == "Ref" and isinstance(inner, str) and not inner.startswith(_PSEUDO):
        yield inner, False
    elif function == "Fn::GetAtt" and inner:
        yield str(inner[0] if isinstance(inner, list) else inner).partition(".")[0], False
    elif function == "Fn::If" and isinstance(inner, list) and inner:
        yield str(inner[0]), True
    elif function == "Fn::Sub":
        text, own = (*inner, None, None)[:2] if isinstance(inner, list) else (inner, None)
        for name in _FILLED_IN.findall(str(text)):
            head = name.strip().partition(".")[0]
            if _NAME.fullmatch(head) and not (isinstance(own, dict) and head in own):
                yield head, False


def refused(edits: Iterable[Edit], data: Any, file: str) -> str:
    """Why a document with these data cannot have what edits write, ``""`` if it can."""
    for edit in edits:
        if edit.gaps:
            continue  # somebody fills it in, and looks at it
        names = names_in(edit.value)
        if not isinstance(data, Mapping) or "Resources" not in data:
            if names.values or names.conditions or _has_pseudo(edit.value):
                return f"{PurePath(file).name} is no template, in which functions could be written"
            continue
        known = {*_section(data, "Resources"), *_section(data, "Parameters")}
        missing = [*(names.values - known), *(names.conditions - {*_section(data, "Conditions")})]
        if missing:
            return f"{PurePath(file).name} has no '{min(missing)}' to refer to"
        if (under := _unmet(edit, names, data)) != "":
            return under
        resource = str(edit.path[1]) if edit.path[:1] == ("Resources",) else ""
        if edit.operation is Operation.REMOVE or not resource:
            continue
        for name in sorted(names.values):
            if name == resource or resource in _reached(data, name):
                circle = f"'{name}' refers to '{resource}' itself"
                if edit.path[2:4] == ("Properties", "Policies") and _is_role(data, resource):
                    way_out = "grant it in a policy of its own, an AWS::IAM::Policy"
                    return f"{circle}, and CloudFormation takes no circle: {way_out}"
                return f"{circle}: CloudFormation takes no circle of references"
    return ""


def _is_role(data: Mapping[str, Any], resource: str) -> bool:
    found = _section(data, "Resources").get(resource)
    return isinstance(found, Mapping) and found.get("Type") == "AWS::IAM::Role"


def _has_pseudo(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_pseudo, value))
    if isinstance(value, dict):
        return any(key == "Ref" or key.startswith("Fn::") for key in value) or any(
            map(_has_pseudo, value.values())
        )
    return False


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = data.get(name)
    return section if isinstance(section, Mapping) else {}


def condition_of(data: Any, name: str) -> str:
    """The condition of the template under which a resource is made, ``""`` for always."""
    section = _section(data, "Resources") if isinstance(data, Mapping) else {}
    resource = section.get(name)
    condition = resource.get("Condition") if isinstance(resource, Mapping) else None
    return condition if isinstance(condition, str) else ""


def _unmet(edit: Edit, names: Names, data: Mapping[str, Any]) -> str:
    """Why an edit refers to a resource that may not be there, ``""`` if it does not."""
    met = {*_conditions_above(edit, data)}
    value = edit.value
    if isinstance(value, dict) and [*value] == ["Fn::If"] and isinstance(value["Fn::If"], list):
        met.add(str(value["Fn::If"][0]))
    for name in sorted(names.values):
        condition = condition_of(data, name)
        if condition and condition not in met and name not in _named_before(edit, data):
            return f"'{name}' is there under condition '{condition}' alone"
    return ""


def _conditions_above(edit: Edit, data: Mapping[str, Any]) -> Iterator[str]:
    """The conditions that hold whenever a document has what is at the path of an edit."""
    node: Any = data
    if edit.path[:1] == ("Resources",):
        yield condition_of(data, str(edit.path[1]))
    for step, following in zip(edit.path, edit.path[1:], strict=False):
        node = _child(node, step)
        if step == "Fn::If" and following == 1 and isinstance(node, list) and node:
            yield str(node[0])


def _named_before(edit: Edit, data: Mapping[str, Any]) -> frozenset[str]:
    """What a value refers to that is replaced."""
    node: Any = data
    for step in edit.path if edit.operation is Operation.REPLACE else ():
        node = _child(node, step)
    return frozenset() if node is data else names_in(node).values


def _child(node: Any, step: Any) -> Any:
    try:
        return node[step]
    except (KeyError, IndexError, TypeError):
        return None


def waits_for(data: Mapping[str, Any], resource: str, other: str) -> bool:
    """Whether CloudFormation makes a resource after another, as far as the template says so."""
    return other in _reached(data, resource)


def _reached(data: Mapping[str, Any], start: str) -> set[str]:
    """The resources that one waits for, by references and by DependsOn, however many steps away."""
    resources = _section(data, "Resources")
    reached: set[str] = set()
    ahead = [start]
    while ahead:
        resource = resources.get(ahead.pop())
        if not isinstance(resource, Mapping):
            continue
        awaited = resource.get("DependsOn", [])
        names = [awaited] if isinstance(awaited, str) else [*awaited]
        for name in (*names, *names_in(resource).values):
            if name not in reached:
                reached.add(name)
                ahead.append(name)
    return reached
