"""However a text came to be what it is, the editor is told what a fresh check finds in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from tests.amount import examples
from tests.lsp.test_lsp import ASKED, GRANTED, TEMPLATE, params

from copilot_preflight.base.finding import Finding, Place
from copilot_preflight.lsp import lenses
from copilot_preflight.lsp.diagnostics import diagnostic, range_of, unreadable
from copilot_preflight.lsp.positions import Lines
from copilot_preflight.lsp.unchanged import in_order
from copilot_preflight.lsp.workspace import OpenPackage, Workspace
from copilot_preflight.read.document import parse
from copilot_preflight.run.check import Options

STACK, PARAMS = "web-test.stack.yml", "web-test.params.json"

PIECES = (
    "# a comment\n",
    "\n",
    "  # preflight: ignore[E9712] known\n",
    "      # preflight: ignore[E9712] known\n",
    "  Extra: {Type: AWS::SNS::Topic}\n",
    "              - {Effect: Allow, Action: s3:GetObject, Resource: '*'}\n",
    "              - {Effect: Deny, Action: s3:*, Resource: '*'}\n",
    "  Broken: [\n",
    "\tBroken\n",
    "Resources:\n",
)
"""Lines that somebody may put anywhere."""

SWAPS = (
    ("'", '"'),
    ("{Type: String}", "{ Type: String }"),
    ("{Type: String}", "{Type: String, Default: web}"),
    (GRANTED, ASKED),
    (ASKED, GRANTED),
    ("Effect: Allow", "Effect: Deny"),
    ("Allow", "Allow # why"),
    ("NoEcho: true", "NoEcho: 'true'"),
    ("NoEcho: true", "NoEcho: false"),
    ("s3:GetObject", "s3:GetObjects"),
    ("!Ref EnvFileARN", "{Ref: EnvFileARN}"),
    ("!Ref EnvFileARN", "!Ref EnvFile"),
    ("Resources", "Ressources"),
    ("Statement:\n", "Statement: &here\n"),
)
"""Texts for others, both ways; some leave the data as they are."""

EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(0, 60), st.sampled_from(PIECES)),
        st.tuples(st.just("delete"), st.integers(0, 60), st.just("")),
        st.tuples(st.just("double"), st.integers(0, 60), st.just("")),
        st.tuples(st.just("turn"), st.integers(0, 60), st.just("")),
        st.tuples(st.just("swap"), st.integers(0, 3), st.sampled_from(SWAPS)),
        st.tuples(st.just("undo"), st.integers(1, 3), st.just("")),
        st.tuples(st.just("values"), st.booleans(), st.sampled_from((ASKED, GRANTED, ""))),
    ),
    min_size=1,
    max_size=8,
)


def edited(text: str, kind: str, at: int, what: Any) -> str:
    """A text after an edit at a line, or at the first texts of a kind."""
    if kind == "swap":
        old, new = what if at % 2 else reversed(what)
        return text.replace(old, new, 1 if at < 2 else -1)
    lines = text.splitlines(keepends=True)
    at %= len(lines) or 1
    if kind == "insert":
        lines.insert(at, what)
    elif kind == "delete":
        del lines[at : at + 1]
    elif kind == "double":
        lines[at:at] = lines[at : at + 1]
    elif kind == "turn":
        lines[at : at + 2] = reversed(lines[at : at + 2])
    return "".join(lines)


def shown(workspace: Workspace, path: Path) -> list[object]:
    """What an editor gets of the packages around a file."""
    workspace.refresh()
    got: list[object] = []
    for package in workspace.packages_with(os.path.realpath(path)):
        lines = _lines_of(workspace, package)
        for file in sorted(package.files):
            got += (unreadable(error, lines(file)) for error in package.errors_in(file))
            for finding in package.findings_in(file):
                got.append(diagnostic(package, finding, lines, str))
        if package.analysis is not None:
            for place, title in lenses.lenses(package.analysis):
                got.append((range_of(package, place, lines), title))
    return got


def _lines_of(workspace: Workspace, package: OpenPackage) -> Any:
    def lines_of(where: str) -> Lines:
        source = package.document_in(where)
        return Lines(workspace.text(where) if source is None else source.text)

    return lines_of


def watching() -> Workspace:
    workspace = Workspace(lambda _path: Options(suppressions=True))
    workspace.is_watched = True
    return workspace


def fresh(texts: dict[Path, str], path: Path) -> list[object]:
    workspace = watching()
    for file, text in texts.items():
        workspace.edit(file, text)
    return shown(workspace, path)


@settings(deadline=None, max_examples=examples(60))
@given(edits=EDITS)
def test_after_any_edits_a_fresh_check_finds_the_same(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, int, Any]]
) -> None:
    """Whether the YAML was broken meanwhile, or the data are what they were."""
    folder = tmp_path_factory.mktemp("edits")
    stack, values = folder / STACK, folder / PARAMS
    stack.write_text(TEMPLATE, encoding="utf-8")
    values.write_text(params(ASKED), encoding="utf-8")
    texts = {stack: TEMPLATE}
    history = [TEMPLATE]
    workspace = watching()
    workspace.edit(stack, TEMPLATE)
    assert shown(workspace, stack) == fresh(texts, stack)
    for kind, at, what in edits:
        if kind == "values":  # in the editor, or on the disk without a word
            if at or values in texts:
                texts[values] = params(what)
                workspace.edit(values, texts[values])
            else:
                values.write_text(params(what), encoding="utf-8")
                workspace.edit(stack, texts[stack])
        else:
            before = texts[stack]
            is_undone = kind == "undo"
            texts[stack] = history[-at:][0] if is_undone else edited(before, kind, at, what)
            history.append(texts[stack])
            workspace.edit(stack, texts[stack])
        assert shown(workspace, stack) == fresh(texts, stack)


# --- what is kept --------------------------------------------------------------------------------


@pytest.fixture
def open_stack(tmp_path: Path) -> tuple[Workspace, Path]:
    """A stack with a finding, which an editor shows."""
    path = tmp_path / STACK
    (tmp_path / PARAMS).write_text(params(ASKED), encoding="utf-8")
    workspace = watching()
    workspace.edit(path, TEMPLATE)
    workspace.refresh()
    return workspace, path


def analysis_of(workspace: Workspace, path: Path) -> object:
    workspace.refresh()
    return workspace.packages[os.path.realpath(path)].analysis


SAME_DATA = {
    "a comment": TEMPLATE.replace("Resources:", "# why\nResources: # what"),
    "blank lines": TEMPLATE.replace("Resources:", "\n\nResources:"),
    "another way to write": TEMPLATE.replace("!Ref EnvFileARN", "{Ref: EnvFileARN}"),
}
OTHER_DATA = {
    "a value": TEMPLATE.replace("s3:GetObject", "s3:GetObjectAcl"),
    "another type": TEMPLATE.replace("NoEcho: true", "NoEcho: 'true'"),
    "another order": TEMPLATE.replace(
        "{Type: String, NoEcho: true}", "{NoEcho: true, Type: String}"
    ),
    "a suppression": TEMPLATE.replace("Resources:", "Resources: # preflight: ignore[E9712] x"),
}


@pytest.mark.parametrize("text", SAME_DATA.values(), ids=SAME_DATA.keys())
def test_what_leaves_the_data_is_not_judged_again(
    open_stack: tuple[Workspace, Path], text: str
) -> None:
    workspace, path = open_stack
    before = analysis_of(workspace, path)
    workspace.edit(path, text)
    assert before is not None
    assert analysis_of(workspace, path) is before


@pytest.mark.parametrize("text", OTHER_DATA.values(), ids=OTHER_DATA.keys())
def test_whatever_else_is_judged_again(open_stack: tuple[Workspace, Path], text: str) -> None:
    workspace, path = open_stack
    before = analysis_of(workspace, path)
    workspace.edit(path, text)
    assert analysis_of(workspace, path) is not before


def test_a_finding_moves_with_its_line(open_stack: tuple[Workspace, Path]) -> None:
    """Its positions are those of the text as it is now, not as it was judged."""
    workspace, path = open_stack
    before = [it.range for it in shown(workspace, path) if isinstance(it, types.Diagnostic)]
    workspace.edit(path, "# one\n# two\n" + TEMPLATE)
    after = [it.range for it in shown(workspace, path) if isinstance(it, types.Diagnostic)]
    assert before
    assert [it.start.line - 2 for it in after] == [it.start.line for it in before]


def test_what_was_broken_and_is_mended_is_not_judged_again(
    open_stack: tuple[Workspace, Path],
) -> None:
    workspace, path = open_stack
    before = analysis_of(workspace, path)
    workspace.edit(path, TEMPLATE.replace("Resources:", "Resources: ["))
    assert analysis_of(workspace, path) is None
    workspace.edit(path, TEMPLATE)
    assert analysis_of(workspace, path) is before


def test_an_edit_looks_at_files_that_changed_without_a_word(
    open_stack: tuple[Workspace, Path],
) -> None:
    workspace, path = open_stack
    before = analysis_of(workspace, path)
    path.with_name(PARAMS).write_text(params(GRANTED) + "\n", encoding="utf-8")
    workspace.edit(path, TEMPLATE + "# a comment\n")
    assert analysis_of(workspace, path) is not before


def test_without_a_watcher_every_edit_is_judged(open_stack: tuple[Workspace, Path]) -> None:
    """A parameter file may have come that nobody told of."""
    workspace, path = open_stack
    workspace.is_watched = False
    before = analysis_of(workspace, path)
    workspace.edit(path, TEMPLATE + "# a comment\n")
    assert analysis_of(workspace, path) is not before


def test_values_that_were_closed_while_the_template_was_broken_count_as_on_the_disk(
    open_stack: tuple[Workspace, Path],
) -> None:
    workspace, path = open_stack
    values = path.with_name(PARAMS)
    workspace.edit(values, params(GRANTED))
    before = shown(workspace, path)
    workspace.edit(path, "Resources: [\n" + TEMPLATE)
    workspace.refresh()
    workspace.close(values)
    workspace.edit(path, TEMPLATE)
    after = shown(workspace, path)
    assert after == fresh({path: TEMPLATE}, path)
    assert after != before


def test_findings_are_in_the_order_of_their_places() -> None:
    """Not in that of the rules, which an edit that moves them would change."""
    source = parse("a: 1\nb: 2\n", "x.yml")
    places = [Place("x.yml", ("b",)), Place("x.yml", ("a",)), Place("x.yml", ("b",), key=True)]
    findings = [Finding(place, "wrong", rule="E9712") for place in places]
    ordered = in_order(findings, {"x.yml": source})
    assert [it.at for it in ordered] == [places[1], places[2], places[0]]
    assert in_order(reversed(findings), {"x.yml": source}) == ordered
