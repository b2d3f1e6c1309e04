"""What is wrong with a text, at one of its characters, and how lines are counted."""

from __future__ import annotations

import re

LINE_BREAK = re.compile(r"\r\n|\r|\n")
"""What editors, and so we, count as the end of a line (YAML 1.1 counts three more characters)."""


class Fault(Exception):
    """A text that cannot be read, and the offset of the character that shows it."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


class NotPlain(Exception):
    """The text is none of those whose data can be had without their positions."""


MAX_DEPTH = 200
"""Levels of data, through aliases too. Copilot's deepest templates have about 20."""

LONGEST_KEY = 400
"""Characters. libyaml refuses a key that ends in more than 1,024, with escapes and quotes."""

EMPTY = "file is empty"
ONLY_COMMENTS = "file is empty but for comments"


def line_of(text: str, at: int) -> int:
    """The 1-based line of an offset."""
    return len(LINE_BREAK.findall(text, 0, at)) + 1


def begins_with_bracket(text: str) -> bool:
    """Whether a text may be JSON."""
    return text.lstrip(" \t\r\n").startswith(("{", "["))
