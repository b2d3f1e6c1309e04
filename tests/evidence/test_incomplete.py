"""What is not all that there is, or is somebody else's, decides nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.evidence.account import Account
from copilot_preflight.evidence.reading import read

ACCOUNT, OTHER, REGION = "111122223333", "999999999999", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/p"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
ALLOW = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
HERE = Text.of(Hole("AWS::AccountId"))

Make = Callable[..., Account]


@pytest.fixture
def account(tmp_path: Path) -> Make:
    """The account of some answers by their files, with an index of some of them."""

    def make(
        files: Mapping[str, Any],
        indexed: Mapping[str, tuple[str, Mapping[str, Any]]] | None = None,
        *errors: Mapping[str, Any],
        **index: str,
    ) -> Account:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        entries: list[Any] = [
            {"call": call, "parameters": parameters, "file": file}
            for file, (call, parameters) in (indexed or {}).items()
        ]
        entries += errors
        written: dict[str, Any] = dict(files)
        if entries or index:
            written["snapshot.json"] = {"version": 1, "answers": entries, **index}
        for name, data in written.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(data))
        found = read([folder])
        assert [str(it) for it in found.faults] == []
        return found.account

    return make


# --- pages ----------------------------------------------------------------------------------------

PAGES: Mapping[str, tuple[str, Mapping[str, str], Mapping[str, Any], Mapping[str, Any]]] = {
    "inline": (
        "iam list-role-policies",
        {"RoleName": "web"},
        {"PolicyNames": ["p"], "IsTruncated": True, "Marker": "m"},
        {"PolicyNames": [], "IsTruncated": False},
    ),
    "attached": (
        "iam list-attached-role-policies",
        {"RoleName": "web"},
        {"AttachedPolicies": [{"PolicyName": "p", "PolicyArn": POLICY}], "IsTruncated": True},
        {"AttachedPolicies": [], "IsTruncated": False},
    ),
}  # fmt: skip
MARKERS = ("Marker", "NextToken", "StartingToken")


@pytest.mark.parametrize("what", PAGES)
@pytest.mark.parametrize("marker", MARKERS)
def test_the_last_page_is_not_the_list(account: Make, what: str, marker: str) -> None:
    """A call that was asked to begin further on does not have what came before."""
    call, named, _, last = PAGES[what]
    role = {"Role": {"RoleName": "web", "Arn": ROLE, "RoleId": "A"}}
    found = account({"r.json": role, "l.json": last}, {"l.json": (call, {**named, marker: "m"})})
    known = found.role(Text.of(ROLE), HERE)
    assert known is not None
    assert any(it.startswith(call) for it in known.missing)
    whole = account({"r.json": role, "l.json": last}, {"l.json": (call, named)})
    known = whole.role(Text.of(ROLE), HERE)
    assert known is not None
    assert not any(it.startswith(call) for it in known.missing)


@pytest.mark.parametrize("what", PAGES)
def test_pages_in_files_of_their_own(account: Make, what: str) -> None:
    """The last page looks like a list, but there is another page of the same."""
    call, named, first, last = PAGES[what]
    role = {"Role": {"RoleName": "web", "Arn": ROLE, "RoleId": "A"}}
    files = {"r.json": role, "1/l.json": first, "2/l.json": last}
    found = account(files, {"1/l.json": (call, named), "2/l.json": (call, named)})
    known = found.role(Text.of(ROLE), HERE)
    assert known is not None
    assert any(it.startswith(call) for it in known.missing)


def test_the_last_page_of_tags(account: Make) -> None:
    """A tag that is on another page may be the one that a condition asks for."""
    call, tags = "kms list-resource-tags", {"Tags": [{"TagKey": "a", "TagValue": "b"}]}
    for more, is_known in (({}, True), ({"Marker": "m"}, False)):
        found = account({"t.json": tags}, {"t.json": (call, {"KeyId": KEY, **more})})
        key = found.key(Text.of(KEY))
        assert (key is not None and key.tags is not None) == is_known


def test_the_last_page_of_policies_for_a_target(account: Make) -> None:
    """Levels are known only where all of their policies are."""
    listed = {"Policies": [{"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY"}]}
    rcps = {"Policies": [{"Id": "p-RCPFullAWSAccess", "Type": "RESOURCE_CONTROL_POLICY"}]}
    for more, is_known in (({}, True), ({"NextToken": "t"}, False)):
        files: dict[str, Any] = {
            "o.json": {"Organization": {"Id": "o", "MasterAccountId": OTHER}},
            "p.json": {"Parents": [{"Id": "r-1", "Type": "ROOT"}]},
        }
        entries = {"p.json": ("organizations list-parents", {"ChildId": ACCOUNT})}
        for target in (ACCOUNT, "r-1"):
            for name, data in (("s", listed), ("r", rcps)):
                files[f"{name}-{target}.json"] = data
                entries[f"{name}-{target}.json"] = (
                    "organizations list-policies-for-target",
                    {"TargetId": target, **(more if name == "s" else {})},
                )
        assert (account(files, entries, account=ACCOUNT).levels(ACCOUNT) is not None) == is_known


def test_the_last_page_of_endpoints(account: Make) -> None:
    """An interface on another page may take the calls of a gateway."""
    call, filters = "ec2 describe-vpc-endpoints", [{"Name": "vpc-id", "Values": ["vpc-1"]}]
    listed = {"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "VpcId": "vpc-1"}]}
    for more, is_whole in (({}, True), ({"NextToken": "t"}, False)):
        found = account({"e.json": listed}, {"e.json": (call, {"Filters": filters, **more})})
        assert [it.is_among_all for it in found.endpoints] == [is_whole]


# --- nobody knows whose ---------------------------------------------------------------------------


def test_what_only_looks_like_an_answer(tmp_path: Path) -> None:
    """`put-resource-policy` prints the same as `get-resource-policy` of a secret without one."""
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"
    (tmp_path / "x.json").write_text(json.dumps({"ARN": secret, "Name": "db"}))
    assert read([tmp_path]).account.secret(Text.of(secret)) is None
    (tmp_path / "x.json").rename(tmp_path / "get-resource-policy.db.json")
    assert read([tmp_path]).account.secret(Text.of(secret)) is not None


def test_an_error_about_nobody(account: Make) -> None:
    """Whose name is open has not got what an answer without a name says."""
    found = account(
        {"get-role.json": {"Error": {"Code": "NoSuchEntity"}}},
        None,
        {"call": "s3api get-bucket-policy", "error": "NoSuchBucketPolicy"},
        {"call": "s3api head-object", "parameters": {"Bucket": "b"}, "error": "404"},
        {"call": "iam get-role", "error": "NoSuchEntity"},
    )
    hole = Text.of(Hole("anything"))
    assert found.bucket(hole) is None
    assert found.stored_object(Text.of("b"), hole) is None
    assert found.absent_role(hole) is None


def test_a_role_that_another_account_lacks(account: Make) -> None:
    """It says nothing of the role of that name in the account that is asked for."""
    gone = {"call": "iam get-role", "parameters": {"RoleName": "web"}, "error": "NoSuchEntity"}
    found = account({}, None, gone, account=OTHER)
    assert found.absent_role(Text.of(ROLE)) is None
    assert found.absent_role(Text.of(ROLE.replace(ACCOUNT, OTHER))) is not None
    assert found.absent_role(Text.of("web")) is not None


# --- two of one name ------------------------------------------------------------------------------


def test_a_replica_of_a_key(account: Make) -> None:
    """The keys of several regions share an id and have a policy each."""
    found = account({"get-key-policy.mrk-1.json": {"Policy": json.dumps(ALLOW)}})
    assert found.key(Text.of(KEY.replace("1234", "mrk-1"))) is None
    assert found.key(Text.of("mrk-1")) is None
    alone = account({"get-key-policy.1234.json": {"Policy": json.dumps(ALLOW)}})
    assert alone.key(Text.of(KEY)) is not None
    assert alone.key(Text.of("1234")) is not None


def test_two_repositories_and_one_that_is_nowhere(account: Make) -> None:
    """Where two may be meant, a third that is known by its name alone is no better."""
    arns = [f"arn:aws:ecr:{it}:{ACCOUNT}:repository/web" for it in (REGION, "us-east-1")]
    found = account(
        {
            "r.json": {
                "repositories": [{"repositoryArn": it, "repositoryName": "web"} for it in arns]
            },
            "p.json": {"repositoryName": "web", "policyText": json.dumps(ALLOW)},
        }
    )
    region = Hole("AWS::Region", excludes=":*?", nonempty=True)
    asked = Text.of("arn:aws:ecr:", region, f":{ACCOUNT}:repository/web")
    assert found.repository(asked) is None


def test_stacks_of_one_name_in_two_regions(account: Make) -> None:
    """What a stack has made, and was deployed with, is not known of a name that two have."""
    files = {}
    for region in (REGION, "us-east-1"):
        made = {
            "StackName": "s",
            "StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/s/1",
            "LogicalResourceId": "R",
            "PhysicalResourceId": f"s-R-{region}",
            "ResourceType": "AWS::IAM::Role",
        }
        files[f"{region}.json"] = {"StackResources": [made]}
    one = account({"1.json": files[f"{REGION}.json"]})
    assert one.deployed("s", "R") is not None
    two = account(files)
    assert two.deployed("s", "R") is None
    assert two.made_of("R", "AWS::IAM::Role") == {f"s-R-{it}" for it in (REGION, "us-east-1")}


def test_a_version_of_a_policy_of_another_account(account: Make) -> None:
    """A name alone joins nothing across accounts."""
    version = {"PolicyVersion": {"VersionId": "v1", "Document": ALLOW}}
    policy = f"arn:aws:iam::{ACCOUNT}:policy/q"
    found = account(
        {
            "p.json": {"Policy": {"PolicyName": "q", "Arn": policy, "DefaultVersionId": "v1"}},
            "v.json": version,
        },
        {"v.json": ("iam get-policy-version", {"PolicyArn": "q"})},
        account=OTHER,
    )
    known = found.policy(Text.of(policy))
    assert known is not None
    assert known.policy is None
