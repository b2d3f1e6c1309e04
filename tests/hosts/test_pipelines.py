"""The examples for pipelines, run as each service runs them, and the commands of their page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from tests.hosts.fenced import BIN, PROJECT, SAMPLES, Ran, bash, blocks, clean_environment, run

from copilot_preflight._version import __version__

EXAMPLES = PROJECT / "examples"
STALE = SAMPLES / "broken" / "env-file-stale-grant" / "infrastructure"
GRANTED = SAMPLES / "clean" / "every-version-granted" / "infrastructure"
JOB = SAMPLES / "clean" / "scheduled-job" / "infrastructure"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")

# Writes what 'svc package' and 'job package' would, out of the folder in $PACKAGES.
COPILOT = """\
#!/bin/sh
echo "copilot $*" >> "$LOG"
kind=$1; shift; [ "$1" = package ] || exit 64; shift
uploads=; tag=none
while [ $# -gt 0 ]; do
  case $1 in
    -n | --name) name=$2; shift ;;
    -e | --env) env=$2; shift ;;
    --output-dir) folder=$2; shift ;;
    --tag) tag=$2; shift ;;
    --upload-assets) uploads=yes ;;
    *) echo "unknown flag: $1" >&2; exit 64 ;;
  esac
  shift
done
[ -n "$uploads" ] && [ -n "$tag" ] || exit 65
[ -f "$PACKAGES/$kind/$name-test.stack.yml" ] || { echo "no manifest of $name" >&2; exit 1; }
mkdir -p "$folder"
for file in stack.yml params.json; do
  cp "$PACKAGES/$kind/$name-test.$file" "$folder/$name-$env.$file"
done
"""


def _example(name: str) -> Any:
    return yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))


class Pipeline:
    """A checkout in a pipeline, with a Copilot that needs no AWS and a pip that installs nothing.

    The commands are told apart in ``log``: what this checkout has installed is what is run.
    """

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.packages = folder / "packages"
        self.log = folder / "log"
        self.log.touch()
        self.bin = folder / "bin"
        for made in (self.checkout, self.packages / "svc", self.packages / "job", self.bin):
            made.mkdir(parents=True)
        fakes = {
            "copilot": COPILOT,
            "pip": '#!/bin/sh\necho "pip $*" >> "$LOG"\n',
            "wget": f'#!/bin/sh\necho "wget $*" >> "$LOG"\ncp "{self.bin}/copilot" "$4"\n',
            "python3": '#!/bin/sh\nif [ "$1 $2" = "-m pip" ]; then shift; exec "$@"; fi\n'
            f'exec "{BIN}/python" "$@"\n',
        }
        for name, content in fakes.items():
            (self.bin / name).write_text(content, encoding="utf-8")
            (self.bin / name).chmod(0o755)

    @property
    def env(self) -> Mapping[str, str]:
        env = clean_environment(LOG=str(self.log), PACKAGES=str(self.packages))
        return {**env, "PATH": f"{self.bin}:{env['PATH']}"}

    @property
    def logged(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()

    def has(self, package: Path) -> None:
        """Puts a package into the checkout, as one that is committed."""
        shutil.copytree(package, self.checkout / "infrastructure")

    def packs(self, package: Path, kind: str = "svc") -> None:
        """Lets Copilot make a package."""
        shutil.copytree(package, self.packages / kind, dirs_exist_ok=True)

    def bash(self, script: str) -> Ran:
        return bash(script, self.checkout, self.env)


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


INSTALLED = "pip install git+https://github.com/copilot-preflight/copilot-preflight@v0.1.0"


# --- the files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("github-workflow.yml", ["vendor.github-workflows"]),
        (".gitlab-ci.yml", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
        ("bitbucket-pipelines.yml", ["vendor.bitbucket-pipelines"]),
    ],
)
def test_examples_are_valid(name: str, options: Sequence[str]) -> None:
    """Each is valid under the schema of its service."""
    checker = BIN / "check-jsonschema"
    if not checker.exists():
        pytest.skip("check-jsonschema is not installed: pip install '.[dev]'")
    ran = run([str(checker), "--builtin-schema", *options, name], EXAMPLES)
    assert ran.status == 0, ran.out


def test_the_page_shows_the_examples() -> None:
    """What stands in docs/pipelines.md is in the files, word for word or as a part of them."""
    copilot, runtimes, *whole = map(yaml.safe_load, blocks("pipelines.md", "yaml"))
    names = ("github-workflow.yml", ".gitlab-ci.yml", "bitbucket-pipelines.yml")
    assert whole == [_example(name) for name in names]
    for phase, added in copilot["phases"].items():
        for command in added["commands"]:
            assert command in _example("buildspec.yml")["phases"][phase]["commands"]
    assert runtimes["phases"]["install"]["runtime-versions"].keys() == {"python", "ruby"}


def test_the_version_to_install_is_this_one() -> None:
    """Whoever copies a line gets the version whose page it is from."""
    examples = filter(Path.is_file, EXAMPLES.rglob("*"))
    pages = [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md"), *examples]
    pinned = r"(?:copilot-preflight/copilot-preflight@|rev: )v([0-9.]*[0-9])"
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert set(re.findall(pinned, text)) == {__version__}


def test_the_workflow_has_inputs_of_the_action() -> None:
    """It names no input that ``action.yml`` does not have."""
    action = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
    steps = _example("github-workflow.yml")["jobs"]["check"]["steps"]
    assert steps[-1]["with"].keys() <= action["inputs"].keys()


# --- Copilot's pipeline --------------------------------------------------------------------------


def _build(pipeline: Pipeline, **variables: str) -> Ran:
    """Runs the buildspec as CodeBuild does: a command counts by the status that it ends with."""
    spec = _example("buildspec.yml")
    commands = [
        it for phase in ("install", "post_build") for it in spec["phases"][phase]["commands"]
    ]
    script = "\n".join(f"{{ {command}\n}} || exit $?" for command in commands)
    env = {
        **pipeline.env,
        "CODEBUILD_BUILD_ID": "pipeline-shop:0b1c2d3e-0000-4000-8000-000000000000",
        **spec["env"]["variables"],
        **variables,
    }
    return run(["sh", "-c", script], pipeline.checkout, env)


def test_a_good_build_leaves_its_packages(pipeline: Pipeline) -> None:
    """Every service and job is packaged for every environment, checked, and left as artifacts."""
    pipeline.packs(GRANTED)
    pipeline.packs(JOB, "job")
    ran = _build(pipeline, JOBS="report")
    assert ran[0] == 0
    assert ran[1].endswith("no findings in 4 files\n")
    assert pipeline.logged[:2] == [
        "wget -q https://ecs-cli-v2-release.s3.amazonaws.com/copilot-linux-v1.34.1 "
        "-O copilot-linux",
        INSTALLED,
    ]
    for line, (kind, name, env) in zip(
        pipeline.logged[2:],
        [
            ("svc", "web", "test"),
            ("job", "report", "test"),
            ("svc", "web", "prod"),
            ("job", "report", "prod"),
        ],
        strict=True,
    ):
        tag = f"0b1c2d3e-0000-4000-8000-000000000000-{env}"
        assert line == (
            f"copilot {kind} package -n {name} -e {env} --tag {tag} --upload-assets "
            "--output-dir infrastructure"
        )
    (artifacts,) = _example("buildspec.yml")["artifacts"]["files"]
    assert len(list(pipeline.checkout.glob(artifacts))) == 8


def test_a_bad_package_fails_the_build(pipeline: Pipeline) -> None:
    """The status is that of the check, with the finding in the log."""
    pipeline.packs(STALE)
    ran = _build(pipeline)
    assert ran.status == 1
    assert "error[E9712] env-file-stale-grant" in ran.out
    assert ran.out.endswith("2 errors in 2 files\n")


def test_packaging_that_fails_is_not_checked(pipeline: Pipeline) -> None:
    """The build ends where Copilot failed, though it did so in a loop."""
    pipeline.packs(GRANTED)
    ran = _build(pipeline, SERVICES="gone web")
    assert ran == (1, "no manifest of gone\n")


# --- GitLab and Bitbucket ------------------------------------------------------------------------


def _gitlab() -> str:
    return "\n".join(_example(".gitlab-ci.yml")["copilot-preflight"]["script"])


def _bitbucket() -> str:
    (branch,) = _example("bitbucket-pipelines.yml")["pipelines"]["pull-requests"].values()
    return "\n".join(branch[0]["step"]["script"])


SCRIPTS = {"gitlab": _gitlab(), "bitbucket": _bitbucket()}


def _failures(report: Path) -> list[str]:
    """What a JUnit report tells as failed."""
    root = ElementTree.parse(report).getroot()
    return [
        case.get("name", "") for case in root.iter("testcase") if case.find("failure") is not None
    ]


def _reports(pipeline: Pipeline) -> Iterator[Path]:
    """The reports that GitLab is told of."""
    for name in _example(".gitlab-ci.yml")["copilot-preflight"]["artifacts"]["reports"].values():
        yield pipeline.checkout / name


def test_gitlab_has_both_reports_of_a_bad_package(pipeline: Pipeline) -> None:
    """The job fails, and has written what the merge request shows."""
    pipeline.has(STALE)
    ran = pipeline.bash(SCRIPTS["gitlab"])
    assert ran.status == 1
    assert pipeline.logged == [INSTALLED]
    quality, junit = _reports(pipeline)
    (issue,) = json.loads(quality.read_text(encoding="utf-8"))
    assert issue["check_name"].startswith("E9712")
    assert issue["location"]["path"] == "infrastructure/web-test.stack.yml"
    assert any("E9712" in name or "env-file-stale-grant" in name for name in _failures(junit))


def test_gitlab_has_empty_reports_of_a_good_package(pipeline: Pipeline) -> None:
    """The job passes; a report without issues is one that shows the last ones as resolved."""
    pipeline.has(GRANTED)
    ran = pipeline.bash(SCRIPTS["gitlab"])
    assert ran.status == 0, ran.out
    quality, junit = _reports(pipeline)
    assert json.loads(quality.read_text(encoding="utf-8")) == []
    assert _failures(junit) == []


def test_bitbucket_finds_the_report(pipeline: Pipeline) -> None:
    """The step fails, and the report is in a folder that Bitbucket looks into."""
    pipeline.has(STALE)
    ran = pipeline.bash(SCRIPTS["bitbucket"])
    assert ran.status == 1
    assert pipeline.logged == [INSTALLED]
    (report,) = (pipeline.checkout / "test-results").glob("*.xml")
    assert len(_failures(report)) == 1
    assert "error[E9712]" in ran.out


def test_bitbucket_passes_a_good_package(pipeline: Pipeline) -> None:
    """No failed test, no failed step."""
    pipeline.has(GRANTED)
    ran = pipeline.bash(SCRIPTS["bitbucket"])
    assert ran.status == 0, ran.out
    (report,) = (pipeline.checkout / "test-results").glob("*.xml")
    assert _failures(report) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_missing_folder_fails_the_step(pipeline: Pipeline, name: str) -> None:
    """Nothing to check is a fault of the pipeline, not a success."""
    ran = pipeline.bash(SCRIPTS[name])
    assert ran.status == 2
    assert "error: infrastructure: cannot read" in ran.out


# --- the page ------------------------------------------------------------------------------------


def test_documented_commands_run(pipeline: Pipeline) -> None:
    """The block by hand packages and checks; the one for other systems leaves its reports."""
    pipeline.packs(GRANTED)
    by_hand, elsewhere = blocks("pipelines.md", "sh")
    ran = pipeline.bash(by_hand)
    assert ran[0] == 0
    assert ran[1].endswith("no findings in 1 file\n")
    assert pipeline.bash(elsewhere).status == 0
    assert {it.suffix for it in pipeline.checkout.glob("preflight.*")} == {
        ".json",
        ".sarif",
        ".xml",
    }
