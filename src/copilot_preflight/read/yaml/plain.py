"""YAML or JSON text -> plain data, without positions and so at half the cost.

Most files of a run have nothing to be shown. What is here gives the very data that `tree.build`
gives, or nothing at all: for texts with anchors, with keys that are there twice, with anything that
is wrong or rare. Those are left to `tree.build`, which also says what is wrong.
"""

from __future__ import annotations

import re
from operator import is_
from sys import intern
from typing import Any, Final

from yaml.error import YAMLError
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from copilot_preflight.read.yaml.errors import Fault
from copilot_preflight.read.yaml.json_text import BRACKET, MAY_BE_JSON, ODD_CHARACTER
from copilot_preflight.read.yaml.scalars import as_number, converted, plain
from copilot_preflight.read.yaml.tags import COLLECTION_TAGS, meaning_of_tag
from copilot_preflight.read.yaml.tree import MAX_DEPTH

try:
    from yaml._yaml import CParser, get_version
except ImportError:  # a PyYAML without libyaml, whose own composer is not worth the trouble
    CParser = None  # type: ignore[assignment,misc]

_BEGINS: Final = r"(?<![^\s\[\]{},:?-].)"
_ANCHOR: Final = re.compile(rf"&{_BEGINS}\S")
_TAG_ALONE: Final = re.compile(rf"!{_BEGINS}(?!\S)")
"""They begin with the one character, for which ``re`` looks as fast as it can."""

_LONG_WAY_TO_COLON: Final = re.compile(r'"\s{400,}:')
_LONGEST_KEY: Final = 400
"""Characters. libyaml refuses a key that ends in more than 1,024, with escapes and quotes."""


class NotPlain(Exception):
    """The text is none of those whose data can be had without their positions."""


def plain_data(text: str) -> Any:
    """The data of a text. Raises NotPlain."""
    if BRACKET.match(text):
        data = _of_json(text)
    elif CParser is None or _leaves_out(text):
        raise NotPlain
    else:
        try:
            root = _Composer(text).get_single_node()
            data = None if root is None else _of_node(root, 1)
        except (YAMLError, UnicodeError, Fault):
            raise NotPlain from None
    if data is None:
        raise NotPlain
    return data


# --- YAML -----------------------------------------------------------------------------------------


def _leaves_out(text: str) -> bool:
    """Whether there may be what libyaml's composer keeps to itself.

    An anchor, ``!`` alone, or a directive.
    """
    has_directive = text.startswith("%") or "\n%" in text
    return has_directive or bool(_ANCHOR.search(text) or _TAG_ALONE.search(text))


if CParser is not None:

    class _Composer(CParser):
        """Gives nodes whose tag is the one that is written, else whether they may be no string."""

        def resolve(self, kind: type, _value: Any, implicit: Any) -> bool:
            return implicit[0] if kind is ScalarNode else True

        # It asks for these at every level, and has nothing to hear.
        descend_resolver: Any = staticmethod(is_)
        ascend_resolver: Any = staticmethod(tuple)

    if get_version() < (0, 2, 6):  # that takes any number of levels, and calls itself for each

        class _Composer(_Composer):  # type: ignore[no-redef]
            depth = 0

            def descend_resolver(self, _parent: Any, _index: Any) -> None:
                self.depth += 1
                if self.depth > MAX_DEPTH + 1:
                    raise NotPlain

            def ascend_resolver(self) -> None:
                self.depth -= 1


def _of_node(node: Any, depth: int) -> Any:
    """``depth`` are the levels of data down to the node."""
    tag, kind, value = node.tag, node.__class__, node.value
    if kind is ScalarNode:
        if tag is True:
            return plain(value, is_json=False)
        return value if tag is False else _tagged(tag, value)
    if depth > MAX_DEPTH:
        raise NotPlain
    short = ""
    if tag is not True:
        short, standard = meaning_of_tag(tag, 0)
        if standard and COLLECTION_TAGS.get(standard) is not (list, dict)[kind is MappingNode]:
            raise NotPlain
        depth += bool(short)
    data: Any
    if kind is SequenceNode:
        data = [_of_node(item, depth + 1) for item in value]
    else:
        data = {}
        for key_node, item in value:
            key = key_node.value
            if key_node.tag.__class__ is not bool or key_node.__class__ is not ScalarNode:
                raise NotPlain
            if key in data or key == "<<":
                raise NotPlain
            data[intern(key)] = _of_node(item, depth + 1)
    return {short: data} if short else data


def _tagged(tag: str, value: str) -> Any:
    short, standard = meaning_of_tag(tag, 0)
    if short == "Fn::GetAtt":
        return {short: value.split(".", 1)}
    return {short: value} if short else converted(value, standard, 0)


# --- JSON -----------------------------------------------------------------------------------------


def _of_json(text: str) -> Any:
    """The data of a JSON text without what YAML reads in another way, or refuses."""
    if not MAY_BE_JSON.match(text) or "\\u" in text:
        raise NotPlain
    if ODD_CHARACTER.search(text) or _LONG_WAY_TO_COLON.search(text):
        raise NotPlain
    import json  # here: most runs have no such file

    try:
        data = json.loads(
            text,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_refuse,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError):
        raise NotPlain from None
    if _is_deep(data):
        raise NotPlain
    return data


def _number(text: str) -> Any:
    found = as_number(text, is_json=True)
    return text if found is None else found


def _refuse(_constant: str) -> Any:
    raise NotPlain


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs) or any(len(key) > _LONGEST_KEY for key in data):
        raise NotPlain
    return data


def _is_deep(data: Any) -> bool:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if node.__class__ is dict else node)
            if child.__class__ in (dict, list)
        ]
        if not level:
            return False
    return True
