"""A JSON text without what YAML reads in another way, or refuses -> plain data.

It needs neither libyaml nor positions. Of any other text nothing is said.
"""

from __future__ import annotations

from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.read.yaml.faults import LONGEST_KEY, MAX_DEPTH, NotPlain
from copilot_preflight.read.yaml.scalars import as_number

MAY_BE_JSON: Final = lazy_pattern(r"[ \t\r\n]*[\[{][ \t\r\n\[{]*[\"\]}0-9-]")
ODD_CHARACTER: Final = lazy_pattern("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LONG_WAY_TO_COLON: Final = lazy_pattern(r'"\s{400,}:')


def json_data(text: str) -> Any:
    """The data of a text. Raises NotPlain."""
    if not MAY_BE_JSON.match(text) or "\\u" in text:
        raise NotPlain
    if ODD_CHARACTER.search(text) or _LONG_WAY_TO_COLON.search(text):
        raise NotPlain
    import json  # here: most runs have no such file

    try:
        data = json.loads(
            text,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_refuse,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError):
        raise NotPlain from None
    if data is None or _is_deep(data):
        raise NotPlain
    return data


def _number(text: str) -> Any:
    found = as_number(text, is_json=True)
    return text if found is None else found


def _refuse(_constant: str) -> Any:
    raise NotPlain


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs) or any(len(key) > LONGEST_KEY for key in data):
        raise NotPlain
    return data


def _is_deep(data: Any) -> bool:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if node.__class__ is dict else node)
            if child.__class__ in (dict, list)
        ]
        if not level:
            return False
    return True
