"""The answers and events of AWS that hold errors, recognised by their shape.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html,
https://docs.aws.amazon.com/cli/latest/reference/ecs/describe-tasks.html,
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/describe-stack-events.html,
https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from copilot_preflight.triage.failure import Moment
from copilot_preflight.triage.operations import action_of
from copilot_preflight.triage.piece import Known, Piece


def is_record(node: Mapping[str, Any]) -> bool:
    """Whether a map is a record of CloudTrail; one without an error is one, too."""
    return isinstance(node.get("eventSource"), str) and isinstance(node.get("eventName"), str)


def record(node: Mapping[str, Any]) -> Iterator[Piece]:
    """The piece of a record with an error: who made which call on what."""
    code = _text(node.get("errorCode"))
    message = _text(node.get("errorMessage"))
    if not code and not message:
        return
    identity = node.get("userIdentity")
    identity = identity if isinstance(identity, dict) else {}
    session = identity.get("sessionContext")
    issuer = session.get("sessionIssuer") if isinstance(session, dict) else None
    principal = _text(identity.get("arn"))
    if not principal and isinstance(issuer, dict):
        principal = _text(issuer.get("arn"))
    action = action_of(_text(node.get("eventName")), _text(node.get("eventSource")))
    known = Known(
        moment=_moment_of(node, identity, principal),
        principal=principal,
        action=action,
        resource=_resource_of(node, action),
    )
    text = f"{code}: {message}" if code and message and code not in message else message or code
    yield Piece(text, known, is_error=True)


_BY_CALLER: Final[tuple[tuple[str, Moment], ...]] = (
    ("cloudformation.amazonaws.com", "deploy"),
    ("codepipeline.amazonaws.com", "pipeline"),
    ("codebuild.amazonaws.com", "pipeline"),
    ("ecs-tasks.amazonaws.com", "start"),
)


def _moment_of(
    node: Mapping[str, Any], identity: Mapping[str, Any], principal: str
) -> Moment | None:
    callers = f"{identity.get('invokedBy')} {node.get('sourceIPAddress')} {node.get('userAgent')}"
    for name, moment in _BY_CALLER:
        if name in callers:
            return moment
    return moment_of_session(principal)


def moment_of_session(principal: str) -> Moment | None:
    """When a session of a role makes calls, by the name that AWS gives it."""
    name = principal.rpartition("/")[2] if ":assumed-role/" in principal else ""
    for beginning, moment in _SESSIONS:
        if name.startswith(beginning):
            return moment
    return None


_SESSIONS: Final[tuple[tuple[str, Moment], ...]] = (
    ("AWSCodeBuild", "pipeline"),
    ("AWSCodePipeline", "pipeline"),
    ("GitHubActions", "pipeline"),
    ("AWSCloudFormation", "deploy"),
)


def _resource_of(node: Mapping[str, Any], action: str) -> str:
    service = action.partition(":")[0]
    asked = node.get("requestParameters")
    asked = asked if isinstance(asked, dict) else {}
    bucket, key = _text(asked.get("bucketName")), _text(asked.get("key"))
    if bucket and service == "s3":
        return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    listed = node.get("resources")
    arns = [
        _text(it.get("ARN") or it.get("arn"))
        for it in (listed if isinstance(listed, list) else ())[:50]
        if isinstance(it, dict)
    ]
    own = [arn for arn in arns if arn.split(":")[2:3] == [service]]
    if own:
        return max(own, key=len)
    for name in ("secretId", "keyId", "roleArn", "logGroupName", "name"):
        value = _text(asked.get(name))
        if value.startswith("arn:"):
            return value
    return ""


# --- what maps around a text say ------------------------------------------------------------------


def known_of(node: Mapping[str, Any], known: Known) -> Known:
    """What is known of the texts in a map, beyond what is known around it."""
    moment = _moment_in(node)
    return known if moment is None or moment == known.moment else known._replace(moment=moment)


_DETAIL_TYPES: Final[tuple[tuple[str, Moment], ...]] = (
    ("CodePipeline", "pipeline"),
    ("CodeBuild", "pipeline"),
    ("CloudFormation", "deploy"),
    ("ECS Service Action", "start"),
    ("ECS Deployment", "start"),
)


def _moment_in(node: Mapping[str, Any]) -> Moment | None:
    kind = node.get("detail-type")
    if isinstance(kind, str):
        return next((moment for begin, moment in _DETAIL_TYPES if kind.startswith(begin)), None)
    if "stoppedReason" in node or "stopCode" in node:
        # a container that has run was started: what it says then is the application's
        has_run = bool(node.get("startedAt")) or node.get("stopCode") == "EssentialContainerExited"
        return "run" if has_run else "start"
    if "ResourceStatusReason" in node or "StackEvents" in node or "resourceStatusReason" in node:
        return "deploy"
    if any(name in node for name in _OF_PIPELINES):
        return "pipeline"
    if "serviceArn" in node and "events" in node:
        return "start"
    return None


_OF_PIPELINES: Final = (
    "actionStates",
    "actionExecutionDetails",
    "pipelineExecution",
    "externalExecutionSummary",
    "external-execution-summary",
    "phaseType",
    "phase-type",
    "buildStatus",
    "build-status",
    "stageStates",
)


def _text(value: Any) -> str:
    return value[:8_000] if isinstance(value, str) else ""
