"""The HTML report: one file, nothing from elsewhere, and no input that becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.report.pictures import THREE_SERVICES, picture_of
from tests.report.test_formats import HOSTILE, hostile

from copilot_preflight.base.finding import InputError
from copilot_preflight.report.encoding import encoded
from copilot_preflight.report.html import render
from copilot_preflight.report.model import Picture

PAGE = render(picture_of(THREE_SERVICES))


class Parsed(HTMLParser):
    """Elements with their attributes, and what stands in scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[dict[str, str | None], str]] = []
        self._open: str = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            self.inside.append((self.elements[-1][1], data))
            self._open = ""


def test_the_policy_allows_our_script_and_our_style_and_nothing_else() -> None:
    page = Parsed(PAGE)
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv"))
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for attributes, text in page.inside
        if attributes.get("type") != "application/json"
    ]
    style, script = hashes
    assert policy == (
        f"default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; "
        "form-action 'none'"
    )
    names = [tag for tag, _ in page.elements]
    assert names.index("meta", names.index("meta") + 1) < names.index("style")


def test_the_page_takes_nothing_from_elsewhere() -> None:
    for tag, attributes in Parsed(PAGE).elements:
        assert tag not in ("link", "img", "iframe", "object", "base", "embed")
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name != "style"
            assert name not in ("src", "href", "action") or str(value).startswith("#")


def test_the_page_has_landmarks_and_a_title() -> None:
    elements = Parsed(PAGE).elements
    tags = [tag for tag, _ in elements]
    assert {"header", "main", "footer", "dialog", "h1"} <= set(tags)
    assert tags.count("h1") == tags.count("main") == 1
    assert ("html", {"lang": "en"}) in elements
    assert "<title>8 calls allowed, 1 denied, 5 undecided · copilot-preflight</title>" in PAGE


def decoded(text: str) -> Any:
    """What the script of the page makes of its data."""
    data = json.loads(text)

    def node(number: int) -> Any:
        raw = data["nodes"][number]
        if not isinstance(raw, list):
            return raw
        parts = list(map(node, raw[1:]))
        return parts if raw[0] < 0 else dict(zip(data["kinds"][raw[0]], parts, strict=True))

    return node(data["root"])


def test_the_data_hold_the_whole_picture() -> None:
    drawn = picture_of(THREE_SERVICES)
    found = decoded(encoded(drawn))
    (stack,) = found["stacks"]
    assert [lane["key"] for lane in stack["lanes"]] == ["agent", "application"]
    calls = [
        (group["role"]["name"], target["resource"], call["action"], call["outcome"])
        for lane in stack["lanes"]
        for group in lane["groups"]
        for target in group["targets"]
        for call in target["calls"]
    ]
    assert calls == [
        (group.role.name, target.resource, call.action, call.outcome)
        for group in drawn.stacks[0].groups
        for target in group.targets
        for call in target.calls
    ]


def test_what_many_stacks_share_stands_in_the_file_once() -> None:
    one = picture_of(THREE_SERVICES).stacks[0]
    many = Picture(tuple(one._replace(file=f"{at}.yml") for at in range(1000)))
    assert len(encoded(many)) < len(encoded(Picture((one,)))) + 1000 * 60


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_markup(name: str) -> None:
    """Whatever a template is called and says, the page has the elements of any other page."""
    drawn = picture_of(hostile(name), f"{name[:20]}.yml")
    assert drawn.counts["denied"]
    page = render(drawn)
    usual = [tag for tag, _ in Parsed(PAGE).elements]
    assert [tag for tag, _ in Parsed(page).elements] == usual
    (data,) = [text for a, text in Parsed(page).inside if a.get("type") == "application/json"]
    assert not re.search(r"[<>&]|[^\x20-\x7e]", data)
    assert "\\u202e" not in data.replace("\\\\u202e", "")
    assert decoded(data)["stacks"]


def test_the_message_of_an_error_is_no_markup() -> None:
    error = InputError("</script><b>.yml", 1, 1, "<img src=x>")
    page = render(Picture((), (error,)))
    assert "<img" not in page
    assert "1 input could not be judged, and is not in the picture" in page
