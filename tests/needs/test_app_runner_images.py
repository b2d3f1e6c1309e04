"""Images of App Runner: the access role pulls them, and of public ones nothing is asked."""

from __future__ import annotations

import pytest
from tests import stacks
from tests.needs.asked import findings
from tests.needs.builds import answers

from copilot_preflight.needs.images import IMAGE
from copilot_preflight.resolve.stack import Stack

TOKEN = "{Effect: Allow, Action: ecr:GetAuthorizationToken, Resource: '*'}"
PULL = (
    "{Effect: Allow, Action: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer], "
    "Resource: !GetAtt Repository.Arn}"
)
OWN = "!Sub '${Repository.RepositoryUri}:1'"


def service(
    image: str, *statements: str, kind: str = "ECR", role: str = "!GetAtt Role.Arn"
) -> Stack:
    return stacks.stack(f"""
Parameters:
  Given: {{Type: String}}
Resources:
  Repository: {{Type: AWS::ECR::Repository}}
  Service:
    Type: AWS::AppRunner::Service
    Properties:
      SourceConfiguration:
        AuthenticationConfiguration: {{AccessRoleArn: {role}}}
        ImageRepository: {{ImageIdentifier: {image}, ImageRepositoryType: {kind}}}
{stacks.role(*statements)}
""")


def test_the_access_role_may_pull() -> None:
    """As CDK granted it for years: layers that are not checked and images that are not described
    keep no service from starting.
    """
    found = service(OWN, TOKEN, PULL)
    assert answers(found, IMAGE) == {
        "ecr:GetAuthorizationToken": "ALLOWED",
        "ecr:BatchGetImage": "ALLOWED",
        "ecr:GetDownloadUrlForLayer": "ALLOWED",
        "ecr:BatchCheckLayerAvailability": "IMPLICIT_DENY",
        "ecr:DescribeImages": "IMPLICIT_DENY",
    }
    assert findings(found) == []


def test_a_grant_on_the_repository_grants_no_token() -> None:
    """AWS says so of access roles; its managed policy is the way out for want of all."""
    assert [it.message for it in findings(service(OWN, PULL))] == [
        "access role 'Role' may not ecr:GetAuthorizationToken on '*', which the image of App "
        "Runner service 'Service' needs: no statement of the role grants it"
    ]
    nothing = "{Effect: Allow, Action: s3:ListAllMyBuckets, Resource: '*'}"
    (found,) = findings(service(OWN, nothing))
    managed = "service-role/AWSAppRunnerServicePolicyForECRAccess"
    assert found.help.startswith(f"attach !Sub 'arn:${{AWS::Partition}}:iam::aws:policy/{managed}'")


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        ("public.ecr.aws/aws-containers/hello-app-runner:latest", "ECR_PUBLIC"),
        (OWN, "ECR_PUBLIC"),
        ("!Ref Given", "ECR"),
    ],
)
def test_nothing_is_asked_of_other_images(image: str, kind: str) -> None:
    """Public ones, and those of which nothing is known."""
    assert answers(service(image, PULL, kind=kind), IMAGE) == {}


def test_a_role_outside_the_run_is_not_judged() -> None:
    """Nor one that the service does not name."""
    found = service(OWN, PULL, role="arn:aws:iam::111122223333:role/theirs")
    assert answers(found, IMAGE) == {}
    assert findings(found, "EW") == []


def test_a_repository_of_another_account_has_to_let_the_role_in() -> None:
    """The policy of one that is not in the run nobody has seen."""
    image = "444455556666.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
    everything = "{Effect: Allow, Action: 'ecr:*', Resource: '*'}"
    assert answers(service(image, everything), IMAGE)["ecr:BatchGetImage"] == "UNDETERMINED"


def test_copilots_service_is_silent() -> None:
    """A Request-Driven Web Service, as Copilot writes it."""
    template = """
Parameters:
  AppName: {Type: String}
  WorkloadName: {Type: String}
  ContainerImage: {Type: String}
  ImageRepositoryType: {Type: String}
Conditions:
  NeedsAccessRole: !Equals [!Ref ImageRepositoryType, ECR]
Resources:
  AccessRole:
    Type: AWS::IAM::Role
    Condition: NeedsAccessRole
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: build.apprunner.amazonaws.com}
            Action: sts:AssumeRole
      ManagedPolicyArns:
        - !Sub arn:${AWS::Partition}:iam::aws:policy/<managed>
  Service:
    Type: AWS::AppRunner::Service
    Properties:
      SourceConfiguration:
        AuthenticationConfiguration: !If
          - NeedsAccessRole
          - AccessRoleArn: !GetAtt AccessRole.Arn
          - !Ref AWS::NoValue
        ImageRepository:
          ImageIdentifier: !Ref ContainerImage
          ImageRepositoryType: !Ref ImageRepositoryType
"""
    values = {
        "AppName": "shop",
        "WorkloadName": "web",
        "ContainerImage": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1",
        "ImageRepositoryType": "ECR",
    }
    where = {"AWS::Region": "eu-west-1", "AWS::Partition": "aws", "AWS::AccountId": "111122223333"}
    managed = "service-role/AWSAppRunnerServicePolicyForECRAccess"
    found = stacks.stack(template.replace("<managed>", managed), values, where)
    assert answers(found, IMAGE)["ecr:GetAuthorizationToken"] == "ALLOWED"
    assert findings(found, "EW") == []
