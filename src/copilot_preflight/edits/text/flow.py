"""Changes between brackets: JSON, and lists and mappings of YAML in flow style."""

from __future__ import annotations

from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.text.json_values import compact, json_string, pretty
from copilot_preflight.edits.text.source import CannotWrite, Source, Spot, TextChange
from copilot_preflight.edits.text.values import flow, string
from copilot_preflight.read.yaml.tree import Node

_COMMA: Final = lazy_pattern(r"(?:\s|(?<=\s)#[^\r\n]*(?=[\r\n]))*,")
_ONLY_COMMENT: Final = lazy_pattern(r"[ \t]*(?:,[ \t]*)?(?:(?<=[\s,])#[^\r\n]*)?(?=[\r\n]|\Z)")


class _Item(NamedTuple):
    start: int
    end: int


def written(
    source: Source, value: Any, at: int, *, over_lines: bool, quote: str | None = None
) -> str:
    """A value to stand at an offset between brackets."""
    if not source.is_json:
        return flow(value, source.style, quote=quote)
    if not over_lines:
        return compact(value, *_separators(source))
    colon = _separators(source)[1]
    return pretty(value, source.unit, source.indentation(at), source.line_break(at), colon)


def _key(source: Source, key: str) -> str:
    if source.is_json:
        return json_string(key) + _separators(source)[1]
    return f"{string(key, in_flow=True)}: "


def _separators(source: Source) -> tuple[str, str]:
    """What stands between items, and between key and value, by the first key of the document."""
    text = source.text
    first = next(iter(source.own_entries(source.tree.root)), None)
    if first is None:
        return ", ", ": "
    colon = text[first.key_end : first.value.start]
    if colon.strip() != ":" or "\n" in colon or "\r" in colon:
        colon = ": "
    return (", " if "\n" in text.strip() or colon != ":" else ","), colon


def _items(source: Source, node: Node) -> list[_Item]:
    if isinstance(node.children, list):
        return [_Item(item.start, item.end) for item in node.children]
    return [_Item(it.key_start, source.entry_end(it)) for it in source.own_entries(node)]


def added(source: Source, node: Node, value: Any, key: str | None = None) -> list[TextChange]:
    """The changes that add a value to a list, or with a key to a mapping, between brackets."""
    text, items = source.text, _items(source, node)
    content, close = source.content(node), node.end - 1
    if not items:
        if text[content + 1 : close].strip():
            raise CannotWrite("has only a comment or a merge key between its brackets")
        new = written(source, value, content, over_lines=False)
        return [TextChange(content + 1, close, new if key is None else _key(source, key) + new)]
    last = items[-1]
    is_own_line = source.is_first(last.start) and source.is_first(close)
    quote = None
    if isinstance(node.children, list) and isinstance(value, str):
        quote = source.quote(node.children[-1])
    new = written(source, value, last.start, over_lines=is_own_line, quote=quote)
    if key is not None:
        new = _key(source, key) + new
    if not is_own_line:
        return [
            TextChange(last.end, last.end, f", {new}" if _separators_loose(source) else f",{new}")
        ]
    below = source.line_break(last.start) + source.indentation(last.start) + new
    comma = _COMMA.match(text, last.end, close)
    if comma:  # YAML takes one behind the last item
        at = source.line_end(comma.end())
        return [TextChange(at, at, f"{below},")]
    at = source.line_end(last.end)
    if at == last.end:
        return [TextChange(at, at, f",{below}")]
    return [TextChange(last.end, last.end, ","), TextChange(at, at, below)]


def _separators_loose(source: Source) -> bool:
    return not source.is_json or _separators(source)[0] == ", "


def listed(source: Source, spot: Spot, value: Any) -> list[TextChange]:
    """The changes that make a list of a single value between brackets, with another one in it."""
    node = spot.node
    start, end = node.start, node.end
    if start == end:
        raise CannotWrite("is left out between brackets: write the list by hand")
    begin = spot.entry.key_start if spot.entry is not None else start
    if not (source.is_json and source.is_first(begin)):
        comma = ", " if _separators_loose(source) else ","
        new = written(source, value, start, over_lines=False)
        return [TextChange(start, start, "["), TextChange(end, end, f"{comma}{new}]")]
    line_break, base = source.line_break(begin), source.indentation(begin)
    inner = base + source.unit
    changes = [TextChange(start, start, f"[{line_break}{inner}")]
    at = source.next_line(start)
    while at < end and at > start:
        changes.append(TextChange(at, at, source.unit))
        at = max(source.next_line(at), at + 1)
    new = pretty(value, source.unit, inner, line_break, _separators(source)[1])
    changes.append(TextChange(end, end, f",{line_break}{inner}{new}{line_break}{base}]"))
    return changes


def replaced(source: Source, spot: Spot, value: Any, quote: str | None) -> list[TextChange]:
    """The change that writes another value between brackets."""
    node = spot.node
    begin = spot.entry.key_start if spot.entry is not None else node.start
    is_wide = source.is_first(begin) or "\n" in source.text[node.start : node.end]
    new = written(source, value, begin, over_lines=is_wide, quote=quote)
    if not source.is_empty(node):
        return [TextChange(node.start, node.end, new)]
    if spot.entry is None:
        raise CannotWrite("is left out between brackets: write it by hand")
    at = source.colon_end(spot.entry)
    colon = "" if at > spot.entry.key_end else ":"
    return [TextChange(at, at, f"{colon} {new}")]


def removed(source: Source, spot: Spot) -> list[TextChange]:
    """The changes that take an item or a key out of its brackets."""
    container, text = spot.container, source.text
    assert container is not None
    items = _items(source, container)
    start = spot.node.start if spot.entry is None else spot.entry.key_start
    index = next(n for n, item in enumerate(items) if item.start == start)
    item, is_last = items[index], index == len(items) - 1
    if len(items) == 1:
        comma = _COMMA.match(text, item.end, container.end)
        return [TextChange(item.start, comma.end() if comma else item.end, "")]
    if source.is_first(item.start) and _ONLY_COMMENT.match(text, item.end):
        lines = TextChange(source.line_start(item.start), source.next_line(item.end), "")
        if not is_last or "," in text[item.end : source.line_end(item.end)].split("#")[0]:
            return [lines]
        before = _comma_before(source, items, index)
        return [TextChange(before, before + 1, ""), lines]
    if is_last:
        return [TextChange(_comma_before(source, items, index), item.end, "")]
    return [TextChange(item.start, items[index + 1].start, "")]


def _comma_before(source: Source, items: list[_Item], index: int) -> int:
    comma = _COMMA.match(source.text, items[index - 1].end, items[index].start)
    if comma is None:
        raise CannotWrite("has no comma before it")
    return comma.end() - 1
