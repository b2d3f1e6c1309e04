"""What a YAML scalar means in a template, where YAML leaves a choice."""

from __future__ import annotations

import re
from math import isinf
from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.read.yaml.faults import Fault

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "yes": True, "Yes": True, "YES": True, "no": False, "No": False, "NO": False,
    "on": True, "On": True, "ON": True, "off": False, "Off": False, "OFF": False,
}  # fmt: skip

_NUMBER_STARTS = frozenset("0123456789-+.")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,63})")
_FLOAT = lazy_pattern(r"[-+]?(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_JSON_FLOAT = lazy_pattern(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")

_PROPERTIES = lazy_pattern(r"(?:[&!]\S*(?:\s+(?:#[^\r\n]*)?)*)*")
BLOCK_HEADER = lazy_pattern(r"[|>][-+0-9]*(?:[ \t]+#[^\r\n]*)?")
BLANKS = " \t\r\n"


def content_start(text: str, start: int, end: int) -> int:
    """Where a node's content begins, behind its anchor and tag."""
    match = _PROPERTIES.match(text, start, end)
    return match.end() if match else start


def plain(value: str, *, is_json: bool) -> Any:
    """The value of a scalar without quotes or tag."""
    if value in _WORDS:
        return _WORDS[value]
    if value[0] in _NUMBER_STARTS:
        number = as_number(value, is_json=is_json)
        return value if number is None else number
    return value


def as_number(text: str, *, is_json: bool) -> int | float | None:
    """The number that a plain scalar spells, or None; no spelling that would lose by it.

    Account ids with leading zeros, dates, ``1:30``, ``0x1f``, ``1_000``, ``+1`` and, outside JSON,
    ``12e3`` (a git hash can look like that) remain strings.
    """
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) or (is_json and _JSON_FLOAT.fullmatch(text)):
        number = float(text)
        return None if isinf(number) else number
    return None


def converted(value: str, standard: str, start: int) -> Any:
    """A scalar under a standard tag such as ``!!int``."""
    if standard in ("", "str", "timestamp", "binary"):
        return value
    data: Any = _WORDS.get(value, value)
    if standard == "bool" and isinstance(data, bool):
        return data
    if standard == "null" and data is None:
        return None
    number = as_number(value, is_json=True)
    if standard == "int" and isinstance(number, int):
        return number
    if standard == "float" and number is not None:
        return float(number)
    raise Fault(start, f"tag '!!{standard}' does not fit the value '{shortened(value)}'")


NO_KEY: Final = lazy_pattern(r"[=\s]")
"""What no key of ours or of a template holds, but a line of an environment file, with a secret."""


def shortened(value: str, width: int = 60) -> str:
    """A value as a message can show it: one line, and not a long one."""
    value = " ".join(value[: 4 * width].split())
    return value if len(value) <= width else value[: width - 1] + "…"
