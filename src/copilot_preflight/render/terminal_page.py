"""The page of a rule as a terminal shows it: what is Markdown there is style here.

It reads the Markdown that our own pages are written in, and nothing else: headings, paragraphs,
lists, tables, blocks of code, and in a line code, bold and links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from copilot_preflight.render.formats import Look
from copilot_preflight.render.links import linked
from copilot_preflight.render.text import painted

_SPAN: Final = re.compile(
    r"(?P<code>`[^`]+`)|\*\*(?P<bold>[^*]+)\*\*|\[(?P<text>[^\]]+)\]\((?P<url>[^)\s]+)\)"
)
_WORD: Final = re.compile(r"(?:`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)\s]+\)|\S)+")
"""What a line does not break in: code, bold and links are whole, with what touches them."""

_ITEM: Final = re.compile(r"(?P<mark>\s*(?:[-*]|\d+\.) )")
_LONG: Final = 60  # columns of code that need not stay on one line
_BLOCK: Final = " " * 4


def rendered(page: str, look: Look) -> str:
    """A page of ours in the colours and the width of a terminal."""
    return "\n".join(_lines(page, look)) + "\n"


def _lines(page: str, look: Look) -> Iterator[str]:
    outside = ""
    fence = False
    for line in page.rstrip("\n").split("\n"):
        if line.startswith("```"):
            if not fence:
                yield from _prose(outside, look)
                outside = ""
            fence = not fence
        elif fence:
            yield f"{_BLOCK}{line}".rstrip()
        elif line.startswith("#"):
            yield from _prose(outside, look)
            outside = ""
            yield _paint("gutter", line.lstrip("# "), look)
        else:
            outside += f"{line}\n"
    yield from _prose(outside, look)


def _prose(text: str, look: Look) -> Iterator[str]:
    """Paragraphs and lists, wrapped; a table keeps its lines."""
    if not text:
        return
    for is_row, group in groupby(text.removesuffix("\n").split("\n"), lambda it: it[:1] == "|"):
        for line in group:
            yield from [_styled(line, look)] if is_row else _wrapped(line, look)


def _wrapped(line: str, look: Look) -> Iterator[str]:
    item = _ITEM.match(line)
    indent = len(item["mark"]) if item else 0
    line = _SPAN.sub(lambda span: _loose(span, look), line)
    column, row = indent, [line[:indent]]
    for word in _WORD.findall(line[indent:]):
        width = len(_plain(word))
        if column > indent and column + width > look.width:
            yield "".join(row).rstrip()
            column, row = indent, [" " * indent]
        row.append(f"{_styled(word, look)} ")
        column += width + 1
    yield "".join(row).rstrip()


def _loose(span: re.Match[str], look: Look) -> str:
    """A part of a line that may be broken between its words: an address, an error message."""
    if span["url"] and not look.has_links:
        return _shown(span)
    if span["code"] and len(span["code"]) > _LONG:
        return " ".join(f"`{word}`" for word in _shown(span).split())
    return span[0]


def _plain(text: str) -> str:
    return _SPAN.sub(lambda span: _shown(span), text)


def _shown(span: re.Match[str]) -> str:
    if span["code"]:
        return span["code"].strip("`")
    return span["bold"] or f"{span['text']} ({span['url']})"


def _styled(text: str, look: Look) -> str:
    def styled(span: re.Match[str]) -> str:
        if span["code"]:
            return _paint("info", span["code"].strip("`"), look)
        if span["bold"]:
            return _paint("strong", span["bold"], look)
        if look.has_links and span["url"].startswith("https://"):
            return linked(span["url"], _paint("info", span["text"], look))
        return _shown(span)

    return _SPAN.sub(styled, text)


def _paint(style: str, text: str, look: Look) -> str:
    return painted(style, text) if look.colour else text
