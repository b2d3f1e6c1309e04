"""The texts around an error that say what was tried, and when.

Each entry has the page or the source in which its text stands. The most specific come first.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from copilot_preflight.triage.failure import Moment

_ECS: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_AGENT: Final = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/"


class Wrapper(NamedTuple):
    """A text around others that says what was tried, and when."""

    what: str
    moment: Moment
    pattern: re.Pattern[str]
    source: str
    action: str = ""


def _wrapper(what: str, moment: Moment, pattern: str, source: str, action: str = "") -> Wrapper:
    return Wrapper(what, moment, re.compile(pattern, re.IGNORECASE), source, action)


WRAPPERS: Final = (
    _wrapper(
        "env-file",
        "start",
        r"failed to download env files|unable to download env file|environment file resource|"
        r"environmentFile\b|failed to download file \S{1,200}\.env\b|file download command",
        _AGENT + "taskresource/envFiles/envfile.go",
        "s3:GetObject",
    ),
    _wrapper(
        "registry-credentials",
        "start",
        r"unable to (?:get|retrieve) registry auth from asm|asm auth data",
        _AGENT + "taskresource/asmauth/asmauth.go",
        "secretsmanager:GetSecretValue",
    ),
    _wrapper(
        "secret",
        "start",
        r"unable to retrieve secrets? from asm|failed to fetch secret arn|"
        r"fetching secret data from "
        r"(?:AWS )?secrets manager",
        _AGENT + "asm/asm.go",
        "secretsmanager:GetSecretValue",
    ),
    _wrapper(
        "secret",
        "start",
        r"unable to retrieve secrets? from ssm|fetching secret data from SSM",
        _AGENT + "taskresource/ssmsecret/ssmsecret.go",
        "ssm:GetParameters",
    ),
    _wrapper(
        "image",
        "start",
        r"unable to retrieve ecr registry auth|CannotPull(?:ECR)?ContainerError|"
        r"CannotPullImageManifestError|failed to get registry auth|pull access denied|"
        r"pull image manifest has been retried|ECRGetAuthorizationToken",
        _ECS + "task_cannot_pull_image.html",
    ),
    _wrapper(
        "logs",
        "start",
        r"failed to (?:validate|initialize|create) logger args?|"
        r"failed to initialize logging driver|"
        r"failed to create Cloudwatch log (?:stream|group)|create_cloudwatch_log_group|awslogs",
        "https://github.com/moby/moby/blob/master/daemon/logger/awslogs/cloudwatchlogs.go",
        "logs:CreateLogStream",
    ),
    _wrapper(
        "firelens",
        "start",
        r"unable to initialize firelens|firelens\b.{0,60}(?:config|s3)|"
        r"download.{0,30}config.{0,20}from s3",
        _AGENT + "taskresource/firelens/firelens_unix.go",
        "s3:GetObject",
    ),
    _wrapper(
        "efs",
        "start",
        r"failed to invoke EFS utils|EFS utils commands? to set up EFS|mount\.nfs4|"
        r"elasticfilesystem:Client",
        _ECS + "efs-volumes.html",
        "elasticfilesystem:ClientMount",
    ),
    _wrapper(
        "exec",
        "run",
        r"ExecuteCommandAgent|TargetNotConnectedException|SSM ?agent.{0,40}ECS Exec|"
        r"execute command failed",
        _ECS + "ecs-exec.html",
        "ssmmessages:CreateControlChannel",
    ),
    _wrapper(
        "trust",
        "start",
        r"ECS was unable to assume the role|unable to find execution role credentials|"
        r"Unable to assume (?:the )?(?:\w{1,20} ){0,3}role|"
        r"role with this name cannot be found|execution resource retrieval failed: unable to get "
        r"execution role|credentials for execution role",
        _ECS + "service-event-messages-list.html",
        "sts:AssumeRole",
    ),
    _wrapper(
        "start",
        "start",
        r"ResourceInitializationError|TaskFailedToStart|CannotStartContainerError|"
        r"CannotCreateContainerError|unable to place a task|"
        r"unable to (?:consistently )?start tasks",
        _ECS + "stopped-task-error-codes.html",
    ),
    _wrapper(
        "artifact",
        "pipeline",
        r"\bCodePipeline\b|codepipeline-|\bCLIENT_ERROR\b|UPLOAD_ARTIFACTS|DOWNLOAD_SOURCE|"
        r"\bphase is (?:FAILED|complete)|CodeBuild|\[Container\] \d{4}/|buildspec|"
        r"insufficient permissions.{0,80}(?:artifact|access)|artifact (?:store|bucket)|"
        r"::error::|##\[error\]|GitHub-?Actions|github-actions|gitlab-ci|bitbucket-pipelines|"
        r"upload failed: |for primary source",
        "https://docs.aws.amazon.com/codepipeline/latest/userguide/troubleshooting.html",
    ),
    _wrapper(
        "stack",
        "deploy",
        r"(?:CREATE|UPDATE|DELETE|ROLLBACK)_FAILED|Resource handler returned message|"
        r"\(Service: [\w .-]{2,60}[;,] Status Code: \d{3}.{0,400}(?:HandlerErrorCode|RequestToken)|"
        r"change ?set|execute-?change|✘ |"
        r"EnvManagerRole|upload (?:deploy )?artifacts|upload env file|deploy(?:ing)? (?:service|"
        r"env|job|stack|"
        r"environment)|\bcopilot (?:svc|env|job|app|deploy|init|task)\b|cdk deploy|terraform apply",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
    ),
)
"""The most specific first."""
