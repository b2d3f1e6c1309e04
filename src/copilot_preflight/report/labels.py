"""Resources in a few words: what kind of thing it is, and its name without what all share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from copilot_preflight.checks.wording.parts import abridged

_KINDS: Final[Mapping[str, str]] = {
    "ecr": "ECR repository",
    "ecs": "ECS",
    "elasticfilesystem": "EFS file system",
    "events": "EventBridge",
    "iam": "IAM role",
    "kms": "KMS key",
    "logs": "CloudWatch log",
    "s3": "S3 object",
    "secretsmanager": "Secrets Manager secret",
    "ssm": "SSM parameter",
    "ssmmessages": "ECS Exec channel",
}
_WORDS: Final = (
    "accesspoint/",
    "alias/",
    "file-system/",
    "key/",
    "log-group:",
    "parameter/",
    "repository/",
    "secret:",
)


def kind_of(action: str, resource: str) -> str:
    """What a call acts on: ``KMS key``; the service's prefix where it is none that we know."""
    prefix = action.partition(":")[0]
    if resource == "*":
        return f"{prefix} (any resource)" if prefix != "ecr" else "ECR registry"
    if prefix == "s3" and "/" not in label_of(resource):
        return "S3 bucket"
    return _KINDS.get(prefix, prefix)


def label_of(resource: str) -> str:
    """An ARN without partition, service, region and account, its content hashes cut short."""
    short = abridged(resource)
    if not short.startswith("arn:"):
        return short
    name = _behind_account(short)
    for word in _WORDS:
        name = name.removeprefix(word)
    return name or short


def _behind_account(arn: str) -> str:
    """What stands behind the fifth colon; those inside ``${…}`` are no separators."""
    depth = found = 0
    for at, char in enumerate(arn):
        if arn.startswith("${", at):
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        elif char == ":" and not depth:
            found += 1
            if found == 5:
                return arn[at + 1 :]
    return ""
