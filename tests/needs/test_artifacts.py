"""Artifacts: who moves them, what that takes, and what nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis, Denial
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.inputs.package import Package
from copilot_preflight.needs.artifact_calls import ARTIFACT_DOWNLOAD, ARTIFACT_UPLOAD
from copilot_preflight.read.document import parse, read
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight_rules.artifact_acl_rejected import artifact_acl_rejected
from copilot_preflight_rules.artifact_download_denied import artifact_download_denied
from copilot_preflight_rules.artifact_encryption_denied import artifact_encryption_denied
from copilot_preflight_rules.artifact_upload_denied import artifact_upload_denied

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

ALLOWED, DENIED = Outcome.ALLOWED, Outcome.IMPLICIT_DENY
EXPLICIT, OPEN = Outcome.EXPLICIT_DENY, Outcome.UNDETERMINED

KINDS = (ARTIFACT_UPLOAD, ARTIFACT_DOWNLOAD)
PUT, GET = "s3:PutObject", "s3:GetObject"
ENCRYPT, DECRYPT = "kms:GenerateDataKey", "kms:Decrypt"

OBJECTS = "!Sub '${Artifacts.Arn}/*'"
ALL = f"[{{Effect: Allow, Action: ['s3:*'], Resource: {OBJECTS}}}]"
NOTHING = "[]"

SOURCE = """
        - Name: Source
          Actions:
            - Name: Checkout
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: '1'}
              Configuration: {RepositoryName: shop, BranchName: main}
              OutputArtifacts: [{Name: App}]
"""
BUILD = """
        - Name: Build
          Actions:
            - Name: Build
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}
              Configuration: {ProjectName: !Ref Build}
              InputArtifacts: [{Name: App}]
              OutputArtifacts: [{Name: Built}]
"""
DEPLOY = """
        - Name: Deploy
          Actions:
            - Name: Stack
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: CloudFormation, Version: '1'}
              Configuration: {ActionMode: CREATE_UPDATE, TemplatePath: 'Built::t.yml'}
              InputArtifacts: [{Name: Built}]
"""


def role(name: str, statements: str) -> str:
    return f"""
  {name}:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{{PolicyName: p, PolicyDocument: {{Statement: {statements}}}}}]
"""


def template(
    stages: str,
    *,
    pipeline: str = NOTHING,
    build: str = NOTHING,
    action: str = NOTHING,
    key: str = "",
    project_key: str = "",
    project: str = "Source: {Type: CODEPIPELINE}, Artifacts: {Type: CODEPIPELINE}",
    more: str = "",
) -> str:
    store_key = f", EncryptionKey: {{Type: KMS, Id: {key}}}" if key else ""
    own_key = f", EncryptionKey: {project_key}" if project_key else ""
    return f"""
Parameters:
  Env: {{Type: String}}
  SomeKey: {{Type: String}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Artifacts: {{Type: AWS::S3::Bucket}}
  Other: {{Type: AWS::S3::Bucket}}
  Key: {{Type: AWS::KMS::Key}}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: !GetAtt PipelineRole.Arn
      ArtifactStore: {{Type: S3, Location: !Ref Artifacts{store_key}}}
      Stages: {stages}
  Build:
    Type: AWS::CodeBuild::Project
    Properties: {{ServiceRole: !GetAtt BuildRole.Arn, {project}{own_key}}}
{role("PipelineRole", pipeline)}{role("BuildRole", build)}{role("ActionRole", action)}{more}
"""


def stack(text: str, run: Run | None = None, file: str = "pipeline.yml") -> Stack:
    return (run or Run()).add(Package(parse(text, file)))


def decided(text: str) -> list[tuple[str, str, Outcome]]:
    """(role, action, outcome) of every call."""
    return [
        (it.call.role.logical_id, it.call.action, it.outcome)
        for it in Analysis(stack(text)).decisions
        if it.call.need.kind in KINDS
    ]


def outcomes(text: str, action: str) -> list[Outcome]:
    return [outcome for _, name, outcome in decided(text) if name == action]


def findings(text: str) -> list[Finding]:
    analysis = Analysis(stack(text))
    rules = (
        artifact_upload_denied,
        artifact_download_denied,
        artifact_encryption_denied,
        artifact_acl_rejected,
    )
    return [found for rule in rules for found in rule.check(analysis)]


def allow(actions: str | Sequence[str], resource: str = OBJECTS) -> str:
    names = actions if isinstance(actions, str) else ", ".join(actions)
    return f"[{{Effect: Allow, Action: [{names}], Resource: {resource}}}]"


# --- whose call it is -----------------------------------------------------------------------------


def test_every_role_makes_its_own_calls() -> None:
    """The pipeline's role stores the source and reads the template, the build's does the rest."""
    assert decided(template(SOURCE + BUILD + DEPLOY, pipeline=ALL, build=ALL)) == [
        ("PipelineRole", PUT, ALLOWED),
        ("BuildRole", GET, ALLOWED),
        ("BuildRole", PUT, ALLOWED),
        ("PipelineRole", GET, ALLOWED),
    ]


def test_an_action_with_a_role_of_its_own_works_with_that() -> None:
    """What the pipeline's role may do does not count for such an action."""
    own = "RoleArn: !GetAtt ActionRole.Arn\n              OutputArtifacts"
    source = SOURCE.replace("OutputArtifacts", own)
    assert decided(template(source, pipeline=ALL)) == [("ActionRole", PUT, DENIED)]
    assert decided(template(source, action=ALL)) == [("ActionRole", PUT, ALLOWED)]


def test_a_role_under_a_condition_is_asked_where_it_is_the_one() -> None:
    """The action's role where the condition holds, the pipeline's elsewhere."""
    own = (
        "RoleArn: !If [IsProd, !GetAtt ActionRole.Arn, !Ref AWS::NoValue]\n"
        "              OutputArtifacts"
    )
    text = template(SOURCE.replace("OutputArtifacts", own), pipeline=ALL)
    (finding,) = findings(text)
    assert "action role 'ActionRole' may not s3:PutObject" in finding.message
    assert "IsProd" in finding.message


def test_a_build_may_be_given_another_role_by_the_action() -> None:
    """ServiceRoleArnOverride takes the place of the project's role."""
    override = "ProjectName: !Ref Build, ServiceRoleArnOverride: !GetAtt ActionRole.Arn"
    build = BUILD.replace("ProjectName: !Ref Build", override)
    assert decided(template(build, build=ALL)) == [
        ("ActionRole", GET, DENIED),
        ("ActionRole", PUT, DENIED),
    ]


def test_a_project_of_another_template_brings_its_own_role() -> None:
    """The project is found by its name in the run; the finding stands in the pipeline."""
    run = Run()
    name = "ProjectName: shop-build"
    own = stack(template(BUILD.replace("ProjectName: !Ref Build", name)), run)
    project = """
Resources:
  Elsewhere:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: shop-build
      ServiceRole: !Ref ItsRole
      Source: {Type: CODEPIPELINE}
      Artifacts: {Type: CODEPIPELINE}
"""
    stack(project + role("ItsRole", NOTHING), run, "build.yml")
    denials = [it for it in Analysis(own).denials if it.need.kind in KINDS]
    assert {denied.call.role.logical_id for denied in denials} == {"ItsRole"}
    assert {denied.need.place.file for denied in denials} == {"pipeline.yml"}


@pytest.mark.parametrize(
    "change",
    [
        ("Provider: CodeCommit", "Provider: Jenkins"),
        ("Category: Source", "Category: Invoke"),
        ("OutputArtifacts: [{Name: App}]", "RunOrder: 1"),
    ],
)
def test_an_action_that_is_not_known_to_upload_asks_nothing(change: tuple[str, str]) -> None:
    """Only what AWS documents is asked for."""
    assert decided(template(SOURCE.replace(*change))) == []


@pytest.mark.parametrize(
    ("change", "calls"),
    [
        (("Provider: CloudFormation", "Provider: ECS"), 1),
        (("Provider: CloudFormation", "Provider: CodeDeployToECS"), 1),
        (("Provider: CloudFormation", "Provider: CodeDeploy"), 0),
        (("Provider: CloudFormation", "Provider: Lambda"), 0),
        (("TemplatePath: 'Built::t.yml'", "ChangeSetName: x"), 0),
        (("InputArtifacts: [{Name: Built}]", "RunOrder: 1"), 0),
    ],
)
def test_an_action_reads_artifacts_only_where_that_is_certain(
    change: tuple[str, str], calls: int
) -> None:
    """A template is read where one is named; CodeDeploy and Lambda hand the artifact on."""
    assert outcomes(template(DEPLOY.replace(*change)), GET) == [DENIED] * calls


def test_a_project_with_sources_of_its_own_reads_nothing_of_the_pipeline() -> None:
    """Only a project of type CODEPIPELINE leaves its sources and artifacts to the pipeline."""
    project = "Source: {Type: GITHUB}, Artifacts: {Type: NO_ARTIFACTS}"
    assert decided(template(BUILD, project=project)) == []


# --- what is granted ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "outcome"),
    [
        (NOTHING, DENIED),
        (allow(PUT), ALLOWED),
        (allow("'s3:Put*'"), ALLOWED),
        (allow(GET), DENIED),
        (allow(PUT, "'*'"), ALLOWED),
        (allow(PUT, "!Sub '${Other.Arn}/*'"), DENIED),
        (allow(PUT, "!GetAtt Artifacts.Arn"), DENIED),
        (allow(PUT, "!Sub '${Artifacts.Arn}/shop/*'"), OPEN),
        (allow(PUT, "!Sub 'arn:aws:s3:::${Artifacts}/*'"), OPEN),
        (allow(PUT, "!Sub 'arn:aws:s3:::${Env}/*'"), OPEN),
        (
            f"[{{Effect: Allow, Action: [{PUT}], Resource: {OBJECTS}}}, "
            f"{{Effect: Deny, Action: [{PUT}], Resource: '*'}}]",
            EXPLICIT,
        ),
    ],
)
def test_what_lets_a_role_upload(statements: str, outcome: Outcome) -> None:
    """A grant on all objects is proof, one on another bucket is none; a folder leaves it open."""
    assert outcomes(template(SOURCE, pipeline=statements), PUT) == [outcome]


def test_a_policy_of_the_bucket_may_let_the_role_in() -> None:
    """A bucket policy that names the role is enough in the same account."""
    policy = """
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Artifacts
      PolicyDocument:
        Statement:
          Effect: Allow
          Principal: {AWS: !GetAtt PipelineRole.Arn}
          Action: s3:PutObject
          Resource: !Sub '${Artifacts.Arn}/*'
"""
    assert outcomes(template(SOURCE, more=policy), PUT) == [ALLOWED]


def test_a_reference_to_the_repository_is_no_proof() -> None:
    """With CODEBUILD_CLONE_REF it is not documented what is stored: nothing is claimed."""
    clone = "OutputArtifactFormat: CODEBUILD_CLONE_REF, RepositoryName"
    text = template((SOURCE + BUILD).replace("RepositoryName", clone))
    assert decided(text) == [
        ("PipelineRole", PUT, OPEN),
        ("BuildRole", GET, OPEN),
        ("BuildRole", PUT, DENIED),
    ]


# --- keys -----------------------------------------------------------------------------------------

KEY = "!GetAtt Key.Arn"
KEYS = f"[{{Effect: Allow, Action: ['kms:*'], Resource: {KEY}}}]"
OUTSIDE = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_without_a_key_nothing_is_asked_of_kms() -> None:
    """The AWS-managed key lets in whoever S3 lets in."""
    assert outcomes(template(SOURCE + BUILD + DEPLOY), ENCRYPT) == []
    assert outcomes(template(SOURCE + BUILD + DEPLOY), DECRYPT) == []


@pytest.mark.parametrize(
    ("key", "outcome"),
    [(KEY, DENIED), ("!Ref Key", DENIED), ("!Ref SomeKey", OPEN), (OUTSIDE, OPEN)],
)
def test_the_key_of_the_store_is_asked_for(key: str, outcome: Outcome) -> None:
    """Denied for a key of the run; a key outside it may have a policy that lets the role in."""
    text = template(SOURCE + BUILD, key=key, project_key=key)
    assert outcomes(text, ENCRYPT) == [outcome, outcome]
    assert outcomes(text, DECRYPT) == [outcome]


def test_a_grant_on_the_key_is_enough() -> None:
    """Both roles may use it: the key's default policy leaves that to IAM."""
    both = KEYS
    text = template(SOURCE + BUILD + DEPLOY, key=KEY, project_key=KEY, pipeline=both, build=both)
    assert set(outcomes(text, ENCRYPT) + outcomes(text, DECRYPT)) == {ALLOWED}


@pytest.mark.parametrize("project_key", ["", "alias/aws/s3", "!Ref SomeKey"])
def test_which_key_a_build_uses_is_open_where_two_are_named(project_key: str) -> None:
    """The project's key, or its default, against the store's: no denial is proved."""
    text = template(SOURCE + BUILD + DEPLOY, key=KEY, project_key=project_key, pipeline=KEYS)
    assert outcomes(text, ENCRYPT) == [ALLOWED, OPEN]
    without = template(SOURCE + BUILD + DEPLOY, key=KEY, project_key=project_key)
    assert outcomes(without, DECRYPT) == [DENIED, OPEN]  # of the source: sure; of the build: not


def test_a_key_under_a_condition_is_asked_for_where_it_is_named() -> None:
    """Denied only in the scenario that has the key."""
    key = "!If [IsProd, {Type: KMS, Id: !GetAtt Key.Arn}, !Ref AWS::NoValue]"
    text = template(SOURCE, pipeline=ALL).replace(
        "Location: !Ref Artifacts", f"Location: !Ref Artifacts, EncryptionKey: {key}"
    )
    told = [
        (it.outcome, it.call.view.decide("IsProd"))
        for it in Analysis(stack(text)).decisions
        if it.call.need.kind in KINDS and it.call.action == ENCRYPT
    ]
    assert told == [(DENIED, True)]


# --- buckets beside the store ---------------------------------------------------------------------

S3_SOURCE = SOURCE.replace("CodeCommit", "S3").replace(
    "{RepositoryName: shop, BranchName: main}", "{S3Bucket: !Ref Other, S3ObjectKey: in/app.zip}"
)
S3_DEPLOY = """
        - Name: Deploy
          Actions:
            - Name: Site
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: S3, Version: '1'}
              Configuration: {BucketName: !Ref Other, Extract: %s}
              InputArtifacts: [{Name: App}]
"""


@pytest.mark.parametrize(
    ("resource", "outcome"),
    [
        ("!Sub '${Other.Arn}/in/app.zip'", ALLOWED),
        ("!Sub '${Other.Arn}/*'", ALLOWED),
        ("!Sub '${Other.Arn}/out/*'", DENIED),
        (OBJECTS, DENIED),
    ],
)
def test_an_s3_source_is_fetched_by_its_key(resource: str, outcome: Outcome) -> None:
    """The object is known: a grant on another folder is no grant."""
    assert outcomes(template(S3_SOURCE, pipeline=allow(GET, resource)), GET) == [outcome]


@pytest.mark.parametrize(
    ("settings", "resource", "outcome"),
    [
        ("'true'", "!Sub '${Other.Arn}/*'", ALLOWED),
        ("'true'", "!Sub '${Other.Arn}/app.zip'", OPEN),
        ("'true'", OBJECTS, DENIED),
        ("'false', ObjectKey: app.zip", "!Sub '${Other.Arn}/app.zip'", ALLOWED),
        ("'false', ObjectKey: app.zip", "!Sub '${Other.Arn}/other.zip'", DENIED),
        ("'false', ObjectKey: '#{v.id}.zip'", "!Sub '${Other.Arn}/other.zip'", OPEN),
    ],
)
def test_an_s3_deployment_writes_into_its_bucket(
    settings: str, resource: str, outcome: Outcome
) -> None:
    """One object, or whatever is in the artifact; the store itself is only read."""
    text = template(S3_DEPLOY % settings, pipeline=allow(PUT, resource))
    assert outcomes(text, PUT) == [outcome]
    assert outcomes(text, GET) == [DENIED]


@pytest.mark.parametrize(
    ("artifact", "resource", "outcome"),
    [
        ("Location: !Ref Other", "!Sub '${Other.Arn}/*'", ALLOWED),
        ("Location: !Ref Other", OBJECTS, DENIED),
        ("Location: !Ref Other, Path: docs", "!Sub '${Other.Arn}/docs/*'", ALLOWED),
        ("Location: !Ref Other, Path: docs", "!Sub '${Other.Arn}/site/*'", DENIED),
        ("Location: !Ref Other, Path: /docs", "!Sub '${Other.Arn}/site/*'", OPEN),
    ],
)
def test_a_project_puts_artifacts_into_a_bucket_of_its_own(
    artifact: str, resource: str, outcome: Outcome
) -> None:
    """Below its Path, where it has a plain one."""
    project = f"Source: {{Type: GITHUB}}, Artifacts: {{Type: S3, {artifact}}}"
    text = template("[]", project=project, build=allow(PUT, resource))
    assert decided(text) == [("BuildRole", PUT, outcome)]


@pytest.mark.parametrize(
    ("location", "resource", "outcome"),
    [
        ("!Sub '${Other}/in/app.zip'", "!Sub '${Other.Arn}/in/*'", ALLOWED),
        ("!Sub '${Other}/in/app.zip'", "!Sub '${Other.Arn}/out/*'", DENIED),
        ("!Sub '${Env}/app.zip'", "!Sub 'arn:${AWS::Partition}:s3:::${Env}/*'", OPEN),
        ("config/app.zip", "!Sub 'arn:${AWS::Partition}:s3:::config/other.zip'", DENIED),
        ("config/in/", "!Sub 'arn:${AWS::Partition}:s3:::config/in/app.zip'", OPEN),
    ],
)
def test_a_project_fetches_its_source_from_s3(
    location: str, resource: str, outcome: Outcome
) -> None:
    """``bucket/key``; a folder is some object of the bucket."""
    project = f"Source: {{Type: S3, Location: {location}}}, Artifacts: {{Type: NO_ARTIFACTS}}"
    text = template("[]", project=project, build=allow(GET, resource))
    assert decided(text) == [("BuildRole", GET, outcome)]


@pytest.mark.parametrize(
    ("disabled", "calls"), [("", [DENIED]), (", EncryptionDisabled: true", [])]
)
def test_a_build_encrypts_its_output_unless_told_not_to(
    disabled: str, calls: list[Outcome]
) -> None:
    """EncryptionDisabled leaves the key of the project out."""
    artifacts = f"Artifacts: {{Type: S3, Location: !Ref Other{disabled}}}"
    text = template("[]", project=f"Source: {{Type: GITHUB}}, {artifacts}", project_key=KEY)
    assert outcomes(text, ENCRYPT) == calls


# --- findings -------------------------------------------------------------------------------------


def told(denial: Denial) -> str:
    return f"{denial.call.role.logical_id} {denial.call.action} {denial.cause.kind}"


def test_one_grant_makes_one_finding_however_many_actions_need_it() -> None:
    """The others are shown beside the first."""
    second = DEPLOY.replace("Name: Deploy", "Name: Prod")
    found = findings(template(DEPLOY + second, pipeline=allow(PUT)))
    assert [(it.cause, it.label) for it in found] == [
        ("other-action", "403 for role 'PipelineRole'")
    ]
    (finding,) = found
    assert "download of artifact 'Built' by action 'Deploy/Stack'" in finding.message
    assert any("'Prod/Stack'" in related.message for related in finding.related)
    assert "Resource:\n    - !Sub 'arn:${AWS::Partition}:s3:::${Artifacts}/*'" in finding.help


def test_a_grant_on_the_arn_of_the_bucket_is_the_statements_finding() -> None:
    """E9751 reports it: one broken statement, one finding."""
    text = template(SOURCE, pipeline=allow(PUT, "!GetAtt Artifacts.Arn"))
    denials = [it for it in Analysis(stack(text)).denials if it.need.kind in KINDS]
    assert list(map(told, denials)) == ["PipelineRole s3:PutObject object-action-on-bucket-arn"]
    assert findings(text) == []


def test_a_finding_about_a_key_shows_where_it_is_named() -> None:
    """The role, the key, and what to write."""
    (finding,) = findings(template(SOURCE, key=KEY, pipeline=ALL))
    assert "may not kms:GenerateDataKey on" in finding.message
    assert [related.message for related in finding.related] == [
        "the key of the artifacts",
        "the role that makes the call",
    ]


@pytest.mark.parametrize(
    ("acl", "ownership", "count"),
    [
        ("public-read", "BucketOwnerEnforced", 1),
        ("private", "BucketOwnerEnforced", 1),
        ("bucket-owner-full-control", "BucketOwnerEnforced", 0),
        ("!Ref Env", "BucketOwnerEnforced", 0),
        ("public-read", "ObjectWriter", 0),
    ],
)
def test_an_acl_is_rejected_where_acls_are_disabled(acl: str, ownership: str, count: int) -> None:
    """Only one that is known, and only by a bucket that says so."""
    stages = (S3_DEPLOY % f"'true', CannedACL: {acl}").replace("!Ref Other", "!Ref Site")
    site = f"""
  Site:
    Type: AWS::S3::Bucket
    Properties: {{OwnershipControls: {{Rules: [{{ObjectOwnership: {ownership}}}]}}}}
"""
    found = findings(template(stages, pipeline=allow([PUT, GET], "'*'"), more=site))
    assert [it.cause for it in found] == ["acls-disabled"] * count


@pytest.mark.parametrize(
    ("acl", "count"), [("PublicRead", 1), ("LogDeliveryWrite", 1), ("Private", 0), ("!Ref Env", 0)]
)
def test_a_bucket_cannot_have_an_acl_and_disable_acls(acl: str, count: int) -> None:
    """An ACL that lets in nobody else is none."""
    controls = "OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}"
    site = f"""
  Site:
    Type: AWS::S3::Bucket
    Properties: {{AccessControl: {acl}, {controls}}}
"""
    assert len(findings(template("[]", more=site))) == count


# --- Copilot's pipelines --------------------------------------------------------------------------

COPILOTS = sorted(CORPUS.glob("*/pipeline/*_template.y*ml")) if CORPUS.exists() else []


@pytest.mark.skipif(not COPILOTS, reason="Copilot's stacks are not at hand")
@pytest.mark.parametrize("path", COPILOTS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_call_of_copilots_pipelines_is_allowed(path: Path) -> None:
    """All that the roles in the template do; the bucket and the key are the application's."""
    analysis = Analysis(Run().add(Package(read(str(path)))))
    found = [
        (it.call.role.logical_id, it.call.action, it.outcome)
        for it in analysis.decisions
        if it.call.need.kind in KINDS
    ]
    assert {outcome for _, _, outcome in found} == {ALLOWED}
    assert {("PipelineRole", PUT, ALLOWED), ("BuildProjectRole", ENCRYPT, ALLOWED)} <= set(found)
