"""Logs of builds: which group they go to, and which grants reach its streams."""

from __future__ import annotations

import pytest
from tests.needs.asked import findings
from tests.needs.builds import answers, build, calls

from copilot_preflight.needs.logs import LOGS

HEAD = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
OWN = f"{HEAD}/aws/codebuild/${{Project}}"
SEND = "[logs:CreateLogStream, logs:PutLogEvents]"
GROUP = "Logs: {Type: AWS::Logs::LogGroup}"


def cloudwatch(more: str = "", status: str = "ENABLED") -> str:
    return f"LogsConfig: {{CloudWatchLogs: {{Status: {status}{more}}}}}"


@pytest.mark.parametrize(
    ("properties", "stream"),
    [
        ("TimeoutInMinutes: 5", f"{OWN}:log-stream:${{id of the build}}"),
        (cloudwatch(), f"{OWN}:log-stream:${{id of the build}}"),
        (
            cloudwatch(", GroupName: /shop, StreamName: b"),
            f"{HEAD}/shop:log-stream:b/${{id of the build}}",
        ),
        (cloudwatch(", GroupName: !Ref Logs"), f"{HEAD}${{Logs}}:log-stream:${{id of the build}}"),
        ("Name: web", f"{HEAD}/aws/codebuild/web:log-stream:${{id of the build}}"),
    ],
)
def test_each_build_has_a_stream(properties: str, stream: str) -> None:
    """In the group of the project, or in the one that it names."""
    found = build(properties, "{Effect: Allow, Action: s3:GetObject, Resource: '*'}", more=GROUP)
    asked = [call for call in calls(found, LOGS) if call[0] != "logs:CreateLogGroup"]
    assert asked == [("logs:CreateLogStream", stream), ("logs:PutLogEvents", stream)]


@pytest.mark.parametrize(
    "properties",
    [
        cloudwatch(status="DISABLED"),
        cloudwatch(status="!Ref Given"),
        "LogsConfig: {S3Logs: {Status: DISABLED}}",
        "LogsConfig: {CloudWatchLogs: {GroupName: /shop}}",
        "LogsConfig: !Ref Given",
    ],
)
def test_logs_that_need_not_go_to_cloudwatch_need_nothing(properties: str) -> None:
    """Nor where no page says whether they do."""
    assert calls(build(properties, "{Effect: Allow, Action: s3:*, Resource: '*'}"), LOGS) == []


@pytest.mark.parametrize(
    ("resource", "outcome"),
    [
        ("'*'", "ALLOWED"),
        (f"[!Sub '{OWN}', !Sub '{OWN}:*']", "ALLOWED"),
        (f"!Sub '{OWN}*'", "ALLOWED"),
        (f"!Sub '{HEAD}/aws/codebuild/*'", "ALLOWED"),
        (f"!Sub '{OWN}'", "IMPLICIT_DENY"),
        (f"!Sub '{HEAD}/ecs/*'", "IMPLICIT_DENY"),
    ],
)
def test_a_grant_must_reach_the_streams(resource: str, outcome: str) -> None:
    """CDK grants the group, and what is in it; the group alone is not enough."""
    grant = f"{{Effect: Allow, Action: {SEND}, Resource: {resource}}}"
    found = build("TimeoutInMinutes: 5", grant)
    assert answers(found, LOGS)["logs:CreateLogStream"] == outcome
    rules = {it.rule or it.cause for it in findings(found, "EW")} - {"W9754"}
    assert rules == ({"E9743"} if outcome == "IMPLICIT_DENY" else set())


def test_a_group_may_be_there_already() -> None:
    """Whether CodeBuild has to make it, nobody knows, unless the template makes it."""
    grant = f"{{Effect: Allow, Action: {SEND}, Resource: '*'}}"
    assert (
        answers(build("TimeoutInMinutes: 5", grant), LOGS)["logs:CreateLogGroup"] == "UNDETERMINED"
    )
    made = build(cloudwatch(", GroupName: !Ref Logs"), grant, more=GROUP)
    assert set(answers(made, LOGS)) == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_the_message_names_the_project() -> None:
    """And the way out grants all streams of the group."""
    (found,) = findings(build("Name: web", "{Effect: Allow, Action: s3:Get*, Resource: '*'}"), "E")
    assert found.message == (
        "build role 'Role' may not logs:CreateLogStream and logs:PutLogEvents on "
        f"'{HEAD}/aws/codebuild/web:log-stream:${{id of the build}}', which the log delivery of "
        "build project 'Project' needs: no statement of the role grants it"
    )
    assert f"'{HEAD}/aws/codebuild/web:*'" in found.help
    assert "AmazonECSTaskExecutionRolePolicy" not in found.help
