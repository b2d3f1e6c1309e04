"""How a large text is written, as its lines tell: no tree is built for that."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Final

from copilot_preflight.edits.text.values import Style

LARGE: Final = 100_000
"""Characters of a text whose tree takes long to build."""

_OPENS: Final = re.compile(
    r"^([ ]*(?:-[ ]+)*)[^\s#-][^\n]*:(?:[ ]+[!&][^\s#]+)*[ ]*(?:[ ]#[^\n]*)?$"
    r"(?:\n[ ]*(?:#[^\n]*)?)*"
    r"\n([ ]*)(-?)",
    re.MULTILINE,
)
"""A key with nothing behind it, and how far in the next line is that is more than a comment."""

_TAG: Final = re.compile(r"[:\-,\[] ?![A-Z][A-Za-z]")


@lru_cache(maxsize=2)
def style_of_lines(text: str) -> Style:
    """How the beginning of a large document is written, of which there is enough.

    The text of a block scalar may count, too.
    """
    steps, list_steps = Counter[int](), Counter[int]()
    for found in _OPENS.finditer(text, 0, LARGE):
        step = len(found[2]) - len(found[1])
        if step >= 0 and found[3]:
            list_steps[step] += 1
        elif step > 0:
            steps[step] += 1
    step = max(steps, key=steps.__getitem__, default=2)
    list_step = max(list_steps, key=list_steps.__getitem__, default=min(step, 2))
    return Style(step, list_step, _TAG.search(text) is not None)
