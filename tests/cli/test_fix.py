"""``fix``: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from copilot_preflight.read import document

Run = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

ROOT = Path(__file__).resolve().parents[2]
BROKEN = ROOT / "sample_templates" / "broken"
LOGS = "log-delivery-denied/infrastructure/shop.yml"


def sample(name: str) -> dict[str, str | bytes]:
    folder = BROKEN / name
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def git(folder: Path, *arguments: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-c", "user.name=a", "-c", "user.email=a", *arguments]
    return subprocess.run(
        command, cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def stale(write: Write) -> Path:
    """A repository in which a role is granted another version of a file than its task asks for."""
    folder = write(sample("env-file-stale-grant"))
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return folder


TEMPLATE = ("--as", "template")


def test_a_diff_is_a_patch_and_nothing_is_written(
    run: Run, stale: Path, snapshot: SnapshotAssertion
) -> None:
    result = run("fix", "--diff", *TEMPLATE, "infrastructure")
    assert (result.status, result.out, result.err) == snapshot
    assert git(stale, "status", "--short") == ""
    subprocess.run(["git", "apply"], cwd=stale, input=result.out, text=True, check=True)
    assert run("infrastructure").status == 0


def test_a_fix_is_written_and_said(run: Run, stale: Path, snapshot: SnapshotAssertion) -> None:
    result = run("fix", *TEMPLATE, "infrastructure")
    assert (result.status, result.out, result.err) == snapshot
    assert run("infrastructure").status == 0
    assert git(stale, "diff", "--stat").count("|") == 1
    again = run("fix", *TEMPLATE, "infrastructure")
    assert (again.status, again.out) == (0, "nothing to fix: no findings\n")
    assert run("fix", "--diff", *TEMPLATE, "infrastructure").status == 0


def test_commands_of_iam(run: Run, stale: Path, snapshot: SnapshotAssertion) -> None:
    """A policy for the role, ready to paste; nothing is written."""
    result = run("fix", "--as", "iam", "infrastructure")
    assert (result.status, result.out, result.err) == snapshot
    assert git(stale, "status", "--short") == ""


HOSTILE = (
    "X\nprintf PWNED",
    "X';printf PWNED;'",
    "$(printf PWNED)",
    "`printf PWNED`",
    "X\r::error::\x1b[31m",
    "-x",
)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("where", ["role", "application", "file"])
def test_no_name_becomes_a_command(run: Run, write: Write, name: str, where: str) -> None:
    """What is pasted into a shell is what it looks like, whatever a template calls a role."""
    files = sample("env-file-stale-grant")
    stack = (BROKEN / "env-file-stale-grant/infrastructure/web-test.stack.yml").read_text()
    del files["infrastructure/web-test.stack.yml"]
    parameters = json.loads(files["infrastructure/web-test.params.json"])
    target = "web-test"
    if where == "role":
        stack = stack.replace("\n  ExecutionRole:", f"\n  {json.dumps(name)}:")
        stack = stack.replace("!GetAtt ExecutionRole.Arn", f"!GetAtt [{json.dumps(name)}, Arn]")
    elif where == "application":
        parameters["Parameters"]["AppName"] = name
    else:
        target = f"x{name}".replace("/", "")
    parameters_file = f"infrastructure/{target}.params.json"
    del files["infrastructure/web-test.params.json"]
    files[parameters_file] = json.dumps(parameters).encode()
    files[f"infrastructure/{target}.stack.yml"] = stack.encode()
    write(files)
    result = run("fix", "--as", "iam", "infrastructure")
    lines = result.out.splitlines()
    assert all(line.isprintable() for line in lines), result.out
    assert not any(line.lstrip().startswith("::") for line in lines)
    asked = subprocess.run(
        ["bash", "-c", f"aws() {{ echo asked >&2; }}\n{result.out}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "asked" in asked.stderr
    assert "PWNED" not in asked.stdout
    assert "command not found" not in asked.stderr


def test_what_git_could_not_bring_back_is_left_alone(run: Run, stale: Path) -> None:
    path = stale / "infrastructure" / "web-test.stack.yml"
    text = path.read_text() + "# not committed\n"
    path.write_text(text)
    result = run("fix", *TEMPLATE, "infrastructure")
    assert (result.status, result.out) == (2, "")
    assert "git could not bring back" in result.err
    assert path.read_text() == text
    assert run("fix", "--force", *TEMPLATE, "infrastructure").status == 0
    assert path.read_text().endswith("# not committed\n")


def test_a_file_that_cannot_be_written_stops_before_the_first(run: Run, write: Write) -> None:
    """Fixes may belong together: what is known to fail is not begun."""
    text = (BROKEN / LOGS).read_bytes()
    folder = write({"a.yml": text, "b.yml": text})
    (folder / "b.yml").chmod(0o444)
    result = run("fix", "--force", ".")
    assert (result.status, result.out) == (2, "")
    assert result.err == "error: b.yml: not written: it is read-only: 'chmod u+w' it first\n"
    assert (folder / "a.yml").read_bytes() == text


def test_what_was_written_before_a_fault_is_said(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (BROKEN / LOGS).read_bytes()
    write({"a.yml": text, "b.yml": text, "c.yml": text})
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "b.yml":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    result = run("fix", "--force", ".")
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "error: b.yml: not written: no space left on device; written before: a.yml; not begun: "
        "c.yml: run it again when that is mended\n"
    )


def test_findings_that_stay_make_the_exit_status(run: Run, write: Write) -> None:
    """As for check; ``--select`` says which findings it is about."""
    write(sample("task-role-missing"))
    result = run("fix", *TEMPLATE, ".")
    assert result.status == 1
    assert ": left E9734: " in result.out
    result = run("fix", *TEMPLATE, "--ignore", "E9734", ".")
    assert (result.status, result.out) == (0, "nothing to fix: no findings\n")


BUILD = """\
Resources:
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !GetAtt Role.Arn
      Environment: {EnvironmentVariables: [{Name: T, Type: PARAMETER_STORE, Value: /shop/token}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: codebuild.amazonaws.com}, Action: sts:AssumeRole}
  Later:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !GetAtt Role.Arn
"""  # noqa: E501


@pytest.mark.parametrize("option", ["--diff", "--force"])
def test_what_is_left_stands_where_the_file_has_it(run: Run, write: Write, option: str) -> None:
    """A patch that is only shown moves no line."""
    write({"build.yml": BUILD})
    result = run("fix", option, "build.yml")
    said = (result.err + result.out).splitlines()
    left = [it for it in said if " left E9743: " in it]
    text = Path("build.yml").read_text().splitlines()
    lines = [number for number, line in enumerate(text, 1) if "ServiceRole" in line]
    assert [it.split(": left")[0] for it in left] == [f"build.yml:{line}:7" for line in lines]
    assert left[0].endswith(
        "'Build' refers to 'Role' itself, and CloudFormation takes no circle: grant it in a policy "
        "of its own, an AWS::IAM::Policy"
    )


def test_what_has_to_be_looked_at_needs_an_option(run: Run, write: Write) -> None:
    folder = write(sample("half-granted-pair"))
    before = git(folder, "hash-object", "infrastructure/web.addons.stack.yml")
    result = run("fix", "--force", "--fail-on", "warning", *TEMPLATE, ".")
    assert result.status == 1
    assert "--review does it" in result.out
    assert git(folder, "hash-object", "infrastructure/web.addons.stack.yml") == before
    result = run("fix", "--force", "--review", "--fail-on", "warning", *TEMPLATE, ".")
    assert result.status == 0


def test_what_cannot_be_read_does_not_stop_the_rest(run: Run, stale: Path) -> None:
    (stale / "infrastructure" / "other.yml").write_text("Resources: {A: {Type: AWS::X\n")
    result = run("fix", *TEMPLATE, "infrastructure")
    assert result.status == 2
    assert "other.yml:" in result.err
    assert "fixed E9712" in result.out


def test_standard_input_cannot_be_fixed(run: Run) -> None:
    result = run("fix", "-")
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert "standard input cannot be fixed" in result.err


@pytest.mark.parametrize("name", ["denied-by-key-policy", "object-action-on-bucket-arn"])
def test_what_no_policy_of_a_role_ends_is_not_said_to_be_fixed(
    run: Run, write: Write, name: str
) -> None:
    """Where there is no command to print, nothing would be fixed."""
    write(sample(name))
    result = run("fix", "--review", "--as", "iam", ".")
    assert (result.status, result.out) == (0, "")
    assert "its fix is no grant to a role" in result.err
    assert "would fix" not in result.err


@pytest.mark.parametrize("form", [["--diff"], ["--force"], ["--as", "iam"]])
def test_what_the_cdk_writes_is_changed_in_the_program_too(
    run: Run, write: Write, form: list[str]
) -> None:
    """A changed file of cdk.out is there until the next cdk synth."""
    data = deepcopy(document.parse((BROKEN / LOGS).read_text(), LOGS).data)
    for name, resource in data["Resources"].items():
        resource["Metadata"] = {"aws:cdk:path": f"Shop/{name}/Resource"}
    write({"cdk.out/Shop.template.json": json.dumps(data)})
    result = run("fix", *form, "cdk.out")
    note = (
        "note: cdk.out/Shop.template.json: 'cdk synth' writes it anew: change the construct "
        "'Shop/ExecutionRole/Resource' too"
    )
    assert (note in (result.out + result.err).splitlines()) is ("iam" not in form)


def test_a_program_of_the_cdk_is_for_somebody_to_change(run: Run, stale: Path) -> None:
    """The help is the same piece of it; nothing is said to be fixed, and nothing is written."""
    folder = stale / "copilot/web/overrides"
    folder.mkdir()
    (folder / "cdk.json").write_text("{}")
    result = run("fix", ".")
    assert result.status == 1
    assert "for you to add: E9712: allow s3:GetObject" in result.out
    assert "fixed" not in result.out
    assert git(stale, "status", "--short") == "?? copilot/web/overrides/\n"
    assert [it.name for it in folder.iterdir()] == ["cdk.json"]
    help = run("check", ".").out
    assert "copilot/web/overrides/stack.ts:" in help
    assert "cfn.patches.yml" not in help
    told = [line.strip() for line in help.splitlines()]
    programmed = result.out.partition("constructor does:\n")[2].partition("infrastructure/")[0]
    assert all(line.strip() in told for line in programmed.splitlines())


@pytest.mark.parametrize("name", ["parameter/*", "parameter/shop-?"])
def test_a_name_that_a_policy_takes_for_many_is_not_granted_unseen(
    run: Run, write: Write, name: str
) -> None:
    """A secret with a star in its name would let the role read all of them."""
    text = (BROKEN / LOGS).read_text()
    arn = f"arn:aws:ssm:eu-west-1:111122223333:{name}"
    secret = f"          Secrets: [{{Name: A, ValueFrom: '{arn}'}}]\n          LogConfiguration:\n"
    write({"t.yml": text.replace("          LogConfiguration:\n", secret, 1)})
    arguments = ("--diff", "--select", "E9741", "t.yml")
    result = run("fix", *arguments)
    assert (result.status, result.out) == (0, "")
    assert "--review does it: allow ssm:GetParameters" in result.err
    assert arn in run("fix", "--review", *arguments).out


def test_a_policy_that_is_a_copy_is_said_to_be_one(run: Run, write: Write) -> None:
    """A changed file is all there is: the policy in AWS denies what it denied."""
    folder = write(sample("denied-by-organization-policy"))
    scp = json.loads((folder / "legacy.scp.json").read_text())
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    scp["Statement"] = [allow, *scp["Statement"]]
    (folder / "legacy.scp.json").write_text(json.dumps(scp))
    arguments = ("--review", "--diff", "--scp", "legacy.scp.json", "ledger.yml")
    result = run("fix", *arguments)
    assert (result.status, result.out) == (0, "")
    assert "change it in AWS, or here with --as template" in result.err
    result = run("fix", *TEMPLATE, *arguments)
    assert (result.status, "+++ b/legacy.scp.json" in result.out) == (1, True)
    assert result.err.splitlines()[-2:] == [
        "note: legacy.scp.json: AWS denies what it denied before this policy has replaced the one "
        "there",
        "1 denied -> 0 denied, nothing new",
    ]


def test_no_secret_is_in_a_patch(run: Run, write: Write) -> None:
    """A template on one line is its own context: of it only a remark is left."""
    policy = (
        '{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": '
        '[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b"}]}}'
    )
    trust = (
        '{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"Service": "ecs-tasks.amazonaws.com"}}}'
    )
    parameters = '{"Password": {"Type": "String", "NoEcho": true, "Default": "hunter2-hunter2"}}'
    role = (
        '{"Type": "AWS::IAM::Role", "Properties": '
        f'{{"AssumeRolePolicyDocument": {trust}, "Policies": [{policy}]}}}}'
    )
    text = f'{{"Parameters": {parameters}, "Resources": {{"R": {role}}}}}'
    write({"t.json": text})
    result = run("fix", "--diff", "--review", "t.json")
    assert result.status == 1
    assert "# t.json: not shown" in result.out
    assert "hunter2" not in result.out + result.err
    write({"t.json": text.replace('"Resources"', '\n"Resources"')})
    result = run("fix", "--diff", "--review", "t.json")
    assert "arn:aws:s3:::b/*" in result.out
    assert "hunter2" not in result.out + result.err
