"""The texts that people come with, against small templates that have the cause in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options
from copilot_preflight.triage.join import diagnosed
from copilot_preflight.triage.recognise import failures_in
from copilot_preflight.triage.result import Diagnosis

TRUST = """
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {Effect: Allow, Principal: {Service: SERVICE}, Action: sts:AssumeRole}
"""
TASK_TRUST = TRUST.replace("SERVICE", "ecs-tasks.amazonaws.com")
BUILD_TRUST = TRUST.replace("SERVICE", "codebuild.amazonaws.com")


def policies(*statements: str) -> str:
    """A role's policies of statements in the flow style of YAML."""
    lines = "".join(f"              - {statement}\n" for statement in statements)
    return (
        "      Policies:\n        - PolicyName: own\n          PolicyDocument:\n"
        f"            Version: '2012-10-17'\n            Statement:\n{lines}"
    )


READ = "{Effect: Allow, Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::shop-data/*'}"
WRITE = "{Effect: Allow, Action: ['s3:PutObject'], Resource: 'arn:aws:s3:::shop-data/*'}"


def task(*, task_role: str = "", execution_role: str = "", environment: str = "[]") -> str:
    return f"""
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt TaskRole.Arn
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/shop/web
          Environment: {environment}
  TaskRole:
    Type: AWS::IAM::Role
    Properties:{TASK_TRUST}{task_role}
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:{TASK_TRUST}{execution_role}
"""


def denied(
    role: str, action: str, resource: str, why: str, call: str = "GetObject", kind: str = ""
) -> str:
    """A text as boto3 prints it."""
    name = role if ":" in role else f"arn:aws:sts::123456789012:assumed-role/{role}/0a1b2c"
    return (
        f"ClientError: An error occurred (AccessDenied) when calling the {call} "
        f'operation: User: {name} is not authorized to perform: {action} on resource: "{resource}" '
        f"{why}{kind}"
    )


NO_GRANT = "because no identity-based policy allows the {} action"
OBJECT = "arn:aws:s3:::shop-data/report.csv"
TASK_ROLE = "shop-test-web-TaskRole-1ABCDEFGHIJK"
EXECUTION_ROLE = "shop-test-web-ExecutionRole-1ABCDEFGHIJK"
BUILD_ROLE = "shop-pipeline-BuildRole-1ABCDEFGHIJK"


def triaged(folder: Path, text: str, stack: str, options: Options | None = None) -> Diagnosis:
    """The diagnosis of a text that tells of one failure."""
    (folder / "stack.yml").write_text(stack)
    run = checked([str(folder / "stack.yml")], (options or Options())._replace(info=True))
    assert not run.report.errors
    (diagnosis,) = diagnosed(failures_in(text), run)
    return diagnosis


def first(diagnosis: Diagnosis) -> tuple[str, str, str]:
    """Rule, step and what its line says, of the best cause."""
    cause = diagnosis.causes[0]
    assert cause.place is not None
    assert cause.start is not None
    text = Path(cause.place.file).read_text().splitlines()
    return cause.rule, cause.step, text[cause.start.line - 1].strip()


def test_the_task_role_lacks_the_grant(tmp_path: Path) -> None:
    """Nothing in the templates grants it."""
    text = denied(TASK_ROLE, "s3:GetObject", OBJECT, NO_GRANT.format("s3:GetObject"))
    found = triaged(tmp_path, text, task())
    assert first(found) == ("E9748", "grant", "TaskRole:")
    assert "task role 'TaskRole' may not s3:GetObject" in found.causes[0].message
    assert {it.step for it in found.excluded} >= {"role", "set", "trust", "kms", "resource-policy"}


def test_the_grant_is_on_the_execution_role_by_mistake(tmp_path: Path) -> None:
    """The application runs with the task role, whatever the execution role may do."""
    text = denied(TASK_ROLE, "s3:GetObject", OBJECT, NO_GRANT.format("s3:GetObject"))
    found = triaged(tmp_path, text, task(execution_role=policies(READ)))
    assert first(found) == ("E9733", "role", f"- {READ}")


def test_credentials_in_the_environment_hide_the_task_role(tmp_path: Path) -> None:
    """The caller is a user that no template has, and the environment has its key."""
    keys = "[{Name: AWS_ACCESS_KEY_ID, Value: a}, {Name: AWS_SECRET_ACCESS_KEY, Value: b}]"
    user = "arn:aws:iam::123456789012:user/ci"
    text = denied(user, "s3:GetObject", OBJECT, NO_GRANT.format("s3:GetObject"))
    found = triaged(tmp_path, text, task(task_role=policies(READ), environment=keys))
    assert found.causes[0].rule == "W9735"
    assert found.causes[0].step == "credentials"
    assert found.causes[0].confirm == "printenv | cut -d= -f1 | grep '^AWS_'"


BUCKET = """
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: shop-data
"""
KEY = """
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: !GetAtt Key.Arn}
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}
            Action: kms:*
            Resource: '*'
"""
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/5b1f6c1e-7d0e-4a52-9a55-0c6f2a9d8e31"
DENY = """
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Deny, Principal: '*', Action: ACTION, Resource: 'arn:aws:s3:::shop-data/*'}
"""


def test_the_role_may_not_use_the_key(tmp_path: Path) -> None:
    """S3 is allowed; what it is encrypted under is not."""
    text = denied(TASK_ROLE, "kms:Decrypt", KEY_ARN, NO_GRANT.format("kms:Decrypt"))
    found = triaged(tmp_path, text, task(task_role=policies(READ)) + BUCKET + KEY)
    assert found.causes[0].step in ("kms", "grant")
    assert "kms:Decrypt" in found.causes[0].message
    assert found.causes[0].place is not None


def test_the_bucket_policy_denies_it(tmp_path: Path) -> None:
    """The Deny is the cause, not the grant that is there."""
    why = "with an explicit deny in a resource-based policy"
    text = denied(TASK_ROLE, "s3:GetObject", OBJECT, why)
    stack = task(task_role=policies(READ)) + BUCKET + DENY.replace("ACTION", "s3:GetObject")
    rule, step, line = first(triaged(tmp_path, text, stack))
    assert (rule, step) == ("E9761", "resource-policy")
    assert line.startswith("- {Effect: Deny")


def build(statements: str = "") -> str:
    return f"""
Resources:
  BuildRole:
    Type: AWS::IAM::Role
    Properties:{BUILD_TRUST}{statements}
  Project:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !GetAtt BuildRole.Arn
      Artifacts: {{Type: S3, Location: shop-data, Name: web.zip, Packaging: ZIP}}
      Environment: {{Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL, Image: x}}
      Source: {{Type: NO_SOURCE, BuildSpec: 'version: 0.2'}}
"""


def uploaded(action: str, why: str, resource: str = "arn:aws:s3:::shop-data/web.zip") -> str:
    return (
        "[Container] 2024/05/01 10:00:00 Phase context status code: CLIENT_ERROR Message: "
        + denied(BUILD_ROLE, action, resource, why, call="PutObject")
    )


def test_the_build_may_not_put_the_object(tmp_path: Path) -> None:
    """A 403 of the upload for want of s3:PutObject."""
    text = uploaded("s3:PutObject", NO_GRANT.format("s3:PutObject"))
    found = triaged(tmp_path, text, build())
    assert found.failure.moment == "pipeline"
    assert found.causes[0].rule in ("E9771", "E9748")
    assert "s3:PutObject" in found.causes[0].message
    assert found.causes[0].place is not None


def test_the_build_may_not_make_a_data_key(tmp_path: Path) -> None:
    """A 403 of the upload for want of kms:GenerateDataKey."""
    text = uploaded("kms:GenerateDataKey", NO_GRANT.format("kms:GenerateDataKey"), KEY_ARN)
    found = triaged(tmp_path, text, build(policies(WRITE)) + BUCKET + KEY)
    assert "kms:GenerateDataKey" in found.causes[0].message
    assert found.causes[0].place is not None


def test_the_bucket_takes_no_acl(tmp_path: Path) -> None:
    """It is no matter of the role's grants."""
    text = (
        "upload failed: ./web.zip to s3://shop-data/web.zip An error occurred "
        "(AccessControlListNotSupported) when calling the PutObject operation: The bucket does not "
        "allow ACLs"
    )
    found = triaged(tmp_path, text, build(policies(WRITE)) + BUCKET)
    assert found.causes[0].rule == "W9774"
    assert found.causes[0].confirm == ("aws s3api get-bucket-ownership-controls --bucket shop-data")


def test_the_endpoint_does_not_let_the_upload_through(tmp_path: Path) -> None:
    """AWS names the endpoint, which no template at hand has: its command is the first."""
    text = uploaded("s3:PutObject", "because no VPC endpoint policy allows the s3:PutObject action")
    found = triaged(tmp_path, text, build(policies(WRITE)))
    assert found.causes[0].step == "endpoint"
    assert "describe-vpc-endpoints" in found.causes[0].confirm
    assert "grant" in {it.step for it in found.excluded}


def test_an_organization_policy_denies_the_upload(tmp_path: Path) -> None:
    """The service control policy at hand has the Deny."""
    policy = tmp_path / "scp.json"
    policy.write_text(
        '{"Version": "2012-10-17", "Statement": [\n'
        '{"Effect": "Allow", "Action": "*", "Resource": "*"},\n'
        '{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}]}'
    )
    text = uploaded("s3:PutObject", "with an explicit deny in a service control policy")
    found = triaged(tmp_path, text, build(policies(WRITE)), Options(scps=((policy,),)))
    assert found.causes[0].rule == "E9765"
    assert found.causes[0].step == "organization"


def test_a_finding_about_another_role_is_no_cause(tmp_path: Path) -> None:
    """What the execution role lacks is not why the application is refused."""
    text = "botocore: An error occurred (AccessDenied) when calling the GetObject operation: no"
    stack = task().replace(
        "          Environment: []\n",
        "          EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::shop-data/web.env'}]\n",
    )
    found = triaged(tmp_path, text, stack)
    assert found.failure.moment == "run"
    assert not {it.rule for it in found.causes} & {"E9711", "E9714", "W9714"}
    start = f"failed to download env files: {text}"
    assert triaged(tmp_path, start, stack).causes[0].rule == "E9711"


def test_a_stranger_proves_nothing_of_the_role_at_hand(tmp_path: Path) -> None:
    """The call of a role that no template has is first of all one of another role."""
    why = NO_GRANT.format("s3:GetObject")
    text = denied("OtherRole", "s3:GetObject", OBJECT, why)
    found = triaged(tmp_path, text, task())
    assert found.causes[0].step == "role"
    assert "OtherRole" in found.causes[0].message


def test_what_is_deployed_differs(tmp_path: Path) -> None:
    """The templates allow what AWS refuses: they are not what is deployed."""
    text = denied(TASK_ROLE, "s3:GetObject", OBJECT, NO_GRANT.format("s3:GetObject"))
    found = triaged(tmp_path, text, task(task_role=policies(READ)) + BUCKET)
    assert first(found)[1:] == ("account", f"- {READ}")
    assert "grant" in {it.step for it in found.excluded}


ENV_FILE = """
Parameters:
  EnvFileARN: {Type: String, Default: ''}
Conditions:
  HasEnvFile: !Not [!Equals [!Ref EnvFileARN, '']]
"""


def env_file(version: str) -> str:
    folder = "stackset-shop-pipelinebuiltartifactbuc-1a/manual/env-files/web.env"
    return f"arn:aws:s3:::{folder}/{version * 64}.env"


def locked(granted: str, asked: str) -> str:
    grant = policies(
        f"{{Effect: Allow, Action: ['s3:GetObject'], Resource: '{env_file(granted)}'}}"
    )
    files = f"          EnvironmentFiles: [{{Type: s3, Value: '{env_file(asked)}'}}]\n"
    stack = task(execution_role=grant)
    return stack.replace("          Environment: []\n", files)


def test_the_role_grants_another_version_of_the_env_file(tmp_path: Path) -> None:
    """The text of the Copilot issue, with a package that shows the defect."""
    text = (
        "ResourceInitializationError: failed to download env files: file download command: "
        "non-empty error stream: failed to download file 1.env: failed to write to a temporary "
        "file: AccessDenied: Access Denied"
    )
    found = triaged(tmp_path, text, locked("a", "b"))
    assert found.causes[0].rule == "E9712"
    assert found.causes[0].fix.startswith("copilot-preflight fix ")
    assert "--select E9712" in found.causes[0].fix


def test_a_revision_of_another_deploy_asks_for_its_own_version(tmp_path: Path) -> None:
    """The package agrees with itself: what fails is older, or newer, than it."""
    text = "ResourceInitializationError: failed to download env files: AccessDenied: " + denied(
        EXECUTION_ROLE, "s3:GetObject", env_file("c"), NO_GRANT.format("s3:GetObject")
    )
    found = triaged(tmp_path, text, locked("a", "a"))
    assert found.causes[0].rule == "W9713"
    assert "cccccccc…" in found.causes[0].message
    assert "aaaaaaaa…" in found.causes[0].message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "ResourceInitializationError: failed to download env files: RequestCanceled: request "
            "context canceled caused by: context deadline exceeded",
            "network",
        ),
        ("ResourceNotFoundException: Secrets Manager can't find the specified secret.", "name"),
    ],
)
def test_what_is_no_matter_of_access_blames_no_grant(tmp_path: Path, text: str, kind: str) -> None:
    """A time-out and a missing name say nothing of policies."""
    found = triaged(tmp_path, text, task())
    assert found.failure.kind == kind
    assert "grant" in {it.step for it in found.excluded}
    assert not {it.step for it in found.causes} & {"grant", "trust", "organization"}
