"""From what people have to pieces of text: JSON and CSV are taken apart, whatever is around them.

The time that this takes grows with the length of the text: JSON that does not end is tried a few
times only.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from copilot_preflight.triage.piece import Known, Piece
from copilot_preflight.triage.secrets import is_secret_name, redacted
from copilot_preflight.triage.shapes import is_record, known_of, record

LARGEST: Final = 20_000_000
"""Characters of a text that are read: a day of logs is more than anybody pastes."""

_MOST_NODES: Final = 400_000
_MOST_TRIES: Final = 200
_BEGIN: Final = re.compile(r"[\[{]")
_ESCAPES: Final = re.compile(
    r"\x1b(?:\[[0-9;?]{0,20}[A-Za-z]|\][^\x07\x1b]{0,500}(?:\x07|\x1b\\)|[()][A-Z0-9])"
)


def pieces_of(text: str) -> Iterator[Piece]:
    """The pieces of a text, without secrets."""
    text = (
        _ESCAPES.sub("", text[:LARGEST].lstrip("\ufeff")).replace("\r\n", "\n").replace("\r", "\n")
    )
    if _is_table(text):
        yield from _of_table(text)
        return
    plain: list[str] = []
    for found in _split(text):
        if isinstance(found, str):
            plain.append(found)
            continue
        rest = "".join(plain)
        if rest.strip():
            yield Piece(redacted(rest))
        plain = []
        yield from _of_json(found)
    rest = "".join(plain)
    if rest.strip():
        yield Piece(redacted(rest))


# --- JSON in a text -------------------------------------------------------------------------------


def _split(text: str) -> Iterator[str | list[Any] | dict[str, Any]]:
    """Stretches of text, and the JSON between them."""
    decoder = json.JSONDecoder()
    at, tries, spent = 0, 0, 0
    for begin in _BEGIN.finditer(text):
        start = begin.start()
        if start < at or not _may_begin(text, start):
            continue
        if tries >= _MOST_TRIES or spent > 4 * len(text):
            break
        try:
            found, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as fault:
            tries += 1
            spent += max(1, fault.pos - start)
            continue
        except RecursionError:
            tries, spent = tries + 20, spent + len(text)
            continue
        if not _is_worth_it(found):
            continue
        yield text[at:start]
        yield found
        at = end
    yield text[at:]


def _may_begin(text: str, start: int) -> bool:
    """Whether JSON may begin at a bracket: a quote, a brace, a bracket or its end follows."""
    following = text[start + 1 : start + 200].lstrip()[:1]
    return following in ('"', "{", "[", "}") if text[start] == "{" else following in ('"', "{")


def _is_worth_it(found: Any) -> bool:
    """A map, or a list with one: what stands in brackets in a sentence stays with it."""
    if isinstance(found, dict):
        return bool(found)
    return isinstance(found, list) and any(isinstance(item, dict) for item in found)


def _of_json(root: Any) -> Iterator[Piece]:
    """The strings of a document, with what the maps around them say."""
    stack: list[tuple[Any, Known]] = [(root, Known())]
    seen = 0
    while stack:
        node, known = stack.pop()
        seen += 1
        if seen > _MOST_NODES:
            return
        if isinstance(node, list):
            stack += ((item, known) for item in reversed(node))
        elif isinstance(node, dict):
            if is_record(node):
                yield from _clean(record(node))
                continue
            inside = known_of(node, known)
            yield from _errors_of(node, inside)
            hides = is_secret_name(str(node.get("name") or node.get("Name") or ""))
            stack += (
                (value, inside)
                for key, value in reversed(node.items())
                if not (is_secret_name(str(key)) or (hides and str(key).lower() == "value"))
                and not (isinstance(value, str) and str(key) in _READ_ALREADY)
            )
        elif isinstance(node, str) and len(node) > 6:
            yield from _of_string(node, known)


_READ_ALREADY: Final = frozenset(("errorCode", "errorMessage", "Code", "Message", "Error"))


def _errors_of(node: Mapping[str, Any], known: Known) -> Iterator[Piece]:
    """A code and a message that belong together, as one text."""
    parts = [node.get(key) for key in ("errorCode", "Code", "Error", "errorMessage", "Message")]
    text = ": ".join(it for it in parts if isinstance(it, str) and it)
    if text:
        yield from _of_string(text, known)


def _of_string(text: str, known: Known) -> Iterator[Piece]:
    """A string; JSON and whole logs come in strings, too."""
    text = text[:LARGEST]
    if text.lstrip()[:1] in ("{", "["):
        try:
            inside = json.loads(text)
        except (ValueError, RecursionError):
            inside = None
        if isinstance(inside, dict) and is_record(inside):
            yield from _clean(record(inside))
            return
        if isinstance(inside, (dict, list)) and _is_worth_it(inside):
            yield from (
                piece._replace(known=_joined(known, piece.known)) for piece in _of_json(inside)
            )
            return
    yield from _clean([Piece(text, known)])


def _joined(outer: Known, inner: Known) -> Known:
    return Known(
        inner.moment or outer.moment,
        inner.what or outer.what,
        inner.principal or outer.principal,
        inner.action or outer.action,
        inner.resource or outer.resource,
    )


def _clean(pieces: Any) -> Iterator[Piece]:
    for piece in pieces:
        known = piece.known
        shown = known._replace(
            principal=redacted(known.principal),
            action=redacted(known.action),
            resource=redacted(known.resource),
        )
        yield piece._replace(text=redacted(piece.text), known=shown)


# --- Athena ---------------------------------------------------------------------------------------

_COLUMNS: Final = ("eventname", "eventsource")


def _is_table(text: str) -> bool:
    header = text[:4_000].partition("\n")[0].lower().replace('"', "").replace(" ", "")
    names = header.replace("\t", ",").split(",")
    return "errorcode" in names and any(name in names for name in _COLUMNS)


def _of_table(text: str) -> Iterator[Piece]:
    """The rows of a query on CloudTrail; its table has the names of the records in lower case.

    Source: https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
    """
    header = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter="\t" if "\t" in header else ",")
    try:
        names = [name.strip().lower() for name in next(rows)]
        for row in rows:
            yield from _clean(record(_unfolded(dict(zip(names, row, strict=False)))))
    except csv.Error:
        yield Piece(redacted(text))


def _unfolded(row: Mapping[str, str]) -> dict[str, Any]:
    """A row in the names of a record."""
    found: dict[str, Any] = {_NAMES.get(name, name): value for name, value in row.items()}
    arn = row.get("useridentity.arn") or row.get("arn") or ""
    identity = row.get("useridentity", "")
    if not arn:
        inside = re.search(r"arn\"?[=:]\s?\"?(arn:[^\s,}\"]{1,500})", identity)
        arn = inside[1] if inside is not None else ""
    found["userIdentity"] = {"arn": arn}
    resources = re.findall(r"arn:aws[a-z-]{0,10}:[^\s,}\"\]]{1,1000}", row.get("resources", ""))
    found["resources"] = [{"ARN": it} for it in resources[:20]]
    try:
        parameters = json.loads(row.get("requestparameters", "") or "{}")
    except (ValueError, RecursionError):
        parameters = {}
    found["requestParameters"] = parameters if isinstance(parameters, dict) else {}
    return found


_NAMES: Final = {
    "eventname": "eventName",
    "eventsource": "eventSource",
    "errorcode": "errorCode",
    "errormessage": "errorMessage",
    "useragent": "userAgent",
    "sourceipaddress": "sourceIPAddress",
}
