"""Parts that answers of several services have in common: lists of maps, tags, ARNs, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.evidence.answers import Answer
from copilot_preflight.evidence.index import text_of


def maps_at(data: Any, path: DataPath) -> Sequence[tuple[DataPath, Mapping[str, Any]]]:
    """The maps of the list below some keys, each with its path; none where there is no list.

    Raises TypeError for anything else than maps in a list: whoever asks what an account has takes
    what is not listed for missing, which may not follow from what merely could not be read.
    """
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return [((*path, number), item) for number, item in enumerate(_maps(data))]


def tags_of(listed: Any) -> Mapping[str, str]:
    """Tags as a map, of a list with ``Key`` or ``TagKey``. Raises TypeError as ``maps_at`` does."""
    return {
        text_of(it, "Key", "TagKey", "key"): text_of(it, "Value", "TagValue", "value")
        for it in _maps(listed)
    }


def _maps(listed: Any) -> Sequence[Mapping[str, Any]]:
    if listed is None:
        return ()
    if not isinstance(listed, list) or not all(isinstance(it, dict) for it in listed):
        raise TypeError("not a list of maps")
    return listed


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
