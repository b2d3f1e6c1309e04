"""The constructs of the CDK that wrote the resources of a template, which says so itself.

Source: https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html#identifiers-paths
"""

from __future__ import annotations

from typing import Any

from copilot_preflight.base.finding import DataPath


def construct_of(data: Any, path: DataPath) -> str:
    """The path of the construct that wrote what is at a path of a template, ``""`` if none did."""
    if path[:1] != ("Resources",) or len(path) < 2:
        return ""
    try:
        construct = data["Resources"][path[1]]["Metadata"]["aws:cdk:path"]
    except (KeyError, TypeError):
        return ""
    return construct if isinstance(construct, str) else ""
