"""Regular expressions that are compiled when they are first used.

A check loads about ninety patterns and uses a third of them; compiling one takes as long as loading
a small module. Those that nearly every check uses, or one of them very often, have `re.compile`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

__all__ = ["lazy_pattern"]

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")


class _LazyPattern:
    """Has the methods of the compiled pattern as its own, so that a call takes only 30 ns more."""

    __slots__ = ("_flags", "_source", *_METHODS)

    def __init__(self, source: str, flags: int = 0) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Asked only for what is in no slot yet."""
        compiled = re.compile(self._source, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


if TYPE_CHECKING:

    def lazy_pattern(source: str, flags: int = 0) -> re.Pattern[str]:
        """As `re.compile`; a mistake in ``source`` shows when the pattern is first used."""
        ...
else:
    lazy_pattern = _LazyPattern
