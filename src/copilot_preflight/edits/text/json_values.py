"""Plain data in JSON, in the spacing of what is there already."""

from __future__ import annotations

import json
from typing import Any


def json_string(text: str) -> str:
    """A string, with escapes for what cannot be seen only."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def compact(value: Any, comma: str = ", ", colon: str = ": ") -> str:
    """A value on one line, between the separators that the text uses."""
    return _written(value, comma, colon)


def pretty(value: Any, unit: str, indent: str, line_break: str, colon: str = ": ") -> str:
    """A value over several lines; ``indent`` is that of the line on which it begins."""
    if not value or not isinstance(value, (dict, list)):
        return _written(value, ", ", colon)
    inner = indent + unit
    if isinstance(value, dict):
        parts = [
            f"{json_string(key)}{colon}{pretty(item, unit, inner, line_break, colon)}"
            for key, item in value.items()
        ]
    else:
        parts = [pretty(item, unit, inner, line_break, colon) for item in value]
    opens, closes = "{}" if isinstance(value, dict) else "[]"
    listed = f",{line_break}".join(inner + part for part in parts)
    return f"{opens}{line_break}{listed}{line_break}{indent}{closes}"


def _written(value: Any, comma: str, colon: str) -> str:
    if isinstance(value, dict):
        parts = (
            f"{json_string(key)}{colon}{_written(item, comma, colon)}"
            for key, item in value.items()
        )
        return f"{{{comma.join(parts)}}}"
    if isinstance(value, list):
        return f"[{comma.join(_written(item, comma, colon) for item in value)}]"
    return json_string(value) if isinstance(value, str) else json.dumps(value)
