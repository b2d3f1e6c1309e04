"""Snapshots of an account, which moto's server plays: all that need it are in this file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.snapshot import broken
from tests.snapshot.stage import ACCOUNT, LOCAL, Stage

from copilot_preflight.cli import main as cli
from copilot_preflight.snapshot.calls import OPERATIONS, Answer, Call, call


class Done(NamedTuple):
    """What a run of the command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


Run = Callable[..., Done]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs any command."""

    def invoke(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return invoke


@pytest.fixture
def run(command: Run, stage: Stage) -> Run:
    """Takes a snapshot of the account of the tests."""
    return partial(command, "snapshot", "--region", stage.region, "--endpoint-url", stage.endpoint)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    file = tmp_path / "web.yml"
    file.write_text(LOCAL)
    return file


def _files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*.json"))
    }


def _named(names: Iterator[str] | list[str], stage: Stage) -> list[str]:
    """Names without what AWS makes up."""
    key = stage.key.rpartition("/")[2]
    suffix = stage.secret[-6:]
    found = (name.replace(key, "KEY").replace(suffix, "SUFFIX") for name in names)
    return sorted(re.sub(r"(ExecutionRole-)\w+", r"\1ID", name) for name in found)


def test_a_stack_with_all_that_its_calls_need(run: Run, stage: Stage, tmp_path: Path) -> None:
    """The template leads to the bucket and to exports, those to a secret, that to its key."""
    done = run("--stack", stage.stack, "-o", str(tmp_path / "account"))
    assert done.exit_code == 0, done.output
    assert _named(list(_files(tmp_path / "account")), stage) == [
        "cloudformation/list-exports.json",
        "cloudformation/web-test/describe-stacks.json",
        "cloudformation/web-test/get-template.json",
        "cloudformation/web-test/list-stack-resources.json",
        "ecs/service/shop/web/describe-services.json",
        "ecs/task-definition/web%3A1/describe-task-definition.json",
        "iam/role/web-test-ExecutionRole-ID/get-role-policy.files.json",
        "iam/role/web-test-ExecutionRole-ID/get-role.json",
        "iam/role/web-test-ExecutionRole-ID/list-attached-role-policies.json",
        "iam/role/web-test-ExecutionRole-ID/list-role-policies.json",
        "kms/KEY/describe-key.json",
        "kms/KEY/get-key-policy.json",
        "kms/KEY/list-aliases.json",
        "kms/KEY/list-resource-tags.json",
        "kms/alias%2Fshop/describe-key.json",
        "s3/artifacts/get-bucket-encryption.json",
        "s3/artifacts/get-bucket-policy.json",
        "secretsmanager/shop%2Fdb-SUFFIX/describe-secret.json",
        "secretsmanager/shop%2Fdb-SUFFIX/get-resource-policy.json",
        "snapshot.json",
        "ssm/copilot%2Fshop%2Ftest%2Fsecrets%2Fdb/describe-parameters.json",
        "ssm/copilot%2Fshop%2Ftest%2Fsecrets%2Fdb/list-tags-for-resource.json",
    ]
    index = json.loads((tmp_path / "account" / "snapshot.json").read_text())
    assert (index["account"], index["partition"], index["region"]) == (ACCOUNT, "aws", stage.region)
    assert done.stderr.splitlines()[0].endswith(f": 21 answers of account {ACCOUNT}, 2 not found")
    errors = {it["call"]: it["error"] for it in index["answers"] if "error" in it}
    assert errors == {
        "s3api get-bucket-ownership-controls": "OwnershipControlsNotFoundError",
        "s3api get-public-access-block": "NoSuchPublicAccessBlockConfiguration",
    }
    exports = json.loads(
        (tmp_path / "account" / "cloudformation" / "list-exports.json").read_text()
    )
    assert [it["Name"] for it in exports["Exports"]] == ["shared-secret"]


def test_a_package_whose_role_lies_outside(
    run: Run, stage: Stage, package: Path, tmp_path: Path
) -> None:
    """Its policies are read one by one, with its boundary; AWS's own are known already."""
    done = run("--package", str(package), "-o", str(tmp_path / "account"))
    assert done.exit_code == 0, done.output
    names = [name for name in _named(list(_files(tmp_path / "account")), stage) if "iam/" in name]
    assert names == [
        "iam/policy/boundary/get-policy-version.json",
        "iam/policy/boundary/get-policy.json",
        "iam/policy/reads/get-policy-version.json",
        "iam/policy/reads/get-policy.json",
        "iam/role/shared-execution/get-role-policy.a.json",
        "iam/role/shared-execution/get-role-policy.b.json",
        "iam/role/shared-execution/get-role.json",
        "iam/role/shared-execution/list-attached-role-policies.json",
        "iam/role/shared-execution/list-role-policies.json",
    ]
    assert (tmp_path / "account" / "ecr" / "shop%2Fweb" / "get-repository-policy.json").exists()


def test_nothing_that_is_secret_is_read_or_written(
    run: Run, stage: Stage, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request is one of the table's, and no value of any kind reaches the folder."""
    import botocore.client

    made: set[tuple[str, str]] = set()
    real = botocore.client.BaseClient._make_api_call

    def noting(self: Any, name: str, parameters: Any) -> Any:
        made.add((self.meta.service_model.service_name, name))
        return real(self, name, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", noting)
    done = run(
        *("--stack", stage.stack, "--package", str(package), "--objects", "--organization"),
        *("-o", str(tmp_path / "account")),
    )
    assert done.exit_code == 0, done.output
    planned = {(it.service, it.api) for it in OPERATIONS.values()}
    assert made <= {*planned, ("sts", "GetCallerIdentity")}
    assert len(made) > 20
    written = "".join(_files(tmp_path / "account").values())
    assert "artifacts" in written
    for secret in ("very-secret-value", "hunter2", "of-no-use"):
        assert secret not in written + done.output


def test_a_client_makes_no_call_of_its_own(stage: Stage) -> None:
    """What is in no table is refused before it is sent, whoever asks for it."""
    from copilot_preflight.snapshot.account import Account, NotAllowed

    account = Account(region=stage.region, endpoint_url=stage.endpoint)
    client = account._client("secretsmanager", stage.region)
    with pytest.raises(NotAllowed, match="GetSecretValue"):
        client.get_secret_value(SecretId="shop/db")


def test_all_pages_of_a_list_are_read(stage: Stage) -> None:
    """A role with many policies has more than one page of names; throttled calls are repeated."""
    from botocore.stub import Stubber

    from copilot_preflight.snapshot.account import Account

    account = Account(region=stage.region, endpoint_url=stage.endpoint)
    client = account._client("iam", stage.region)
    assert client.meta.config.retries["mode"] == "adaptive"
    with Stubber(client) as stub:
        pages: list[tuple[dict[str, Any], dict[str, Any]]] = [
            ({"PolicyNames": ["a"], "IsTruncated": True, "Marker": "m"}, {"RoleName": "web"}),
            (
                {"PolicyNames": ["b"], "IsTruncated": False},
                {"RoleName": "web", "Marker": "m"},
            ),
        ]
        for answer, sent in pages:
            stub.add_response("list_role_policies", answer, sent)
        found = account.ask(call("iam list-role-policies", RoleName="web"))
    assert found == Answer({"PolicyNames": ["a", "b"]})


def test_an_endpoint_that_cannot_be_reached_is_tried_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of hundreds of calls would wait for as long as the first one."""
    from botocore.exceptions import ConnectTimeoutError

    from copilot_preflight.snapshot.account import Account

    tried = []

    class Client:
        def can_paginate(self, _: str) -> bool:
            return False

        def get_role(self, **given: Any) -> Any:
            tried.append(given)
            raise ConnectTimeoutError(endpoint_url="https://iam.amazonaws.com")

    account = Account(region=stage.region, endpoint_url=stage.endpoint)
    monkeypatch.setattr(account, "_client", lambda *_: Client())
    for name in ("one", "two"):
        found = account.ask(call("iam get-role", RoleName=name))
        assert found == Answer(None, "ConnectTimeoutError")
    assert tried == [{"RoleName": "one"}]


def test_two_snapshots_of_one_state_differ_in_their_time_only(
    run: Run, stage: Stage, tmp_path: Path
) -> None:
    """So a difference in git is a difference in the account."""
    for name in ("one", "two", "two"):
        done = run("--stack", stage.stack, "-o", str(tmp_path / name))
        assert done.exit_code == 0, done.output
    one, two = _files(tmp_path / "one"), _files(tmp_path / "two")
    for files in (one, two):
        index, times = re.subn(
            r'"taken": "20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"', "", files["snapshot.json"]
        )
        assert times == 1
        files["snapshot.json"] = index
    assert one == two


def test_what_is_not_allowed_is_said_and_the_rest_is_kept(
    run: Run, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role that may read buckets only still makes a snapshot."""
    from copilot_preflight.snapshot.account import Account

    real = Account.ask

    def ask(self: Account, call: Call) -> Answer:
        if call.command.startswith("iam"):
            return Answer(None, "AccessDenied", "not authorized to perform: iam:GetRole")
        return real(self, call)

    monkeypatch.setattr(Account, "ask", ask)
    folder = tmp_path / "account"
    done = run("--stack", stage.stack, "-o", str(folder))
    assert done.exit_code == 0
    assert done.stderr.splitlines()[1:] == [
        "note: iam get-role was not answered: AccessDenied",
        "note: iam list-attached-role-policies was not answered: AccessDenied",
        "note: iam list-role-policies was not answered: AccessDenied",
        "note: --print-policy prints the policy that allows all of it",
    ]
    index = json.loads((folder / "snapshot.json").read_text())
    assert {"call": "iam get-role", "error": "AccessDenied"}.items() <= next(
        it for it in index["answers"] if it["call"] == "iam get-role"
    ).items()
    monkeypatch.setattr(Account, "ask", lambda *_: Answer(None, "AccessDenied", "no"))
    done = run("--stack", stage.stack, "-o", str(folder))
    assert done.exit_code == 2
    assert done.stderr == "error: nothing could be read: cloudformation describe-stacks: no\n"
    assert json.loads((folder / "snapshot.json").read_text()) == index


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "nobody"), "error: the config profile (nobody) could not be found\n"),
        (("--endpoint-url", "nonsense"), "error: invalid endpoint: nonsense\n"),
        (
            ("--account", "999999999999"),
            f"error: the credentials are of account {ACCOUNT}, and --account is 999999999999\n",
        ),
    ],
)
def test_credentials_of_no_use_end_it(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """One line, no folder, and status 2."""
    done = run("--stack", "web-test", "-o", str(tmp_path / "account"), *arguments)
    assert (done.exit_code, done.stderr) == (2, message)
    assert not (tmp_path / "account").exists()


def test_without_credentials(
    command: Run, tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to read boto3's documentation to know what to do."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    words = ("snapshot", "--stack", "x", "-o", str(tmp_path / "a"), "--endpoint-url", endpoint)
    done = command(*words, "--region", "eu-west-1")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: no credentials: name a profile with --profile NAME")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    done = command(*words)
    assert done.stderr.startswith("error: no region: name it with --region NAME")


def test_a_stack_that_is_not_there(run: Run, tmp_path: Path) -> None:
    """AWS's own sentence says it best."""
    done = run("--stack", "nothing", "-o", str(tmp_path / "account"))
    assert done.exit_code == 2
    assert done.stderr.startswith("error: nothing could be read: cloudformation describe-stacks: ")
    assert "does not exist" in done.stderr


@pytest.mark.usefixtures("stage")
def test_what_the_account_does_not_have_is_said(run: Run, tmp_path: Path) -> None:
    """Each thing once, however many calls are about it; one without a policy is there."""
    template = tmp_path / "web.yml"
    template.write_text(
        f"""
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: arn:aws:iam::{ACCOUNT}:role/nobody
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles:
            - {{Type: s3, Value: 'arn:aws:s3:::artifacts/web.env'}}
            - {{Type: s3, Value: 'arn:aws:s3:::nowhere-at-all/web.env'}}
"""
    )
    done = run("--package", str(template), "-o", str(tmp_path / "account"))
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[1:] == [
        "note: role 'nobody' is not there: NoSuchEntity",
        "note: bucket 'nowhere-at-all' is not there: NoSuchBucket",
    ]


def test_the_table_names_operations_of_the_api() -> None:
    """With the parameters that AWS's own models give them, and pages where there are pages."""
    from botocore.session import get_session

    loader = get_session().get_component("data_loader")
    for operation in OPERATIONS.values():
        if operation.service == "ec2":  # a model of several megabytes; the stage has its calls
            continue
        model = loader.load_service_model(operation.service, "service-2")
        known = model["operations"][operation.api]
        sent = model["shapes"][known["input"]["shape"]]["members"] if "input" in known else {}
        assert set(operation.fixed) <= set(sent)
        pages = loader.load_service_model(operation.service, "paginators-1")["pagination"]
        # One stack is one page, and a client has no pages for what its service does not.
        is_alone = operation.command == "cloudformation describe-stacks"
        assert operation.pages == (operation.api in pages and not is_alone), operation.command


# --- the loop ----------------------------------------------------------------------------------

ERROR = (
    "ResourceInitializationError: failed to download env files: AccessDenied: User: "
    "arn:aws:sts::123456789012:assumed-role/shop-execution/abc is not authorized to perform: "
    "s3:GetObject on resource: "
    '"arn:aws:s3:::shop-files/locked/app.env" with an explicit deny in a resource-based policy'
)

Both = Callable[..., tuple[Any, Any]]


@pytest.fixture
def both(
    run: Run, command: Run, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Both:
    """What a command says, as JSON, of the whole stack, and of its task with a snapshot."""
    monkeypatch.chdir(tmp_path)
    Path("whole.yml").write_text(broken.WHOLE)
    Path("web.yml").write_text(broken.LOCAL)
    taken = run("--package", "web.yml", "-o", "account")
    assert taken.exit_code == 0, taken.output

    def say(*arguments: str) -> tuple[Any, Any]:
        common = ("--format", "json", "--region", stage.region)
        whole = command(*arguments, "whole.yml", "--account", ACCOUNT, *common)
        apart = command(*arguments, "web.yml", "--evidence", "account", *common)
        return json.loads(whole.stdout), json.loads(apart.stdout)

    return say


def test_a_check_with_a_snapshot_finds_what_a_check_of_everything_finds(both: Both) -> None:
    """A role, a bucket, a key and a parameter that are defective are so in the account, too."""
    whole, apart = both("check", "--info")
    calls = {"allowed": 1, "denied": 6, "undetermined": 0, "not_judged": 0}
    assert whole["summary"]["calls"] == calls
    assert apart["summary"]["calls"] == calls
    found, again = (
        [(it["rule"], it["cause"], it["start"]) for it in said["findings"]]
        for said in (whole, apart)
    )
    assert [rule for rule, *_ in found] == ["E9712", "E9715", "E9761", "E9741"]
    assert again == found


def test_triage_with_a_snapshot_ranks_first_what_it_does_with_everything(both: Both) -> None:
    """The line that decides is then one of an answer."""
    whole, apart = both("triage", ERROR, "--with")
    first = [said["failures"][0]["causes"][0]["rule"] for said in (whole, apart)]
    assert first == ["E9761", "E9761"]
