"""Files of any layout become one account; what cannot be used is a fault of its file alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.evidence import large
from copilot_preflight.evidence.reading import Evidence, files_of, read
from copilot_preflight.evidence.records import Absent, Role
from copilot_preflight.read import document

ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:role/web"
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::files/*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [ALLOW]}
TRUST = {
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
}
ROLE = {"RoleName": "web", "Arn": ARN, "RoleId": "AROA1", "AssumeRolePolicyDocument": TRUST}
HERE = Text.of(Hole("AWS::AccountId"))
LIMITS = {
    "PermissionsBoundaryType": "Policy",
    "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess",
}

Reading = Callable[[Mapping[str, Any]], Evidence]


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reading:
    """Reads a folder of answers, each the data or the text of a file."""
    monkeypatch.chdir(tmp_path)

    def make(files: Mapping[str, Any]) -> Evidence:
        for name, data in files.items():
            path = Path("e", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(data if isinstance(data, str) else json.dumps(data, indent=2))
        return read([Path("e")])

    return make


def _role(found: Evidence, reference: str = ARN) -> Role:
    role = found.account.role(Text.of(reference), HERE)
    assert role is not None
    return role


WHOLE = {
    "get-role.json": {"Role": ROLE},
    "list-role-policies.json": {"PolicyNames": ["p"]},
    "get-role-policy.p.json": {
        "RoleName": "web",
        "PolicyName": "p",
        "PolicyDocument": DOCUMENT,
    },
    "list-attached-role-policies.json": {
        "AttachedPolicies": [{"PolicyName": "q", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/q"}]
    },
}


@pytest.mark.parametrize(
    "names",
    [
        {name: f"iam/role/web/{name}" for name in WHOLE},
        {name: name for name in WHOLE},
        {name: f"web.{name}" for name in WHOLE},
        {name: f"{name.removesuffix('.json')}-web.json" for name in WHOLE},
        {
            "get-role.json": "a.json",
            "list-role-policies.json": "web-role-policies.json",
            "get-role-policy.p.json": "b.json",
            "list-attached-role-policies.json": "web/attached-policies.json",
        },
    ],
    ids=["a folder", "neighbours", "before", "behind", "own names"],
)
def test_a_role_of_several_files(reading: Reading, names: Mapping[str, str]) -> None:
    """Answers that do not name the role are put to it by their path."""
    found = reading({names[name]: data for name, data in WHOLE.items()})
    assert (found.faults, found.others) == ([], [])
    role = _role(found)
    assert (role.arn, role.id, role.account, role.missing) == (ARN, "AROA1", ACCOUNT, ())
    assert [policy.document for policy in role.inline] == [DOCUMENT]
    assert [it.arn for it in role.attached] == [f"arn:aws:iam::{ACCOUNT}:policy/q"]
    assert role.trust is not None
    assert role.trust.document == TRUST
    assert role.boundary is None


def test_an_index_says_whom_an_answer_is_about(reading: Reading) -> None:
    """By the index, an answer may lie in a file of any name; errors are answers, too."""
    index = {
        "version": 1,
        "taken": "2026-11-28T08:00:00Z",
        "account": ACCOUNT,
        "partition": "aws",
        "region": "eu-west-1",
        "answers": [
            {"call": "iam get-role", "parameters": {"RoleName": "web"}, "file": "1.json"},
            {"call": "iam list-role-policies", "parameters": {"RoleName": "web"}, "file": "2.json"},
            {
                "call": "iam list-attached-role-policies",
                "parameters": {"RoleName": "web"},
                "error": "AccessDenied",
            },
            {
                "call": "s3api get-bucket-policy",
                "parameters": {"Bucket": "files"},
                "error": "NoSuchBucketPolicy",
            },
            {
                "call": "s3api get-bucket-policy",
                "parameters": {"Bucket": "others"},
                "error": "AccessDenied",
            },
            {
                "call": "kms get-key-policy",
                "parameters": {"KeyId": "1234"},
                "file": "kms.json",
            },
            {"call": "iam get-role", "parameters": {"RoleName": "gone"}, "error": "NoSuchEntity"},
        ],
    }
    key = {"Policy": json.dumps({"Statement": {**ALLOW, "Principal": "*", "Resource": "*"}})}
    found = reading(
        {
            "snapshot.json": index,
            "1.json": {"Role": ROLE},
            "2.json": {"PolicyNames": []},
            "kms.json": key,
        }
    )
    assert (found.faults, found.others) == ([], [])
    assert found.account.where == (ACCOUNT, "aws", "eu-west-1")
    role = _role(found)
    assert role.missing == ("iam list-attached-role-policies --role-name web",)
    assert found.account.taken[str(Path("e/1.json"))] == 1795852800.0
    bucket = found.account.bucket(Text.of("files"))
    assert bucket is not None
    assert isinstance(bucket.policy, Absent)
    assert bucket.policy.place.path == ("answers", 3)
    assert found.account.bucket(Text.of("others")) is None
    arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234"
    assert found.account.key(Text.of(arn)) == found.account.key(Text.of("1234"))
    assert found.account.absent_role(Text.of("gone")) is not None
    assert found.account.absent_role(Text.of("web")) is None


FORMS = {
    "an object": DOCUMENT,
    "a string": json.dumps(DOCUMENT),
    "a string of the API": quote(json.dumps(DOCUMENT), safe=""),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_document(reading: Reading, form: str) -> None:
    """The CLI prints objects, S3 and KMS strings, the API of IAM strings that are URL-encoded.

    Whatever stands in a string stands, for the reader, at the string.
    """
    details = {
        "RoleDetailList": [
            {
                **ROLE,
                "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": FORMS[form]}],
                "AttachedManagedPolicies": [
                    {"PolicyName": "q", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/q"}
                ],
                "PermissionsBoundary": LIMITS,
                "Tags": [{"Key": "team", "Value": "a"}],
            }
        ],
        "Policies": [
            {
                "PolicyName": "q",
                "Arn": f"arn:aws:iam::{ACCOUNT}:policy/q",
                "DefaultVersionId": "v2",
                "PolicyVersionList": [
                    {"Document": {"Statement": []}, "VersionId": "v1", "IsDefaultVersion": False},
                    {"Document": FORMS[form], "VersionId": "v2", "IsDefaultVersion": True},
                ],
            }
        ],
    }
    found = reading({"all.json": details})
    assert found.faults == []
    role = _role(found)
    assert role.missing == ()
    assert role.boundary is not None
    assert role.boundary.arn == LIMITS["PermissionsBoundaryArn"]
    assert dict(role.tags) == {"team": "a"}
    assert role.inline[0].document == DOCUMENT
    place = role.inline[0].place
    document = found.documents[place.file]
    line = document.span((*place.path, "Statement", 0, "Action")).start.line
    assert ("Action" if form == "an object" else "PolicyDocument") in document.text.split("\n")[
        line - 1
    ]
    policy = found.account.policy(Text.of(role.attached[0].arn))
    assert policy is not None
    assert policy.policy is not None
    assert policy.policy.document == DOCUMENT


def test_versions_of_a_policy(reading: Reading) -> None:
    """The version that the policy names counts; another one says nothing."""
    arn = f"arn:aws:iam::{ACCOUNT}:policy/q"
    policy = {"Policy": {"PolicyName": "q", "Arn": arn, "DefaultVersionId": "v2"}}
    old = {"PolicyVersion": {"VersionId": "v1", "Document": DOCUMENT, "IsDefaultVersion": False}}
    found = reading({"iam/policy/q/get-policy.json": policy, "iam/policy/q/version-1.json": old})
    assert found.others == []
    known = found.account.policy(Text.of(arn))
    assert known is not None
    assert known.policy is None
    new = {"PolicyVersion": {**old["PolicyVersion"], "VersionId": "v2"}}
    found = reading({"iam/policy/q/get-policy-version.v2.json": new})
    assert found.faults == []


def test_the_newest_answer_counts(reading: Reading) -> None:
    """A policy that the last list no longer has is gone."""
    old = {"RoleDetailList": [{**ROLE, "RolePolicyList": [], "AttachedManagedPolicies": []}]}
    reading({**WHOLE, "old.json": old})
    os.utime("e/old.json", (0, 0))
    found = read([Path("e")])
    assert [it.name for it in _role(found).inline] == ["p"]
    os.utime("e/old.json", (4e9, 4e9))
    assert _role(read([Path("e")])).inline == ()


@pytest.mark.parametrize("cut", ["IsTruncated", "NextToken"])
def test_a_page_is_no_list(reading: Reading, cut: str) -> None:
    """Of the first page of a longer list, nothing is complete."""
    page = {"PolicyNames": ["p"], cut: True}
    found = reading({**WHOLE, "list-role-policies.json": page})
    assert _role(found).missing == ("iam list-role-policies --role-name web",)


def test_what_a_list_of_roles_leaves_out(reading: Reading) -> None:
    """`list-roles` has neither boundaries nor tags."""
    found = reading({**WHOLE, "get-role.json": {"Roles": [ROLE]}})
    assert _role(found).missing == ("iam get-role --role-name web",)


@pytest.mark.parametrize(
    ("reference", "is_found"),
    [
        ("web", True),
        (ARN, True),
        (ARN.replace("role/", "role/path/"), False),
        (ARN.replace(ACCOUNT, "999999999999"), False),
        (ARN.replace("role/", "user/"), False),
        ("other", False),
    ],
)
def test_names_and_arns_of_roles(reading: Reading, reference: str, is_found: bool) -> None:
    found = reading(WHOLE)
    assert (found.account.role(Text.of(reference), HERE) is not None) == is_found


def test_a_role_of_two_accounts(reading: Reading) -> None:
    """A name alone means one of them only where it is known which account is asked for."""
    other = {**ROLE, "Arn": ARN.replace(ACCOUNT, "999999999999")}
    account = reading({"a.json": {"Role": ROLE}, "b.json": {"Role": other}}).account
    assert account.role(Text.of("web"), HERE) is None
    here = account.role(Text.of("web"), Text.of(ACCOUNT))
    assert here is not None
    assert here.account == ACCOUNT
    by_hole = Text.of("arn:", Hole("AWS::Partition"), ":iam::", *HERE.parts, ":role/web")
    assert account.role(by_hole, HERE) is None


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("get-role.json", '{"Role": ', "1:1"),
        ("get-role.json", {"Role": {**ROLE, "AssumeRolePolicyDocument": "{"}}, "no JSON"),
        ("get-role-policy.json", {"RoleName": "w", "PolicyName": "p", "PolicyDocument": {}}, "map"),
        (
            "get-role-policy.json",
            {
                "RoleName": "w",
                "PolicyName": "p",
                "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": {"a": 1}}]},
            },
            "Action in this policy",
        ),
        ("x.json", {"PublicAccessBlockConfiguration": {}}, "whose answer"),
        ("snapshot.json", {"version": 2, "answers": []}, "version must be 1"),
        ("snapshot.json", {"answers": 1}, "no index"),
        ("list-role-policies.web.json", {"PolicyNames": 3}, "is not what"),
    ],
)
def test_a_bad_file_is_a_fault_of_its_own(
    reading: Reading, name: str, content: Any, told: str
) -> None:
    """It has one line; the others count all the same."""
    found = reading({"good/web/get-role.json": {"Role": ROLE}, f"bad/{name}": content})
    (fault,) = found.faults
    assert fault.file == str(Path("e", "bad", name))
    assert "\n" not in fault.message
    assert told in f"{fault.line}:{fault.column} {fault.message}" or fault.line > 0
    assert _role(found).arn == ARN


def test_other_files(reading: Reading) -> None:
    """In a folder, what is no answer is counted; one that is named is a fault."""
    template = {"Resources": {"R": {"Type": "AWS::IAM::Role"}}}
    found = reading({"t.json": template, "README.md": "no", ".git/x.json": "{", "r.json": WHOLE})
    assert found.others == [str(Path("e/r.json")), str(Path("e/t.json"))]
    assert (found.faults, found.documents) == ([], {})
    assert list(files_of([Path("e")])) == [Path("e/r.json"), Path("e/t.json")]
    (fault,) = read([Path("e/t.json")]).faults
    assert fault.message == "no answer of the AWS CLI that is read here"
    (fault,) = read([Path("nowhere")]).faults
    assert fault.message == "no such file or folder"
    Path("empty").mkdir()
    (fault,) = read([Path("empty")]).faults
    assert "no answer" in fault.message


SECRETS = {
    "secret": {
        "ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf",
        "Name": "db",
        "VersionId": "1",
        "SecretString": 'hunter2-ß\n{} \u2028 "hunter2" \u0085 hunter2',
    },
    "parameter": {"Parameter": {"Name": "/a", "Type": "SecureString", "Value": "hunter2"}},
    "task": {
        "taskDefinition": {
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1",
            "containerDefinitions": [{"environment": [{"name": "A", "value": "hunter2"}]}],
        }
    },
    "stack": {
        "Stacks": [
            {
                "StackName": "web",
                "Parameters": [{"ParameterKey": "A", "ParameterValue": "hunter2"}],
                "Outputs": [],
            }
        ]
    },
}


@pytest.mark.parametrize("kind", SECRETS)
def test_no_secret_is_kept(reading: Reading, kind: str) -> None:
    """The values are blanks in the text and in the data, and everything else stays in its place."""
    found = reading({"a.json": SECRETS[kind]})
    assert found.faults == []
    document = found.documents[str(Path("e/a.json"))]
    assert "hunter2" not in document.text
    assert "hunter2" not in repr(document.data)
    assert len(document.text) == len(Path("e/a.json").read_text())


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\u2028"])
def test_no_secret_is_kept_whatever_ends_a_line(reading: Reading, ends: str) -> None:
    """Lines end in many ways, for some readers; what is not blanked out is a fault."""
    text = json.dumps(SECRETS["secret"], indent=2, ensure_ascii=False).replace("\n", ends)
    found = reading({"a.json": text})
    assert all("hunter2" not in it.text for it in found.documents.values())


def test_a_secret_that_is_repeated(reading: Reading) -> None:
    """An anchor of YAML puts a value in a place where nobody would look for it."""
    text = "ARN: a\nName: &n hunter2hunter2\nVersionId: v\nSecretString: *n\n"
    found = reading({"a.yml": text})
    assert found.documents == {}
    (fault,) = found.faults
    assert fault.message == "a secret stands here that cannot be blanked out: leave it out"


def test_a_variable_may_say_what_stands_elsewhere(reading: Reading) -> None:
    """A region is in many places, and no secret in any of them."""
    environment = [{"name": "AWS_REGION", "value": "eu-west-1-is-my-region"}]
    container = {"environment": environment, "logGroup": "/eu-west-1-is-my-region/web"}
    task = {"taskDefinitionArn": "t", "containerDefinitions": [container]}
    found = reading({"a.json": {"taskDefinition": task}})
    assert found.faults == []
    assert "/eu-west-1-is-my-region/web" in found.documents[str(Path("e/a.json"))].text


def test_no_secret_of_yaml_is_kept(reading: Reading) -> None:
    """Without quotes, and over several lines."""
    text = (
        "ARN: a\nName: db\nVersionId: v\nSecretString: |\n  hunter2\n  hunter3\nSecretBinary: x\n"
    )
    found = reading({"a.yml": text, "b.yml": text.replace("|\n  hunter2\n  hunter3", "hunter2")})
    assert found.faults == []
    for name in ("a.yml", "b.yml"):
        document = found.documents[str(Path("e", name))]
        assert "hunter" not in document.text
        assert document.data["Name"] == "db"


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("inline-policies", {}),
        ("inline-policies", {"env-file": DOCUMENT}),
        ("managed-policies", {}),
        ("managed-policies", {"arn": "a"}),
        ("managed-policies", [{"arn": "a"}]),
        ("managed-policies", [None]),
    ],
)
def test_policies_of_iam_collect_in_another_form(reading: Reading, file: str, data: Any) -> None:
    """What cannot be read is not what the role lacks: the role is left open."""
    at = f"aws/aws/accounts/{ACCOUNT}/iam/role/web"
    metadata = {f"{at}/metadata.json": {"arn": ARN, "name": "web", "id": "AROA1"}}
    found = reading({**metadata, f"{at}/{file}.json": data})
    assert [it.message for it in found.faults] == ["no folder of iam-collect"]
    assert any("list-attached-role-policies" in it for it in _role(found).missing)


def test_folders_of_iam_collect(reading: Reading) -> None:
    """A folder for each thing. What has no file is not there for a role, else it is not known."""
    at = f"aws/aws/accounts/{ACCOUNT}"
    policy = f"arn:aws:iam::{ACCOUNT}:policy/q"
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
    organization = "aws/aws/organizations/o-1"
    scp = "arn:aws:organizations::1:policy/o-1/service_control_policy/p-1"
    full = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    found = reading(
        {
            f"{at}/iam/role/web/metadata.json": {
                "arn": ARN,
                "name": "web",
                "id": "AROA1",
                "permissionBoundary": LIMITS["PermissionsBoundaryArn"],
            },
            f"{at}/iam/role/web/trust-policy.json": TRUST,
            f"{at}/iam/role/web/managed-policies.json": [policy],
            f"{at}/iam/policy/q/metadata.json": {"arn": policy, "defaultVersionId": "v2"},
            f"{at}/iam/policy/q/current-policy.json": DOCUMENT,
            f"{at}/s3/files/metadata.json": {"arn": "arn:aws:s3:::files", "region": "eu-west-1"},
            f"{at}/s3/files/encryption.json": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": "1",
                    }
                }
            ],
            f"{at}/kms/eu-west-1/key/1/metadata.json": {"arn": key, "id": "1"},
            f"{at}/kms/eu-west-1/key/1/policy.json": {
                "Statement": {**ALLOW, "Principal": "*", "Resource": "*"}
            },
            f"{at}/lambda/eu-west-1/function/f/metadata.json": {
                "arn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
            },
            f"{organization}/metadata.json": {
                "arn": "arn:aws:organizations::1:organization/o-1",
                "rootOu": "r-1",
                "rootAccountId": "999999999999",
            },
            f"{organization}/ous.json": {
                "r-1": {"scps": [full], "rcps": []},
                "ou-1": {"parent": "r-1", "scps": [scp], "rcps": []},
            },
            f"{organization}/accounts.json": {ACCOUNT: {"ou": "ou-1", "scps": [full], "rcps": []}},
            f"{organization}/scps/p-1/metadata.json": {"arn": scp, "name": "limits"},
            f"{organization}/scps/p-1/policy.json": DOCUMENT,
        }
    )
    assert (found.faults, found.others) == ([], [])
    role = _role(found)
    assert (role.missing, role.inline, role.account) == ((), (), ACCOUNT)
    assert role.boundary is not None
    managed = found.account.policy(Text.of(role.attached[0].arn))
    assert managed is not None
    assert managed.policy is not None
    bucket = found.account.bucket(Text.of("files"))
    assert bucket is not None
    assert bucket.policy is None
    assert bucket.encryption is not None
    assert bucket.encryption.key == "1"
    assert found.account.key(Text.of(key)) is not None
    levels = found.account.levels(ACCOUNT)
    assert levels is not None
    assert [(it.target, it.is_full, len(it.policies)) for it in levels[0]] == [
        ("r-1", True, 0),
        ("ou-1", False, 1),
        (ACCOUNT, True, 0),
    ]


ORGANIZATION = {
    "organization.json": {"Organization": {"Id": "o-1", "MasterAccountId": "999999999999"}},
    f"list-parents.{ACCOUNT}.json": {"Parents": [{"Id": "r-1", "Type": "ROOT"}]},
    "a.json": {
        "Policy": {"PolicySummary": {"Id": "p-1", "Name": "n"}, "Content": json.dumps(DOCUMENT)}
    },
    "scp/list-policies-for-target.r-1.json": {
        "Policies": [{"Id": "p-1", "Type": "SERVICE_CONTROL_POLICY"}]
    },
    f"scp/list-policies-for-target.{ACCOUNT}.json": {
        "Policies": [{"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY"}]
    },
    "rcp/list-policies-for-target.r-1.json": {
        "Policies": [{"Id": "p-RCPFullAWSAccess", "Type": "RESOURCE_CONTROL_POLICY"}]
    },
    f"rcp/list-policies-for-target.{ACCOUNT}.json": {
        "Policies": [{"Id": "p-RCPFullAWSAccess", "Type": "RESOURCE_CONTROL_POLICY"}]
    },
}


@pytest.mark.parametrize("left_out", ["", *ORGANIZATION])
def test_an_organization_counts_as_a_whole(reading: Reading, left_out: str) -> None:
    """Where one list, one document or one parent was not answered, nothing is said of any."""
    found = reading({name: data for name, data in ORGANIZATION.items() if name != left_out})
    assert found.faults == []
    levels = found.account.levels(ACCOUNT)
    assert (levels is None) == bool(left_out)
    if levels is not None:
        assert [len(it.policies) for it in levels[0]] == [1, 0]
        assert found.account.levels("999999999999") == ((), ())


def test_an_answer_larger_than_any_template(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All roles of an account may be one file of many megabytes; its places are lines as ever."""
    monkeypatch.setattr(large, "MAX_SIZE", 100)
    monkeypatch.setattr(document, "MAX_SIZE", 100)
    details = {"RoleDetailList": [{**ROLE, "RolePolicyList": [], "AttachedManagedPolicies": []}]}
    found = reading({"all.json": details, "task.json": SECRETS["task"]})
    assert found.faults == []
    role = _role(found)
    assert role.missing == ()
    assert found.documents[role.place.file].span(role.place.path).start.line == 3
    assert "hunter2" not in found.documents[str(Path("e/task.json"))].text
    monkeypatch.setattr(large, "LARGEST", 200)
    (fault, _) = reading({"all.json": details}).faults
    assert fault.message == "file has 0 MB: leave out what no template needs"
    monkeypatch.setattr(large, "LARGEST", 10_000)
    broken = json.dumps(details, indent=2).replace('"Arn":', '"Arn"')
    faults = [it for it in reading({"all.json": broken}).faults if it.file.endswith("all.json")]
    assert [(it.line, it.message) for it in faults] == [(5, "no JSON: Expecting ':' delimiter")]


def test_answers_that_do_not_say_where(reading: Reading) -> None:
    """They are put to the one thing of that name of which another answer says where it is."""
    arn = f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/app/token"
    repository = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/web"
    found = reading(
        {
            "a.json": {"Parameters": [{"Name": "/app/token", "Type": "String", "ARN": arn}]},
            "list-tags-for-resource.%2Fapp%2Ftoken.json": {"TagList": [{"Key": "a", "Value": "b"}]},
            "b.json": {"repositories": [{"repositoryArn": repository, "repositoryName": "web"}]},
            "c.json": {
                "registryId": ACCOUNT,
                "repositoryName": "web",
                "policyText": json.dumps(DOCUMENT),
            },
        }
    )
    assert found.faults == []
    parameter = found.account.parameter(Text.of(arn))
    assert parameter is not None
    assert (parameter.tags, parameter.region) == ({"a": "b"}, "eu-west-1")
    known = found.account.repository(Text.of(repository))
    assert known is not None
    assert known.policy is not None
    elsewhere = repository.replace("eu-west-1", "us-east-1")
    assert found.account.repository(Text.of(elsewhere)) is None


def test_a_call_of_another_region(reading: Reading) -> None:
    """What an index says of the region holds for the calls that name no other."""
    call = "ecr get-repository-policy"
    index = {
        "version": 1,
        "account": ACCOUNT,
        "region": "eu-west-1",
        "answers": [
            {"call": call, "parameters": {"repositoryName": "a"}, "file": "a.json"},
            {
                "call": call,
                "parameters": {"repositoryName": "b"},
                "region": "us-east-1",
                "error": "RepositoryPolicyNotFoundException",
            },
        ],
    }
    answer = {"repositoryName": "a", "policyText": json.dumps(DOCUMENT)}
    account = reading({"snapshot.json": index, "a.json": answer}).account
    for name, region in (("a", "eu-west-1"), ("b", "us-east-1")):
        for asked in ("eu-west-1", "us-east-1"):
            arn = Text.of(f"arn:aws:ecr:{asked}:{ACCOUNT}:repository/{name}")
            assert (account.repository(arn) is not None) == (asked == region)
