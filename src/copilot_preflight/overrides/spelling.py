"""Nodes and patches in YAML, as people write them: short tags, blocks, quotes where needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from copilot_preflight.edits.spelling import quoted
from copilot_preflight.overrides.nodes import Kind, YamlNode
from copilot_preflight.overrides.patches import Patch
from copilot_preflight.read.yaml.scalars import plain

_BARE: Final = re.compile(r"/?[A-Za-z][A-Za-z0-9/_.$@%+=~-]*(?::+[A-Za-z0-9/_.$@%+=~-]+)*")
"""Text that needs no quotes, in a flow list neither."""

_SHORT_WORDS: Final = frozenset("ynYN")
"""What is a word of YAML 1.1 for some readers, and not for ours."""

_WIDTH: Final = 100
"""The longest line on which a list of a function is written between brackets."""


def block(patch: Patch, indentation: str = "") -> str:
    """A patch as an item of a block list, with a line end behind each of its lines."""
    lines = [f"- op: {scalar(patch.op)}", f"  path: {scalar(patch.path)}"]
    if patch.value is not None:
        lines += _entry("  value:", patch.value, 4)
    return "".join(f"{indentation}{line}\n" for line in lines)


def flow(patch: Patch) -> str:
    """A patch as an item of a list between brackets."""
    value = "" if patch.value is None else f", value: {flow_of(patch.value)}"
    return f"{{op: {scalar(patch.op)}, path: {scalar(patch.path)}{value}}}"


def _entry(head: str, node: YamlNode, indentation: int) -> Iterator[str]:
    """The lines of a value behind ``key:`` or ``-``; what follows has some indentation."""
    tag = f" {_tag(node)}" if node.tag else ""
    if node.kind is Kind.SCALAR or not node.content:
        yield f"{head} {flow_of(node)}"
        return
    line = f"{head} {flow_of(node)}"
    if node.tag and node.kind is Kind.SEQUENCE and _is_flat(node) and len(line) <= _WIDTH:
        yield line
        return
    margin = " " * indentation
    lines = _items(node, margin) if node.kind is Kind.SEQUENCE else _entries(node, margin)
    if head.endswith("-") and not tag:  # the first line goes behind the dash
        first = next(lines)
        yield f"{head} {first.removeprefix(margin)}"
    else:
        yield f"{head}{tag}"
    yield from lines


def _items(node: YamlNode, margin: str) -> Iterator[str]:
    for item in node.content:
        yield from _entry(f"{margin}-", item, len(margin) + 2)


def _entries(node: YamlNode, margin: str) -> Iterator[str]:
    for key, value in node.content.items():
        yield from _entry(f"{margin}{scalar(key)}:", value, len(margin) + 2)


def _is_flat(node: YamlNode) -> bool:
    """Whether there is no mapping in a list, which would be hard to read between brackets."""
    if node.kind is Kind.SEQUENCE:
        return all(map(_is_flat, node.content))
    return node.kind is Kind.SCALAR


def flow_of(node: YamlNode) -> str:
    """A value on one line."""
    if node.kind is Kind.MAPPING:
        entries = (f"{scalar(key)}: {flow_of(value)}" for key, value in node.content.items())
        text = f"{{{', '.join(entries)}}}"
    elif node.kind is Kind.SEQUENCE:
        text = f"[{', '.join(map(flow_of, node.content))}]"
    else:
        text = scalar(node.content)
    return f"{_tag(node)} {text}" if node.tag else text


def _tag(node: YamlNode) -> str:
    return f"!{node.tag.removeprefix('Fn::')}"


def scalar(value: Any) -> str:
    """A string, number or word of YAML; a string is read back as that string."""
    if isinstance(value, str):
        is_bare = _BARE.fullmatch(value) and value not in _SHORT_WORDS
        return value if is_bare and plain(value, is_json=False) is value else quoted(value)
    if value is None:
        return "null"
    if isinstance(value, float):  # without a point, YAML takes 1e+16 for a string
        digits, exponent, rest = repr(value).partition("e")
        return f"{digits}{'' if '.' in digits else '.0'}{exponent}{rest}"
    return str(value).lower() if isinstance(value, bool) else repr(value)
