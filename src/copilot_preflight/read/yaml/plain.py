"""YAML text -> plain data, without positions and so at half the cost.

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

from copilot_preflight.read.yaml.faults import MAX_DEPTH, Fault, NotPlain, begins_with_bracket
from copilot_preflight.read.yaml.scalars import converted, plain
from copilot_preflight.read.yaml.tags import COLLECTION_TAGS, meaning_of_tag, tagged

try:
    from yaml._yaml import CParser, get_version
except ImportError:  # a PyYAML without libyaml, whose own composer is not worth the trouble
    CParser = None  # type: ignore[assignment,misc]

_BEGINS: Final = r"(?<![^\s\[\]{},:?-].)"
_ANCHOR: Final = re.compile(rf"&{_BEGINS}\S")
_TAG_ALONE: Final = re.compile(rf"!{_BEGINS}(?!\S)")
"""They begin with the one character, for which ``re`` looks as fast as it can."""


def plain_data(text: str) -> Any:
    """The data of a text. Raises NotPlain."""
    if CParser is None or begins_with_bracket(text) or _leaves_out(text):
        raise NotPlain
    try:
        root = _Composer(text).get_single_node()
        data = None if root is None else _of_node(root, 1)
    except (YAMLError, UnicodeError, Fault):
        raise NotPlain from None
    if data is None:
        raise NotPlain
    return data


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
    return tagged(short, value) if short else converted(value, standard, 0)
