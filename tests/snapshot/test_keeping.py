"""What of an answer is written."""

from __future__ import annotations

import datetime
import json

from copilot_preflight.snapshot.keeping import kept, no_echo_of, template_in, text_of

TEMPLATE = """
Parameters:
  Password: {Type: String, NoEcho: true, Default: swordfish}
  Level: {Type: String, Default: info}
Metadata: {Manifest: "variables: {KEY: swordfish}"}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Environment:
            - {Name: A, Value: swordfish}
            - {Name: B, Value: !Sub 'postgres://user:swordfish@${Host}'}
            - {Name: C, Value: !Ref Level}
  Function:
    Type: AWS::Lambda::Function
    Properties: {Environment: {Variables: {KEY: swordfish}}}
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      Environment:
        EnvironmentVariables:
          - {Name: A, Value: /shop/db, Type: PARAMETER_STORE}
          - {Name: B, Value: swordfish, Type: PLAINTEXT}
"""


def test_a_template_keeps_its_references_and_no_values() -> None:
    """It becomes data, so that a line of the file is a place in it."""
    body = {"TemplateBody": TEMPLATE}
    found = kept("cloudformation get-template", body, no_echo_of(template_in(body)))
    template = found["TemplateBody"]
    assert "swordfish" not in json.dumps(found)
    assert template["Parameters"]["Password"]["Default"] == "****"
    assert template["Parameters"]["Level"]["Default"] == "info"
    (container,) = template["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    assert [it["Value"] for it in container["Environment"]] == ["****", "****", {"Ref": "Level"}]
    build = template["Resources"]["Build"]["Properties"]["Environment"]["EnvironmentVariables"]
    assert [it["Value"] for it in build] == ["/shop/db", "****"]


def test_a_template_that_cannot_be_read_is_not_written() -> None:
    """Nobody can say what stands in it."""
    assert kept("cloudformation get-template", {"TemplateBody": "a: [swordfish"}) == {
        "StagesAvailable": []
    }


def test_values_of_a_stack() -> None:
    """Parameters that nobody is to see have none, and the only outputs are ARNs."""
    stack = {
        "Parameters": [
            {"ParameterKey": "Password", "ParameterValue": "swordfish"},
            {"ParameterKey": "Level", "ParameterValue": "info"},
        ],
        "Outputs": [
            {"OutputKey": "Url", "OutputValue": "postgres://swordfish"},
            {"OutputKey": "Role", "OutputValue": "arn:aws:iam::1:role/web"},
        ],
    }
    found = kept("cloudformation describe-stacks", {"Stacks": [stack]}, frozenset({"Password"}))
    assert found["Stacks"] == [
        {
            "Parameters": [
                {"ParameterKey": "Level", "ParameterValue": "info"},
                {"ParameterKey": "Password"},
            ],
            "Outputs": [
                {"OutputKey": "Role", "OutputValue": "arn:aws:iam::1:role/web"},
            ],
        }
    ]


def test_a_task_definition_keeps_what_is_named_and_nothing_else() -> None:
    """A command, a label or the option of a log driver may hold a key."""
    container = {
        "name": "web",
        "command": ["--password=swordfish"],
        "dockerLabels": {"key": "swordfish"},
        "environment": [{"name": "KEY", "value": "swordfish"}],
        "secrets": [{"name": "DB", "valueFrom": "/shop/db"}],
        "logConfiguration": {
            "logDriver": "awsfirelens",
            "options": {"apikey": "swordfish", "awslogs-group": "web"},
        },
        "firelensConfiguration": {"type": "fluentbit", "options": {"x": "swordfish"}},
        "healthCheck": {"command": ["curl", "swordfish"]},
    }
    body = {
        "taskDefinition": {"family": "web", "containerDefinitions": [container]},
        "tags": [{"key": "a", "value": "swordfish"}],
    }
    assert kept("ecs describe-task-definition", body) == {
        "taskDefinition": {
            "family": "web",
            "containerDefinitions": [
                {
                    "name": "web",
                    "environment": [{"name": "KEY"}],
                    "secrets": [{"name": "DB", "valueFrom": "/shop/db"}],
                    "logConfiguration": {
                        "logDriver": "awsfirelens",
                        "options": {"awslogs-group": "web"},
                    },
                    "firelensConfiguration": {"type": "fluentbit", "options": {}},
                }
            ],
        }
    }


def test_what_changes_by_itself_is_left_out() -> None:
    """When a role or secret was used last, and the events of a service."""
    role = {"RoleName": "web", "RoleLastUsed": {"Region": "eu-west-1"}}
    assert kept("iam get-role", {"Role": role}) == {"Role": {"RoleName": "web"}}
    secret = {"Name": "db", "LastAccessedDate": "today"}
    assert kept("secretsmanager describe-secret", secret) == {"Name": "db"}
    service = {"serviceName": "web", "runningCount": 3, "events": [{"message": "steady"}]}
    found = kept("ecs describe-services", {"services": [service]})
    assert found["services"] == [{"serviceName": "web", "deployments": []}]


def test_order_and_dates() -> None:
    """Lists in no order are sorted, dates are in UTC; statements of a policy stay as they are."""
    east = datetime.timezone(datetime.timedelta(hours=2))
    at = datetime.datetime(2026, 11, 29, 10, 0, tzinfo=east)
    statements = [{"Sid": "b"}, {"Sid": "a"}]
    found = kept(
        "iam get-role-policy",
        {
            "PolicyDocument": {"Statement": statements},
            "Tags": [{"Key": "b"}, {"Key": "a"}],
            "CreateDate": at,
        },
    )
    assert found["PolicyDocument"]["Statement"] == statements
    assert [it["Key"] for it in found["Tags"]] == ["a", "b"]
    assert found["CreateDate"] == "2026-11-29T08:00:00+00:00"
    assert text_of({"b": 1, "a": "é"}) == '{\n  "a": "é",\n  "b": 1\n}\n'
