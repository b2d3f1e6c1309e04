"""The public spelling of a path into a document: ``$.Resources.Role.Properties.Policies[0]``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from copilot_preflight.base.finding import DataPath

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = frozenset({"where", "wherenot"})  # words of jsonpath-ng, which reads our paths back


def spell(path: DataPath) -> str:
    """The JSONPath of ``path``; what is not a plain name stands in brackets, single-quoted.

    >>> spell(("Resources", "Role", "Policies", 1, "Fn::If"))
    "$.Resources.Role.Policies[1]['Fn::If']"
    """
    return "$" + "".join(map(_step, path))


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if _PLAIN.fullmatch(part) and part not in _OPERATORS:
        return f".{part}"
    quoted = part.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{quoted}']"


def check(expression: str) -> None:
    """Raises ValueError, with one line that says why, for what is no JSONPath."""
    _parsed(expression)


def find(expression: str, data: Any) -> tuple[DataPath, ...]:
    """The paths of what a JSONPath finds, filters and all. Raises ValueError as `check` does."""
    parsed = _parsed(expression)
    try:
        found = [(_steps(it.full_path), it.value) for it in parsed.find(data)]
    except Exception as error:  # a filter's regular expression, what it compares, ...
        told = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"'{expression}' cannot be followed: {told}") from None
    if not all(_stands_at(path, value, data) for path, value in found):
        raise ValueError(f"'{expression}' works something out: it must find what stands there")
    return tuple(path for path, _ in found)


def _stands_at(path: DataPath, value: Any, data: Any) -> bool:
    """Whether a path leads to a value: what functions return has no place."""
    try:
        for step in path:
            data = data[step]
    except (LookupError, TypeError):
        return False
    return bool(data == value)


@lru_cache(maxsize=64)
def _parsed(expression: str) -> Any:
    from jsonpath_ng.ext.parser import parse  # here: it takes longer to load than a check takes

    try:
        parsed = parse(expression)
        cost = _cost(parsed)
    except _Refused as refused:
        raise ValueError(f"'{expression}' {refused}") from None
    except Exception as error:
        # Also RecursionError and those of its parser generator: none of them has a class in common.
        told = " ".join(str(error).split()).rstrip("!.")
        raise ValueError(f"'{expression}' is no JSONPath: {told[:1].lower()}{told[1:]}") from None
    if cost > _MOST:
        raise ValueError(
            f"'{expression}' would take too long: of '..', '`parent`', and '$' in a filter, use two"
        )
    return parsed


class _Refused(Exception):
    """Why an expression is not followed, as the end of a sentence about it."""


_WIDE: Final = 100
"""How often, about, a step that may lead anywhere comes to one node."""

_MOST: Final = _WIDE**2


def _cost(path: Any, *, in_filter: bool = False) -> int:
    """How often, about, one node of the data may be looked at: what is side by side adds up, steps
    multiply. Raises _Refused for what does more than find.

    A regular expression has no bounds, so there is none.
    """
    kind = type(path).__name__.lstrip("_")
    if kind in ("Child", "Descendants", "Where", "WhereNot"):
        cost = _cost(path.left, in_filter=in_filter) * _cost(path.right, in_filter=in_filter)
        return cost * (_WIDE if kind == "Descendants" else 1)
    if kind in ("Union", "Intersect"):
        return _cost(path.left, in_filter=in_filter) + _cost(path.right, in_filter=in_filter)
    if kind in ("Filter", "And", "Or"):
        parts = path.expressions if kind == "Filter" else path.operands
        return sum(_cost(part, in_filter=True) for part in parts) or 1
    if kind == "Expression":
        if path.op == "=~":
            raise _Refused("has a regular expression, which may take forever: compare with '=='")
        is_path = path.value is not None and not isinstance(path.value, str | int | float)
        other = _cost(path.value, in_filter=True) if is_path else 0
        return _cost(path.target, in_filter=True) + other
    if kind == "Parent" or (kind == "Root" and in_filter):
        return _WIDE
    if kind == "Fields":
        return 1 + len(path.fields) - len(set(path.fields))
    if kind in ("Root", "This", "Index", "Slice", "Wildcard"):
        return 1
    raise _Refused("works something out: it must find what stands there")


def _steps(path: Any) -> DataPath:
    """The steps of a path as jsonpath-ng has them; a Child has a left and a right side."""
    if hasattr(path, "left"):
        return (*_steps(path.left), *_steps(path.right))
    return tuple(getattr(path, "fields", None) or getattr(path, "indices", None) or ())
