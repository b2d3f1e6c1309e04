"""What sending logs takes: which streams of which group, and which grants reach them."""

from __future__ import annotations

from textwrap import indent

import pytest
from tests import stacks
from tests.needs.asked import findings, outcomes

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.resolve.stack import Stack

ALLOWED, DENIED, OPEN = Outcome.ALLOWED, Outcome.IMPLICIT_DENY, Outcome.UNDETERMINED
CREATE, PUT, GROUP = "logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup"
HEAD = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group"

GRANT = "{Effect: Allow, Action: %(actions)s, Resource: %(resource)s}"
TEMPLATE = f"""
Parameters:
  Given: {{Type: String}}
  Region: {{Type: String}}
Conditions:
  Chosen: !Equals [!Ref Given, yes]
Resources:
  Cluster: {{Type: AWS::ECS::Cluster}}
{stacks.task("LogConfiguration: %(logs)s", "%(role)s")}
{stacks.role(GRANT, name="ExecutionRole", policy="logs")}
  Logs: {{Type: AWS::Logs::LogGroup}}
  Named:
    Type: AWS::Logs::LogGroup
    Properties: {{LogGroupName: !Sub '/ecs/${{AWS::StackName}}'}}
%(more)s
"""
OWN_ROLE, NO_ROLE = "ExecutionRoleArn: !GetAtt ExecutionRole.Arn", "Family: web"
FARGATE = """
Service:
  Type: AWS::ECS::Service
  Properties: {Cluster: !Ref Cluster, LaunchType: FARGATE, TaskDefinition: !Ref Task}
"""


def awslogs(group: str, region: str = "!Ref AWS::Region", more: str = "") -> str:
    return f"""
            LogDriver: awslogs
            Options:
              awslogs-group: {group}
              awslogs-region: {region}
              awslogs-stream-prefix: shop
              {more}"""


def stack(
    logs: str,
    resource: str = "'*'",
    actions: str = f"[{CREATE}, {PUT}]",
    role: str = OWN_ROLE,
    more: str = "",
) -> Stack:
    fills = {"logs": logs, "resource": resource, "actions": actions, "role": role}
    text = TEMPLATE % {**fills, "more": indent(more, "  ")}
    return stacks.stack(text)


def errors(found: Stack) -> list[str]:
    return [f"{it.rule} {it.message}" for it in findings(found) if it.rule[0] == "E"]


# --- what is asked for ----------------------------------------------------------------------------


def test_a_stream_is_named_after_prefix_container_and_task() -> None:
    asked = {d.call.action: str(d.call.resource) for d in Analysis(stack(awslogs("/g"))).decisions}
    stream = f"{HEAD}:/g:log-stream:shop/web/${{task id}}"
    assert asked == {CREATE: stream, PUT: stream}


def test_without_a_prefix_nothing_is_known_of_the_stream() -> None:
    logs = "{LogDriver: awslogs, Options: {awslogs-group: /g, awslogs-region: eu-west-1}}"
    (found, _) = Analysis(stack(logs)).decisions
    assert str(found.call.resource).endswith(
        ":eu-west-1:${AWS::AccountId}:log-group:/g:log-stream:${log stream}"
    )


@pytest.mark.parametrize(
    "logs",
    [
        "{LogDriver: awsfirelens, Options: {Name: cloudwatch, log_group_name: /g}}",
        "{LogDriver: json-file}",
        "{LogDriver: !Ref Given, Options: {awslogs-group: /g}}",
        "{LogDriver: awslogs}",
        "{LogDriver: awslogs, Options: {awslogs-group: !GetAtt Logs.Arn}}",
        "!Ref AWS::NoValue",
    ],
)
def test_nothing_is_asked_for_other_drivers_or_without_a_group(logs: str) -> None:
    assert outcomes(stack(logs, actions="s3:ListAllMyBuckets")) == {}


# --- grants ---------------------------------------------------------------------------------------

USED = [
    "'*'",
    "arn:aws:logs:*:*:*",
    "!Sub 'arn:${AWS::Partition}:logs:*:*:*'",
    "'arn:*:logs:*:*:log-group:*'",
    f"!Sub '{HEAD}:*'",
    f"!Sub '{HEAD}:*:*'",
    f"!Sub '{HEAD}:*:log-stream:*'",
]


@pytest.mark.parametrize("group", ["!Ref Logs", "!Ref Named", "/ecs/web", "!Ref Given"])
@pytest.mark.parametrize("resource", USED)
def test_grants_on_all_groups_serve(group: str, resource: str) -> None:
    outcome = OPEN if resource == "arn:aws:logs:*:*:*" else ALLOWED  # in another partition?
    assert outcomes(stack(awslogs(group), resource)) == {CREATE: outcome, PUT: outcome}


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("!Ref Logs", "${Logs}"),
        ("!Ref Named", "${Named}"),
        ("!Ref Named", "/ecs/${AWS::StackName}"),
        ("!Sub '/ecs/${AWS::StackName}'", "${Named}"),
        ("/ecs/web", "/ecs/web"),
        ("!Ref Given", "${Given}"),
        ("!Sub '/ecs/${Given}'", "/ecs/${Given}"),
    ],
)
@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (":*", ALLOWED),
        ("*", ALLOWED),
        (":log-stream:*", ALLOWED),
        (":log-stream:shop/*", ALLOWED),
        (":log-stream:shop/web/*", ALLOWED),
        ("", DENIED),
        ("/*", DENIED),
        (":log-stream", DENIED),
        (":log-stream:other/*", DENIED),
        (":log-stream:shop/web", DENIED),
    ],
)
def test_a_grant_reaches_beyond_the_name_of_the_group(
    group: str, name: str, end: str, outcome: Outcome
) -> None:
    found = outcomes(stack(awslogs(group), f"!Sub '{HEAD}:{name}{end}'"))
    if end in ("", "/*") and "Given" in name:
        outcome = OPEN  # in a policy, what is given may end in a wildcard
    assert found == {CREATE: outcome, PUT: outcome}


def test_what_the_attribute_of_a_group_returns_serves() -> None:
    assert set(outcomes(stack(awslogs("!Ref Logs"), "!GetAtt Logs.Arn")).values()) == {ALLOWED}
    assert set(outcomes(stack(awslogs("!Ref Logs"), "!GetAtt Named.Arn")).values()) == {DENIED}


@pytest.mark.parametrize(
    ("region", "granted", "outcome"),
    [
        ("eu-west-1", "eu-west-1", ALLOWED),
        ("eu-west-1", "us-east-1", DENIED),
        ("eu-west-1", "${AWS::Region}", OPEN),
        ("!Ref Region", "${Region}", ALLOWED),
        ("!Ref Region", "${AWS::Region}", OPEN),
    ],
)
def test_the_region_is_that_of_the_option(region: str, granted: str, outcome: Outcome) -> None:
    arn = f"!Sub 'arn:${{AWS::Partition}}:logs:{granted}:${{AWS::AccountId}}:log-group:/g:*'"
    assert set(outcomes(stack(awslogs("/g", region), arn)).values()) == {outcome}


def test_one_finding_lists_both_calls() -> None:
    (found,) = findings(stack(awslogs("/g"), actions="s3:ListAllMyBuckets"))
    stream = f"{HEAD}:/g:log-stream:shop/web/${{task id}}"
    assert (found.rule, found.cause) == ("E9743", "no-grant")
    assert found.message == (
        f"execution role 'ExecutionRole' may not {CREATE} and {PUT} on '{stream}', which the log "
        "delivery of container 'web' needs: no statement of the role grants it"
    )
    assert found.help == (
        "attach !Sub 'arn:${AWS::Partition}:iam::aws:policy/service-role/"
        "AmazonECSTaskExecutionRolePolicy', or grant it in a policy of 'ExecutionRole':\n"
        f"- Effect: Allow\n  Action: [{CREATE}, {PUT}]\n  Resource:\n    - !Sub '{HEAD}:/g:*'"
    )


def test_half_of_the_calls_is_not_enough() -> None:
    (found,) = errors(stack(awslogs("/g"), actions=CREATE))
    assert f"may not {PUT} on" in found
    assert CREATE not in found.partition(":")[0]


@pytest.mark.parametrize("partition", ["${AWS::Partition}", "aws"])
def test_a_grant_on_the_group_alone_is_told_once(partition: str) -> None:
    arn = f"arn:{partition}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{Logs}}"
    (found,) = findings(stack(awslogs("!Ref Logs"), f"!Sub '{arn}'"))
    assert found.rule == "E9743"
    assert found.message.endswith(f"the grant '{arn}' names the log group and none of its streams")
    assert found.help == f"name the group's streams: !Sub '{arn}:*'"


# --- groups that the driver makes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "more", "asked"),
    [
        ("/g", "awslogs-create-group: true", True),
        ("/g", "awslogs-create-group: 'true'", True),
        ("/g", "awslogs-create-group: 'false'", False),
        ("/g", "", False),
        ("!Ref Logs", "awslogs-create-group: true", False),
        ("!Sub '/ecs/${AWS::StackName}'", "awslogs-create-group: true", False),
    ],
)
def test_whether_a_group_must_be_made_depends_on_whether_it_is_there(
    group: str, more: str, asked: bool
) -> None:
    found = stack(awslogs(group, more=more), f"!Sub '{HEAD}:*'")
    assert outcomes(found).get(GROUP) is (OPEN if asked else None)
    assert errors(found) == []
    granted = stack(awslogs(group, more=more), actions="logs:*")
    assert outcomes(granted).get(GROUP) is (ALLOWED if asked else None)


# --- which role -----------------------------------------------------------------------------------


def test_fargate_without_an_execution_role_cannot_log() -> None:
    assert errors(stack(awslogs("!Ref Logs"), role=NO_ROLE, more=FARGATE)) == [
        "E9731 task definition 'Task' has no ExecutionRoleArn, and ECS needs that role for the "
        "log delivery of container 'web'"
    ]


@pytest.mark.parametrize("more", ["", FARGATE.replace("FARGATE", "EC2")])
def test_elsewhere_a_missing_role_proves_nothing(more: str) -> None:
    found = stack(awslogs("/g"), actions="s3:ListAllMyBuckets", role=NO_ROLE, more=more)
    assert errors(found) == []


def test_a_role_that_a_condition_chooses_is_looked_at_in_both_cases() -> None:
    role = "ExecutionRoleArn: !If [Chosen, !GetAtt ExecutionRole.Arn, !Ref AWS::NoValue]"
    (found,) = errors(stack(awslogs("/g"), role=role, more=FARGATE))
    assert found.startswith("E9731")
    assert "when Chosen is false" in found


# --- where no execution role is -------------------------------------------------------------------

CAPACITY = """
Provider:
  Type: AWS::ECS::CapacityProvider
  Properties: {Name: ours, ManagedInstancesProvider: {InfrastructureRoleArn: x}}
Service:
  Type: AWS::ECS::Service
  Properties:
    Cluster: !Ref Cluster
    CapacityProviderStrategy: [{CapacityProvider: !Ref Provider}]
    TaskDefinition: !Ref Task
"""


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        (FARGATE, ["E9731"]),
        (FARGATE.replace("FARGATE", "EXTERNAL"), ["E9731"]),
        (FARGATE.replace("FARGATE", "MANAGED_INSTANCES"), ["E9731"]),
        (CAPACITY, ["E9731"]),
        (FARGATE.replace("FARGATE", "EC2"), []),
        (FARGATE.replace("FARGATE", "!Ref Given"), []),
        (FARGATE + FARGATE.replace("Service:", "Other:").replace("FARGATE", "EXTERNAL"), ["E9731"]),
        (FARGATE + FARGATE.replace("Service:", "Other:").replace("FARGATE", "EC2"), []),
    ],
)
def test_only_instances_of_ec2_have_a_role_that_serves(more: str, rules: list[str]) -> None:
    """AWS asks for an execution role on Fargate, on Managed Instances and on external ones."""
    assert [it[:5] for it in errors(stack(awslogs("/g"), role=NO_ROLE, more=more))] == rules


# --- Service Connect ------------------------------------------------------------------------------

CONNECTED = """
Service:
  Type: AWS::ECS::Service
  Properties:
    Cluster: !Ref Cluster
    LaunchType: FARGATE
    TaskDefinition: %s
    ServiceConnectConfiguration:
      Enabled: %s
      LogConfiguration:
        LogDriver: %s
        Options:
          {awslogs-group: /proxy, awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: sc%s}
"""


def connected(
    task: str = "!Ref Task", enabled: str = "true", driver: str = "awslogs", more: str = ""
) -> str:
    return CONNECTED % (task, enabled, driver, more)


def test_the_proxy_of_service_connect_logs_with_the_same_role() -> None:
    """Its container has a name that ECS makes up."""
    granted = f"!Sub '{HEAD}:/g:*'"
    found = stack(awslogs("/g"), granted, more=connected())
    (message,) = errors(found)
    assert message.startswith("E9743 execution role 'ExecutionRole' may not logs:CreateLogStream")
    assert f"{HEAD}:/proxy:log-stream:sc/${{container}}/${{task id}}" in message
    assert "which the log delivery of the Service Connect proxy of 'Service' needs" in message
    assert errors(stack(awslogs("/g"), more=connected())) == []


@pytest.mark.parametrize(
    "more",
    [
        connected(enabled="false"),
        connected(driver="awsfirelens"),
        connected(task="other"),
        connected(task="!ImportValue task"),
        connected().replace("LogConfiguration:", "Other:"),
    ],
)
def test_proxies_without_logs_ask_for_nothing(more: str) -> None:
    granted = f"!Sub '{HEAD}:/g:*'"
    assert errors(stack(awslogs("/g"), granted, more=more)) == []


def test_the_group_of_the_proxy_may_have_to_be_made() -> None:
    """As that of a container: whether it exists, no file tells."""
    found = stack(awslogs("/g"), more=connected(more=", awslogs-create-group: 'true'"))
    assert outcomes(found)[GROUP] is OPEN


def test_a_task_without_an_execution_role_cannot_send_the_proxys_logs() -> None:
    found = stack("{LogDriver: json-file}", role=NO_ROLE, more=connected())
    assert [it[:5] for it in errors(found)] == ["E9731"]


def test_secret_options_of_the_proxy_are_read_with_the_execution_role() -> None:
    more = connected().replace(
        "        Options:",
        "        SecretOptions: [{Name: token, ValueFrom: /shop/token}]\n        Options:",
    )
    (message,) = errors(stack(awslogs("/g"), more=more))
    assert message.startswith("E9741 execution role 'ExecutionRole' may not ssm:GetParameters")
    assert "log option 'token' of the Service Connect proxy of 'Service'" in message
