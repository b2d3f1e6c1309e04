"""The site of the documentation, and the workflow that publishes one for each release."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs import site

ROOT = Path(__file__).parents[2]
HOME = "https://github.com/copilot-preflight/copilot-preflight"
PAGES = dict(site.pages())


def test_every_page_of_the_checkout_has_one_place() -> None:
    assert PAGES["README.md"] == "index.html"
    assert PAGES["docs/README.md"] == "docs/index.html"
    assert PAGES["docs/cli.md"] == "cli/index.html"
    rule = "rules/copilot_preflight_rules/env_file_denied.md"
    assert PAGES[rule] == "rules/env-file-denied/index.html"
    assert len(set(PAGES.values())) == len(PAGES)
    for folder in ("docs", "rules/copilot_preflight_rules"):
        assert {f"{folder}/{it.name}" for it in (ROOT / folder).glob("*.md")} <= set(PAGES)


def test_the_menu_names_every_page_of_docs() -> None:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
    config: dict[str, Any] = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), Loader)
    listed = {
        name
        for item in config["nav"]
        for name in ([item] if isinstance(item, str) else next(iter(item.values())))
    }
    assert listed == {it for it in PAGES if it.endswith(".md") and not it.startswith("rules/")}
    assert config["strict"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[a](cli.md#exit)", "[a](cli.md#exit)"),
        ("[a](#here) [b](https://x.io/a)", "[a](#here) [b](https://x.io/a)"),
        ("[a](../sample_templates)", f"[a]({HOME}/tree/main/sample_templates)"),
        ("[a](../LICENSE)", f"[a]({HOME}/blob/main/LICENSE)"),
        ("[a](gone.md)", "[a](gone.md)"),
        ("```yaml web.yml\na: 1\n```", '```yaml title="web.yml"\na: 1\n```'),
        ("```sh\nls\n```", "```sh\nls\n```"),
    ],
)
def test_a_page_is_turned_into_one_of_the_site(written: str, shown: str) -> None:
    assert site.for_site(written, "docs/report.md", HOME, PAGES) == shown


# --- the workflow --------------------------------------------------------------------------------

TEXT = (ROOT / ".github/workflows/docs.yml").read_text(encoding="utf-8")
JOBS = yaml.safe_load(TEXT)["jobs"]


def test_only_a_release_is_published_and_only_that_may_write() -> None:
    assert yaml.safe_load(TEXT)["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "build": {"contents": "read"},
        "publish": {"contents": "write"},
    }
    assert JOBS["publish"]["if"] == "github.ref_type == 'tag'"
    for it in re.findall(r"uses: (.*)", TEXT):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", it), it


def test_expressions_are_in_no_script() -> None:
    scripts = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert any("mike deploy --push --update-aliases" in it for it in scripts)
    assert not any("${{" in it for it in scripts)
