"""What an answer leads to."""

from __future__ import annotations

from typing import Any

import pytest

from copilot_preflight.snapshot.calls import call
from copilot_preflight.snapshot.following import expected, following
from copilot_preflight.snapshot.subjects import Where

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
ROLE = ("iam get-role", "iam list-role-policies", "iam list-attached-role-policies")
HERE = Where("aws", "eu-west-1", "111122223333")


def _resource(kind: str, name: str, status: str = "CREATE_COMPLETE") -> dict[str, str]:
    return {"ResourceType": kind, "PhysicalResourceId": name, "ResourceStatus": status}


@pytest.mark.parametrize(
    ("asked", "answer", "calls"),
    [
        (
            call("iam get-role", RoleName="web"),
            {
                "Role": {
                    "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::1:policy/b"}
                }
            },
            ["aws iam get-policy --policy-arn arn:aws:iam::1:policy/b"],
        ),
        (call("iam get-role", RoleName="web"), {"Role": {}}, []),
        (
            call("iam list-attached-role-policies", RoleName="web"),
            {
                "AttachedPolicies": [
                    {"PolicyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"},
                    {"PolicyArn": "arn:aws:iam::aws:policy/NewerThanOurTables"},
                ]
            },
            ["aws iam get-policy --policy-arn arn:aws:iam::aws:policy/NewerThanOurTables"],
        ),
        (
            call("iam get-policy", PolicyArn="arn:aws:iam::1:policy/b"),
            {"Policy": {"DefaultVersionId": "v7"}},
            ["aws iam get-policy-version --policy-arn arn:aws:iam::1:policy/b --version-id v7"],
        ),
        (
            call("secretsmanager describe-secret", SecretId="db"),
            {"KmsKeyId": "alias/aws/secretsmanager"},
            [],
        ),
        (
            call("secretsmanager describe-secret", SecretId="db"),
            {"KmsKeyId": KEY.replace("111122223333", "999999999999")},
            [],
        ),
        (
            call("kms describe-key", KeyId="alias/shop"),
            {"KeyMetadata": {"Arn": KEY, "KeyManager": "CUSTOMER"}},
            [
                f"aws kms list-aliases --key-id {KEY}",
                f"aws kms get-key-policy --key-id {KEY} --policy-name default",
                f"aws kms list-resource-tags --key-id {KEY}",
            ],
        ),
        (
            call("kms describe-key", KeyId="alias/shop"),
            {"KeyMetadata": {"Arn": KEY, "KeyManager": "AWS"}},
            [],
        ),
        (call("kms describe-key", KeyId=KEY), {"KeyMetadata": {"Arn": KEY}}, []),
        (
            call("cloudformation list-stack-resources", StackName="web"),
            {
                "StackResourceSummaries": [
                    _resource("AWS::ECS::Service", "arn:aws:ecs:eu-west-1:1:service/shop/web"),
                    _resource("AWS::IAM::Role", "gone", "DELETE_COMPLETE"),
                    _resource("AWS::S3::Bucket", "in-the-template"),
                    {"ResourceType": "AWS::IAM::Role", "ResourceStatus": "CREATE_FAILED"},
                ]
            },
            [
                "aws ecs describe-services --cluster shop "
                "--services arn:aws:ecs:eu-west-1:1:service/shop/web --region eu-west-1"
            ],
        ),
        (
            call("ecs describe-task-definition", taskDefinition="web:1"),
            {
                "taskDefinition": {
                    "executionRoleArn": "arn:aws:iam::111122223333:role/a/web",
                    "taskRoleArn": "arn:aws:iam::999999999999:role/elsewhere",
                }
            },
            [f"aws {command} --role-name web" for command in ROLE],
        ),
        (
            call("ecs describe-services", cluster="shop", services="web"),
            {
                "services": [
                    {
                        "networkConfiguration": {
                            "awsvpcConfiguration": {"subnets": ["subnet-2", "subnet-1"]}
                        }
                    },
                    {"networkConfiguration": None},
                ]
            },
            ["aws ec2 describe-subnets --subnet-ids subnet-1 subnet-2"],
        ),
        (
            call("ec2 describe-subnets", SubnetIds="subnet-1"),
            {"Subnets": [{"VpcId": "vpc-1"}]},
            [
                "aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values=vpc-1",
                "aws ec2 describe-route-tables --filters Name=vpc-id,Values=vpc-1",
            ],
        ),
        (
            call("organizations list-parents", ChildId="111122223333"),
            {"Parents": [{"Id": "ou-1", "Type": "ORGANIZATIONAL_UNIT"}]},
            [
                "aws organizations list-policies-for-target --filter SERVICE_CONTROL_POLICY "
                "--target-id ou-1",
                "aws organizations list-policies-for-target --filter RESOURCE_CONTROL_POLICY "
                "--target-id ou-1",
                "aws organizations list-parents --child-id ou-1",
            ],
        ),
        (
            call("organizations list-policies-for-target", TargetId="ou-1"),
            {"Policies": [{"Id": "p-1"}]},
            ["aws organizations describe-policy --policy-id p-1"],
        ),
    ],
)
def test_an_answer_leads_to_what_it_names(asked: Any, answer: Any, calls: list[str]) -> None:
    """And to nothing else; each such call is among those that were expected."""
    found = list(following(asked, answer, "111122223333"))
    assert list(map(str, found)) == calls
    foreseen = {it.command for it in expected([asked])}
    assert {it.command for it in found} <= foreseen


@pytest.mark.parametrize("answer", [{}, {"Role": None}, {"PolicyNames": [None, 1]}, {"Parents": 3}])
@pytest.mark.parametrize("command", ["iam get-role", "iam list-role-policies"])
def test_an_answer_of_another_shape_leads_to_nothing(command: str, answer: Any) -> None:
    """Somebody else's endpoint may answer anything."""
    assert not list(following(call(command, RoleName="web"), answer))
