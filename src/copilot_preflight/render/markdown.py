"""Text of a template inside Markdown, where nothing of it can become markup: no link, no image.

Source: https://spec.commonmark.org/0.31.2/#code-spans and
https://spec.commonmark.org/0.31.2/#fenced-code-blocks
"""

from __future__ import annotations

import re
from typing import Final

from copilot_preflight.render.safe_text import safe

_HARMLESS: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 '.-]*[A-Za-z0-9'])?")
_BARE_ADDRESS: Final = re.compile(r"www\.", re.IGNORECASE)
_BACKTICKS: Final = re.compile("`+")


def code_span(text: str) -> str:
    """``text`` between more backticks than stand anywhere in it, on one line."""
    text = safe(text)
    ticks = "`" * (_longest_run(text) + 1)
    edge = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """A block of lines that no line of theirs can end."""
    lines = [safe(line) for line in text.split("\n")]
    fence = "`" * max(3, _longest_run(text) + 1)
    return "\n".join((f"{fence}{language}", *lines, fence))


def inline(text: str) -> str:
    """A few words: as they are where nothing in them is markup or an address, else as code."""
    is_plain = _HARMLESS.fullmatch(text) and not _BARE_ADDRESS.search(text)
    return text if is_plain else code_span(text)


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)
