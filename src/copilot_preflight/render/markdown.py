"""Text of a template inside Markdown, where nothing of it can become markup: no link, no image.

Source: https://spec.commonmark.org/0.31.2/#code-spans and
https://spec.commonmark.org/0.31.2/#fenced-code-blocks
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from copilot_preflight.render.safe_text import SNIPPET_LINE, safe

_HARMLESS: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 '.-]*[A-Za-z0-9'])?")
_BARE_ADDRESS: Final = re.compile(r"www\.", re.IGNORECASE)
_PLAIN_WORD: Final = re.compile(
    r"(?!www\.|GH-)[(']*[A-Za-z][A-Za-z0-9'-]*[').,:;?]*|\(?[0-9]{1,5}[,:;]?", re.IGNORECASE
)
"""A word that no Markdown reads anything into, nor GitHub a name, an address or a number."""

_CHANGED_LINES: Final = re.compile(r"(?:after line|lines?) \d+\b.*:")
"""What stands in a help above the lines that change."""

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


def prose(text: str) -> str:
    """A sentence on one line: words as they are, and as code what could be anything but a word."""
    found: list[str] = []
    code: list[str] = []
    for word in (*safe(text).split(), ""):
        is_plain = not word or _PLAIN_WORD.fullmatch(word)
        if code and (is_plain or code[-1][-1] in ",;:"):
            found.append(_as_code(" ".join(code)))
            code = []
        if is_plain:
            found.append(word)
        else:
            code.append(word)
    return " ".join(found).rstrip()


def _as_code(text: str) -> str:
    """Words as code, without the quotes around them and what ends a part of a sentence."""
    end = text[-1] if text[-1] in ",;:" and len(text) > 1 else ""
    inside = text.removesuffix(end)
    if len(inside) > 2 and inside[0] == inside[-1] == "'" and "'" not in inside[1:-1]:
        inside = inside[1:-1]
    return f"{code_span(inside)}{end}"


def paragraphs(help: str) -> Iterator[tuple[str, list[str]]]:
    """The parts of a help: lines of prose after ``""``, lines to paste after their language."""
    language, above = "", ""
    lines: list[str] = []
    for number, line in enumerate(help.split("\n")):
        is_pasted = number > 0 and SNIPPET_LINE.match(line) is not None
        if is_pasted != bool(language):
            yield language, lines
            lines = []
            language = _language(line, above) if is_pasted else ""
        if not is_pasted:
            above = line
        lines.append(line)
    yield language, lines


def _language(line: str, above: str) -> str:
    if _CHANGED_LINES.match(above):
        return "diff"
    return "json" if line[0] in "{[" else "yaml"


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)
