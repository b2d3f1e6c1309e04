"""Changes of lists and mappings in block style, whose structure is their indentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.text.source import CannotWrite, Source, Spot, TextChange
from copilot_preflight.edits.text.values import block, entry, inline, items, literal, short_tag
from copilot_preflight.read.yaml.tree import MapEntry, Node

_ANCHOR: Final = lazy_pattern(r"&\S+")
_HEADER: Final = lazy_pattern(r"[|>][-+0-9]*")
_COMMENT_LINE: Final = lazy_pattern(r"([ ]*)(#[^\r\n]*)?(?=[\r\n])")
_PADDED_BREAKS: Final = lazy_pattern(r"(?:\r\n|\r|\n)[ \t]+(?=[\r\n]|\Z)")


# --- something new --------------------------------------------------------------------------------


def added(source: Source, node: Node, value: Any, key: str | None = None) -> list[TextChange]:
    """The change that adds a value to a list, or with a key to a mapping, in block style."""
    style = source.style
    if key is not None:
        lines = entry(key, value, style)
    else:
        children = node.children
        last = children[-1] if isinstance(children, list) and children else None
        quote = source.quote(last) if last is not None and isinstance(value, str) else None
        lines = items([value], style, quote=quote)
    return [_below(source, node, lines, source.column(source.content(node)))]


def _below(source: Source, node: Node, lines: Iterable[str], column: int) -> TextChange:
    """The lines behind those of a node."""
    at = source.line_end(node.end)
    if _ends_in_blank_lines(source, node):
        at = source.below(node.end)
    at = _behind_comments(source, at, column)
    line_break = source.line_break(at)
    if at == len(source.text) and source.text.endswith(("\r", "\n")):
        return TextChange(at, at, _joined(lines, column, line_break, first="") + line_break)
    return TextChange(at, at, _joined(lines, column, line_break, first=line_break))


def _behind_comments(source: Source, line_end: int, column: int) -> int:
    """The end of the last line of comments that belong to what ends above them.

    Those are indented deeper than what is to follow.
    """
    at = source.next_line(line_end)
    while at < len(source.text):
        comment = _COMMENT_LINE.match(source.text, at)
        if comment is None:
            break
        if comment[2]:
            if len(comment[1]) <= column:
                break
            line_end = comment.end()
        at = source.next_line(comment.end())
    return line_end


def _ends_in_blank_lines(source: Source, node: Node) -> bool:
    """Whether blank lines behind a node are part of it: those of a block scalar may be."""
    while isinstance(node.children, (dict, list)) and not source.is_alias(node):
        if isinstance(node.children, list):
            last = node.children[-1:]
        else:
            last = [it.value for it in source.own_entries(node)[-1:]]
        if not last or last[0] is node:
            return False
        node = last[0]
    header = _HEADER.match(source.text, source.content(node), node.end)
    if header is None:
        return False
    blank = source.text[source.line_end(node.end) : source.below(node.end)]
    return "+" in header[0] or _PADDED_BREAKS.search(blank) is not None


def _joined(lines: Iterable[str], column: int, line_break: str, *, first: str) -> str:
    indent = " " * column
    return first + line_break.join(indent + line for line in lines)


# --- another value --------------------------------------------------------------------------------


def replaced(source: Source, spot: Spot, value: Any, quote: str | None) -> list[TextChange]:
    """The changes that write another value behind a key or a dash in block style."""
    node = spot.node
    anchor = _anchor(source, node)
    text = inline(value, source.style, quote=quote)
    tag, string = short_tag(value) or ("", value)
    if isinstance(string, str) and source.text[source.content(node) :][:1] in ("|", ">"):
        lines = _literal(source, node, string)
        text = f"{tag} {lines}".lstrip() if lines is not None else text
    if spot.entry is not None:
        return _replaced_value(source, spot, spot.entry, value, anchor, text)
    if text is None:
        column = source.column(node.start) + (1 if source.is_empty(node) else 0)
        found = block(value, source.style)
        below = [*([found.head] if found.head else ()), *found.lines]
        line_break = source.line_break(node.start)
        if anchor:
            below.insert(0, anchor.rstrip())
            anchor = ""
        text = below[0] + "".join(f"{line_break}{' ' * column}{line}" for line in below[1:])
    space = " " if source.is_empty(node) else ""
    return [TextChange(node.start, node.end, f"{space}{anchor}{text}")]


def _anchor(source: Source, node: Node) -> str:
    if source.is_alias(node):
        return ""
    found = _ANCHOR.search(source.text, node.start, source.content(node))
    return f"{found[0]} " if found else ""


def _literal(source: Source, node: Node, value: str) -> str | None:
    """A string as a block scalar in the place of another one."""
    text = source.text
    content = source.content(node)
    second = source.next_line(content)
    while second < node.end and not text[second : source.line_end(second)].strip(" \t"):
        second = source.next_line(second)
    if second >= node.end or re.match(r"[|>][-+]?[0-9]", text[content : content + 3]):
        return None
    return literal(value, text[content], source.indentation(second), source.line_break(content))


def _replaced_value(
    source: Source, spot: Spot, at: MapEntry, value: Any, anchor: str, text: str | None
) -> list[TextChange]:
    node, style = spot.node, source.style
    assert spot.container is not None
    colon = source.colon_end(at)
    if text is not None and not source.is_empty(node) and not _is_below(source, colon, node):
        return [TextChange(node.start, node.end, anchor + text)]
    if source.is_empty(node):
        node = Node(colon, colon)
    line_break = source.line_break(colon)
    if text is not None:
        return _head_and_lines(source, colon, node, f" {anchor}{text}", "")
    found = block(value, style)
    column = source.column(source.content(spot.container))
    column += style.list_step if found.is_list else style.step
    if source.is_block(node) and isinstance(node.children, list) == found.is_list:
        content = source.content(node)
        column = source.column(content) if source.is_first(content) else column
    head = "".join(f" {part}" for part in (anchor.strip(), found.head) if part)
    lines = _joined(found.lines, column, line_break, first="")
    return _head_and_lines(source, colon, node, head, lines)


def _is_below(source: Source, colon: int, node: Node) -> bool:
    """Whether a value begins on a line below its key, or ends there without brackets."""
    return source.line_end(colon) < node.start or source.is_block(node)


def _head_and_lines(
    source: Source, colon: int, node: Node, head: str, lines: str
) -> list[TextChange]:
    """The changes that put a value behind its colon, and keep comments between key and value."""
    text = source.text
    line_break = source.line_break(colon)
    gap = text[colon : node.start]
    if not gap.strip():
        if lines and node.start == node.end:  # a comment may follow the colon
            end = source.line_end(colon)
            rest = text[colon:end].strip()
            head = f"{head} {rest}" if rest else head
            return [TextChange(colon, end, f"{head}{line_break}{lines}")]
        return [TextChange(colon, node.end, head + (line_break + lines if lines else ""))]
    changes = [TextChange(colon, colon, head)] if head else []
    start = source.line_start(node.start)
    if lines:
        return [*changes, TextChange(start, node.end, lines)]
    return [*changes, TextChange(start, source.next_line(node.end), "")]


# --- a list of a single value ---------------------------------------------------------------------


def listed(source: Source, spot: Spot, value: Any) -> list[TextChange]:
    """The changes that make a list of a single value in block style, with another one in it."""
    node, style, text = spot.node, source.style, source.text
    line_break = source.line_break(node.start)
    if spot.entry is not None:
        colon = source.colon_end(spot.entry)
        is_below = source.line_end(colon) < node.start
    else:
        colon, is_below = node.start, True
    if is_below:
        dash = source.column(node.start)
        changes = [TextChange(node.start, node.start, "- ")]
    else:
        assert spot.container is not None
        column = source.column(source.content(spot.container))
        dash = column + style.list_step
        changes = [TextChange(colon, node.start, f"{line_break}{' ' * dash}- ")]
    lines = []
    at = source.next_line(node.start)
    while at < node.end:
        if text[at : source.line_end(at)].strip():
            lines.append(at)
        at = source.next_line(at)
    column = min((len(source.indentation(at)) for at in lines), default=0)
    shift = 2 if is_below else max(0, dash + 2 - column)
    changes.extend(TextChange(at, at, " " * shift) for at in lines if shift)
    changes.append(_below(source, node, items([value], style), dash))
    return changes


# --- nothing --------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    start: int
    end: int


def removed(source: Source, spot: Spot) -> list[TextChange]:
    """The changes that take away an item with its dash, or a key with its value."""
    container, text = spot.container, source.text
    assert container is not None
    entries = _entries(source, container)
    start = spot.node.start if spot.entry is None else spot.entry.key_start
    index = next(n for n, it in enumerate(entries) if it.start <= start <= it.end)
    found = entries[index]
    if spot.entry is not None and "?" in text[source.line_start(start) : start]:
        raise CannotWrite("is a key behind a '?': take it away by hand")
    line_start, line_end = source.line_start(found.start), source.line_end(found.end)
    if source.is_first(found.start):
        if container is source.tree.root and len(entries) == 1:
            return [TextChange(found.start, found.end, "{}" if spot.entry else "[]")]
        last = _behind_comments(source, line_end, source.column(found.start))
        return [TextChange(line_start, source.next_line(last), "")]
    following = entries[index + 1] if index + 1 < len(entries) else None
    if following is not None and not text[found.end : following.start].strip():
        return [TextChange(found.start, following.start, "")]
    start = line_start + len(text[line_start : found.start].rstrip())
    return [TextChange(start, line_end, "")]


def _entries(source: Source, node: Node) -> list[_Entry]:
    """The entries of a mapping or list in block style; an item begins with its dash."""
    if not isinstance(node.children, list):
        return [_Entry(it.key_start, source.entry_end(it)) for it in source.own_entries(node)]
    at = source.content(node)
    dash = re.compile(rf" {{{source.column(at)}}}-(?=\s|\Z)")
    found: list[_Entry] = []
    for item in node.children:
        if found:
            match = None
            line = source.next_line(found[-1].end)
            while line <= item.start and (match := dash.match(source.text, line)) is None:
                line = source.next_line(line)
            if match is None:
                raise CannotWrite("is an item whose dash cannot be found")
            at = match.end() - 1
        found.append(_Entry(at, max(at + 1, item.end)))
    return found
