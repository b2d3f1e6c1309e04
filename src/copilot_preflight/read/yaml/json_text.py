"""Texts that begin with a bracket, which may be JSON: what YAML reads of them in its own way."""

from __future__ import annotations

import re
from typing import Any

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.read.yaml.json_data import ODD_CHARACTER

BRACKET = lazy_pattern(r"[ \t\r\n]*[\[{]")
_INDENTATION = lazy_pattern(r"^[ \t]+", re.MULTILINE)
_ESCAPE = lazy_pattern(r"\\(?:u[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL)
_SURROGATE = lazy_pattern(r"\\u[dD][89a-fA-F]")
_LONELY_COLON = lazy_pattern(r'"[ \t]*[\r\n][ \t\r\n]*:')
_JSON_STRING = lazy_pattern(r'("(?:[^"\\]|\\.)*")(?:([ \t\r\n]+)(?=:))?', re.DOTALL)


def as_yaml(json_text: str) -> str:
    """A text of the same length, without what is JSON but not YAML.

    Those are tabs that indent a line outside the brackets, line breaks between a key and its colon,
    and in strings some control characters, YAML's own line breaks, and characters beyond U+FFFF
    written as two escapes. A U+FFFD stands in for these, and the builder reads the string from the
    original.
    """
    text = json_text
    if "\t" in text:
        text = _INDENTATION.sub(lambda match: " " * len(match[0]), text)
    if _SURROGATE.search(text):
        text = _ESCAPE.sub(lambda match: r"\ufffd" if len(match[0]) == 6 else match[0], text)
    if ODD_CHARACTER.search(text) and _is_valid_json(json_text):
        text = ODD_CHARACTER.sub("\ufffd", text)
    if _LONELY_COLON.search(text) and _is_valid_json(json_text):
        text = _JSON_STRING.sub(lambda match: match[1] + " " * len(match[2] or ""), text)
    return text


def may_differ(text: str, begin: int, end: int) -> bool:
    """Whether a stretch of a text has what `as_yaml` may take out of a string."""
    return any(pattern.search(text, begin, end) for pattern in (_SURROGATE, ODD_CHARACTER))


def _is_valid_json(text: str) -> bool:
    try:
        load_json(text)
    except (ValueError, RecursionError):
        return False
    return True


def load_json(text: str) -> Any:
    """The value of a JSON text, with control characters in its strings. Raises ValueError."""
    import json  # here: almost no file needs it

    return json.loads(text, strict=False)
