"""Tags that a resource certainly has, as its condition keys tell them."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.symbolic import Text
from copilot_preflight.resolve.value import Value


def listed_tags(properties: Value) -> Iterator[tuple[str, Text]]:
    """The tags of a list of Key and Value; those that depend on an open condition are left out."""
    for tag in properties.each("Tags"):
        if tag.guard != properties.guard or tag.is_opaque or tag.is_open:
            continue
        key, value = tag.literal("Key"), tag.child("Value")
        if key is not None and value is not None:
            yield key, value.text()
