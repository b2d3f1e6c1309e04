"""Runs that are asked for again: their output is kept, and never one that has become untrue."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.amount import examples

from copilot_preflight.cli import checking, replay
from copilot_preflight.run import check as engine

Run = Callable[..., Any]
Write = Callable[..., Path]

ENV_FILE = "A=1\n"
DIGEST = sha256(ENV_FILE.encode()).hexdigest()
PARAMETERS = {
    "Parameters": {
        "WorkloadName": "web",
        "EnvName": "test",
        "EnvFileARN": f"arn:aws:s3:::artifacts/manual/env-files/web.env/{DIGEST}.env",
    }
}


@pytest.fixture(autouse=True)
def _small_runs_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> None:
    monkeypatch.setattr(checking, "WORTH_KEEPING", 1)
    monkeypatch.setattr(replay, "_UNSURE", 0)  # the tests' files are younger than that
    monkeypatch.setenv("COPILOT_PREFLIGHT_CACHE", str(tmp_path_factory.mktemp("kept")))


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The paths of every run that was judged."""
    runs: list[tuple[str, ...]] = []
    judging = engine.checked

    def checked(paths: Any, options: Any = None) -> Any:
        runs.append(tuple(paths))
        return judging(runs[-1], options)

    monkeypatch.setattr(engine, "checked", checked)
    return runs


def kept() -> list[Path]:
    return replay.entries(replay.folder())


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github", "gitlab"])
def test_a_run_that_was_made_is_not_judged_again(
    run: Run, write: Write, templates: Any, judged: list[Any], form: str
) -> None:
    """It prints the same in the same format, ends in the same way, and has judged nothing."""
    write({"a/web.yml": templates.denied, "a/api.yml": templates.locked})
    first = run("a", "--format", form, "--statistics")
    again = run("a", "--format", form, "--statistics")
    assert again == first
    assert again.status == 1
    assert len(judged) == 1


def test_a_report_is_written_again(
    run: Run, write: Write, templates: Any, judged: list[Any]
) -> None:
    """And not over an input, which it knows without having read any."""
    folder = write({"a/web.yml": templates.denied})
    arguments = ("a", "--format", "json", "--output", "report.json")
    first = run(*arguments)
    report = (folder / "report.json").read_text()
    (folder / "report.json").unlink()
    assert run(*arguments) == first
    assert (folder / "report.json").read_text() == report
    assert len(judged) == 1
    (folder / "report.json").unlink()
    (folder / "report.json").symlink_to(folder / "a/web.yml")
    refused = run(*arguments)
    assert refused.status == 2
    assert refused.err.endswith("will not write the report over an input\n")
    assert (folder / "a/web.yml").read_text() == templates.denied


def test_other_options_are_another_run(
    run: Run, write: Write, templates: Any, judged: list[Any]
) -> None:
    write({"a/web.yml": templates.undetermined, "b/web.yml": templates.undetermined})
    for arguments in (("a",), ("a", "--info"), ("a", "b"), ("b",), ("a", "--select", "E9711")):
        before = len(judged)
        assert run(*arguments) == run(*arguments)
        assert len(judged) == before + 1, arguments


@pytest.mark.parametrize(
    "arguments", [("a", "--no-cache"), ("a", "--verbose"), ("a/web.yml",), ("a", "--shard", "1/1")]
)
def test_what_is_not_kept(
    run: Run, write: Write, templates: Any, monkeypatch: Any, arguments: tuple[str, ...]
) -> None:
    """Nor is one that is small, whose files are named, or that could not judge everything."""
    write({"a/web.yml": templates.clean})
    monkeypatch.setattr(checking, "WORTH_KEEPING", 2)
    run(*arguments)
    monkeypatch.setattr(checking, "WORTH_KEEPING", 1)
    if arguments != ("a/web.yml",):
        run(*arguments)
    write({"a/broken.yml": "Resources: {A: {Type: AWS::X"})
    run("a")
    assert kept() == []


def test_a_touched_file_is_compared_by_its_content(
    run: Run, write: Write, templates: Any, judged: list[Any]
) -> None:
    """As in a fresh checkout, where all times are new."""
    folder = write({"a/web.yml": templates.denied})
    run("a")
    os.utime(folder / "a/web.yml", ns=(1, 1))
    run("a")
    assert len(judged) == 1


def test_a_change_in_the_same_tick_is_seen(
    run: Run, write: Write, templates: Any, monkeypatch: Any, judged: list[Any]
) -> None:
    """Neither its time nor its size says that a file is another one."""
    monkeypatch.setattr(replay, "_UNSURE", 2_000_000_000)
    file = write({"a/web.yml": templates.denied}) / "a/web.yml"
    status = file.stat()
    run("a")
    file.write_text(templates.denied.replace("s3:PutObject", "s3:GetObject"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run("a").status == 0
    assert len(judged) == 2


def test_a_file_that_goes_while_the_run_goes_on_is_seen(
    run: Run, write: Write, templates: Any, monkeypatch: Any
) -> None:
    """What is around is looked at before anything is judged."""
    folder = write({"a/web.yml": templates.denied, "a/api.yml": templates.clean})
    judging = engine.checked

    def checked(paths: Any, options: Any = None) -> Any:
        found = judging(paths, options)
        (folder / "a/web.yml").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(engine, "checked", checked)
    assert run("a").status == 1
    assert run("a").status == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": [[1]]}', "[" * 100_000, '{"a": 1}'])
def test_a_broken_entry_is_written_anew(
    run: Run, write: Write, templates: Any, content: str
) -> None:
    write({"a/web.yml": templates.denied})
    first = run("a")
    (entry,) = kept()
    good = json.loads(entry.read_text())["printed"]
    entry.write_text(content)
    assert run("a") == first
    assert json.loads(entry.read_text())["printed"] == good


@pytest.mark.skipif(sys.platform == "win32", reason="rights are others there")
def test_a_folder_that_others_may_write_to_is_not_believed(
    run: Run, write: Write, templates: Any, judged: list[Any]
) -> None:
    write({"a/web.yml": templates.denied})
    run("a")
    replay.folder().chmod(0o777)
    run("a")
    assert len(judged) == 2


def test_a_folder_that_cannot_be_written_fails_no_run(
    run: Run, write: Write, templates: Any, monkeypatch: Any
) -> None:
    write({"a/web.yml": templates.denied, "file": "no folder"})
    monkeypatch.setenv("COPILOT_PREFLIGHT_CACHE", "file")
    assert run("a") == run("a")
    assert run("a").status == 1


def test_the_oldest_entries_go(run: Run, write: Write, templates: Any, monkeypatch: Any) -> None:
    write({f"{name}/web.yml": templates.clean for name in "abc"})
    for name in "ab":
        run(name)
    (first, second) = kept()
    os.utime(first, ns=(1, 1))
    os.utime(second, ns=(2, 2))
    monkeypatch.setattr(replay, "_MOST", 2 * first.stat().st_size + 100)
    run("c")
    assert second in kept()
    assert first not in kept()


def test_no_value_that_is_hidden_is_kept(run: Run, write: Write, templates: Any) -> None:
    """What stands in an entry was printed."""
    secret = "hunter2hunter2"
    text = templates.denied.replace(
        "EnvFileARN: {Type: String", "EnvFileARN: {NoEcho: true, Type: String"
    )
    parameters = {
        "Parameters": {**PARAMETERS["Parameters"], "EnvFileARN": f"arn:aws:s3:::b/{secret}"}
    }
    write({"a/web-test.stack.yml": text, "a/web-test.params.json": json.dumps(parameters)})
    assert secret not in run("a").out
    (entry,) = kept()
    assert secret not in entry.read_text()


def test_the_folder_is_emptied(run: Run, write: Write, templates: Any) -> None:
    write({"a/web.yml": templates.clean})
    run("a")
    other = replay.folder() / "somebody-elses.json"
    other.write_text("{}")
    assert run("cache", "dir").out == f"{replay.folder()}\n"
    result = run("cache", "clean")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("removed 1 run, 0.0 MB, from ")
    assert kept() == []
    assert other.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ws/copilot/web/manifest.yml", "name: web\nenv_file: web.env\n"),
        ("copilot/web/manifest.yml", "name: web\nenv_file: web.env\n"),
        ("ws/infra/web-test.stack.yml", "Resources: {A: {Type: AWS::SNS::Topic}}\n"),
        ("ws/infra/new/deep/x.template", "Resources: {A: {Type: AWS::SNS::Topic}}\n"),
        ("ws/copilot/web/overrides/cfn.patches.yml", "[{op: move}]"),
        ("copilot/web/overrides/cfn.patches.yml", "[{op: move}]"),
        ("ws/infra/web-test.params.json", None),
        ("ws/infra/web-test.params.json", '{"Parameters": {}}'),
        ("ws/infra/web.addons.stack.yml", "Resources: {A: {Type: AWS::SNS::Topic}}\n"),
        ("ws/.copilot-preflight.yml", "info: true\n"),
        (".copilot-preflight.yml", "info: true\n"),
        ("ws/known/web.env", "B=2\n"),
    ],
)
def test_what_counts_is_looked_at(
    run: Run, workspace: Path, templates: Any, judged: list[Any], name: str, content: str | None
) -> None:
    """Files that are there, and files that are not: manifests and configuration up the tree too."""
    files = {
        "ws/infra/web-test.stack.yml": templates.locked,
        "ws/infra/web-test.params.json": json.dumps(PARAMETERS),
        "ws/known/web.env": ENV_FILE,
    }
    if name == "ws/known/web.env":
        files["ws/copilot/web/manifest.yml"] = "name: web\nenv_file: known/web.env\n"
    for path, text in files.items():
        (workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace / path).write_text(text)
    run("infra")
    run("infra")
    assert len(judged) == 1
    path_of = workspace / name
    if content is None:
        path_of.unlink()
    else:
        path_of.parent.mkdir(parents=True, exist_ok=True)
        path_of.write_text(content)
    run("infra")
    assert len(judged) == 2


def test_the_packages_of_a_workspace_are_looked_at(
    run: Run, workspace: Path, templates: Any, judged: list[Any]
) -> None:
    """What lies next to the folder that is checked, and patches that were all commented out."""
    described = "Description: CloudFormation template that represents a backend service\n"
    patches = workspace / "ws/copilot/web/overrides/cfn.patches.yml"
    patches.parent.mkdir(parents=True)
    patches.write_text("# none\n")
    (workspace / "ws/copilot/web/manifest.yml").write_text("name: web\ntype: Worker Service\n")
    (workspace / "ws/infra/web-test.stack.yml").write_text(described + templates.locked)
    first = run("copilot")
    assert run("copilot") == first
    assert len(judged) == 1
    patches.write_text("[{op: move}]\n")
    assert "E9784" in run("copilot").out
    other = workspace / "ws/infra/web-prod.stack.yml"
    other.write_text(described + templates.denied)
    assert "web-prod" in run("copilot").out


# --- any edits ------------------------------------------------------------------------------------

Edit = tuple[str, str | None]
"""A file, and its new content; None removes it."""


def edits(templates: Any) -> st.SearchStrategy[list[Edit]]:
    stacks = [templates.clean, templates.denied, templates.locked, templates.undetermined]
    described = "Description: CloudFormation template that represents a backend service\n"
    stacks.append(described + templates.locked)
    exports = "Resources: {A: {Type: AWS::SNS::Topic}}\nOutputs: {O: {Value: 'arn:aws:s3:::artifacts/*', Export: {Name: files}}}\n"  # noqa: E501
    manifests = ["name: web\ntype: Worker Service\nenv_file: web.env\n", "name: web\n"]
    params = [PARAMETERS, {"Parameters": {}}, {"Parameters": {"Other": "x"}}]
    content = {
        "ws/infra/web-test.stack.yml": [*stacks, None],
        "ws/infra/api.yml": [*stacks, exports, "a: b\n", "Resources: [", None],
        "ws/infra/web-test.params.json": [*map(json.dumps, params), None],
        "ws/infra/web.addons.stack.yml": [exports, None],
        "ws/infra/new/x.template": [exports, templates.denied, None],
        "ws/infra/notes.txt": ["x", None],
        "ws/copilot/web/overrides/cfn.patches.yml": ["# none\n", "[{op: move}]", None],
        "ws/copilot/web/manifest.yml": [*manifests, None],
        "copilot/web/manifest.yml": [*manifests, None],
        "ws/web.env": [ENV_FILE, "B=2\n", None],
        "ws/.copilot-preflight.yml": ["info: true\n", "ignore: [E9711]\n", None],
        ".copilot-preflight.yml": ["info: true\n", None],
    }
    one = st.sampled_from(sorted(content)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(content[name]))
    )
    return st.lists(one, min_size=1, max_size=8)


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ws/infra").mkdir(parents=True)
        monkeypatch.chdir(folder / "ws")
        yield folder


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), checks_file=st.booleans())
def test_it_never_changes_an_answer(
    run: Run, workspace: Path, templates: Any, data: st.DataObject, checks_file: bool
) -> None:
    """Whatever is edited, added or removed around: what is printed is what a fresh run prints."""
    for found in workspace.rglob("*"):
        if found.is_file():
            found.unlink()
    (workspace / "ws/infra/web-test.stack.yml").write_text(templates.locked)
    (workspace / "ws/infra/web-test.params.json").write_text(json.dumps(PARAMETERS))
    (workspace / "ws/web.env").write_text(ENV_FILE)
    paths = ("infra", "infra/web-test.stack.yml") if checks_file else ("infra",)
    for name, content in data.draw(edits(templates)):
        run(*paths)
        path = workspace / name
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        assert run(*paths) == run(*paths, "--no-cache")
    shutil.rmtree(workspace / "ws/infra/new", ignore_errors=True)
