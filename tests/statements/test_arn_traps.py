"""ARNs that the actions beside them can never match, in whole templates."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.inputs.package import Package
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.statements.arn_traps import unmatched

TEMPLATE = """
Parameters:
  Env: {{Type: String}}
  SecretName: {{Type: String}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsGov: !Equals [!Ref AWS::Partition, aws-us-gov]
Resources:
  Bucket: {{Type: AWS::S3::Bucket}}
  Key: {{Type: AWS::KMS::Key}}
  Secret: {{Type: AWS::SecretsManager::Secret}}
  Group: {{Type: AWS::Logs::LogGroup}}
  Named: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: !Sub '/web/${{Env}}/audit'}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: P
          PolicyDocument: {{Statement: [{0}]}}
"""
LOGS = "arn:aws:logs:eu-west-1:111122223333:"
SECRETS = "arn:aws:secretsmanager:eu-west-1:111122223333:"
KMS = "arn:aws:kms:eu-west-1:111122223333:"
ECR = "arn:aws:ecr:eu-west-1:111122223333:"
ECS = "arn:aws:ecs:eu-west-1:111122223333:"
CODEBUILD = "arn:aws:codebuild:eu-west-1:111122223333:"
STREAMS = "[logs:CreateLogStream, logs:PutLogEvents]"
READ = "secretsmanager:GetSecretValue"
SSM = "arn:aws:ssm:eu-west-1:111122223333:"
ACCESS_POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint/web"
LOGIN = "ecr:GetAuthorizationToken"


def stack(*statements: str, more: str = "", region: str = "") -> Stack:
    pseudo = {"AWS::Region": region} if region else {}
    return stacks.stack(TEMPLATE.format(", ".join(statements)) + more, pseudo=pseudo)


def allow(actions: str, *resources: str, effect: str = "Allow") -> str:
    listed = ", ".join(r if r.startswith("!") else f"'{r}'" for r in resources)
    return f"{{Effect: {effect}, Action: {actions}, Resource: [{listed}]}}"


def found(*statements: str, more: str = "", region: str = "") -> list[tuple[str, str, str, str]]:
    """(the last of the ARN, actions, trap, the last of what was meant) of all that is found."""
    return [
        (
            _last(str(it.resource.text)),
            " ".join(str(action.text) for action in it.actions),
            it.trap.slug,
            _last(str(it.trap.fixed or "")),
        )
        for it in unmatched(stack(*statements, more=more, region=region))
    ]


def _last(arn: str) -> str:
    return arn.replace("AWS::", "").split(":", 5)[-1] if arn.startswith("arn:") else arn


BAD = {
    "reports of a project, for their own sake": (
        [allow("codebuild:BatchGetReports", CODEBUILD + "project/web")],
        ("project/web", "codebuild:BatchGetReports", "other-kind", ""),
    ),
    "a log group without its streams": (
        [allow(f"{STREAMS[:-1]}, logs:CreateLogGroup]", LOGS + "log-group:web")],
        (
            "log-group:web",
            "logs:CreateLogStream logs:PutLogEvents",
            "log-stream",
            "log-group:web:*",
        ),
    ),
    "a log group of the stack": (
        [allow("logs:PutLogEvents", f"!Sub '{LOGS}log-group:${{Group}}'")],
        ("log-group:${Group}", "logs:PutLogEvents", "log-stream", "log-group:${Group}:*"),
    ),
    "a log group of the stack with a name of its own": (
        [allow("logs:PutLogEvents", f"!Sub '{LOGS}log-group:${{Named}}'")],
        (
            "log-group:/web/${Env}/audit",
            "logs:PutLogEvents",
            "log-stream",
            "log-group:/web/${Env}/audit:*",
        ),
    ),
    "a slash for a colon": (
        [allow(STREAMS, LOGS + "log-group/aws/web:*")],
        (
            "log-group/aws/web:*",
            "logs:CreateLogStream logs:PutLogEvents",
            "log-stream",
            "log-group:/aws/web:*",
        ),
    ),
    "one of two log groups": (
        [allow(STREAMS, LOGS + "log-group:web:*", LOGS + "log-group:job")],
        (
            "log-group:job",
            "logs:CreateLogStream logs:PutLogEvents",
            "log-stream",
            "log-group:job:*",
        ),
    ),
    "a secret by its name": (
        [allow(READ, SECRETS + "secret:db/password")],
        ("secret:db/password", READ, "secret-suffix", "secret:db/password-??????"),
    ),
    "a secret that is denied by its name": (
        [allow("secretsmanager:*", "*"), allow(READ, SECRETS + "secret:db/login", effect="Deny")],
        ("secret:db/login", READ, "secret-suffix", "secret:db/login-??????"),
    ),
    "a secret as a container names it": (
        [allow(READ, SECRETS + "secret:db-a1B2c3:password::")],
        ("secret:db-a1B2c3:password::", READ, "secret-field", "secret:db-a1B2c3"),
    ),
    "a secret by its name, with a key": (
        [allow(READ, SECRETS + "secret:db/password:key::")],
        ("secret:db/password:key::", READ, "secret-field", "secret:db/password-??????"),
    ),
    "a parameter with a key behind it": (
        [allow(READ, "!Sub '${SecretName}:password::'")],
        ("${SecretName}:password::", READ, "secret-field", "${SecretName}"),
    ),
    "an alias of a key": (
        [allow("[kms:Decrypt, kms:GenerateDataKey*]", KMS + "alias/web")],
        ("alias/web", "kms:Decrypt kms:GenerateDataKey*", "key-alias", ""),
    ),
    "an alias behind a key": (
        [allow("kms:DescribeKey", KMS + "key/alias/web")],
        ("key/alias/web", "kms:DescribeKey", "key-alias", ""),
    ),
    "an alias among what other actions need": (
        [allow("[kms:Decrypt, s3:GetObject]", KMS + "alias/web", "arn:aws:s3:::b/*")],
        ("alias/web", "kms:Decrypt", "key-alias", ""),
    ),
    "two slashes": (
        [allow("ssm:GetParameters", "arn:aws:ssm:eu-west-1:111122223333:parameter//web/token")],
        ("parameter//web/token", "ssm:GetParameters", "double-slash", "parameter/web/token"),
    ),
    "the login of a registry, once for all repositories": (
        [allow(f"[{LOGIN}, ecr:BatchGetImage]", ECR + "repository/web", ECR + "repository/job")],
        ("repository/web", LOGIN, "needs-everything", "*"),
    ),
    "an image": (
        [allow("ecr:BatchGetImage", ECR + "repository/web:latest")],
        ("repository/web:latest", "ecr:BatchGetImage", "other-kind", ""),
    ),
    "tasks by their cluster": (
        [allow("ecs:DescribeTasks", ECS + "cluster/web")],
        ("cluster/web", "ecs:DescribeTasks", "other-kind", ""),
    ),
    "a role without its kind": (
        [allow("iam:PassRole", "arn:aws:iam::111122223333:web")],
        ("web", "iam:PassRole", "other-kind", ""),
    ),
    "the list of buckets on one of them": (
        [allow("s3:ListAllMyBuckets", "arn:aws:s3:::b")],
        ("b", "s3:ListAllMyBuckets", "needs-everything", "*"),
    ),
    "the list of buckets on objects": (
        [allow("s3:ListAllMyBuckets", "arn:aws:s3:::b/*")],
        ("b/*", "s3:ListAllMyBuckets", "needs-everything", "*"),
    ),
    "the list of buckets beside what a bucket gives": (
        [allow("[s3:ListBucket, s3:ListAllMyBuckets]", "!GetAtt Bucket.Arn")],
        ("${Bucket}", "s3:ListAllMyBuckets", "needs-everything", "*"),
    ),
    "the list of buckets on some of them": (
        [allow("s3:ListAllMyBuckets", "arn:aws:s3:::shop-*")],
        ("shop-*", "s3:ListAllMyBuckets", "needs-everything", "*"),
    ),
    "the list of secrets on one of them": (
        [allow(f"[{READ}, secretsmanager:ListSecrets]", SECRETS + "secret:db-??????")],
        ("secret:db-??????", "secretsmanager:ListSecrets", "needs-everything", "*"),
    ),
    "the list of parameters on a path": (
        [allow("[ssm:GetParameter, ssm:DescribeParameters]", SSM + "parameter/web/*")],
        ("parameter/web/*", "ssm:DescribeParameters", "needs-everything", "*"),
    ),
    "the list of parameters on all of them": (
        [allow("ssm:DescribeParameters", SSM + "parameter/*")],
        ("parameter/*", "ssm:DescribeParameters", "needs-everything", "*"),
    ),
    "objects by an access point without /object/": (
        [allow("[s3:GetObject, s3:ListBucket]", ACCESS_POINT)],
        ("accesspoint/web", "s3:GetObject", "access-point", "accesspoint/web/object/*"),
    ),
    "objects by an access point with a slash": (
        [allow("s3:GetObject", ACCESS_POINT + "/prefix/*")],
        (
            "accesspoint/web/prefix/*",
            "s3:GetObject",
            "access-point",
            "accesspoint/web/object/prefix/*",
        ),
    ),
    "objects by an access point of every region": (
        [allow("s3:PutObject*", "arn:aws:s3::111122223333:accesspoint/a.mrap")],
        ("accesspoint/a.mrap", "s3:PutObject*", "access-point", "accesspoint/a.mrap/object/*"),
    ),
    "another service's ARN, and nothing else": (
        [allow("kms:Decrypt", "!Ref Secret")],
        ("secret:${Secret}-${Secret suffix}", "kms:Decrypt", "other-kind", ""),
    ),
    "two colons": (
        [allow("s3:GetObject", "arn:aws:s3::b/*")],
        ("arn:aws:s3::b/*", "s3:GetObject", "s3-form", "b/*"),
    ),
    "a region for a bucket": (
        [allow("s3:GetObject", "arn:aws:s3:eu-west-1:111122223333:b/*")],
        ("b/*", "s3:GetObject", "s3-form", "b/*"),
    ),
    "no partition": (
        [allow("s3:GetObject", "arn::s3:::b/*")],
        ("b/*", "s3:GetObject", "partition", "b/*"),
    ),
    "no such partition": (
        [allow("s3:GetObject", "arn:amazon:s3:::b/*")],
        ("b/*", "s3:GetObject", "partition", "b/*"),
    ),
    "the name of a bucket": (
        [allow("s3:ListBucket", "!Ref Bucket")],
        ("${Bucket}", "s3:ListBucket", "not-an-arn", ""),
    ),
    "the id of a key": (
        [allow("kms:Decrypt", "!Ref Key")],
        ("${Key}", "kms:Decrypt", "not-an-arn", ""),
    ),
    "a URL": (
        [allow("s3:GetObject", "s3://b/k")],
        ("s3://b/k", "s3:GetObject", "not-an-arn", ""),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_arns_that_never_match(name: str) -> None:
    """One finding each: the ARN, the actions that it never serves, and what was meant."""
    statements, expected = BAD[name]
    assert [(_last(arn), *rest) for arn, *rest in found(*statements)] == [
        (_last(expected[0]), *expected[1:])
    ]


SILENT = {
    "streams": [allow(STREAMS, LOGS + "log-group:web:*")],
    "what Fn::GetAtt returns for a log group": [allow(STREAMS, "!GetAtt Group.Arn")],
    "with a second star": [allow(STREAMS, "!Sub '${Group.Arn}:*'")],
    "both forms of a log group": [
        allow(STREAMS, LOGS + "log-group:web", LOGS + "log-group:web:log-stream:*")
    ],
    "the streams in another statement": [
        allow("[logs:CreateLogGroup, logs:PutLogEvents]", LOGS + "log-group:web"),
        allow("logs:Put*", LOGS + "*"),
    ],
    "every action of a service": [allow("logs:*", LOGS + "log-group:web")],
    "a wildcard of which some actions match": [allow("logs:Put*", LOGS + "log-group:web")],
    "a secret of the stack": [allow(READ, "!Ref Secret")],
    "a secret by a parameter": [allow(READ, f"!Sub '{SECRETS}secret:${{SecretName}}'")],
    "a name that may have its suffix": [allow(READ, SECRETS + "secret:db-secret")],
    "both forms of a secret": [
        allow(READ, SECRETS + "secret:db/password", SECRETS + "secret:db/password-*")
    ],
    "the alias beside a key": [allow("kms:Decrypt", KMS + "alias/web", "!GetAtt Key.Arn")],
    "the alias of a key that AWS manages": [allow("kms:Decrypt", KMS + "alias/aws/ssm")],
    "what an alias is for": [allow("kms:CreateAlias", KMS + "alias/web", "!GetAtt Key.Arn")],
    "the login on everything": [
        allow(f"[{LOGIN}, ecr:BatchGetImage]", ECR + "repository/web"),
        allow(LOGIN, "*"),
    ],
    "the list of buckets on every bucket, as AWS's own examples have it": [
        allow("s3:ListAllMyBuckets", "arn:aws:s3:::*")
    ],
    "the list of buckets on all of S3": [allow("s3:ListAllMyBuckets", "arn:aws:s3:*")],
    "the list of buckets on an unknown ARN": [
        allow("s3:ListAllMyBuckets", "!Sub 'arn:aws:s3:::${SecretName}'")
    ],
    "the list of parameters on the account": [allow("ssm:DescribeParameters", SSM + "*")],
    "the list of secrets on the account": [allow("secretsmanager:ListSecrets", SECRETS + "*")],
    "the list of secrets in another statement": [
        allow(f"[{READ}, secretsmanager:ListSecrets]", SECRETS + "secret:db-??????"),
        allow("secretsmanager:List*", "*"),
    ],
    "what the CDK grants on a parameter": [
        allow(
            "[ssm:DescribeParameters, ssm:GetParameters, ssm:GetParameter, "
            "ssm:GetParameterHistory]",
            SSM + "parameter/web/token",
        )
    ],
    "the list of parameters by a wildcard": [allow("ssm:Describe*", SSM + "parameter/web/*")],
    "objects by an access point": [allow("s3:GetObject", ACCESS_POINT + "/object/*")],
    "everything behind an access point": [allow("s3:GetObject", ACCESS_POINT + "/*")],
    "every access point": [allow("s3:GetObject", ACCESS_POINT[:-3] + "*")],
    "an access point that is a parameter": [
        allow("s3:GetObject", "!Sub '" + ACCESS_POINT[:-3] + "${SecretName}'")
    ],
    "an access point for what buckets give": [allow("s3:ListBucket", ACCESS_POINT)],
    "an access point for everything": [allow("s3:*", ACCESS_POINT)],
    "both forms of an access point": [
        allow("[s3:GetObject, s3:ListBucket]", ACCESS_POINT, ACCESS_POINT + "/object/*")
    ],
    "clusters beside services": [
        allow("[ecs:UpdateService, ecs:DescribeServices]", ECS + "service/*", ECS + "cluster/web")
    ],
    "a decrypt that rides along": [allow(f"[{READ}, kms:Decrypt]", "!Ref Secret")],
    "the reports beside builds": [
        allow(
            "[codebuild:StartBuild, codebuild:BatchGetBuilds, codebuild:BatchGetReports]",
            CODEBUILD + "project/web",
        )
    ],
    "an ARN of another service that rides along": [
        allow("s3:GetObject", KMS + "key/x", "arn:aws:s3:::b/*")
    ],
    "a bucket for its objects, which is E9751": [allow("s3:GetObject", "!GetAtt Bucket.Arn")],
    "an unknown service": [allow("acm:GetCertificate", "certificate-1")],
    "an unknown action": [allow("kms:NoSuchAction", KMS + "alias/web")],
    "nothing yet": [allow("s3:GetObject", "")],
    "a dynamic reference": [allow("s3:GetObject", "{{resolve:ssm:/bucket-arn}}")],
    "a policy variable": [allow(READ, SECRETS + "secret:${aws:PrincipalTag/team}")],
    "S3 on Outposts": [
        allow("s3:GetObject", "arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op/bucket/b")
    ],
    "NotAction": [f"{{Effect: Allow, NotAction: {READ}, Resource: '{SECRETS}secret:db/password'}}"],
    "NotResource": [
        f"{{Effect: Allow, Action: {READ}, NotResource: '{SECRETS}secret:db/password'}}"
    ],
}


@pytest.mark.parametrize("name", SILENT)
def test_statements_that_are_right_or_may_be(name: str) -> None:
    """What can match, what is made up for, and what is not known, is not found."""
    assert found(*SILENT[name]) == []


GOV = "us-gov-west-1"
HERE = "arn:${AWS::Partition}:"
RIGHT_ELSEWHERE = {
    "the ARN of the stack's own partition": [allow("s3:GetObject", "arn:aws-us-gov:s3:::b/*")],
    "a pseudo parameter": [allow("s3:GetObject", f"!Sub '{HERE}s3:::b/*'")],
    "any partition": [allow("s3:GetObject", "arn:*:s3:::b/*")],
    "partitions that begin alike": [allow("s3:GetObject", "arn:aws*:s3:::b/*")],
    "the ARNs of every partition": [
        allow("s3:GetObject", "arn:aws:s3:::b/*", "arn:aws-us-gov:s3:::b/*")
    ],
    "the partitions in statements of their own": [
        allow("s3:GetObject", "arn:aws:s3:::b/*"),
        allow("s3:Get*", "arn:aws-us-gov:s3:::b/*"),
    ],
    "a branch for each partition": [
        allow("s3:GetObject", "!If [IsProd, 'arn:aws:s3:::b/*', 'arn:aws-us-gov:s3:::b/*']")
    ],
    "a branch by the partition": [
        allow("s3:GetObject", "!If [IsGov, 'arn:aws-us-gov:s3:::b/*', 'arn:aws:s3:::b/*']")
    ],
    "a branch that may be meant for another partition": [
        allow("s3:GetObject", "!If [IsProd, 'arn:aws:s3:::b/*', !Ref AWS::NoValue]", "arn:*:s3:::c")
    ],
    "a statement that may be meant for another partition": [
        f"!If [IsProd, {allow('s3:GetObject', 'arn:aws:s3:::b/*')}, !Ref AWS::NoValue]"
    ],
}


@pytest.mark.parametrize("name", RIGHT_ELSEWHERE)
def test_partitions_that_are_right_or_may_be(name: str) -> None:
    """An ARN that fits where the stack is, or may be meant for a stack elsewhere, is not found."""
    assert found(*RIGHT_ELSEWHERE[name], region=GOV) == []


@pytest.mark.parametrize(
    ("region", "arn", "actions"),
    [
        (GOV, "arn:aws:s3:::b/*", "s3:GetObject"),
        (GOV, "arn:aws:s3:::b/*", "s3:*"),
        ("cn-north-1", "arn:aws:s3:::b/*", "s3:GetObject"),
        ("eu-west-1", "arn:aws-cn:s3:::b/*", "s3:GetObject"),
        (GOV, "arn:aws:s3:::b", "s3:GetObject"),
        (GOV, "arn:aws:sqs:us-gov-west-1:111122223333:jobs", "sqs:SendMessage"),
        (GOV, "arn:aws:iam::aws:policy/ReadOnlyAccess", "iam:GetPolicy"),
    ],
)
def test_an_arn_of_another_partition(region: str, arn: str, actions: str) -> None:
    """No request that reaches the stack's partition bears such an ARN, whatever the action."""
    meant = _last(arn)
    assert found(allow(actions, arn), region=region) == [(meant, actions, "other-partition", meant)]
    assert found(allow(actions, arn)) == []


def test_a_bucket_and_its_objects_in_another_partition() -> None:
    """The two ARNs of a bucket are told as one fault, with all actions of the statement."""
    both = allow("[s3:GetObject, s3:ListBucket]", "arn:aws:s3:::b", "arn:aws:s3:::b/*")
    assert found(both, region=GOV) == [("b", "s3:GetObject s3:ListBucket", "other-partition", "b")]


def test_an_other_effect_makes_up_for_nothing() -> None:
    """A Deny on everything does not grant what an Allow misses."""
    statements = (
        allow(READ, SECRETS + "secret:db/password"),
        allow(READ, "*", effect="Deny"),
    )
    assert [it[2] for it in found(*statements)] == ["secret-suffix"]


def test_policies_that_attach_to_nothing() -> None:
    """A policy with no role is judged by itself, whoever holds it."""
    statement = allow(READ, SECRETS + "secret:db/password")
    document = f"{{Statement: [{statement}]}}"
    more = f"""
  Policy: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {document}}}}}
  Endpoint: {{Type: AWS::EC2::VPCEndpoint, Properties: {{PolicyDocument: {document}}}}}
"""
    assert len(found(allow("kms:*", "*"), more=more)) == 2


def test_a_statement_is_read_in_a_scenario_that_has_it() -> None:
    """Behind Fn::If each branch is read with what it stands for."""
    wrong = f"'{SECRETS}secret:db/password'"
    right = f"'{SECRETS}secret:db/password-??????'"
    either = f"{{Effect: Allow, Action: {READ}, Resource: !If [IsProd, {wrong}, {right}]}}"
    assert [it[2] for it in found(either)] == []  # the other branch may make up for it
    alone = f"!If [IsProd, {allow(READ, SECRETS + 'secret:db/password')}, !Ref AWS::NoValue]"
    assert [it[2] for it in found(alone)] == ["secret-suffix"]


def test_an_environment_files_value_is_to_blame_itself() -> None:
    """The grant of an invalid value is not found: E9716 reports the value."""
    template = f"""
Parameters: {{File: {{Type: String}}}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {{Name: web, EnvironmentFiles: [{{Type: s3, Value: !Ref File}}]}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: P
          PolicyDocument: {{Statement: [{allow("s3:GetObject", "!Ref File")}]}}
"""
    given = {"File": ParameterValue("arn::s3:::b/web.env", None)}
    package = Package(parse(template, "t.yml"), parameters=given, has_parameters=True)
    assert unmatched(Run().add(package)) == ()


@pytest.mark.parametrize("resource", [KMS + "key/", SECRETS + "secret:"])
def test_a_variable_that_is_text_is_no_trap(resource: str) -> None:
    """Without a Version it matches nothing, for another reason: its ARN is of the right kind."""
    action = "kms:Decrypt" if resource.startswith(KMS) else READ
    assert found(allow(action, f"!Sub '{resource}${{!aws:PrincipalTag/x}}-??????'")) == []
