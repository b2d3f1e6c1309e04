"""Images that builds run in: whose credentials pull them, and what a registry's login takes."""

from __future__ import annotations

import pytest
from tests.needs.asked import findings
from tests.needs.builds import LOGS, answers, build

from copilot_preflight.needs.container_secrets import REGISTRY
from copilot_preflight.needs.images import IMAGE

REPOSITORY = "Repository: {Type: AWS::ECR::Repository}"
PULL = "{Effect: Allow, Action: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer], Resource: '*'}"
OWN = "!Sub '${Repository.RepositoryUri}:1'"


def environment(kind: str, image: str = OWN) -> str:
    return f"Environment: {{Image: {image}, ImagePullCredentialsType: {kind}}}"


def test_the_role_pulls_with_its_own_credentials() -> None:
    """SERVICE_ROLE: the token, the image and its layers are asked of the role."""
    found = build(environment("SERVICE_ROLE"), PULL, LOGS, more=REPOSITORY)
    assert [it.message for it in findings(found)] == [
        "build role 'Role' may not ecr:GetAuthorizationToken on '*', which the image of build "
        "project 'Project' needs: the statement that covers it allows ecr:BatchGetImage and "
        "ecr:GetDownloadUrlForLayer, and not ecr:GetAuthorizationToken"
    ]


@pytest.mark.parametrize(
    ("properties", "asked"),
    [
        (environment("CODEBUILD"), set()),
        (f"Environment: {{Image: {OWN}}}", set()),
        (environment("SERVICE_ROLE", "aws/codebuild/standard:7.0"), set()),
        (environment("SERVICE_ROLE", "!Ref Given"), set()),
        (environment("!Ref Given"), set()),
        (environment("!If [Chosen, SERVICE_ROLE, CODEBUILD]"), {"IMPLICIT_DENY"}),
    ],
)
def test_only_a_role_that_pulls_is_asked(properties: str, asked: set[str]) -> None:
    """With its own credentials CodeBuild needs no role; a condition has two outcomes."""
    found = build(properties, LOGS, more=REPOSITORY)
    assert set(answers(found, IMAGE).values()) == asked


LOGIN = """
Environment:
  Image: shop/base
  ImagePullCredentialsType: SERVICE_ROLE
  RegistryCredential: {Credential: %s, CredentialProvider: SECRETS_MANAGER}
"""
SECRET = "Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: hub}}"


@pytest.mark.parametrize("credential", ["!Ref Secret", "hub"])
def test_a_registry_needs_its_secret(credential: str) -> None:
    """By its ARN or by its name, of the same region."""
    read = "{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Secret}"
    good = build(LOGIN % credential, read, LOGS, more=SECRET)
    assert answers(good, REGISTRY) == {"secretsmanager:GetSecretValue": "ALLOWED"}
    assert findings(good) == []
    bad = build(LOGIN % credential, LOGS, more=SECRET)
    assert [it.rule or it.cause for it in findings(bad)] == ["E9744"]
    assert "registry login of build project 'Project'" in findings(bad)[0].message
