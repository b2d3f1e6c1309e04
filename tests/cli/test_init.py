"""``init``: what it shows, what it writes, and that it touches nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from copilot_preflight.cli.commands import init as command

Run = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

CONFIGURATION = ".copilot-preflight.yml"
PRE_COMMIT = ".pre-commit-config.yaml"
WORKFLOW = ".github/workflows/copilot-preflight.yml"


@pytest.fixture
def workspace(write: Write, templates: Any) -> Path:
    """A repository with one packaged workload."""
    folder = write(
        {
            "copilot/web/manifest.yml": "name: web\ntype: Backend Service\n",
            "infrastructure/web-test.stack.yml": templates.clean,
        }
    )
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def test_it_shows_and_writes_nothing_by_itself(run: Run, workspace: Path) -> None:
    """Without a terminal nobody is asked; the patch is one that git takes."""
    result = run("init")
    assert (result.status, result.errors) == (1, ["nothing is written: --yes writes it"])
    assert not any((workspace / name).exists() for name in (CONFIGURATION, PRE_COMMIT, WORKFLOW))
    subprocess.run(["git", "apply"], cwd=workspace, input=result.out, text=True, check=True)
    assert (workspace / CONFIGURATION).exists()
    assert run("init").status == 0, "all is there"


def test_what_it_writes_is_valid(run: Run, workspace: Path, tmp_path: Path) -> None:
    result = run("init", "--yes")
    assert (result.status, len(result.errors)) == (0, 3)
    assert run("check").out.endswith("no findings in 1 file\n")
    assert run("config").out.startswith(f"# {CONFIGURATION}\nfail-on: error")
    hooks = yaml.safe_load((workspace / PRE_COMMIT).read_text())["repos"][0]
    assert [it["id"] for it in hooks["hooks"]] == [
        "copilot-preflight",
        "copilot-preflight-manifests",
    ]
    workflow = yaml.safe_load((workspace / WORKFLOW).read_text())
    assert workflow["jobs"]["check"]["steps"][-1]["with"] == {"paths": "infrastructure"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema", "--builtin-schema"),
            *("vendor.github-workflows", str(tmp_path / WORKFLOW)),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_what_is_there_is_not_written_over(run: Run, workspace: Path) -> None:
    (workspace / CONFIGURATION).write_text("fail-on: never\n")
    (workspace / WORKFLOW).parent.mkdir(parents=True)
    (workspace / WORKFLOW).write_text("mine\n")
    result = run("init", "--yes")
    assert f"note: {CONFIGURATION}: left as it is: it is there already" in result.errors
    assert (workspace / CONFIGURATION).read_text() == "fail-on: never\n"
    assert (workspace / WORKFLOW).read_text() == "mine\n"
    assert run("init", "--yes").errors[-1] == "nothing to write"


OTHERS = (
    "# ours\nrepos:\n- repo: https://github.com/a/b  # pinned\n  rev: v1\n  hooks:\n  - id: x\n"
    "    args: [x,\n      y]\n\n# end\nexclude: ^x",
    "repos:\n    -   repo: local\n        hooks: []\n",
    "repos: [{repo: local, hooks: []}]\n",
    '{"repos": [{"repo": "local", "hooks": []}]}\n',
    "fail_fast: true\r\nrepos:\r\n  - repo: local\r\n    hooks: []\r\n",
)


@pytest.mark.parametrize("text", OTHERS)
def test_hooks_are_added_and_nothing_else_changes(run: Run, workspace: Path, text: str) -> None:
    """What was there is there, byte by byte, with the new text in one piece in between."""
    (workspace / PRE_COMMIT).write_bytes(text.encode())
    result = run("init", "--yes", "pre-commit")
    after = (workspace / PRE_COMMIT).read_bytes().decode()
    assert result.errors == [f"written: {PRE_COMMIT}"]
    start = next(n for n in range(len(after)) if after[: n + 1] != text[: n + 1])
    assert after == text[:start] + after[start : len(after) - len(text) + start] + text[start:]
    before, now = yaml.safe_load(text), yaml.safe_load(after)
    assert now == {**before, "repos": [*before["repos"], now["repos"][-1]]}
    assert now["repos"][-1]["repo"].endswith("/copilot-preflight")
    assert run("init", "--yes", "pre-commit").errors[-1] == "nothing to write"


def test_what_has_no_list_is_left(run: Run, workspace: Path) -> None:
    """An empty list gets the hooks in its place; what is broken is left, with a reason."""
    (workspace / PRE_COMMIT).write_text("repos: []\n")
    assert run("init", "--yes", "pre-commit").errors == [f"written: {PRE_COMMIT}"]
    for text, reason in {"repos: [": "cannot be read", "a: 1\n": "no list 'repos'"}.items():
        (workspace / PRE_COMMIT).write_text(text)
        result = run("init", "--yes", "pre-commit")
        assert reason in result.errors[0]
        assert (workspace / PRE_COMMIT).read_text() == text


def test_it_is_written_to_the_root(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace / "copilot" / "web")
    assert run("init", "-y").errors[0] == f"written: ../../{CONFIGURATION}"
    assert "paths: infrastructure" in (workspace / WORKFLOW).read_text()


def test_a_project_of_the_cdk(run: Run, write: Write, templates: Any) -> None:
    """What a checkout does not have, a step before it has to write."""
    folder = write({"cdk.out/App.template.json": templates.clean})
    assert run("init", "-y").status == 0
    assert "add the steps that write cdk.out" in (folder / WORKFLOW).read_text()
    hooks = yaml.safe_load((folder / PRE_COMMIT).read_text())["repos"][0]["hooks"]
    assert hooks == [{"id": "copilot-preflight-templates"}]


@pytest.mark.parametrize("answer", [True, False])
def test_on_a_terminal_it_asks(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    monkeypatch.setattr(command, "_is_agreed", lambda count: answer and count == 3)
    assert run("init").status == (0 if answer else 1)
    assert (workspace / CONFIGURATION).exists() is answer
