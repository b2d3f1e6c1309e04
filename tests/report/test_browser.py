"""The HTML report in a real browser: it draws, it listens to mouse and keyboard, it can be read.

`.ci/run` installs Debian's Chromium; where there is none, this is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.report.chromium import EXECUTABLE, Page, browser
from tests.report.pictures import THREE_SERVICES, picture_of
from tests.report.test_formats import HOSTILE, hostile

from copilot_preflight.base.finding import InputError
from copilot_preflight.report.html import render
from copilot_preflight.report.model import Picture

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser() as running:
        yield running.page()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stacks with calls of every outcome, a role that is refused, and an input that failed."""
    one = picture_of(THREE_SERVICES)
    allowed = picture_of(THREE_SERVICES.split("  WorkerTask:")[0].split("          Secrets:")[0])
    stacks = (
        allowed.stacks[0]._replace(file="other.yml", service="web", environment="test"),
        one.stacks[0]._replace(service="shop", environment="prod"),
    )
    file = tmp_path_factory.mktemp("report") / "report.html"
    picture = Picture(stacks, (InputError("broken.yml", 3, 1, "no template"),))
    file.write_text(render(picture), encoding="utf-8")
    return file


AXE = (
    "axe.run({}, {{resultTypes: ['violations']}}).then((found) => found.violations.map("
    "(it) => `${{it.id}}: ${{it.nodes.map((node) => node.html).join(' ')}}`))"
)


def load_axe(page: Page) -> None:
    """Puts axe-core into the page, past its content security policy as an extension would."""
    spec = find_spec("axe_core_python")
    assert spec is not None
    assert spec.origin is not None
    script = Path(spec.origin).parent / "axe.min.js"
    page.run(f"{script.read_text(encoding='utf-8')}; 0")


def axe(page: Page, where: str = "document") -> Any:
    """What axe-core has against a part of the page as it is now."""
    return page.run(AXE.format(where))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_accessible(page: Page, report: Path, width: int, scheme: str) -> None:
    """Neither the page nor the details over it break a rule of axe-core; nothing is cut off."""
    page.size(width)
    page.media("screen", scheme)
    page.open(report)
    load_axe(page)
    assert axe(page) == []
    assert page.run("document.documentElement.scrollWidth") == width
    page.run("document.querySelector('.call.denied').click()")
    assert page.run("document.querySelector('dialog').open")
    assert axe(page, "document.querySelector('dialog')") == []
    assert page.problems == []


def test_nothing_is_loaded_but_the_file(page: Page, report: Path) -> None:
    page.requests.clear()
    page.open(report)
    assert page.requests == [report.resolve().as_uri()]


def test_every_call_has_a_line_that_ends_at_it(page: Page, report: Path) -> None:
    page.size(1280)
    page.media("screen", "light")
    page.open(report)
    wires, calls, callers = page.run(
        "['.wire', '.call', '.caller'].map((it) => document.querySelectorAll(it).length)"
    )
    assert wires == calls + callers > 10
    styles = page.run(
        "['allowed', 'denied', 'undecided'].map((it) => "
        "getComputedStyle(document.querySelector(`.wire.${it}`)).strokeDasharray)"
    )
    assert len(set(styles)) == 3


def test_an_edge_opens_its_details_and_the_keyboard_closes_them(page: Page, report: Path) -> None:
    page.size(1280)
    page.open(report)
    page.run("document.querySelector('.call.denied').focus()")
    page.press("Enter", 13)
    told = page.run("document.querySelector('dialog').innerText")
    assert "secretsmanager:GetSecretValue" in told
    assert "E9741" in told
    assert "does not allow" in told
    assert page.run("document.activeElement.id") == "detail-title"
    page.press("Escape", 27)
    assert not page.run("document.querySelector('dialog').open")
    assert page.run("document.activeElement.className") == "call denied"
    page.run(
        "document.querySelectorAll('.hit')[document.querySelectorAll('.hit').length - 1]"
        ".dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    assert page.run("document.querySelector('dialog').open")


def test_the_filters_leave_what_is_asked_for(page: Page, report: Path) -> None:
    page.size(1280)
    page.open(report)

    def choose(name: str, value: str) -> None:
        page.run(
            f"(() => {{ const it = document.getElementById('filter-{name}'); it.value = '{value}';"
            "it.dispatchEvent(new Event('change')); })()"
        )

    rows = "[...document.querySelectorAll('tbody th')].map((it) => it.textContent.split(':')[0])"
    assert page.run(rows) == ["shop · prod", "shop · prod", "web · test"]
    choose("service", "web")
    assert page.run(rows) == ["web · test"]
    assert page.run("document.getElementById('stack-title').textContent") == "web · test"
    choose("service", "")
    choose("outcome", "denied")
    assert page.run(rows) == ["shop · prod"]
    assert page.run(
        "[...document.querySelectorAll('.call')].every((it) => it.classList.contains('denied'))"
    )
    choose("environment", "test")
    assert page.run("document.querySelector('.empty').textContent") == "No call passes the filters."


def test_the_arguments_are_printed(page: Page, report: Path) -> None:
    """On paper there are no details to open, so those of what is not allowed stand below."""
    page.size(1280)
    page.media("print", "dark")
    page.open(report)
    assert page.run("getComputedStyle(document.querySelector('.printed')).display") == "block"
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.run("document.querySelectorAll('.printed article').length") > 1
    assert page.run("getComputedStyle(document.querySelector('.filters')).display") == "none"
    assert page.printed().startswith(b"%PDF")
    assert page.problems == []


def test_names_are_text(page: Page, tmp_path: Path) -> None:
    """No script of a name runs, no element and no link comes of it, on the page or in details."""
    file = tmp_path / "report.html"
    stacks = [picture_of(hostile(name), f"{at}.yml").stacks[0] for at, name in enumerate(HOSTILE)]
    file.write_text(render(Picture(tuple(stacks))), encoding="utf-8")
    page.media("screen", "light")
    page.requests.clear()
    page.open(file)
    for _ in stacks:
        page.run("document.querySelectorAll('.call, .caller').forEach((it) => it.click())")
        strange = "main a, main img, main script, b b, dialog a, dialog img, dialog script"
        assert page.run(f"document.querySelectorAll('{strange}').length") == 0
        page.run("document.querySelector('.chooser button:last-child').click()")
    assert page.requests == [file.resolve().as_uri()]
    assert page.problems == []


def test_a_thousand_stacks_are_shown_a_few_at_a_time(page: Page, tmp_path: Path) -> None:
    """A file under 5 MB, of which the page makes only what somebody looks at."""
    one = picture_of(THREE_SERVICES).stacks[0]
    many = Picture(
        tuple(
            one._replace(file=f"{at}.yml", service=f"s{at}", environment="prod")
            for at in range(1000)
        )
    )
    file = tmp_path / "report.html"
    file.write_text(render(many), encoding="utf-8")
    assert file.stat().st_size < 5_000_000
    page.media("screen", "light")
    page.open(file)
    assert page.run("document.querySelectorAll('tbody tr').length") == 20
    assert page.run("document.querySelector('.found').textContent") == "1000 of 1000 stacks"
    page.run("document.querySelector('.more').click()")
    assert page.run("document.querySelectorAll('tbody tr').length") > 20
