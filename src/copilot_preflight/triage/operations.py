"""The IAM action behind an operation that an SDK, the CLI or CloudTrail names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ACTIONS: Final[Mapping[str, str]] = {
    "s3:HeadObject": "s3:GetObject",
    "s3:SelectObjectContent": "s3:GetObject",
    "s3:CopyObject": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:InitiateMultipartUpload": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:UploadPartCopy": "s3:PutObject",
    "s3:Upload": "s3:PutObject",
    "s3:PostObject": "s3:PutObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
}
"""Operations of S3 that are called otherwise than the permission for them.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

_SERVICES: Final[Mapping[str, str]] = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "elasticfilesystem": "elasticfilesystem",
    "efs": "elasticfilesystem",
    "secrets manager": "secretsmanager",
    "secretsmanager": "secretsmanager",
    "cloudwatch logs": "logs",
    "cloudwatchlogs": "logs",
    "cloudwatch": "cloudwatch",
    "ecr": "ecr",
    "ecr public": "ecr-public",
    "elastic container registry": "ecr",
    "states": "states",
    "sfn": "states",
    "eventbridge": "events",
    "elastic load balancing v2": "elasticloadbalancing",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "awskms": "kms",
    "awssecretsmanager": "secretsmanager",
    "awssecuritytokenservice": "sts",
    "awssimplesystemsmanagement": "ssm",
    "awslogs": "logs",
    "simplesystemsmanagement": "ssm",
    "securitytoken": "sts",
    "identitymanagement": "iam",
    "keymanagementservice": "kms",
}
"""Names of services in SDKs and in CloudTrail's records, and the prefix of their actions."""

_BY_OPERATION: Final[Mapping[str, str]] = {
    **{
        operation: "s3"
        for operation in (
            *(name.partition(":")[2] for name in _ACTIONS),
            *("GetObject", "PutObject", "DeleteObject", "GetBucketLocation", "PutObjectAcl"),
            *("ListBucket", "GetObjectAcl", "GetObjectTagging", "PutObjectTagging", "CreateBucket"),
            *("PutBucketPolicy", "GetBucketPolicy", "GetObjectVersion"),
        )
        if operation != "Upload"
    },
    **dict.fromkeys(("GetSecretValue", "DescribeSecret", "PutSecretValue"), "secretsmanager"),
    **dict.fromkeys(("GetParameter", "GetParameters", "GetParametersByPath"), "ssm"),
    **dict.fromkeys(("Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey", "ReEncrypt"), "kms"),
    **dict.fromkeys(("GenerateDataKeyWithoutPlaintext", "CreateGrant"), "kms"),
    **dict.fromkeys(("AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"), "sts"),
    **dict.fromkeys(("CreateLogStream", "CreateLogGroup", "PutLogEvents"), "logs"),
    **dict.fromkeys(("GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer"), "ecr"),
    **dict.fromkeys(("BatchCheckLayerAvailability", "InitiateLayerUpload", "PutImage"), "ecr"),
    **dict.fromkeys(("RunTask", "RegisterTaskDefinition", "UpdateService", "CreateService"), "ecs"),
    **dict.fromkeys(("ExecuteCommand", "DescribeTasks", "DescribeServices"), "ecs"),
    **dict.fromkeys(("PassRole", "CreateRole", "PutRolePolicy", "GetRole"), "iam"),
    **dict.fromkeys(
        ("CreateChangeSet", "CreateStack", "UpdateStack", "DescribeStacks"), "cloudformation"
    ),
    **dict.fromkeys(("SendMessage", "ReceiveMessage", "DeleteMessage"), "sqs"),
    **dict.fromkeys(("GetItem", "PutItem", "Query", "Scan", "UpdateItem"), "dynamodb"),
    **dict.fromkeys(("Publish",), "sns"),
    **dict.fromkeys(("InvokeFunction",), "lambda"),
    **dict.fromkeys(("InvokeModel", "InvokeModelWithResponseStream"), "bedrock"),
    **dict.fromkeys(("BatchGetBuilds", "StartBuild"), "codebuild"),
}

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{1,80}")


def action_of(operation: str, service: str = "") -> str:
    """``s3:GetObject`` of ``HeadObject``; ``""`` where the service is not to be told.

    ``service`` is what an SDK or CloudTrail calls it: ``S3``, ``Secrets Manager``,
    ``kms.amazonaws.com``.
    """
    if not _WORD.fullmatch(operation):
        return ""
    operation = operation[0].upper() + operation[1:]
    prefix = service_prefix(service) or _BY_OPERATION.get(operation, "")
    if not prefix:
        return ""
    return _ACTIONS.get(f"{prefix}:{operation}", f"{prefix}:{operation}")


def service_prefix(service: str) -> str:
    """The prefix of a service's actions, by any of its names."""
    name = service.strip().lower().removesuffix(".amazonaws.com").removesuffix(".amazonaws.com.cn")
    name = name.removeprefix("amazon ").removeprefix("aws ").removeprefix("amazon")
    if name.endswith("internal"):  # the service behind another one: it is not what was called
        return ""
    found = _SERVICES.get(name, name)
    return found if re.fullmatch(r"[a-z][a-z0-9-]{1,40}", found) else ""
