"""Images that CodeBuild pulls by itself: repositories that certainly keep it out, and no others."""

from __future__ import annotations

import pytest
from tests.needs.asked import findings
from tests.needs.builds import LOGS, build

OWN = "Environment: {Image: !Sub '${Repository.RepositoryUri}:1', ImagePullCredentialsType: %s}"
REPOSITORY = """
Repository:
  Type: AWS::ECR::Repository
  Properties:
    RepositoryPolicyText:
      Statement: %s
"""
PULL = "Action: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]"
SERVICE = "Principal: {Service: codebuild.amazonaws.com}"


def rules(kind: str, repository: str) -> list[str]:
    return [it.rule for it in findings(build(OWN % kind, LOGS, more=repository))]


@pytest.mark.parametrize(
    "statement",
    [
        f"{{Effect: Allow, {SERVICE}, {PULL}}}",
        f"{{Effect: Allow, {SERVICE}, Action: 'ecr:*'}}",
        f"{{Effect: Allow, Principal: '*', {PULL}}}",
        f"{{Effect: Allow, Principal: {{AWS: 'arn:aws:iam::201349592320:root'}}, {PULL}}}",
        f"{{Effect: Allow, {SERVICE}, {PULL}, "
        "Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}}",
    ],
)
def test_a_policy_that_may_let_it_in_is_silent(statement: str) -> None:
    """As AWS's sample writes it, with the accounts of old, and with its conditions."""
    assert rules("CODEBUILD", REPOSITORY % statement) == []


@pytest.mark.parametrize(
    "repository",
    [
        "Repository: {Type: AWS::ECR::Repository}",
        REPOSITORY % f"{{Effect: Allow, Principal: {{Service: ecs.amazonaws.com}}, {PULL}}}",
        REPOSITORY % f"{{Effect: Allow, {SERVICE}, Action: ecr:BatchGetImage}}",
        REPOSITORY % f"[{{Effect: Allow, {SERVICE}, {PULL}}}, {{Effect: Deny, {SERVICE}, {PULL}}}]",
    ],
)
def test_a_policy_that_certainly_keeps_it_out_is_found(repository: str) -> None:
    """And one that is not there; what the role may do does not count."""
    assert rules("CODEBUILD", repository) == ["E9742"]
    everything = "{Effect: Allow, Action: 'ecr:*', Resource: '*'}"
    found = build(OWN % "CODEBUILD", LOGS, everything, more=repository)
    (finding,) = [it for it in findings(found) if it.rule == "E9742"]
    assert "does not let CodeBuild in" in finding.message
    assert "codebuild.amazonaws.com" in finding.help


@pytest.mark.parametrize(
    "kind", ["SERVICE_ROLE", "!Ref Given", "!If [Chosen, CODEBUILD, !Ref Given]"]
)
def test_it_must_be_certain_that_codebuild_pulls(kind: str) -> None:
    """Else it is a role that does, or may."""
    refused = [
        it
        for it in findings(build(OWN % kind, LOGS, more="Repository: {Type: AWS::ECR::Repository}"))
        if "CodeBuild may not" in it.message
    ]
    assert refused == []


def test_of_a_repository_outside_the_run_nothing_is_known() -> None:
    """Its policy nobody has seen; an image of CodeBuild's is none of ECR."""
    theirs = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/theirs:1"
    for image in (theirs, "aws/codebuild/standard:7.0"):
        environment = f"Environment: {{Image: '{image}', ImagePullCredentialsType: CODEBUILD}}"
        assert findings(build(environment, LOGS)) == []
