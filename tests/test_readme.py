"""The README's first screen: one sentence, a broken package, what the tool says of it, four places.

That its outputs are today's and its commands run, ``test_docs`` looks after.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from copilot_preflight._version import __version__
from copilot_preflight.render.formats import render
from copilot_preflight.run import check as engine

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
((SAMPLE, REPORT),) = re.findall(
    r"```console\n\$ copilot-preflight check (\S+)\n(.*?)```", README, re.DOTALL
)


def fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_first_screen_is_the_real_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report in the README is the one that its command prints today."""
    monkeypatch.chdir(ROOT)
    assert render(engine.check([SAMPLE]), "text") == REPORT


def test_the_broken_package_is_that_of_the_report() -> None:
    """Each line of the excerpt stands in the template, in this order; ``…`` is what is left out."""
    name, *lines = fences("yaml")[0].splitlines()
    template = ROOT / SAMPLE / name.removeprefix("# ")
    pattern = "".join(
        "(?:.*\n)*" if line == "# ..." else re.escape(line).replace("…", ".*") + "\n"
        for line in lines
    )
    assert re.search(f"^{pattern}", template.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_first_screen_keeps_its_order() -> None:
    """A package, its report, one command to try, and then the places where it runs."""
    marks = ["\n```yaml", "\n```console", "\nmake demo", "\n## Where it runs", "docs/pre-commit.md"]
    marks += ["docs/pipelines.md#copilots", "docs/pipelines.md#github", "docs/editors.md", "\n## "]
    at = 0
    for mark in marks:
        assert mark in README[at:], mark
        at = README.index(mark, at) + len(mark)


def test_the_lines_to_copy_name_what_is_there() -> None:
    """Hook, input of the action and version are those of this checkout; settings, of the page."""
    hook, action = map(yaml.safe_load, fences("yaml")[1:])
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    assert {it["id"] for it in hook[0]["hooks"]} <= {it["id"] for it in hooks}
    assert set(action[0]["with"]) <= set(inputs)
    editors = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    assert f"{{\n{fences('json')[0]}}}" in editors
    assert hook[0]["rev"] == action[0]["uses"].partition("@")[2] == f"v{__version__}"
