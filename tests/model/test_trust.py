"""Trust policies: a service is let in, kept out, or nobody can tell."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests import stacks

from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.model.trust import Assumption, assumptions, trusted

ALLOWED, UNDETERMINED = Outcome.ALLOWED, Outcome.UNDETERMINED
REFUSED, DENIED = Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY

TEMPLATE = """
Parameters: {{Env: {{Type: String}}, Service: {{Type: String}}}}
Conditions: {{IsProd: !Equals [!Ref Env, prod]}}
Resources:
  Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {0}}}}}
  User: {{Type: {1}, Properties: {{{2}: !GetAtt Role.Arn}}}}
"""
TASK = "AWS::ECS::TaskDefinition", "TaskRoleArn"
MACHINE = "AWS::StepFunctions::StateMachine", "RoleArn"
TASKS = "{Service: ecs-tasks.amazonaws.com}"
HERE, THERE = "111122223333", "444455556666"
DEPLOYED = {"AWS::AccountId": HERE, "AWS::Region": "eu-west-1"}


def trust(principal: str, effect: str = "Allow", action: str = "'sts:AssumeRole'") -> str:
    return f"{{Effect: {effect}, Principal: {principal}, Action: {action}}}"


def only(condition: str) -> str:
    return f"{trust(TASKS)[:-1]}, Condition: {condition}}}"


def found(
    document: str, user: tuple[str, str] = TASK, pseudo: Mapping[str, str] | None = None
) -> list[Assumption]:
    stack = stacks.stack(TEMPLATE.format(document, *user), pseudo=pseudo)
    return list(assumptions(stack))


def answer(
    *statements: str, user: tuple[str, str] = TASK, pseudo: Mapping[str, str] | None = None
) -> Outcome:
    (assumption,) = found(f"{{Statement: [{', '.join(statements)}]}}", user, pseudo)
    assert assumption.is_refused is assumption.outcome.is_denied
    return assumption.outcome


@pytest.mark.parametrize(
    ("statement", "outcome"),
    [
        (trust(TASKS), ALLOWED),
        (trust("{Service: [ec2.amazonaws.com, ecs-tasks.amazonaws.com]}"), ALLOWED),
        (trust(TASKS, action="'sts:*'"), ALLOWED),
        (trust(TASKS, action="['sts:TagSession', 'STS:assumerole']"), ALLOWED),
        (trust("{Service: ecs-task.amazonaws.com}"), REFUSED),
        (trust("{Service: ecs-tasks.amazonaws.co}"), REFUSED),
        (trust("{Service: ecs-tasks}"), REFUSED),
        (trust("{Service: ecs.amazonaws.com}"), REFUSED),
        (trust("{Service: ec2.amazonaws.com}"), REFUSED),
        (trust("{Service: !Sub 'ec2.${AWS::URLSuffix}'}"), REFUSED),
        (trust("{AWS: 'arn:aws:iam::111122223333:root'}"), REFUSED),
        (trust("{AWS: !Ref AWS::AccountId}"), REFUSED),
        (trust("{AWS: !GetAtt User.Arn}"), UNDETERMINED),
        (trust("{Federated: cognito-identity.amazonaws.com}"), REFUSED),
        (trust(TASKS, action="'sts:TagSession'"), REFUSED),
        (trust(TASKS, action="'sts:AssumeRoleWithWebIdentity'"), REFUSED),
        (trust(TASKS, effect="Deny"), DENIED),
        # What nobody can tell.
        (trust("'*'"), UNDETERMINED),
        (trust("{AWS: '*'}"), UNDETERMINED),
        (trust("{AWS: !Ref Service}"), UNDETERMINED),
        (trust("!Ref Service"), UNDETERMINED),
        (trust("{Service: '*'}"), UNDETERMINED),
        (trust("{Service: ecs-tasks.amazonaws.com.cn}"), UNDETERMINED),
        (trust("{Service: ecs-tasks.eu-west-1.amazonaws.com}"), UNDETERMINED),
        (trust("{Service: ECS-Tasks.amazonaws.com}"), UNDETERMINED),
        (trust("{Service: !Sub 'ecs-tasks.${AWS::URLSuffix}'}"), UNDETERMINED),
        (trust("{Service: !Ref Service}"), UNDETERMINED),
        (trust(TASKS, effect="!Ref Env"), UNDETERMINED),
        (trust("{'Fn::Transform': {Name: x}}"), UNDETERMINED),
        ("{Effect: Allow, NotPrincipal: {AWS: x}, Action: 'sts:AssumeRole'}", UNDETERMINED),
        ("{Effect: Allow, Action: 'sts:AssumeRole'}", UNDETERMINED),
        ("!Ref Env", UNDETERMINED),
    ],
)
def test_who_is_named(statement: str, outcome: Outcome) -> None:
    """ECS may assume a role that names its tasks service, and nothing else is proof."""
    assert answer(statement) is outcome


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("states.amazonaws.com", ALLOWED),
        ("states.us-east-1.amazonaws.com", UNDETERMINED),
        ("states.us-gov-west-1.amazonaws.com", UNDETERMINED),
        ("states.cn-north-1.amazonaws.com.cn", UNDETERMINED),
        ("!Sub 'states.${AWS::Region}.amazonaws.com'", UNDETERMINED),
        ("!Sub 'states.${AWS::Region}.${AWS::URLSuffix}'", UNDETERMINED),
        ("!Join [., [states, !Ref AWS::Region, amazonaws.com]]", UNDETERMINED),
        ("states.amazon.com", REFUSED),
        ("states.amazonaws.com.evil.org", REFUSED),
        ("!Sub 'events.${AWS::Region}.amazonaws.com'", REFUSED),
        ("lambda.amazonaws.com", REFUSED),
    ],
)
def test_services_go_by_the_names_of_regions_too(name: str, outcome: Outcome) -> None:
    """A service's name in a region or in another partition is never proof that it is kept out."""
    assert answer(trust(f"{{Service: {name}}}"), user=MACHINE) is outcome


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("{StringEquals: {'aws:SourceAccount': !Ref AWS::AccountId}}", UNDETERMINED),
        (f"{{StringEquals: {{'aws:SourceAccount': '{HERE}'}}}}", UNDETERMINED),
        (f"{{StringEquals: {{'aws:SourceAccount': ['{THERE}', '{HERE}']}}}}", UNDETERMINED),
        (f"{{StringEquals: {{'aws:SourceAccount': '{THERE}'}}}}", REFUSED),
        (f"{{StringEqualsIfExists: {{'aws:SourceAccount': '{THERE}'}}}}", UNDETERMINED),
        (f"{{StringNotEquals: {{'aws:SourceAccount': '{THERE}'}}}}", ALLOWED),
        (f"{{ArnLike: {{'aws:SourceArn': 'arn:aws:ecs:*:{HERE}:*'}}}}", UNDETERMINED),
        (f"{{ArnLike: {{'aws:SourceArn': 'arn:aws:ecs:eu-west-1:{HERE}:*'}}}}", UNDETERMINED),
        ("{ArnLike: {'aws:SourceArn': !Sub 'arn:${AWS::Partition}:ecs:*:*:*'}}", UNDETERMINED),
        (f"{{ArnLike: {{'aws:SourceArn': 'arn:aws:ecs:*:{HERE}:cluster/web'}}}}", UNDETERMINED),
        (f"{{ArnLike: {{'AWS:sourceARN': 'arn:aws:ecs:*:{THERE}:*'}}}}", REFUSED),
        (f"{{ArnLike: {{'aws:SourceArn': 'arn:aws:ecs:us-west-2:{HERE}:*'}}}}", REFUSED),
        ("{ArnLike: {'aws:SourceArn': 'arn:aws:lambda:*:*:*'}}", REFUSED),
        ("{StringLike: {'aws:SourceArn': 'arn:aws:ecs-tasks:*:*:*'}}", REFUSED),
        ("{ArnLike: {'aws:SourceArn': !Ref Service}}", UNDETERMINED),
        # Only the Like and Arn operators know a star: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
        (f"{{StringEquals: {{'aws:SourceArn': 'arn:aws:ecs:eu-west-1:{HERE}:*'}}}}", REFUSED),
        (f"{{StringEquals: {{'aws:SourceArn': 'arn:aws:ecs:*:{HERE}:*'}}}}", REFUSED),
        ("{StringEqualsIgnoreCase: {'aws:SourceArn': 'arn:aws:ecs:*:*:*'}}", REFUSED),
        ("{StringEqualsIfExists: {'aws:SourceArn': 'arn:aws:ecs:*:*:*'}}", UNDETERMINED),
        ("{StringNotEquals: {'aws:SourceArn': 'arn:aws:ecs:*:*:*'}}", ALLOWED),
        (f"{{ArnEquals: {{'aws:SourceArn': 'arn:aws:ecs:eu-west-1:{HERE}:*'}}}}", UNDETERMINED),
        (f"{{StringLike: {{'aws:SourceArn': 'arn:aws:ecs:eu-west-1:{HERE}:*'}}}}", UNDETERMINED),
        # What only third parties send, and only people have.
        ("{StringEquals: {'sts:ExternalId': x}}", REFUSED),
        ("{StringLike: {'sts:ExternalId': '*'}}", REFUSED),
        ("{StringEqualsIfExists: {'sts:ExternalId': x}}", ALLOWED),
        ("{'Null': {'sts:ExternalId': 'true'}}", ALLOWED),
        ("{Bool: {'aws:MultiFactorAuthPresent': 'true'}}", REFUSED),
        ("{Bool: {'aws:MultiFactorAuthPresent': !Ref Env}}", UNDETERMINED),
        ("{Bool: {'aws:MultiFactorAuthPresent': 'false'}}", UNDETERMINED),
        ("{BoolIfExists: {'aws:MultiFactorAuthPresent': 'true'}}", UNDETERMINED),
        ("{BoolIfExists: {'aws:MultiFactorAuthPresent': 'false'}}", ALLOWED),
        ("{'Null': {'aws:MultiFactorAuthPresent': 'true'}}", UNDETERMINED),
        ("{NumericLessThan: {'aws:MultiFactorAuthAge': '3600'}}", REFUSED),
        ("{'Null': {'aws:MultiFactorAuthAge': 'true'}}", ALLOWED),
    ],
)
def test_conditions_on_the_source(condition: str, outcome: Outcome) -> None:
    """A condition keeps ECS out only if it fails whether or not ECS says for whom it acts."""
    assert answer(only(condition), pseudo=DEPLOYED) is outcome


BUILD = "AWS::CodeBuild::Project", "ServiceRole"
DELIVERY = "AWS::KinesisFirehose::DeliveryStream", "S3DestinationConfiguration: {RoleARN"


@pytest.mark.parametrize(
    ("service", "user", "condition"),
    [
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
        (
            "ecs-tasks",
            TASK,
            f"{{ArnLike: {{'aws:SourceArn': 'arn:aws:ecs:eu-west-1:{HERE}:*'}}, "
            f"StringEquals: {{'aws:SourceAccount': '{HERE}'}}}}",
        ),
        # https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html
        (
            "codebuild",
            BUILD,
            "{StringEquals: {'aws:SourceArn': "
            f"'arn:aws:codebuild:eu-west-1:{HERE}:project/MyProject'}}}}",
        ),
        # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
        (
            "states",
            MACHINE,
            f"{{ArnLike: {{'aws:SourceArn': 'arn:aws:states:eu-west-1:{HERE}:stateMachine:*'}}, "
            f"StringEquals: {{'aws:SourceAccount': '{HERE}'}}}}",
        ),
    ],
)
def test_the_trust_policies_of_aws_are_silent(
    service: str, user: tuple[str, str], condition: str
) -> None:
    """What AWS documents is never refused, and what it documents whole is not asked about."""
    statement = f"{trust(f'{{Service: {service}.amazonaws.com}}')[:-1]}, Condition: {condition}}}"
    (assumption,) = found(f"{{Statement: [{statement}]}}", user, DEPLOYED)
    assert not assumption.is_refused
    assert assumption.missing == ()


def test_firehose_sends_the_account_as_external_id() -> None:
    """https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"""
    statement = trust("{Service: firehose.amazonaws.com}")[:-1]
    for external, asked in ((HERE, False), ("x", True)):
        condition = f"Condition: {{StringEquals: {{'sts:ExternalId': '{external}'}}}}}}"
        text = TEMPLATE.format(f"{{Statement: [{statement}, {condition}]}}", *DELIVERY)
        text = text.replace("RoleARN: !GetAtt Role.Arn", "RoleARN: !GetAtt Role.Arn}")
        (assumption,) = assumptions(stacks.stack(text, pseudo=DEPLOYED))
        assert assumption.outcome is UNDETERMINED
        assert bool(assumption.missing) is asked


@pytest.mark.parametrize(
    ("resource", "outcome"),
    [
        ("project/*", UNDETERMINED),
        ("project/web", UNDETERMINED),
        ("*", UNDETERMINED),
        ("pro*", UNDETERMINED),
        ("build/*", REFUSED),
        ("build/web:*", REFUSED),
        ("report-group/*", REFUSED),
    ],
)
def test_codebuild_acts_for_projects(resource: str, outcome: Outcome) -> None:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html"""
    statement = trust("{Service: codebuild.amazonaws.com}")[:-1]
    source = f"arn:aws:codebuild:eu-west-1:{HERE}:{resource}"
    condition = f"Condition: {{ArnLike: {{'aws:SourceArn': '{source}'}}}}}}"
    assert answer(f"{statement}, {condition}", user=BUILD, pseudo=DEPLOYED) is outcome


@pytest.mark.parametrize(
    ("statement", "facts"),
    [
        (trust(TASKS), []),
        (only(f"{{StringEquals: {{'aws:SourceAccount': '{HERE}'}}}}"), []),
        (only("{StringEquals: {'aws:SourceAccount': !Ref Env}}"), [("value", "Env")]),
        (only("{StringEquals: {'aws:PrincipalOrgID': o-1}}"), [("context", "aws:PrincipalOrgID")]),
        (
            only("{Bool: {'aws:MultiFactorAuthPresent': 'false'}}"),
            [("context", "aws:MultiFactorAuthPresent")],
        ),
        (trust("{Service: !Ref Service}"), [("value", "Service")]),
        (trust("{Service: ec2.amazonaws.com}"), []),
        (trust("{Service: '*'}"), []),
        (trust("{Service: ecs-tasks.amazonaws.com.cn}"), []),
    ],
)
def test_what_is_missing(statement: str, facts: list[tuple[str, str]]) -> None:
    """Where nobody can tell, the fact is named; what AWS documents is taken to be sent."""
    (assumption,) = found(f"{{Statement: [{statement}]}}", pseudo=DEPLOYED)
    assert [(fact.kind, fact.name) for fact in assumption.missing] == facts


def test_an_unknown_account_may_be_any() -> None:
    """Without the account and the region, only an ARN of another service is proof."""
    for condition, outcome in (
        (f"{{StringEquals: {{'aws:SourceAccount': '{THERE}'}}}}", UNDETERMINED),
        ("{ArnLike: {'aws:SourceArn': 'arn:aws:ecs:us-west-2:*:*'}}", UNDETERMINED),
        ("{ArnLike: {'aws:SourceArn': 'arn:aws:lambda:*:*:*'}}", REFUSED),
    ):
        assert answer(only(condition)) is outcome


def test_a_service_that_does_not_tell_its_source_may_send_anything() -> None:
    """Where AWS does not document the source, no condition on it is proof."""
    statement = trust("{Service: events.amazonaws.com}")[:-1]
    condition = "Condition: {ArnLike: {'aws:SourceArn': 'arn:aws:lambda:*:*:*'}}"
    rule = "AWS::Events::Rule", "Targets: {Id: x}, RoleArn"
    document = f"{{Statement: [{statement}, {condition}}}]}}"
    assert found(document, rule) == []  # a rule's own RoleArn is no target's
    nested = TEMPLATE.replace("{{{2}: !GetAtt Role.Arn}}", "{{Targets: [{{RoleArn: {2}}}]}}")
    text = nested.format(document, "AWS::Events::Rule", "!GetAtt Role.Arn")
    (assumption,) = assumptions(stacks.stack(text))
    assert assumption.outcome is UNDETERMINED


def test_one_statement_is_enough() -> None:
    """The statements of a trust policy work together."""
    assert answer(trust("{Service: ec2.amazonaws.com}"), trust(TASKS)) is ALLOWED


def test_a_certain_deny_wins() -> None:
    """A Deny without conditions keeps the service out, whatever else is allowed."""
    assert answer(trust(TASKS), trust(TASKS, effect="Deny")) is DENIED
    other = trust("{Service: ec2.amazonaws.com}", effect="Deny")
    assert answer(trust(TASKS), other) is ALLOWED
    somebody = trust("{Service: !Ref Service}", effect="Deny")
    assert answer(trust(TASKS), somebody) is UNDETERMINED


def test_a_condition_is_settled_where_the_answer_hangs_on_it() -> None:
    """Each outcome of a condition that decides who is named has its own answer."""
    name = "!If [IsProd, ecs-tasks.amazonaws.com, ec2.amazonaws.com]"
    each = found(f"{{Statement: [{trust(f'{{Service: {name}}}')}]}}")
    assert {str(it.scenario): it.outcome for it in each} == {
        "IsProd is true": ALLOWED,
        "IsProd is false": REFUSED,
    }


def test_the_use_and_the_trust_hang_on_the_same_condition() -> None:
    """A role that is used in one scenario alone is judged in that one."""
    text = TEMPLATE.format(
        "{Statement: [" + trust("{Service: !If [IsProd, ecs-tasks.amazonaws.com, x]}") + "]}", *TASK
    )
    text = text.replace("User: {", "User: {Condition: IsProd, ")
    each = list(assumptions(stacks.stack(text)))
    assert [it.outcome for it in each] == [ALLOWED]


INSTANCE = "  It: {Type: AWS::EC2::Instance, Properties: {IamInstanceProfile: !Ref User}}"
NAMED = "  User: {Type: AWS::IAM::InstanceProfile, Properties: {InstanceProfileName: x, "


@pytest.mark.parametrize(
    ("before", "after", "is_judged"),
    [
        ("", "", False),
        ("", INSTANCE, True),
        ("", "Outputs: {Profile: {Value: !GetAtt User.Arn}}", True),
        ("  User: {Type: AWS::IAM::InstanceProfile, Properties: {", "", False),
        (NAMED, "", True),
    ],
)
def test_an_instance_profile_that_nothing_uses(before: str, after: str, is_judged: bool) -> None:
    """It is judged if something of the template has it, or somebody else may by its name."""
    trusting = f"{{Statement: [{trust('{Service: lambda.amazonaws.com}')}]}}"
    text = TEMPLATE.format(trusting, "AWS::IAM::InstanceProfile", "Roles")
    text = text.replace("Roles: !GetAtt Role.Arn", "Roles: [!Ref Role]")
    if before:
        text = text.replace("  User: {Type: AWS::IAM::InstanceProfile, Properties: {", before)
    stack = stacks.stack(text + after)
    assert [it.is_refused for it in assumptions(stack)] == ([True] if is_judged else [])


@pytest.mark.parametrize(
    "document",
    [
        "{Statement: []}",
        "!Ref Service",
        "!If [IsProd, {Statement: []}, !Ref AWS::NoValue]",
        "{'Fn::Transform': {Name: AWS::Include}}",
    ],
)
def test_no_trust_policy_is_no_answer(document: str) -> None:
    """A role without a trust policy that can be read may be assumed by anybody."""
    assert not any(it.outcome.is_denied or it.is_refused for it in found(document))


def test_a_macro_may_write_the_trust_policy() -> None:
    """Nothing is proved of a template that only AWS can write out."""
    text = TEMPLATE.format(f"{{Statement: [{trust('{Service: x.amazonaws.com}')}]}}", *TASK)
    inside = text.replace("Properties: {Ass", "Properties: {'Fn::Transform': {Name: x}, Ass")
    for written in (f"Transform: Mine\n{text}", inside):
        (assumption,) = assumptions(stacks.stack(written))
        assert assumption.outcome is UNDETERMINED
        assert not assumption.is_refused


def test_who_is_trusted() -> None:
    """The principals that an Allow lets in, for the message."""
    denied = trust("{Service: c}", effect="Deny")
    (assumption,) = found(f"{{Statement: [{trust('{Service: [a, b]}')}, {denied}]}}")
    assert [str(principal.entry.text) for principal in trusted(assumption.role)] == ["a", "b"]


# --- a pipeline's actions ----------------------------------------------------------------------

PIPELINE = """
Resources:
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: {0}
      Stages:
        - Actions:
            - RoleArn: !GetAtt Action.Arn
              ActionTypeId: {{Provider: CodeBuild}}
  Own:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {{Effect: Allow, Principal: {{Service: codepipeline.amazonaws.com}},
          Action: 'sts:AssumeRole'}}
  Action:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {{Effect: Allow, Principal: {1}, Action: 'sts:AssumeRole'}}
"""


@pytest.mark.parametrize(
    ("pipeline", "principal", "is_refused"),
    [
        ("!GetAtt Own.Arn", "{Service: codepipeline.amazonaws.com}", True),
        ("!GetAtt Own.Arn", "{AWS: 'arn:aws:iam::111122223333:user/x'}", True),
        ("!GetAtt Own.Arn", "{AWS: 'arn:aws:iam::111122223333:role/other'}", False),
        ("!GetAtt Own.Arn", "{AWS: !GetAtt Own.Arn}", False),
        ("!GetAtt Own.Arn", "{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}", False),
        ("!GetAtt Own.Arn", "{AWS: !Ref AWS::AccountId}", False),
        ("!GetAtt Own.Arn", "{AWS: '*'}", False),
        ("!ImportValue Role", "{Service: codepipeline.amazonaws.com}", True),
        ("!ImportValue Role", "{AWS: 'arn:aws:iam::111122223333:role/other'}", False),
        ("arn:aws:iam::111122223333:role/x", "{AWS: 'arn:aws:iam::111122223333:role/x'}", False),
    ],
)
def test_the_role_of_an_action_is_assumed_by_the_pipelines_role(
    pipeline: str, principal: str, is_refused: bool
) -> None:
    """CodePipeline assumes an action's role through the pipeline's, not as a service."""
    stack = stacks.stack(PIPELINE.format(pipeline, principal))
    of_action = [it for it in assumptions(stack) if it.role.logical_id == "Action"]
    assert [it.is_refused for it in of_action] == [is_refused]
