"""What is wrong with a text that is no template, in words that say what to change.

A text of the parser is looked up in ``_SENTENCES``, so no wording of libyaml's or PyYAML's reaches
the user, and both parsers report the same thing at the same place. A sentence shows at most one
character of the file: what lies there may be a password.
"""

from __future__ import annotations

import re

from yaml.error import MarkedYAMLError

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.read.yaml.faults import LINE_BREAK, Fault, line_of

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def depth_limit(error: Exception) -> int | None:
    """The offset at which libyaml's own limit stopped it: 1000 brackets or blocks, since 0.2.6."""
    if isinstance(error, MarkedYAMLError) and "maximum nesting depth" in (error.problem or ""):
        return error.problem_mark.index if error.problem_mark else 0
    return None


def explain(text: str, error: Exception) -> Fault:
    """The fault behind an error of the parser, libyaml's or PyYAML's own."""
    if isinstance(error, UnicodeDecodeError):  # libyaml takes escapes in a tag that Python does not
        return _no_text_in_a_tag(text)
    if not isinstance(error, MarkedYAMLError):
        forbidden = _FORBIDDEN.search(text)
        if forbidden:
            return Fault(forbidden.start(), _forbidden_character(forbidden[0]))
        return Fault(0, _unknown(str(getattr(error, "reason", ""))))
    problem_mark, context_mark = error.problem_mark, error.context_mark
    at = problem_mark.index if problem_mark else 0
    since = context_mark.index if context_mark else at
    return _explain(
        text, min(at, len(text)), min(since, len(text)), error.problem or "", error.context or ""
    )


# --- the sentences --------------------------------------------------------------------------------

AT = 0
"""Where the parser stopped."""

SINCE = -1
"""Where what it was reading begins."""


class _Sentence(NamedTuple):
    """What is said where ``problem`` is found in the parser's, and ``context`` in its context.

    ``place`` is AT, SINCE, or how many characters before AT. In the message ``{found}`` is the
    character at AT, ``{first}`` the one at SINCE, ``{quote}`` the same without quotes around it,
    and ``{line}`` the line of SINCE.
    """

    problem: str
    message: str
    place: int = AT
    context: str = ""


_TAB = "tab in the indentation, where YAML takes only spaces"
_NEVER_CLOSED = "the quote {quote} that opens here is never closed"
_TAG_ESCAPE = "broken '%' escape in a tag: write the character itself, or put the value in quotes"

_VERSION = "write '%YAML 1.1' or leave the line out: no other version is read"
_NO_DIRECTIVE = "a line that starts with '%' needs quotes: YAML takes it for a directive"
_DIRECTIVES = {
    "%YAML": _VERSION,
    "%TAG": "write '%TAG !name! prefix' or leave the line out: a template needs none",
}
"""Whatever is wrong inside of a directive, by how its line begins."""

_SENTENCES = (
    # directives that are well-formed by themselves
    _Sentence("incompatible YAML document", _VERSION),
    _Sentence("duplicate (%YAML|YAML)", "a second %YAML line: leave one of them out"),
    _Sentence(
        "duplicate (%TAG|tag handle)",
        "a second %TAG line for the same tags: leave one of them out",
    ),
    # tags, anchors, aliases
    _Sentence(
        "undefined tag handle",
        "a tag with two '!' needs a %TAG line: a template's tags have one, such as '!Sub'",
    ),
    _Sentence("expected '>'", "a tag that begins with '!<' ends with '>'", SINCE, "a tag"),
    _Sentence(
        "expected (whitespace|' '|'!')",
        "unexpected {found} in a tag: put a space behind the tag, or the value in quotes",
        AT,
        "a tag",
    ),
    _Sentence(
        "expected (tag )?URI(,|$)",
        "a tag without a name: write one such as '!Sub', or put the value in quotes",
        SINCE,
        "a tag",
    ),
    _Sentence("URI escape|UTF-8 octet|codec can't decode", _TAG_ESCAPE, SINCE, "a tag"),
    _Sentence("alphabetic or numeric", "a value that starts with {first} needs quotes", SINCE),
    # single characters
    _Sentence("tab character", _TAB),
    _Sentence("cannot start any token", "a value that starts with {found} needs quotes"),
    _Sentence(
        "mapping values are not allowed",
        "unexpected ':': the value needs quotes, or the indentation is wrong",
    ),
    _Sentence(
        "mapping keys are not allowed",
        "unexpected '? ': a value that starts with '?' needs quotes",
    ),
    _Sentence(
        "sequence entries are not allowed",
        "unexpected '- ': a list begins on a line of its own",
    ),
    _Sentence(
        "could not find expected ':'",
        "this line is no 'key: value': expected ':' behind it",
        SINCE,
    ),
    _Sentence(
        "found unexpected ':'",
        "unexpected ':': put a space behind it, or the value in quotes",
    ),
    # strings
    _Sentence("unexpected end of stream", _NEVER_CLOSED, SINCE, "scalar"),
    _Sentence("unexpected document (separator|indicator)", _NEVER_CLOSED, SINCE),
    _Sentence(
        "unknown escape character",
        "unknown escape in a double-quoted string: double the backslash",
    ),
    _Sentence(
        "hexa?decimal number",
        r"unfinished escape in a double-quoted string: '\x' takes 2 hexadecimal digits, '\u' 4,"
        r" '\U' 8, and a plain backslash is written '\\'",
        2,
        "quoted scalar",
    ),
    _Sentence(
        "Unicode character escape",
        "this escape is half of a character, or none: write the character itself",
        2,
    ),
    _Sentence(
        "",
        "unexpected {found} behind the '|' or '>' that begins a block",
        AT,
        "block scalar",
    ),
    # brackets and indentation
    _Sentence("", "expected ',' or ']' in the list that opens on line {line}", AT, "flow sequence"),
    _Sentence(
        "",
        "expected ',' or '}}' in the mapping that opens on line {line}",
        AT,
        "flow mapping",
    ),
    _Sentence(
        "",
        "wrong indentation: expected a key of the mapping that begins on line {line}",
        AT,
        "block mapping",
    ),
    _Sentence(
        "",
        "wrong indentation: expected a '- ' of the list that begins on line {line}",
        AT,
        "block (collection|sequence)",
    ),
    _Sentence("expected (the )?node content", "a value is missing: found {found}"),
    _Sentence(
        "<document start>",
        "text behind the end of the template: one bracket too many, or too early",
    ),
    # Not here: libyaml's "expected <stream-start>", which no text brings about, and what both
    # readers say of bytes: they are only ever given text, and ``_forbidden_character`` looks at it.
)


def _explain(text: str, at: int, since: int, problem: str, context: str) -> Fault:
    if "directive" in context:
        known = (told for name, told in _DIRECTIVES.items() if text.startswith(name, since))
        return Fault(since, next(known, _NO_DIRECTIVE))
    if text[at : at + 1] == "\t" and "cannot start any token" in problem:
        return Fault(at, _TAB)
    if "unknown escape" in problem and text[at : at + 1] != "\\":
        at -= 1  # PyYAML's own parser marks the character behind the backslash
    if "<document start>" in problem and _last_line(text[:at]).startswith("%"):
        return Fault(at, "expected a line '---' between the directives and the template")
    if context.startswith("while parsing a block") and "node" not in context:
        before = LINE_BREAK.split(text[:at])[-1]
        if before.strip(" \t-?:\ufeff"):
            return Fault(at, _behind_a_value(text[at : at + 1]))
    for sentence in _SENTENCES:
        if re.search(sentence.problem, problem) and re.search(sentence.context, context):
            message = sentence.message.format(
                found=_shown(text[at : at + 1]),
                first=_shown(text[since : since + 1]),
                quote=text[since : since + 1],
                line=line_of(text, since),
            )
            place = since if sentence.place == SINCE else max(at - sentence.place, 0)
            return Fault(place, message)
    return Fault(at, _unknown(problem))


def _last_line(text: str) -> str:
    return LINE_BREAK.split(text.rstrip())[-1]


def _behind_a_value(character: str) -> str:
    if character == "!":
        return "a second tag on one value: write one of the two in full, such as 'Fn::Sub:'"
    if character == "*":
        return "an alias takes no tag and no anchor: write the value itself"
    return f"unexpected {_shown(character)} behind a value: put all of it in quotes"


def _shown(character: str) -> str:
    if character in ("", "\r", "\n"):
        return "the end"
    is_seen = character.isprintable() and character.strip()
    return f"'{character}'" if is_seen else f"U+{ord(character):04X}"


def _unknown(problem: str) -> str:
    """A text that no parser had when the table was written, without what it quotes of the file."""
    problem = re.sub(r"'[^']*'?|\"[^\"]*\"?", "'…'", problem)
    problem = " ".join("".join(c if c.isprintable() else " " for c in problem).split())
    return f"this is no YAML: {problem[:100]}" if problem else "this is no YAML"


# --- characters -----------------------------------------------------------------------------------


def _forbidden_character(character: str) -> str:
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return f"U+{code:04X} is half of a character, not text"
    hint = " (is the file binary, or UTF-16?)" if code == 0 else ""
    return f"control character U+{code:04X} is not allowed in a template{hint}"


def _no_text_in_a_tag(text: str) -> Fault:
    """The fault of the first tag whose ``%`` escapes spell no text, else of a %TAG line."""
    for word in re.finditer(r"\S+", text):
        _, mark, tag = word[0].partition("!")
        if mark and not all(map(_is_text, re.findall(r"(?:%[0-9a-fA-F]{2})+", tag))):
            return Fault(word.end() - len(tag) - 1, _TAG_ESCAPE)
    return Fault(max(text.find("%TAG"), 0), _DIRECTIVES["%TAG"])


def _is_text(escapes: str) -> bool:
    try:
        bytes.fromhex(escapes.replace("%", "")).decode()
    except UnicodeDecodeError:
        return False
    return True
