"""Branches of rules in which a fix is refused, or written in the way of the template."""

from __future__ import annotations

from typing import Any

import pytest
from tests.stacks import role, stack, task

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import Rule
from copilot_preflight.edits.edit import Applicability, NoFix
from copilot_preflight.edits.fix import Fix, answer_of
from copilot_preflight_rules.env_file_arn_invalid import env_file_arn_invalid
from copilot_preflight_rules.execution_role_missing import execution_role_missing
from copilot_preflight_rules.grant_too_broad import grant_too_broad
from copilot_preflight_rules.managed_policy_unknown import managed_policy_unknown
from copilot_preflight_rules.reference_unknown import reference_unknown
from copilot_preflight_rules.role_not_assumable import role_not_assumable

SECRET = "Secrets: [{Name: A, ValueFrom: /shop/key}]"
READ = "{Effect: Allow, Action: ssm:GetParameters, Resource: '*'}"
OTHER = "{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}"
TRUST = (
    "      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Action: sts:AssumeRole, "
    "Principal: {Service: ecs-tasks.amazonaws.com}}}\n"
)


def trusting(text: str) -> str:
    return text.replace("    Properties:\n", f"    Properties:\n{TRUST}", 1)


def answer(rule: Rule, text: str, head: str = "", **parameters: str) -> Fix | NoFix:
    """The fix of the one finding of a rule, or why it has none."""
    found = stack(f"{head}Resources:\n{text}", parameters)
    [finding] = rule(Analysis(found))
    return answer_of(finding, lambda _: found.data)


def written(fix: Fix | NoFix) -> list[Any]:
    assert isinstance(fix, Fix), fix
    return [edit.value for edit in fix.edits]


def reason(fix: Fix | NoFix) -> str:
    return fix.reason if isinstance(fix, NoFix) else ""


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        (trusting(role(READ)), ""),
        (trusting(role(READ)) + trusting(role(OTHER, name="Own")), ""),
        (trusting(role(READ)) + trusting(role(READ, name="Own")), "several roles"),
        (trusting(role(OTHER)), "no role"),
        (role(READ), "no role"),
    ],
)
def test_a_role_is_taken_if_it_is_the_only_one_that_fits(roles: str, why: str) -> None:
    """ECS may assume it, and it may make the calls."""
    found = answer(execution_role_missing, task(SECRET, "Cpu: 256") + roles)
    if why:
        assert reason(found).startswith(why)
    else:
        assert written(found) == [{"Fn::GetAtt": ["Role", "Arn"]}]


def test_the_other_role_of_a_task_is_not_taken() -> None:
    """The application would get what ECS needs, and the other way round."""
    text = task(SECRET, "TaskRoleArn: !GetAtt Role.Arn") + trusting(role(READ))
    assert reason(answer(execution_role_missing, text)).startswith("no role")


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        ("!GetAtt Rle.Arn", {"Fn::GetAtt": ["Role", "Arn"]}),
        ("{'Fn::GetAtt': [Rle, Arn]}", {"Fn::GetAtt": ["Role", "Arn"]}),
        ("!Sub '${Rle.Arn}'", {"Fn::Sub": "${Role.Arn}"}),
        ("!Ref Rle", {"Ref": "Role"}),
        ("{'Fn::Subb': '${Role.Arn}'}", {"Fn::Sub": "${Role.Arn}"}),
    ],
)
def test_a_name_is_corrected_in_its_function(written_as: str, meant: object) -> None:
    """However the reference is written; somebody looks at it, as it is a guess."""
    found = answer(reference_unknown, task(SECRET, f"ExecutionRoleArn: {written_as}") + role(READ))
    assert written(found) == [meant]
    assert isinstance(found, Fix)
    assert found.applicability is Applicability.REVIEW


@pytest.mark.parametrize("name", ["Rol", "Nothing"])
def test_a_name_that_may_be_several_is_left(name: str) -> None:
    """Two are as near, or none."""
    text = task(SECRET, f"ExecutionRoleArn: !GetAtt {name}.Arn")
    text += role(READ, name="Role1") + role(READ, name="Role2")
    assert reason(answer(reference_unknown, text)) == (
        "no name of the template is like it, or more than one"
    )


_HEAD = "'arn:${AWS::Partition}:iam::aws:policy/"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (
            "arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy",
            "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        ),
        (
            f"!Sub {_HEAD}AmazonECSTaskExecutionRolePolicy'",
            {
                "Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/"
                "AmazonECSTaskExecutionRolePolicy"
            },
        ),
        (
            "!Join ['', ['arn:', !Ref AWS::Partition, "
            "':iam::aws:policy/AmazonECSTaskExecutionRolePolicy']]",
            {
                "Fn::Join": [
                    "",
                    [
                        "arn:",
                        {"Ref": "AWS::Partition"},
                        ":iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
                    ],
                ]
            },
        ),
        ("!Join ['/', ['arn:aws:iam::aws:policy', AmazonECSTaskExecutionRolePolicy]]", None),
    ],
)
def test_the_path_of_a_managed_policy(value: str, meant: object) -> None:
    """Put right in the string that has its name, whatever is around it."""
    text = f"  R: {{Type: AWS::IAM::Role, Properties: {{ManagedPolicyArns: [{value}]}}}}\n"
    found = answer(managed_policy_unknown, text)
    if meant is None:
        assert reason(found) == "its name is put together of values that are given elsewhere"
    else:
        assert written(found) == [meant]


def test_a_value_of_a_parameter_is_corrected_where_it_is_given() -> None:
    """Another package may give another one."""
    head = "Parameters: {File: {Type: String}}\n"
    text = task("EnvironmentFiles: [{Type: s3, Value: !Ref File}]") + role(READ)
    assert reason(answer(env_file_arn_invalid, text, head, File="s3://b/web.env")) == (
        "the value is that of a parameter: it is corrected where it is given"
    )


def test_a_statement_for_every_service_is_left() -> None:
    """Nobody knows what else needs it."""
    text = task("EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::b/web.env'}]")
    everything = "{Effect: Allow, Action: '*', Resource: '*'}"
    found = answer(grant_too_broad, text + role(everything))
    assert reason(found) == "what else the statement is for, only you know"


def test_a_service_gets_a_statement_where_none_names_a_service() -> None:
    """An account that is let in stays so, and by its own statement."""
    trust = TRUST.replace("Service: ecs-tasks.amazonaws.com", "AWS: '111122223333'")
    text = task(SECRET) + role(READ).replace("    Properties:\n", f"    Properties:\n{trust}", 1)
    assert written(answer(role_not_assumable, text)) == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
