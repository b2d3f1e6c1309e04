"""Jobs of Batch: what they need on Fargate, what on instances, and what they lack a role for."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from tests import stacks
from tests.needs.asked import findings
from tests.needs.builds import answers, calls

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.needs.container_secrets import REGISTRY, SECRET
from copilot_preflight.needs.efs import EFS_MOUNT
from copilot_preflight.needs.images import IMAGE
from copilot_preflight.needs.logs import LOGS
from copilot_preflight.needs.unread import unread_kinds, unread_resources
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

HEAD = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
SEND = "{Effect: Allow, Action: [logs:CreateLogStream, logs:PutLogEvents], Resource: '*'}"
PULL = (
    "{Effect: Allow, Action: [ecr:GetAuthorizationToken, ecr:BatchGetImage, "
    "ecr:GetDownloadUrlForLayer], Resource: '*'}"
)
NOTHING = "{Effect: Allow, Action: s3:ListAllMyBuckets, Resource: '*'}"
OWN = "Image: !Sub '${Repository.RepositoryUri}:1'"
ROLE = "ExecutionRoleArn: !GetAtt Role.Arn"


def job(container: str, *statements: str, on: str = "[FARGATE]", more: str = "") -> Stack:
    """A job definition of one container, whose execution role has some statements."""
    return template(
        f"PlatformCapabilities: {on}\nContainerProperties:\n" + indent(dedent(container), "  "),
        *statements,
        more=more,
    )


def template(properties: str, *statements: str, more: str = "") -> Stack:
    return stacks.stack(f"""
Parameters:
  Given: {{Type: String}}
Conditions:
  Chosen: !Equals [!Ref Given, yes]
Resources:
  Repository: {{Type: AWS::ECR::Repository}}
  Job:
    Type: AWS::Batch::JobDefinition
    Properties:
      Type: container
{indent(dedent(properties).strip(chr(10)), " " * 6)}
{stacks.role(*(statements or (NOTHING,)))}
{indent(dedent(more).strip(chr(10)), "  ")}
""")


def rules(found: Stack) -> list[str]:
    return [it.rule for it in findings(found, "EW") if it.rule != "W9754"]


def test_on_fargate_the_execution_role_pulls_and_logs() -> None:
    """Logs go to Batch's own group where nothing else is said."""
    good = job(f"{ROLE}\n{OWN}", PULL, SEND)
    assert set(calls(good, LOGS)) == {
        ("logs:CreateLogStream", f"{HEAD}/aws/batch/job:log-stream:${{log stream}}"),
        ("logs:PutLogEvents", f"{HEAD}/aws/batch/job:log-stream:${{log stream}}"),
    }
    assert rules(good) == []
    bad = job(f"{ROLE}\n{OWN}")
    assert rules(bad) == ["E9742", "E9743"]
    messages = [it.message for it in findings(bad, "E")]
    assert "which the image of job definition 'Job' needs" in messages[0]
    assert "which the log delivery of job definition 'Job' needs" in messages[1]
    assert messages[0].startswith("execution role 'Role' may not ecr:GetAuthorizationToken")


@pytest.mark.parametrize(
    "on", ["[EC2]", "[FARGATE, EC2]", "!Ref AWS::NoValue", "[!Ref Given]", "[]"]
)
def test_elsewhere_images_and_logs_are_not_judged(on: str) -> None:
    """Which role pulls on an instance, the definition does not say: the summary counts it."""
    found = job(f"{ROLE}\n{OWN}", on=on)
    assert answers(found, IMAGE) == answers(found, LOGS) == {}
    assert rules(found) == []
    (unread,) = unread_resources(View(found))
    assert unread.why == "its jobs need not run on Fargate"
    assert unread_kinds(found) == ["AWS::Batch::JobDefinition"]


def test_a_job_on_fargate_is_judged() -> None:
    """So it is none of those that no source reads; a broken template is none of its own."""
    assert unread_kinds(job(f"{ROLE}\n{OWN}", PULL, SEND)) == []
    broken = stacks.stack("Resources: {J: {Type: AWS::Batch::JobDefinition, Properties: []}}")
    assert unread_kinds(broken) == ["AWS::Batch::JobDefinition"]


@pytest.mark.parametrize(
    ("logs", "group"),
    [
        ("{LogDriver: awslogs, Options: {awslogs-group: /shop}}", "/shop"),
        ("{LogDriver: awslogs, Options: {awslogs-stream-prefix: x}}", "/aws/batch/job"),
        ("{LogDriver: awslogs}", "/aws/batch/job"),
    ],
)
def test_logs_go_where_the_definition_says(logs: str, group: str) -> None:
    """Or to Batch's own group."""
    asked = calls(job(f"{ROLE}\nImage: x\nLogConfiguration: {logs}"), LOGS)
    assert [resource.partition(":log-stream:")[0] for _, resource in asked] == [
        f"{HEAD}{group}"
    ] * 2


@pytest.mark.parametrize("logs", ["{LogDriver: splunk}", "{LogDriver: !Ref Given}", "!Ref Given"])
def test_other_drivers_ask_nothing(logs: str) -> None:
    """Nor one that nobody knows."""
    assert calls(job(f"{ROLE}\nImage: x\nLogConfiguration: {logs}"), LOGS) == []


def test_a_group_that_the_driver_makes_may_be_there() -> None:
    """As with tasks of ECS."""
    options = "{awslogs-group: /shop, awslogs-create-group: 'true'}"
    found = job(
        f"{ROLE}\nImage: x\nLogConfiguration: {{LogDriver: awslogs, Options: {options}}}", SEND
    )
    assert answers(found, LOGS)["logs:CreateLogGroup"] == "UNDETERMINED"
    assert rules(found) == []


SECRETS = """
Image: x
Secrets: [{Name: S, ValueFrom: !Ref Secret}]
LogConfiguration: {LogDriver: splunk, SecretOptions: [{Name: token, ValueFrom: /app/token}]}
"""
SECRET_RESOURCE = "Secret: {Type: AWS::SecretsManager::Secret}"


@pytest.mark.parametrize("on", ["[FARGATE]", "[EC2]"])
def test_secrets_are_read_with_the_execution_role(on: str) -> None:
    """Wherever the job runs."""
    read = "{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Secret}"
    get = "{Effect: Allow, Action: ssm:GetParameters, Resource: '*'}"
    good = job(f"{ROLE}{SECRETS}", read, get, SEND, on=on, more=SECRET_RESOURCE)
    assert set(answers(good, SECRET).values()) == {"ALLOWED"}
    assert rules(good) == []
    bad = job(f"{ROLE}{SECRETS}", read, on=on, more=SECRET_RESOURCE)
    assert rules(bad) == ["E9741"]
    assert "the log option 'token' of job definition 'Job' needs" in findings(bad, "E")[0].message


def test_a_login_to_a_registry_is_a_secret() -> None:
    """And its image is pulled with it, not with the role."""
    login = "RepositoryCredentials: {CredentialsParameter: !Ref Secret}"
    found = job(f"{ROLE}\n{OWN}\n{login}", SEND, more=SECRET_RESOURCE)
    assert answers(found, IMAGE) == {}
    assert answers(found, REGISTRY) == {"secretsmanager:GetSecretValue": "IMPLICIT_DENY"}
    assert rules(found) == ["E9744"]


# --- a role that is missing -----------------------------------------------------------------------


def test_a_job_on_fargate_must_name_an_execution_role() -> None:
    """AWS says so; the stack's role that may do it all is the way out."""
    good = stacks.role(PULL, SEND, name="Fitting").replace(
        "    Properties:\n",
        "    Properties:\n      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: "
        "{Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}}\n",
        1,
    )
    (found,) = findings(job(OWN, more=dedent(good)), "E")
    assert (found.rule, found.message) == (
        "E9731",
        "job definition 'Job' has no ExecutionRoleArn, and Batch needs that role for the image of "
        "job definition 'Job'",
    )
    (edit,) = found.remedy.edits  # type: ignore[union-attr]
    assert edit.path == (
        "Resources",
        "Job",
        "Properties",
        "ContainerProperties",
        "ExecutionRoleArn",
    )
    (without,) = findings(job(OWN), "E")
    assert "add ExecutionRoleArn" in without.help


def test_secrets_need_an_execution_role_on_instances_too() -> None:
    """Nothing else does there."""
    assert rules(job(OWN, on="[EC2]")) == []
    assert rules(job(SECRETS, on="[EC2]", more=SECRET_RESOURCE)) == ["E9731"]


def test_a_condition_may_take_the_role_away() -> None:
    """Then the finding says when."""
    found = job(
        f"ExecutionRoleArn: !If [Chosen, !GetAtt Role.Arn, !Ref AWS::NoValue]\n{OWN}", PULL, SEND
    )
    assert [it.message.partition(", ")[0] for it in findings(found, "E")] == [
        "job definition 'Job' has no ExecutionRoleArn when Chosen is false"
    ]


# --- more than one container ----------------------------------------------------------------------

TASKS = """
PlatformCapabilities: [FARGATE]
EcsProperties:
  TaskProperties:
    - ExecutionRoleArn: !GetAtt Role.Arn
      Containers:
        - Name: main
          Image: !Sub '${Repository.RepositoryUri}:1'
          LogConfiguration: {LogDriver: awslogs}
        - {Name: side, Image: x, Secrets: [{Name: S, ValueFrom: /app/s}]}
"""
NODES = """
Type: multinode
NodeProperties:
  NodeRangeProperties:
    - TargetNodes: '0:1'
      Container:
        ExecutionRoleArn: !GetAtt Role.Arn
        Image: !Sub '${Repository.RepositoryUri}:1'
        Secrets: [{Name: S, ValueFrom: /app/s}]
"""


def test_each_container_of_a_task_is_judged() -> None:
    """By its own name; of one without a LogConfiguration no page says where its logs go."""
    subjects = {need.subject for need in Analysis(template(TASKS)).needs}
    assert subjects == {
        "image of container 'main' of job definition 'Job'",
        "log delivery of container 'main' of job definition 'Job'",
        "secret 'S' of container 'side' of job definition 'Job'",
    }


def test_nodes_run_on_instances() -> None:
    """Of them only the secrets are known to be read with the execution role."""
    found = template(NODES.replace("Type: multinode\n", ""))
    assert [need.subject for need in Analysis(found).needs] == [
        "secret 'S' of job definition 'Job'"
    ]


# --- EFS ------------------------------------------------------------------------------------------

MOUNT = """
Image: x
JobRoleArn: !GetAtt Role.Arn
ExecutionRoleArn: arn:aws:iam::111122223333:role/theirs
Volumes:
  - Name: data
    EfsVolumeConfiguration:
      FileSystemId: %s
      AuthorizationConfig: {Iam: %s}
"""
FILES = """
Files:
  Type: AWS::EFS::FileSystem
  Properties:
    FileSystemPolicy:
      Statement: {Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: %s}
Open: {Type: AWS::EFS::FileSystem}
"""
CLIENT = "elasticfilesystem:ClientMount"


@pytest.mark.parametrize(
    ("system", "iam", "action", "outcome"),
    [
        ("!Ref Files", "ENABLED", CLIENT, {CLIENT: "ALLOWED"}),
        ("!Ref Files", "ENABLED", "elasticfilesystem:ClientWrite", {CLIENT: "IMPLICIT_DENY"}),
        ("!Ref Files", "DISABLED", "elasticfilesystem:ClientWrite", {}),
        ("!Ref Open", "ENABLED", CLIENT, {}),
        ("fs-0123", "ENABLED", CLIENT, {CLIENT: "UNDETERMINED"}),
    ],
)
def test_a_file_system_with_a_policy_has_to_let_the_job_role_in(
    system: str, iam: str, action: str, outcome: dict[str, str]
) -> None:
    """One without lets everybody in, and of others nobody knows."""
    found = job(MOUNT % (system, iam), more=FILES % action)
    assert answers(found, EFS_MOUNT) == outcome
    denied = "IMPLICIT_DENY" in outcome.values()
    assert rules(found) == ["E9747"] * denied
    if denied:
        assert "job role 'Role'" in findings(found, "E")[0].message


def test_the_job_role_of_a_task_must_be_assumable() -> None:
    """Its trust policy is judged as that of a job of one container."""
    allow = "{Effect: Allow, Principal: {Service: ecs.amazonaws.com}, Action: sts:AssumeRole}"
    trust = f"{{Statement: {allow}}}"
    tasks = """
PlatformCapabilities: [EC2]
EcsProperties: {TaskProperties: [{TaskRoleArn: !GetAtt Other.Arn, Containers: [{Image: x}]}]}
"""
    other = f"Other: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {trust}}}}}"
    found = template(tasks, more=other)
    assert rules(found) == ["E9732"]
