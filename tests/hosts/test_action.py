"""The steps of ``action.yml``, run by bash as a runner runs them, inputs and all."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from tests.amount import some
from tests.hosts.fenced import BIN, HANG, PROJECT, SAMPLES, clean_environment, run

ACTION: dict[str, Any] = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
INSTALL, CHECK, UPLOAD = ACTION["runs"]["steps"]
STALE = SAMPLES / "broken" / "env-file-stale-grant"
GRANTED = SAMPLES / "clean" / "every-version-granted"
LOCKED = SAMPLES / "broken" / "env-file-version-locked"

HOSTILE = (
    "$(touch x)",
    "`touch x`",
    "; touch x",
    '"; touch x; "',
    "'; touch x; '",
    "a\ntouch x",
    "&& touch x",
    "> x",
)

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


class Step(NamedTuple):
    """What a step left behind. ``outputs`` are what it told the runner."""

    status: int
    out: str
    outputs: Mapping[str, str]


class Runner:
    """What a step sees of a GitHub runner."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "workspace"
        self.temp = folder / "temp"
        self.bin = self.temp / "copilot-preflight" / "bin"
        self.summary = self.temp / "summary"
        for made in (self.workspace, self.temp):
            made.mkdir()

    def install(self) -> None:
        """What the first step leaves behind, but with this checkout's package."""
        self.bin.mkdir(parents=True)
        _script(self.bin / "python", f'exec "{BIN / "python"}" "$@"')

    def step(self, step: Mapping[str, Any], path: str = "", **inputs: str) -> Step:
        """Runs a step. ``inputs`` are named with _ for -; ``path`` stands before PATH."""
        given = {name: item["default"] for name, item in ACTION["inputs"].items()}
        given.update({name.replace("_", "-"): value for name, value in inputs.items()})
        outputs = self.temp / "outputs"
        outputs.write_text("")
        script = self.temp / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        env = clean_environment(
            **{name: _evaluated(text, given) for name, text in step["env"].items()},
            GITHUB_ACTION_PATH=str(PROJECT),
            GITHUB_ACTIONS="true",
            GITHUB_OUTPUT=str(outputs),
            GITHUB_STEP_SUMMARY=str(self.summary),
            GITHUB_WORKSPACE=str(self.workspace),
            RUNNER_TEMP=str(self.temp),
        )
        if path:
            env["PATH"] = f"{path}{os.pathsep}{env['PATH']}"
        # https://docs.github.com/actions/reference/workflow-syntax-for-github-actions: shell: bash
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        ran = run(command, self.workspace, env)
        pairs = (line.partition("=") for line in outputs.read_text("utf-8").splitlines())
        return Step(ran.status, ran.out, {name: value for name, _, value in pairs})

    def check(self, **inputs: str) -> Step:
        return self.step(CHECK, **inputs)


def _evaluated(text: str, inputs: Mapping[str, str]) -> str:
    """The value of ``${{ inputs.name }}``, which is all that the steps' environments have."""
    found = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)
    assert found is not None, text
    return inputs[found[1]]


def _script(path: Path, content: str) -> None:
    path.write_text(f"#!/bin/sh\n{content}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Runner:
    """A runner on which nothing is installed."""
    return Runner(tmp_path)


@pytest.fixture
def runner(bare: Runner) -> Runner:
    """A runner after the first step."""
    bare.install()
    return bare


# --- the file ------------------------------------------------------------------------------------


def test_the_file_is_an_action() -> None:
    """It is valid under the schema that editors and GitHub's own tools go by."""
    checker = BIN / "check-jsonschema"
    if not checker.exists():
        pytest.skip("check-jsonschema is not installed: pip install '.[dev]'")
    command = [str(checker), "--builtin-schema", "vendor.github-actions", "action.yml"]
    ran = run(command, PROJECT)
    assert ran.status == 0, ran.out


@pytest.mark.parametrize("step", [INSTALL, CHECK], ids=lambda step: str(step["name"]))
def test_scripts_are_sound(step: Mapping[str, Any]) -> None:
    """No expression becomes part of a script, and ShellCheck has nothing to say."""
    assert "${{" not in step["run"]
    if not (BIN / "shellcheck").exists():
        pytest.skip("ShellCheck is not installed: pip install '.[dev]'")
    told = subprocess.run(
        [str(BIN / "shellcheck"), "--shell=bash", "-"],
        input=step["run"],
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert told.stdout == ""
    assert told.returncode == 0


def test_the_page_lists_the_inputs() -> None:
    """Names and defaults in docs/pipelines.md are those of the action."""
    page = (PROJECT / "docs" / "pipelines.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| (?:`(.*)`)? ?\|$", page, re.MULTILINE)
    assert dict(rows) == {name: item["default"] for name, item in ACTION["inputs"].items()}


def test_sarif_is_uploaded_whatever_was_found() -> None:
    """The step runs after one that failed, for a file that is there."""
    assert UPLOAD["if"] == (
        "${{ always() && inputs.upload-sarif == 'true' && steps.check.outputs.sarif != '' }}"
    )
    pinned = r"github/codeql-action/upload-sarif@[0-9a-f]{40}"  # a tag may be moved to other code
    assert re.fullmatch(pinned, UPLOAD["uses"])
    assert UPLOAD["with"]["sarif_file"] == "${{ steps.check.outputs.sarif }}"


# --- installing ----------------------------------------------------------------------------------


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A folder with a Python that makes environments whose pip only tells what it would do."""
    folder = tmp_path / "python"
    folder.mkdir()
    _script(
        folder / "python",
        f"""if [ "$2" = -c ]; then exec "{sys.executable}" "$@"; fi
for home; do :; done
echo "made: $*"
mkdir -p "$home/bin"
printf '#!/bin/sh\\nprintf "<%%s>" "$@"\\n' > "$home/bin/python"
chmod +x "$home/bin/python"
""",
    )
    return folder


PIP = "<-I><-m><pip><install><--quiet><--disable-pip-version-check>"


def test_the_version_behind_uses_is_installed(bare: Runner, python: Path) -> None:
    """Without an input, the action installs the files that it came with."""
    ran = bare.step(INSTALL, path=str(python))
    home = bare.bin.parent
    assert ran == (0, f"made: -I -m venv --clear {home}\n{PIP}<{PROJECT}>", {})


def test_another_version_is_a_tag(bare: Runner, python: Path) -> None:
    """The input names a release."""
    ran = bare.step(INSTALL, path=str(python), version="0.1.0")
    source = "git+https://github.com/copilot-preflight/copilot-preflight@v0.1.0"
    assert ran.status == 0
    assert ran.out.endswith(f"{PIP}<{source}>")


@pytest.mark.parametrize("version", [*HOSTILE, "-e", "1.0 --index-url=http://example.com", "a/b"])
def test_what_is_no_version_is_refused(bare: Runner, python: Path, version: str) -> None:
    """Nothing is run or installed for it."""
    ran = bare.step(INSTALL, path=str(python), version=version)
    assert ran == (2, "::error title=copilot-preflight::version: expected one such as 0.1.0\n", {})
    assert not list(bare.workspace.iterdir())


def test_an_old_python_is_told_of(bare: Runner, python: Path) -> None:
    """The message says which Python is needed and where it comes from."""
    for name in ("python", "python3"):
        _script(python / name, "exit 1")
    ran = bare.step(INSTALL, path=str(python))
    assert ran.status == 2
    assert ran.out == (
        "::error title=copilot-preflight::Python 3.10 or newer is needed, by actions/setup-python, "
        "say\n"
    )


# --- code in the checkout ------------------------------------------------------------------------

MODULES = ("venv", "secrets", "ensurepip", "pip", "subprocess", "click", "copilot_preflight")


@pytest.fixture
def imported(bare: Runner, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there once any of the modules in the checkout was run."""
    ran = bare.temp / "imported"
    code = f"open({str(ran)!r}, 'a').write(__name__ + ' ')\n"
    for name in MODULES:
        package = bare.workspace / "packages" / name
        package.mkdir(parents=True)
        for file in ("__init__.py", "__main__.py"):
            (package / file).write_text(code, encoding="utf-8")
        (bare.workspace / f"{name}.py").write_text(code, encoding="utf-8")
    paths = (bare.workspace, bare.workspace / "packages")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, paths)))
    return ran


def test_installing_runs_no_code_of_the_checkout(
    bare: Runner, imported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real venv and the real pip, which has no index here and so ends early."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    ran = bare.step(INSTALL)
    assert not imported.exists(), imported.read_text(encoding="utf-8")
    assert "No matching distribution found" in ran.out
    assert bare.bin.is_dir()


@pytest.mark.parametrize("form", ["text", "github"])
def test_checking_runs_no_code_of_the_checkout(runner: Runner, imported: Path, form: str) -> None:
    """Neither for the token that stops commands, nor for the check."""
    shutil.copytree(STALE, runner.workspace, dirs_exist_ok=True)
    ran = runner.check(format=form, upload_sarif="true")
    assert not imported.exists(), imported.read_text(encoding="utf-8")
    assert (ran.status, ran.outputs["status"]) == (1, "1")
    assert "error[E9712]" in _quiet(ran.out)[0]


# --- checking ------------------------------------------------------------------------------------


def _quiet(out: str) -> tuple[str, str]:
    """What a step prints while the runner obeys no commands, and what it prints after that."""
    found = re.fullmatch(r"::stop-commands::([0-9a-f]{32})\n(.*)::\1::\n(.*)", out, re.DOTALL)
    assert found is not None, out
    return found[2], found[3]


def test_findings_fail_the_step_and_annotate_lines(runner: Runner) -> None:
    """The log has the text, out of reach of the runner, and then the annotations."""
    shutil.copytree(STALE, runner.workspace, dirs_exist_ok=True)
    ran = runner.check()
    text, annotations = _quiet(ran.out)
    assert ran.status == 1
    assert "error[E9712] env-file-stale-grant" in text
    assert annotations.startswith("::error ")
    assert "file=infrastructure/web-test.stack.yml,line=52," in annotations
    report = str(runner.temp / "copilot-preflight" / "report.github")
    counts = {"allowed": "6", "denied": "1", "undetermined": "0"}
    assert ran.outputs == {"status": "1", "report": report, **counts}
    assert "E9712" in runner.summary.read_text("utf-8")


def test_the_outputs_are_those_of_the_step(runner: Runner) -> None:
    """Every one that the action promises comes from the step that checks."""
    shutil.copytree(STALE, runner.workspace, dirs_exist_ok=True)
    ran = runner.check(upload_sarif="true")
    promised = {name: f"${{{{ steps.check.outputs.{name} }}}}" for name in ran.outputs}
    assert {name: it["value"] for name, it in ACTION["outputs"].items()} == promised


def test_the_summary_is_left_out_on_request(runner: Runner) -> None:
    """Like any option of the command."""
    shutil.copytree(STALE, runner.workspace, dirs_exist_ok=True)
    runner.check(args="--no-summary")
    assert not runner.summary.exists()


def test_a_good_package_passes(runner: Runner) -> None:
    """Nothing is annotated."""
    shutil.copytree(GRANTED, runner.workspace, dirs_exist_ok=True)
    ran = runner.check()
    text, annotations = _quiet(ran.out)
    assert (ran.status, ran.outputs["status"]) == (0, "0")
    assert text.endswith("no findings in 1 file\n")
    assert annotations == ""


def test_sarif_is_written_whatever_was_found(runner: Runner) -> None:
    """The output names a file with the findings, and the status is that of the check."""
    shutil.copytree(STALE, runner.workspace, dirs_exist_ok=True)
    ran = runner.check(upload_sarif="true", format="text")
    assert (ran.status, ran.outputs["status"]) == (1, "1")
    found = json.loads(Path(ran.outputs["sarif"]).read_text(encoding="utf-8"))
    assert [it["ruleId"] for it in found["runs"][0]["results"]] == ["E9712"]
    assert "report" not in ran.outputs
    assert _quiet(ran.out)[0].count("E9712") == 1, "the text is printed once"


def test_fail_on_and_args_reach_the_command(runner: Runner) -> None:
    """Options are words, on one line or on several."""
    shutil.copytree(LOCKED, runner.workspace, dirs_exist_ok=True)
    assert runner.check().status == 0
    assert runner.check(fail_on="warning").status == 1
    assert runner.check(fail_on="warning", args="--ignore W9713").status == 0
    assert runner.check(fail_on="warning", args="--region\neu-west-1\n--ignore=W9713\n").status == 0


def test_paths_are_lines(runner: Runner) -> None:
    """A path may have spaces, or begin with a dash; all of them make one run."""
    for name in ("two words", "-dash", "*"):
        shutil.copytree(STALE / "infrastructure", runner.workspace / name)
    ran = runner.check(paths="two words\n\n-dash\n*\n", format="json")
    report = json.loads(Path(ran.outputs["report"]).read_text(encoding="utf-8"))
    assert ran.status == 1
    assert report["summary"]["files"] == 3
    assert [Path(it["file"]).parts[0] for it in report["findings"]] == ["two words", "-dash", "*"]


def test_no_path_is_a_failure(runner: Runner) -> None:
    """An input that came out empty must not pass for the nearest package."""
    shutil.copytree(LOCKED, runner.workspace, dirs_exist_ok=True)
    ran = runner.check(paths="")
    assert (ran.status, "nothing stands behind '--'" in ran.out) == (2, True)


def test_an_unreadable_input_keeps_its_status(runner: Runner) -> None:
    """2 is another thing than findings."""
    ran = runner.check(paths="nowhere", upload_sarif="true")
    assert (ran.status, ran.outputs["status"]) == (2, "2")
    assert "error: nowhere: cannot read" in ran.out


def test_templates_give_the_runner_no_commands(runner: Runner) -> None:
    """Text from a template is printed where it is not obeyed."""
    text = (STALE / "infrastructure" / "web-test.stack.yml").read_text(encoding="utf-8")
    name = "x\n::warning::obeyed\n##[error]obeyed"
    (runner.workspace / "web.yml").write_text(
        text.replace("Name: !Ref WorkloadName", f"Name: {json.dumps(name)}").replace(
            "!Ref EnvFileARN", '"s3://files/##[error]obeyed"'
        ),
        encoding="utf-8",
    )
    ran = runner.check(paths="web.yml")
    quiet, obeyed = _quiet(ran.out)
    assert ran.status == 1
    assert "obeyed" in quiet
    assert not re.search(r"^\s*::warning::obeyed", obeyed, re.MULTILINE)
    assert not [line for line in obeyed.splitlines() if not line.startswith("::")]


INPUTS = ("paths", "args", "fail_on", "format")


@pytest.mark.parametrize("name", INPUTS)
def test_no_input_is_code(runner: Runner, name: str) -> None:
    """A hostile input is a path that is not there, or a wrong option."""
    shutil.copytree(GRANTED, runner.workspace, dirs_exist_ok=True)
    before = sorted(runner.workspace.rglob("*"))
    for hostile in some(HOSTILE, every=2, first=INPUTS.index(name) % 2):
        ran = runner.check(**{name: hostile})
        assert (ran.status, ran.outputs["status"]) == (2, "2"), ran.out
        assert sorted(runner.workspace.rglob("*")) == before
        assert ran.outputs.keys() <= {"status", "report", "allowed", "denied", "undetermined"}


def test_upload_sarif_is_no_code_either(runner: Runner) -> None:
    """Whatever is not 'true' is off."""
    shutil.copytree(GRANTED, runner.workspace, dirs_exist_ok=True)
    before = sorted(runner.workspace.rglob("*"))
    for hostile in some(HOSTILE, every=2):
        ran = runner.check(upload_sarif=hostile)
        assert ran.status == 0, ran.out
        assert "sarif" not in ran.outputs
    assert sorted(runner.workspace.rglob("*")) == before
