"""Services of ECS Express Mode: what the roles of one must be allowed, as for any task."""

from __future__ import annotations

import pytest
from tests import stacks
from tests.needs.asked import findings, outcomes

from copilot_preflight.base.finding import Place
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.model.services import is_fargate
from copilot_preflight.model.tasks import task_definitions
from copilot_preflight.resolve.outside import Outside, Requirement
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View
from copilot_preflight.rollout.comparison import compare

ALLOWED, DENIED, OPEN = Outcome.ALLOWED, Outcome.IMPLICIT_DENY, Outcome.UNDETERMINED

POLICY = "service-role/AmazonECSInfrastructureRoleforExpressGatewayServices"
TASKS = "service-role/AmazonECSTaskExecutionRolePolicy"
TEMPLATE = """
Parameters:
  Given: {Type: String}
Conditions:
  Chosen: !Equals [!Ref Given, yes]
Resources:
  Web:
    Type: AWS::ECS::ExpressGatewayService
    Properties:
      %(execution)s
      InfrastructureRoleArn: !GetAtt Infrastructure.Arn
      %(more)s
  Repository: {Type: AWS::ECR::Repository}
  Secret: {Type: AWS::SecretsManager::Secret}
  Logs: {Type: AWS::Logs::LogGroup}
  Execution:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          {Effect: Allow, Principal: {Service: %(trusted)s}, Action: sts:AssumeRole}
      ManagedPolicyArns: [!Sub 'arn:${AWS::Partition}:iam::aws:policy/%(managed)s']
      Policies: %(policies)s
  Infrastructure:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ecs.amazonaws.com}, Action: sts:AssumeRole}
      ManagedPolicyArns: %(infrastructure)s
"""
CONTAINER = "PrimaryContainer: {Image: !Sub '${Repository.RepositoryUri}:1'%s}"
LOGS = ", AwsLogsConfiguration: {LogGroup: !Ref Logs, LogStreamPrefix: web}"
SECRETS = ", Secrets: [{Name: KEY, ValueFrom: !Ref Secret}]"
GRANT = "[{PolicyName: P, PolicyDocument: {Statement: {Effect: Allow, Action: %s, Resource: %s}}}]"


def stack(
    container: str = "",
    more: str = "",
    *,
    execution: str = "ExecutionRoleArn: !GetAtt Execution.Arn",
    managed: str = TASKS,
    policies: str = "[]",
    trusted: str = "ecs-tasks.amazonaws.com",
    infrastructure: str = f"['arn:aws:iam::aws:policy/{POLICY}']",
) -> Stack:
    text = TEMPLATE % {
        "execution": execution,
        "more": more or CONTAINER % container,
        "managed": managed,
        "policies": policies,
        "trusted": trusted,
        "infrastructure": infrastructure,
    }
    return stacks.stack(text)


def rules(found: Stack) -> list[str]:
    return sorted(finding.rule for finding in findings(found, "EW"))


@pytest.mark.parametrize(
    ("container", "policies"),
    [
        ("", "[]"),
        (LOGS, "[]"),
        (SECRETS, GRANT % ("secretsmanager:GetSecretValue", "!Ref Secret")),
        (", Environment: [{Name: STAGE, Value: test}]", "[]"),
    ],
)
def test_what_aws_writes_is_in_order(container: str, policies: str) -> None:
    """The managed policies of AWS's own pages, a secret with its grant."""
    found = stack(container, policies=policies)
    assert rules(found) == []
    assert set(outcomes(found).values()) == {ALLOWED}


def test_the_image_is_pulled_with_the_execution_role() -> None:
    """As that of a task definition."""
    assert rules(stack(LOGS, managed="CloudWatchLogsFullAccess")) == ["E9742"]


def test_it_logs_whatever_is_asked_for() -> None:
    """ECS makes a log group of its own for a service that names none."""
    for container in ("", LOGS):
        found = stack(container, managed="AmazonEC2ContainerRegistryPullOnly")
        assert rules(found) == ["E9743"]


def test_the_way_out_names_no_group_that_nobody_knows() -> None:
    """The group of ECS's own begins like those of all services."""
    found = stack(managed="AmazonEC2ContainerRegistryPullOnly")
    (finding,) = findings(found, "E")
    assert "log-group:/aws/ecs/*:*'" in finding.help


def test_streams_bear_the_name_of_the_container() -> None:
    """``Main``, as ECS calls it, behind the prefix."""
    streams = {
        str(it.call.resource).partition(":log-group:")[2]
        for container in ("", LOGS)
        for it in Analysis(stack(container)).decisions
        if it.call.action == "logs:PutLogEvents"
    }
    assert streams == {
        "/aws/ecs/${log group}:log-stream:ecs/Main/${task id}",
        "${Logs}:log-stream:web/Main/${task id}",
    }


def test_secrets_and_registries_are_read_with_the_execution_role() -> None:
    assert rules(stack(SECRETS)) == ["E9741"]
    credentials = ", RepositoryCredentials: {CredentialsParameter: !Ref Secret}"
    assert rules(stack(credentials)) == ["E9744"]


@pytest.mark.parametrize("trusted", ["ecs.amazonaws.com", "ec2.amazonaws.com"])
def test_tasks_must_be_able_to_assume_the_execution_role(trusted: str) -> None:
    assert rules(stack(trusted=trusted)) == ["E9732"]


def test_credentials_in_its_environment_hide_the_task_role() -> None:
    """W9735 as for a container of a task definition."""
    environment = ", Environment: [{Name: AWS_ACCESS_KEY_ID, Value: x}, %s]"
    found = stack(
        more=CONTAINER % (environment % "{Name: AWS_SECRET_ACCESS_KEY, Value: y}")
        + "\n      TaskRoleArn: !GetAtt Execution.Arn"
    )
    assert rules(found) == ["W9735"]


def test_a_missing_execution_role_is_told_of_the_service() -> None:
    """AWS asks for one: there is nothing else to pull with."""
    (finding,) = findings(stack(execution="Cpu: '256'"), "E")
    assert finding.rule == "E9731"
    assert finding.message.startswith("Express service 'Web' has no ExecutionRoleArn, ")


def test_a_task_definition_of_its_own_runs_on_fargate() -> None:
    """It brings container and roles, and the service is what runs it."""
    found = stack(
        execution="TaskDefinitionArn: !Ref Task",
        more="Cpu: '256'\n" + stacks.task("Image: !GetAtt Repository.RepositoryUri", "Family: web"),
    )
    (task,) = task_definitions(View(found))
    assert is_fargate(View(found), task) is True
    assert rules(found) == ["E9731"]


def test_a_given_task_definition_counts_in_the_place_of_a_container() -> None:
    """ECS takes one of the two; where a condition decides which, each is followed."""
    both = CONTAINER % "" + "\n      TaskDefinitionArn: !Ref Given"
    assert task_definitions(View(stack(more=both))) == ()
    either = (
        "PrimaryContainer: !If [Chosen, {Image: !GetAtt Repository.RepositoryUri}, "
        "!Ref AWS::NoValue]\n"
        "      TaskDefinitionArn: !If [Chosen, !Ref AWS::NoValue, !Ref Given]"
    )
    assert rules(stack(more=either, managed="CloudWatchLogsFullAccess")) == ["E9742"]


def test_a_required_call_is_asked_of_its_task_role() -> None:
    """What the configuration requires of tasks, it requires of these too."""
    told = Place("config.yml", ("require", 0))
    send = Requirement(told, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:orders")
    text = TEMPLATE % {
        "execution": "ExecutionRoleArn: !GetAtt Execution.Arn",
        "more": f"TaskRoleArn: !GetAtt Execution.Arn\n      {CONTAINER % ''}",
        "managed": TASKS,
        "policies": "[]",
        "trusted": "ecs-tasks.amazonaws.com",
        "infrastructure": f"['arn:aws:iam::aws:policy/{POLICY}']",
    }
    found = stacks.stack(text, run=Run(Outside(requirements=(send,))))
    assert outcomes(found)["sqs:SendMessage"] is DENIED


def test_a_comparison_leaves_its_revisions_out() -> None:
    """AWS does not say what it keeps of them."""
    before, after = stack(LOGS), stack(LOGS, managed="CloudWatchLogsFullAccess")
    assert list(compare(before, after).stranded) == []


def test_it_starts_a_task_as_soon_as_it_is_made() -> None:
    """So it has to wait for the policies that its execution role needs by then."""
    policy = """
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: p
      Roles: [!Ref Execution]
      PolicyDocument:
        Statement: {Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Secret}
"""
    text = CONTAINER % SECRETS
    found = stack(more=text + policy)
    assert rules(found) == ["W9783"]
    awaited = stack(more=text + "\n    DependsOn: Policy" + policy)
    assert rules(awaited) == []
    idle = text + "\n      ScalingTarget: {MinTaskCount: 0}"
    assert rules(stack(more=idle + policy)) == []


# --- the infrastructure role ----------------------------------------------------------------------

MADE = [
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:RegisterScalableTarget",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
    "logs:CreateLogGroup",
]


def made(found: Stack) -> dict[str, Outcome]:
    needs = (it for it in Analysis(found).decisions if it.call.need.user == "infrastructure")
    return {it.call.action: it.outcome for it in needs}


def test_an_infrastructure_role_without_policies_makes_nothing() -> None:
    """One finding for all, with AWS's policy as the way out."""
    found = stack(infrastructure="[]")
    assert made(found) == dict.fromkeys(sorted(made(found)), DENIED)
    assert sorted(made(found)) == MADE
    (finding,) = findings(found, "E")
    assert (finding.rule, finding.cause) == ("E9736", "no-grant")
    assert POLICY in finding.help


def test_a_log_group_that_is_named_is_not_made() -> None:
    assert sorted(made(stack(LOGS, infrastructure="[]"))) == MADE[:-1]


@pytest.mark.parametrize("policy", [POLICY, "AdministratorAccess", "PowerUserAccess"])
def test_policies_of_aws_that_grant_it(policy: str) -> None:
    """What AWS's policy for it asks of the tags is as good as certain, and allows the calls."""
    found = stack(infrastructure=f"['arn:aws:iam::aws:policy/{policy}']")
    assert set(made(found).values()) == {ALLOWED}


def test_what_one_service_of_aws_grants_is_not_enough() -> None:
    found = stack(infrastructure="['arn:aws:iam::aws:policy/ElasticLoadBalancingFullAccess']")
    assert {action for action, it in made(found).items() if it is DENIED} == {
        action for action in MADE if not action.startswith("elasticloadbalancing")
    }
    assert rules(found) == ["E9736"]


@pytest.mark.parametrize(
    ("resource", "outcome"),
    [
        ("'*'", ALLOWED),
        ("!Sub 'arn:${AWS::Partition}:*:${AWS::Region}:${AWS::AccountId}:*'", ALLOWED),
        ("!Sub 'arn:${AWS::Partition}:elasticloadbalancing:*:*:targetgroup/*/*'", ALLOWED),
        ("!Sub 'arn:${AWS::Partition}:elasticloadbalancing:*:*:targetgroup/ecs-*/*'", OPEN),
        ("!Sub 'arn:${AWS::Partition}:elasticloadbalancing:*:*:loadbalancer/*'", DENIED),
    ],
)
def test_names_that_ecs_makes_up_are_not_known(resource: str, outcome: Outcome) -> None:
    """A grant on some names may or may not be enough."""
    action = "'elasticloadbalancing:CreateTargetGroup'"
    grant = f"[]\n      Policies: {GRANT % (action, resource)}"
    assert made(stack(infrastructure=grant))["elasticloadbalancing:CreateTargetGroup"] is outcome


def test_a_policy_that_nobody_has_seen_may_grant_it() -> None:
    found = stack(infrastructure="['arn:aws:iam::111122223333:policy/express']")
    assert set(made(found).values()) == {OPEN}
    assert rules(found) == []


TLS = """
Resources:
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: web
      ServiceConnectConfiguration:
        Enabled: true
        Services:
          - PortName: api
            Tls:
              RoleArn: !GetAtt Role.Arn
              IssuerCertificateAuthority:
                AwsPcaAuthorityArn: %s
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: %s
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ecs.amazonaws.com}, Action: sts:AssumeRole}
"""
TLS_POLICY = "service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity"
AUTHORITY = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/a"


@pytest.mark.parametrize(
    ("policies", "secret", "certificate"),
    [
        (f"['arn:aws:iam::aws:policy/{TLS_POLICY}']", ALLOWED, OPEN),
        ("['arn:aws:iam::aws:policy/AWSPrivateCAFullAccess']", DENIED, ALLOWED),
        ("['arn:aws:iam::aws:policy/SecretsManagerReadWrite']", ALLOWED, DENIED),
        ("[]", DENIED, DENIED),
    ],
)
def test_tls_takes_a_certificate_and_a_secret(
    policies: str, secret: Outcome, certificate: Outcome
) -> None:
    """Of AWS's policy it depends on the tag of the authority, which is outside the run."""
    found = stacks.stack(TLS % (AUTHORITY, policies))
    assert made(found) == {
        "secretsmanager:CreateSecret": secret,
        "acm-pca:IssueCertificate": certificate,
    }
    denied = DENIED in (secret, certificate)
    assert rules(found) == (["E9736"] if denied else [])


# --- Managed Instances ----------------------------------------------------------------------------

INSTANCES = """
Parameters:
  Given: {Type: String}
Resources:
  Provider:
    Type: AWS::ECS::CapacityProvider
    Properties:
      ClusterName: default
      ManagedInstancesProvider:
        InfrastructureRoleArn: !GetAtt Infrastructure.Arn
        InstanceLaunchTemplate: {Ec2InstanceProfileArn: %(profile)s}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Instance]}}
  Instance:
    Type: AWS::IAM::Role
    Properties:
      %(name)s
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}
  Infrastructure:
    Type: AWS::IAM::Role
    Properties:
      %(policies)s
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ecs.amazonaws.com}, Action: sts:AssumeRole}
"""
ANY = "'*'"
ANOTHER = "'arn:*:iam::*:role/other'"
OF_AWS = (
    "ManagedPolicyArns: "
    "['arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances']"
)


def instances(
    name: str = "RoleName: shop", policies: str = OF_AWS, profile: str = "!GetAtt Profile.Arn"
) -> Stack:
    return stacks.stack(INSTANCES % {"name": name, "policies": policies, "profile": profile})


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("RoleName: ecsInstanceRole", ALLOWED),
        ("RoleName: !Sub 'ecsInstanceRole-${Given}'", ALLOWED),
        ("RoleName: shop-instances", DENIED),
        ("{RoleName: ecsInstanceRole, Path: /shop/}", DENIED),
        ("Path: /", OPEN),
        ("RoleName: !Ref Given", OPEN),
    ],
)
def test_awss_policy_passes_roles_of_one_name_alone(name: str, outcome: Outcome) -> None:
    """A name that CloudFormation makes up begins with that of the stack, which no file tells."""
    lines = name.strip("{}").replace(", ", "\n      ")
    found = instances(lines)
    assert made(found) == {"iam:PassRole": outcome}
    assert rules(found) == (["E9736"] if outcome is DENIED else [])


@pytest.mark.parametrize(
    ("policies", "outcome"),
    [
        (f"Policies: {GRANT % ('iam:PassRole', '!GetAtt Instance.Arn')}", ALLOWED),
        (f"Policies: {GRANT % ('iam:PassRole', ANOTHER)}", DENIED),
        (f"Policies: {GRANT % ('ec2:CreateFleet', ANY)}", DENIED),
        ("ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']", ALLOWED),
    ],
)
def test_a_grant_of_the_role_itself_serves(policies: str, outcome: Outcome) -> None:
    assert made(instances(policies=policies)) == {"iam:PassRole": outcome}


@pytest.mark.parametrize("profile", ["!Ref Given", "arn:aws:iam::1:instance-profile/other"])
def test_an_instance_profile_outside_the_run_asks_for_nothing(profile: str) -> None:
    assert made(instances(profile=profile)) == {}


def test_a_template_with_several_of_them_is_read_once() -> None:
    """An Express service next to a capacity provider: each call is decided once."""
    provider = INSTANCES.partition("Resources:")[2] % {
        "name": "RoleName: shop",
        "policies": OF_AWS,
        "profile": "!GetAtt Profile.Arn",
    }
    renamed = provider.replace("Infrastructure.Arn", "Second.Arn").replace(
        "\n  Infrastructure:\n", "\n  Second:\n"
    )
    found = stack(more=CONTAINER % LOGS + "\n" + renamed)
    actions = [it.call.action for it in Analysis(found).decisions]
    assert len(actions) == len(set(actions)) > len(MADE)
