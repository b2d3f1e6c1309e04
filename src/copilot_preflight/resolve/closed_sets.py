"""Unknown values that can only be one of a few: AllowedValues, and the keys of a mapping.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from typing import Any, Final

from copilot_preflight.iam.arn import partition_of_region
from copilot_preflight.resolve.view import View

_MOST: Final = 16
"""How many combinations of values are looked at; where there are more, the answer stays open."""


def views_of_every_value(view: View, unknown: Iterable[str]) -> list[View]:
    """The views for every value that some unknowns can have; empty where they are too many.

    ``unknown`` are the names of holes: parameters, and expressions as JSON that hold parameters.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name in unknown:
        for parameter, keys in _parameters_in(view, name):
            values = view.resolver.possible_values(parameter)
            if keys is not None:
                values = tuple(key for key in keys if values is None or key in values)
                if parameter == "AWS::Region":
                    values = tuple(key for key in values if _is_in_partition(view, key))
            if values is not None and parameter in found:
                values = tuple(value for value in values if value in found[parameter])
            if values is not None:
                found[parameter] = values
    count = prod(map(len, found.values()))
    stack = view.stack
    if not found or not 0 < count <= _MOST or stack.scenarios + count > stack.may_split:
        return []
    chosen = (dict(zip(found, values, strict=True)) for values in product(*found.values()))
    return [leaf for values in chosen if (leaf := view.choosing(values)) is not None]


def _is_in_partition(view: View, region: str) -> bool:
    return view.pseudo("AWS::Partition").literal in (None, partition_of_region(region))


def _parameters_in(view: View, name: str) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """The unknown parameters in a hole, each with the keys among which a mapping looks it up."""
    if not name.startswith("{"):
        if view.resolver.is_unknown(name):
            yield name, None
        return
    try:
        pending: list[Any] = [json.loads(name)]
    except ValueError:
        return
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            parameter, lookup = node.get("Ref"), node.get("Fn::FindInMap")
            if isinstance(parameter, str) and view.resolver.is_unknown(parameter):
                yield parameter, None
            if isinstance(lookup, list) and len(lookup) == 3:
                yield from _looked_up(view, lookup)
            pending += node.values()


def _looked_up(view: View, lookup: list[Any]) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """The parameter by which a mapping is read: a key that it does not have fails the deployment.

    A DefaultValue would be taken instead.
    """
    mapping, key = view.resolver.mapping(lookup[0]), lookup[1]
    name = key.get("Ref") if isinstance(key, dict) and len(key) == 1 else None
    if isinstance(name, str) and view.resolver.is_unknown(name) and mapping is not None:
        yield name, tuple(str(each) for each in mapping)
