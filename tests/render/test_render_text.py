from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import TextWrapper
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_preflight.base.finding import (
    CitedCall,
    DataPath,
    Finding,
    InputError,
    Place,
    Position,
    Related,
    Report,
    Silenced,
    Source,
    Span,
)
from copilot_preflight.render.argued import filled
from copilot_preflight.render.formats import Look, render
from copilot_preflight.render.safe_text import UNSAFE
from copilot_preflight.render.text import COLOURS, error_line

MakeReport = Callable[..., Report]
MakePlace = Callable[..., Place]

TEMPLATE = """\
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles:
            - Type: s3
              Value: arn:aws:s3:::b/web.env/0f1c.env
  ExecutionRole:
    Properties:
      Policies:
        - Action: s3:GetObject
          Resource: arn:aws:s3:::b/web.env/80ce.env
"""
FILES = {"web.stack.yml": TEMPLATE}
SILENCED = [Silenced(Finding(Place("web.stack.yml", ()), "accepted"), "inSource")]


@dataclass(frozen=True)
class Anywhere:
    """A source whose paths are their own positions: line, column, lines and columns to the end."""

    text: str

    def span(self, path: DataPath, *, key: bool = False) -> Span:  # noqa: ARG002
        line, column, height, width = map(int, path)
        return Span(Position(line, column), Position(line + height, column + width))


def finding(at: Place, rule: str = "E9712", **more: Any) -> Finding:
    message = "container 'web' asks for another env file"
    return Finding(at, message, rule=rule, name="env-file-stale-grant", **more)


def excerpt(report: Report, width: int = 100) -> str:
    """The rendering of the only finding, without its title, its position and the summary."""
    return render(report, "text", width=width).split("\n\n")[0].split("\n", 2)[2] + "\n"


def test_finding_argues_its_case_with_call_cause_and_help(
    report: MakeReport, place: MakePlace
) -> None:
    """A whole finding: title, places in two files, the call, the cause, the way out."""
    found = finding(
        place("arn:aws:s3:::b/web.env/0f1c.env"),
        label="asked for here",
        related=(
            Related(place("arn:aws:s3:::b/web.env/80ce.env"), "the grant"),
            Related(place("0f1c", file="web.params.json"), "the parameter"),
            Related(place("ExecutionRole.Arn"), "the role"),
        ),
        call=CitedCall(
            "ExecutionRole",
            "s3:GetObject",
            "arn:aws:s3:::b/web.env/0f1c.env",
            "the ECS agent reads env files with the execution role (https://docs.aws/x-y)",
        ),
        cause="stale-hash",
        help="package and deploy the template and its parameters together, or grant all versions:"
        "\n\nResource:\n  - arn:aws:s3:::b/web.env/* # a snippet is not wrapped, long as it may be",
    )
    files = {**FILES, "web.params.json": '{\n  "EnvFileARN": "0f1c"\n}\n'}
    assert (
        render(report(found, files=files), "text", width=80)
        == """\
error[E9712] env-file-stale-grant: container 'web' asks for another env file
  --> web.stack.yml:10:22
   |
 5 |       ExecutionRoleArn: !GetAtt ExecutionRole.Arn
   |                                 ----------------- the role
...
10 |               Value: arn:aws:s3:::b/web.env/0f1c.env
   |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ asked for here
...
15 |           Resource: arn:aws:s3:::b/web.env/80ce.env
   |                     ------------------------------- the grant
   |
  ::: web.params.json:2:18
   |
 2 |   "EnvFileARN": "0f1c"
   |                  ---- the parameter
   |
   = call: ExecutionRole calls s3:GetObject on arn:aws:s3:::b/web.env/0f1c.env
           the ECS agent reads env files with the execution role
           (https://docs.aws/x-y)
   = cause: stale-hash
help: package and deploy the template and its parameters together, or grant all
      versions:

      Resource:
        - arn:aws:s3:::b/web.env/* # a snippet is not wrapped, long as it may be

no calls to prove; 1 error in 2 files
"""
    )


def test_finding_may_have_nothing_but_its_place(report: MakeReport, place: MakePlace) -> None:
    """Findings are separated by a blank line and say no more than they have."""
    first = finding(place("Name: web"))
    second = finding(place("ExecutionRole:"), rule="W9713", help="use the prefix")
    assert (
        render(report(first, second, files=FILES), "text")
        == """\
error[E9712] env-file-stale-grant: container 'web' asks for another env file
  --> web.stack.yml:7:11
   |
 7 |         - Name: web
   |           ^^^^^^^^^

warning[W9713] env-file-stale-grant: container 'web' asks for another env file
  --> web.stack.yml:11:3
   |
11 |   ExecutionRole:
   |   ^^^^^^^^^^^^^^
help: use the prefix

no calls to prove; 1 error, 1 warning in 1 file
"""
    )


def test_gutter_is_as_wide_as_the_longest_line_number(report: MakeReport) -> None:
    """Arrows, bars and notes stay in line whatever the line numbers."""
    found = finding(
        Place("a.yml", ("x",)),
        related=(Related(Place("a.yml", ("y",)), "far"),),
        cause="stale-hash",
    )
    text = "x" + "\n" * 1233 + "y"
    assert (
        render(report(found, files={"a.yml": text}), "text")
        == """\
error[E9712] env-file-stale-grant: container 'web' asks for another env file
    --> a.yml:1:1
     |
   1 | x
     | ^
...
1234 | y
     | - far
     |
     = cause: stale-hash

no calls to prove; 1 error in 1 file
"""
    )


def test_near_places_share_their_excerpt(report: MakeReport, place: MakePlace) -> None:
    """One line is shown once; a single line between two places is shown, not elided."""
    found = finding(
        place("web", 0),
        label="this",
        related=(
            Related(place("Name:"), "same line"),
            Related(place("ContainerDefinitions"), "line above"),
            Related(place("Type: s3"), "two below"),
        ),
    )
    assert (
        excerpt(report(found, files=FILES))
        == """\
   |
 6 |       ContainerDefinitions:
   |       -------------------- line above
 7 |         - Name: web
   |           ----- same line
   |                 ^^^ this
 8 |           EnvironmentFiles:
 9 |             - Type: s3
   |               -------- two below
"""
    )


def test_key_place_points_at_the_key(report: MakeReport, place: MakePlace) -> None:
    """``Place.key`` underlines the key, for what is said of a whole block."""
    found = finding(place("AWS::ECS::TaskDefinition", key=True))
    assert (
        excerpt(report(found, files=FILES))
        == """\
   |
 3 |     Type: AWS::ECS::TaskDefinition
   | ^^^^^^^^
"""
    )


def test_span_of_several_lines_is_underlined_on_its_first(report: MakeReport) -> None:
    """Blanks at the end of the line are not underlined."""
    found = finding(Place("a.yml", ("Statement:  \n  - Effect",)), label="here")
    text = "Policy:\n  Statement:  \n  - Effect: Allow\n"
    assert (
        excerpt(report(found, files={"a.yml": text}))
        == """\
   |
 2 |   Statement:
   |   ^^^^^^^^^^ here
"""
    )


def test_empty_value_has_one_caret() -> None:
    """A value that is not there is pointed at where it would stand."""
    found = finding(Place("a.yml", (1, 7, 0, 0)), label="no value")
    shown = Report(1, [found], sources={"a.yml": Anywhere("Value:\n")})
    assert (
        excerpt(shown)
        == """\
   |
 1 | Value:
   |       ^ no value
"""
    )


def test_tabs_and_wide_characters_keep_the_underline_in_place(report: MakeReport) -> None:
    """Tabs expand, wide characters count two columns, combining ones none."""
    found = finding(
        Place("a.json", ("日本.env",)),
        label="here",
        related=(Related(Place("a.json", ("x",)), "behind"),),
    )
    assert (
        excerpt(report(found, files={"a.json": '\t"é\u0301":\t"日本.env", x'}))
        == """\
   |
 1 |     "é\u0301":    "日本.env", x
   |              ^^^^^^^^ here
   |                         - behind
"""
    )


def test_control_characters_are_spelt_out_everywhere(report: MakeReport) -> None:
    """Nothing that a template says can move the cursor or turn the reading direction."""
    evil = "\x1b[2J\x9b\u202e\u200b\u2028\udc80\n"
    found = Finding(
        Place("a\x1b.yml", ("\x1b[31m",)),
        "message" + evil,
        rule="E9712",
        name="name" + evil,
        label="label" + evil,
        related=(Related(Place("b\u202e.yml", ()), "other" + evil),),
        call=CitedCall("p" + evil, "a" + evil, "r" + evil, "b" + evil),
        cause="c" + evil,
        help="h\x1b" + evil + "  k: \x1b\n",
    )
    shown = r"\x1b[2J\x9b\u202e\u200b\u2028\udc80\n"
    text = render(report(found, files={"a\x1b.yml": "k: \x1b[31m\u202e # \x7f\r\n"}), "text")
    assert (
        text
        == rf"""error[E9712] name{shown}: message{shown}
  --> a\x1b.yml:1:4
   |
 1 | k: \x1b[31m\u202e # \x7f
   |    ^^^^^^^^ label{shown}
   |
  ::: b\u202e.yml:1:1: other{shown}
   |
   = call: p{shown} calls a{shown} on r{shown}
           b{shown}
   = cause: c{shown}
help: h\x1b\x1b[2J\x9b\u202e\u200b\u2028\udc80
        k: \x1b

no calls to prove; 1 error in 1 file
"""
    )
    text.encode()


LONG = "x" * 70 + " needle " + "y" * 70


def test_long_line_is_cut_to_a_window_around_each_place(report: MakeReport) -> None:
    """Two places too far apart for one window get one each."""
    found = finding(
        Place("a.yml", ("needle",)),
        label="here",
        related=(
            Related(Place("a.yml", ("xxx",)), "start"),
            Related(Place("a.yml", ("y" * 5, 13)), "end"),
        ),
    )
    assert (
        excerpt(report(found, files={"a.yml": LONG}), width=50)
        == """\
   |
 1 | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
   | --- start
 1 | ...xxxxxxxxxxxxxxx needle yyyyyyyyyyyyyyyy...
   |                    ^^^^^^ here
 1 | ...yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
   |                                      -----
   |                                      end
"""
    )


def test_place_at_the_edge_of_the_window_is_shown_whole(report: MakeReport) -> None:
    """A line is shown from its beginning only if that reaches to the end of the place."""
    found = finding(Place("a.yml", ("needle",)), label="here")
    text = "x" * 35 + "needle" + "y" * 35
    assert (
        excerpt(report(found, files={"a.yml": text}), width=50)
        == """\
   |
 1 | ...xxxxxxxxxxxxxxxxneedleyyyyyyyyyyyyyyyyy...
   |                    ^^^^^^ here
"""
    )


def test_long_value_loses_its_middle(report: MakeReport) -> None:
    """Two versions of an env file differ at the end of their ARNs, so the end is shown."""
    value = "arn:aws:s3:::" + "bucket-" * 9 + "/manual/env-files/web.env/0f1c.env"
    found = finding(Place("a.yml", (value,)), label="here")
    assert (
        excerpt(report(found, files={"a.yml": f"      Value: {value} # no\n"}), width=80)
        == """\
   |
 1 |       Value: arn:aws:s3:::bucket-bucket...env-files/web.env/0f1c.env # no
   |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ here
"""
    )


def test_file_without_source_is_named_at_its_start(report: MakeReport, place: MakePlace) -> None:
    """A place whose file the run did not load has no excerpt, but keeps what it says."""
    found = finding(
        place("any", file="gone.yml"),
        label="asked for here",
        related=(Related(place("any", file="far.yml"), "the grant"),),
        cause="stale-hash",
    )
    assert (
        render(report(found, files={}), "text")
        == """\
error[E9712] env-file-stale-grant: container 'web' asks for another env file
  --> gone.yml:1:1: asked for here
   |
  ::: far.yml:1:1: the grant
   |
   = cause: stale-hash

1 error in 0 files
"""
    )


def test_secret_finding_quotes_no_line(report: MakeReport, place: MakePlace) -> None:
    """Where a secret may stand near a place, all places are named and none is shown."""
    found = finding(
        place("KEY"),
        label="hides the role",
        related=(
            Related(place("TOKEN"), "and so does this"),
            Related(place("name", file="manifest.yml"), "the manifest sets it"),
            Related(place("Role"), ""),
        ),
        is_secret=True,
    )
    files = {
        "web.stack.yml": "Role: x\n- {Name: KEY, Value: topsecret}\n- {Name: TOKEN, Value: 1}\n",
        "manifest.yml": "name: topsecret\n",
    }
    assert (
        render(report(found, files=files), "text")
        == """\
error[E9712] env-file-stale-grant: container 'web' asks for another env file
  --> web.stack.yml:2:10: hides the role
  ::: web.stack.yml:3:10: and so does this
  ::: web.stack.yml:1:1
  ::: manifest.yml:1:1: the manifest sets it

no calls to prove; 1 error in 2 files
"""
    )


def test_lines_are_those_of_editors(report: MakeReport) -> None:
    """The further line breaks of Unicode are characters of their line, spelt out."""
    found = finding(Place("a.yml", ("here",)))
    assert (
        excerpt(report(found, files={"a.yml": "a: 1\r\nb: 2\rc: \u2028\x85\x0c here\nd: 3"}))
        == r"""
   |
 3 | c: \u2028\x85\x0c here
   |                   ^^^^
"""[1:]
    )


def test_place_behind_the_end_of_the_text_is_still_named() -> None:
    """A document that is shorter than its spans say is no reason to fail."""
    found = finding(Place("a.yml", (9, 4, 0, 4)), label="here")
    shown = Report(1, [found], sources={"a.yml": Anywhere("a: 1")})
    assert excerpt(shown) == "   |\n 9 |\n   | ^ here\n"


def test_colour_marks_severity_gutter_paths_and_help(report: MakeReport, place: MakePlace) -> None:
    """Escapes wrap whole words only, so that the text between them is what it is without."""
    found = finding(
        place("Name: web"),
        label="this",
        related=(Related(place("ExecutionRole.Arn"), "the role"),),
        cause="stale-hash",
        help="deploy again",
    )
    shown = report(found, files=FILES)
    text = render(shown, "text", colour=True)
    assert text.replace("\x1b", "␛").split("\n\n")[0].split("\n") == [
        "␛[1;38;5;196merror[E9712]␛[0m env-file-stale-grant: "
        "␛[1mcontainer 'web' asks for another env file␛[0m",
        "  ␛[1;38;5;32m-->␛[0m ␛[1mweb.stack.yml:7:11␛[0m",
        "␛[1;38;5;32m   |␛[0m",
        "␛[1;38;5;32m 5 |␛[0m       ExecutionRoleArn: !GetAtt ExecutionRole.Arn",
        "␛[1;38;5;32m   |␛[0m                                 "
        "␛[1;38;5;32m----------------- the role␛[0m",
        "␛[1;38;5;32m 6 |␛[0m       ContainerDefinitions:",
        "␛[1;38;5;32m 7 |␛[0m         - Name: web",
        "␛[1;38;5;32m   |␛[0m           ␛[1;38;5;196m^^^^^^^^^ this␛[0m",
        "␛[1;38;5;32m   |␛[0m",
        "  ␛[1;38;5;32m = ␛[0m␛[1mcause:␛[0m stale-hash",
        "␛[38;5;28mhelp:␛[0m deploy again",
    ]


@pytest.mark.parametrize(
    ("rule", "painted"),
    [
        ("W9713", "\x1b[1;38;5;166mwarning[W9713]\x1b[0m"),
        ("I9790", "\x1b[38;5;30minfo[I9790]\x1b[0m"),
    ],
)
def test_severities_have_their_colours(
    report: MakeReport, place: MakePlace, rule: str, painted: str
) -> None:
    """Warnings are orange: light backgrounds swallow yellow."""
    shown = report(finding(place("web"), rule=rule), files=FILES)
    assert render(shown, "text", colour=True).startswith(painted)


@pytest.mark.parametrize(
    ("rules", "counts", "line"),
    [
        ([], {"files": 3}, "no calls to prove; no findings in 3 files"),
        (
            [],
            {"files": 1, "silenced": SILENCED * 4},
            "no calls to prove; no findings in 1 file, 4 suppressed",
        ),
        (
            [],
            {"files": 2, "ignored": 1, "errors": [InputError("a", 0, 0, "b")]},
            "no calls to prove; no findings in 2 files (1 other file ignored), "
            "but the run itself failed",
        ),
        ([], {"files": 0, "ignored": 1}, "no findings in 0 files (1 other file ignored)"),
        (
            [],
            {"files": 1, "not_judged": [("AWS::Batch::JobDefinition", 2)]},
            "no calls to prove; no findings in 1 file; not judged: 2 AWS::Batch::JobDefinition",
        ),
        (["E1"], {"files": 1}, "no calls to prove; 1 error in 1 file"),
        (["W1", "W2"], {"files": 2}, "no calls to prove; 2 warnings in 2 files"),
        (
            ["E1", "I1", "E2", "W1", "I2"],
            {"files": 3},
            "no calls to prove; 2 errors, 1 warning, 2 info in 3 files",
        ),
        (
            ["E1"],
            {"files": 3, "silenced": SILENCED, "ignored": 5},
            "no calls to prove; 1 error in 3 files, 1 suppressed (5 other files ignored)",
        ),
    ],
)
def test_summary_counts_what_was_found(
    place: MakePlace, rules: list[str], counts: dict[str, Any], line: str
) -> None:
    """The last line says how much there is, in the singular where it is one."""
    shown = Report(findings=[finding(place("x"), rule=rule) for rule in rules], **counts)
    assert render(shown, "text").split("\n")[-2:] == [line, ""]


def test_report_without_findings_is_its_summary(report: MakeReport) -> None:
    """No blank line stands above the summary of a clean run."""
    assert render(report(files={}), "text") == "no findings in 0 files\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("a.yml", 3, 7, "found a tab"), "error: a.yml:3:7: found a tab"),
        (InputError("a.yml", 3, 0, "found a tab"), "error: a.yml:3: found a tab"),
        (InputError("a.yml", 0, 0, "no such file"), "error: a.yml: no such file"),
        (InputError("a\x1b.yml", 0, 0, "x\ny"), r"error: a\x1b.yml: x\ny"),
    ],
)
def test_input_error_is_one_line(error: InputError, line: str) -> None:
    """What is not known of the position is left out."""
    assert error_line(error) == line


def test_unsafe_covers_all_that_a_terminal_obeys() -> None:
    """Checked against the Unicode database: controls, surrogates, separators, bidi controls."""
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    for char in map(chr, range(0x110000)):
        if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}:
            assert UNSAFE.match(char), ascii(char)
        if unicodedata.bidirectional(char) in bidi:
            assert UNSAFE.match(char), ascii(char)


TEXTS = st.text(st.characters(codec=None), max_size=60)


SPANS = st.tuples(st.integers(1, 4), st.integers(1, 70), st.integers(0, 1), st.integers(0, 70))
PLACES = st.builds(Place, st.sampled_from(["a", "b", "absent"]), SPANS)


@given(
    texts=st.lists(TEXTS, min_size=9, max_size=9),
    sources=st.lists(st.text(max_size=200), min_size=2, max_size=2),
    at=PLACES,
    related=st.lists(PLACES, max_size=4),
    width=st.integers(0, 120),
)
def test_any_text_is_rendered_safely(
    texts: list[str], sources: list[str], at: Place, related: list[Place], width: int
) -> None:
    """No control character but the newline comes out, and UTF-8 takes the rest."""
    name, message, label, principal, action, resource, because, cause, help = texts
    found = Finding(
        at,
        message,
        rule="E9712",
        name=name,
        label=label,
        related=tuple(Related(it, "") for it in related),
        call=CitedCall(principal, action, resource, because),
        cause=cause,
        help=help,
    )
    files: dict[str, Source] = {"a": Anywhere(sources[0]), "b": Anywhere(sources[1])}
    text = render(Report(1, [found], sources=files), "text", width=width)
    assert not UNSAFE.search(text.replace("\n", ""))
    text.encode()


@given(
    sources=st.lists(st.text(max_size=200), min_size=2, max_size=2),
    at=PLACES,
    related=st.lists(PLACES, max_size=4),
    width=st.integers(0, 120),
)
def test_each_place_is_underlined_once(
    sources: list[str], at: Place, related: list[Place], width: int
) -> None:
    """As many carets and dashes as there are places in loaded files, whatever stands there."""
    found = finding(at, label="at", related=tuple(Related(it, "rel") for it in related))
    files: dict[str, Source] = {"a": Anywhere(sources[0]), "b": Anywhere(sources[1])}
    text = render(Report(1, [found], sources=files), "text", width=width)
    unnumbered = [row[4:].strip() for row in text.split("\n") if row.startswith("   |")]
    assert sum(row.startswith("^") for row in unnumbered) == (at.file in files)
    assert sum(row.startswith("-") for row in unnumbered) == sum(it.file in files for it in related)


@given(st.text(max_size=200), SPANS, st.integers(40, 120))
def test_excerpt_fits_the_width(text: str, span: tuple[int, ...], width: int) -> None:
    """Neither a source line nor its underline is wider than asked for, but for one caret."""
    found = finding(Place("a", span))
    rows = excerpt(Report(1, [found], sources={"a": Anywhere(text)}), width).split("\n")
    for row in rows:
        wide = sum(unicodedata.east_asian_width(char) in "WF" for char in row)
        none = sum(unicodedata.category(char) in ("Mn", "Me") for char in row)
        assert len(row) + wide - none <= width + 1


def _luminance(rgb: tuple[int, int, int]) -> float:
    """Source: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [it / 255 for it in rgb]
    linear = (it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts)
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("style", [it for it in COLOURS if it != "strong"])
def test_colours_can_be_read_on_light_and_on_dark(style: str) -> None:
    """They are of the cube of 256 colours, which is the same in every terminal."""
    number = int(COLOURS[style].rpartition(";")[2])
    assert 16 <= number < 232
    steps = (0, 95, 135, 175, 215, 255)
    cube = number - 16
    own = _luminance((steps[cube // 36], steps[cube // 6 % 6], steps[cube % 6]))
    assert 1.05 / (own + 0.05) >= 3.7
    assert (own + 0.05) / 0.05 >= 3.7


def test_no_line_ends_in_a_hole_of_an_arn() -> None:
    """An ARN is copied from here, and the names of its holes have blanks."""
    where = "arn:aws:logs:eu-west-1:111122223333:log-group:/copilot/web:log-stream:${task id here}"
    message = f"role 'Role' may not logs:PutLogEvents on '{where}' at all"
    report = Report(1, [Finding(Place("web.yml", ()), message, rule="E9743")])
    text = render(report, "text", Look(width=60, wraps=True))
    assert f"'{where}'" in text


@given(
    st.text(" ab-\0é", max_size=60),
    st.integers(1, 30),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_lines_are_filled_as_textwrap_does(text: str, width: int, margin: int, below: int) -> None:
    """With words that are never broken, and the blanks between them as they are."""
    expected = TextWrapper(
        width, " " * margin, " " * below, break_long_words=False, break_on_hyphens=False
    )
    assert list(filled(text, width, " " * margin, " " * below)) == expected.wrap(text)
