"""Every answer that is read is recognised by its keys, whatever its file is called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import pytest

from copilot_preflight.base.symbolic import Text
from copilot_preflight.evidence.reading import _READERS, read
from copilot_preflight.evidence.shapes import SHAPES, call_in, call_of, error_of, operation_in

STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::files/*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [STATEMENT]}
BUCKET_POLICY = json.dumps({"Statement": [{**STATEMENT, "Principal": "*"}]})
KEY_POLICY = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}}
)
ROLE = {"RoleName": "web", "Arn": "arn:aws:iam::111122223333:role/web", "RoleId": "AROA"}
SECRET = {"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf", "Name": "db"}

ANSWERS: dict[str, Any] = {
    "iam get-account-authorization-details": {"RoleDetailList": [], "UserDetailList": []},
    "iam get-role": {"Role": ROLE},
    "iam list-roles": {"Roles": [ROLE]},
    "iam get-role-policy": {"RoleName": "web", "PolicyName": "p", "PolicyDocument": DOCUMENT},
    "iam list-role-policies": {"PolicyNames": ["p"]},
    "iam list-attached-role-policies": {"AttachedPolicies": []},
    "iam list-role-tags": {"Tags": [], "IsTruncated": False},
    "iam get-policy-version": {"PolicyVersion": {"Document": DOCUMENT, "VersionId": "v1"}},
    "iam get-policy": {
        "Policy": {"PolicyName": "p", "Arn": "arn:aws:iam::1:policy/p", "DefaultVersionId": "v1"}
    },
    "iam list-policies": {
        "Policies": [{"PolicyName": "p", "Arn": "a", "DefaultVersionId": "v1", "PolicyId": "A"}]
    },
    "organizations describe-policy": {"Policy": {"PolicySummary": {"Id": "p-1"}, "Content": "{}"}},
    "organizations list-policies-for-target": {
        "Policies": [{"Id": "p-1", "Arn": "a", "Name": "n", "Type": "SERVICE_CONTROL_POLICY"}]
    },
    "organizations list-parents": {"Parents": [{"Id": "r-1", "Type": "ROOT"}]},
    "organizations list-roots": {"Roots": [{"Id": "r-1", "PolicyTypes": []}]},
    "organizations describe-organization": {"Organization": {"Id": "o-1"}},
    "s3api get-bucket-policy": {"Policy": BUCKET_POLICY},
    "kms get-key-policy": {"Policy": KEY_POLICY},
    "s3api get-bucket-encryption": {"ServerSideEncryptionConfiguration": {"Rules": []}},
    "s3api get-bucket-ownership-controls": {"OwnershipControls": {"Rules": []}},
    "s3api get-public-access-block": {"PublicAccessBlockConfiguration": {}},
    "s3api get-bucket-location": {"LocationConstraint": None},
    "s3api head-object": {"ETag": '"1"', "ContentLength": 1},
    "kms describe-key": {"KeyMetadata": {"KeyId": "1"}},
    "kms list-aliases": {"Aliases": [{"AliasName": "alias/a"}]},
    "kms list-resource-tags": {"Tags": [{"TagKey": "a", "TagValue": "b"}], "Truncated": False},
    "ssm list-tags-for-resource": {"TagList": []},
    "ssm describe-parameters": {"Parameters": [{"Name": "/a", "Type": "String"}]},
    "ssm get-parameter": {"Parameter": {"Name": "/a", "Type": "String", "Value": "v"}},
    "secretsmanager get-resource-policy": {**SECRET, "ResourcePolicy": "{}"},
    "secretsmanager get-secret-value": {**SECRET, "VersionId": "1", "SecretString": "s"},
    "secretsmanager describe-secret": {**SECRET, "CreatedDate": 1.0},
    "secretsmanager list-secrets": {"SecretList": [SECRET]},
    "ecr get-repository-policy": {"repositoryName": "web", "policyText": "{}"},
    "ecr describe-repositories": {"repositories": [{"repositoryArn": "a"}]},
    "efs describe-file-system-policy": {"FileSystemId": "fs-1", "Policy": "{}"},
    "efs describe-file-systems": {"FileSystems": [{"FileSystemId": "fs-1"}]},
    "ec2 describe-vpc-endpoints": {"VpcEndpoints": []},
    "ec2 describe-subnets": {"Subnets": [{"SubnetId": "s"}]},
    "ec2 describe-route-tables": {"RouteTables": [{"RouteTableId": "r"}]},
    "cloudformation list-exports": {"Exports": []},
    "cloudformation describe-stacks": {"Stacks": [{"StackName": "web"}]},
    "cloudformation describe-stack-resources": {"StackResources": []},
    "cloudformation list-stack-resources": {"StackResourceSummaries": []},
    "cloudformation describe-stack-resource": {"StackResourceDetail": {"StackName": "web"}},
    "cloudformation get-template": {"TemplateBody": {}},
    "ecs describe-task-definition": {"taskDefinition": {}},
    "ecs describe-services": {"services": []},
}


def test_every_shape_has_an_example() -> None:
    """What is in the table is read by somebody, or is known to be of no use."""
    assert ANSWERS.keys() == {shape.call for shape in SHAPES}
    unread = {"secretsmanager get-secret-value", "organizations list-roots"}
    assert ANSWERS.keys() - unread == _READERS.keys()


@pytest.mark.parametrize("call", ANSWERS)
def test_recognised_by_its_keys(call: str) -> None:
    assert call_of(ANSWERS[call]) == call
    assert call_of(ANSWERS[call], call) == call
    assert call_of(ANSWERS[call], "iam get-role") == call


@pytest.mark.parametrize(
    ("data", "named", "call"),
    [
        ({"Policies": []}, "", ""),
        ({"Policies": []}, "iam list-policies", "iam list-policies"),
        (
            {"Policies": []},
            "organizations list-policies-for-target",
            "organizations list-policies-for-target",
        ),
        ({"Policy": '{"Statement": []}'}, "", ""),
        ({"Policy": '{"Statement": []}'}, "kms get-key-policy", "kms get-key-policy"),
        ({"Policy": "%7B"}, "", ""),
        (SECRET, "", ""),  # put-resource-policy prints the same
        (SECRET, "secretsmanager get-resource-policy", "secretsmanager get-resource-policy"),
        ({**SECRET, "Other": 1}, "", ""),
        ({"Resources": {}}, "iam get-role", ""),
        ([], "iam get-role", ""),
        ({"Role": "web"}, "", ""),
        ({"Role": None}, "", ""),
    ],
)
def test_where_the_keys_do_not_tell(data: Any, named: str, call: str) -> None:
    """The index or the path decides between several calls, and makes none of what is none."""
    assert call_of(data, named) == call


@pytest.mark.parametrize(
    ("path", "call", "spelt"),
    [
        ("s3/files/get-bucket-policy.json", "s3api get-bucket-policy", "get-bucket-policy"),
        ("get_bucket_policy_files.json", "s3api get-bucket-policy", "get_bucket_policy"),
        ("iam/GetRolePolicy/web.json", "iam get-role-policy", ""),
        ("get-role-policy.p.json", "iam get-role-policy", "get-role-policy"),
        ("get-role.json", "iam get-role", "get-role"),
        ("get-roles.json", "", ""),
        ("files.json", "", ""),
    ],
)
def test_operations_in_paths(path: str, call: str, spelt: str) -> None:
    """The longest operation that a name has in it, in whatever spelling."""
    assert call_in(PurePath(path)) == call
    assert operation_in(PurePath(path)) == spelt


def test_errors() -> None:
    assert error_of({"Error": {"Code": "NoSuchEntity", "Message": ""}}) == "NoSuchEntity"
    assert error_of({"Error": "x"}) == error_of({"Role": {}}) == error_of([]) == ""


def _broken(data: Any) -> Iterator[Any]:
    """The data with something else in the place of each of its nodes."""
    for other in (None, "x", [None]):
        yield other
        if isinstance(data, dict):
            for key, value in data.items():
                yield from ({**data, key: it} for it in _broken(value))
        if isinstance(data, list):
            for number, value in enumerate(data):
                yield from ([*data[:number], it, *data[number + 1 :]] for it in _broken(value))


def test_whatever_stands_in_a_file_is_read_or_refused(tmp_path: Path) -> None:
    """No answer of another shape ends in a traceback; each says in one line what is wrong."""
    number = 0
    for call, data in ANSWERS.items():
        for broken in {json.dumps(it): it for it in _broken(data)}.values():
            if call_of(broken, call):
                number += 1
                name = f"{call.partition(' ')[2]}.subject-{number}.json"
                (tmp_path / name).write_text(json.dumps(broken))
    found = read([tmp_path])
    assert number > len(ANSWERS)
    assert all("\n" not in it.message and it.message for it in found.faults)


@pytest.mark.parametrize(
    ("call", "data"),
    [
        ("iam list-role-policies", {"PolicyNames": ["env-file", None]}),
        ("iam list-role-policies", {"PolicyNames": [{"PolicyName": "env-file"}]}),
        ("iam list-role-policies", {"PolicyNames": "env-file"}),
        ("iam list-attached-role-policies", {"AttachedPolicies": {"PolicyArn": "a"}}),
        ("iam list-attached-role-policies", {"AttachedPolicies": ["arn:aws:iam::1:policy/p"]}),
        ("iam list-attached-role-policies", {"AttachedPolicies": [{"PolicyName": "p"}]}),
        ("iam list-role-tags", {"Tags": {"team": "shop"}, "IsTruncated": False}),
        ("ec2 describe-vpc-endpoints", {"VpcEndpoints": [{"VpcEndpointId": "vpce-1"}, 5]}),
        ("cloudformation list-exports", {"Exports": {"Name": "x"}}),
    ],
)
def test_what_cannot_be_read_is_not_missing(tmp_path: Path, call: str, data: Any) -> None:
    """A list in another form shows nothing of what a role lacks: it is refused, as a whole."""
    (tmp_path / "get-role.json").write_text(json.dumps(ANSWERS["iam get-role"]))
    (tmp_path / f"{call.partition(' ')[2]}.json").write_text(json.dumps(data))
    found = read([tmp_path])
    assert [it.message for it in found.faults] == [f"this is not what 'aws {call}' answers"]
    role = found.account.role(Text.of(ROLE["Arn"]), Text.of("111122223333"))
    assert role is not None
    for other in ("iam list-role-policies", "iam list-attached-role-policies"):
        assert f"{other} --role-name web" in role.missing
    assert not found.account.endpoints
