"""Mutations of builds, of a service of App Runner and of a job of Batch: what an edit must give.

Each is an edit of text: a pattern and what takes its place. What must be found is told as rule,
role and action; nothing else may be found.
"""

from __future__ import annotations

import re
from typing import Final

from tests.mutations.harness import STACKS
from tests.mutations.pipelines import Edit, denied

STACK: Final = STACKS / "builds.yml"

_TOKEN: Final = "ecr:GetAuthorizationToken"
_GET_IMAGE: Final = "ecr:BatchGetImage"
_READ: Final = "secretsmanager:GetSecretValue"
_STREAM: Final = "logs:CreateLogStream"
_PERMIT: Final = "ec2:CreateNetworkInterfacePermission"
_NOTHING: Final = "{Effect: Allow, Action: s3:ListAllMyBuckets, Resource: '*'}"


def _statement(mark: str) -> str:
    """The statement that a comment marks."""
    return rf"\{{Effect: Allow.*\}}(?=  # {re.escape(mark)}\n)"


def _gone(mark: str, *found: str) -> Edit:
    return Edit(f"no grant: {mark}", _statement(mark), _NOTHING, denied(*found))


def _resource(name: str, mark: str, resource: str, *found: str, is_open: bool = False) -> Edit:
    pattern = rf"(?<=Resource: )[^\n]*(?=\}}  # {re.escape(mark)}\n)"
    return Edit(name, pattern, resource, denied(*found), is_open)


EDITS: Final = (
    # Grants that are not there.
    _gone("token", f"E9742 BuildRole {_TOKEN}"),
    _gone("pull", f"E9742 BuildRole {_GET_IMAGE}"),
    _gone("parameter", "E9741 BuildRole ssm:GetParameters"),
    _gone("secret", f"E9741 BuildRole {_READ}"),
    _gone("key", "E9741 BuildRole kms:Decrypt"),
    _gone("logs", f"E9743 BuildRole {_STREAM}"),
    _gone("cache", "W9776 BuildRole s3:PutObject"),
    _gone("s3 logs", "W9776 BuildRole s3:PutObject"),
    _gone("reports", "W9776 BuildRole codebuild:CreateReport")._replace(is_open=True),
    _gone("interface", "E9775 BuildRole ec2:DescribeSecurityGroups"),
    _gone("hub", f"E9744 OtherRole {_READ}"),
    _gone("own group", f"E9743 OtherRole {_STREAM}")._replace(is_open=True),
    _gone("instance", f"E9741 InstanceRole {_READ}"),
    _gone("job parameter", "E9741 ExecutionRole ssm:GetParameters"),
    # Grants for something else.
    _resource("the token is no repository's", "token", "!GetAtt Repository.Arn",
              f"E9742 BuildRole {_TOKEN}"),
    _resource("another repository", "pull", "'arn:*:ecr:*:*:repository/a/b'",
              f"E9742 BuildRole {_GET_IMAGE}"),
    _resource("perhaps the same repository", "pull", "'arn:*:ecr:*:*:repository/a'", is_open=True),
    _resource("any repository", "pull", "'*'"),
    _resource("another secret", "secret", "!Ref Hub", f"E9741 BuildRole {_READ}"),
    _resource("another group", "logs", "'arn:*:logs:*:*:log-group:/theirs:*'",
              f"E9743 BuildRole {_STREAM}"),
    _resource(
        "the group without its streams",
        "own group",
        "!Sub 'arn:${AWS::Partition}:logs:*:*:log-group:/aws/codebuild/other'",
        f"E9743 OtherRole {_STREAM}",
        is_open=True,
    ),
    _resource("another folder", "cache", "!Sub '${Bucket.Arn}/logs/*'",
              "W9776 BuildRole s3:PutObject"),
    _resource("the whole bucket", "cache", "!Sub '${Bucket.Arn}/*'"),
    _resource("reports that may be another project's", "reports",
              "'arn:*:codebuild:*:*:report-group/other-*'", is_open=True),
    # Networks.
    Edit("a permission for another service", "AuthorizedService: codebuild",
         "AuthorizedService: lambda", denied(f"E9775 BuildRole {_PERMIT}")),
    Edit("a permission in one of the subnets", r"\n +- !Sub '.*/\$\{Right\}'", "", is_open=True),
    Edit("a permission in no subnet of the build", r"subnet/\$\{(Left|Right)\}", "subnet/${Third}",
         denied(f"E9775 BuildRole {_PERMIT}")),
    Edit("a build without a VPC", r" +VpcConfig: \{.*\n", ""),
    # What is asked for.
    Edit("CodeBuild pulls by itself", "ImagePullCredentialsType: SERVICE_ROLE\n +Env",
         "ImagePullCredentialsType: CODEBUILD\n        Env", denied("E9742")),
    Edit("another secret is asked for", r"\$\{Password\}:password", "${Hub}:password",
         denied(f"E9741 BuildRole {_READ}")),
    Edit("the secret by its ARN", r"!Sub '\$\{Password\}:password'", "!Ref Password"),
    Edit("the secret as a parameter", "SECRETS_MANAGER, Value: !Sub '.*'",
         "PARAMETER_STORE, Value: /app/db", denied("E9741 BuildRole ssm:GetParameters")),
    Edit("a plain value", "Type: PARAMETER_STORE, ", ""),
    Edit("logs of the project's own group", ", GroupName: !Ref Logs", "",
         denied(f"E9743 BuildRole {_STREAM}"), is_open=True),
    Edit("no logs in CloudWatch", "Status: ENABLED, GroupName: !Ref Logs", "Status: DISABLED"),
    Edit("no cache", r"Type: S3, Location: !Sub '\$\{Bucket\}/cache'", "Type: NO_CACHE"),
    # App Runner.
    Edit("no policy for access", r" +ManagedPolicyArns: .*# access\n", "",
         denied(f"E9742 AccessRole {_TOKEN}")),
    Edit("a public image", r"!Sub '[^']*:web'\n +ImageRepositoryType: ECR",
         "public.ecr.aws/shop/web\n          ImageRepositoryType: ECR_PUBLIC"),
    # Batch.
    Edit("no policy for execution", r" +ManagedPolicyArns: .*# execution\n", "",
         denied(f"E9742 ExecutionRole {_TOKEN}", f"E9743 ExecutionRole {_STREAM}")),
    Edit("no policy for execution, on instances",
         r"PlatformCapabilities: \[FARGATE\]|ManagedPolicyArns: .*# execution", "Tags: {}",
         is_open=True),
    Edit("the file system lets nobody mount", "elasticfilesystem:ClientMount(?=.*# files)",
         "elasticfilesystem:ClientWrite", denied("E9747 JobRole elasticfilesystem:ClientMount")),
    Edit("the job has no execution role", r" +ExecutionRoleArn: .*\n", "", denied("E9731")),
)  # fmt: skip
