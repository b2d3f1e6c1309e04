"""Plain data in YAML: strings that every reader takes for strings, functions, lists, mappings."""

from __future__ import annotations

import re
from typing import Any, Final

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.spelling import one_line, quoted

_BARE: Final = lazy_pattern(
    r"[A-Za-z0-9/_](?:[A-Za-z0-9/_.!$%&()*+;<=>?@^|~\[\]{},'\"\\-]|:(?=\S)|(?<=\S)#|[ ](?=[^ #]))*"
)
"""Characters of a string that needs no quotes in block style, whatever may be read into it."""

_BARE_IN_FLOW: Final = lazy_pattern(r"[A-Za-z0-9_](?:[A-Za-z0-9/_.$%()*+;<=>@^|~-]|[ ](?=[^ ]))*")
"""The same between brackets; older readers stumble over a colon there."""

_COLON_IN_FLOW: Final = lazy_pattern(r":(?=[^\s,])")

_WORDS: Final = frozenset(("true", "false", "yes", "no", "on", "off", "y", "n", "null"))
_NUMBER: Final = lazy_pattern(r"0x[0-9a-f_]*|0[bo][0-7_]*|[0-9][0-9_,.:e+tz /-]*", re.IGNORECASE)
"""Numbers, dates and times in YAML 1.1, YAML 1.2 and anything like them."""

_FUNCTION: Final = lazy_pattern(r"Fn::[A-Za-z0-9]+")
_REFERENCE: Final = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9_.:]*")

LONGEST_FLOW: Final = 60
"""Characters of a list that is written in one line although nobody asked for it."""


class Style(NamedTuple):
    """How a document is written. ``step`` are the columns by which a mapping is indented below its
    key, ``list_step`` those of a list's dashes; ``has_short_tags``: ``!Sub`` instead of
    ``Fn::Sub:``."""

    step: int = 2
    list_step: int = 2
    has_short_tags: bool = True


def is_bare(text: str, *, in_flow: bool = False) -> bool:
    """Whether every reader of YAML 1.1 or 1.2 takes a text without quotes for that string."""
    bare = _BARE_IN_FLOW if in_flow else _BARE
    return (
        bare.fullmatch(text) is not None
        and text[-1] not in ": "
        and text.lower() not in _WORDS
        and _NUMBER.fullmatch(text) is None
    )


def string(text: str, *, in_flow: bool = False, quote: str | None = None) -> str:
    """A string on one line, in the quotes asked for if it can be; ``""`` asks for none."""
    if quote == '"':
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{one_line(escaped)}"'
    if not quote:
        bare = _COLON_IN_FLOW.sub("", text) if in_flow and quote == "" else text
        if is_bare(text) and is_bare(bare, in_flow=in_flow):
            return text
    return quoted(text)


def scalar(value: Any, *, in_flow: bool = False, quote: str | None = None) -> str:
    """A string, or what a JSON value other than a list or a mapping is in YAML."""
    if isinstance(value, str):
        return string(value, in_flow=in_flow, quote=quote)
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def short_tag(value: Any) -> tuple[str, Any] | None:
    """The short tag of a function and its argument, if that spelling gives the same data."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((name, argument),) = value.items()
    if name == "Ref":
        return ("!Ref", argument) if isinstance(argument, str) else None
    if not _FUNCTION.fullmatch(name):
        return None
    if name == "Fn::GetAtt" and not isinstance(argument, list):
        return None
    if name == "Fn::GetAtt" and _is_dotted(argument):
        argument = ".".join(argument)
    if not isinstance(argument, (str, list, dict)):
        return None
    tag = f"!{name.removeprefix('Fn::')}"
    return None if _is_function(argument) else (tag, argument)


def _is_dotted(argument: list[Any]) -> bool:
    """Whether the two halves of ``Resource.Attribute`` can be told apart again."""
    return (
        len(argument) == 2
        and all(isinstance(part, str) for part in argument)
        and "." not in argument[0]
    )


def _is_function(argument: Any) -> bool:
    return short_tag(argument) is not None  # one value takes one tag


# --- in one line ----------------------------------------------------------------------------------


def flow(value: Any, style: Style, *, quote: str | None = None) -> str:
    """A value as it stands between brackets, on one line."""
    tagged = short_tag(value) if style.has_short_tags else None
    if tagged is not None:
        return f"{tagged[0]} {_argument(tagged, style, in_flow=True, quote=quote)}"
    if isinstance(value, dict):
        items = (f"{string(key, in_flow=True)}: {flow(item, style)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(flow(item, style) for item in value)}]"
    return scalar(value, in_flow=True, quote=quote)


def inline(value: Any, style: Style, *, quote: str | None = None) -> str | None:
    """A value that fits behind its key or dash in block style, or None."""
    if value in ([], {}):
        return flow(value, style)
    if not isinstance(value, (dict, list)):
        return scalar(value, quote=quote)
    tagged = short_tag(value) if style.has_short_tags else None
    if tagged is None:
        return None
    tag, argument = tagged
    if not isinstance(argument, (dict, list)) or not argument:
        return f"{tag} {_argument(tagged, style, in_flow=False, quote=quote)}"
    if isinstance(argument, list) and all(_is_leaf(item, style) for item in argument):
        written = f"{tag} {flow(argument, style)}"
        return written if len(written) <= LONGEST_FLOW else None
    return None


def _argument(tagged: tuple[str, Any], style: Style, *, in_flow: bool, quote: str | None) -> str:
    tag, argument = tagged
    if not isinstance(argument, str):
        return flow(argument, style)
    if not quote and tag in ("!Ref", "!GetAtt") and _REFERENCE.fullmatch(argument):
        return argument
    return string(argument, in_flow=in_flow, quote="'" if quote is None else quote)


def _is_leaf(value: Any, style: Style) -> bool:
    """Whether a value is a scalar, or a function of scalars and such functions."""
    if not isinstance(value, (dict, list)):
        return True
    tagged = short_tag(value) if style.has_short_tags else None
    if tagged is None:
        return False
    argument = tagged[1]
    if isinstance(argument, list):
        return all(_is_leaf(item, style) for item in argument)
    return isinstance(argument, str)


# --- in several lines -----------------------------------------------------------------------------


class Block(NamedTuple):
    """A value in block style: what stands behind its key or dash, and the lines below that.

    The lines are those of ``content``, a list or a mapping, from its own column on; ``head`` is
    its tag or ``""``.
    """

    head: str
    lines: tuple[str, ...]
    is_list: bool


def block(value: Any, style: Style) -> Block:
    """A list or mapping that is not empty, in block style."""
    tagged = short_tag(value) if style.has_short_tags else None
    head, content = tagged if tagged is not None else ("", value)
    if isinstance(content, list):
        return Block(head, tuple(items(content, style)), is_list=True)
    return Block(head, tuple(_entries(content, style)), is_list=False)


def items(values: list[Any], style: Style, *, quote: str | None = None) -> list[str]:
    """The items of a list, each behind its dash."""
    lines: list[str] = []
    for value in values:
        if (written := inline(value, style, quote=quote)) is not None:
            lines.append(f"- {written}")
            continue
        found = block(value, style)
        below = [*([found.head] if found.head else ()), *found.lines]
        lines.append(f"- {below[0]}")
        lines.extend(f"  {line}" for line in below[1:])
    return lines


def _entries(values: dict[str, Any], style: Style) -> list[str]:
    return [line for key, value in values.items() for line in entry(key, value, style)]


def entry(key: str, value: Any, style: Style) -> list[str]:
    """A key with its value."""
    name = string(key)
    if (written := inline(value, style)) is not None:
        return [f"{name}: {written}"]
    found = block(value, style)
    indent = " " * (style.list_step if found.is_list else style.step)
    head = f" {found.head}" if found.head else ""
    return [f"{name}:{head}", *(indent + line for line in found.lines)]


# --- block scalars --------------------------------------------------------------------------------


def literal(text: str, header: str, indent: str, line_break: str) -> str | None:
    """A string as a block scalar that begins with ``|`` or ``>``, or None where it cannot be one.

    A folded one stays folded if it has a single line.
    """
    body = text.rstrip("\n")
    lines = body.split("\n")
    ends = len(text) - len(body)
    if not body.strip() or any(line and not line.isprintable() for line in lines):
        return None
    if lines[0].startswith(" ") or not lines[0] or any(line.endswith(" ") for line in lines):
        return None
    kind = ">" if header.startswith(">") and len(lines) == 1 else "|"
    if ends > 1:
        return None
    below = line_break.join(indent + line if line else "" for line in lines)
    return f"{kind}{'' if ends else '-'}{line_break}{below}"
