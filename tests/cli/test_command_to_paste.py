"""What a report tells to be run is the command that finds and fixes what was shown."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run, Write

from copilot_preflight.cli.commands.check import check
from copilot_preflight.cli.commands.fix import fix
from copilot_preflight.cli.commands.options import settings_of
from copilot_preflight.config.to_options import options_of
from copilot_preflight.run.options import Options

WEB = """\
Parameters:
  File: {Type: String, Default: ''}
  Password: {Type: String, NoEcho: true, Default: ''}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles: [{Type: s3, Value: !Ref File}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}
"""
ENV_FILE = "arn:aws:s3:::artifacts/web.env"
EVERYTHING = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


@pytest.fixture(autouse=True)
def _web(write: Write) -> None:
    write({
        "web.yml": WEB,
        "it's params.json": f'{{"Parameters": {{"File": "{ENV_FILE}"}}}}',
        "scp.json": EVERYTHING,
        "rcp.json": EVERYTHING.replace('"Action"', '"Principal": "*", "Action"'),
        "answers/empty.json": "{}",
        "other.yml": "ignore: [W9719]\n",
        ".copilot-preflight.yml": "ignore: [E9711]\n",
    })  # fmt: skip


def command_in(text: str) -> str:
    (line,) = [it for it in text.split("\n") if " can be fixed" in it]
    assert ": copilot-preflight " in line
    return line.partition(": copilot-preflight ")[2]


def asked(command: Any, words: list[str]) -> Options:
    """What the engine is asked for by the words of a command line."""
    with command.make_context(command.name, words) as context:
        both = {it.name for it in check.params} & {it.name for it in fix.params}
        own = {
            name: value
            for name, value in context.params.items()
            if name in both - {"paths", "form"}
        }
        baseline, wants_all = own.pop("baseline"), own.pop("no_suppressions")
        options = options_of(settings_of(paths=context.params["paths"], **own))
    config = options.config and options.config.file
    return options._replace(baseline=baseline, suppressions=not wants_all, config=config, asked=())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        '--params "it\'s params.json" --no-config',
        f"--parameter File={ENV_FILE} --no-config",
        f"--parameter File={ENV_FILE} --select E9711,W97 --ignore W9713 --config other.yml",
        f"--parameter File={ENV_FILE} --select E --extend-ignore W9713 --extend-ignore W9719",
        f"--parameter File={ENV_FILE} --no-config --extend-ignore W9713",
        f"--parameter File={ENV_FILE} --no-config --region eu-west-1 --account 111122223333",
        f"--parameter File={ENV_FILE} --no-config --scp scp.json,scp.json --scp scp.json",
        f"--parameter File={ENV_FILE} --no-config --rcp rcp.json --partition aws --info",
        f"--parameter File={ENV_FILE} --no-config --policy artifacts=none --fail-on info",
        f"--parameter File={ENV_FILE} --no-config --exclude 'old/' --exclude '*.tmp.yml' --no-info",
        f"--parameter File={ENV_FILE} --no-config --no-suppressions --assume-defaults",
        f"--parameter File={ENV_FILE} --no-config --evidence answers --evidence-max-age 0",
    ],
)
def test_the_command_asks_for_what_the_check_was_asked_for(run: Run, line: str) -> None:
    words = [*shlex.split(line), "web.yml"]
    found = run("check", "--no-cache", *words)
    assert found.status == 1, found
    pasted = shlex.split(command_in(found.out))
    assert pasted[0] == "fix"
    assert asked(fix, pasted[1:]) == asked(check, words)
    patch = run(*pasted, *([] if "--diff" in pasted else ["--diff"]))
    assert patch.status == 1, patch
    assert "+++ b/web.yml" in patch.out


def test_what_is_in_the_baseline_is_not_fixed(run: Run) -> None:
    words = ("--no-config", "--parameter", f"File={ENV_FILE}")
    run("check", "--no-config", "--write-baseline", "known.json", "web.yml")
    assert run("check", *words, "--write-baseline", "known.json", "web.yml").status == 0
    known = run("check", *words, "--baseline", "known.json", "web.yml")
    assert " can be fixed" not in known.out
    assert (
        "nothing to fix" in run("fix", "--diff", *words, "--baseline", "known.json", "web.yml").err
    )

    Path("more.yml").write_text(WEB, encoding="utf-8")
    both = run("check", *words, "--baseline", "known.json", "web.yml", "more.yml")
    pasted = shlex.split(command_in(both.out))
    assert pasted[-4:-2] == ["--baseline", "known.json"]
    patch = run(*pasted, "--diff").out
    assert "+++ b/more.yml" in patch
    assert "web.yml" not in patch


def test_a_secret_is_in_no_command(run: Run) -> None:
    words = ("--no-config", "--parameter", f"File={ENV_FILE}", "--parameter", "Password=abc")
    told = run("check", *words, "web.yml").out
    assert "abc" not in told
    assert "can be fixed: copilot-preflight fix, with the options and paths of this run" in told


def test_a_secret_is_in_no_command_of_shards(run: Run) -> None:
    words = ("--no-config", "--parameter", f"File={ENV_FILE}", "--parameter", "Password=abc")
    one = run("check", *words, "web.yml").out
    part = run(
        "check", *words, "--shard", "1/1", "--format", "json", "--output", "1.json", "web.yml"
    )
    assert part.status == 1, part
    assert "abc" not in Path("1.json").read_text(encoding="utf-8")
    assert run("merge", "1.json").out == one


def test_check_fix_names_the_command_that_fixes(run: Run) -> None:
    refused = run("check", "--fix", "--params", "it's params.json", "--no-config", "web.yml")
    assert "run copilot-preflight fix --no-config --params 'it'\"'\"'s params.json' web.yml" in (
        refused.err
    )
