"""The rules' pages, executed.

In the sections Example and Instead a fence whose info string names a file (``yaml
web-test.stack.yml``) is that file. Instead shows what changes: its files are laid over those of
the example, and a Copilot patch (``copilot/<name>/overrides/cfn.patches.yml``) is applied to
them; a ``.scp.json`` is provided as a level of the organization, and a
``.copilot-preflight.yml`` is the configuration. Where files lie in ``before/``, those in
``after/`` are compared with them. In the example, ``# <- E9711``
ends the line that the finding points at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest

import copilot_preflight_rules
from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Report, Severity
from copilot_preflight.checks.rule import Rule
from copilot_preflight.config import to_options as config
from copilot_preflight.overrides.apply import apply
from copilot_preflight.overrides.patches import parse
from copilot_preflight.read import document
from copilot_preflight.read.document import Document
from copilot_preflight.run import check as engine
from copilot_preflight.run.earlier import earlier
from copilot_preflight_rules import RULES

FOLDER = Path(copilot_preflight_rules.__file__).parent
SAMPLES = Path(__file__).parents[1] / "sample_templates"

HEADINGS = [
    "What it does",
    "Why it breaks",
    "Example",
    "Instead",
    "What it cannot see",
    "References",
]
LONGEST = 79
SOURCES = (
    "https://docs.aws.amazon.com/",
    "https://aws.github.io/copilot-cli/docs/",
    "https://github.com/aws/copilot-cli/issues/",
)

FENCE = re.compile(r"^```(\w*) ?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
MARK = re.compile(r"# <- ([EWI]\d{4})$")
LINK = re.compile(r"\]\((https://[^)\s]+)\)")

rules = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def text_of(rule: Rule) -> str:
    return (FOLDER / rule.page).read_text(encoding="utf-8")


def section(rule: Rule, heading: str) -> str:
    _, _, after = text_of(rule).partition(f"\n## {heading}\n")
    return after.partition("\n## ")[0]


def files_of(rule: Rule, heading: str) -> dict[str, str]:
    """File name -> content, of the fences of a section that name one."""
    return {name: body for _, name, body in FENCE.findall(section(rule, heading)) if name}


def mended(rule: Rule) -> dict[str, str]:
    """The files of the example, as the section Instead changes them."""
    files = {**files_of(rule, "Example"), **files_of(rule, "Instead")}
    for name in [name for name in files if name.endswith("overrides/cfn.patches.yml")]:
        stack = next(other for other in files if other.endswith(".stack.yml"))
        found = patched(document.parse(files[stack], stack), files[name])
        files[stack] = json.dumps(found.data)
    return files


def run(folder: Path, files: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Report:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    monkeypatch.chdir(folder)
    scps = [[Path(name)] for name in sorted(files) if name.endswith(".scp.json")]
    held = config.settings_of(file=config.FILE if config.FILE in files else None)
    options = config.options_of(held)._replace(info=True, scps=scps)
    if any(name.startswith("before/") for name in files):
        return engine.check(["after"], options._replace(before=earlier(["before"], options)))
    return engine.check(["."], options)


def places(report: Report, rule: Rule) -> list[tuple[str, str, int]]:
    """(rule, file, line) of every finding.

    Remarks (that a policy lies elsewhere, that listing is not granted) are true of most examples;
    they are told on their rules' own pages alone.
    """
    found = []
    for finding in report.findings:
        if finding.severity is Severity.INFO and finding.rule != rule.id:
            continue
        at = finding.at
        line = report.sources[at.file].span(at.path, key=at.key).start.line
        found.append((finding.rule, at.file, line))
    return sorted(found)


def marks(files: Mapping[str, str]) -> list[tuple[str, str, int]]:
    return sorted(
        (mark[1], name, number)
        for name, content in files.items()
        for number, line in enumerate(content.splitlines(), 1)
        if (mark := MARK.search(line))
    )


# --- Copilot's YAML patches --------------------------------------------------------------------


def patched(stack: Document, patches: str) -> Document:
    """A stack after Copilot's YAML patches."""
    found = parse(document.parse(patches, "cfn.patches.yml"))
    assert not found.faults
    return apply(found.patches, stack).template


def test_the_patch_of_the_sample_makes_the_clean_stack_out_of_copilots_own() -> None:
    """The sample's patch, applied to the locked stack, gives the resources of the clean one."""
    clean = SAMPLES / "clean" / "every-version-granted"
    locked = SAMPLES / "broken" / "env-file-version-locked"
    stack = "infrastructure/web-test.stack.yml"
    patches = (clean / "copilot/web/overrides/cfn.patches.yml").read_text(encoding="utf-8")
    found = patched(document.read(locked / stack), patches)
    wanted = document.read(clean / stack).data
    assert found.data["Resources"] == wanted["Resources"]
    assert found.data["Description"] == wanted["Description"]


# --- shape -------------------------------------------------------------------------------------


def test_every_page_belongs_to_a_rule() -> None:
    """The pages beside the rules are those of RULES, each beside its code, and no others."""
    pages = {path.name for path in FOLDER.glob("*.md")}
    assert pages == {rule.page for rule in RULES}
    assert all((FOLDER / page).with_suffix(".py").is_file() for page in pages)


@rules
def test_the_title_is_the_id_and_the_name(rule: Rule) -> None:
    """A page opens with the rule's id and name, then one summary line."""
    title, blank, summary, after, *_ = text_of(rule).splitlines()
    assert title == f"# {rule.id} {rule.name}"
    assert (blank, after) == ("", "")
    assert summary.endswith(".")


@rules
def test_the_headings_are_the_same_on_every_page(rule: Rule) -> None:
    """A page has the six headings in their order, none empty, and fits on a screen or two."""
    text = text_of(rule)
    assert re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)[1:] == HEADINGS
    assert all(section(rule, heading).strip() for heading in HEADINGS)
    assert len(text.splitlines()) <= LONGEST


@rules
def test_the_references_are_links(rule: Rule) -> None:
    """Every reference is a link to a page of AWS, of Copilot, or of Copilot's issues."""
    lines = section(rule, "References").strip().splitlines()
    assert all(line.startswith("- ") for line in lines)
    assert all(LINK.findall(line) for line in lines)
    assert all(url.startswith(SOURCES) for line in lines for url in LINK.findall(line))


def test_the_page_of_e9711_lists_the_causes_that_it_tells_apart() -> None:
    """The causes in the table are those of the diagnosis that E9711 keeps for itself."""
    page = (FOLDER / "env_file_denied.md").read_text(encoding="utf-8")
    listed = {
        slug
        for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
        for slug in re.findall(r"`([a-z-]+)`", row)
    }
    slugs = {
        value
        for name, value in vars(diagnosis).items()
        if name.isupper() and isinstance(value, str) and re.fullmatch("[a-z-]+", value)
    }
    code = import_module("copilot_preflight_rules.env_file_denied")
    elsewhere = {
        *code._ELSEWHERE,
        *diagnosis.LAYER_CAUSES,
        diagnosis.BUCKET_ACTION_ON_OBJECT,
        diagnosis.RESOURCE_POLICY,
    }
    assert listed == slugs - elsewhere


# --- examples ----------------------------------------------------------------------------------


@rules
def test_the_example_gives_the_finding_at_the_marked_line(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example gives this rule's finding at each marked line, and nothing else."""
    files = files_of(rule, "Example")
    report = run(tmp_path, files, monkeypatch)
    assert not report.errors
    assert marks(files)
    assert sorted(set(places(report, rule))) == marks(files)
    assert {found for found, _, _ in places(report, rule)} == {rule.id}


@rules
def test_what_to_do_instead_is_silent(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mended example has no finding, not even an info, and carries no mark."""
    files = mended(rule)
    report = run(tmp_path, files, monkeypatch)
    assert not report.errors
    assert report.files == 1
    assert places(report, rule) == []
    assert not marks(files_of(rule, "Instead"))
    assert files_of(rule, "Instead")
