"""What is wrong with a text that is no template, in words that say what to change."""

from __future__ import annotations

import re

from yaml.error import MarkedYAMLError

LINE_BREAK = re.compile(r"\r\n|\r|\n")
"""What editors, and so we, count as the end of a line (YAML 1.1 counts three more characters)."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Fault(Exception):
    """A text that cannot be read, and the offset of the character that shows it."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


def line_of(text: str, at: int) -> int:
    """The 1-based line of an offset."""
    return len(LINE_BREAK.findall(text, 0, at)) + 1


def explain(text: str, error: Exception) -> Fault:
    """The fault behind an error of the parser, libyaml's or PyYAML's own."""
    forbidden = _FORBIDDEN.search(text)
    if not isinstance(error, MarkedYAMLError):
        if forbidden:
            return Fault(forbidden.start(), _forbidden_character(forbidden[0]))
        return Fault(0, _one_line(str(error)))
    problem_mark, context_mark = error.problem_mark, error.context_mark
    at = problem_mark.index if problem_mark else 0
    since = context_mark.index if context_mark else at
    at, since = min(at, len(text)), min(since, len(text))
    return _explain(text, at, since, error.problem or "", error.context or "")


def _explain(text: str, at: int, since: int, problem: str, context: str) -> Fault:
    character = text[at : at + 1]
    opened = line_of(text, since)
    if "that violates indentation" in problem or (
        character == "\t" and "cannot start any token" in problem
    ):
        return Fault(at, "tab in the indentation, where YAML takes only spaces")
    if "cannot start any token" in problem:
        return Fault(at, f"a value that starts with '{character}' needs quotes")
    if "alphabetic or numeric" in problem:
        return Fault(since, f"a value that starts with '{text[since : since + 1]}' needs quotes")
    if "mapping values are not allowed" in problem:
        return Fault(at, "unexpected ':': the value needs quotes, or the indentation is wrong")
    if "sequence entries are not allowed" in problem:
        return Fault(at, "unexpected '- ': a list begins on a line of its own")
    if "could not find expected ':'" in problem:
        return Fault(since, "this line is no 'key: value': expected ':' behind it")
    if "unexpected end of stream" in problem and "scalar" in context:
        return Fault(since, f"the quote {text[since : since + 1]} that opens here is never closed")
    if "document separator" in problem:
        return Fault(since, f"the quote {text[since : since + 1]} that opens here is never closed")
    if "flow sequence" in context:
        return Fault(at, f"expected ',' or ']' in the list that opens on line {opened}")
    if "flow mapping" in context:
        return Fault(at, f"expected ',' or '}}' in the mapping that opens on line {opened}")
    if "block mapping" in context:
        return Fault(
            at, f"wrong indentation: expected a key of the mapping that begins on line {opened}"
        )
    if "block collection" in context or "block sequence" in context:
        return Fault(
            at, f"wrong indentation: expected a '- ' of the list that begins on line {opened}"
        )
    if "expected node content" in problem or "expected the node content" in problem:
        found = f"found '{character}'" if character.strip() else "found the end"
        return Fault(at, f"a value is missing: {found}")
    if "<document start>" in problem:
        return Fault(at, "text behind the end of the template: one bracket too many, or too early")
    if "unknown escape character" in problem:
        return Fault(at, "unknown escape in a double-quoted string: double the backslash")
    if "Unicode character escape" in problem:
        return Fault(at, "this escape is half of a character: write the character itself")
    if "block scalar" in context:
        return Fault(at, f"unexpected '{character}' behind the '|' or '>' that begins a block")
    return Fault(at, _one_line(", ".join(filter(None, (context, problem)))))


def _forbidden_character(character: str) -> str:
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return f"U+{code:04X} is half of a character, not text"
    hint = " (is the file binary, or UTF-16?)" if code == 0 else ""
    return f"control character U+{code:04X} is not allowed in a template{hint}"


def _one_line(message: str) -> str:
    return " ".join(message.split())
