"""What the account has answered decides what was open: each layer allows, denies and is missing."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import pytest

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.evidence.shapes import call_in
from copilot_preflight.run.check import check
from copilot_preflight.run.options import Options

ACCOUNT, REGION = "111122223333", "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f1c2d3e-0000-0000-0000-000000000001"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app-exec"
MANAGED = f"arn:aws:iam::{ACCOUNT}:policy/app-files"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/web"

TEMPLATE = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app-exec'
      ContainerDefinitions:
        - Name: web
          Image: !Sub '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/web:1'
          EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::files/web.env'}]
          Secrets:
            - {Name: A, ValueFrom: !Sub 'arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:db'}
            - {Name: B, ValueFrom: /app/token}
"""  # noqa: E501


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def written(*statements: dict[str, Any]) -> str:
    return json.dumps(policy(*statements))


ROOT: dict[str, Any] = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
EVERYBODY: dict[str, Any] = {"Principal": "*"}
TRUST = policy(
    {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
)

WHOLE: Mapping[str, Any] = {
    "snapshot.json": {
        "version": 1,
        "taken": "2026-11-28T08:00:00Z",
        "account": ACCOUNT,
        "partition": "aws",
        "region": REGION,
        "answers": [],
    },
    "iam/role/app-exec/get-role.json": {
        "Role": {
            "RoleName": "app-exec",
            "Arn": ROLE,
            "RoleId": "AROA1",
            "AssumeRolePolicyDocument": TRUST,
        }
    },
    "iam/role/app-exec/list-role-policies.json": {"PolicyNames": ["secrets"]},
    "iam/role/app-exec/get-role-policy.secrets.json": {
        "RoleName": "app-exec",
        "PolicyName": "secrets",
        "PolicyDocument": policy(
            allow(["secretsmanager:GetSecretValue", "ssm:GetParameters"]), allow("ecr:*")
        ),
    },
    "iam/role/app-exec/list-attached-role-policies.json": {
        "AttachedPolicies": [{"PolicyName": "app-files", "PolicyArn": MANAGED}]
    },
    "iam/policy/app-files/get-policy.json": {
        "Policy": {"PolicyName": "app-files", "Arn": MANAGED, "DefaultVersionId": "v3"}
    },
    "iam/policy/app-files/get-policy-version.json": {
        "PolicyVersion": {
            "VersionId": "v3",
            "IsDefaultVersion": True,
            "Document": policy(
                allow("s3:GetObject", "arn:aws:s3:::files/*"),
                allow("s3:GetBucketLocation", "arn:aws:s3:::files"),
                allow("kms:Decrypt", KEY),
            ),
        }
    },
    "s3/files/get-bucket-policy.json": {
        "Policy": written(allow("s3:GetObject", "arn:aws:s3:::files/*", **ROOT))
    },
    "s3/files/get-bucket-encryption.json": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": KEY,
                    }
                }
            ]
        }
    },
    "kms/key/describe-key.json": {"KeyMetadata": {"KeyId": KEY[-36:], "Arn": KEY}},
    "kms/key/get-key-policy.json": {"Policy": written(allow("kms:*", **ROOT))},
    "secretsmanager/db/describe-secret.json": {
        "ARN": SECRET,
        "Name": "db",
        "KmsKeyId": KEY,
        "CreatedDate": 1.0,
    },
    "secretsmanager/db/get-resource-policy.json": {"ARN": SECRET, "Name": "db"},
    "ssm/describe-parameters.json": {
        "Parameters": [{"Name": "/app/token", "Type": "SecureString", "KeyId": KEY}]
    },
    "ecr/web/get-repository-policy.json": {
        "registryId": ACCOUNT,
        "repositoryName": "web",
        "policyText": written({"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}),
    },
}

Judge = Callable[..., Report]


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Checks a template with the whole evidence, of which some files are others or not there."""
    monkeypatch.chdir(tmp_path)

    def make(
        changed: Mapping[str, Any] | None = None,
        template: str = TEMPLATE,
        evidence: Mapping[str, Any] = WHOLE,
        policies: Sequence[tuple[str, Path]] = (),
    ) -> Report:
        Path("web.stack.yml").write_text(template)
        files = {**evidence, **(changed or {})}
        known = {it.get("file") for it in files.get("snapshot.json", {}).get("answers", ())}
        listed = [
            {"call": call_in(PurePath(name)), "file": name}
            for name, data in files.items()
            if data is not None and name != "snapshot.json" and name not in known
        ]
        for name, data in files.items():
            if data is None:
                continue
            if name == "snapshot.json":
                data = {**data, "answers": [*data["answers"], *listed]}
            path = Path("e", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(data, indent=2))
        given = [Path("e")] if evidence else []
        options = Options(evidence=given, info=True, shows_proof=True, policies=policies)
        return check(["web.stack.yml"], options)

    return make


def _outcomes(report: Report) -> dict[str, str]:
    return {f"{it.action} on {it.resource}": it.outcome for it in report.proof or ()}


def test_without_evidence_all_is_open(judge: Judge) -> None:
    """The role is outside the run, and nothing is known of it."""
    report = judge(evidence={})
    assert [it.rule for it in report.findings] == ["I9790"] * 4
    assert {it.outcome for it in report.proof or ()} == {"undetermined"}


def test_the_whole_evidence_allows_everything(judge: Judge) -> None:
    """Every call of the start is proved to be allowed, those on keys among them."""
    report = judge()
    assert (report.errors, report.findings) == ((), ())
    object_arn = "arn:aws:s3:::files/web.env"
    parameter = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/token"
    assert _outcomes(report) == dict.fromkeys(
        [
            "ecr:GetAuthorizationToken on *",
            f"ecr:GetDownloadUrlForLayer on {REPOSITORY}",
            f"ecr:BatchGetImage on {REPOSITORY}",
            f"s3:GetObject on {object_arn}",
            f"kms:Decrypt on {KEY}",
            f"secretsmanager:GetSecretValue on {SECRET}",
            f"ssm:GetParameters on {parameter}",
        ],
        "allowed",
    )
    assert report.calls.undetermined == 0
    files = {place.file for it in report.proof or () for place in it.places}
    assert str(Path("e/iam/policy/app-files/get-policy-version.json")) in files
    assert str(Path("e/kms/key/get-key-policy.json")) in files


SECRETS = "iam/role/app-exec/get-role-policy.secrets.json"
FILES = "iam/policy/app-files/get-policy-version.json"


def _with(name: str, *path: str | int, value: Any) -> dict[str, Any]:
    """One file of the evidence, with another value at a path."""
    data = copy.deepcopy(WHOLE[name])
    node = data
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return {name: data}


def _policies(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    is_inline = "PolicyDocument" in WHOLE[name]
    path = ("PolicyDocument",) if is_inline else ("PolicyVersion", "Document")
    return _with(name, *path, value=policy(*statements))


DENIALS: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "an inline policy that lacks it": (
        _policies(SECRETS, allow("ssm:GetParameters"), allow("ecr:*")),
        "E9741",
        "iam/role/app-exec/get-role.json",
    ),
    "an inline policy that denies it": (
        _policies(
            SECRETS,
            allow(["secretsmanager:*", "ssm:*", "ecr:*"]),
            deny("ssm:GetParameters"),
        ),
        "E9766",
        SECRETS,
    ),
    "a managed policy for another file": (
        _policies(FILES, allow("s3:GetObject", "arn:aws:s3:::files/old.env"), allow("kms:Decrypt")),
        "E9711",
        FILES,
    ),
    "a managed policy without the key": (
        _policies(FILES, allow("s3:*")),
        "E9715 E9741",
        "iam/role/app-exec/get-role.json",
    ),
    "the policy of the bucket": (
        _with(
            "s3/files/get-bucket-policy.json",
            "Policy",
            value=written(deny("s3:*", "arn:aws:s3:::files/*", **EVERYBODY)),
        ),
        "E9761",
        "s3/files/get-bucket-policy.json",
    ),
    "the policy of the key": (
        _with(
            "kms/key/get-key-policy.json",
            "Policy",
            value=written(allow("kms:Encrypt", **ROOT)),
        ),
        "E9762",
        "kms/key/get-key-policy.json",
    ),
    "the policy of the secret": (
        _with(
            "secretsmanager/db/get-resource-policy.json",
            "ResourcePolicy",
            value=written(deny("secretsmanager:*", **EVERYBODY)),
        ),
        "E9741",
        "secretsmanager/db/get-resource-policy.json",
    ),
    "the policy of the repository": (
        _with(
            "ecr/web/get-repository-policy.json",
            "policyText",
            value=written({"Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage"}),
        ),
        "E9742",
        "ecr/web/get-repository-policy.json",
    ),
    "the trust policy": (
        _with(
            "iam/role/app-exec/get-role.json",
            "Role",
            "AssumeRolePolicyDocument",
            "Statement",
            0,
            "Principal",
            value={"Service": "ec2.amazonaws.com"},
        ),
        "E9732",
        "iam/role/app-exec/get-role.json",
    ),
    "the boundary": (
        {
            **_with(
                "iam/role/app-exec/get-role.json",
                "Role",
                "PermissionsBoundary",
                value={"PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/limits"},
            ),
            "iam/policy/limits/get-policy.json": {
                "Policy": {
                    "PolicyName": "limits",
                    "Arn": f"arn:aws:iam::{ACCOUNT}:policy/limits",
                    "DefaultVersionId": "v1",
                }
            },
            "iam/policy/limits/get-policy-version.json": {
                "PolicyVersion": {
                    "VersionId": "v1",
                    "IsDefaultVersion": True,
                    "Document": policy(allow(["ecr:*", "ssm:*", "secretsmanager:*", "kms:*"])),
                }
            },
        },
        "E9763",
        "iam/role/app-exec/get-role.json",
    ),
}


def _places(finding: Finding) -> set[str]:
    return {place.file for place in (finding.at, *(it.place for it in finding.related))}


@pytest.mark.parametrize("what", DENIALS)
def test_what_denies(judge: Judge, what: str) -> None:
    """The rule that it has, at the line of the answer, with the day of that."""
    changed, rule, file = DENIALS[what]
    report = judge(changed)
    assert report.errors == ()
    found = [it for it in report.findings if it.severity.label == "error"]
    assert sorted({it.rule for it in found}) == rule.split()
    for finding in found:
        assert str(Path("e", file)) in _places(finding)
        said = [it.message for it in finding.related if it.place.file.startswith("e")]
        assert said
        assert all("the account's answer of 2026-11-28" in it for it in said)


MISSING: Mapping[str, str] = {
    "iam/role/app-exec/get-role.json": "aws iam get-role --role-name app-exec",
    "iam/role/app-exec/list-role-policies.json": "aws iam list-role-policies --role-name app-exec",
    "iam/role/app-exec/list-attached-role-policies.json": "aws iam list-attached-role-policies",
    SECRETS: "aws iam get-role-policy --role-name app-exec",
    FILES: f"aws iam get-policy-version --policy-arn {MANAGED}",
    "s3/files/get-bucket-policy.json": "aws s3api get-bucket-policy --bucket files",
    "kms/key/get-key-policy.json": f"get-key-policy --policy-name default --key-id {KEY}",
    "secretsmanager/db/get-resource-policy.json": f"get-resource-policy --secret-id {SECRET}",
    "ecr/web/get-repository-policy.json": "get-repository-policy --repository-name web",
}


@pytest.mark.parametrize("file", MISSING)
def test_what_is_missing(judge: Judge, file: str) -> None:
    """Nothing is denied for want of an answer, and --info names the one that would decide."""
    report = judge({file: None})
    assert report.errors == ()
    assert {it.rule for it in report.findings} == {"I9790"}
    assert MISSING[file] in " ".join(it.message for it in report.findings)


# --- tags, exports, the organization --------------------------------------------------------------

TAGGED = {"StringEquals": {"ssm:ResourceTag/copilot-application": "shop"}}
OF_SHOP = _policies(
    SECRETS,
    allow(["secretsmanager:GetSecretValue", "ecr:*"]),
    allow("ssm:GetParameters", Condition=TAGGED),
)
TAGS = "ssm/list-tags-for-resource./app/token.json".replace("./app/token", "")


@pytest.mark.parametrize(
    ("tags", "outcome", "rules"),
    [
        ([{"Key": "copilot-application", "Value": "shop"}], "allowed", []),
        ([{"Key": "copilot-application", "Value": "other"}], "denied", ["E9741"]),
        ([{"Key": "team", "Value": "shop"}], "denied", ["E9741"]),
        ([], "denied", ["E9741"]),
        (None, "undetermined", ["I9790"]),
    ],
)
def test_tags_of_a_parameter(judge: Judge, tags: Any, outcome: str, rules: list[str]) -> None:
    """A grant by tag holds if the parameter has the tag, and where all are known, not otherwise."""
    listed = {"TagList": tags} if tags is not None else None
    report = judge({**OF_SHOP, TAGS: listed})
    assert report.errors == ()
    assert [it.rule for it in report.findings] == rules
    found = {it.action: it.outcome for it in report.proof or ()}
    assert found["ssm:GetParameters"] == outcome


def test_a_value_that_a_stack_exports(judge: Judge) -> None:
    """`Fn::ImportValue` of what no template of the run exports."""
    template = TEMPLATE.replace(
        "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app-exec'",
        "!ImportValue shop-role",
    )
    exports = {"Exports": [{"Name": "shop-role", "Value": ROLE, "ExportingStackId": "s"}]}
    report = judge({"list-exports.json": exports}, template)
    assert report.findings == ()
    assert set(_outcomes(report).values()) == {"allowed"}
    stack = "arn:aws:cloudformation:us-east-1:111122223333:stack/other/1"
    there = {"Exports": [{"Name": "shop-role", "Value": "other", "ExportingStackId": stack}]}
    report = judge({"list-exports.json": exports, "b.json": there}, template)
    assert set(_outcomes(report).values()) == {"allowed"}  # the other one is of another region
    without = {**WHOLE["snapshot.json"], "region": ""}
    report = judge(
        {"list-exports.json": exports, "b.json": there, "snapshot.json": without}, template
    )
    assert {it.outcome for it in report.proof or ()} == {"undetermined"}


def _organization(*statements: dict[str, Any]) -> dict[str, Any]:
    kinds = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}
    targets = {
        f"{short}/list-policies-for-target.{target}.json": {
            "Policies": [{"Id": "p-FullAWSAccess", "Type": kind}]
        }
        for short, kind in kinds.items()
        for target in ("r-1", ACCOUNT)
    }
    own = [{"Id": "p-1", "Type": "SERVICE_CONTROL_POLICY"}]
    return {
        **targets,
        f"scp/list-policies-for-target.{ACCOUNT}.json": {"Policies": own},
        "organization/describe-organization.json": {
            "Organization": {"Id": "o-1", "MasterAccountId": "999999999999"}
        },
        f"list-parents.{ACCOUNT}.json": {"Parents": [{"Id": "r-1", "Type": "ROOT"}]},
        "describe-policy.json": {
            "Policy": {"PolicySummary": {"Id": "p-1", "Name": "n"}, "Content": written(*statements)}
        },
    }


def test_policies_of_the_organization(judge: Judge) -> None:
    """They count where the whole path from the root to the account was answered."""
    assert judge(_organization(allow("*"))).findings == ()
    denying = _organization(allow("*"), deny("secretsmanager:*"))
    report = judge(denying)
    (found,) = report.findings
    assert found.rule == "E9765"
    assert str(Path("e/describe-policy.json")) in _places(found)
    (silent,) = {it.rule for it in judge(_organization(allow("s3:*"))).findings}
    assert silent == "E9765"


def test_an_organization_in_part(judge: Judge) -> None:
    """Of one level that was not answered, nobody knows what it denies: nothing is said."""
    denying = _organization(allow("*"), deny("secretsmanager:*"))
    assert judge({**denying, "scp/list-policies-for-target.r-1.json": None}).findings == ()


# --- VPC endpoints --------------------------------------------------------------------------------

RUNNING = (
    TEMPLATE.replace(
        "    Properties:\n      ExecutionRoleArn",
        "    Properties:\n      NetworkMode: awsvpc\n      ExecutionRoleArn",
    )
    + """\
  Service:
    Type: AWS::ECS::Service
    Properties:
      LaunchType: FARGATE
      TaskDefinition: !Ref Task
      NetworkConfiguration:
        AwsvpcConfiguration: {Subnets: [subnet-1]}
"""
)
OPEN = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
SHUT = {**OPEN, "Action": "sqs:*"}


def _endpoint(
    kind: str, service: str, *statements: dict[str, Any], vpc: str = "vpc-1"
) -> dict[str, Any]:
    own = {"RouteTableIds": ["rtb-1"]} if kind == "Gateway" else {"PrivateDnsEnabled": True}
    return {
        "VpcEndpoints": [
            {
                "VpcEndpointId": "vpce-1",
                "VpcEndpointType": kind,
                "VpcId": vpc,
                "ServiceName": f"com.amazonaws.{REGION}.{service}",
                "ServiceRegion": REGION,
                "State": "available",
                "PolicyDocument": written(*statements),
                **own,
            }
        ]
    }


NETWORK = {
    "ec2/describe-subnets.json": {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]},
    "ec2/describe-route-tables.json": {
        "RouteTables": [{"RouteTableId": "rtb-1", "Associations": [{"SubnetId": "subnet-1"}]}]
    },
}
ENDPOINTS = "ec2/vpc-1/describe-vpc-endpoints.json"


@pytest.mark.parametrize(
    ("kind", "service", "statement", "vpc", "rules"),
    [
        ("Interface", "secretsmanager", OPEN, "vpc-1", []),
        ("Interface", "secretsmanager", SHUT, "vpc-1", ["E9764"]),
        ("Interface", "secretsmanager", SHUT, "vpc-2", []),
        ("Interface", "sqs", SHUT, "vpc-1", []),
        ("Gateway", "s3", OPEN, "vpc-1", []),
        ("Gateway", "s3", SHUT, "vpc-1", ["E9764", "E9764"]),
        ("Gateway", "s3", SHUT, "vpc-2", []),
    ],
)
def test_endpoints_of_the_account(
    judge: Judge, kind: str, service: str, statement: dict[str, Any], vpc: str, rules: list[str]
) -> None:
    """What a task's calls go through in the VPC of its subnets lets them through, or not."""
    found = _endpoint(kind, service, statement, vpc=vpc)
    located = {"s3/files/get-bucket-location.json": {"LocationConstraint": REGION}}
    report = judge({**NETWORK, **located, ENDPOINTS: found}, RUNNING)
    assert report.errors == ()
    assert [it.rule for it in report.findings if it.rule != "I9790"] == rules
    for finding in report.findings:
        assert str(Path("e", ENDPOINTS)) in _places(finding)


def test_a_gateway_without_its_neighbours(judge: Judge) -> None:
    """Where the other endpoints of the VPC are not known, one of them may take the calls."""
    found = _endpoint("Gateway", "s3", SHUT)
    listed = {"call": "ec2 describe-vpc-endpoints", "file": ENDPOINTS}
    filters = {"parameters": {"Filters": [{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}]}}
    index = {**WHOLE["snapshot.json"], "answers": [{**listed, **filters}]}
    located = {"s3/files/get-bucket-location.json": {"LocationConstraint": REGION}}
    report = judge({**NETWORK, **located, ENDPOINTS: found, "snapshot.json": index}, RUNNING)
    assert report.findings == ()


def test_endpoints_of_a_template_come_first(judge: Judge) -> None:
    """Those of the account may be what it is about to change."""
    own = """\
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcId: vpc-9, ServiceName: com.amazonaws.eu-west-1.sqs}
"""
    shut = _endpoint("Interface", "secretsmanager", SHUT)
    report = judge({**NETWORK, ENDPOINTS: shut}, RUNNING + own)
    assert report.findings == ()


def test_a_role_of_which_nothing_is_known(judge: Judge) -> None:
    """--info names the answer that is missing, and says so where the account has no such role."""
    gone = {name: None for name in WHOLE if name.startswith("iam/role/")}
    report = judge(gone)
    assert {it.rule for it in report.findings} == {"I9790"}
    assert all("'aws iam get-role --role-name app-exec'" in it.message for it in report.findings)
    absent = {
        "call": "iam get-role",
        "parameters": {"RoleName": "app-exec"},
        "error": "NoSuchEntity",
    }
    index = {**WHOLE["snapshot.json"], "answers": [absent]}
    report = judge({**gone, "snapshot.json": index})
    assert all("which the account does not have" in it.message for it in report.findings)


# --- whose key it is ------------------------------------------------------------------------------

OTHER = KEY.replace("0001", "0002")


def _head(**said: Any) -> dict[str, Any]:
    """What `head-object` answers, by way of an index that names the object."""
    call = {
        "call": "s3api head-object",
        "parameters": {"Bucket": "files", "Key": "web.env"},
        "file": "head.json",
    }
    index = {**WHOLE["snapshot.json"], "answers": [call]}
    return {"snapshot.json": index, "head.json": {"ETag": "1", "ContentLength": 1, **said}}


def _managed_by(who: str) -> dict[str, Any]:
    data = {"KeyMetadata": {"KeyId": OTHER[-36:], "Arn": OTHER, "KeyManager": who}}
    return {"kms/other/describe-key.json": data}


@pytest.mark.parametrize(
    ("changed", "keys"),
    [
        (_head(), set()),
        (_head(SSEKMSKeyId=KEY), {KEY}),  # whose that is nobody has answered: as the bucket has it
        ({**_head(SSEKMSKeyId=OTHER), **_managed_by("AWS")}, set()),
        ({**_head(SSEKMSKeyId=OTHER), **_managed_by("CUSTOMER")}, {OTHER}),
        (
            {
                **_managed_by("AWS"),
                "s3/files/get-bucket-encryption.json": {
                    "ServerSideEncryptionConfiguration": {
                        "Rules": [
                            {
                                "ApplyServerSideEncryptionByDefault": {
                                    "SSEAlgorithm": "aws:kms",
                                    "KMSMasterKeyID": OTHER,
                                }
                            }
                        ]
                    }
                },
            },
            set(),
        ),
    ],
)
def test_the_key_of_an_object(judge: Judge, changed: dict[str, Any], keys: set[str]) -> None:
    """That of the object itself counts, and none that AWS manages asks for a permission."""
    report = judge(changed)
    assert report.errors == ()
    env_file = [it for it in report.proof or () if it.subject.startswith("environment file")]
    assert {it.resource for it in env_file if it.action == "kms:Decrypt"} == keys


# --- ACLs -----------------------------------------------------------------------------------------

PIPELINE = """\
Resources:
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: !Sub 'arn:aws:iam::${AWS::AccountId}:role/pipeline'
      ArtifactStore: {Type: S3, Location: artifacts}
      Stages:
        - Name: Deploy
          Actions:
            - Name: Upload
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: S3, Version: '1'}
              InputArtifacts: [{Name: built}]
              Configuration: {BucketName: files, Extract: 'true', CannedACL: public-read}
"""


@pytest.mark.parametrize(
    ("rule", "rules"), [("BucketOwnerEnforced", ["W9774"]), ("ObjectWriter", []), ("", [])]
)
def test_acls_of_a_bucket(judge: Judge, rule: str, rules: list[str]) -> None:
    """A bucket of the account that has turned them off rejects the one of a deployment."""
    name = "s3/files/get-bucket-ownership-controls.json"
    answer = {"OwnershipControls": {"Rules": [{"ObjectOwnership": rule}] if rule else []}}
    report = judge({name: answer}, PIPELINE)
    assert report.errors == ()
    found = [it for it in report.findings if it.rule != "I9790"]
    assert [it.rule for it in found] == rules
    for finding in found:
        assert str(Path("e", name)) in _places(finding)


def test_what_the_user_provides_comes_before_the_account(judge: Judge) -> None:
    """A policy of the command line says how it is to be; an answer how it was found."""
    shut = _with(
        "s3/files/get-bucket-policy.json",
        "Policy",
        value=written(deny("s3:*", "arn:aws:s3:::files/*", **EVERYBODY)),
    )
    assert {it.rule for it in judge(shut).findings} == {"E9761"}
    Path("bucket.json").write_text(written(allow("s3:GetObject", "arn:aws:s3:::files/*", **ROOT)))
    assert judge(shut, policies=[("files", Path("bucket.json"))]).findings == ()
