"""Resources of the run by what certainly stands for them: ``Ref``, ARN or a name that is given."""

from __future__ import annotations

from functools import cache

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text
from copilot_preflight.resolve.value import Value, text_of
from copilot_preflight.resolve.view import Index, View, index_of


class NamedResource(NamedTuple):
    """The properties of a resource, with the template that has it and how it is read there."""

    view: View
    properties: Value


def resource_named(view: View, kind: str, name_key: str, name: Text | None) -> NamedResource | None:
    """The resource of the run that ``Ref``, its ARN or the name it is given certainly stand for."""
    if name is None:
        return None
    index = _by_name(kind, name_key)
    for other in view.holding(index, (name,)):
        if (properties := index(other).get(name)) is not None:
            return NamedResource(other, properties)
    return None


@cache
def _by_name(kind: str, name_key: str) -> Index[Text, Value]:
    """The index of a type of resource; one for each, so that its answers are kept."""

    @index_of(kind)
    def properties_by_name(view: View) -> dict[Text, Value]:
        found: dict[Text, Value] = {}
        for logical_id, resource in view.resources(kind):
            reference = view.ref(logical_id, resource)
            its_arn = view.attribute(logical_id, "Arn", resource)
            for properties in resource.children("Properties"):
                for name in (reference, its_arn, text_of(properties, name_key)):
                    if name is not None:
                        found.setdefault(name, properties)
        return found

    return properties_by_name
