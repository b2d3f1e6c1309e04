"""Fixes in a Copilot workspace: the patches that are written, and what packaging makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.amount import some
from tests.mutations.harness import Stack, copilot_stacks, own_stacks

from copilot_preflight.base.finding import Report
from copilot_preflight.fixes.files import write
from copilot_preflight.fixes.plan import Plan, planned
from copilot_preflight.fixes.writers import writer_for
from copilot_preflight.overrides.apply import apply
from copilot_preflight.overrides.patches import parse
from copilot_preflight.read import document
from copilot_preflight.run import check as engine
from copilot_preflight.run.options import Options

STACKS = [*copilot_stacks(), own_stacks()[0]]
PATCHES = Path("copilot/web/overrides/cfn.patches.yml")
FILES = "W9713", "E9711", "E9712", "W9714", "E9715"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def workspace(stack: Stack, *environments: str, text: str = "") -> None:
    """A workspace with the packages of one workload, each as Copilot writes it."""
    for environment in environments or ("test",):
        folder = Path("infrastructure")
        folder.mkdir(exist_ok=True)
        values = {
            **stack.parameters,
            "WorkloadName": "web",
            "EnvName": environment,
            "AppName": "shop",
        }
        values = {name: it for name, it in values.items() if f"\n  {name}:" in stack.text}
        (folder / f"web-{environment}.stack.yml").write_text(text or stack.text)
        parameters = json.dumps({"Parameters": values})
        (folder / f"web-{environment}.params.json").write_text(parameters)
    manifest = Path("copilot/web/manifest.yml")
    manifest.parent.mkdir(parents=True)
    manifest.write_text("name: web\ntype: Backend Service\n")


def plan(form: str = "auto") -> Plan:
    return planned(
        ["infrastructure"], Options(), lambda run: writer_for(form, run), with_review=True
    )


def of_files(report: Report) -> list[str]:
    return [it.rule for it in report.findings if it.rule in FILES]


def packaged_again() -> None:
    """What Copilot writes when it applies the patches, with its data alone."""
    patches = parse(document.read(PATCHES)).patches
    for path in Path("infrastructure").glob("*.stack.yml"):
        path.write_text(json.dumps(apply(patches, document.read(path)).template.data))


@pytest.mark.parametrize("stack", some(STACKS, every=3), ids=str)
def test_a_pinned_grant_is_widened_by_patches(stack: Stack) -> None:
    """The package is left alone; the next one has no such finding, and nothing new."""
    workspace(stack)
    first = plan()
    assert of_files(first.before)
    assert [change.file for change in first.changes] == [str(PATCHES)]
    assert of_files(first.after) == []
    write(first.changes[0])
    text = PATCHES.read_text()
    assert text.count("- op: ") == text.count(
        "  path: /Resources/ExecutionRole/Properties/Policies/-\n"
    )
    packaged_again()
    report = engine.check(["infrastructure"])
    assert of_files(report) == []
    assert len(report.findings) <= len(first.before.findings)
    assert plan().changes == ()


def one() -> Stack:
    return own_stacks()[0]


def test_environments_share_their_patches() -> None:
    """What all packages of a workload need is written once."""
    workspace(one(), "test", "prod")
    first = plan()
    (change,) = first.changes
    assert of_files(first.after) == []
    alone = len(of_files(first.before)) // 2
    assert change.after.count("- op: add") == alone


def test_a_patch_that_another_environment_cannot_take_is_not_written() -> None:
    """Copilot would not package that one any more."""
    workspace(one(), "test")
    other = (
        one()
        .text.replace("  ExecutionRole:", "  OtherRole:")
        .replace("!GetAtt ExecutionRole.Arn", "!GetAtt OtherRole.Arn")
    )
    folder = Path("infrastructure")
    (folder / "web-prod.stack.yml").write_text(other)
    (folder / "web-prod.params.json").write_bytes((folder / "web-test.params.json").read_bytes())
    first = plan()
    assert first.changes == ()
    reasons = {it.reason for it in first.left if it.finding.rule in FILES}
    assert any("not every template of the workload can be patched so" in it for it in reasons)


def test_patches_that_are_there_stay_as_they_are() -> None:
    workspace(one())
    PATCHES.parent.mkdir()
    mine = "# ours\n-   op: add   # keep\n    path: /Resources/LogGroup/Properties/Tags\n"
    mine += "    value: []\n"
    PATCHES.write_text(mine)
    (change,) = plan().changes
    assert change.after.startswith(mine)
    assert change.after.count("op: add") > 1
    write(change)
    assert PATCHES.read_text() == change.after


def test_a_file_of_comments_alone_is_added_to() -> None:
    workspace(one())
    PATCHES.parent.mkdir()
    PATCHES.write_text("# nothing yet\n")
    (change,) = plan().changes
    assert change.before == "# nothing yet\n"
    assert change.after.startswith(change.before)


def test_a_package_that_is_older_than_its_patches_is_to_be_made_again() -> None:
    workspace(one())
    write(plan().changes[0])
    again = plan()
    assert again.changes == ()
    assert {it.reason for it in again.left if it.finding.rule in FILES} == {
        "copilot/web/overrides/cfn.patches.yml does it already: package again"
    }


def test_a_workspace_that_overrides_with_the_cdk_gets_a_piece_of_program() -> None:
    """Which is proved like a patch; nothing is written, for its program is somebody's own."""
    workspace(one())
    PATCHES.parent.mkdir()
    (PATCHES.parent / "cdk.json").write_text("{}")
    first = plan()
    assert first.changes == ()
    assert of_files(first.after) == []
    ((file, text),) = first.by_hand
    assert file == "copilot/web/overrides/stack.ts"
    assert text.count('this.template.getResource("ExecutionRole")') == 1
    assert text.count("executionRole.addPropertyOverride(") == len(of_files(first.before))


def test_broken_patches_are_not_added_to() -> None:
    workspace(one())
    PATCHES.parent.mkdir()
    PATCHES.write_text("- op: [\n")
    first = plan()
    assert first.changes == ()
    assert any("cfn.patches.yml" in it.reason for it in first.left)


def test_as_template_changes_the_package_itself() -> None:
    workspace(one())
    first = plan("template")
    assert [change.file for change in first.changes] == ["infrastructure/web-test.stack.yml"]


def test_no_workspace_no_overrides() -> None:
    """Asked for by name they are refused; by itself the template is changed."""
    workspace(one())
    Path("copilot/web/manifest.yml").unlink()
    assert plan("override").changes == ()
    assert {it.reason for it in plan("override").left if it.finding.rule in FILES} == {
        "no Copilot workspace is around this file: --as template changes the file itself"
    }
    assert [change.file for change in plan().changes] == ["infrastructure/web-test.stack.yml"]
