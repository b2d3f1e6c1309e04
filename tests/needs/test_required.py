"""Calls that the configuration requires: which values they are about, and of which role."""

from __future__ import annotations

import os
from textwrap import indent

import pytest
from tests import stacks
from tests.needs.asked import findings

from copilot_preflight.base.finding import Place
from copilot_preflight.base.globs import Globs
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.inputs.package import Package
from copilot_preflight.needs.need import Need
from copilot_preflight.needs.required import REQUIRED, is_met
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.outside import Outside, Requirement
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack

ALLOWED, DENIED, OPEN = Outcome.ALLOWED, Outcome.IMPLICIT_DENY, Outcome.UNDETERMINED
TOLD = Place("config.yml", ("require", 0))
BUCKET = "$.Resources.*.Properties.ContainerDefinitions[*].Environment[?(@.Name=='BUCKET')].Value"
READ = Requirement(TOLD, "s3:GetObject", "arn:aws:s3:::{}/*", BUCKET)
SEND = Requirement(TOLD, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:orders")

TASK = stacks.task("Environment: %(environment)s", "RequiresCompatibilities: [FARGATE]\n%(roles)s")
GRANT = "{Effect: Allow, Action: %(action)s, Resource: %(resource)s}"
TEMPLATE = f"""
Parameters:
  Given: {{Type: String}}
  Optional: {{Type: String, Default: ''}}
Conditions:
  Chosen: !Equals [!Ref Given, yes]
Resources:
{TASK}
{stacks.role(GRANT, name="TaskRole", policy="own")}
  ExecutionRole: {{Type: AWS::IAM::Role}}
  Uploads: {{Type: AWS::S3::Bucket, Properties: {{BucketName: uploads}}}}
%(more)s
"""
BOTH = "{TaskRoleArn: !GetAtt TaskRole.Arn, ExecutionRoleArn: !GetAtt ExecutionRole.Arn}"


def stack(
    environment: str,
    *requirements: Requirement,
    action: str = "s3:GetObject",
    resource: str = "!Sub '${Uploads.Arn}/*'",
    roles: str = "TaskRoleArn: !GetAtt TaskRole.Arn",
    more: str = "",
) -> Stack:
    fills = {"environment": environment, "action": action, "resource": resource, "roles": roles}
    text = TEMPLATE % {**fills, "more": indent(more, "  ")}
    provided = Outside(requirements=requirements)
    return stacks.stack(text, run=Run(provided))


def bucket(value: str) -> str:
    return f"[{{Name: LOG, Value: debug}}, {{Name: BUCKET, Value: {value}}}]"


def outcomes(found: Stack) -> dict[str, Outcome]:
    decisions = [it for it in Analysis(found).decisions if it.call.need.kind == REQUIRED]
    return {str(it.call.resource): it.outcome for it in decisions}


def needs(found: Stack) -> list[Need]:
    return [it for it in Analysis(found).needs if it.kind == REQUIRED]


def errors(found: Stack) -> list[str]:
    return [it.rule for it in findings(found) if it.rule[0] == "E"]


# --- what is asked for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("!Ref Uploads", {"arn:aws:s3:::uploads/*": ALLOWED}),
        ("files", {"arn:aws:s3:::files/*": DENIED}),
        ("!Ref Given", {"arn:aws:s3:::${Given}/*": OPEN}),
        ("!If [Chosen, files, !Ref Uploads]", {
            "arn:aws:s3:::files/*": DENIED, "arn:aws:s3:::uploads/*": ALLOWED,
        }),
        ("!If [Chosen, files, !Ref AWS::NoValue]", {"arn:aws:s3:::files/*": DENIED}),
        ("''", {}),
    ],
)  # fmt: skip
def test_the_value_stands_in_the_resource(value: str, asked: dict[str, Outcome]) -> None:
    """Whatever the template can say there; an empty value asks for nothing."""
    assert outcomes(stack(bucket(value), READ)) == asked


def test_items_under_a_condition_are_found() -> None:
    """The path does not have to know that there is an Fn::If around an item of a list."""
    item = "{Name: BUCKET, Value: files}"
    found = stack(f"[!If [Chosen, {item}, !Ref AWS::NoValue]]", READ)
    assert outcomes(found) == {"arn:aws:s3:::files/*": DENIED}
    (need,) = needs(found)
    assert need.value.path[-5:] == ("Environment", 0, "Fn::If", 1, "Value")


def test_lists_are_values_one_by_one() -> None:
    lists = "Rule: {Type: AWS::Events::Rule, Metadata: {Buckets: [files, !Ref Uploads]}}"
    found = stack("[]", READ._replace(at="$.Resources.Rule.Metadata.Buckets"), more=lists)
    assert outcomes(found) == {"arn:aws:s3:::files/*": DENIED, "arn:aws:s3:::uploads/*": ALLOWED}


def test_the_partition_may_be_open() -> None:
    """With ``${AWS::Partition}`` there is nothing that the template would have to tell."""
    found = stack(bucket("!Ref Uploads"), READ._replace(resource="arn:${AWS::Partition}:s3:::{}/x"))
    assert outcomes(found) == {"arn:${AWS::Partition}:s3:::uploads/x": ALLOWED}


def test_template_values_are_filled_in() -> None:
    """``${…}`` is what Fn::Sub makes of it; a name that nobody declares leaves it open."""
    resource = "arn:aws:s3:::${Uploads}/${Given}"
    known = READ._replace(at="", resource=resource)
    unknown = READ._replace(at="", resource="arn:aws:s3:::${Uploads}-${Nobody}/x")
    assert outcomes(stack("[]", known)) == {"arn:aws:s3:::uploads/${Given}": ALLOWED}
    found = stack("[]", unknown, resource="'arn:aws:s3:::*-files/*'")
    assert outcomes(found) == {"arn:aws:s3:::uploads-${Nobody}/x": OPEN}


def test_requirements_of_one_action_are_kept_apart() -> None:
    """Two requirements at one place are two calls, of which one may be denied."""
    other = SEND._replace(place=Place("config.yml", ("require", 1)), resource=f"{SEND.resource}2")
    found = stack("[]", SEND, other, action="sqs:SendMessage", resource=f"'{SEND.resource}'")
    assert outcomes(found) == {SEND.resource: ALLOWED, other.resource: DENIED}
    (finding,) = (it for it in findings(found) if it.rule == "E9748")
    assert finding.related[0].place == other.place


# --- of whom --------------------------------------------------------------------------------------


def test_a_value_within_a_task_definition_is_about_its_role() -> None:
    """Any other value is about the roles of all."""
    more = """
Other:
  Type: AWS::ECS::TaskDefinition
  Properties: {TaskRoleArn: !GetAtt OtherRole.Arn, ContainerDefinitions: [{Name: other}]}
OtherRole: {Type: AWS::IAM::Role}
"""
    own = stack(bucket("files"), READ, more=more)
    assert [str(it.role) for it in needs(own)] == ["role 'TaskRole'"]
    shared = stack("[]", READ._replace(at="$.Resources.Uploads.Type"), more=more)
    assert [str(it.role) for it in needs(shared)] == ["role 'TaskRole'", "role 'OtherRole'"]


def test_the_execution_role_can_be_meant() -> None:
    found = stack(bucket("!Ref Uploads"), READ._replace(role="execution"), roles=f"<<: {BOTH}")
    assert [str(it.role) for it in needs(found)] == ["role 'ExecutionRole'"]


def test_a_task_on_fargate_needs_the_role() -> None:
    """Without the role there is nobody who could be allowed."""
    found = stack(bucket("files"), READ, roles="Family: web")
    fargate = "Service: {Type: AWS::ECS::Service, Properties: {LaunchType: FARGATE, TaskDefinition: !Ref Task}}"  # noqa: E501
    assert "E9748" not in errors(found)
    found = stack(bucket("files"), READ, roles="Family: web", more=fargate)
    (finding,) = (it for it in findings(found) if it.rule == "E9734")
    assert "for the application of task definition 'Task'" in finding.message


def test_resources_that_are_not_there_ask_for_nothing() -> None:
    more = """
Never:
  Type: AWS::S3::Bucket
  Condition: Chosen
  Properties: {BucketName: files}
"""
    one = READ._replace(at="$.Resources.Never.Properties.BucketName")
    assert [str(it.view.scenario) for it in needs(stack("[]", one, more=more))] == [
        "Chosen is true"
    ]


# --- which templates ------------------------------------------------------------------------------


def test_requirements_are_about_their_files() -> None:
    one = READ._replace(files=Globs("/elsewhere", ("*.yml",)))
    found = stack(bucket("files"), one)
    assert needs(found) == []
    assert not is_met(found, one)
    assert is_met(found, READ)
    assert not is_met(found, READ._replace(at="$.Nothing"))


def test_without_requirements_nothing_is_asked() -> None:
    assert needs(stack(bucket("files"))) == []


# --- what is said ---------------------------------------------------------------------------------


def test_the_finding() -> None:
    """It stands at the value, names the reason and shows where the call is required."""
    found = stack(bucket("files"), READ._replace(because="it reads settings"))
    (finding,) = (it for it in findings(found) if it.rule == "E9748")
    assert finding.message == (
        "task role 'TaskRole' may not s3:GetObject on 'arn:aws:s3:::files/*', which the "
        "application of task definition 'Task' needs: the grant is for another bucket, "
        "'arn:aws:s3:::uploads/*'"
    )
    assert finding.at.path[-3:] == ("Environment", 1, "Value")
    assert finding.related[0].place == TOLD
    assert finding.call is not None
    assert finding.call.because == "it reads settings (required by config.yml)"


def test_without_a_path_the_finding_stands_at_the_task_definition() -> None:
    (finding,) = (it for it in findings(stack("[]", SEND)) if it.rule == "E9748")
    assert finding.at == Place("t.yml", ("Resources", "Task"), key=True)


def test_a_path_to_maps_is_refused() -> None:
    """What is no string cannot stand in an ARN: the requirement is wrong, not the template."""
    from copilot_preflight.resolve.value import TemplateError

    with pytest.raises(TemplateError, match="finds a map in 't") as refused:
        needs(stack("[]", READ._replace(at="$.Resources.Uploads")))
    assert (refused.value.file, refused.value.path) == ("config.yml", TOLD.path)


def test_a_grant_in_an_addon_counts() -> None:
    """The partition that the requirement tells is that of the addons, too."""
    addons = """
Resources:
  Uploads: {Type: AWS::S3::Bucket, Properties: {BucketName: files}}
  Access:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement: {Effect: Allow, Action: s3:GetObject, Resource: !Sub '${Uploads.Arn}/*'}
Outputs:
  Access: {Value: !Ref Access}
"""
    text = TEMPLATE % {
        "environment": bucket("files"),
        "action": "s3:ListBucket",
        "resource": "'*'",
        "roles": "TaskRoleArn: !GetAtt TaskRole.Arn",
        "more": "  AddonsStack: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x}}",
    }
    text = text.replace(
        "Policies:", "ManagedPolicyArns: [!GetAtt AddonsStack.Outputs.Access]\n      Policies:", 1
    )
    one = READ._replace(files=Globs(os.getcwd(), ("t.yml",)))
    package = Package(parse(text, "t.yml"), addons=parse(addons, "addons.yml"))
    assert outcomes(Run(Outside(requirements=(one,))).add(package)) == {
        "arn:aws:s3:::files/*": ALLOWED
    }
