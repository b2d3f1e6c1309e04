"""Which files a list of patterns is about.

``*`` and ``?`` stop at a slash, ``**`` does not. A pattern without a slash is one of names, in
whatever folder; what lies in a folder that matches belongs to it.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|\[!?[^\]/]+\]|.", re.DOTALL)
_MEANING: Final = {
    "**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"
}  # fmt: skip


class Globs(NamedTuple):
    """Patterns of files, from a folder (its real path)."""

    folder: str
    patterns: tuple[str, ...]

    def match(self, file: str) -> bool:
        """Whether a file, by its name from the current folder, is one of them."""
        return _match(self, os.getcwd(), file)


@lru_cache(maxsize=1024)
def _match(globs: Globs, current: str, file: str) -> bool:
    where = os.path.realpath(os.path.join(current, file)).replace(os.sep, "/")
    return any(_compiled(globs.folder, pattern).fullmatch(where) for pattern in globs.patterns)


@lru_cache(maxsize=256)
def _compiled(folder: str, pattern: str) -> re.Pattern[str]:
    named = pattern.replace(os.sep, "/").removesuffix("/")
    below = f"**/{named}" if "/" not in named else named
    steps = [step for step in below.removeprefix("/").split("/") if step not in ("", ".")]
    root = folder.replace(os.sep, "/").rstrip("/")
    while steps[:1] == [".."]:
        steps, root = steps[1:], root.rpartition("/")[0]
    body = "".join(map(_meaning, _TOKEN.findall("/".join(steps))))
    return re.compile(f"{re.escape(root)}/{body}(?:/.*)?", re.DOTALL)


def _meaning(token: str) -> str:
    if token in _MEANING:
        return _MEANING[token]
    if token.startswith("[") and len(token) > 2:
        inside = token[1:-1].replace("\\", "\\\\").replace("^", "\\^").replace("[", "\\[")
        return f"[^{inside[1:]}/]" if inside.startswith("!") else f"[{inside}]"
    return re.escape(token)
