"""EFS volumes with IAM turned on: who may mount them, and where nobody is kept out."""

from __future__ import annotations

import pytest
from tests import stacks
from tests.needs.asked import findings, outcomes

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.edits.edit import Help
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.lsp.lenses import lenses
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.rollout.comparison import compare

ALLOWED, DENIED, OPEN = Outcome.ALLOWED, Outcome.IMPLICIT_DENY, Outcome.UNDETERMINED
MOUNT, WRITE = "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"

TASK = stacks.task(
    "MountPoints: [{SourceVolume: data, ContainerPath: /data, ReadOnly: %(readonly)s}]",
    """
    %(role)s
    Volumes:
      - Name: data
        EFSVolumeConfiguration:
          FilesystemId: %(id)s
          TransitEncryption: %(tls)s
          AuthorizationConfig: {IAM: %(iam)s%(point)s}
    """,
)
TEMPLATE = f"""
Parameters:
  Iam: {{Type: String}}
  Choice: {{Type: String, AllowedValues: [ENABLED, DISABLED]}}
Conditions:
  IsProd: !Equals [!Ref AWS::Region, eu-west-1]
Resources:
{TASK}
  Files:
    Type: AWS::EFS::FileSystem
    Properties:
      Encrypted: true
      %(policy)s
  Point: {{Type: AWS::EFS::AccessPoint, Properties: {{FileSystemId: !Ref Files}}}}
{stacks.role("%(statement)s")}
%(resources)s
"""
NOTHING = "{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}"


def policy(*statements: str) -> str:
    return f"FileSystemPolicy: {{Statement: [{', '.join(statements)}]}}"


def everybody(actions: str, rest: str = "") -> str:
    return f"{{Effect: Allow, Principal: {{AWS: '*'}}, Action: {actions}{rest}}}"


VIA_TARGET = ", Condition: {Bool: {'elasticfilesystem:AccessedViaMountTarget': 'true'}}"
CDK = policy(
    everybody("['elasticfilesystem:ClientWrite', 'elasticfilesystem:ClientRootAccess']", VIA_TARGET)
)
"""What the CDK writes: anonymous clients may not mount, whom IAM lets in may write."""


def stack(
    statement: str = NOTHING,
    policy: str = CDK,
    *,
    id: str = "!Ref Files",
    iam: str = "ENABLED",
    tls: str = "ENABLED",
    point: str = "",
    role: str = "TaskRoleArn: !GetAtt Role.Arn",
    readonly: str = "false",
    resources: str = "",
) -> Stack:
    text = TEMPLATE % {
        "statement": statement,
        "policy": policy,
        "id": id,
        "iam": iam,
        "tls": tls,
        "point": point,
        "role": role,
        "readonly": readonly,
        "resources": resources,
    }
    return stacks.stack(text)


def grant(resource: str, actions: str = MOUNT, rest: str = "") -> str:
    return f"{{Effect: Allow, Action: [{actions}], Resource: {resource}{rest}}}"


def told(found: Stack) -> list[Finding]:
    return findings(found, "E")


def rules(found: Stack) -> list[tuple[str, str]]:
    return [(finding.rule, finding.cause) for finding in told(found)]


def test_a_policy_that_grants_no_mount_leaves_it_to_the_role() -> None:
    """The role may not mount; writing, which the policy grants to all, would be allowed."""
    found = stack()
    assert outcomes(found) == {MOUNT: DENIED, WRITE: ALLOWED}
    (finding,) = told(found)
    assert finding.rule == "E9747"
    assert finding.help == (
        "grant it in a policy of 'Role':\n"
        "- Effect: Allow\n"
        "  Action: elasticfilesystem:ClientMount\n"
        "  Resource:\n"
        "    - !Sub 'arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:"
        "file-system/${Files}'"
    )


def test_no_policy_keeps_nobody_out() -> None:
    """AWS's default policy does not ask for IAM: no call is decided by the role."""
    found = stack(policy="ThroughputMode: elastic")
    assert outcomes(found) == {}
    assert rules(found) == []


@pytest.mark.parametrize(
    "resource",
    [
        "!GetAtt Files.Arn",
        "'*'",
        "!Sub 'arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:"
        "file-system/${Files}'",
    ],
)
def test_a_grant_of_the_role_is_enough(resource: str) -> None:
    """The permission is needed in one of the two policies only."""
    assert outcomes(stack(grant(resource)))[MOUNT] is ALLOWED


@pytest.mark.parametrize(
    "statement",
    [
        everybody("'elasticfilesystem:Client*'"),
        everybody("'elasticfilesystem:ClientMount'", VIA_TARGET),
        "{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: 'elasticfilesystem:*', "
        "Resource: '*'}",
    ],
)
def test_a_grant_of_the_policy_is_enough(statement: str) -> None:
    """The file system lets the role in."""
    assert outcomes(stack(policy=policy(statement)))[MOUNT] is ALLOWED


def test_the_account_only_delegates() -> None:
    """The root principal leaves the decision to IAM."""
    root = "{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}"
    statement = f"{{Effect: Allow, Principal: {root}, Action: 'elasticfilesystem:*'}}"
    assert outcomes(stack(policy=policy(statement)))[MOUNT] is DENIED


INSECURE = (
    "{Effect: Deny, Principal: {AWS: '*'}, Action: '*', "
    "Condition: {Bool: {'aws:SecureTransport': 'false'}}}"
)


def test_the_usual_deny_is_harmless() -> None:
    """What keeps out unencrypted clients does not keep out ECS."""
    found = stack(grant("'*'"), policy(INSECURE))
    assert outcomes(found)[MOUNT] is ALLOWED


def test_a_deny_of_the_policy_is_told() -> None:
    """No grant of the role helps against it."""
    deny = "{Effect: Deny, Principal: {AWS: '*'}, Action: 'elasticfilesystem:*'}"
    found = stack(grant("'*'"), policy(deny))
    assert rules(found) == [("E9747", "resource-policy")]


def test_write_is_asked_of_those_who_write() -> None:
    """A volume that all mount for reading needs no more; missing ClientWrite is no denied mount."""
    assert WRITE not in outcomes(stack(readonly="true"))
    found = stack(grant("'*'"), policy(INSECURE))
    assert outcomes(found) == {MOUNT: ALLOWED, WRITE: DENIED}
    assert rules(found) == []


def test_the_way_out_grants_writing_too_where_it_is_needed() -> None:
    """One statement for both."""
    (finding,) = told(stack(policy=policy(INSECURE)))
    assert f"    - {MOUNT}\n    - {WRITE}\n" in finding.help


@pytest.mark.parametrize("id", ["!Ref Files", "!GetAtt Files.FileSystemId"])
def test_the_file_system_is_known_by_its_id(id: str) -> None:
    """``Ref`` and the attribute are the same."""
    assert outcomes(stack(id=id))[MOUNT] is DENIED


# --- without IAM ----------------------------------------------------------------------------------


def mounts(found: Stack) -> dict[str, Outcome]:
    return {action: it for action, it in outcomes(found).items() if action == MOUNT}


@pytest.mark.parametrize("iam", ["DISABLED", "!Ref AWS::NoValue"])
def test_without_iam_the_role_is_not_asked(iam: str) -> None:
    """The CDK's policy lets no client mount that has no credentials, whatever the role may do."""
    found = stack(grant("'*'"), iam=iam)
    assert outcomes(found) == {MOUNT: DENIED, WRITE: ALLOWED}
    (finding,) = told(found)
    assert (finding.rule, finding.cause) == ("E9747", "resource-policy")
    assert "IAM is not ENABLED" in finding.message
    assert finding.help == (
        "set IAM under AuthorizationConfig to ENABLED: the task role 'Role' may mount it"
    )


@pytest.mark.parametrize("iam", ["DISABLED", "!Ref AWS::NoValue"])
@pytest.mark.parametrize(
    "policy",
    [
        "ThroughputMode: elastic",
        "FileSystemPolicy: !Ref AWS::NoValue",
        "FileSystemPolicy: {}",
        "FileSystemPolicy: {Statement: []}",
    ],
)
def test_without_iam_and_without_a_policy_all_is_well(iam: str, policy: str) -> None:
    """AWS's default policy lets in every client that reaches a mount target."""
    found = stack(policy=policy, iam=iam)
    assert outcomes(found) == {}
    assert rules(found) == []


@pytest.mark.parametrize(
    "statement",
    [
        everybody("'elasticfilesystem:Client*'"),
        everybody("'elasticfilesystem:ClientMount'", VIA_TARGET),
        "{Effect: Allow, Principal: '*', Action: '*'}",
    ],
)
def test_a_policy_for_everybody_takes_clients_without_credentials(statement: str) -> None:
    """So does the CDK's with ``allowAnonymousAccess``, and the statement that it writes then."""
    found = stack(policy=policy(statement, INSECURE), iam="DISABLED")
    assert mounts(found) == {MOUNT: ALLOWED}
    assert rules(found) == []


@pytest.mark.parametrize(
    "principal",
    [
        "{AWS: !GetAtt Role.Arn}",
        "{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}",
        "{AWS: !Ref AWS::AccountId}",
        "{Service: ecs-tasks.amazonaws.com}",
        "{AWS: '111122223333'}",
    ],
)
def test_no_other_principal_is_anonymous(principal: str) -> None:
    """Neither a role nor its account nor a service: only the asterisk takes in anybody."""
    statement = f"{{Effect: Allow, Principal: {principal}, Action: 'elasticfilesystem:*'}}"
    assert mounts(stack(policy=policy(statement), iam="DISABLED")) == {MOUNT: DENIED}


@pytest.mark.parametrize(
    "policy", ["!Ref Iam", "{Statement: !Ref Iam}", "{'Fn::Transform': {Name: 'AWS::Include'}}"]
)
def test_a_policy_that_cannot_be_read_proves_nothing(policy: str) -> None:
    """It may well let in everybody."""
    found = stack(policy=f"FileSystemPolicy: {policy}", iam="DISABLED")
    assert mounts(found) == {MOUNT: OPEN}


def test_a_principal_that_is_not_known_may_be_everybody() -> None:
    """A parameter may hold the asterisk."""
    statement = "{Effect: Allow, Principal: {AWS: !Ref Iam}, Action: 'elasticfilesystem:*'}"
    assert mounts(stack(policy=policy(statement), iam="DISABLED")) == {MOUNT: OPEN}


PLAIN = everybody("'elasticfilesystem:Client*'"), INSECURE


@pytest.mark.parametrize("tls", ["DISABLED", "!Ref AWS::NoValue"])
def test_a_policy_that_asks_for_tls_gets_it(tls: str) -> None:
    """ECS mounts without TLS unless it is told to."""
    found = stack(policy=policy(*PLAIN), iam="DISABLED", tls=tls)
    assert mounts(found) == {MOUNT: Outcome.EXPLICIT_DENY}
    (finding,) = told(found)
    assert finding.help == "set TransitEncryption to ENABLED"
    assert "over TLS only" in finding.message


def test_tls_that_is_not_known_proves_nothing() -> None:
    """A parameter may turn it on."""
    found = stack(policy=policy(*PLAIN), iam="DISABLED", tls="!Ref Iam")
    assert mounts(found) == {MOUNT: OPEN}
    assert rules(found) == []


@pytest.mark.parametrize(
    "condition",
    [
        "StringEquals: {'aws:PrincipalOrgID': o-1}",
        "IpAddress: {'aws:SourceIp': 203.0.113.0/24}",
        "StringEquals: {'aws:SourceVpc': vpc-1}",
    ],
)
def test_keys_that_efs_does_not_send_prove_nothing(condition: str) -> None:
    """AWS names four keys for clients, and says of the others that they are not enforced."""
    rest = f", Condition: {{{condition}}}"
    found = stack(policy=policy(everybody("'elasticfilesystem:*'", rest)), iam="DISABLED")
    assert mounts(found) == {MOUNT: OPEN}


def test_a_policy_may_ask_anybody_for_the_access_point() -> None:
    """The access point is known without IAM too."""
    rest = ACCESS_POINT % "!GetAtt Point.Arn"
    said = policy(everybody("'elasticfilesystem:*'", rest))
    found = stack(policy=said, iam="DISABLED", point=", AccessPointId: !Ref Point")
    assert mounts(found) == {MOUNT: ALLOWED}
    assert mounts(stack(policy=said, iam="DISABLED")) == {MOUNT: DENIED}


def test_iam_under_a_condition_is_followed() -> None:
    """The volume is mounted without credentials where the condition turns IAM off."""
    iam = "!If [IsProd, ENABLED, !Ref AWS::NoValue]"
    found = stack(grant("'*'"), iam=iam)
    assert [it.message.partition(" when ")[2] for it in told(found)] == ["IsProd is false"]
    assert mounts(stack(grant("'*'"), policy(PLAIN[0]), iam=iam)) == {MOUNT: ALLOWED}


def test_iam_by_a_parameter_proves_nothing() -> None:
    """It may be turned on, for a role that may mount."""
    assert mounts(stack(grant("'*'"), iam="!Ref Iam")) == {MOUNT: OPEN}
    assert mounts(stack(grant("'*'"), iam="!Ref Choice")) == {MOUNT: OPEN}


def test_iam_by_a_parameter_is_decided_where_all_its_values_are() -> None:
    """Neither the role nor anybody else may mount."""
    assert mounts(stack(iam="!Ref Choice")) == {MOUNT: DENIED}


def test_without_iam_writing_is_no_part_of_the_mount() -> None:
    """What may be mounted and not written is mounted."""
    found = stack(policy=policy(everybody("'elasticfilesystem:ClientMount'")), iam="DISABLED")
    assert outcomes(found) == {MOUNT: ALLOWED, WRITE: DENIED}
    assert rules(found) == []


def test_whom_the_policy_denies_by_not_principal() -> None:
    """A client without credentials is none of those that are listed."""
    deny = "{Effect: Deny, NotPrincipal: {AWS: !GetAtt Role.Arn}, Action: 'elasticfilesystem:*'}"
    found = stack(policy=policy(PLAIN[0], deny), iam="DISABLED")
    assert mounts(found) == {MOUNT: Outcome.EXPLICIT_DENY}


def test_no_role_stands_behind_such_a_mount() -> None:
    """Neither above a task in an editor, nor in a comparison of releases, nor in a proof."""
    found = stack(grant("'*'"), iam="DISABLED")
    analysis = Analysis(found)
    assert [it for _, it in lenses(analysis)] == ["anonymous client: 1 call allowed, 1 denied"]
    assert {it.call.who for it in analysis.decisions} == {"an anonymous client"}
    assert (
        list(compare(stack(grant("'*'"), iam="DISABLED", policy="Tags: []"), found).stranded) == []
    )


def test_without_iam_no_role_is_missing() -> None:
    """On Fargate too: there is no role to mount with, and none is asked for."""
    found = stack(role="Family: web", iam="DISABLED", resources=FARGATE % "FARGATE")
    assert rules(found) == [("E9747", "resource-policy")]
    found = stack(policy="ThroughputMode: elastic", role="Family: web", iam="DISABLED")
    assert rules(found) == []


def test_the_way_out_is_iam_and_what_the_role_lacks() -> None:
    """All of it together: IAM without the grant would be denied as well."""
    (finding,) = told(stack(iam="DISABLED", policy=policy(INSECURE)))
    assert finding.help.startswith(
        "set IAM under AuthorizationConfig to ENABLED, and grant the task role 'Role':\n"
    )
    assert f"    - {MOUNT}\n    - {WRITE}\n" in finding.help
    (finding,) = told(stack(iam="DISABLED", role="Family: web"))
    assert isinstance(finding.remedy, Help)
    assert finding.remedy.no_fix == "the task has no role to mount the volume with"


@pytest.mark.parametrize("iam", ["ENABLED", "DISABLED"])
@pytest.mark.parametrize("id", ["fs-12345678", "!ImportValue files", "!Ref Iam"])
def test_a_file_system_outside_the_run_proves_nothing(id: str, iam: str) -> None:
    """Its policy may grant the mount, or there may be none."""
    assert outcomes(stack(id=id, iam=iam))[MOUNT] is OPEN


def test_a_policy_under_a_condition_is_followed() -> None:
    """It denies where it is there."""
    found = stack(
        policy=CDK.replace("FileSystemPolicy: ", "FileSystemPolicy: !If [IsProd, ", 1)
        + ", !Ref AWS::NoValue]"
    )
    assert rules(found) == [("E9747", "no-grant")]


ACCESS_POINT = ", Condition: {StringEquals: {'elasticfilesystem:AccessPointArn': %s}}"


def test_a_grant_may_ask_for_the_access_point() -> None:
    """The access point of the volume is known to the policies."""
    statement = grant("'*'", rest=ACCESS_POINT % "!GetAtt Point.Arn")
    for point in ("!Ref Point", "!GetAtt Point.AccessPointId"):
        assert outcomes(stack(statement, point=f", AccessPointId: {point}"))[MOUNT] is ALLOWED
    assert outcomes(stack(statement))[MOUNT] is DENIED


FARGATE = """
  Service: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task, LaunchType: %s}}
"""


def test_fargate_has_no_other_role_to_mount_with() -> None:
    """On Fargate the task role is missing; on an instance there may be other credentials."""
    found = stack(role="Family: web", resources=FARGATE % "FARGATE")
    assert rules(found) == [("E9734", "no-task-role")]
    assert rules(stack(role="Family: web", resources=FARGATE % "EC2")) == []
    assert rules(stack(role="Family: web")) == []


def test_no_endpoint_is_in_the_way() -> None:
    """NFS goes to the mount targets; the endpoint of EFS is for its API."""
    endpoint = """
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      ServiceName: !Sub 'com.amazonaws.${AWS::Region}.elasticfilesystem'
      VpcEndpointType: Interface
      PrivateDnsEnabled: true
      VpcId: vpc-1
      SubnetIds: [subnet-1]
      PolicyDocument: {Statement: {Effect: Allow, Principal: '*', Action: s3:Get*, Resource: '*'}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1]}}
"""
    found = stack(grant("'*'"), resources=endpoint)
    assert outcomes(found)[MOUNT] is ALLOWED
    assert rules(found) == []
