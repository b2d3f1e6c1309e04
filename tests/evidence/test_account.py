"""What there is under a name or an ARN, and which of two answers about it counts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.evidence.account import Account
from copilot_preflight.evidence.reading import read
from copilot_preflight.iam.arn import name_hole

ACCOUNT, REGION = "111122223333", "eu-west-1"
HERE = Text.of(name_hole("AWS::AccountId"))
PARTITION, ANY_REGION = name_hole("AWS::Partition"), name_hole("AWS::Region")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/q"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/db-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/token"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/web"
FILES = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/fs-1"

Accounts = Callable[..., Account]


@pytest.fixture
def account(tmp_path: Path) -> Accounts:
    """The account of some answers, the newest first, each with the name of its file or a number."""

    def make(*answers: Any, **named: Any) -> Account:
        files = {f"{number}.json": data for number, data in enumerate(answers)}
        files |= {name.replace("__", "."): data for name, data in named.items()}
        for number, (name, data) in enumerate(files.items()):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(data if isinstance(data, str) else json.dumps(data))
            os.utime(path, (1_000_000 - number, 1_000_000 - number))
        found = read([tmp_path])
        assert found.faults == []
        return found.account

    return make


def _says(sid: str, **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Sid": sid, "Effect": "Allow", "Action": "*", "Resource": "*", **more}]}


def _sid(policy: Any) -> str:
    return str(policy.document["Statement"][0]["Sid"])


# --- the newest answer counts ---------------------------------------------------------------------


def _role(sid: str) -> dict[str, Any]:
    return {
        "RoleName": "web",
        "Arn": ROLE,
        "RoleId": sid,
        "AssumeRolePolicyDocument": _says(sid),
        "PermissionsBoundary": {"PermissionsBoundaryArn": sid},
        "Tags": [{"Key": "a", "Value": sid}],
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": _says(sid)}],
        "AttachedManagedPolicies": [{"PolicyName": sid, "PolicyArn": sid}],
    }


def _roles(account: Account) -> set[str]:
    role = account.role(Text.of(ROLE), HERE)
    assert role is not None
    assert role.boundary is not None
    inline, attached = role.inline[0], role.attached[0]
    return {
        role.id,
        _sid(role.trust),
        role.boundary.arn,
        role.tags["a"],
        _sid(inline),
        attached.arn,
    }


def _version(sid: str, *, is_default: bool = True) -> dict[str, Any]:
    version = {"VersionId": sid, "IsDefaultVersion": is_default, "Document": _says(sid)}
    policy = {"PolicyName": "q", "Arn": POLICY, "PolicyVersionList": [version]}
    return {"RoleDetailList": [], "Policies": [policy]}


def _one(record: Any, *fields: str) -> set[str]:
    assert record is not None
    found = set()
    for field in fields:
        value = getattr(record, field)
        found.add(_sid(value) if hasattr(value, "document") else str(value))
    return found


TWICE: Mapping[str, tuple[Callable[[str], Any], Callable[[Account], set[str]]]] = {
    "role": (lambda sid: {"RoleDetailList": [_role(sid)]}, _roles),
    "policy": (_version, lambda it: _one(it.policy(Text.of(POLICY)), "policy")),
    "bucket": (
        lambda sid: {"Policy": json.dumps(_says(sid, Resource="arn:aws:s3:::files/*"))},
        lambda it: _one(it.bucket(Text.of("files")), "policy"),
    ),
    "key": (
        lambda sid: {"KeyMetadata": {"KeyId": "1234", "Arn": KEY, "KeyState": sid}},
        lambda it: _one(it.key(Text.of(KEY)), "state"),
    ),
    "secret": (
        lambda sid: {"ARN": SECRET, "Name": "app/db", "KmsKeyId": sid, "CreatedDate": 1},
        lambda it: _one(it.secret(Text.of(SECRET)), "key"),
    ),
    "secret policy": (
        lambda sid: {"ARN": SECRET, "Name": "app/db", "ResourcePolicy": json.dumps(_says(sid))},
        lambda it: _one(it.secret(Text.of(SECRET)), "policy"),
    ),
    "parameter": (
        lambda sid: {"Parameters": [{"Name": "/app/token", "ARN": PARAMETER, "Type": sid}]},
        lambda it: _one(it.parameter(Text.of(PARAMETER)), "type"),
    ),
    "repository": (
        lambda sid: {"repositoryName": "team/web", "policyText": json.dumps(_says(sid))},
        lambda it: _one(it.repository(Text.of(REPOSITORY)), "policy"),
    ),
    "file system": (
        lambda sid: {"FileSystemId": "fs-1", "Policy": json.dumps(_says(sid))},
        lambda it: _one(it.file_system(Text.of("fs-1")), "policy"),
    ),
    "export": (
        lambda sid: {"Exports": [{"Name": "x", "Value": sid}]},
        lambda it: _one(it.exported("x"), "value"),
    ),
    "resource": (
        lambda sid: {
            "StackResources": [
                {"StackName": "s", "LogicalResourceId": "R", "PhysicalResourceId": sid}
            ]
        },
        lambda it: _one(it.deployed("s", "R"), "physical_id"),
    ),
}


@pytest.mark.parametrize("what", TWICE)
def test_of_two_answers_the_newer_one_counts(account: Accounts, what: str) -> None:
    """Whatever the older one says of the same, it counts no more."""
    make, ask = TWICE[what]
    assert ask(account(make("new"), make("old"))) == {"new"}


@pytest.mark.parametrize("what", TWICE)
def test_an_answer_adds_to_others(account: Accounts, what: str) -> None:
    """Answers about other things take nothing away from it."""
    make, ask = TWICE[what]
    others = [of("other") for name, (of, _) in TWICE.items() if name.split()[0] != what.split()[0]]
    assert ask(account(*others, make("new"))) == {"new"}


def test_the_version_that_was_the_default(account: Accounts) -> None:
    """Where the policy itself was not answered, it is the one that was the default when asked."""
    one = account(
        _version("v1", is_default=False), _version("v2"), _version("v3", is_default=False)
    )
    assert _one(one.policy(Text.of(POLICY)), "policy") == {"v2"}
    none = account(*([_version("v1", is_default=False)] * 3))
    found = none.policy(Text.of(POLICY))
    assert found is not None
    assert found.policy is None


# --- names and ARNs -------------------------------------------------------------------------------

THINGS = (
    {"Role": {"RoleName": "web", "Arn": ROLE, "RoleId": "A"}},
    {"Policy": {"PolicyName": "q", "Arn": POLICY, "DefaultVersionId": "v1"}},
    {"KeyMetadata": {"KeyId": "1234", "Arn": KEY}},
    {"ARN": SECRET, "Name": "app/db", "CreatedDate": 1},
    {"Parameters": [{"Name": "/app/token", "ARN": PARAMETER, "Type": "String"}]},
    {"repositories": [{"repositoryArn": REPOSITORY, "repositoryName": "team/web"}]},
    {"FileSystems": [{"FileSystemArn": FILES, "FileSystemId": "fs-1"}]},
)
ASK: Mapping[str, tuple[str, Callable[[Account, Text], Any]]] = {
    "role": (ROLE, lambda it, name: it.role(name, HERE)),
    "policy": (POLICY, lambda it, name: it.policy(name)),
    "key": (KEY, lambda it, name: it.key(name)),
    "secret": (SECRET, lambda it, name: it.secret(name)),
    "parameter": (PARAMETER, lambda it, name: it.parameter(name)),
    "repository": (REPOSITORY, lambda it, name: it.repository(name)),
    "file system": (FILES, lambda it, name: it.file_system(name)),
}


@pytest.mark.parametrize("what", ASK)
def test_arns(account: Accounts, what: str) -> None:
    """The same one, or with what only the deployment knows; none of anything else."""
    found, (own, ask) = account(*THINGS), ASK[what]
    assert ask(found, Text.of(own)) is not None
    head, partition, service, region, number, resource = own.split(":", 5)

    def put(part: str, at: int) -> Text:
        pieces = [head, partition, service, region, number, resource]
        pieces[at] = part
        return Text.of(":".join(pieces))

    assert ask(found, put("aws-cn", 1)) is None
    assert ask(found, put("other", 2)) is None
    assert ask(found, put("999999999999", 4)) is None
    if region:
        assert ask(found, put("us-east-1", 3)) is None
    assert ask(found, put(f"{resource}x", 5)) is None
    assert ask(found, put(f"x{resource}", 5)) is None
    where = (ANY_REGION,) if region else ()
    hole = Text.of("arn:", PARTITION, f":{service}:", *where, ":", *HERE.parts, ":", resource)
    assert ask(found, hole) is not None
    assert ask(found, Text.of(Hole("anything"))) is None
    assert ask(found, Text.of(own.removesuffix(resource), Hole("anything"))) is None


def test_two_things_that_may_be_meant(account: Accounts) -> None:
    """An ARN without its account means neither of two, and with it the one."""
    other = "999999999999"
    found = account(*THINGS, *(json.loads(json.dumps(it).replace(ACCOUNT, other)) for it in THINGS))
    for what, (own, ask) in ASK.items():
        pieces = own.split(":", 5)
        hole = Text.of(":".join(pieces[:4]), ":", *HERE.parts, f":{pieces[5]}")
        if what not in ("key", "file system"):  # whose ids no other has
            assert ask(found, hole) is None, what
            assert ask(found, Text.of(own)) is not None, what
            assert ask(found, Text.of(own.replace(ACCOUNT, other))) is not None, what


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        (SECRET, True),
        (SECRET[:-7], True),
        (SECRET[:-1], False),
        (SECRET.replace("app/db", "app/dbx"), False),
        (SECRET.replace("AbCdEf", "AbCdEg"), False),
        (SECRET[:-7].replace(REGION, "us-east-1"), False),
    ],
)
def test_arns_of_secrets(account: Accounts, asked: str, is_found: bool) -> None:
    """With the six characters that Secrets Manager adds, or without."""
    found = account(*THINGS)
    assert (found.secret(Text.of(asked)) is not None) == is_found
    if asked == SECRET[:-7]:
        hole = Hole("suffix", "", ":/*?", nonempty=True, length=6)
        assert found.secret(Text.of(asked, "-", hole)) is not None


def test_keys_by_their_ids(account: Accounts) -> None:
    """One id is one key, but for those of several regions, which share theirs."""
    found = account(THINGS[2])
    assert found.key(Text.of("1234")) is not None
    assert found.key(Text.of("alias/1234")) is None
    many = [
        {"KeyMetadata": {"KeyId": "mrk-1", "Arn": KEY.replace("1234", "mrk-1").replace(REGION, it)}}
        for it in (REGION, "us-east-1")
    ]
    assert account(*many).key(Text.of("mrk-1")) is None


def test_aliases(account: Accounts) -> None:
    """By name, where no other region has the same, and by ARN."""

    def alias(region: str, key: str) -> dict[str, Any]:
        arn = f"arn:aws:kms:{region}:{ACCOUNT}:alias/app"
        return {"AliasName": "alias/app", "AliasArn": arn, "TargetKeyId": key}

    one = {"Aliases": [alias(REGION, "1234"), {"AliasName": "alias/aws/s3", "AliasArn": "x"}]}
    found = account(one)
    assert found.key_of_alias(Text.of("alias/app")) == "1234"
    assert found.key_of_alias(Text.of("alias/other")) == ""
    assert found.key_of_alias(Text.of("alias/aws/s3")) == ""
    two = account(one, {"Aliases": [alias("us-east-1", "5678")]})
    assert two.key_of_alias(Text.of("alias/app")) == ""
    for region, key in ((REGION, "1234"), ("us-east-1", "5678")):
        asked = Text.of(f"arn:aws:kms:{region}:{ACCOUNT}:alias/app")
        assert two.key_of_alias(asked) == key


def test_policies_by_their_names(account: Accounts) -> None:
    """A version in a file of the policy's name is that of the one policy of the name."""
    version = {"PolicyVersion": {"VersionId": "v1", "Document": _says("own")}}
    found = account(THINGS[1], **{"get-policy-version.q__json": version})
    assert _one(found.policy(Text.of(POLICY)), "policy") == {"own"}
    alone = account("{}", **{"get-policy-version.z__json": version})
    other = f"arn:aws:iam::{ACCOUNT}:policy/z"
    assert alone.policy(Text.of(other)) is not None
    assert alone.policy(Text.of("arn:aws:iam::aws:policy/z")) is None


def test_units_in_a_circle(account: Accounts) -> None:
    """What no organization can be says nothing of an account, and comes to an end."""
    found = account(
        {"Organization": {"Id": "o", "MasterAccountId": "9"}},
        **{
            f"list-parents.{ACCOUNT}__json": {"Parents": [{"Id": "ou-1", "Type": "OU"}]},
            "list-parents.ou-1__json": {"Parents": [{"Id": "ou-2", "Type": "OU"}]},
            "list-parents.ou-2__json": {"Parents": [{"Id": "ou-1", "Type": "OU"}]},
        },
    )
    assert found.levels(ACCOUNT) is None
