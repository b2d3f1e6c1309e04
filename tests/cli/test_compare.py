"""``compare`` and ``check --since``: inputs, whole outputs, exit statuses."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from copilot_preflight.inputs.deployed_stacks import deployed_in

Run = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_templates" / "rollout"
PINNED, EDITED, WIDENED = (
    {path.name: path.read_text(encoding="utf-8") for path in (SAMPLES / name).iterdir()}
    for name in ("1-pinned", "2-edited", "3-widened")
)


def below(folder: str, files: Mapping[str, str]) -> dict[str, str | bytes]:
    return {f"{folder}/{name}": content for name, content in files.items()}


@pytest.fixture
def packages(write: Write) -> Path:
    """The packages of the sample, in folders of their own."""
    return write({**below("old", PINNED), **below("new", EDITED), **below("wide", WIDENED)})


def git(folder: Path, *arguments: str) -> None:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a"}
    env = {**os.environ, **who, "GIT_COMMITTER_EMAIL": "a", "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-c", "init.defaultBranch=main", *arguments]
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)


@pytest.fixture
def repository(write: Write) -> Path:
    """A repository: the last commit has the pinned package, the files are the edited one."""
    folder = write(below("infra", PINNED))
    git(folder, "init")
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "one")
    return write(below("infra", EDITED))


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
@pytest.mark.usefixtures("packages")
def test_the_story_of_the_bug(run: Run, form: str, snapshot: SnapshotAssertion) -> None:
    """The edit of an env file strands the revision that runs."""
    result = run("compare", "old", "new", "--format", form)
    lines = result.out.splitlines(keepends=True)
    assert (result.status, result.err) == (1, "")
    assert "".join(it for it in lines if '"version": "' not in it) == snapshot


@pytest.mark.usefixtures("packages")
def test_the_override_closes_the_window(run: Run, snapshot: SnapshotAssertion) -> None:
    """The same edit, once the role may read every version: no finding."""
    result = run("compare", "old", "wide")
    assert (result.status, result.err) == (0, "")
    assert result.out == snapshot


@pytest.mark.usefixtures("packages")
def test_json_has_its_keys(run: Run) -> None:
    """The contract of version 1."""
    told = json.loads(run("compare", "old", "new", "--format", "json").out)
    keys = "version tool revisions phases cells lost gained findings errors"
    assert list(told) == keys.split()
    assert told["version"] == 1
    assert [it["rule"] for it in told["findings"]] == ["E9781"]


@pytest.mark.usefixtures("packages")
def test_the_same_release_twice(run: Run) -> None:
    """Nothing changes, and nothing is said to."""
    result = run("compare", "old", "old")
    assert (result.status, result.err) == (0, "")
    assert "403" not in result.out
    assert "no role loses or gains anything\n" in result.out


def test_options_hold_as_in_check(run: Run, packages: Path) -> None:
    """--ignore, --fail-on and --output are those of check."""
    assert run("compare", "old", "new", "--ignore", "E9781").status == 0
    assert run("compare", "old", "new", "--fail-on", "never").status == 0
    assert run("compare", "old", "new", "--output", "table.txt").out == ""
    assert "updating*" in (packages / "table.txt").read_text(encoding="utf-8")


def test_a_suppression_silences_the_finding(run: Run, packages: Path) -> None:
    """A comment in the new template silences it there, and is no unused one for check."""
    path = packages / "new" / "web-test.stack.yml"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[100] += "  # preflight: ignore[E9781] the old tasks are stopped first"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert run("compare", "old", "new").status == 0
    assert "W9791" not in run("check", "new").out


def test_parameters_are_those_of_the_new_release(run: Run, packages: Path) -> None:
    """Without values for the old release, nobody knows which file it asks for."""
    (packages / "old" / "web-test.params.json").unlink()
    result = run("compare", "old", "new")
    assert result.status == 0
    assert "cannot know" in result.out


def test_a_default_is_no_value(run: Run, write: Write, templates: Any) -> None:
    """What only a default says may be something else in the account."""
    for digit, name in (("a", "old.yml"), ("b", "new.yml")):
        key = f"arn:aws:s3:::artifacts/manual/env-files/web.env/{digit * 64}.env"
        default = f"EnvFileARN: {{Type: String, Default: '{key}'}}"
        given = templates.locked.replace("EnvFileARN: {Type: String, Default: ''}", default)
        write({name: given})
    result = run("compare", "old.yml", "new.yml")
    assert (result.status, "403" in result.out) == (0, False)
    assumed = run("compare", "old.yml", "new.yml", "--assume-defaults")
    assert (assumed.status, "W9782" in assumed.out) == (0, True)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_no_secret_is_shown(run: Run, packages: Path, form: str) -> None:
    """The value of a NoEcho parameter of either release stands in no output."""
    for name in ("old", "new"):
        path = packages / name / "web-test.stack.yml"
        text = path.read_text(encoding="utf-8")
        declared = "  EnvFileARN:\n    Type: String\n"
        assert declared in text
        path.write_text(text.replace(declared, f"{declared}    NoEcho: true\n"), encoding="utf-8")
    out = run("compare", "old", "new", "--format", form).out
    assert out
    assert not any(digest in out for digest in ("f799581e", "4bf5eb77"))


# --- revisions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("HEAD:infra", "infra"),
        ("HEAD:./infra", "infra"),
        ("HEAD:infra/web-test.stack.yml", "infra/web-test.stack.yml"),
        ("HEAD:", "infra"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_a_side_may_be_a_revision(run: Run, old: str, new: str) -> None:
    """REV:PATH of the repository around, with the parameters that lie there."""
    result = run("compare", old, new)
    assert (result.status, result.err) == (1, "")
    assert "HEAD:infra/web-test.stack.yml:52" in result.out


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("nothing:infra", "'nothing' is no revision of the git repository here"),
        ("--all:infra", "'--all' is no revision of the git repository here"),
        (":infra", "an empty name is no revision"),
        ("HEAD:other", "'other' at 'HEAD': no such file or folder in that revision"),
        ("HEAD:../infra", "'../infra' is outside the git repository"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_a_revision_that_is_not_there(run: Run, old: str, said: str) -> None:
    """One line, and the status of a run that failed."""
    result = run("compare", "--", old, "infra")
    assert (result.status, result.out, result.err) == (2, "", f"error: {said}\n")


@pytest.mark.usefixtures("packages")
def test_no_repository(run: Run) -> None:
    """Nothing around is a repository."""
    result = run("compare", "HEAD:old", "new")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: not a git repository")


@pytest.mark.usefixtures("repository")
def test_since(run: Run) -> None:
    """check compares by itself, next to what it finds anyhow."""
    plain, since = run("check", "infra"), run("check", "infra", "--since", "HEAD")
    assert ("E9781" in plain.out, plain.status) == (False, 0)
    assert ("E9781" in since.out, since.status) == (True, 1)
    assert "1 error, 1 warning in 1 file\n" in since.out


def test_since_with_what_is_new(run: Run, repository: Path) -> None:
    """A path that the revision does not have has nothing to be compared with."""
    (repository / "more").mkdir()
    (repository / "infra" / "web-test.stack.yml").rename(repository / "more" / "web.yml")
    result = run("check", "more", "--since", "HEAD")
    assert (result.status, result.err) == (0, "")


def test_since_with_a_broken_past(run: Run, repository: Path) -> None:
    """What is checked may be the repair: the past is a note."""
    (repository / "infra" / "web-test.stack.yml").write_text("Resources: [", encoding="utf-8")
    git(repository, "commit", "-am", "two")
    (repository / "infra" / "web-test.stack.yml").write_text(
        EDITED["web-test.stack.yml"], encoding="utf-8"
    )
    result = run("check", "infra", "--since", "HEAD")
    assert result.status == 0
    assert result.err.startswith("note: HEAD:infra/web-test.stack.yml: not compared: ")


@pytest.mark.parametrize("more", [("--shard", "1/2"), ("-",)])
@pytest.mark.usefixtures("repository")
def test_since_excludes(run: Run, more: tuple[str, ...]) -> None:
    """A share of a run, and standard input, have no past."""
    result = run("check", "infra", "--since", "HEAD", *more)
    assert (result.status, result.out) == (2, "")
    assert "exclude each other" in result.err


# --- answers of the AWS CLI ----------------------------------------------------------------------

FILE = "arn:aws:s3:::artifacts/manual/env-files/web.env/{}.env"


def answers(digit: str) -> dict[str, str]:
    """What an account answers about a task definition and its role."""
    asked = FILE.format(digit * 64)
    task = {
        "family": "shop-test-web",
        "executionRoleArn": "arn:aws:iam::111122223333:role/shop-test-web-ExecutionRole-1X",
        "containerDefinitions": [
            {"name": "web", "environmentFiles": [{"type": "s3", "value": asked}]}
        ],
    }
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": asked}
    policy = {
        "RoleName": "shop-test-web-ExecutionRole-1X",
        "PolicyName": "GetEnvFilePolicy",
        "PolicyDocument": {"Statement": [statement]},
    }
    return {
        "task.json": json.dumps({"taskDefinition": task}),
        "policy.json": json.dumps(policy),
        "attached.json": json.dumps({"AttachedPolicies": []}),
    }


def test_answers_of_the_cli(run: Run, write: Write) -> None:
    """Two folders of answers are two releases; who starts tasks, they do not tell."""
    write({**below("old", answers("a")), **below("new", answers("b"))})
    result = run("compare", "old", "new")
    assert result.status == 0  # the bucket's policy is nobody's: it may grant
    assert "TaskDefinition, started by whoever names it" in result.out
    assert "ExecutionRole loses s3:GetObject" in result.out


def test_what_is_attached_to_a_role_must_be_answered(run: Run, write: Write) -> None:
    """Without that answer something else may grant, or deny: nothing is certain."""
    old, new = answers("a"), answers("b")
    del new["attached.json"]
    write({**below("old", old), **below("new", new)})
    told = json.loads(run("compare", "old", "new", "--format", "json").out)
    cells = {(it["revision"], it["phase"]): it for it in told["cells"]}
    cell = cells["old", "updating"]
    assert cell["status"] == "cannot-know"
    assert "list-attached-role-policies" in str(cell["calls"][0]["missing"])


def test_a_package_with_an_answer_beside_it_is_a_package(run: Run, write: Write) -> None:
    """A policy that was fetched for ``--policy`` may lie next to the template."""
    policy = answers("a")["policy.json"]
    write({**below("old", PINNED), "old/policy.json": policy, **below("new", EDITED)})
    result = run("compare", "old", "new")
    assert result.status == 1
    assert "old/web-test.stack.yml -> new/web-test.stack.yml" in result.out.replace("\\", "/")


def test_the_answer_to_get_template(run: Run, write: Write) -> None:
    """A stack's own template, as text or as data, is a release."""
    body = PINNED["web-test.stack.yml"]
    write({"old/t.json": json.dumps({"TemplateBody": body}), **below("new", EDITED)})
    result = run("compare", "old", "new")
    assert result.status == 0
    assert "old revision  allowed  cannot know" in result.out


def test_answers_about_roles_alone(run: Run, write: Write) -> None:
    """They start nothing: the line says what is missing."""
    found = answers("a")
    write({"old/policy.json": found["policy.json"], **below("new", EDITED)})
    result = run("compare", "old", "new")
    assert (result.status, result.out) == (2, "")
    assert "add that of describe-task-definition" in result.err


# --- snapshots ------------------------------------------------------------------------------------


def snapshot_of(package: Mapping[str, str], *, name: str = "shop-test-web") -> dict[str, str]:
    """What `copilot-preflight snapshot --stack` keeps of a stack that a package was deployed as."""
    values = json.loads(package["web-test.params.json"])["Parameters"]
    given = [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]
    given.append({"ParameterKey": "Secret", "ParameterValue": "****"})
    asked = {"StackName": name}
    entries = [
        {"call": f"cloudformation {call}", "parameters": asked, "file": f"cf/{call}.json"}
        for call in ("get-template", "describe-stacks")
    ]
    return {
        "snapshot.json": json.dumps({"version": 1, "answers": entries}),
        "cf/get-template.json": json.dumps({"TemplateBody": package["web-test.stack.yml"]}),
        "cf/describe-stacks.json": json.dumps(
            {"Stacks": [{"StackName": name, "Parameters": given}]}
        ),
    }


def test_what_runs_by_a_snapshot_of_its_stack(run: Run, write: Write) -> None:
    """Template and values of the last deploy are a release as a package is."""
    write({**below("old", PINNED), **below("new", EDITED)})
    write(below("deployed", snapshot_of(PINNED)))
    by_package, by_snapshot = run("compare", "old", "new"), run("compare", "deployed", "new")
    assert (by_snapshot.status, by_snapshot.err) == (by_package.status, by_package.err) == (1, "")
    first = by_snapshot.out.splitlines()[0].replace("\\", "/")
    assert first == "deployed/shop-test-web.template.json -> new/web-test.stack.yml"
    tables = [
        it.out[it.out.index("\n") : it.out.index("403, old")] for it in (by_package, by_snapshot)
    ]
    assert tables[0] == tables[1]
    assert "****" not in by_snapshot.out


def test_a_star_is_a_value(tmp_path: Path) -> None:
    """CloudFormation shows four of them for a value that nobody is to see."""
    for name, text in snapshot_of(PINNED).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace('"****"', '"*"') if name.endswith("stacks.json") else text)
    (stack,) = deployed_in(str(tmp_path))
    assert stack.parameters is not None
    assert stack.parameters["Secret"] == "*"


@pytest.mark.parametrize(
    "entry",
    [
        {"call": "cloudformation get-template", "file": "../secret.json"},
        {"call": "cloudformation get-template", "file": "/etc/passwd"},
        {"call": "cloudformation get-template", "file": 3},
        "cloudformation get-template",
        {"call": ["cloudformation get-template"], "file": "cf/get-template.json"},
    ],
    ids=str,
)
def test_an_index_that_leads_elsewhere(run: Run, write: Write, entry: object) -> None:
    """What is not in the folder is not read, and no name becomes a path."""
    body = json.dumps({"TemplateBody": PINNED["web-test.stack.yml"]})
    answers = [entry | {"parameters": {"StackName": "s"}} if isinstance(entry, dict) else entry]
    answers.append(
        {
            "call": "cloudformation get-template",
            "parameters": {"StackName": "../../s"},
            "file": "cf/get-template.json",
        }
    )
    write({"secret.json": body, "old/snapshot.json": json.dumps({"answers": answers})})
    write({"old/cf/get-template.json": body, **below("new", EDITED)})
    result = run("compare", "old", "new")
    assert (result.status, result.out) == (2, "")
    said = "error: old: this snapshot has no stack: take one with 'snapshot --stack NAME'\n"
    assert result.err == said


def test_a_snapshot_of_a_package_alone(run: Run, write: Write) -> None:
    """It has no template, and what would have one is said."""
    answers = [{"call": "s3api get-bucket-policy", "file": "s3/a.json", "parameters": {}}]
    files = {"snapshot.json": json.dumps({"answers": answers}), "s3/a.json": "{}", ".git": ""}
    write({**below("old", files), **below("new", EDITED)})
    result = run("compare", "old", "new")
    assert (result.status, result.out) == (2, "")
    said = "error: old: this snapshot has no stack: take one with 'snapshot --stack NAME'\n"
    assert result.err == said
    write(below("old", PINNED))  # it lies in the folder of a package
    assert run("compare", "old", "new").status == 1


def test_an_index_that_is_broken(run: Run, write: Write) -> None:
    """It is one line with its place."""
    write({"old/snapshot.json": '{"answers": [', **below("new", EDITED)})
    result = run("compare", "old", "new")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: old/snapshot.json:1:")
