"""Pipelines and build projects: stores, actions, roles, keys, and buckets without ACLs."""

from __future__ import annotations

import pytest

from copilot_preflight.base.symbolic import Text
from copilot_preflight.inputs.package import Package
from copilot_preflight.model.pipelines import (
    acls_disabled,
    pipelines,
    project_of,
    projects,
    store_of,
)
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PSEUDO = {"AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}

PIPELINE = """
Parameters:
  Env: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Key: {Type: AWS::KMS::Key}
  Bucket: {Type: AWS::S3::Bucket}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/pipeline
      %s
      Stages:
        - Name: Source
          Actions:
            - Name: Checkout
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: 1}
              OutputArtifacts: [{Name: App}]
            - !If
              - IsProd
              - Name: Config
                ActionTypeId: {Category: Source, Owner: AWS, Provider: S3, Version: 1}
                Configuration: {S3Bucket: config, S3ObjectKey: app.zip}
                OutputArtifacts: [{Name: Config}]
                RoleArn: arn:aws:iam::111122223333:role/config
              - !Ref AWS::NoValue
        - Name: Deploy
          Actions:
            - Name: Stack
              Region: us-east-1
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: CloudFormation, Version: 1}
              InputArtifacts: [{Name: App}, {Name: Config}]
"""
ONE = "ArtifactStore: {Type: S3, Location: artifacts}"


def stack(text: str, run: Run | None = None, file: str = "t.yml") -> Stack:
    return (run or Run()).add(Package(parse(text, file)), PSEUDO)


def test_an_action_is_told_with_its_stage_its_artifacts_and_its_role() -> None:
    """What an action is, and what it takes and gives; a role of its own is not the pipeline's."""
    (pipeline,) = pipelines(View(stack(PIPELINE % ONE)))
    assert str(pipeline) == "pipeline 'Pipeline'"
    told = [
        (str(a), a.category, a.provider, [str(i.name) for i in a.inputs], a.role is not None)
        for a in pipeline.actions
    ]
    assert told == [
        ("action 'Source/Checkout'", "Source", "CodeCommit", [], False),
        ("action 'Source/Config'", "Source", "S3", [], True),
        ("action 'Deploy/Stack'", "Deploy", "CloudFormation", ["App", "Config"], False),
    ]
    config = pipeline.actions[1]
    assert str(config.setting("S3ObjectKey")) == "app.zip"
    assert config.setting("Nothing") is None
    assert config.value.conditions == ("IsProd",)
    assert pipeline.producer(Text.of("Config")) is config
    assert pipeline.producer(Text.of("Other")) is None


REGIONS = """ArtifactStores:
        - {Region: !Ref AWS::Region, ArtifactStore: {Type: S3, Location: here}}
        - {Region: us-east-1, ArtifactStore: {Type: S3, Location: there}}
"""
ELSEWHERE = "ArtifactStores: [{Region: us-west-2, ArtifactStore: {Type: S3, Location: west}}]"
SOME = "ArtifactStores: [{Region: !Ref Env, ArtifactStore: {Type: S3, Location: some}}]"


@pytest.mark.parametrize(
    ("stores", "of_source", "of_deploy"),
    [
        (ONE, "artifacts", None),
        (REGIONS, "here", "there"),
        (ELSEWHERE, None, None),
        (SOME, "some", "some"),
    ],
)
def test_the_store_of_an_action_is_that_of_its_region(
    stores: str, of_source: str | None, of_deploy: str | None
) -> None:
    """An action works in its region, else in the pipeline's; a store elsewhere is not its own."""
    found = stack(PIPELINE % stores)
    (pipeline,) = pipelines(View(found))
    source, _, deploy = (store_of(View(found), pipeline, action) for action in pipeline.actions)
    assert source is None if of_source is None else source and str(source.bucket) == of_source
    assert deploy is None if of_deploy is None else deploy and str(deploy.bucket) == of_deploy


@pytest.mark.parametrize(
    ("key", "told", "known"),
    [
        ("", None, True),
        (f"EncryptionKey: {{Type: KMS, Id: '{KEY_ARN}'}}", KEY_ARN, True),
        ("EncryptionKey: {Type: KMS, Id: !Ref Key}", "key/${Key}", True),
        ("EncryptionKey: {Type: KMS, Id: !Ref Env}", "${Env}", True),
        ("EncryptionKey: {Type: KMS, Id: alias/aws/s3}", None, True),
        ("EncryptionKey: {Type: KMS, Id: alias/elsewhere}", None, False),
        ("EncryptionKey: {Type: KMS}", None, False),
    ],
)
def test_the_key_of_a_store(key: str, told: str | None, known: bool) -> None:
    """A key by its ARN, its id or its alias; the one that AWS manages is none of the customer's."""
    location = f"ArtifactStore: {{Type: S3, Location: artifacts, {key}}}"
    (pipeline,) = pipelines(View(stack(PIPELINE % location)))
    (store,) = pipeline.stores
    assert store.encrypted.is_known is known
    assert store.encrypted.key is None if told is None else str(store.encrypted.key).endswith(told)


def test_a_key_under_a_condition_leaves_the_pipeline_undecided() -> None:
    """Whether there is a key must be settled before anything can be said."""
    key = "!If [IsProd, {Type: KMS, Id: !Ref Key}, !Ref AWS::NoValue]"
    location = f"ArtifactStore: {{Type: S3, Location: artifacts, EncryptionKey: {key}}}"
    (pipeline,) = pipelines(View(stack(PIPELINE % location)))
    assert pipeline.undecided == "IsProd"


PROJECTS = """
Resources:
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: shop-build
      ServiceRole: build
      EncryptionKey: %s
      Artifacts: {Type: CODEPIPELINE}
      SecondaryArtifacts: [{Type: S3, ArtifactIdentifier: docs, Location: docs}]
      Source: {Type: CODEPIPELINE}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Stages:
        - Name: Build
          Actions:
            - Name: Build
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: 1}
              Configuration: {ProjectName: %s}
"""


@pytest.mark.parametrize(
    ("name", "found"),
    [("!Ref Build", True), ("shop-build", True), ("other", False), ("!ImportValue x", False)],
)
def test_the_project_of_an_action_is_found_by_name_or_reference(name: str, found: bool) -> None:
    """A project in the run, by whatever certainly names it; another one is not it."""
    own = stack(PROJECTS % (KEY_ARN, name))
    (pipeline,) = pipelines(View(own))
    project = project_of(View(own), pipeline.actions[0])
    assert (project is not None) is found
    if project is not None:
        assert str(project) == "build project 'Build'"
        assert str(project.encrypted.key) == KEY_ARN
        assert project.role is not None
        assert str(project.role.text()) == "build"


def test_a_project_has_all_its_artifacts_and_sources() -> None:
    """The primary ones first, then the secondary ones."""
    (project,) = projects(View(stack(PROJECTS % ("alias/aws/s3", "x"))))
    assert [it.literal("Type") for it in project.artifacts] == ["CODEPIPELINE", "S3"]
    assert [it.literal("Type") for it in project.sources] == ["CODEPIPELINE"]
    assert project.encrypted == (None, project.encrypted.value, True)


@pytest.mark.parametrize(
    ("properties", "disabled"),
    [
        ("{OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}}", True),
        ("{OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerPreferred}]}}", False),
        ("{OwnershipControls: {Rules: [{ObjectOwnership: !Ref X}]}}", False),
        ("{}", False),
    ],
)
def test_acls_are_disabled_where_the_bucket_says_so(properties: str, disabled: bool) -> None:
    """Without OwnershipControls it depends on the age of the bucket, which nobody can tell."""
    text = (
        "Parameters: {X: {Type: String}}\nResources: {B: {Type: AWS::S3::Bucket, Properties: %s}}"
    )
    found = stack(text % properties)
    name = found.resolver().text({"Ref": "B"}, ())
    assert (acls_disabled(View(found), name) is not None) is disabled
    assert acls_disabled(View(found), Text.of("another")) is None
    assert acls_disabled(View(found), None) is None
