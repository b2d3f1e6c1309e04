"""The call behind a message that does not spell it as an IAM action: operation, bucket, key."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from copilot_preflight.triage.operations import action_of

_OPERATIONS: Final = (
    re.compile(r"when calling the (?P<operation>\w{2,80}) operation"),  # botocore
    re.compile(
        r"operation error (?P<service>[A-Za-z][\w ]{1,40}): (?P<operation>\w{2,80})"
    ),  # Go v2
    re.compile(r"Error executing \"(?P<operation>\w{2,80})\" on \"(?P<url>[^\"\s]{1,1000})"),  # PHP
    re.compile(
        r"(?P<operation>\w{2,80}) (?:call |request )?failed(?: with)?:? .{0,60}?\(Service: "
    ),
    re.compile(r"services[./](?P<service>[a-z0-9]{2,40})[./]model\.\w{0,60}"),  # Java v2 and v1
    re.compile(r"Aws::(?P<service>[A-Za-z0-9]{2,40})::Errors::\w{1,60}"),  # Ruby
    re.compile(r"Amazon\.(?P<service>[A-Za-z0-9]{2,40})\.(?:Model\.)?\w{1,60}Exception"),  # .NET
    re.compile(r"\(Service: (?:Amazon |AWS)?(?P<service>[A-Za-z][\w ]{1,40})[;,] Status Code"),
    re.compile(r"software\.amazon\.awssdk\.services\.(?P<service>[a-z0-9]{2,40})\."),
    re.compile(r"services/(?P<service>[a-z0-9]{2,40})\.js"),  # JavaScript v2
    re.compile(r"@aws-sdk/client-(?P<service>[a-z0-9-]{2,40})"),  # JavaScript v3
    re.compile(r"(?P<service>S3|KMS|SSM|ECR)ServiceException"),
    re.compile(r"(?P<service>Amazon)?S3Exception"),
)
_SDK_COMMANDS: Final = re.compile(
    r"\b(?P<operation>GetObject|PutObject|HeadObject|ListObjectsV2|GetSecretValue|GetParameters?|"
    r"Decrypt|GenerateDataKey|CreateMultipartUpload|UploadPart|AssumeRole|PutObjectAcl|"
    r"GetBucketLocation|ListBuckets|BatchGetImage|CreateLogStream|PutLogEvents|CreateLogGroup|"
    r"HeadBucket|CopyObject|DeleteObject|GetAuthorizationToken|CreateChangeSet|RunTask|PassRole)"
    r"(?:Command|Request|Input|Async)?\b"
)
_ACTION: Final = re.compile(
    r"\b(?P<action>(?:s3|kms|ssm|secretsmanager|ecr|logs|sts|iam|ecs|elasticfilesystem|ssmmessages"
    r"|codebuild|codepipeline|codedeploy|codestar-connections|codeconnections|cloudformation|"
    r"lambda|dynamodb|sqs|sns|bedrock):[A-Z]\w{2,60})\b"
)
_ARN: Final = re.compile(
    r"arn:[a-z][a-z-]{0,20}:[a-z0-9-]{1,40}:[a-z0-9-]{0,40}:\d{0,12}:[^\s\"'<>,;)\]}\\]{1,1500}"
)
_S3_URL: Final = re.compile(
    r"\bs3a?n?://(?P<bucket>[a-z0-9][a-z0-9.-]{1,62})(?P<key>/[^\s\"'<>),;]{1,1024})?"
)
_S3_HTTP: Final = (
    re.compile(
        r"https?://(?P<bucket>[a-z0-9][a-z0-9.-]{1,62})\.s3[a-z0-9.-]{0,60}\.amazonaws\.com(?:\.cn)?"
        r"(?P<key>/[^\s\"'<>?),;]{1,1024})?"
    ),
    re.compile(
        r"https?://s3[a-z0-9.-]{0,60}\.amazonaws\.com(?:\.cn)?/(?P<bucket>[a-z0-9][a-z0-9.-]{1,62})"
        r"(?P<key>/[^\s\"'<>?),;]{1,1024})?"
    ),
)
_FROM_BUCKET: Final = re.compile(
    r"key '?(?P<key>[^\s']{1,1024})'? from bucket '?(?P<bucket>[a-z0-9][a-z0-9.-]{1,62}[a-z0-9])"
)
_BUCKET: Final = re.compile(
    r"\b(?:S3 )?bucket:? (?:named )?[\"'`]?(?P<bucket>[a-z0-9][a-z0-9.-]{2,62}[a-z0-9])[\"'`]?",
    re.IGNORECASE,
)
_IMAGE: Final = re.compile(
    r"\b(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]{5,30})\.amazonaws\.com(?P<cn>\.cn)?/"
    r"(?P<name>[a-z0-9][a-z0-9._/-]{0,255})"
)

_NO_BUCKETS: Final = frozenset(
    ("policy", "that", "with", "does", "owner", "name", "region", "must", "from", "used",
     "is", "in", "for", "and", "not", "the", "you", "location", "exists", "access", "permissions")
)  # fmt: skip


class Said(NamedTuple):
    """What a text says of the call; ``""`` for what it does not say."""

    action: str = ""
    resource: str = ""


def said_of_call(text: str, action: str = "") -> Said:
    """Action and resource; ``action`` is what is known already."""
    found = action or _action(text)
    return Said(found, _resource(text, found))


def _action(text: str) -> str:
    named = _ACTION.search(text)
    if named is not None:
        return named["action"]
    service = ""
    for pattern in _OPERATIONS:
        match = pattern.search(text)
        if match is None:
            continue
        groups = match.groupdict()
        service = service or groups.get("service") or ("s3" if "S3Exception" in match[0] else "")
        if groups.get("operation"):
            return action_of(groups["operation"], service)
    command = _SDK_COMMANDS.search(text)
    return action_of(command["operation"], service) if command is not None else ""


def _resource(text: str, action: str) -> str:
    service = action.partition(":")[0]
    from_bucket = _FROM_BUCKET.search(text)
    if from_bucket is not None:
        return _object(from_bucket["bucket"], "/" + from_bucket["key"])
    for arn in _ARN.findall(text):
        owner = arn.split(":", 3)[2]
        if owner == service or (not service and owner not in ("sts", "iam")):
            return str(arn).rstrip(".:,)")
    if service in ("s3", ""):
        for pattern in (_S3_URL, *_S3_HTTP):
            match = pattern.search(text)
            if match is not None:
                return _object(match["bucket"], match["key"])
        bucket = _BUCKET.search(text)
        if bucket is not None and bucket["bucket"].lower() not in _NO_BUCKETS:
            return _object(bucket["bucket"], "")
    if service in ("ecr", ""):
        image = _IMAGE.search(text)
        if image is not None:
            partition = "aws-cn" if image["cn"] else "aws"
            name = image["name"].rstrip(".:/")
            return f"arn:{partition}:ecr:{image['region']}:{image['account']}:repository/{name}"
    return ""


def _object(bucket: str, key: str | None) -> str:
    key = (key or "").rstrip(".:,)")
    return f"arn:aws:s3:::{bucket.rstrip('.')}{key if key != '/' else ''}"
