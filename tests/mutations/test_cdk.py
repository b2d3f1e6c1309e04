from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from tests.mutations.harness import STACKS, found_in

from copilot_preflight.run import check as engine

TASK: Final = "TaskDef54694570"
ROLE: Final = "TaskDefExecutionRoleB4775C97"
POLICY: Final = "TaskDefExecutionRoleDefaultPolicy0DBB737A"
TASK_ROLE: Final = "TaskDefTaskRole1EDB4A67"
TASK_POLICY: Final = "TaskDefTaskRoleDefaultPolicyA592CB18"
BUCKET: Final = "ConfigBucket2112C5EC"

Data = dict[str, Any]
Keys = tuple[str | int, ...]

WEB: Final[Keys] = (
    "Resources", TASK, "Properties", "ContainerDefinitions", 0, "EnvironmentFiles", 0, "Value",
)  # fmt: skip
ASSET: Final[Keys] = (*WEB[:-2], 1, "Value")
GRANTS: Final[Keys] = ("Resources", POLICY, "Properties", "PolicyDocument", "Statement")
BUCKET_ARN: Final = {"Fn::GetAtt": [BUCKET, "Arn"]}
LOGS_ARN: Final = {"Fn::GetAtt": ["LogsBucket9C4D8843", "Arn"]}


def objects(of: Any) -> Data:
    """Objects of a bucket, as CDK spells them."""
    return {"Fn::Join": ["", [of, "/*"]]}


class Case(NamedTuple):
    """A change to the data of the template, and (rule, path, cause) of all that it must give."""

    name: str
    change: Callable[[Data], None]
    finds: tuple[tuple[str, Keys, str], ...] = ()
    seen: tuple[Keys, ...] = ()


def at(data: Data, *keys: str | int) -> Any:
    """What stands at the end of some keys."""
    node: Any = data
    for key in keys:
        node = node[key]
    return node


def setting(*keys: str | int, to: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        at(data, *keys[:-1])[keys[-1]] = to

    return change


def without(*keys: str | int) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        del at(data, *keys[:-1])[keys[-1]]

    return change


def both(*changes: Callable[[Data], None]) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        for each in changes:
            each(data)

    return change


def with_key(data: Data) -> None:
    """A key of the template's own encrypts the bucket."""
    data["Resources"]["Key"] = {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "KeyPolicy": {
                "Statement": [
                    {
                        "Action": "kms:*",
                        "Effect": "Allow",
                        "Principal": {
                            "AWS": {
                                "Fn::Join": [
                                    "",
                                    [
                                        "arn:",
                                        {"Ref": "AWS::Partition"},
                                        ":iam::",
                                        {"Ref": "AWS::AccountId"},
                                        ":root",
                                    ],
                                ]
                            }
                        },
                        "Resource": "*",
                    }
                ]
            }
        },
    }
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]}}
    data["Resources"][BUCKET]["Properties"] = {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": by_default}]
        }
    }


def granting_the_key(data: Data) -> None:
    at(data, *GRANTS).append(
        {"Action": "kms:Decrypt", "Effect": "Allow", "Resource": {"Fn::GetAtt": ["Key", "Arn"]}}
    )


def asset(digest: str) -> Data:
    """An object that is named after its content."""
    return {"Fn::Join": ["", [BUCKET_ARN, f"/assets/{digest}.env"]]}


HASH: Final = "b1946ac92492d2347c6235b4d2611184a3c0a5d1c9fc33d5f1a4ac4ea5b2a6c1"
TRUST: Final[Keys] = ("AssumeRolePolicyDocument", "Statement", 0, "Principal", "Service")

CASES: Final = (
    Case("nothing", lambda _data: None),
    Case(
        "the grant for one file missing",
        without(*GRANTS, 0),
        (("E9711", WEB, "no-grant"),),
        (("Resources", ROLE),),
    ),
    Case("the grant for the asset missing", without(*GRANTS, 1), (("E9711", ASSET, "no-grant"),)),
    Case(
        "no grant at all",
        without("Resources", POLICY),
        (("E9711", WEB, "no-grant"), ("E9711", ASSET, "no-grant")),
    ),
    Case(
        "the grant in another bucket of the template",
        setting(*GRANTS, 0, "Resource", to=[LOGS_ARN, objects(LOGS_ARN)]),
        (("E9711", WEB, "other-bucket"),),
        ((*GRANTS, 0, "Resource", 1),),
    ),
    Case(
        "the policy attached to the task role",
        setting("Resources", POLICY, "Properties", "Roles", to=[{"Ref": TASK_ROLE}]),
        (("E9733", WEB, "wrong-role"), ("E9733", ASSET, "wrong-role")),
        ((*GRANTS, 0), (*GRANTS, 1)),
    ),
    Case(
        "the policy attached to both roles",
        setting("Resources", POLICY, "Properties", "Roles", to=[{"Ref": TASK_ROLE}, {"Ref": ROLE}]),
    ),
    Case(
        "object actions on the bucket alone",
        both(
            setting(*GRANTS, 0, "Action", to=["s3:GetObject", "s3:GetBucketLocation"]),
            setting(*GRANTS, 0, "Resource", to=BUCKET_ARN),
        ),
        (("E9751", (*GRANTS, 0, "Resource"), "object-action-on-bucket-arn"),),
        (WEB,),
    ),
    Case(
        "object actions by a wildcard on the bucket alone",
        setting(*GRANTS, 0, "Resource", to=BUCKET_ARN),
        (("E9751", (*GRANTS, 0, "Resource"), "object-action-on-bucket-arn"),),
        (WEB,),
    ),
    Case(
        "bucket actions on the objects alone, in every statement",
        both(
            setting(*GRANTS, 0, "Resource", to=objects(BUCKET_ARN)),
            setting(*GRANTS, 1, "Resource", to=objects(BUCKET_ARN)),
        ),
        (
            ("E9752", (*GRANTS, 0, "Resource"), "bucket-action-on-object-arn"),
            ("E9752", (*GRANTS, 1, "Resource"), "arn-mismatch"),
        ),
        (WEB,),
    ),
    Case(
        "all of S3 on the bucket alone",
        both(
            setting(*GRANTS, 0, "Action", to="s3:*"),
            setting(*GRANTS, 0, "Resource", to=BUCKET_ARN),
            without(*GRANTS, 1),
        ),
        (
            ("W9753", (*GRANTS, 0, "Resource"), "half-granted-pair"),
            ("E9711", WEB, "half-granted-pair"),
            ("E9711", ASSET, "half-granted-pair"),
        ),
    ),
    Case(
        "all of S3 on the objects alone",
        both(
            setting(*GRANTS, 0, "Action", to="s3:*"),
            setting(*GRANTS, 0, "Resource", to=objects(BUCKET_ARN)),
            without(*GRANTS, 1),
        ),
        (
            ("W9753", (*GRANTS, 0, "Resource"), "half-granted-pair"),
            ("W9754", (*GRANTS, 0, "Action"), "too-broad"),
            ("W9714", WEB, "half-granted-pair"),
            ("W9714", ASSET, "half-granted-pair"),
        ),
    ),
    Case(
        "the grant flipped to Deny",
        setting(*GRANTS, 0, "Effect", to="Deny"),
        (
            ("E9766", WEB, "explicit-deny"),
            ("W9714", ASSET, "explicit-deny"),
        ),
        ((*GRANTS, 0),),
    ),
    Case(
        "another service trusted",
        setting("Resources", ROLE, "Properties", *TRUST, to="ecs.amazonaws.com"),
        (("E9732", ("Resources", ROLE, "Properties", *TRUST), "not-assumable"),),
    ),
    Case(
        "no execution role",
        without("Resources", TASK, "Properties", "ExecutionRoleArn"),
        (("E9731", ("Resources", TASK), "no-execution-role"),),
    ),
    Case(
        "an asset granted by its hash alone",
        setting(*GRANTS, 1, "Resource", 1, to=asset(HASH)),
        (("W9713", (*GRANTS, 1, "Resource", 1), "version-lock"),),
        (ASSET,),
    ),
    Case(
        "another asset granted",
        setting(*GRANTS, 1, "Resource", 1, to=asset("5ca1ab1e" * 8)),
        (("E9712", ASSET, "stale-hash"),),
        ((*GRANTS, 1, "Resource", 1),),
    ),
    Case(
        "a customer's key without decrypt",
        with_key,
        (("E9715", WEB, "no-grant"),),
        (ASSET,),
    ),
    Case("a customer's key with decrypt", both(with_key, granting_the_key)),
    Case(
        "a lifecycle rule",
        setting(
            *("Resources", BUCKET, "Properties"),
            to={
                "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 7}]}
            },
        ),
        (("W9720", WEB, "expires"), ("W9720", ASSET, "expires")),
    ),
    Case(
        "an S3 URL",
        setting(*WEB, to={"Fn::Join": ["", ["s3://", {"Ref": BUCKET}, "/web/app.env"]]}),
        (("E9716", WEB, "arn-invalid"),),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_change_to_a_stack_of_cdk_is_found_at_its_line(case: Case, tmp_path: Path) -> None:
    """Policies of their own, Fn::Join and no parameters: each change gives these findings only."""
    data = json.loads((STACKS / "cdk.json").read_text())
    case.change(data)
    template = tmp_path / "Web.template.json"
    template.write_text(json.dumps(data, indent=1))
    report = engine.check([str(template)], engine.Options(info=True))
    assert not report.errors
    found = found_in(report, str(template))

    def line(keys: Keys) -> int:
        return _line_of(data, keys)

    assert sorted((f.rule, f.line, f.cause) for f in found) == sorted(
        (rule, line(keys), cause) for rule, keys, cause in case.finds
    ), [f.message for f in found]
    related = {number for f in found for number in f.related}
    assert {line(keys) for keys in case.seen} <= related


def _line_of(data: Data, keys: Keys) -> int:
    """The line of a value in ``json.dumps(data, indent=1)``: a mark is put there and looked for."""
    marked = json.loads(json.dumps(data))
    parent = at(marked, *keys[:-1])
    if isinstance(parent, dict):
        parent[keys[-1]] = "@here"
    else:
        parent[int(keys[-1])] = "@here"
    lines = json.dumps(marked, indent=1).splitlines()
    return next(number for number, line in enumerate(lines, 1) if '"@here"' in line)
