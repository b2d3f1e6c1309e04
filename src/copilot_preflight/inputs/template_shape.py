"""What every template is made of, whatever its resources: sections, and the shape of their items.

CloudFormation refuses a template that is made otherwise, and nothing could be said of it.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.read.document import Document, DocumentError, kind_of

_SECTIONS: Final = (
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
)
_ITEMS: Final = {
    "Parameters": "a parameter",
    "Mappings": "a mapping",
    "Resources": "a resource",
    "Outputs": "an output",
}


def is_template(data: Any) -> bool:
    """Whether data is a CloudFormation template: a map with a section that only they have."""
    return isinstance(data, dict) and ("Resources" in data or "AWSTemplateFormatVersion" in data)


def faults(template: Document) -> Iterator[DocumentError]:
    """What keeps a template from being read, each fault at its place."""
    if template.data.get("Resources") is None:
        where: DataPath = ("Resources",) if "Resources" in template.data else ()
        yield template.fault(where, "template has no Resources")
    for section in _SECTIONS:
        items = template.data.get(section)
        if items is not None and not isinstance(items, dict):
            message = f"{section} must be a map, found {kind_of(items)}"
            yield template.fault((section,), message)
        elif items and section in _ITEMS:
            yield from _faults_of_items(template, section, items)


def _faults_of_items(
    template: Document, section: str, items: dict[str, Any]
) -> Iterator[DocumentError]:
    for name, item in items.items():
        if name.startswith("Fn::"):
            continue  # Fn::ForEach, Fn::Transform: items that only AWS can write out
        if not isinstance(item, dict):
            message = f"{_ITEMS[section]} must be a map, found {kind_of(item)}"
            yield template.fault((section, name), message)
        elif section == "Resources":
            yield from _faults_of_resource(template, (section, name), item)
        elif section == "Parameters":
            yield from _faults_of_parameter(template, (section, name), item)


def _faults_of_resource(
    template: Document, path: DataPath, resource: dict[str, Any]
) -> Iterator[DocumentError]:
    kind, properties = resource.get("Type"), resource.get("Properties")
    if kind is None:
        yield template.fault(path, f"resource '{path[-1]}' has no Type")
    elif not isinstance(kind, str):
        yield template.fault((*path, "Type"), f"Type must be a string, found {kind_of(kind)}")
    if properties is not None and not isinstance(properties, dict):
        message = f"Properties must be a map, found {kind_of(properties)}"
        yield template.fault((*path, "Properties"), message)
    condition = resource.get("Condition")
    if condition is not None and not isinstance(condition, str):
        message = f"Condition must be the name of a condition, found {kind_of(condition)}"
        yield template.fault((*path, "Condition"), message)


def _faults_of_parameter(
    template: Document, path: DataPath, parameter: dict[str, Any]
) -> Iterator[DocumentError]:
    default, allowed = parameter.get("Default"), parameter.get("AllowedValues")
    if isinstance(default, (dict, list)):
        message = f"Default must be a string, found {kind_of(default)}"
        yield template.fault((*path, "Default"), message)
    if allowed is not None and not isinstance(allowed, list):
        message = f"AllowedValues must be a list, found {kind_of(allowed)}"
        yield template.fault((*path, "AllowedValues"), message)


def kinds_of(template: Document) -> frozenset[str] | None:
    """The types of a template's resources, None where not all of them are written as they must be.

    What only AWS can write out, ``Fn::ForEach`` and ``Fn::Transform``, is no resource.
    """
    resources = template.data.get("Resources")
    if not isinstance(resources, dict):
        return None
    written = [raw for name, raw in resources.items() if not name.startswith("Fn::")]
    if not all(isinstance(raw, dict) for raw in written):
        return None
    return frozenset(str(raw.get("Type")) for raw in written)
