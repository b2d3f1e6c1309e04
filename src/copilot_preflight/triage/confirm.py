"""The one command that would confirm a cause, quoted for a shell.

All of them only read. What nobody knows is left as a word in capitals.
Source: https://docs.aws.amazon.com/cli/latest/reference/
"""

from __future__ import annotations

import re
import shlex
from typing import Final

from copilot_preflight.render.safe_text import safe
from copilot_preflight.triage.failure import Failure


def command(*words: str) -> str:
    """Words as a shell takes them, none for more than one word, an option or a comment."""
    return " ".join(shlex.quote(safe(word)) for word in words)


def of_step(step: str, failure: Failure) -> str:
    """The command for a step of the elimination."""
    return _COMMANDS[step](failure)


def decode(failure: Failure) -> str:
    """What AWS has encoded, for whoever may read it: ``sts:DecodeAuthorizationMessage``."""
    message = failure.encoded if len(failure.encoded) <= 10_240 else "MESSAGE"
    return command(
        *("aws", "sts", "decode-authorization-message", "--encoded-message", message or "MESSAGE"),
        *("--query", "DecodedMessage", "--output", "text"),
    )


def simulate(failure: Failure) -> str:
    """What the caller's policies say of the call."""
    role = failure.role
    parts = failure.principal.split(":")
    source = failure.principal
    if role and len(parts) > 4:
        source = f"{parts[0]}:{parts[1]}:iam::{parts[4]}:role/{role}"
    on = ("--resource-arns", failure.resource) if failure.resource.startswith("arn:") else ()
    return command(
        *("aws", "iam", "simulate-principal-policy", "--policy-source-arn", source or "ROLE_ARN"),
        *("--action-names", failure.action or "ACTION", *on),
    )


def caller(failure: Failure) -> str:
    """Which roles a task definition names, or who makes the calls."""
    if failure.moment == "start":
        return command(
            *("aws", "ecs", "describe-task-definition", "--task-definition", "FAMILY"),
            *("--query", "taskDefinition.[executionRoleArn,taskRoleArn]"),
        )
    return command("aws", "sts", "get-caller-identity")


def trust(failure: Failure) -> str:
    """Who may assume the role."""
    query = "Role.AssumeRolePolicyDocument"
    return command(
        "aws", "iam", "get-role", "--role-name", failure.role or "ROLE", "--query", query
    )


def boundary(failure: Failure) -> str:
    """The permissions boundary of the role."""
    query = "Role.PermissionsBoundary"
    return command(
        "aws", "iam", "get-role", "--role-name", failure.role or "ROLE", "--query", query
    )


def organization(failure: Failure) -> str:
    """The policies that the organization attaches to the account."""
    return command(
        *("aws", "organizations", "list-policies-for-target"),
        *("--target-id", failure.account or "ACCOUNT", "--filter", "SERVICE_CONTROL_POLICY"),
    )


def endpoint(failure: Failure) -> str:
    """The policies of the endpoints for the service."""
    service = _ENDPOINTS.get(failure.action.partition(":")[0], failure.action.partition(":")[0])
    region = _region(failure.resource)
    return command(
        *("aws", "ec2", "describe-vpc-endpoints", "--filters"),
        f"Name=service-name,Values=com.amazonaws.{region}.{service or 'SERVICE'}",
        *("--query", "VpcEndpoints[].[VpcEndpointId,PolicyDocument]"),
    )


def resource_policy(failure: Failure) -> str:
    """The policy of what the call acts on."""
    service = failure.action.partition(":")[0]
    name = _last(failure.resource)
    if service == "s3":
        return command(
            "aws", "s3api", "get-bucket-policy", "--bucket", bucket_of(failure) or "BUCKET"
        )
    if service == "kms":
        return key_policy(failure)
    if service == "secretsmanager":
        secret = failure.resource or "SECRET"
        return command("aws", "secretsmanager", "get-resource-policy", "--secret-id", secret)
    if service == "ecr":
        return command("aws", "ecr", "get-repository-policy", "--repository-name", name or "NAME")
    if service == "elasticfilesystem":
        of = ("--file-system-id", name or "ID")
        return command("aws", "efs", "describe-file-system-policy", *of)
    return simulate(failure)


def key_policy(failure: Failure) -> str:
    """The policy of a KMS key."""
    key = failure.resource if ":kms:" in failure.resource else "KEY"
    return command("aws", "kms", "get-key-policy", "--key-id", key, "--policy-name", "default")


def encryption(failure: Failure) -> str:
    """The key under which something is encrypted."""
    service = failure.action.partition(":")[0]
    if service == "kms":
        return key_policy(failure)
    if service == "secretsmanager":
        secret = failure.resource or "SECRET"
        query = ("--query", "KmsKeyId")
        return command("aws", "secretsmanager", "describe-secret", "--secret-id", secret, *query)
    if service == "ssm":
        named = f"Key=Name,Values={_last(failure.resource) or 'NAME'}"
        query = ("--query", "Parameters[].[Name,Type,KeyId]")
        return command("aws", "ssm", "describe-parameters", "--filters", named, *query)
    if service == "s3" and failure.action == "s3:PutObject":
        return bucket_encryption(failure)
    return head_object(failure, "SSEKMSKeyId")


def bucket_encryption(failure: Failure) -> str:
    """How a bucket encrypts what is put into it."""
    return command(
        "aws", "s3api", "get-bucket-encryption", "--bucket", bucket_of(failure) or "BUCKET"
    )


def head_object(failure: Failure, query: str = "") -> str:
    """Whether there is an object of that key."""
    key = key_of(failure) or "KEY"
    asked = ("--query", query) if query else ()
    where = ("--bucket", bucket_of(failure) or "BUCKET", "--key", key)
    return command("aws", "s3api", "head-object", *where, *asked)


def ownership(failure: Failure) -> str:
    """Whether a bucket takes ACLs."""
    bucket = bucket_of(failure) or "BUCKET"
    return command("aws", "s3api", "get-bucket-ownership-controls", "--bucket", bucket)


def existence(failure: Failure) -> str:
    """Whether there is what a text says is missing."""
    what, name = failure.what, _last(failure.resource)
    if what in ("secret", "secret-missing") and failure.action.startswith("ssm"):
        return command(
            "aws",
            "ssm",
            "get-parameters",
            "--names",
            _parameter(failure),
            "--query",
            "Parameters[].Name",
        )
    if what in ("secret", "secret-missing"):
        secret = failure.resource or "SECRET"
        return command("aws", "secretsmanager", "describe-secret", "--secret-id", secret)
    if what in ("logs", "log-group-missing"):
        group = failure.resource.partition(":log-group:")[2].partition(":")[0] or "GROUP"
        return command("aws", "logs", "describe-log-groups", "--log-group-name-prefix", group)
    if what in ("image", "image-missing"):
        return command("aws", "ecr", "describe-images", "--repository-name", name or "NAME")
    if what == "role-missing":
        return command("aws", "iam", "get-role", "--role-name", failure.role or "ROLE")
    if what == "key-missing":
        key = failure.resource or "KEY"
        return command("aws", "kms", "describe-key", "--key-id", key)
    if what == "bucket-missing":
        return command("aws", "s3api", "head-bucket", "--bucket", bucket_of(failure) or "BUCKET")
    return head_object(failure)


def credentials(_failure: Failure) -> str:
    """The names, and no values, of the variables that hold credentials; run in the container."""
    return "printenv | cut -d= -f1 | grep '^AWS_'"


def network(failure: Failure) -> str:
    """Where the subnets of a task lead to, or the endpoints of its VPC."""
    if failure.moment == "start":
        return command(
            *("aws", "ecs", "describe-services", "--cluster", "CLUSTER", "--services", "SERVICE"),
            *("--query", "services[].networkConfiguration"),
        )
    return endpoint(failure)


def bucket_of(failure: Failure) -> str:
    """The bucket that a call was about."""
    _, found, rest = failure.resource.partition(":s3:::")
    return rest.partition("/")[0] if found else ""


def key_of(failure: Failure) -> str:
    """The key of the object."""
    _, found, rest = failure.resource.partition(":s3:::")
    return rest.partition("/")[2] if found else ""


def _parameter(failure: Failure) -> str:
    name = failure.resource.partition(":parameter/")[2]
    return (f"/{name}" if "/" in name else name) or "NAME"


def _last(arn: str) -> str:
    """The name at the end of an ARN."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return ""
    return re.sub(r"^[a-z-]{2,20}[/:]", "", parts[5])


def _region(arn: str) -> str:
    parts = arn.split(":")
    return parts[3] if len(parts) > 4 and parts[3] else "REGION"


_ENDPOINTS: Final = {
    "ecr": "ecr.api",
    "secretsmanager": "secretsmanager",
    "logs": "logs",
    "elasticfilesystem": "elasticfilesystem",
}
_COMMANDS: Final = {
    "decode": decode,
    "role": caller,
    "set": caller,
    "trust": trust,
    "grant": simulate,
    "object": head_object,
    "kms": encryption,
    "resource-policy": resource_policy,
    "endpoint": endpoint,
    "organization": organization,
    "credentials": credentials,
    "account": simulate,
    "network": network,
}
