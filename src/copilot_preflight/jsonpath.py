"""The public spelling of a path into a document: ``$.Resources.Role.Properties.Policies[0]``."""

from __future__ import annotations

import re

from copilot_preflight.finding import DataPath

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
