"""The documentation: it shows what the tool prints, its commands run, its links lead somewhere."""

from __future__ import annotations

import re
import textwrap
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.docs.workspace import bash, furnish
from tests.hosts.fenced import PROJECT, SAMPLES

from copilot_preflight.render.formats import FORMATS
from copilot_preflight_rules import RULES


def _generator() -> Any:
    """``docs/generate.py``, which is a script and in no package."""
    spec = spec_from_file_location("docs_generate", PROJECT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = _generator()

GENERATED = generator.pages()
RUN_ELSEWHERE = {
    "docs/pre-commit.md": "tests/hosts/test_precommit.py",
    "docs/pipelines.md": "tests/hosts/test_pipelines.py",
}
"""Pages whose commands the tests of a real host run."""

LINKED = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "sample_templates/*.md", "rules/*/*.md")
    for path in PROJECT.glob(pattern)
)


def name_of(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("name", generator.PICTURES)
def test_a_picture_is_what_the_tool_draws(name: str) -> None:
    """And some page shows it."""
    assert (PROJECT / name).read_text(encoding="utf-8") == generator.drawn(generator.PICTURES[name])
    shown = f"({name})", f"({Path(name).name})"
    assert any(it in page.read_text(encoding="utf-8") for page in GENERATED for it in shown)


# --- where do I look? --------------------------------------------------------------------------

ANSWERS = [
    re.sub(r"^\| | \|$", "", row).split(" | ")
    for row in (PROJECT / "CONTRIBUTING.md")
    .read_text(encoding="utf-8")
    .partition("## Where do I look?\n")[2]
    .partition("\n## ")[0]
    .splitlines()
    if row.endswith("` |")
]
"""The rows of the table: a question, files, and the name to begin at in each of them."""


def test_the_table_of_questions_is_read() -> None:
    assert len(ANSWERS) >= 10


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[0])
def test_the_answer_to_a_question_is_where_the_table_says(answer: list[str]) -> None:
    """Each file is there, and defines the name that the table says to begin at."""
    _, where, begin_at = answer
    files = re.findall(r"`(\S+\.py)`", where)
    names = re.findall(r"`(\w+)`", begin_at)
    for file, name in zip(files, names, strict=True):
        source = PROJECT if file.startswith("rules/") else PROJECT / "src" / "copilot_preflight"
        text = (source / file).read_text(encoding="utf-8")
        assert re.search(rf"^ *(def {name}\(|{name}: Final)", text, re.MULTILINE), (file, name)


# --- generated ---------------------------------------------------------------------------------


@pytest.mark.parametrize("page", GENERATED, ids=name_of)
def test_what_is_generated_is_current(page: Path) -> None:
    """Lists, references and outputs in a page are those of today's code."""
    text = page.read_text(encoding="utf-8")
    assert generator.refreshed(text) == text, f"{name_of(page)} is behind: make docs"


def test_every_block_that_can_be_generated_stands_in_one_page() -> None:
    """No block is generated for nothing, and none is asked for that is not there."""
    asked = [
        name
        for page in GENERATED
        for name in re.findall(r"^<!-- generated: (.*) -->$", page.read_text("utf-8"), re.MULTILINE)
    ]
    assert sorted(asked) == sorted(generator.BLOCKS)


def test_the_reference_does_not_hang_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The help in the reference is the same on a wide terminal and with colours forced."""
    here = list(generator.BLOCKS["commands"]())
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert list(generator.BLOCKS["commands"]()) == here


def test_formats_and_rules_are_all_told() -> None:
    """The tables have every format and every rule once, and speak of no other format."""
    assert set(generator._READERS) == set(FORMATS)
    told = "\n".join(generator.BLOCKS["rules by theme"]())
    assert [told.count(f"[{rule.id} ") for rule in RULES] == [1] * len(RULES)


# --- commands ----------------------------------------------------------------------------------


class Block(NamedTuple):
    """One fence: commands, or the content of the file that its info string names."""

    line: int
    text: str
    file: str


FENCE = re.compile(
    r"(?P<skip><!-- not run: [^\n]+ -->\n+)?"
    r"^(?P<indent> *)```(?:(?:sh|bash|shell)|\w+ (?P<file>\S+))\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            line=text.count("\n", 0, found.start("body")) + 1,
            text=textwrap.dedent(found["body"]),
            file=found["file"] or "",
        )
        for found in FENCE.finditer(text)
        if not found["skip"]
    ]


WITH_COMMANDS = [
    page
    for page in GENERATED
    if name_of(page) not in RUN_ELSEWHERE and not all(block.file for block in blocks_of(page))
]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name_of)
def test_the_commands_of_a_page_run(page: Path, tmp_path: Path) -> None:
    """Every documented command runs, one after the other, with the files that the page shows."""
    furnish(tmp_path)
    for line, text, file in blocks_of(page):
        if file:
            (tmp_path / file).write_text(text, encoding="utf-8")
            continue
        ran = bash(text, tmp_path)
        assert ran.status == 0, f"{name_of(page)}:{line}\n{text}\n{ran.out}"
        assert "Traceback" not in ran.out, f"{name_of(page)}:{line}\n{text}\n{ran.out}"


def test_a_command_that_fails_is_noticed(tmp_path: Path) -> None:
    """The workspace lets findings pass, and neither a failed run nor a wrong option."""
    furnish(tmp_path)
    assert bash("copilot-preflight check --fail-on warning infrastructure", tmp_path).status == 0
    assert bash("copilot-preflight check --no-such-option infrastructure", tmp_path).status != 0
    assert bash("copilot-preflight check gone.yml", tmp_path).status != 0
    assert bash("aws s3 ls", tmp_path).status == 64


# --- links -------------------------------------------------------------------------------------

OURS = "https://github.com/copilot-preflight/copilot-preflight/blob/main/"
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE_FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`[^`\n]*`")


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors_of(page: Path) -> set[str]:
    text = CODE_FENCE.sub("", page.read_text("utf-8"))
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def links_of(page: Path) -> list[str]:
    text = CODE_FENCE.sub("", page.read_text(encoding="utf-8"))
    return LINK.findall(CODE_SPAN.sub("", text))


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each link within the project leads to a file that is there, and to a heading in it."""
    broken = []
    for target in links_of(page):
        base = page.parent
        if target.startswith(OURS):
            target, base = target.removeprefix(OURS), PROJECT
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (base / path) if path else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("folder", ["broken", "clean"])
def test_the_samples_are_all_told_of(folder: str) -> None:
    """The tables of the samples' README have each folder once."""
    page = (PROJECT / "sample_templates" / "README.md").read_text(encoding="utf-8")
    table = page.partition(f"## {folder}/")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert sorted(told) == sorted(it.name for it in (SAMPLES / folder).iterdir())


def test_every_page_is_in_the_index() -> None:
    """docs/README.md leads to every page beside it."""
    index = links_of(PROJECT / "docs" / "README.md")
    pages = {page.name for page in (PROJECT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(index)
