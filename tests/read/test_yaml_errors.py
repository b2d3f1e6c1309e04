"""What is said of a text that is not YAML: our sentence, at the same place from every parser."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.read.parsers import read_events_with
from yaml.error import Mark, MarkedYAMLError
from yaml.reader import ReaderError
from yaml.scanner import ScannerError

from copilot_preflight.read.document import DocumentError, parse
from copilot_preflight.read.yaml import errors, pure_python

Refusal = tuple[int, int, str]


class LimitedParser(pure_python.EventParser):
    """A parser with libyaml 0.2.6's own limit, for a libyaml that is older."""

    limit = 1000

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:  # noqa: N803 - PyYAML's name
        if self.flow_level >= self.limit:
            raise _limit(self.get_mark(), "flow")
        super().fetch_flow_collection_start(TokenClass)

    def add_indent(self, column: Any) -> bool:
        if len(self.indents) >= self.limit:
            raise _limit(self.get_mark(), "block")
        return super().add_indent(column)


def _limit(mark: Mark, what: str) -> ScannerError:
    problem = "exceeded maximum nesting depth"
    return ScannerError(f"while increasing {what} level", mark, problem, mark)


all_parsers = pytest.mark.usefixtures("parser")


def refused(text: str) -> Refusal:
    with pytest.raises(DocumentError) as caught:
        parse(text, "t.yml")
    error = caught.value
    assert error.message.isprintable()
    return error.line, error.column, error.message


# --- broken texts ---------------------------------------------------------------------------------

VERSION = "write '%YAML 1.1' or leave the line out: no other version is read"
TAG_LINE = "write '%TAG !name! prefix' or leave the line out: a template needs none"
DIRECTIVE = "a line that starts with '%' needs quotes: YAML takes it for a directive"
NAMELESS = "a tag without a name: write one such as '!Sub', or put the value in quotes"
TAG_ESCAPE = "broken '%' escape in a tag: write the character itself, or put the value in quotes"
UNFINISHED = (
    r"unfinished escape in a double-quoted string: '\x' takes 2 hexadecimal digits, '\u' 4,"
    r" '\U' 8, and a plain backslash is written '\\'"
)
HALF = "this escape is half of a character, or none: write the character itself"
TAB = "tab in the indentation, where YAML takes only spaces"
BEHIND = "unexpected 'c' behind a value: put all of it in quotes"

BROKEN: list[tuple[str, Refusal]] = [
    # directives
    ("a: 1\n%b\n", (2, 1, DIRECTIVE)),
    ("%\n---\na: 1\n", (1, 1, DIRECTIVE)),
    ("%FOO bar\n---\na: 1\n", (1, 1, DIRECTIVE)),
    ("%YAML! 1.1\n---\na: 1\n", (1, 1, VERSION)),
    ("%YAML x\n---\na: 1\n", (1, 1, VERSION)),
    ("%YAML 1\n---\na: 1\n", (1, 1, VERSION)),
    ("%YAML 1.1 x\n---\na: 1\n", (1, 1, VERSION)),
    ("# c\n%YAML 1.3\n---\na: 1\n", (2, 1, VERSION)),
    ("%YAML 2.0\n---\na: 1\n", (1, 1, VERSION)),
    ("%YAML 1.1234567890123\n---\na: 1\n", (1, 1, VERSION)),
    (f"%YAML 1.{'1' * 5000}\n---\na: 1\n", (1, 1, VERSION)),
    ("%YAML 1.1\n%YAML 1.1\n---\na: 1\n", (2, 1, "a second %YAML line: leave one of them out")),
    ("%TAG\n---\na: 1\n", (1, 1, TAG_LINE)),
    ("%TAG a b\n---\na: 1\n", (1, 1, TAG_LINE)),
    ("%TAG !a!b\n---\na: 1\n", (1, 1, TAG_LINE)),
    ("%TAG !a! \n---\na: 1\n", (1, 1, TAG_LINE)),
    ("%TAG !a! b c\n---\na: 1\n", (1, 1, TAG_LINE)),
    ("%TAG !a! b{\n---\na: 1\n", (1, 1, TAG_LINE)),
    ("%TAG !a! %ED%A0%80\n---\na: 1\n", (1, 1, TAG_LINE)),
    ("%TAG !a! b\n%TAG !a! c\n---\na: 1\n",
     (2, 1, "a second %TAG line for the same tags: leave one of them out")),
    ("%YAML 1.1\na: 1\n",
     (2, 1, "expected a line '---' between the directives and the template")),
    # tags, anchors, aliases
    ("a: !x!y b\n",
     (1, 4, "a tag with two '!' needs a %TAG line: a template's tags have one, such as '!Sub'")),
    ("a: !<b c\n", (1, 4, "a tag that begins with '!<' ends with '>'")),
    ("a: !<> c\n", (1, 4, NAMELESS)),
    ("a: !! b\n", (1, 4, NAMELESS)),
    ("a: !b{ c\n",
     (1, 6, "unexpected '{' in a tag: put a space behind the tag, or the value in quotes")),
    ("a: !%zz b\n", (1, 4, TAG_ESCAPE)),
    ("a: !%80 b\n", (1, 4, TAG_ESCAPE)),
    ("a: !%c3%28 b\n", (1, 4, TAG_ESCAPE)),
    ("a: !%C3%A9 b\nc: [!%ED%A0%80 d]\n", (2, 5, TAG_ESCAPE)),
    ("a: !%F5%80%80%80 b\n", (1, 4, TAG_ESCAPE)),
    ("a: !Base64 !Sub b\n",
     (1, 12, "a second tag on one value: write one of the two in full, such as 'Fn::Sub:'")),
    ("- !Sub !Ref b\n",
     (1, 8, "a second tag on one value: write one of the two in full, such as 'Fn::Sub:'")),
    ("b: &b 1\na: !Sub *b\n",
     (2, 9, "an alias takes no tag and no anchor: write the value itself")),
    ("a: & b\n", (1, 4, "a value that starts with '&' needs quotes")),
    ("a: *.js\n", (1, 4, "a value that starts with '*' needs quotes")),
    # strings
    ("a: 'b\n---\nc'\n", (1, 4, "the quote ' that opens here is never closed")),
    ('a: "b\n...\nc"\n', (1, 4, 'the quote " that opens here is never closed')),
    ("a: 'b' c\n", (1, 8, BEHIND)),
    ("- [b] c\n", (1, 7, BEHIND)),
    (r'a: "b\d"', (1, 6, "unknown escape in a double-quoted string: double the backslash")),
    (r'a: "C:\Users"', (1, 7, UNFINISHED)),
    (r'a: "\xzz"', (1, 5, UNFINISHED)),
    (r'a: "\u12g4"', (1, 5, UNFINISHED)),
    (r'a: "\\\ud83d"', (1, 7, HALF)),
    (r'a: "\U0000DC00"', (1, 5, HALF)),
    (r'a: "\U00110000"', (1, 5, HALF)),
    (r'a: "\UFFFFFFFF"', (1, 5, HALF)),
    ("a: |0\n  b\n", (1, 5, "unexpected '0' behind the '|' or '>' that begins a block")),
    ("a: >++\n  b\n", (1, 6, "unexpected '+' behind the '|' or '>' that begins a block")),
    ("a: | b\n  c\n", (1, 6, "unexpected 'b' behind the '|' or '>' that begins a block")),
    # tabs and indicators
    ("a: |\n\tb\n", (2, 1, TAB)),
    ("a: |\n  b\n\tc\n", (3, 1, TAB)),
    ("a: b\n\tc\n", (2, 1, TAB)),
    ("- a: 1\n  b: ? c\n", (2, 6, "unexpected '? ': a value that starts with '?' needs quotes")),
    ("a: `b`\n", (1, 4, "a value that starts with '`' needs quotes")),
    ("[a, , b]\n", (1, 5, "a value is missing: found ','")),
    ("a:\n  : b\n  : c\n",
     (2, 3, "wrong indentation: expected a key of the mapping that begins on line 2")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BROKEN)
@all_parsers
def test_a_broken_text_is_refused_at_its_place(text: str, expected: Refusal) -> None:
    """Line, column and the whole message, from both parsers."""
    assert refused(text) == expected


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML's own parser takes these")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !Sub[b]\n",
         (1, 8, "unexpected '[' in a tag: put a space behind the tag, or the value in quotes")),
        ("[a:]\n", (1, 3, "unexpected ':': put a space behind it, or the value in quotes")),
    ],
)  # fmt: skip
def test_what_only_libyaml_refuses(text: str, expected: Refusal) -> None:
    """PyYAML's own parser reads a tag ``!Sub[b]`` and a mapping."""
    assert refused(text) == expected


@all_parsers
def test_directives_that_are_right() -> None:
    """They change nothing."""
    assert parse("%YAML 1.2\n%TAG !a! !\n---\nb: !a!Ref c\n", "t.yml").data == {"b": {"Ref": "c"}}


# --- nesting --------------------------------------------------------------------------------------

TOO_DEEP = "nested deeper than 200 levels"
NO_KEY = "a {} cannot be a key: a value that starts with '{}' needs quotes"

DEEP: dict[str, tuple[str, Refusal]] = {
    "flow": ("[" * 10_000, (1, 201, TOO_DEEP)),
    "closed": ("[" * 1_001 + "]" * 1_001, (1, 201, TOO_DEEP)),
    "lines": ("[\n" * 10_000, (201, 1, TOO_DEEP)),
    "value": ("a:\n  b: " + "[" * 10_000, (2, 204, TOO_DEEP)),
    "tags": ("!If [" * 10_000, (1, 501, TOO_DEEP)),
    "maps": ("{a: " * 10_000, (1, 801, TOO_DEEP)),
    "json": ('{"a":' * 10_000, (1, 1001, TOO_DEEP)),
    "dashes": ("- " * 10_000, (1, 401, TOO_DEEP)),
    "keys": ("? " * 10_000, (1, 3, NO_KEY.format("mapping", "{"))),
    "block": ("".join(" " * n + "a:\n" for n in range(1_500)), (201, 201, TOO_DEEP)),
    "both": ("- " * 150 + "[" * 10_000, (1, 351, TOO_DEEP)),
    "brackets in a key": ("{" + "[" * 10_000, (1, 2, NO_KEY.format("list", "["))),
    "no key": ("a: 1\n" + "[" * 10_000, (2, 1, "this line is no 'key: value': expected ':' behind"
                                               " it")),
}  # fmt: skip


@pytest.mark.parametrize("limit", [None, 1000, 250])
@pytest.mark.parametrize("name", DEEP)
@all_parsers
def test_a_text_is_too_deep_at_our_limit(
    name: str, limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the parser has a limit of its own and reads as far as that first."""
    if limit is not None:
        monkeypatch.setattr(LimitedParser, "limit", limit)
        read_events_with(LimitedParser, monkeypatch)
    text, expected = DEEP[name]
    assert refused(text) == expected


def test_a_parser_that_stops_before_our_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read up to there cannot be at fault; the place is where it stopped."""
    monkeypatch.setattr(LimitedParser, "limit", 50)
    read_events_with(LimitedParser, monkeypatch)
    assert refused("[" * 100 + "]" * 100) == (1, 51, TOO_DEEP)
    assert refused("{a: b: " + "[" * 100)[:2] == (1, 6)


# --- the parsers' own texts -----------------------------------------------------------------------

OF_PARSERS = {
    "while scanning for the next token": [
        "found character that cannot start any token",
        "found character '@' that cannot start any token",
    ],
    "while scanning a simple key": ["could not find expected ':'"],
    "": [
        "block sequence entries are not allowed in this context",
        "mapping keys are not allowed in this context",
        "mapping values are not allowed in this context",
        "sequence entries are not allowed here",
        "mapping keys are not allowed here",
        "mapping values are not allowed here",
        "did not find expected <document start>",
        "expected '<document start>', but found '<block mapping start>'",
        "found duplicate %YAML directive",
        "found duplicate YAML directive",
        "found incompatible YAML document",
        "found incompatible YAML document (version 1.* is required)",
        "found duplicate %TAG directive",
        "duplicate tag handle '!a!'",
    ],
    "while scanning a directive": [
        "could not find expected directive name",
        "found unexpected non-alphabetical character",
        "found unknown directive name",
        "did not find expected comment or line break",
        "expected a comment or a line break, but found 'x'",
        "expected alphabetic or numeric character, but found '!'",
        "expected a digit, but found 'x'",
        "expected a digit or '.', but found 'x'",
        "expected a digit or ' ', but found 'x'",
        "expected ' ', but found 'x'",
        "expected '!', but found 'x'",
        "expected URI escape sequence of 2 hexadecimal numbers, but found 'z'",
    ],
    "while parsing a directive": ["expected URI, but found 'x'"],
    "while scanning a %YAML directive": [
        "did not find expected digit or '.' character",
        "found extremely long version number",
        "did not find expected version number",
    ],
    "while scanning a %TAG directive": [
        "did not find expected whitespace",
        "did not find expected whitespace or line break",
    ],
    "while parsing a %TAG directive": [
        "did not find expected tag URI",
        "did not find URI escaped octet",
        "found an incorrect leading UTF-8 octet",
        "found an incorrect trailing UTF-8 octet",
    ],
    "while scanning a tag directive": ["did not find expected '!'"],
    "while parsing a tag directive": ["did not find expected '!'"],
    "while scanning an anchor": [
        "did not find expected alphabetic or numeric character",
        "expected alphabetic or numeric character, but found ' '",
    ],
    "while scanning an alias": ["did not find expected alphabetic or numeric character"],
    "while scanning a tag": [
        "did not find the expected '>'",
        "did not find expected whitespace or line break",
        "did not find expected '!'",
        "expected ' ', but found '{'",
        "expected '!', but found '{'",
        "expected URI escape sequence of 2 hexadecimal numbers, but found 'z'",
        "'utf-8' codec can't decode byte 0x80 in position 0: invalid start byte",
    ],
    "while parsing a tag": [
        "did not find expected '!'",
        "did not find expected tag URI",
        "did not find URI escaped octet",
        "found an incorrect leading UTF-8 octet",
        "found an incorrect trailing UTF-8 octet",
        "expected '>', but found ' '",
        "expected URI, but found ' '",
    ],
    "while scanning a block scalar": [
        "found an indentation indicator equal to 0",
        "did not find expected comment or line break",
        "found a tab character where an indentation space is expected",
        "expected indentation indicator in the range 1-9, but found 0",
        "expected chomping or indentation indicators, but found 'x'",
        "expected a comment or a line break, but found 'x'",
    ],
    "while scanning a quoted scalar": [
        "found unexpected document indicator",
        "found unexpected document separator",
        "found unexpected end of stream",
    ],
    "while parsing a quoted scalar": [
        "found unknown escape character",
        "did not find expected hexdecimal number",
        "found invalid Unicode character escape code",
    ],
    "while scanning a double-quoted scalar": [
        "found unknown escape character 'd'",
        "expected escape sequence of 2 hexadecimal numbers, but found 'z'",
    ],
    "while scanning a plain scalar": [
        "found unexpected ':'",
        "found a tab character that violates indentation",
    ],
    "while parsing a node": ["found undefined tag handle", "found undefined tag handle '!a!'"],
    "while parsing a block node": [
        "did not find expected node content",
        "expected the node content, but found ','",
    ],
    "while parsing a flow node": ["did not find expected node content"],
    "while parsing a block collection": [
        "did not find expected '-' indicator",
        "expected <block end>, but found '?'",
    ],
    "while parsing a block mapping": [
        "did not find expected key",
        "expected <block end>, but found '-'",
    ],
    "while parsing a flow sequence": [
        "did not find expected ',' or ']'",
        "expected ',' or ']', but got ':'",
    ],
    "while parsing a flow mapping": [
        "did not find expected ',' or '}'",
        "expected ',' or '}', but got ':'",
    ],
}
"""Context -> problems: all the texts of libyaml 0.2.5 and 0.2.6 and of PyYAML 6.0.1 to 6.0.4."""


def mark(index: int) -> Mark:
    return Mark("t.yml", index, 0, index, None, index)


@pytest.mark.parametrize(
    ("context", "problem"),
    [(context, problem) for context, problems in OF_PARSERS.items() for problem in problems],
)
def test_every_text_of_the_parsers_has_a_sentence_of_ours(context: str, problem: str) -> None:
    """None of theirs is passed on, in whatever text they say it."""
    for text in ("", "a: b\n", "x: 'y' z\n"):
        error = MarkedYAMLError(context or None, mark(3), problem, mark(7))
        fault = errors.explain(text, error)
        assert 0 <= fault.at <= len(text)
        assert str(fault).isprintable()
        assert "this is no YAML" not in str(fault)
        assert problem not in str(fault)
        assert context == "" or context not in str(fault)


def test_a_text_that_no_parser_has_yet_is_one_clean_line() -> None:
    """Without what it quotes of the file."""
    problem = "found a\nnew \x1b[31mthing 'hunter2' near \"hunter2\" and 'hunter2"
    error = MarkedYAMLError("while dreaming", mark(0), problem, mark(4))
    fault = errors.explain("a: b\nc: d\n", error)
    assert (fault.at, str(fault)) == (
        4, "this is no YAML: found a new [31mthing '…' near '…' and '…'",
    )  # fmt: skip
    assert len(str(errors.explain("", MarkedYAMLError(problem="x" * 5000)))) < 200
    assert str(errors.explain("", MarkedYAMLError())) == "this is no YAML"


def test_a_reader_that_refuses_a_sound_text_is_one_clean_line() -> None:
    """Its reason, without the name and the lines that PyYAML puts around it."""
    error = ReaderError("<unicode string>", 3, 0x62, "unicode", "input is\ntoo long")
    fault = errors.explain("a: b\n", error)
    assert (fault.at, str(fault)) == (0, "this is no YAML: input is too long")


# --- secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "USER=a\nPASSWORD=hunter2: x\n",
        "A: 'hunter2\n",
        'A: "hunter2\\q"\n',
        'A: "hunter2" hunter2\n',
        "A: %hunter2\n",
        "%hunter2 x\n",
        "A: !hunter2!x y\n",
        "A: [hunter2\nB: hunter2\n",
        "A: @hunter2\n",
        "A: |hunter2\n",
        "A: 1\nhunter2\nB: 2\n",
        "A: 1\n hunter2: 2\n",
        "A: &hunter2{ x\n",
        "A: hunter2\x07\n",
    ],
)
@all_parsers
def test_a_message_shows_nothing_of_a_file_that_is_no_yaml(text: str) -> None:
    """It may be an env file."""
    assert "hunter2" not in refused(text)[2]


@all_parsers
def test_a_long_name_is_shortened() -> None:
    """Of an alias, and of a tag on a key."""
    name = "x" * 1000
    for text in (f"a: *{name}\n", f"a: &{name} [*{name}]\n", f"!{name} a: 1\n"):
        assert len(refused(text)[2]) < 200
