"""Text that may go into any report: on one line, without characters that no output may carry."""

from __future__ import annotations

import re

UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: what a terminal obeys
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks: text that reads as other text
    "\u00ad\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # shown as nothing
    "\U000e0000-\U000e007f"  # tags, shown as nothing
    "\u2028\u2029"  # line and paragraph separator
    "\ud800-\udfff"  # lone surrogates, which no encoding takes
    "]"
)
"""A character that a template, a policy or a file name must not pass on to a terminal or a log."""

SNIPPET_LINE = re.compile(r"[\s-]|[\w:]+:(\s|$)")
"""How a line of a help begins that is YAML to paste: wrapped, it would break."""


def safe(text: str) -> str:
    r"""``text`` on one line, its unsafe characters spelt out: ``\x1b``, ``\u202e``."""
    return UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
