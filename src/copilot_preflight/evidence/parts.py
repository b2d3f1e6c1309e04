"""Parts that answers of several services have in common: lists of maps, tags, ARNs, pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.evidence.answers import Answer
from copilot_preflight.evidence.index import text_of


def maps_at(data: Any, path: DataPath) -> Iterator[tuple[DataPath, Mapping[str, Any]]]:
    """The maps of a list below some keys, each with its path."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    for number, item in enumerate(data if isinstance(data, list) else ()):
        if isinstance(item, dict):
            yield (*path, number), item


def tags_of(listed: Any) -> Mapping[str, str]:
    """Tags as a map, of a list with ``Key`` or ``TagKey``."""
    return {
        text_of(it, "Key", "TagKey", "key"): text_of(it, "Value", "TagValue", "value")
        for it in (listed if isinstance(listed, list) else ())
        if isinstance(it, dict)
    }


_MORE: Final = ("IsTruncated", "Truncated", "NextToken", "nextToken", "NextMarker")
_FURTHER_ON: Final = ("Marker", "NextToken", "nextToken", "StartingToken")


def is_page(answer: Answer) -> bool:
    """Whether a list is only a part: more would follow, or it was asked for from further on.

    Sources: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-pagination.html and
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html
    """
    data = answer.data
    is_cut = isinstance(data, dict) and any(bool(data.get(key)) for key in _MORE)
    return is_cut or any(answer.parameters.get(key) for key in _FURTHER_ON)


def account_of(arn: str) -> str:
    """The account that an ARN names, ``""`` for none."""
    pieces = arn.split(":", 5)
    return pieces[4] if len(pieces) == 6 else ""


def region_of(arn: str) -> str:
    """The region that an ARN names, ``""`` for none."""
    pieces = arn.split(":", 5)
    return pieces[3] if len(pieces) == 6 else ""
