"""Buckets, keys, secrets, parameters, repositories and file systems that the account has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests import stacks

from copilot_preflight.base.symbolic import Text
from copilot_preflight.evidence.reading import read
from copilot_preflight.model.account_storage import (
    bucket_policy_in_account,
    encryption_in_account,
    file_system_in_account,
    key_in_account,
    object_encryption_in_account,
    ownership_in_account,
    parameter_in_account,
    repository_in_account,
    secret_in_account,
    secret_policy_in_account,
)
from copilot_preflight.model.buckets import encryption_of, is_bucket_known
from copilot_preflight.model.file_systems import file_system
from copilot_preflight.model.keys import key_arn
from copilot_preflight.model.repositories import repository_with_arn
from copilot_preflight.model.secrets import is_secret_known
from copilot_preflight.resolve.outside import Outside
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.view import View

ACCOUNT, REGION = "111122223333", "eu-west-1"
KEYS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key"
OWN, MANAGED, NEW = f"{KEYS}/1", f"{KEYS}/2", f"{KEYS}/3"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/token"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/web"
DENY = {"Effect": "Deny", "Principal": "*", "Action": "*"}
POLICY = json.dumps({"Statement": DENY})
NOTHING = "  Topic: {Type: AWS::SNS::Topic}\n"

ALIASES = [
    {"AliasName": "alias/own", "AliasArn": f"{KEYS[:-3]}alias/own", "TargetKeyId": "1"},
    {"AliasName": "alias/unknown", "AliasArn": f"{KEYS[:-3]}alias/unknown", "TargetKeyId": "9"},
]
ALWAYS = (
    {"Aliases": ALIASES},
    {"KeyMetadata": {"KeyId": "1", "Arn": OWN, "KeyManager": "CUSTOMER"}},
    {"KeyMetadata": {"KeyId": "2", "Arn": MANAGED, "KeyManager": "AWS"}},
)

Make = Callable[..., View]


@pytest.fixture
def view(tmp_path: Path) -> Make:
    """A template next to an account, of which each answer is data with a call and parameters."""

    def make(*answers: tuple[Any, ...], template: str = NOTHING) -> View:
        listed: list[dict[str, Any]] = []
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for number, (data, call, parameters) in enumerate(
            (*((it, "", {}) for it in ALWAYS), *answers)
        ):
            name = f"{number}.json"
            if isinstance(data, str):
                listed.append({"call": call, "parameters": parameters, "error": data})
                continue
            (folder / name).write_text(json.dumps(data))
            if call:
                listed.append({"call": call, "parameters": parameters, "file": name})
        where = {"account": ACCOUNT, "partition": "aws", "region": REGION}
        index = {"version": 1, **where, "answers": listed}
        (folder / "snapshot.json").write_text(json.dumps(index))
        found = read([folder])
        assert (found.faults, found.others) == ([], [])
        pseudo = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}
        run = Run(Outside(account=found.account))
        return View(stacks.stack(f"Resources:\n{template}", pseudo=pseudo, run=run))

    return make


BUCKET = Text.of("files")
OF_BUCKET = {"Bucket": "files"}
MADE = "  Files: {Type: AWS::S3::Bucket, Properties: {BucketName: files}}\n"


def _encrypts(key: str | None, **more: Any) -> tuple[Any, ...]:
    default = {"SSEAlgorithm": "AES256" if key is None else "aws:kms"}
    if key:
        default["KMSMasterKeyID"] = key
    rule = {"ApplyServerSideEncryptionByDefault": default, **more}
    answer = {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}
    return answer, "s3api get-bucket-encryption", OF_BUCKET


@pytest.mark.parametrize(
    ("answer", "key", "is_known"),
    [
        (_encrypts(None), None, True),
        (_encrypts(""), None, True),
        (_encrypts("alias/aws/s3"), None, True),
        (_encrypts(MANAGED), None, True),
        (_encrypts(OWN), OWN, True),
        (_encrypts(NEW), NEW, True),
        (_encrypts("1"), OWN, True),
        (_encrypts("alias/own"), OWN, True),
        (_encrypts(f"{KEYS[:-3]}alias/own"), OWN, True),
        (_encrypts("alias/unknown"), f"{KEYS}/9", True),
        (_encrypts("alias/nowhere"), None, False),
        (
            ("ServerSideEncryptionConfigurationNotFoundError", _encrypts("")[1], OF_BUCKET),
            None,
            True,
        ),
        (("AccessDenied", _encrypts("")[1], OF_BUCKET), None, False),
        (
            ({"ServerSideEncryptionConfiguration": {"Rules": []}}, _encrypts("")[1], OF_BUCKET),
            None,
            False,
        ),
    ],
)
def test_encryption_of_a_bucket(view: Make, answer: Any, key: str | None, is_known: bool) -> None:
    """The key of a customer, by ARN, id or alias; none where AWS or S3 has it."""
    here = view(answer)
    found = encryption_of(here, BUCKET)
    assert (found is not None) == is_known
    assert (found and found.key and str(found.key)) == key
    assert encryption_in_account(here, Text.of("other")) is None
    assert encryption_in_account(view(answer, template=MADE), BUCKET) is None


def test_a_key_for_the_bucket(view: Make) -> None:
    """Whether S3 keeps one, which its calls of KMS tell."""
    for said, wanted in (({"BucketKeyEnabled": True}, True), ({}, False)):
        found = encryption_in_account(view(_encrypts(OWN, **said)), BUCKET)
        assert found is not None
        assert found.bucket_key is wanted


@pytest.mark.parametrize(
    ("answer", "effects"),
    [
        (({"Policy": POLICY}, "s3api get-bucket-policy", OF_BUCKET), ["Deny"]),
        (("NoSuchBucketPolicy", "s3api get-bucket-policy", OF_BUCKET), []),
        (("AccessDenied", "s3api get-bucket-policy", OF_BUCKET), None),
        (("NoSuchBucket", "s3api get-bucket-policy", OF_BUCKET), None),
    ],
)
def test_policy_of_a_bucket(view: Make, answer: Any, effects: list[str] | None) -> None:
    """That there is none is known by one error alone."""
    here = view(answer)
    found = bucket_policy_in_account(here, BUCKET)
    assert (None if found is None else [it.effect for it in found]) == effects
    assert is_bucket_known(here, BUCKET) == (effects is not None)
    assert bucket_policy_in_account(view(answer, template=MADE), BUCKET) is None


def test_who_owns_objects(view: Make) -> None:
    call = "s3api get-bucket-ownership-controls"
    controls = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
    for answer, wanted in (
        (controls, "BucketOwnerEnforced"),
        ("OwnershipControlsNotFoundError", "ObjectWriter"),
    ):
        found = ownership_in_account(view((answer, call, OF_BUCKET)), BUCKET)
        assert found is not None
        assert found.text().literal == wanted
    assert ownership_in_account(view(("AccessDenied", call, OF_BUCKET)), BUCKET) is None


@pytest.mark.parametrize(
    ("said", "key"), [({}, None), ({"SSEKMSKeyId": OWN}, OWN), ({"SSEKMSKeyId": MANAGED}, None)]
)
def test_encryption_of_an_object(view: Make, said: dict[str, str], key: str | None) -> None:
    call = "s3api head-object"
    where = {"Bucket": "files", "Key": "a/web.env"}
    answer = {"ETag": "1", "ContentLength": 1, "BucketKeyEnabled": True, **said}
    here = view((answer, call, where))
    found = object_encryption_in_account(here, BUCKET, Text.of("a/web.env"))
    assert found is not None
    assert (found.key and str(found.key)) == key
    assert found.bucket_key is (key is not None)
    assert object_encryption_in_account(here, BUCKET, Text.of("web.env")) is None
    gone = view(("404", call, where))
    assert object_encryption_in_account(gone, BUCKET, Text.of("a/web.env")) is None
    whose = view(({**answer, "SSEKMSKeyId": NEW}, call, where))
    assert object_encryption_in_account(whose, BUCKET, Text.of("a/web.env")) is None


def _secret(**said: Any) -> tuple[Any, ...]:
    return {"ARN": SECRET, "Name": "db", "CreatedDate": 1, **said}, "", {}


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("", None),
        ("alias/aws/secretsmanager", None),
        (MANAGED, None),
        (OWN, OWN),
        ("1", OWN),
        ("alias/own", OWN),
    ],
)
def test_keys_of_secrets(view: Make, key: str, known: str | None) -> None:
    """As of buckets; and nothing is known of a secret whose key is not."""
    here = view(_secret(**({"KmsKeyId": key} if key else {})))
    found = secret_in_account(here, Text.of(SECRET[:-7]))
    assert found is not None
    assert (found.key and str(found.key)) == known
    assert str(found.arn) == SECRET
    assert (found.tags, found.has_all_tags) == ({}, True)
    assert secret_in_account(view(_secret(KmsKeyId="alias/nowhere")), Text.of(SECRET)) is None


def test_a_secret(view: Make) -> None:
    """Its tags, and its policy, which is another answer."""
    policy: Any = ({"ARN": SECRET, "Name": "db", "ResourcePolicy": POLICY}, "", {})
    asked = Text.of(SECRET)
    tagged = view(_secret(Tags=[{"Key": "a", "Value": "b"}]))
    found = secret_in_account(tagged, asked)
    assert found is not None
    assert {name: str(value) for name, value in found.tags.items()} == {"a": "b"}
    assert secret_policy_in_account(tagged, asked) is None
    assert not is_secret_known(tagged, asked)
    both = view(_secret(), policy)
    said = secret_policy_in_account(both, asked)
    assert said is not None
    assert [it.effect for it in said] == ["Deny"]
    assert is_secret_known(both, asked)


OWN_SECRET = "  S: {Type: AWS::SecretsManager::Secret, Properties: {Name: db}}\n"


def test_a_secret_that_the_template_makes(view: Make) -> None:
    """The account's is what that was before."""
    policy: Any = ({"ARN": SECRET, "Name": "db", "ResourcePolicy": POLICY}, "", {})
    here = view(_secret(), policy, template=OWN_SECRET)
    assert secret_in_account(here, Text.of(SECRET)) is None
    assert secret_policy_in_account(here, Text.of(SECRET)) is None
    other = view(_secret(), policy, template=OWN_SECRET.replace("db", "other"))
    assert secret_in_account(other, Text.of(SECRET)) is not None


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"Type": "String"}, None),
        ({"Type": "SecureString", "KeyId": "alias/aws/ssm"}, None),
        ({"Type": "SecureString", "KeyId": MANAGED}, None),
        ({"Type": "SecureString", "KeyId": OWN}, OWN),
        ({"Type": "SecureString", "KeyId": "alias/own"}, OWN),
        (
            {"Type": "SecureString", "KeyId": "alias/nowhere"},
            "${the key of parameter '/app/token'}",
        ),
    ],
)
def test_keys_of_parameters(view: Make, said: dict[str, str], key: str | None) -> None:
    """A key that cannot be told is asked for all the same: it is some customer's."""
    answer: Any = ({"Parameters": [{"Name": "/app/token", "ARN": PARAMETER, **said}]}, "", {})
    found = parameter_in_account(view(answer), Text.of(PARAMETER))
    assert found is not None
    assert (found.key and str(found.key)) == key
    assert not found.has_all_tags
    made = (
        "  P: {Type: AWS::SSM::Parameter, Properties: {Name: /app/token, Type: String, Value: x}}\n"
    )
    assert parameter_in_account(view(answer, template=made), Text.of(PARAMETER)) is None
    other = view(answer, template=made.replace("token", "other"))
    assert parameter_in_account(other, Text.of(PARAMETER)) is not None


def test_a_repository(view: Make) -> None:
    """A statement of its policy is about the repository, which it does not name."""
    answer: Any = ({"repositoryName": "web", "policyText": POLICY}, "ecr get-repository-policy", {})
    found = repository_with_arn(view(answer), Text.of(REPOSITORY))
    assert found is not None
    assert (found.name, str(found.arn), str(found)) == ("web", REPOSITORY, "repository 'web'")
    assert [[str(it.text) for it in each.resources] for each in found.policy] == [["*"]]
    assert repository_in_account(view(), Text.of(REPOSITORY)) is None
    listed = {"repositories": [{"repositoryArn": REPOSITORY, "repositoryName": "web"}]}
    assert repository_in_account(view((listed, "", {})), Text.of(REPOSITORY)) is None
    made = "  R: {Type: AWS::ECR::Repository, Properties: {RepositoryName: web}}\n"
    assert repository_in_account(view(answer, template=made), Text.of(REPOSITORY)) is None


def test_a_file_system(view: Make) -> None:
    """By its id and by its ARN; one without a policy lets everybody in."""
    call, own = "efs describe-file-system-policy", {"FileSystemId": "fs-1"}
    arn = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/fs-1"
    shut = view(({**own, "Policy": POLICY}, call, own))
    for asked in ("fs-1", arn):
        found = file_system(shut, Text.of(asked))
        assert found is not None
        assert found.policy is not None
        assert [it.effect for it in found.policy] == ["Deny"]
        assert str(found.policy[0].resources[0].text) == asked
    free = file_system(view(("PolicyNotFound", call, own)), Text.of(arn))
    assert free is not None
    assert free.policy is None
    assert file_system_in_account(view(("AccessDenied", call, own)), Text.of(arn)) is None


def test_a_key(view: Make) -> None:
    """Its policy is an answer of its own; what the id of the index tells is its account."""
    answer = ({"Policy": POLICY}, "kms get-key-policy", {"KeyId": "3"})
    here = view(answer)
    found = key_in_account(here, Text.of(NEW))
    assert found is not None
    assert (str(found.arn), [it.effect for it in found.policy]) == (NEW, ["Deny"])
    assert key_in_account(here, Text.of(OWN)) is None
    assert str(key_arn(here, Text.of("alias/own"))) == OWN
    assert key_arn(here, Text.of("alias/nowhere")) is None
