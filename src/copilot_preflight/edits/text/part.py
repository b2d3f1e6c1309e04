"""What a changed text is read as, where only one entry of it has to be read again.

Reading a template takes longer than all else that is done for a fix, and a fix is nearly always
inside of one resource.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.text.source import Source, TextChange
from copilot_preflight.read.document import MAX_SIZE, DocumentError, parse
from copilot_preflight.read.yaml.json_text import load_json
from copilot_preflight.read.yaml.tree import MapEntry, Node

WORTH_IT: Final = 2_000
"""Characters of a text; of a smaller one, finding the entry costs as much as reading it all."""

_ANCHOR: Final = lazy_pattern(r"(?:^|[\s\[{,:])&[\w-]")
_MARKER: Final = lazy_pattern("[\r\n\x85\u2028\u2029](?:---|\\.\\.\\.)")


class _Part(NamedTuple):
    """The lines of an entry of a section, which both are block mappings; those behind it to the
    next entry included.
    """

    section: str
    name: str
    start: int
    end: int


def data_of_part(source: Source, changes: Sequence[TextChange]) -> Any:
    """The data of a text after changes that are sorted, all in one entry such as a resource.

    The lines of the entry mean by themselves what they mean in the text: they stand at the same
    columns in a mapping of one key, no anchor or merge key reaches out of them, and the next line
    is that of a key further to the left or in the same column. None where any of it is not so, and
    where the entry is not one afterwards: then the text has to be read as a whole. A member of a
    JSON object means the same wherever it stands.
    """
    if len(source.text) < WORTH_IT or not changes:
        return None
    if source.is_json:
        return _data_of_member(source, changes)
    part = _part(source, changes[0].start, changes[-1].end)
    if part is None:
        return None
    text = f"section:\n{_changed(source.text, changes, part.start, part.end)}"
    if reaches_out(text) or len(source.text) + len(text) > MAX_SIZE:
        return None
    if part.end < len(source.text) and text[-1] not in "\r\n":
        return None  # the next key comes to stand on the last line
    try:
        read = parse(text, "").data
    except DocumentError:
        return None
    found = read.get("section") if isinstance(read, dict) and len(read) == 1 else None
    if not isinstance(found, dict) or list(found) != [part.name]:
        return None
    return _with(source, part.section, found)


def _data_of_member(source: Source, changes: Sequence[TextChange]) -> Any:
    """The same of a JSON text, for changes that are all in one member of a member of it."""
    start, end = changes[0].start, changes[-1].end
    section = _member_around(source.tree.root, start, end)
    entry = None if section is None else _member_around(section.value, start, end)
    if section is None or entry is None:
        return None
    text = f"{{{_changed(source.text, changes, entry.key_start, entry.value.end)}}}"
    if len(source.text) + len(text) > MAX_SIZE:
        return None
    try:
        load_json(text)
        read = parse(text, "").data
    except (DocumentError, ValueError, RecursionError):
        return None
    if not isinstance(read, dict) or list(read) != [_name_of(section.value, entry)]:
        return None
    return _with(source, _name_of(source.tree.root, section), read)


def _member_around(node: Node, start: int, end: int) -> MapEntry | None:
    """The member of an object in which a stretch lies, behind its key."""
    members = node.children.values() if isinstance(node.children, dict) else ()
    around = (it for it in members if it.key_end < start and end <= it.value.end)
    return next(around, None)


def _changed(text: str, changes: Sequence[TextChange], start: int, end: int) -> str:
    """A stretch of a text after changes in it."""
    parts: list[str] = []
    for change in changes:
        parts += (text[start : change.start], change.new)
        start = change.end
    return "".join((*parts, text[start:end]))


def _with(source: Source, section: str, changed: dict[str, Any]) -> dict[str, Any]:
    """The data of a text with other entries in a section."""
    entries = {**source.data[section], **changed}
    return {key: entries if key == section else it for key, it in source.data.items()}


def reaches_out(text: str) -> bool:
    """Whether there may be an anchor, a merge key, or the beginning or end of a document.

    A directive, too: it stands above the beginning.
    """
    return (
        "<<" in text
        or ("&" in text and _ANCHOR.search(text) is not None)
        or (("---" in text or "..." in text) and _MARKER.search(text) is not None)
    )


def _part(source: Source, start: int, end: int) -> _Part | None:
    """The entry of a section in which a stretch of a text lies, behind its key."""
    text = source.text
    if reaches_out(text):
        return None
    section = _entry_around(source, source.tree.root, start, end, len(text))
    if section is None or source.column(section[0].key_start):
        return None
    entry = _entry_around(source, section[0].value, start, end, section[1])
    if entry is None or not source.column(entry[0].key_start):
        return None
    return _Part(
        _name_of(source.tree.root, section[0]),
        _name_of(section[0].value, entry[0]),
        source.line_start(entry[0].key_start),
        entry[1],
    )


def _entry_around(
    source: Source, node: Node, start: int, end: int, behind: int
) -> tuple[MapEntry, int] | None:
    """The entry of a block mapping in which a stretch lies, and where the lines of it end."""
    if node.tag or not isinstance(node.children, dict) or not source.is_block(node):
        return None
    entries = source.own_entries(node)
    number = sum(entry.key_start <= start for entry in entries) - 1
    if number < 0 or entries[number].key_end > start:
        return None
    near = entries[number : number + 2]
    if not all(source.is_first(entry.key_start) for entry in near):
        return None
    if len(near) > 1:
        behind = source.line_start(near[1].key_start)
    return (near[0], behind) if end <= behind else None


def _name_of(node: Node, entry: MapEntry) -> str:
    assert isinstance(node.children, dict)
    return next(name for name, it in node.children.items() if it is entry)
