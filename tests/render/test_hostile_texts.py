"""Nothing that a template says can break out of the place that a format has for it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from copilot_preflight.base.finding import (
    CitedCall,
    Finding,
    InputError,
    LayerAnswer,
    Place,
    ProvedCall,
    Related,
    Report,
)
from copilot_preflight.read.document import parse
from copilot_preflight.render import job_summary
from copilot_preflight.render.formats import GROUPINGS, Look, render
from copilot_preflight.render.places import relative
from copilot_preflight.render.safe_text import UNSAFE, safe
from copilot_preflight.render.text import error_line, statistics

PIECES = st.sampled_from(
    [
        "::", "::error ::", "%0A", "%", ",", "=", ":", "\n", "\r\n", "\n::stop-commands::x\n",
        "]]>", "</failure>", "<!--", "&#x0;", "&", '"', "'", "<b>", "\x00", "\x1b[2J", "\u202e",
        "\ufffe", "\uffff", "\ud800", "\udc80", "[x](1)", "](2)", "\\](3)", "[", "]", "\\", "{0}",
        "{", "}", "```", "`", "*", "#", "![i](http://x)", "a", "Größe", "..", "/", "$",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(st.characters(codec=None), max_size=4), max_size=6).map("".join)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    def text() -> str:
        return draw(TEXTS)

    return Finding(
        Place(text() or "a.yml", (text(), 0)),
        text(),
        text(),
        (Related(Place(text() or "b.yml", (text(),)), text()),),
        CitedCall(text(), text(), text(), text()),
        text(),
        text(),
        rule=draw(st.sampled_from(["E9712", "W9713", "I9790"])),
        name=text(),
        url=text(),
    )


ERRORS = st.builds(InputError, TEXTS, st.integers(0, 3), st.integers(0, 3), TEXTS)
REPORTS = st.builds(
    lambda findings, errors: Report(1, findings, errors),
    st.lists(findings(), max_size=2),
    st.lists(ERRORS, max_size=1),
)


def spelt(text: str) -> str:
    """``text`` without what XML cannot say."""
    return re.sub("[\ufffe\uffff]", lambda it: f"\\u{ord(it[0]):x}", safe(text))


def command(line: str) -> tuple[str, dict[str, str], str]:
    """A line as GitHub's runner takes it apart."""
    assert line.startswith("::")
    head, message = line[2:].split("::", 1)
    name, _, given = head.partition(" ")
    pairs = [pair.split("=", 1) for pair in given.split(",")]
    properties = {key: _decoded(_decoded(value, "%3A", ":"), "%2C", ",") for key, value in pairs}
    return name, {key: _data(value) for key, value in properties.items()}, _data(message)


def _decoded(text: str, code: str, char: str) -> str:
    return text.replace(code, char)


def _data(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@given(REPORTS)
def test_github_has_one_command_for_each_finding(report: Report) -> None:
    """A line is one command, whose title and message are those of the finding."""
    lines = render(report, "github").removesuffix("\n").split("\n")
    lines = [line for line in lines if line]
    assert len(lines) == len(report.findings) + len(report.errors)
    for finding, line in zip(report.findings, lines, strict=False):
        assert not UNSAFE.search(line)
        name, properties, message = command(line)
        assert name in ("error", "warning", "notice")
        assert set(properties) <= {"file", "line", "endLine", "col", "endColumn", "title"}
        assert properties["title"] == safe(f"{finding.rule} {finding.name}")
        assert message.split("\n")[0] == safe(finding.message)


@given(REPORTS)
def test_junit_is_xml_that_says_what_was_said(report: Report) -> None:
    """Elements are ours, and attributes hold the texts, spelt out where XML has no way to."""
    text = render(report, "junit")
    assert not UNSAFE.search(text.replace("\n", ""))
    whole = ET.fromstring(text)
    told = {"testsuites", "testsuite", "testcase", "failure", "error", "system-out"}
    told |= {"properties", "property"}
    assert {element.tag for element in whole.iter()} <= told
    failing = [spelt(it.message) for it in report.findings if it.rule != "I9790"]
    assert sorted(it.attrib["message"] for it in whole.iter("failure")) == sorted(failing)
    for element in whole.iter("failure"):
        assert (element.text or "").split("\n")[0] == element.attrib["message"]


@given(REPORTS)
def test_json_formats_say_what_was_said(report: Report) -> None:
    """Strings end where they end, and read back as they were."""
    for format in ("json", "sarif", "gitlab"):
        text = render(report, format)
        assert not UNSAFE.search(text.replace("\n", ""))
        json.loads(text.encode())
    issues = json.loads(render(report, "gitlab"))
    for issue, finding in zip(issues, report.findings, strict=False):
        said = f"{finding.rule} {finding.name}: {finding.message}"
        assert _same(issue["description"], said)


def _same(one: str, other: str) -> bool:  # two surrogates beside each other read back as one
    return one.encode("utf-16", "surrogatepass") == other.encode("utf-16", "surrogatepass")


LINK = re.compile(r"(?<!\\)(?:\\\\)*\]\((\d+)\)")
FENCED = re.compile(r"^(`{3,})\w*\n.*?^\1$", re.MULTILINE | re.DOTALL)
"""A block of code, in which nothing is a link."""


@given(REPORTS)
def test_sarif_has_no_links_and_placeholders_but_its_own(report: Report) -> None:
    """Messages link to the related place alone, and addresses are plain URIs."""
    for run in json.loads(render(report, "sarif"))["runs"]:
        for result in run["results"]:
            for text in result["message"].values():
                assert LINK.findall(FENCED.sub("", text)) == ["1"]
                assert not re.search(r"(?<!\{)\{\d+\}", text)
        for address in _addresses(run):
            assert re.fullmatch(r"(file:///?)?[A-Za-z0-9%/._~:-]+", address)


def _addresses(node: Any) -> list[str]:
    if isinstance(node, dict):
        inner = [it for value in node.values() for it in _addresses(value)]
        return [*inner, *([node["uri"]] if isinstance(node.get("uri"), str) else [])]
    return [it for value in node for it in _addresses(value)] if isinstance(node, list) else []


@given(REPORTS)
def test_statistics_have_one_line_for_each_rule(report: Report) -> None:
    """A count, an id and a name, safe to print."""
    text = statistics(report)
    assert not UNSAFE.search(text.replace("\n", ""))
    assert text.count("\n") == len({(it.rule, it.name) for it in report.findings})


@given(TEXTS.filter(bool))
def test_no_name_of_a_file_leads_out(name: str) -> None:
    """What is told of a file is never a path that climbs."""
    assert ".." not in relative(name).split("/")


OBEYED = re.compile(r"(?m)^\s*::(?!:)|##\w*\[")
"""What GitHub obeys at the begin of a line, and Azure and TeamCity anywhere in one."""

COMMANDS = ("::add-mask::e", "\n  ::stop-commands::x", "##[error]y", "##vso[task.x a=b]", "###[z")


@given(st.lists(TEXTS | st.sampled_from(COMMANDS), min_size=2, max_size=4).map("".join))
def test_no_line_of_a_report_is_a_command_of_a_ci(text: str) -> None:
    """Text, help and file names; and the source itself, where the report quotes it."""
    source = parse(f"# {'##vso[x]' if '##' in text else ''}\nA: 1\n", "::a.yml")
    finding = Finding(
        Place("::a.yml", ()), text, text, help=f"{text}\n{text}", cause=text, rule="E9711"
    )
    call = CitedCall(text, text, text, f"x {text} " * 9)
    report = Report(
        1,
        [finding._replace(call=call)],
        [InputError(text, 1, 1, text)],
        sources={"::a.yml": source},
    )
    for form in ("text", "concise", "junit", "json", "sarif", "gitlab"):
        assert not OBEYED.search(render(report, form)), form
    assert not OBEYED.search(error_line(report.errors[0]))


@given(
    st.lists(TEXTS | st.sampled_from(COMMANDS), min_size=1, max_size=4).map("".join),
    st.sampled_from(GROUPINGS),
    st.booleans(),
)
def test_no_line_for_people_is_a_command_of_a_ci(text: str, group_by: str, wraps: bool) -> None:
    """Nor what is wrapped, put together, or proved."""
    place = Place("::a.yml", ())
    call = CitedCall(text, text, text, text)
    finding = Finding(place, f"{text} '{text}' {text}" * 4, text, call=call, rule="E9711")
    others = [finding._replace(message=f"{finding.message} '{n}'") for n in range(5)]
    layer = LayerAnswer("identity-based policy", "allows", (place, Place(text, ())))
    proved = ProvedCall(text, place, text, place, text, text, "undetermined", (layer,), (text,))
    source = parse("A: 1\n", "::a.yml")
    report = Report(1, [finding, *others], sources={"::a.yml": source}, proof=[proved])
    looks = Look(width=80, wraps=wraps, is_live=wraps, group_by=group_by, most=3)
    for form in ("text", "concise", "json"):
        shown = render(report, form, looks)
        assert not OBEYED.search(shown), form
        assert not UNSAFE.search(shown.replace("\n", "")), form
    colours = render(report, "text", looks._replace(colour=True, has_links=True))
    assert not OBEYED.search(colours)
    assert not UNSAFE.search(re.sub(r"\x1b\[[0-9;]*m|\n", "", colours))


def test_a_quoted_line_is_no_command_of_a_ci() -> None:
    """The source is shown as it is, but for the one character that makes it a command."""
    source = parse("A: 'x ##vso[task.x]y ##[group]'\n", "a.yml")
    report = Report(
        1, [Finding(Place("a.yml", ("A",)), "m", rule="E9711")], sources={"a.yml": source}
    )
    text = render(report, "text")
    assert r"A: 'x #\x23vso[task.x]y #\x23[group]'" in text
    quoted = r"'x #\x23vso[task.x]y #\x23[group]'"
    assert f" {'^' * len(quoted)}\n" in text


def test_json_reads_back_what_a_ci_would_have_obeyed() -> None:
    """JSON has its own way to spell a character, so that nothing is lost."""
    report = Report(1, [Finding(Place("a.yml", ()), "##vso[x]", rule="E9711")])
    assert json.loads(render(report, "json"))["findings"][0]["message"] == "##vso[x]"


SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
HEAD = re.compile(r"### (error|warning|info) |\*\*|")


def outside_of_code(markdown: str) -> Iterator[str]:
    """The lines of a Markdown text without its blocks of code, and without code in them."""
    fence = ""
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif found := re.fullmatch(r"(`{3,})(yaml|json|diff|suggestion)", line):
            fence = found[1]
        else:
            yield SPAN.sub("x", line)
    assert not fence


@given(REPORTS)
def test_the_summary_of_a_job_has_words_and_code_and_nothing_else(report: Report) -> None:
    """What GitHub shows on its page is the Markdown of a comment, below a heading."""
    text = job_summary.render(report)
    head, rest = text.split("\n\n", 1)
    assert head == "## copilot-preflight"
    assert rest == render(report, "markdown")
    assert not UNSAFE.search(text.replace("\n", ""))


@given(REPORTS)
def test_markdown_has_words_and_code_and_nothing_else(report: Report) -> None:
    """No link, no image, no HTML, no name that somebody is notified of."""
    text = render(report, "markdown")
    assert not UNSAFE.search(text.replace("\n", ""))
    for line in outside_of_code(text):
        rest = HEAD.sub("", line, count=1).removesuffix("**")
        assert re.fullmatch(r"[A-Za-z0-9 '.,:;?()-]*", rest), line
        assert not re.search(r"\bwww\.|\bGH-\d|^ *([0-9]+[.)]|-) ", rest, re.IGNORECASE), line


def test_no_placeholder_is_in_what_is_to_be_pasted_from_sarif() -> None:
    """What looks like one is doubled, as SARIF has it, in a fence too."""
    finding = Finding(Place("a.yml", ()), "m", help="write:\n{0}\n  - {1}", rule="E9712")
    (run,) = json.loads(render(Report(1, [finding]), "sarif"))["runs"]
    told = run["results"][0]["message"]["markdown"]
    assert "{{0}}" in told
    assert "{{1}}" in told
    assert not re.search(r"(?<!\{)\{\d+\}", told)
