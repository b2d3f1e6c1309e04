"""What ``document`` promises: the data, the places, the comments, and what it refuses."""

from __future__ import annotations

import json
import os
import pickle
import time
import tracemalloc
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.amount import examples, some

from copilot_preflight.base.finding import DataPath, Position, Span
from copilot_preflight.read.document import Document, DocumentError, parse, read
from copilot_preflight.read.layout import Comment
from copilot_preflight.read.lookup import span_of
from copilot_preflight.read.yaml import block_tree
from copilot_preflight.read.yaml.block_style import _shared, block_data
from copilot_preflight.read.yaml.events import build
from copilot_preflight.read.yaml.faults import Fault, NotPlain
from copilot_preflight.read.yaml.json_data import json_data
from copilot_preflight.read.yaml.plain import plain_data
from copilot_preflight.read.yaml.tree import Node

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


all_parsers = pytest.mark.usefixtures("parser")


def load(text: str | bytes) -> Any:
    return parse(text, "t.yml").data


def refused(text: str | bytes) -> tuple[int, int, str]:
    with pytest.raises(DocumentError) as caught:
        parse(text, "t.yml")
    error = caught.value
    assert (error.file, str(error)) == ("t.yml", error.message)
    assert "\n" not in error.message
    return error.line, error.column, error.message


def source(document: Document, path: DataPath, *, key: bool = False) -> str:
    """The text that a span covers."""
    span = document.span(path, key=key)
    return document.text[_offset(document.text, span.start) : _offset(document.text, span.end)]


def _offset(text: str, position: Position) -> int:
    lines = text.replace("\r\n", "\n\n").replace("\r", "\n").split("\n")
    if "\r\n" in text:  # keep offsets: a CRLF is one line end of two characters
        lines = text.split("\r\n")
        return sum(len(line) + 2 for line in lines[: position.line - 1]) + position.column - 1
    return sum(len(line) + 1 for line in lines[: position.line - 1]) + position.column - 1


# --- data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("012345678901", "012345678901"),
        ("111122223333", 111122223333),
        ("2012-10-17", "2012-10-17"),
        ("2012-10-17T10:00:00Z", "2012-10-17T10:00:00Z"),
        ("1:30", "1:30"),
        ("0o17", "0o17"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("+1", "+1"),
        ("12e3", "12e3"),
        ("8.8.8.8", "8.8.8.8"),
        ("9" * 70, "9" * 70),
        ("1.5e+999", "1.5e+999"),
        (".inf", ".inf"),
        ("=", "="),
        ("0", 0),
        ("-7", -7),
        ("0.5", 0.5),
        ("-1.25e+3", -1250.0),
        ("true", True),
        ("Yes", True),
        ("on", True),
        ("FALSE", False),
        ("no", False),
        ("Off", False),
        ("~", None),
        ("Null", None),
        ("'true'", "true"),
        ('"012"', "012"),
        ("'~'", "~"),
        ("", None),
    ],
)
@all_parsers
def test_a_plain_scalar_is_a_number_or_word_only_where_nothing_is_lost(
    text: str, data: Any
) -> None:
    """Account ids, dates, times and hashes stay as written; numbers, words and nulls do not."""
    loaded = load(f"a: {text}\n")["a"]
    assert (loaded, type(loaded)) == (data, type(data))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("!Ref x", {"Ref": "x"}),
        ("!Ref 12", {"Ref": "12"}),
        ("!Condition c", {"Condition": "c"}),
        ("!GetAtt a.b.c", {"Fn::GetAtt": ["a", "b.c"]}),
        ("!GetAtt a", {"Fn::GetAtt": ["a"]}),
        ("!GetAtt [a, b]", {"Fn::GetAtt": ["a", "b"]}),
        ("!Sub '${a}'", {"Fn::Sub": "${a}"}),
        ("!Sub ['${a}', {a: !Ref b}]", {"Fn::Sub": ["${a}", {"a": {"Ref": "b"}}]}),
        ("!If [c, !Ref a, !Ref b]", {"Fn::If": ["c", {"Ref": "a"}, {"Ref": "b"}]}),
        ("!If\n  - c\n  - !Not [!Equals [a, 1]]\n  - 2",
         {"Fn::If": ["c", {"Fn::Not": [{"Fn::Equals": ["a", 1]}]}, 2]}),
        ("!Transform {Name: x, Parameters: {a: 1}}",
         {"Fn::Transform": {"Name": "x", "Parameters": {"a": 1}}}),
        ("!Transform\n  Name: x", {"Fn::Transform": {"Name": "x"}}),
        ("!Foo", {"Fn::Foo": ""}),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int 12", 12),
        ("!!int '12'", 12),
        ("!!float 1", 1.0),
        ("!!bool yes", True),
        ("!!null ''", None),
        ("!!timestamp 2012-10-17", "2012-10-17"),
        ("!!map {a: 1}", {"a": 1}),
        ("!!seq [a]", ["a"]),
    ],
)  # fmt: skip
@all_parsers
def test_a_tag_is_spelt_long(text: str, data: Any) -> None:
    """Every short tag, on scalars, lists and mappings; standard tags mean what YAML says."""
    assert load(f"a: {text}\n") == {"a": data}


@all_parsers
def test_keys_are_strings_as_written() -> None:
    """A port, a boolean, a null or a date as key keeps its spelling."""
    assert load("80: a\ntrue: b\n~: c\n2012-10-17: d\n010: e\n'x': f\n!!str 7: g\n") == {
        "80": "a", "true": "b", "~": "c", "2012-10-17": "d", "010": "e", "x": "f", "7": "g"
    }  # fmt: skip


@all_parsers
def test_an_alias_repeats_the_same_object() -> None:
    """Anchors are shared, not copied."""
    data = load("a: &x\n  - 1\nb: *x\n&k c: *k\n")
    assert data == {"a": [1], "b": [1], "c": "c"}
    assert data["a"] is data["b"]


@all_parsers
def test_merge_keys_fill_in_what_is_not_said() -> None:
    """Explicit keys win over merged ones, earlier mappings over later ones; no key is a repeat."""
    assert load(
        "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\n"
        "p:\n  b: 0\n  <<: *x\nq:\n  <<: [*x, *y, {d: 5}]\n'<<': 7\n"
    ) == {
        "x": {"a": 1, "b": 2}, "y": {"b": 3, "c": 4}, "p": {"b": 0, "a": 1},
        "q": {"a": 1, "b": 2, "c": 4, "d": 5}, "<<": 7,
    }  # fmt: skip


@all_parsers
def test_json_is_read_as_json() -> None:
    """Tabs, escapes, surrogate pairs and exponents of JSON come out right."""
    text = (
        '\t{\n\t\t"a": "\\/\\ud83d\\ude00\\n\\\\ud83d \\ufffd",\n'
        '\t"b":[1e5, -0.5E+2, true, null, "\\u0000"]\n\t}\n\t\n'
    )
    assert load(text) == json.loads(text)


@all_parsers
def test_json_may_break_lines_before_a_colon() -> None:
    """YAML may not. Strings keep what looks alike, and places are those of the text."""
    text = '{"a"\n : 1, "b"\r\n\r\n\t:\n["\\"", "\\"\\n:"], "c" : {"d"\n: "e\\\\"\n}}'
    document = parse(text, "t.json")
    assert document.data == json.loads(text)
    assert document.span(("b",)).start == Position(5, 1)
    assert refused('{"a"\n: 1, }}')[:2] == (2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"# preflight: ignore[W9713] x\nR{n}: 1\n" for n in range(4000)),
        "# preflight: ignore[W9713] x\n" * 4000 + "R: 1\n",
        "R:\n" + "".join(f"- {n} # preflight: ignore[W9713] x\n" for n in range(4000)),
    ],
    ids=["above lines", "in a row", "behind items"],
)
def test_the_places_of_many_comments_take_linear_time(text: str) -> None:
    """None is looked for among all others, nor among all lines."""
    document = parse(text, "t.yml")
    start = time.perf_counter()
    spans = [document.span(document.path_of(comment)) for comment in document.comments]
    assert time.perf_counter() - start < 5
    assert len(spans) == 4000


def test_many_line_breaks_before_colons_take_linear_time() -> None:
    """A text of quotes and blanks is no work for a whole afternoon."""
    for text in ('{"a"' + "\n" * 200_000, "{" + '"\n' * 100_000, "{" + '"a"\n:1,' * 20_000):
        start = time.perf_counter()
        refused(text)
        assert time.perf_counter() - start < 5


def test_tabs_between_the_tokens_of_json_are_blanks() -> None:
    """libyaml takes tabs inside brackets."""
    assert load('{\t"a"\t:\t[\t1\t,\t2\t]\t}\t') == {"a": [1, 2]}


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffé: 1\n".encode(),
        "é: 1\n".encode("utf-16"),
        b"\xfe\xff" + "é: 1\n".encode("utf-16-be"),
        "é: 1\r\n".encode(),
        "---\né: 1\n...\n".encode(),
        "%YAML 1.1\n---\né: 1\n".encode(),
        "\ufeffé: 1\n",
    ],
)
@all_parsers
def test_encodings(content: str | bytes) -> None:
    """UTF-8 with and without a byte order mark, UTF-16 with one, either line end, one ``---``."""
    assert load(content) == {"é": 1}


# --- places ---------------------------------------------------------------------------------------

PLACES = """\
# leading
Résumé: 'ü€😀'   # trailing
Block:
  Inner: plain words   # c

  Empty:
  List:
    - one
    - - two
      - "th\\u0072ee"
    # comment after the list

# comment between
Text: |
  line 1

  line 2   \n

Folded: !Sub >-  # header
  a ${b}
If: !If [A, !Ref B, {x: y, z}]
Deep: !If
  - A
  - !Join
    - ','
    - [!GetAtt a.b, *later]
Same:
- 1
-
- 3
Multi: a
  b   # c
Anchored: &anchor !Select
  [0, [a]]
Flow: {a: 1, b: [2,
  3]  }
Alias: *anchor
? Asked
: 1
? NoValue
Last: 'x'
""".replace("*later", "later")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("Résumé",), "'ü€😀'"),
        (("Block",), PLACES[PLACES.index("Inner") : PLACES.index("\n    # comment after")]),
        (("Block", "Inner"), "plain words"),
        (("Block", "Empty"), ""),
        (("Block", "List"), '- one\n    - - two\n      - "th\\u0072ee"'),
        (("Block", "List", 1), '- two\n      - "th\\u0072ee"'),
        (("Block", "List", 1, 1), '"th\\u0072ee"'),
        (("Text",), "|\n  line 1\n\n  line 2"),
        (("Folded",), "!Sub >-  # header\n  a ${b}"),
        (("Folded", "Fn::Sub"), "!Sub >-  # header\n  a ${b}"),
        (("If",), "!If [A, !Ref B, {x: y, z}]"),
        (("If", "Fn::If"), "!If [A, !Ref B, {x: y, z}]"),
        (("If", "Fn::If", 0), "A"),
        (("If", "Fn::If", 1), "!Ref B"),
        (("If", "Fn::If", 1, "Ref"), "!Ref B"),
        (("If", "Fn::If", 2), "{x: y, z}"),
        (("If", "Fn::If", 2, "x"), "y"),
        (("Deep",), "!If\n  - A\n  - !Join\n    - ','\n    - [!GetAtt a.b, later]"),
        (("Deep", "Fn::If", 1), "!Join\n    - ','\n    - [!GetAtt a.b, later]"),
        (("Deep", "Fn::If", 1, "Fn::Join", 1, 0), "!GetAtt a.b"),
        (("Deep", "Fn::If", 1, "Fn::Join", 1, 0, "Fn::GetAtt", 0), "a.b"),
        (("Deep", "Fn::If", 1, "Fn::Join", 1, 0, "Fn::GetAtt", 1), "a.b"),
        (("Same",), "- 1\n-\n- 3"),
        (("Same", 1), ""),
        (("Multi",), "a\n  b"),
        (("Anchored",), "&anchor !Select\n  [0, [a]]"),
        (("Anchored", "Fn::Select", 1, 0), "a"),
        (("Flow",), "{a: 1, b: [2,\n  3]  }"),
        (("Flow", "b"), "[2,\n  3]"),
        (("Alias",), "*anchor"),
        (("Alias", "Fn::Select", 1), "[a]"),
        (("Asked",), "1"),
        (("NoValue",), ""),
        (("Last",), "'x'"),
        ((), PLACES[PLACES.index("R") :].rstrip()),
    ],
)
@all_parsers
def test_a_span_covers_exactly_its_node(path: DataPath, expected: str) -> None:
    """From the tag or anchor to the last character; comments and blank lines are outside."""
    assert source(parse(PLACES, "t.yml"), path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("Résumé",), "Résumé"),
        (("Block", "Empty"), "Empty"),
        (("Block", "List", 1), '- two\n      - "th\\u0072ee"'),
        (("If", "Fn::If"), "!If"),
        (("If", "Fn::If", 2, "z"), "z"),
        (("Anchored", "Fn::Select"), "!Select"),
        (("Asked",), "Asked"),
        (("Block", "Missing"), "Block"),
    ],
)
@all_parsers
def test_the_span_of_a_key(path: DataPath, expected: str) -> None:
    """``key=True`` covers the key; a list's item stands for itself, a tag for its long key."""
    assert source(parse(PLACES, "t.yml"), path, key=True) == expected


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        (("Block", "Inner", "x", 3), ("Block", "Inner")),
        (("Block", "List", 9), ("Block", "List")),
        (("Block", "List", -1), ("Block", "List")),
        (("Block", "List", "0"), ("Block", "List")),
        (("If", 0), ("If",)),
        (("If", "Ref"), ("If",)),
        (("Flow", 0), ("Flow",)),
        (("Nothing", "here"), ()),
    ],
)
def test_a_missing_path_stands_at_its_nearest_ancestor(path: DataPath, nearest: DataPath) -> None:
    """A finding about an absent property points at what lacks it."""
    document = parse(PLACES, "t.yml")
    assert document.span(path) == document.span(nearest)


def test_lines_and_columns_count_characters() -> None:
    """1-based, in characters, whatever the width in bytes and whatever ends a line."""
    document = parse("\ufeff'é€😀': {a: '\u2028😀', b: 1}\r\nc: 2\r\n", "t.yml")
    assert document.span(("é€😀", "b")) == Span(Position(1, 21), Position(1, 22))
    assert document.span(("c",)) == Span(Position(2, 4), Position(2, 5))


def test_merged_keys_stand_where_they_are_written() -> None:
    """A merged key has the place of its original."""
    document = parse("x: &x\n  a: 1\ny:\n  <<: *x\n  b: 2\n", "t.yml")
    assert source(document, ("y", "a"), key=True) == "a"
    assert document.span(("y", "a")) == Span(Position(2, 6), Position(2, 7))
    assert source(document, ("y",)) == "<<: *x\n  b: 2"


def test_many_spans_of_a_large_mapping_are_quick() -> None:
    """Looking up every key of a mapping takes time in proportion to its size."""
    document = parse("".join(f"k{n}: {n}\n" for n in range(20_000)), "t.yml")
    began = time.perf_counter()
    for n in range(20_000):
        document.span((f"k{n}",))
    assert time.perf_counter() - began < 5


# --- comments -------------------------------------------------------------------------------------


@all_parsers
def test_comments_are_only_comments() -> None:
    """Never text of a scalar, quoted, block or plain; also behind headers, tags and brackets."""
    text = """\
# first  \n\
a: 'x # no'  # after quoted
b: |  # header
  # no
  text # no
 # less indented
c: plain#no # after plain
d: !Sub  # after tag
  - "x
    # no"
  # between
  - [a, # in flow
     b]
'# no': 1 # after key
f: !Sub | # tagged header
  # no
e: &x # after anchor
  1#no
# last"""
    comments = parse(text, "t.yml").comments
    assert comments[0] == Comment(1, 1, "# first")
    assert comments[1] == Comment(2, 14, "# after quoted")
    assert [comment.text for comment in comments] == [
        "# first", "# after quoted", "# header", "# less indented", "# after plain", "# after tag",
        "# between", "# in flow", "# after key", "# tagged header", "# after anchor", "# last",
    ]  # fmt: skip


def test_a_text_without_comments_has_none() -> None:
    """No comment, no scalar with a hash, and a hash only in scalars."""
    assert parse("a: 1\n", "t.yml").comments == ()
    assert parse("a: b#c\nd: '# e'\n", "t.yml").comments == ()


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (1, 1, "file is empty")),
        (" \n\n", (1, 1, "file is empty")),
        ("# only\n", (1, 1, "file is empty but for comments")),
        ("a: 1\n---\nb: 2\n", (2, 1, "a second document begins here: expected only one")),
        ("---\na: 1\n---\nb: 2\n", (3, 1, "a second document begins here: expected only one")),
        ("a: 1\nb: 2\na: 3\n", (3, 1, "key 'a' is already on line 1")),
        ('{"80": 1,\n 80: 2}', (2, 2, "key '80' is already on line 1")),
        ("a: &x b\nb: 1\n*x : 2\n", (3, 1, "key 'b' is already on line 2")),
        ("a:\n\tb: 1\n", (2, 1, "tab in the indentation, where YAML takes only spaces")),
        ("a:\n  b: 1\n\tc: 2\n", (3, 1, "tab in the indentation, where YAML takes only spaces")),
        ("a: b: c\n",
         (1, 5, "unexpected ':': the value needs quotes, or the indentation is wrong")),
        ("a: 1\nb\nc: 2\n", (2, 1, "this line is no 'key: value': expected ':' behind it")),
        ("a: 'b\nc: d\n", (1, 4, "the quote ' that opens here is never closed")),
        ("Resource: *\n", (1, 11, "a value that starts with '*' needs quotes")),
        ("a: @b\n", (1, 4, "a value that starts with '@' needs quotes")),
        ("a: [b,\nc: d\n", (3, 1, "expected ',' or ']' in the list that opens on line 1")),
        ("a: {b: c\n", (2, 1, "expected ',' or '}' in the mapping that opens on line 1")),
        ('{"a": "b" "c": 1}', (1, 11, "expected ',' or '}' in the mapping that opens on line 1")),
        ("x: 1\na:\n    b: 1\n  c: 2\n",
         (4, 3, "wrong indentation: expected a key of the mapping that begins on line 1")),
        ("a:\n  - b\n  c: d\n",
         (3, 3, "wrong indentation: expected a '- ' of the list that begins on line 2")),
        ("a: - b\n", (1, 4, "unexpected '- ': a list begins on a line of its own")),
        ("{a: 1}}\n",
         (1, 7, "text behind the end of the template: one bracket too many, or too early")),
        ("]\n", (1, 1, "a value is missing: found ']'")),
        ("a: {{ x }}\n",
         (1, 5, "a mapping cannot be a key: a value that starts with '{' needs quotes")),
        ("? [a]\n: 1\n",
         (1, 3, "a list cannot be a key: a value that starts with '[' needs quotes")),
        ("!Ref a: 1\n", (1, 1, "a key cannot carry a tag: !Ref")),
        ("a: *b\n", (1, 4, "alias '*b' repeats nothing: no '&b' before it")),
        ("a: &a [*a]\n", (1, 8, "alias '*a' stands inside the value that it repeats")),
        ("a: &a [1]\n*a : 2\n", (2, 1, "alias '*a' is a key, but '&a' is no plain value")),
        ("a:\n  <<: 1\n", (2, 7, "'<<' merges only a mapping or a list of mappings")),
        ("a: &a [1]\nb:\n  <<: [*a]\n",
         (3, 7, "'<<' merges only a mapping or a list of mappings")),
        ("a: !!int b\n", (1, 4, "tag '!!int' does not fit the value 'b'")),
        ("a: !!str [b]\n", (1, 4, "tag '!!str' does not fit the value")),
        ("a: !!python/name:os.system x\n",
         (1, 4, "tag 'tag:yaml.org,2002:python/name:os.system' means nothing in a template")),
        ("a: 1\nb: x\0y\n",
         (2, 5, "control character U+0000 is not allowed in a template (is the file binary, or"
                " UTF-16?)")),
        ("a: 1\nb: é\x07\n", (2, 5, "control character U+0007 is not allowed in a template")),
        ("a: \ud83d\n", (1, 4, "U+D83D is half of a character, not text")),
        ('{"a": "\\ud83d"}',
         (1, 7, "half a character in this string: '\\ud8..' and '\\udc..' go in pairs")),
        (b"a: 1\nb: \xc3\xa9\xff\n",
         (2, 5, "byte 0xff is not UTF-8: save the file as UTF-8")),
        (b"\xff\xfea", (0, 0, "file is broken UTF-16: save it as UTF-8")),
    ],
)  # fmt: skip
@all_parsers
def test_a_bad_text_is_refused_with_its_place(
    text: str | bytes, expected: tuple[int, int, str]
) -> None:
    """Line, column and the whole message."""
    assert refused(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[\n" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000 + "a",
        "? " * 100_000 + "a",
        "!If [" * 100_000,
        "".join(" " * n + "a:\n" for n in range(3_000)),
        "[" * 201 + "]" * 201,
        "- &a0 [1]\n" + "".join(f"- &a{n + 1} [*a{n}]\n" for n in range(300)),
    ],
    ids=["flow", "lines", "maps", "dashes", "keys", "tags", "block", "201", "aliases"],
)
@all_parsers
def test_deep_nesting_is_refused(text: str) -> None:
    """Quickly, at the place, and also where aliases build the depth."""
    began = time.perf_counter()
    line, column, message = refused(text)
    assert line > 0
    assert column > 0
    assert message in (
        "nested deeper than 200 levels",
        "a mapping cannot be a key: a value that starts with '{' needs quotes",
    )
    assert time.perf_counter() - began < 5


@all_parsers
def test_nesting_of_200_levels_is_read() -> None:
    """The limit itself is allowed."""
    assert json.dumps(load("[" * 200 + "]" * 200)) == "[" * 200 + "]" * 200


@all_parsers
def test_an_alias_bomb_is_refused() -> None:
    """Nine lines of aliases cannot stand for a billion nodes."""
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    line, _, message = refused(bomb)
    assert line == 5
    assert message == "aliases multiply the template to more than 100,000 nodes"


@all_parsers
def test_a_merge_bomb_is_refused() -> None:
    """Merges count as what they copy."""
    keys = ", ".join(f"k{n}: 1" for n in range(1000))
    bomb = f"a: &a {{{keys}}}\nb:\n" + "  - {<<: *a}\n" * 2000
    assert refused(bomb)[2] == "aliases multiply the template to more than 100,000 nodes"


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_scalar_of_5_mb_is_read(quote: str) -> None:
    """One line of five million characters."""
    value = "x" * 5_000_000
    assert load(f"a: {quote}{value}{quote}\n") == {"a": value}


@pytest.mark.parametrize(
    "text",
    ['{"a": "' + '\\"' * 2_000_000, '{"' + "\t" * 2_000_000, "{" + '"\\ud83d' * 500_000,
     "a: " + "!" * 1_000_000, "a: &x" + " " * 2_000_000 + "b", "#" * 5_000_000 + "\na: b # c",
     "a: !Sub" + " \n" * 1_000_000 + "  b"],
    ids=["quotes", "tabs", "surrogates", "tag", "anchor", "comment", "lines"],
)  # fmt: skip
def test_a_hostile_text_takes_no_longer_than_its_size(text: str) -> None:
    """No pattern of the reader backtracks."""
    began = time.perf_counter()
    with suppress(DocumentError):
        _ = parse(text, "t.yml").comments
    assert time.perf_counter() - began < 10


# --- files ----------------------------------------------------------------------------------------


def test_a_file_is_read_under_the_name_it_is_shown_with(tmp_path: Path) -> None:
    """The path, unless another name is given."""
    path = tmp_path / "é.yml"
    path.write_bytes("a: é\n".encode())
    assert (read(path).file, read(path).data, read(path).text) == (
        str(path), {"a": "é"}, "a: é\n",
    )  # fmt: skip
    assert read(str(path), "shown.yml").file == "shown.yml"


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder and an impossible name are errors with a clear line."""
    for path, message in (
        (tmp_path / "missing.yml", "cannot read: no such file or directory"),
        (tmp_path, "cannot read: is a directory"),
        ("a\0b", "cannot read: embedded null byte"),
    ):
        with pytest.raises(DocumentError) as caught:
            read(path, "shown.yml")
        error = caught.value
        assert (error.file, error.line, error.column, error.message) == (
            "shown.yml", 0, 0, message,
        )  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    """The file system's own reason is given."""
    path = tmp_path / "t.yml"
    path.write_text("a: 1\n")
    path.chmod(0)
    with pytest.raises(DocumentError, match="permission denied"):
        read(path)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """A sparse file of 50 GB is refused by its size."""
    path = tmp_path / "t.yml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000_000)
    with pytest.raises(DocumentError) as caught:
        read(path)
    assert str(caught.value) == (
        "file has 50000 MB: CloudFormation takes a template of at most 1 MB"
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_an_endless_device_is_refused() -> None:
    """What has no size is read only up to the limit."""
    with pytest.raises(DocumentError, match="at most 1 MB"):
        read("/dev/zero")


# --- any data -------------------------------------------------------------------------------------

TEXTS = st.text(max_size=20)
LEAVES = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXTS | st.floats(
    allow_nan=False, allow_infinity=False)  # fmt: skip
DATA = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def leaves(data: Any, path: DataPath = ()) -> list[tuple[DataPath, Any]]:
    if not isinstance(data, dict | list):
        return [(path, data)]
    items = data.items() if isinstance(data, dict) else enumerate(data)
    return [leaf for step, value in items for leaf in leaves(value, (*path, step))]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(DATA, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_any_json_loads_as_itself(data: Any, indent: int | str | None, ascii_only: bool) -> None:
    """Whatever ``json`` writes is read back, and every leaf's span is its source."""
    text = json.dumps({"": data}, indent=indent, ensure_ascii=ascii_only)
    document = parse(text, "t.json")
    assert document.data == {"": data}
    assert document.comments == ()
    for path, value in leaves(document.data):
        assert json.loads(source(document, path)) == value


def _readable(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(DATA, st.sampled_from([True, False, None]), st.booleans())
def test_any_yaml_loads_as_itself(data: Any, flow: bool | None, unicode: bool) -> None:
    """Whatever PyYAML writes is read back, and every leaf's span loads as the leaf."""
    text = yaml.safe_dump(
        {"k": data}, default_flow_style=flow, allow_unicode=unicode, sort_keys=False
    )
    assume(_readable(text) == {"k": data})  # PyYAML breaks some strings with odd line ends
    document = parse(text, "t.yml")
    assert document.data == {"k": data}
    assert document.comments == ()
    for path, value in leaves(document.data):
        if isinstance(value, str) and "\n" not in source(document, path):
            assert yaml.safe_load(f"- {source(document, path)}") == [value]


YAML_LIKE = st.text(alphabet="ab01 \n\t:-#[]{},'\"!&*|>?%@.\\é😀\r\x85\u2028~<=", max_size=60)
PIECES = st.lists(
    st.sampled_from(
        [
            "a: ",
            "b: ",
            "- ",
            "\n",
            "\n  ",
            "\n    ",
            "!Ref ",
            "!GetAtt ",
            "!Sub ",
            "!!str ",
            "!!int ",
            "!If [a, b, c]",
            "x.y",
            "1",
            "-0",
            "1e5",
            "0x1f",
            "007",
            "1_000",
            ".5",
            "~",
            "null",
            "yes",
            "'q'",
            '"d"',
            '"\\u00e9"',
            '"\\ud800"',
            "|\n    x\n",
            ">-\n    y\n",
            "[",
            "]",
            "{",
            "}",
            ", ",
            '"a": ',
            '"b":',
            "<<: ",
            "&x ",
            "*x",
            "? ",
            "# c",
            "---\n",
            "...\n",
            "%YAML 1.1\n",
            "! ",
            "\t",
        ]
    ),
    max_size=25,
).map("".join)
"""Texts that nearly always are YAML or JSON, or nearly are."""


@settings(deadline=None)
@given(YAML_LIKE)
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader fail otherwise, and every place lies in the text."""
    try:
        document = parse(text, "t.yml")
    except DocumentError as error:
        assert error.line <= text.count("\n") + text.count("\r") + 1  # noqa: PT017
        return
    _ = document.comments
    for path, _value in leaves(document.data):
        for key in (False, True):
            start, end = document.span(path, key=key)
            assert start <= end


LINES = st.lists(
    st.tuples(
        st.sampled_from(("", "  ", "    ", "      ", " ")),
        st.sampled_from(("", "", "- ", "- - ", "-")),
        st.sampled_from(("", "a: ", "b: ", "'c': ", "d:", "Fn::Sub: ", "e-f: ", "a:b: ")),
        st.sampled_from(
            ("", "", "1", "x y", "x:y", "x: y", "!Ref x", "!Sub", "!GetAtt a.b", "'x'", '"y"',
             "''z'", "|", "|-", "|+", "[a, !Ref b]", "[", "]", "{a: b}", "[a,", "# c", "x # c",
             "x#c", "-1", "~", "!If [a, 'b', {c: d}]", "!Sub 'x' # y", "a::b", "- x", "...", "---",
             "&a x", "*a")
        ),
        st.sampled_from(("\n", "\n", "\n", "\n", "\n\n", " \n", "")),
    ).map("".join),
    max_size=12,
).map("".join)  # fmt: skip
"""Lines as templates have them, in a disorder that few have."""

READERS = (block_data, plain_data, json_data)


@settings(deadline=None, max_examples=examples(900))
@given(st.sampled_from(READERS), YAML_LIKE | PIECES | LINES | DATA.map(json.dumps))
def test_plain_data_are_those_of_the_tree(reads: Callable[[str], Any], text: str) -> None:
    """Where they are read without positions at all; and then the text has no fault."""
    try:
        data = reads(text)
    except NotPlain:
        return
    try:
        tree = build(text)
    except Fault as fault:
        raise AssertionError(f"{text!r} is refused: {fault}") from fault
    assert repr(tree.data) == repr(data)  # 1, 1.0 and True are equal


@settings(deadline=None, max_examples=examples(900))
@given(YAML_LIKE | PIECES | LINES)
def test_every_node_of_a_template_stands_where_the_events_have_it(text: str) -> None:
    """Of what is read line by line, both for its data and for its places."""
    try:
        mine = block_tree.build(text)
    except NotPlain:
        with pytest.raises(NotPlain):
            block_data(text)
        return
    whole = build(text)
    assert repr(mine.data) == repr(whole.data)
    assert mine.hashed == whole.hashed
    assert places_in(mine.root) == places_in(whole.root)


def places_in(node: Node) -> Any:
    """A tree as plain data."""
    below: Any = node.children
    if isinstance(below, dict):
        below = {k: (it.key_start, it.key_end, places_in(it.value)) for k, it in below.items()}
    elif below is not None:
        below = list(map(places_in, below))
    return node.start, node.end, node.tag, below


def test_most_texts_are_read_as_plain_data() -> None:
    """Or the test above would hold for a reader that never gives any."""
    for text in ("a: !Ref b\n", "a:\n  - 1\n  - !Sub '${x}'\n"):
        assert block_data(text) == plain_data(text) == build(text).data
    text = '{"a": [1, 1e5, -0, true]}'
    assert json_data(text) == build(text).data


@pytest.mark.parametrize(
    "text",
    ["a: &x 1\nb: *x\n", "<<: {a: 1}\n", "a: 1\na: 2\n", '{"a": 1, "a": 2}', "! 12", "", "# c\n",
     '{"a": "\\ud800"}', '{"a": NaN}', "a: !!int x\n", "[" * 201 + "]" * 201, "%TAG ! !a\n--- 1\n",
     '{"' + "k" * 1_100 + '": 1}', '{"k"' + " " * 1_100 + ": 1}"],
)  # fmt: skip
def test_what_is_rare_or_wrong_is_left_to_the_tree(text: str) -> None:
    for reads in READERS:
        with pytest.raises(NotPlain):
            reads(text)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: b: c\n", None),
        ("a: b\n  c\n", None),
        ("a: b # c\nb: 'x''y' # d\n", {"a": "b", "b": "x'y"}),
        ("a:\n- b\n-\n- - c\n  - d: e\n    f:\n", {"a": ["b", None, ["c", {"d": "e", "f": None}]]}),
        ("a:\n  !If\n  - b\n  - !GetAtt c.d.e\n",
         {"a": {"Fn::If": ["b", {"Fn::GetAtt": ["c", "d.e"]}]}}),
        ("a: !If\n  !Sub b\n", None),
        ("a: !Ref\nb: c\n", None),
        ("a: !Sub\n  b\n", {"a": {"Fn::Sub": "b"}}),
        ("a: [b, !Ref c, {d: 1, 'e': \"\"}, [], ] # f\n",
         {"a": ["b", {"Ref": "c"}, {"d": 1, "e": ""}, []]}),
        ("a: !Join [ # b\n  '',\n  [c,\n d]]\ne: f\n",
         {"a": {"Fn::Join": ["", ["c", "d"]]}, "e": "f"}),
        ("a: [b\n c]\n", None),
        ("a: {b: c, b: d}\n", None),
        ("a: [b]: c\n", None),
        ("a: |\n  b\n\n   c\n # d\ne: |-\n\n    f\n\ng: |+\n h\n\n",
         {"a": "b\n\n c\n", "e": "\nf", "g": "h\n\n"}),
        ("a: |\n  b", None),
        ("a: |\n  b\n  # c", None),
        ("a: |\n\n  # b", None),
        ("a: |\n  b\n    ", None),
        ("a: |\n  b\n # c", {"a": "b\n"}),
        ("a: |\nb: c\n", None),
        ("a:\n  b: 1\n c: 2\n", None),
        ("a:\n  b: 1\n  b: 2\n", None),
        ("a:\n  b:\n    c: 1\n  # d\n  e: f\n", {"a": {"b": {"c": 1}, "e": "f"}}),
        ("a:\n  b: [1,\n  2]\n", {"a": {"b": [1, 2]}}),
        ("Resources:\n  b:\n    [1,\n  2]\n", None),
        ("a: 2012-10-17\nb: 012\nc: s3:::d\n", {"a": "2012-10-17", "b": "012", "c": "s3:::d"}),
        ("a:\tb\n", None),
        ("a: b\r\n", None),
        ("- a\n", None),
    ],
)  # fmt: skip
def test_templates_in_block_style_are_read_line_by_line(text: str, data: Any) -> None:
    """Of what is written otherwise, None, nothing is said."""
    if data is None:
        with pytest.raises(NotPlain):
            block_data(text)
    else:
        assert block_data(text) == build(text).data == data
        assert places_in(block_tree.build(text).root) == places_in(build(text).root)


@pytest.mark.parametrize("above", ["", "a:\n  b:\n    "])
@pytest.mark.parametrize("levels", range(34, 44))
def test_both_readers_of_lines_give_up_at_the_same_depth(above: str, levels: int) -> None:
    text = f"{above}c:\n{'      ' if above else ''}{'- ' * levels}d\n"
    taken = []
    for reads in (block_data, block_tree.build):
        with suppress(NotPlain):
            reads(text)
            taken.append(reads)
    assert len(taken) == 2 * (levels <= (38 if above else 40))


def test_resources_of_several_templates_are_read_once() -> None:
    """They share them, which costs a large run neither time nor memory for each."""
    one = block_data("Resources:\n  A:\n    Type: b\n  C:\n    Type: d\n")
    other = block_data("# another\nResources:\n  A:\n    Type: b\n  C:\n    Type: e\n")
    assert one["Resources"]["A"] is other["Resources"]["A"]
    assert other["Resources"]["C"] == {"Type": "e"}


@pytest.mark.parametrize(
    "text",
    ["a: b" + " b" * 50_000, "a: b" + ":b" * 50_000, "a: '" + "x" * 100_000 + "'",
     "a: '" + "''" * 50_000 + "'", "- " * 50_000, "a: [" + " " * 100_000 + "]",
     "a: [" + " #\n" * 33_000 + "]", "a" + ":a" * 50_000 + ": b"],
)  # fmt: skip
def test_no_line_takes_much_memory(text: str) -> None:
    """Whether it is read or left to libyaml."""
    tracemalloc.start()
    try:
        for reads in (block_data, block_tree.build):
            with suppress(NotPlain):
                reads(text)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_long_resources_are_not_kept() -> None:
    """A thousand of them, each of the size of a template, would take a gigabyte."""
    text = f"Resources:\n  A:\n    Type: {'b' * 10_000}\n"
    before = _shared.cache_info()
    assert block_data(text) == block_data(text) == build(text).data
    assert _shared.cache_info() == before


@pytest.mark.skipif(not CORPUS.exists(), reason="there are no stacks of Copilot")
def test_what_copilot_writes_is_read_line_by_line() -> None:
    stacks = [it.read_text(encoding="utf-8") for it in CORPUS.rglob("*.stack.yml")]
    for text in stacks:
        whole = build(text)
        assert block_data(text) == whole.data
        assert places_in(block_tree.build(text).root) == places_in(whole.root)
    assert stacks


# --- one node by itself ---------------------------------------------------------------------------


def nodes(data: Any, path: DataPath = ()) -> list[DataPath]:
    """The paths of all nodes, each also with a key that it has not."""
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
    below = [it for step, value in items for it in nodes(value, (*path, step))]
    return [path, (*path, "none"), *below]


@settings(deadline=None, max_examples=examples(400))
@given(YAML_LIKE | PIECES | DATA.map(lambda data: yaml.safe_dump(data, default_flow_style=False)))
def test_a_node_that_is_looked_up_by_itself_stands_where_the_tree_has_it(text: str) -> None:
    try:
        document = parse(text, "t.yml", is_shown=True)
    except DocumentError:
        return
    for path in nodes(document.data):
        for key in (False, True):
            found = span_of(document.text, document.data, path, key=key)
            assert found in (None, document.span(path, key=key)), path


def test_most_nodes_of_a_template_can_be_looked_up_by_themselves() -> None:
    """Or the test above would hold for a look-up that never finds any."""
    text = "A:\n  B: !If\n    - x\n    -\n      # c\n      C: |\n        A:\n\n"
    text += "  D:\n  - E: 1\n    F: {}\n"
    data = parse(text, "t.yml").data
    for path in (("A",), ("A", "B", "Fn::If", 1, "C"), ("A", "D", 0, "F"), ("A", "D", 0)):
        assert span_of(text, data, path) == parse(text, "t.yml", is_shown=True).span(path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: '\nb: 1\n'\n'b': 2\n", ("b",)),  # what begins a line stands inside a string
        ("a: {\n  b: 1,\n  c: 2}\n", ("a", "b")),  # no block: the comma is none of the value
        ("a: 1\u2028b: 2\nc: 3\n", ("c",)),
    ],
)
def test_a_node_whose_lines_leave_a_doubt_is_looked_up_in_the_tree(
    text: str, path: DataPath
) -> None:
    document = parse(text, "t.yml")
    assert document.span(path) == parse(text, "t.yml", is_shown=True).span(path)


# --- memory ---------------------------------------------------------------------------------------


@given(
    st.sampled_from(
        ["~", "a: [1, 2.5, null, yes]\n# NoEcho\n", '{"a": "é😀"}', "a: &x [1]\nb: *x\n"]
    )
)
def test_a_document_that_was_put_down_says_the_same(text: str) -> None:
    document, same = parse(text, "t.yml"), parse(text, "t.yml")
    document.put_down()
    sent = pickle.loads(pickle.dumps(document))
    for other in (document, sent):
        assert other.mentions("NoEcho") is ("NoEcho" in text)
        assert (other.text, other.data, other.file) == (same.text, same.data, "t.yml")
        assert other.comments == same.comments
        assert [other.span(p) for p, _ in leaves(same.data)] == [
            same.span(p) for p, _ in leaves(same.data)
        ]


def test_few_documents_are_unpacked_at_a_time() -> None:
    documents = [parse(f"a: {number}\n", f"{number}.yml") for number in range(200)]
    for document in documents:
        document.put_down()
    assert [document.data["a"] for document in documents] == [*range(200)]
    assert sum(document.is_packed for document in documents) > 100


# --- real files -----------------------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside this checkout")
def test_real_files_load_as_cfn_lint_loads_them() -> None:
    """The same data for a template, but for the keys and dates that stay as written."""
    cfn_yaml = pytest.importorskip("cfnlint.decode.cfn_yaml")
    files = [it for kind in ("*.yml", "*.yaml", "*.json") for it in sorted(CORPUS.rglob(kind))]
    templates = [path for path in some(files, every=5) if "Resources" in read(path).data]
    assert templates
    for path in templates:
        assert _as_ours(cfn_yaml.load(str(path))) == read(path).data, path


def _as_ours(data: Any) -> Any:
    """cfn-lint's data with keys as strings, and dates as the strings that they were."""
    if isinstance(data, dict):
        return {str(key): _as_ours(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_as_ours(item) for item in data]
    if hasattr(data, "isoformat"):
        return data.isoformat()
    return str(data) if isinstance(data, str) else data
