"""What E9732 says of a trust policy: the message, the place, and the way out."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight_rules.access_undetermined import access_undetermined
from copilot_preflight_rules.role_not_assumable import role_not_assumable

TEMPLATE = """
Parameters: {{Env: {{Type: String}}}}
Conditions: {{IsProd: !Equals [!Ref Env, prod]}}
Resources:
  Web: {{Type: AWS::ECS::TaskDefinition, Properties: {{TaskRoleArn: !GetAtt Role.Arn}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Statement: [{0}]}}
"""
MORE = """
  Api: {Type: AWS::ECS::TaskDefinition, Properties: {ExecutionRoleArn: !GetAtt Role.Arn}}
  Build: {Type: AWS::CodeBuild::Project, Properties: {ServiceRole: !Ref Role}}
"""
HERE = {"AWS::AccountId": "111122223333", "AWS::Region": "eu-west-1"}
WRONG = "{Effect: Allow, Principal: {Service: x.amazonaws.com}, Action: 'sts:AssumeRole'}"


def findings(text: str) -> list[Finding]:
    return list(role_not_assumable(Analysis(stacks.stack(text))))


def allow(principal: str, action: str = "'sts:AssumeRole'", more: str = "") -> str:
    return f"{{Effect: Allow, Principal: {principal}, Action: {action}{more}}}"


def only(statement: str) -> Finding:
    (found,) = findings(TEMPLATE.format(statement))
    return found


@pytest.mark.parametrize(
    ("name", "is_slip"),
    [
        ("ecs-task.amazonaws.com", True),
        ("ecs.amazonaws.com", True),
        ("ec2.amazonaws.com", True),
        ("ecs-tasks.amazon.com", True),
        ("ecs-tasks", True),
        ("lambda.amazonaws.com", False),
        ("codepipeline.amazonaws.com", False),
    ],
)
def test_a_near_miss_is_asked_for(name: str, is_slip: bool) -> None:
    """A name that is close to the service's was probably meant to be it."""
    found = only(allow(f"{{Service: {name}}}"))
    wanted = "'ecs-tasks.amazonaws.com'"
    assert found.label == (f"did you mean {wanted}?" if is_slip else f"{wanted} is missing")
    assert found.message == (
        f"the trust policy of task role 'Role' lets '{name}' assume it, but not {wanted}: "
        "ECS cannot start the tasks of 'Web'"
    )
    assert found.at.path[-2:] == ("Principal", "Service")
    assert [related.message for related in found.related] == ["used as the task role"]
    assert f"let Principal.Service {wanted} call sts:AssumeRole (https://docs." in found.help


def test_the_nearest_of_several_names_is_asked_for() -> None:
    """Of several names the closest is pointed at, unless another service needs it."""
    found = only(allow("{Service: [lambda.amazonaws.com, ecs-tasks.amazonaws.co]}"))
    assert found.at.path[-1] == 1
    assert found.label == "did you mean 'ecs-tasks.amazonaws.com'?"


def test_a_role_of_two_services_must_let_both_in() -> None:
    """Each service that is kept out is a finding, with all places that hand it the role."""
    both = TEMPLATE.format(WRONG) + MORE
    messages = [(found.message.partition(": ")[2], len(found.related)) for found in findings(both)]
    assert messages == [
        ("ECS cannot start the tasks of 'Api'", 2),
        ("CodeBuild cannot start the builds of 'Build'", 1),
    ]
    one = TEMPLATE.format(allow("{Service: codebuild.amazonaws.com}")) + MORE
    (found,) = findings(one)
    assert found.label == "'ecs-tasks.amazonaws.com' is missing"
    assert "let Principal.Service 'ecs-tasks.amazonaws.com' as well call" in found.help
    services = "[codebuild.amazonaws.com, ecs-tasks.amazonaws.com]"
    assert findings(TEMPLATE.format(allow(f"{{Service: {services}}}")) + MORE) == []


def test_a_deny() -> None:
    """A Deny is pointed at: no Allow is of any use."""
    statement = allow("{Service: ecs-tasks.amazonaws.com}")
    found = only(f"{statement}, {statement.replace('Allow', 'Deny')}")
    assert found.message == (
        "the trust policy of task role 'Role' denies 'ecs-tasks.amazonaws.com' sts:AssumeRole: "
        "ECS cannot start the tasks of 'Web'"
    )
    assert found.at.path[-2:] == ("Statement", 1)


def test_a_missing_action() -> None:
    """Where the service is named, its action is what is wrong."""
    found = only(allow("{Service: ecs-tasks.amazonaws.com}", action="'sts:TagSession'"))
    assert "names 'ecs-tasks.amazonaws.com' but does not allow it sts:AssumeRole" in found.message
    assert found.at.path[-1] == "Action"
    assert found.help.startswith("add sts:AssumeRole to the statement's Action")


def test_a_condition_that_never_holds() -> None:
    """Where the service is named, the condition is what is wrong, with what ECS sends."""
    condition = ", Condition: {ArnLike: {'aws:SourceArn': 'arn:aws:lambda:*:*:function:*'}}"
    found = only(allow("{Service: ecs-tasks.amazonaws.com}", more=condition))
    assert found.message == (
        "the trust policy of task role 'Role' lets 'ecs-tasks.amazonaws.com' assume it only by "
        "ArnLike aws:SourceArn 'arn:aws:lambda:*:*:function:*': "
        "ECS cannot start the tasks of 'Web'"
    )
    assert found.at.path[-1] == "aws:SourceArn"
    assert found.label.startswith("aws:SourceArn is 'arn:")


@pytest.mark.parametrize(
    ("condition", "label", "help"),
    [
        (
            "StringEquals: {'aws:SourceArn': 'arn:aws:ecs:eu-west-1:111122223333:*'}",
            "'*' is no wildcard to StringEquals",
            "use ArnLike, to which '*' is a wildcard (https://docs.",
        ),
        (
            "StringEquals: {'sts:ExternalId': s3cret}",
            "'ecs-tasks.amazonaws.com' sends no sts:ExternalId",
            "take the condition out for 'ecs-tasks.amazonaws.com': it is for third parties",
        ),
        (
            "Bool: {'aws:MultiFactorAuthPresent': 'true'}",
            "'ecs-tasks.amazonaws.com' sends no aws:MultiFactorAuthPresent",
            "take the condition out for 'ecs-tasks.amazonaws.com': only people have a second",
        ),
    ],
)
def test_a_condition_that_no_service_meets(condition: str, label: str, help: str) -> None:
    """A literal star and the keys of third parties and people each have a way out of their own."""
    more = f", Condition: {{{condition}}}"
    found = only(allow("{Service: ecs-tasks.amazonaws.com}", more=more))
    assert "assume it only by" in found.message
    assert found.label == label
    assert found.help.startswith(help)


def test_what_nobody_can_tell_of_a_trust_policy() -> None:
    """I9790 names the fact that is missing, and says nothing where AWS documents the policy."""
    for condition, missing in (
        ("StringEquals: {'aws:SourceAccount': !Ref AWS::AccountId}", None),
        ("ArnLike: {'aws:SourceArn': !Sub 'arn:aws:ecs:*:${AWS::AccountId}:*'}", None),
        ("StringEquals: {'aws:SourceAccount': !Ref Env}", "the value of 'Env'"),
        (
            "StringEquals: {'aws:PrincipalOrgID': o-1}",
            "the request's condition key 'aws:PrincipalOrgID'",
        ),
    ):
        more = f", Condition: {{{condition}}}"
        text = TEMPLATE.format(allow("{Service: ecs-tasks.amazonaws.com}", more=more))
        analysis = Analysis(stacks.stack(text, pseudo=HERE))
        assert not list(role_not_assumable(analysis))
        found = list(access_undetermined(analysis))
        assert [it.message for it in found] == (
            []
            if missing is None
            else [
                "trust policy of task role 'Role': whether 'ecs-tasks.amazonaws.com' may assume it "
                f"cannot be decided without {missing}"
            ]
        )


def test_nobody() -> None:
    """A trust policy that lets in nobody that has a name."""
    found = only("{Effect: Deny, Principal: {Service: x}, Action: 'sts:AssumeRole'}")
    assert "names nobody who may assume it, so not 'ecs-tasks.amazonaws.com'" in found.message
    assert found.at.key


def test_long_lists_and_names_are_cut_short() -> None:
    """A trust policy with many principals gives a message that can be read."""
    names = ", ".join(f"s{index}.amazonaws.com" for index in range(50))
    found = only(allow(f"{{Service: [{names}, {'x' * 9_000}.amazonaws.com]}}"))
    assert "lets 's0.amazonaws.com', 's1.amazonaws.com', 's2.amazonaws.com' and 48 more" in (
        found.message
    )


def test_a_scenario_is_named() -> None:
    """Where it depends on a condition, the message says when."""
    name = "!If [IsProd, ecs-tasks.amazonaws.com, ec2.amazonaws.com]"
    found = only(allow(f"{{Service: {name}}}"))
    assert found.message.endswith("ECS cannot start the tasks of 'Web' when IsProd is false")


def test_the_role_of_an_action() -> None:
    """The role of a pipeline's action must let in the pipeline's role."""
    text = """
Resources:
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: !GetAtt Own.Arn
      Stages: [{Actions: [{RoleArn: !GetAtt Action.Arn}]}]
  Own:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: [0]}}
  Action:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: [0]}}
""".replace("0", allow("{Service: codepipeline.amazonaws.com}"))
    (found,) = findings(text)
    assert found.message == (
        "the trust policy of action role 'Action' lets 'codepipeline.amazonaws.com' assume it, "
        "but not the pipeline's role: CodePipeline cannot run an action of 'Pipeline'"
    )
    assert found.label == "the pipeline's role is missing"
    assert found.help.startswith("let the pipeline's role call sts:AssumeRole")
