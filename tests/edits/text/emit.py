"""Plain data written as YAML in every style that people write, by chance."""

from __future__ import annotations

import re
from random import Random
from typing import Any

_BARE = re.compile(r"[A-Za-z][A-Za-z:/]*(?<!:)")
_WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
_FUNCTION = re.compile(r"Ref|Fn::[A-Z][a-z]+")


def emitted(data: Any, chance: Random) -> str:
    """A mapping or list that is not empty, as a document."""
    line_breaks = chance.choice([("\n",), ("\n",), ("\r\n",), ("\n", "\r\n")])
    lines = _comments(chance, 0, "head") + _block(data, chance)
    if chance.random() < 0.2:
        lines.insert(0, "---")
    if chance.random() < 0.2:
        lines.append("# the end")
    text = "".join(line + chance.choice(line_breaks) for line in lines)
    return text if chance.random() < 0.7 or "|" in text else text.rstrip("\r\n")


def _block(data: Any, chance: Random) -> list[str]:
    """The lines of a mapping or list from its own column on."""
    return _mapping(data, chance) if isinstance(data, dict) else _list(data, chance)


def _mapping(data: dict[str, Any], chance: Random) -> list[str]:
    lines: list[str] = []
    for key, value in data.items():
        if lines:
            lines += _comments(chance, 0, "key")
        name = _scalar(key, chance)
        head, below, is_list = _value(value, chance)
        step = chance.choice((0, 2, 4) if is_list else (1, 2, 2, 4))
        gap = " " * chance.choice((1, 1, 1, 3)) if head else ""
        comment = "" if head.startswith(("|", ">")) else _end(chance)
        lines.append(f"{name}:{gap}{head}{comment}" if head or below else f"{name}:{comment}")
        if below and not head.endswith(("|", "|-", "|+", ">", ">-")):
            lines += _comments(chance, max(step, 1), "below")
        lines += [" " * step + line if line else "" for line in below]
        if below and chance.random() < 0.1 and not head:
            lines.append(" " * step + "# tail")
    return lines


def _list(data: list[Any], chance: Random) -> list[str]:
    lines: list[str] = []
    width = chance.choice((2, 2, 2, 4))
    for value in data:
        if lines:
            lines += _comments(chance, 0, "item")
        head, below, _ = _value(value, chance)
        pad = " " * width
        dash = "-".ljust(width)
        if head or not below:
            comment = "" if head.startswith(("|", ">")) else _end(chance)
            lines.append(f"{dash}{head}{comment}".rstrip() if head else f"-{comment}")
        elif chance.random() < 0.8:
            lines.append(dash + below[0])
            below = below[1:]
        else:
            lines.append(f"-{_end(chance)}")
        lines += [pad + line if line else "" for line in below]
    return lines


def _value(value: Any, chance: Random) -> tuple[str, list[str], bool]:
    """What stands behind a key or dash, the lines below, and whether these are a list."""
    tag = ""
    if _is_function(value) and chance.random() < 0.7:
        ((name, argument),) = value.items()
        tag, value = f"!{name.removeprefix('Fn::')}", argument
    if value is None:
        return tag, [], False
    if isinstance(value, str):
        if value.isalpha() and chance.random() < 0.1:
            style = chance.choice(("|", ">"))
            return f"{tag} {style}-".lstrip(), ["  " + value], False
        if re.fullmatch("([a-z]+\n)+", value) and chance.random() < 0.8:
            lines = value.rstrip("\n").split("\n")
            return f"{tag} |".lstrip(), ["  " + line for line in lines], False
        return f"{tag} {_scalar(value, chance)}".lstrip(), [], False
    if not value or chance.random() < 0.25:
        lines = _flow(value, chance).split("\n")
        return f"{tag} {lines[0]}".lstrip(), ["  " + line for line in lines[1:]], False
    is_list = isinstance(value, list)
    return tag, _block(value, chance), is_list


def _is_function(value: Any) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((name, argument),) = value.items()
    if not _FUNCTION.fullmatch(name) or isinstance(argument, dict) or argument is None:
        return False
    return isinstance(argument, str) or name != "Ref"


def _flow(value: Any, chance: Random) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return _scalar(value, chance, in_flow=True)
    if isinstance(value, dict):
        parts = [
            f"{_scalar(key, chance, in_flow=True)}: {_flow(item, chance)}"
            for key, item in value.items()
        ]
        opens, closes = "{", "}"
    else:
        parts = [_flow(item, chance) for item in value]
        opens, closes = "[", "]"
    if not parts:
        return opens + closes
    kind = chance.randrange(5)
    if kind == 0:
        comment = chance.choice(("", " # flow"))
        listed = f",{comment}\n  ".join(part.replace("\n", "\n  ") for part in parts)
        last = chance.choice(("", ","))
        return f"{opens}\n  {listed}{last}\n{closes}"
    if kind == 1:
        return f"{opens} {', '.join(parts)} {closes}"
    if kind == 2 and len(parts) > 1:
        return f"{opens}{parts[0]},\n  {', '.join(parts[1:])}{closes}"
    return f"{opens}{', '.join(parts)}{closes}"


def _scalar(text: str, chance: Random, *, in_flow: bool = False) -> str:
    is_bare = _BARE.fullmatch(text) and text.lower() not in _WORDS
    if is_bare and not (in_flow and ":" in text) and chance.random() < 0.7:
        return text
    if "\n" in text or chance.random() < 0.4:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    return "'" + text.replace("'", "''") + "'"


def _end(chance: Random) -> str:
    return chance.choice(("", "", "", "", " # note", "  #", " "))


def _comments(chance: Random, column: int, text: str) -> list[str]:
    kind = chance.randrange(12)
    if kind == 0:
        return [" " * column + f"# {text}: - x"]
    return ["", " " * column + "#c"] if kind == 1 else [""] if kind == 2 else []
