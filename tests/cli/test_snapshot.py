"""``snapshot`` without an account: what it would ask for, and what it takes to be allowed that."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

STACK = """
Parameters:
  Files: {Type: String}
  Token: {Type: String, NoEcho: true}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !Sub 'arn:aws:iam::${AWS::AccountId}:role/shared'
      TaskRoleArn: !Sub 'arn:aws:iam::${Elsewhere}:role/${Name}'
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles: [{Type: s3, Value: !Ref Files}]
          Secrets:
            - {Name: DB, ValueFrom: !ImportValue shared-secret}
            - {Name: TOKEN, ValueFrom: !Ref Token}
          LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: web}}
"""
PARAMS = {"Files": "arn:aws:s3:::artifacts/web.env", "Token": "/swordfish/token"}


Run = Callable[..., Any]


@pytest.fixture
def snapshot(run: Run) -> Run:
    return partial(run, "snapshot")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("web-test.stack.yml").write_text(STACK)
    Path("web-test.params.json").write_text(json.dumps({"Parameters": PARAMS}))
    return Path("web-test.stack.yml")


def test_a_dry_run_prints_the_calls(snapshot: Run, package: Path) -> None:
    """Nothing is called for it, no account is known, and nothing that is secret is shown."""
    done = snapshot("--package", str(package), "--dry-run")
    assert done.status == 0
    assert done.out.splitlines() == [
        "8 calls, each of which only reads:",
        "  aws iam get-role --role-name shared",
        "  aws iam list-role-policies --role-name shared",
        "  aws iam list-attached-role-policies --role-name shared",
        "  aws s3api get-bucket-policy --bucket artifacts",
        "  aws s3api get-bucket-encryption --bucket artifacts",
        "  aws s3api get-bucket-ownership-controls --bucket artifacts",
        "  aws s3api get-public-access-block --bucket artifacts",
        "  aws cloudformation list-exports",
        "and, for what the answers name:",
        "  iam get-policy, iam get-policy-version, iam get-role-policy, kms describe-key, "
        "kms get-key-policy, kms list-aliases, kms list-resource-tags",
    ]
    assert "swordfish" not in done.out + done.err
    assert done.err.splitlines() == [
        "note: not asked about '${ImportValue shared-secret}${suffix if any}': "
        "nothing is known of it",
        "note: not asked about what a NoEcho parameter names: its value is not shown",
    ]


def test_the_files_themselves_are_asked_for_only_if_wanted(snapshot: Run, package: Path) -> None:
    """It takes the leave to read them."""
    assert "head-object" not in snapshot("--package", str(package), "--dry-run").out
    done = snapshot("--package", str(package), "--dry-run", "--objects")
    assert "  aws s3api head-object --bucket artifacts --key web.env\n" in done.out


def test_a_stack_says_the_rest_once_it_is_read(snapshot: Run) -> None:
    """Nobody knows its template before."""
    done = snapshot("--stack", "web-test", "--dry-run", "--region", "eu-west-1")
    assert done.status == 0
    assert [line for line in done.out.splitlines() if "aws " in line] == [
        "  aws cloudformation describe-stacks --stack-name web-test",
        "  aws cloudformation get-template --stack-name web-test",
        "  aws cloudformation list-stack-resources --stack-name web-test",
    ]


def test_the_policy_of_a_package(snapshot: Run, package: Path) -> None:
    """Exactly its calls and what may follow."""
    done = snapshot(
        *("--package", str(package), "--print-policy"),
        *("--region", "eu-west-1", "--account", "111122223333"),
    )
    assert done.status == 0
    found = json.loads(done.out)
    account, keys = "arn:aws:iam::111122223333", "arn:aws:kms:eu-west-1:111122223333:key/*"
    assert [(it["Action"], it["Resource"]) for it in found["Statement"]] == [
        (["cloudformation:ListExports", "kms:ListAliases"], ["*"]),
        (
            ["iam:GetPolicy", "iam:GetPolicyVersion"],
            [f"{account}:policy/*", "arn:aws:iam::aws:policy/*"],
        ),
        (
            [
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
            ],
            [f"{account}:role/*/shared", f"{account}:role/shared"],
        ),
        (["kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListResourceTags"], [keys]),
        (
            [
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPolicy",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetEncryptionConfiguration",
            ],
            ["arn:aws:s3:::artifacts"],
        ),
    ]


def test_the_policy_of_a_stack_says_that_it_is_wide(snapshot: Run) -> None:
    """Without files nobody knows what its template names."""
    done = snapshot("--stack", "web-test", "--print-policy", "--region", "eu-west-1")
    assert done.status == 0
    assert done.err == (
        "note: the template may need any of this: add --package PATH for a narrower policy\n"
    )
    actions = {it for each in json.loads(done.out)["Statement"] for it in each["Action"]}
    assert "secretsmanager:DescribeSecret" in actions
    assert not {it for it in actions if it.startswith("organizations:")}
    assert not {"s3:GetObject", "secretsmanager:GetSecretValue", "ssm:GetParameters"} & actions


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "error: name a --stack or a --package"),
        (("--stack", "web"), "error: missing option '-o DIR': --dry-run and --print-policy need"),
        (
            ("--stack", "web", "--dry-run", "--print-policy"),
            "error: --dry-run and --print-policy exclude each other",
        ),
        (
            ("--package", "-", "--dry-run"),
            "error: --package takes files and folders, and no standard input",
        ),
        (("--stack", "web", "--dry-run", "--account", "1"), "error: invalid value for --account"),
        (
            ("--package", "nothing.yml", "--dry-run"),
            "error: nothing.yml: cannot read: no such file",
        ),
    ],
)
def test_what_cannot_be_asked(snapshot: Run, arguments: tuple[str, ...], message: str) -> None:
    """Status 2, and a line on what is wrong."""
    done = snapshot(*arguments)
    assert done.status == 2
    assert message in done.err


def test_a_folder_of_somebody_elses_is_refused_before_anything_is_called(
    snapshot: Run, tmp_path: Path
) -> None:
    """Without credentials it would fail, too: the folder comes first."""
    (tmp_path / "notes.txt").write_text("mine")
    done = snapshot("--stack", "web", "-o", str(tmp_path), "--region", "eu-west-1")
    assert done.status == 2
    assert "'notes.txt' is none of the files that snapshot.json lists" in done.err


def test_without_boto3(snapshot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no dependency of a check."""
    import sys

    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.delitem(sys.modules, "copilot_preflight.snapshot.account", raising=False)
    done = snapshot("--stack", "web", "-o", str(tmp_path / "account"))
    assert (done.status, done.err) == (
        2,
        "error: snapshot needs boto3: pip install 'copilot-preflight[aws]'\n",
    )


def test_check_ends_with_the_snapshot_that_would_decide_the_rest(run: Run, package: Path) -> None:
    """With --info, where the account may know; a value that a deploy is given is no such thing."""
    done = run("check", "--info", str(package))
    *_, line, _ = done.out.splitlines()
    assert line == (
        "4 may be decided by the account's answers: "
        "copilot-preflight snapshot --package web-test.stack.yml -o evidence"
    )
    Path("other.yml").write_text(STACK.replace("shared'", "${Name}'"))
    done = run("check", "--info", str(package), "other.yml")
    assert "snapshot --package web-test.stack.yml --package other.yml -o" in done.out
    assert "snapshot" not in run("check", str(package)).out


def test_what_was_answered_before_is_asked_again(snapshot: Run, package: Path) -> None:
    """Else the next snapshot would lack what the last one had."""
    asked = snapshot("--package", str(package), "--dry-run").out
    Path("account").mkdir()
    Path("account/get-role.json").write_text(
        json.dumps({"Role": {"RoleName": "shared", "Arn": "arn:aws:iam::111122223333:role/shared"}})
    )
    Path(".copilot-preflight.yml").write_text("evidence: [account]\n")
    done = snapshot("--package", str(package), "--dry-run")
    assert (done.status, done.out) == (0, asked)


READER = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Secrets:
            - {Name: OURS, ValueFrom: !Ref Ours}
            - {Name: THEIRS, ValueFrom: /shop/theirs}
  Ours: {Type: 'AWS::SSM::Parameter', Properties: {Name: /shop/ours, Type: String, Value: a}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}
      Policies:
        - PolicyName: reads
          PolicyDocument: {Statement: {Effect: Allow, Action: 'ssm:GetParameters', Resource: '*'}}
"""


def test_a_parameter_that_may_be_read_may_take_a_key_as_well(snapshot: Run, tmp_path: Path) -> None:
    """Which one, only the account says; what the template makes itself takes none."""
    (tmp_path / "web.yml").write_text(READER)
    assert snapshot("--package", "web.yml", "--dry-run").out.splitlines()[:2] == [
        "1 call, each of which only reads:",
        "  aws ssm describe-parameters --parameter-filters "
        "Key=Name,Option=Equals,Values=/shop/theirs",
    ]
