"""What else than AWS's sentence about a refused call is an error, by the texts that say so.

Each entry has the page or the source in which its text stands. The first that fits decides.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from copilot_preflight.triage.failure import Kind, Moment

_ECS: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_AGENT: Final = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/"
_S3: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
_COMMON: Final = "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"


class Known(NamedTuple):
    """A text by which a failure is recognised; no moment where the text does not say."""

    what: str
    kind: Kind
    moment: Moment | None
    pattern: re.Pattern[str]
    source: str
    action: str = ""


def _known(
    what: str, kind: Kind, moment: Moment | None, pattern: str, source: str, action: str = ""
) -> Known:
    return Known(what, kind, moment, re.compile(pattern, re.IGNORECASE), source, action)


KNOWN: Final = (
    # --- no answer at all -----------------------------------------------------------------------
    _known(
        "timeout",
        "network",
        None,
        r"context deadline exceeded|request context canceled|i/o timeout|TLS handshake timeout|"
        r"request canceled while waiting for connection|Client\.Timeout exceeded|connect timeout|"
        r"ConnectTimeout(?:Error|Exception)?|ReadTimeout(?:Error)?|connection timed out|"
        r"Connect(?:ion)? ?timed ?out|\bETIMEDOUT\b|dial tcp .{0,120}(?:timeout|refused|"
        r"unreachable)|"
        r"TimeoutError|Operation timed out|Read timed out|Check your task network configuration",
        _ECS + "resource-initialization-error.html",
    ),
    _known(
        "dns",
        "network",
        None,
        r"no such host|\bENOTFOUND\b|\bEAI_AGAIN\b|getaddrinfo|Name or service not known|"
        r"Temporary failure in name resolution|UnknownHostException|Could not resolve host|"
        r"Failed to resolve '|NameResolutionError|server misbehaving|dns error",
        _ECS + "resource-initialization-error.html",
    ),
    _known(
        "connection",
        "network",
        None,
        r"RequestError: send request failed|connection refused|\bECONNREFUSED\b|\bECONNRESET\b|"
        r"connection reset by peer|network is unreachable|no route to host|\bEHOSTUNREACH\b|"
        r"Could not connect to the endpoint URL|EndpointConnectionError|"
        r"Unable to execute HTTP request|"
        r"Unable to connect to the remote server|SdkClientException: (?:Unable|Connect)|"
        r"HTTPSConnectionPool|dispatch failure|x509: certificate|Missing Region|"
        r"unable to load SDK config.{0,80}timeout",
        _ECS + "resource-initialization-error.html",
    ),
    # --- nothing of that name -------------------------------------------------------------------
    _known(
        "secret-missing",
        "name",
        None,
        r"Secrets Manager can.?t find the (?:specified secret|resource|secret value)|"
        r"ParameterNotFound|parameter name specified for secret .{1,300} is invalid|"
        r"invalid ssm parameters?|Invalid parameters?: \[?/|"
        r"ResourceNotFoundException.{0,200}secret|"
        r"retrieved secret from Secrets Manager did not contain json key|"
        r"invalid character .{0,80}looking for beginning of value",
        _ECS + "resource-initialization-error.html",
    ),
    _known(
        "arn-invalid",
        "name",
        None,
        r"unexpected ARN format|an? invalid ARN format|invalid s3 arn|arn: invalid prefix|"
        r"unable to parse bucket and key from s3 ARN|unable to parse the secret ARN|Invalid ARN|"
        r"(?:is|was) not a valid ARN|Partition \"?\S{0,20}\"? is not valid for resource|"
        r"escapes envfile resource directory|MalformedPolicyDocument",
        _AGENT + "taskresource/asmsecret/asmsecret.go",
    ),
    _known(
        "object-missing",
        "name",
        None,
        r"NoSuchKey|The specified key does not exist|"
        r"An error occurred \(404\) when calling the HeadObject|"
        r"does not contain file .{0,200}",
        _S3,
        "s3:GetObject",
    ),
    _known(
        "bucket-missing",
        "name",
        None,
        r"NoSuchBucket|The specified bucket does not exist|PermanentRedirect|"
        r"must be addressed using the specified endpoint|AuthorizationHeaderMalformed",
        _S3,
    ),
    _known(
        "log-group-missing",
        "name",
        None,
        r"The specified log (?:group|stream) does not exist|"
        r"ResourceNotFoundException.{0,200}log (?:group|stream)",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html",
        "logs:CreateLogStream",
    ),
    _known(
        "image-missing",
        "name",
        None,
        r"requested access to the resource is denied|manifest unknown|"
        r"manifest for .{1,300} not found|"
        r"image .{0,300}: not found|: not found: not found|repository .{1,300} not found|"
        r"RepositoryNotFoundException|name unknown|no matching manifest|"
        r"failed to resolve ref .{1,300}not found|"
        r"image Manifest does not contain descriptor|ImageNotFoundException",
        _ECS + "task_cannot_pull_image.html",
        "ecr:BatchGetImage",
    ),
    _known(
        "role-missing",
        "name",
        None,
        r"NoSuchEntity|role with name .{1,100} cannot be found|"
        r"The role with this name cannot be found|Role .{1,300}is (?:invalid or|not valid|"
        r"not exist)",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html",
    ),
    _known(
        "key-missing",
        "name",
        None,
        r"Invalid keyId|Key '?arn:\S{1,200} does not exist|Alias arn:\S{1,200} is not found|"
        r"KMS\.NotFoundException|DisabledException|KMSInvalidStateException|is pending deletion|"
        r"is disabled\.",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html",
        "kms:Decrypt",
    ),
    _known(
        "efs-path-missing",
        "name",
        "start",
        r"mount.{0,200}(?:No such file or directory|Failed to resolve)|"
        r"fs-[0-9a-f]{8,20}.{0,80}does not exist",
        _ECS + "efs-volumes.html",
    ),
    # --- credentials ----------------------------------------------------------------------------
    _known(
        "credentials",
        "access",
        None,
        r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidClientTokenId|"
        r"UnrecognizedClientException|"
        r"ExpiredToken|InvalidToken\b|RequestExpired|security token included in the request is|"
        r"security token .{0,40}expired|provided token has expired|IncompleteSignature|"
        r"MissingAuthenticationToken",
        _COMMON,
    ),
    _known(
        "no-credentials",
        "other",
        None,
        r"Unable to locate credentials|Couldn't find AWS credentials|CredentialRetrievalError|"
        r"NoCredentialProviders|Could not load credentials from any providers|"
        r"CredentialsProviderError|Unable to load (?:AWS )?credentials|NoCredentialsError|"
        r"failed to retrieve credentials|failed to refresh cached credentials|"
        r"no EC2 IMDS role found|"
        r"Unable to get IAM security credentials|EmptyStaticCreds|"
        r"CredentialsError: Missing credentials|"
        r"Missing credentials in config|no credentials in the property bag|"
        r"Error retrieving credentials from the instance profile metadata|"
        r"Missing Authentication Token",
        _ECS + "task-iam-roles.html",
    ),
    # --- access, in other words -----------------------------------------------------------------
    _known(
        "acl",
        "access",
        None,
        r"AccessControlListNotSupported|The bucket does not allow ACLs",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
        "s3:PutObjectAcl",
    ),
    _known(
        "encoded",
        "access",
        None,
        r"Encoded authorization failure message|encoded authorization message",
        "https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html",
    ),
    _known(
        "trust",
        "access",
        "start",
        r"(?:ECS|Amazon ECS|codepipeline|codebuild|CodeBuild|CodePipeline|"
        r"\S{1,60}\.amazonaws\.com|service)"
        r".{0,60}(?:unable to|cannot|not authorized to|could not|is not able to) (?:assume|"
        r"perform AssumeRole).{0,40}role|"
        r"unable to assume (?:the )?(?:\w{1,20} ){0,3}role|AssumeRole.{0,60}(?:AccessDenied|"
        r"not authorized)|"
        r"is not authorized to perform AssumeRole|cannot be assumed by|"
        r"unable to find execution role credentials|"
        r"Not authorized to perform sts:AssumeRole\w{0,20}|"
        r"role defined for .{0,100} cannot be assumed|"
        r"insufficient permissions to assume",
        _ECS + "service-event-messages-list.html",
        "sts:AssumeRole",
    ),
    _known(
        "kms",
        "access",
        None,
        r"KMS\.?\.?AccessDeniedException|Access to KMS is not allowed|"
        r"ciphertext refers to a customer master key that does not exist|"
        r"The ciphertext refers to a customer master key|kms:\w{4,40} (?:permission|access)|"
        r"does not have (?:permission|access) to (?:use )?(?:the )?KMS",
        "https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html",
        "kms:Decrypt",
    ),
    _known(
        "secret",
        "access",
        "start",
        r"Access to Secrets Manager is not allowed",
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html",
        "secretsmanager:GetSecretValue",
    ),
    _known(
        "artifact",
        "access",
        "pipeline",
        r"role.{0,200}(?:does ?n[o'\u2019]t have|insufficient|has no) .{0,20}permissions?|"
        r"insufficient permissions|Unable to access the artifact|User does not have (?:access|"
        r"permission)|"
        r"not authorized to (?:access|use) .{0,60}(?:artifact|bucket|connection)|"
        r"Unable to use Connection|must be given permission",
        "https://docs.aws.amazon.com/codepipeline/latest/userguide/troubleshooting.html",
    ),
    _known(
        "build-network",
        "access",
        "pipeline",
        r"VPC_CLIENT_ERROR.{0,80}UnauthorizedOperation|"
        r"Not authorized to perform (?:ec2:)?DescribeSecurityGroups",
        "https://github.com/aws/aws-cdk/issues/12705",
    ),
    _known(
        "refused",
        "access",
        None,
        r"Access ?Denied|AccessDenied(?:Exception|Fault)?|access_denied|UnauthorizedOperation|"
        r"\b403\b.{0,40}Forbidden|Forbidden.{0,40}\b403\b|"
        r"[Ss]tatus ?[Cc]ode:? ?403|\(403\) when calling|HTTP 403|NotAuthorized(?:Exception)?\b|"
        r"AuthorizationError(?:Exception)?\b|"
        r"Error Code Forbidden|Status Code Forbidden|AllAccessDisabled|"
        r"not authorized to perform (?:this|the) (?:operation|action)|\bAuthFailure\b|"
        r"Client\.UnauthorizedOperation|api error Forbidden|pull access denied|"
        r"unexpected status.{0,120}403|(?:error|code)[\"']?[:=] ?[\"']?403\b",
        _COMMON,
    ),
    _known(
        "exec",
        "other",
        "run",
        r"TargetNotConnectedException|execute command (?:was not enabled|failed)",
        _ECS + "ecs-exec-troubleshooting.html",
    ),
    # --- other ends -----------------------------------------------------------------------------
    _known(
        "memory",
        "other",
        "run",
        r"OutOfMemoryError|Container killed due to memory usage|OOMKilled",
        _ECS + "stopped-task-error-codes.html",
    ),
    _known(
        "disk",
        "other",
        "start",
        r"no space left on device",
        _ECS + "task_cannot_pull_image.html",
    ),
    _known(
        "rate",
        "other",
        None,
        r"toomanyrequests|pull rate limit|ThrottlingException|Rate exceeded|"
        r"TooManyRequestsException|\bSlowDown\b",
        _ECS + "task_cannot_pull_image.html",
    ),
    _known(
        "platform",
        "other",
        "start",
        r"exec format error|image operating system .{0,60}cannot be used|no match for platform|"
        r"does not match the specified platform",
        _ECS + "task_cannot_pull_image.html",
    ),
    _known(
        "container",
        "other",
        "run",
        r"Essential container in task exited|essential container exited|EssentialContainerExited|"
        r"failed container health checks|failed ELB health checks|Task failed (?:ELB|container|"
        r"to start)",
        _ECS + "stopped-task-error-codes.html",
    ),
    _known(
        "capacity",
        "other",
        "start",
        r"unable to place a task|RESOURCE:(?:MEMORY|CPU|ENI)|Capacity is unavailable|"
        r"no container instance met all of its requirements|SpotInterruption|"
        r"Timeout waiting for network interface",
        _ECS + "service-event-messages-list.html",
    ),
    _known(
        "start",
        "other",
        "start",
        r"ResourceInitializationError|CannotPull(?:ECR)?ContainerError|CannotStartContainerError|"
        r"CannotCreateContainerError|CannotInspectContainerError|ContainerRuntimeError|"
        r"DockerTimeoutError|InternalError: |TaskFailedToStart",
        _ECS + "stopped-task-error-codes.html",
    ),
    _known(
        "stack",
        "other",
        "deploy",
        r"(?:CREATE|UPDATE|DELETE|ROLLBACK)_FAILED|Resource handler returned message|"
        r"ValidationError.{0,300}(?:stack|template)|"
        r"'null' values are not allowed|UPDATE_ROLLBACK_COMPLETE|deployment circuit breaker|"
        r"ECS Deployment Circuit Breaker was triggered",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
    ),
)
"""Network and names go before access, as "unable to ...: AccessDenied" names neither."""
