"""Whole pictures as the text formats write them, and that nothing of an input is markup in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.report.pictures import THREE_SERVICES, picture, picture_of

from copilot_preflight.report import mermaid
from copilot_preflight.report.formats import render
from copilot_preflight.report.model import Picture

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("form", ["svg", "mermaid", "markdown"])
@pytest.mark.parametrize("what", ["three services", "a pipeline"])
def test_whole_output(
    form: str, what: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    of_shop = what == "three services"
    drawn = picture_of(THREE_SERVICES) if of_shop else picture("sample_templates/clean/pipeline")
    assert render(drawn, form) == snapshot


@pytest.mark.parametrize("form", ["html", "svg", "markdown"])
def test_nothing_to_draw_is_said(form: str) -> None:
    assert "0 calls allowed" in render(Picture(()), form)


def test_mermaid_without_stacks_is_an_empty_chart() -> None:
    assert render(Picture(()), "mermaid") == "flowchart LR\n  classDef role stroke-width:2px\n"


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "]]><a xlink:href='javascript:alert(1)'>",
    '" onload="alert(1)',
    '\'); click r2 "javascript:alert(1)" %%{init: {}}%%',
    "[x](javascript:alert(1)) ![i](http://evil.example)",
    "`` ``` </code>",
    "a|b\n::error::x",
    "##vso[task.x]y",
    "\u202eevil\u2066 \u200b",
    "{{7*7}} {% raw %}",
    "https://evil.example www.evil.example",
    "end",
]


def hostile(name: str) -> str:
    """A template in which a name stands wherever one can."""
    quoted = json.dumps(name)
    secret = (
        "ValueFrom: !Sub\n"
        "                - 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:${X}'\n"
        f"                - X: {quoted}\n"
        "            - Name: OTHER\n"
        "              ValueFrom: arn:aws:secretsmanager"
    )
    return (
        THREE_SERVICES.replace("- Name: web\n", f"- Name: {quoted}\n")
        .replace("  SharedExecutionRole:\n", f"  {quoted}:\n")
        .replace("!GetAtt SharedExecutionRole.Arn", f"!GetAtt [{quoted}, Arn]")
        .replace("  WebTask:\n", f'  "Web{quoted[1:]}:\n')
        .replace("Sid: ReadSettings", f"Sid: {quoted}")
        .replace("ValueFrom: arn:aws:secretsmanager", secret)
    )


@pytest.fixture(scope="module", params=HOSTILE)
def drawn(request: pytest.FixtureRequest) -> Picture:
    found = picture_of(hostile(request.param), f"{request.param[:20]}.yml")
    assert found.stacks, found.errors
    assert found.counts["denied"]
    return found


def test_svg_is_well_formed_and_has_our_elements_only(drawn: Picture) -> None:
    root = ElementTree.fromstring(render(drawn, "svg"))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {
        "svg", "title", "desc", "style", "defs", "symbol", "circle", "path", "rect", "g", "use",
        "text",
    }  # fmt: skip
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            assert "href" not in name or value.startswith("#")


def test_mermaid_keeps_every_label_in_its_quotes(drawn: Picture) -> None:
    """Each line is one of the few that we write, with entity codes for all that is not plain."""
    label = r'"(?:[A-Za-z0-9 ,.:/\'\u00d7✓✗→·…-]|#\d+;|<br/>)*"'
    shapes = (
        r"flowchart LR",
        rf"subgraph \w+\[{label}\]",
        r"direction LR",
        r"end",
        rf"\w+\[{label}\](:::role)?",
        rf"\w+\(\[{label}\]\)",
        rf"\w+ (-->|--x|-\.->)\|{label}\| \w+",
        r"classDef role stroke-width:2px",
        r"linkStyle [\d,]+ stroke:#\w{6},stroke-width:[\d.]+px",
    )
    for line in render(drawn, "mermaid").rstrip("\n").split("\n"):
        assert re.fullmatch("|".join(shapes), line.strip()), line
        assert "://" not in line


def test_markdown_has_no_markup_of_an_input(drawn: Picture) -> None:
    """Outside code and our own charts no tag, link or image is left, and no workflow command."""
    text = render(drawn, "markdown")
    prose = re.sub(r"^(`{3,})(\w*)\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", prose)
    assert not re.search(r"<\w|</|\]\(|!\[|://|www\.", prose)
    for line in text.split("\n"):
        assert not line.lstrip().startswith("::")
        assert "##vso[" not in line


def test_a_chart_that_mermaid_would_refuse_is_cut() -> None:
    """GitHub draws at most 50,000 characters and 500 edges: what is left out is said."""
    one = picture_of(THREE_SERVICES).stacks[0]
    many = Picture(tuple(one._replace(file=f"{at}.yml") for at in range(100)))
    text = mermaid.render(many)
    assert len(text) < 50_000
    assert len(re.findall(r"-->|--x|-\.->", text)) <= 500
    assert re.search(r'more\["and \d+ more stacks"\]', text)
