"""``--evidence``: what the command makes of answers of the account, and of bad ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]

ARN = "arn:aws:iam::111122223333:role/app-exec"
STACK = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app-exec'
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles:
            - {Type: s3, Value: 'arn:aws:s3:::files/web.env'}
"""
DETAILS = json.dumps(
    {
        "RoleDetailList": [
            {
                "RoleName": "app-exec",
                "Arn": ARN,
                "RoleId": "AROA1",
                "AssumeRolePolicyDocument": {
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                },
                "RolePolicyList": [
                    {
                        "PolicyName": "files",
                        "PolicyDocument": {
                            "Statement": {
                                "Effect": "Allow",
                                "Action": "s3:GetObject",
                                "Resource": "arn:aws:s3:::files/old.env",
                            }
                        },
                    }
                ],
                "AttachedManagedPolicies": [],
            }
        ]
    },
    indent=2,
)
DAY = 86_400


def _of_age(file: str, days: float) -> None:
    """Makes a file as old as its answer is to be."""
    now = Path(file).stat().st_mtime
    os.utime(file, (now - days * DAY, now - days * DAY))


def test_a_denial_shows_the_answer(run: Run, write: Write) -> None:
    """The finding is at what asks; what is granted instead stands in the account's answer."""
    write({"web.stack.yml": STACK, "evidence/account.json": DETAILS})
    os.utime("evidence/account.json", (1_795_852_800, 1_795_852_800))
    result = run("check", ".", "--evidence", "evidence", "--evidence-max-age", "0")
    assert (result.status, result.err) == (1, "")
    assert result.out.startswith("error[E9711] env-file-denied: execution role 'app-exec' may not")
    lines = DETAILS.split("\n")
    line = next(n for n, text in enumerate(lines, 1) if "old.env" in text)
    column = lines[line - 1].index('"arn') + 1
    assert f"::: evidence/account.json:{line}:{column}\n" in result.out.replace(os.sep, "/")
    assert "what is granted instead (the account's answer of 2026-11-28)" in result.out
    assert result.out.endswith("1 denied; 1 error in 1 file\n")


def test_a_report_says_what_it_rests_on(run: Run, write: Write) -> None:
    """In JSON: the answers to which it points, with their times."""
    write({"web.stack.yml": STACK, "evidence/account.json": DETAILS, "evidence/b.json": DETAILS})
    os.utime("evidence/b.json", (0, 0))
    os.utime("evidence/account.json", (1_795_852_800, 1_795_852_800))
    given = ("check", "web.stack.yml", "--format", "json")
    report = json.loads(run(*given, "--evidence", "evidence").out)
    name = os.path.join("evidence", "account.json")
    assert report["evidence"] == [{"file": name, "taken": "2026-11-28T08:00:00Z"}]
    assert "evidence" not in json.loads(run(*given).out)


def test_evidence_in_the_configuration(run: Run, write: Write) -> None:
    """Its files are named from where the configuration lies."""
    write(
        {
            "a/web.stack.yml": STACK,
            "a/evidence/account.json": DETAILS,
            "a/.copilot-preflight.yml": "evidence: evidence\nevidence-max-age: 0\n",
        }
    )
    result = run("check", "a", "--format", "concise")
    assert (result.status, result.err) == (1, "")
    assert " E9711 " in result.out


def test_the_age_of_answers(run: Run, write: Write) -> None:
    """One note on the oldest of them, after a week unless it is told; never with 0 days."""
    write({"web.stack.yml": STACK, "evidence/a.json": DETAILS, "evidence/b.json": DETAILS})
    given = ("check", "web.stack.yml", "--evidence", "evidence", "--fail-on", "never")
    assert run(*given).err == ""
    _of_age("evidence/b.json", 8.5)
    note = f"note: {os.path.join('evidence', 'b.json')}: the account's answer is 8 days old"
    assert run(*given).err == f"{note}: take it anew\n"
    _of_age("evidence/a.json", 7.5)
    assert run(*given).err == f"{note}, and 1 more is older than 7 days: take them anew\n"
    assert run(*given, "--evidence-max-age", "0").err == ""
    assert run(*given, "--evidence-max-age", "9").err == ""


def test_an_answer_of_yesterday(run: Run, write: Write) -> None:
    """One day is no days."""
    write({"web.stack.yml": STACK, "evidence/b.json": DETAILS})
    _of_age("evidence/b.json", 1.5)
    given = ("--evidence", "evidence", "--evidence-max-age", "1", "--fail-on", "never")
    note = f"note: {os.path.join('evidence', 'b.json')}: the account's answer is 1 day old"
    assert run("check", "web.stack.yml", *given).err == f"{note}: take it anew\n"


def test_a_bad_file_is_one_line_and_no_obstacle(run: Run, write: Write) -> None:
    """It says where, the exit status is 2, and the other answers still decide."""
    write(
        {
            "web.stack.yml": STACK,
            "evidence/account.json": DETAILS,
            "evidence/get-role.json": '{"Role": {\n  "RoleName": }',
        }
    )
    result = run("check", "web.stack.yml", "--evidence", "evidence", "--format", "concise")
    assert result.status == 2
    assert len(result.errors) == 1
    assert result.errors[0].startswith(f"error: {os.path.join('evidence', 'get-role.json')}:2:")
    assert " E9711 " in result.out


def test_a_file_that_is_no_evidence(run: Run, write: Write) -> None:
    """A note where it lies in a folder of evidence."""
    write({"web.stack.yml": STACK, "evidence/account.json": DETAILS, "evidence/x.json": "{}"})
    result = run("check", "web.stack.yml", "--evidence", "evidence")
    name = os.path.join("evidence", "x.json")
    assert result.err == f"note: evidence: no answer that is read here: {name}\n"


def test_evidence_is_never_checked(run: Run, write: Write) -> None:
    """Not even a template that was deployed, or what looks like parameters of one."""
    deployed = {"TemplateBody": {"Resources": {"R": {"Type": "AWS::IAM::Role"}}}}
    plain = json.dumps(deployed["TemplateBody"])
    files = {
        "app/web.stack.yml": STACK,
        "app/evidence/account.json": DETAILS,
        "app/evidence/web/get-template.json": json.dumps(deployed),
        "app/evidence/web.template.json": plain,
        "app/evidence/web.stack.yml": plain,
        "app/evidence/web.params.json": "{}",
    }
    write(files)
    for given in (["app"], ["app", "--jobs", "2"]):
        result = run("check", *given, "--evidence", "app/evidence", "--format", "json")
        report = json.loads(result.out)
        assert report["summary"]["files"] == 1
        assert {it["file"] for it in report["findings"]} == {os.path.join("app", "web.stack.yml")}


def test_no_fix_changes_an_answer(run: Run, write: Write) -> None:
    """What is wrong in the account is nothing that its answers could be corrected to."""
    others = DETAILS.replace("ecs-tasks.amazonaws.com", "ec2.amazonaws.com")
    files = {"web.stack.yml": STACK, "evidence/account.json": others}
    write(files)
    given = ("web.stack.yml", "--evidence", "evidence")
    report = json.loads(run("check", *given, "--format", "json").out)
    assert {it["rule"]: it["fix"] for it in report["findings"]} == {"E9711": None, "E9732": None}
    assert run("fix", *given, "--diff", "--review").out == ""
    run("fix", *given, "--review", "--force")
    assert {name: Path(name).read_text() for name in files} == files


@pytest.mark.parametrize("output", ["evidence/account.json", "evidence/../evidence/account.json"])
def test_no_report_overwrites_an_answer(run: Run, write: Write, output: str) -> None:
    write({"web.stack.yml": STACK, "evidence/account.json": DETAILS})
    result = run("check", "web.stack.yml", "--evidence", "evidence", "--output", output)
    assert result.status == 2
    assert Path("evidence/account.json").read_text() == DETAILS
