"""Mutations of pipelines: what an edit of a role, a store, a key or an action must give, and where.

Each is an edit of text: a pattern and what takes its place. What must be found is told as rule,
role and action; nothing else may be found.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tests.mutations.harness import CORPUS, STACKS


class Edit(NamedTuple):
    """A change of a stack: every match of a pattern is replaced."""

    name: str
    pattern: str
    becomes: str
    found: frozenset[str] = frozenset()
    is_open: bool = False


def denied(*found: str) -> frozenset[str]:
    return frozenset(found)


PIPELINE_PUT = "E9771 PipelineRole s3:PutObject"
PIPELINE_GET = "E9772 PipelineRole s3:GetObject"
PIPELINE_ENCRYPT = "E9773 PipelineRole kms:GenerateDataKey"
PIPELINE_DECRYPT = "E9773 PipelineRole kms:Decrypt"
BUILD_PUT = "E9771 BuildRole s3:PutObject"
BUILD_GET = "E9772 BuildRole s3:GetObject"
BUILD_ENCRYPT = "E9773 BuildRole kms:GenerateDataKey"
BUILD_DECRYPT = "E9773 BuildRole kms:Decrypt"
DEPLOY_GET = "E9772 DeployRole s3:GetObject"
DEPLOY_DECRYPT = "E9773 DeployRole kms:Decrypt"

_PIPELINE_ACTIONS: Final = r"\[.*\](?=  # pipeline, objects)"
_PIPELINE_BUCKET: Final = r"!Sub '.*'(?=  # pipeline, bucket)"
_BUILD_ACTIONS: Final = r"\[.*\](?=  # build, objects)"
_BUILD_BUCKET: Final = r"!Sub '.*'(?=  # build, bucket)"
_POLICY_OF_BUCKET: Final = """Resources:
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Artifacts
      PolicyDocument:
        Statement: {Effect: Allow, Principal: {AWS: !GetAtt %s.Arn}, Action: 's3:*',
          Resource: !Sub '${Artifacts.Arn}/*'}
"""

OWN: Final = (
    # Actions of grants.
    Edit("pipeline may not put", _PIPELINE_ACTIONS, "[s3:GetObject]", denied(PIPELINE_PUT)),
    Edit("pipeline may not get", _PIPELINE_ACTIONS, "[s3:PutObject]", denied(PIPELINE_GET)),
    Edit(
        "pipeline may do nothing in S3",
        _PIPELINE_ACTIONS,
        "[s3:DeleteObject]",
        denied(PIPELINE_PUT, PIPELINE_GET),
    ),
    Edit("pipeline may get and put by wildcard", _PIPELINE_ACTIONS, "['s3:?et*', 's3:Put*']"),
    Edit("pipeline may get and put in capitals", _PIPELINE_ACTIONS, "[S3:GETOBJECT, s3:PUTOBJECT]"),
    Edit("build may not put", _BUILD_ACTIONS, "[s3:GetObject]", denied(BUILD_PUT)),
    Edit("build may not get", _BUILD_ACTIONS, "[s3:PutObject]", denied(BUILD_GET)),
    Edit(
        "build may get versions only",
        _BUILD_ACTIONS,
        "[s3:GetObjectVersion, s3:PutObject]",
        denied(BUILD_GET),
    ),
    Edit("build need not get versions", _BUILD_ACTIONS, "[s3:GetObject, s3:PutObject]"),
    Edit("deploy may not get", r"s3:GetObject(?=  # deploy)", "s3:PutObject", denied(DEPLOY_GET)),
    # Resources of grants.
    Edit(
        "pipeline's grant is for another bucket",
        _PIPELINE_BUCKET,
        "!Sub '${Spare.Arn}/*'",
        denied(PIPELINE_PUT, PIPELINE_GET),
    ),
    Edit("pipeline's grant is for everything", _PIPELINE_BUCKET, "'*'"),
    Edit("pipeline's grant spells the ARN", _PIPELINE_BUCKET, "!Sub 'arn:*:s3:::${Artifacts}/*'"),
    Edit(
        "pipeline's grant is for a folder",
        _PIPELINE_BUCKET,
        "!Sub '${Artifacts.Arn}/x/*'",
        is_open=True,
    ),
    Edit(
        "build's grant is for a folder", _BUILD_BUCKET, "!Sub '${Artifacts.Arn}/x/*'", is_open=True
    ),
    Edit(
        "build's grant is in another partition",
        _BUILD_BUCKET,
        "!Sub 'arn:nowhere:s3:::${Artifacts}/*'",
        is_open=True,
    ),
    # Stores.
    Edit(
        "store moved",
        "Location: !Ref Artifacts",
        "Location: !Ref Spare",
        denied(PIPELINE_PUT, PIPELINE_GET, BUILD_PUT, BUILD_GET, DEPLOY_GET),
    ),
    Edit(
        "store of another region",
        r"ArtifactStore:\n        Type: S3",
        """ArtifactStores:
      - Region: !Ref AWS::Region
        ArtifactStore:
          Type: S3""",
    ),
    # Keys.
    Edit(
        "store has another key",
        r"(?<=Id: !GetAtt )Key",
        "SpareKey",
        denied(PIPELINE_ENCRYPT, BUILD_DECRYPT),
        is_open=True,
    ),
    Edit(
        "store has no key",
        r"EncryptionKey:\n          Type: KMS\n          Id: .*",
        "",
    ),
    Edit(
        "store's key outside the run", r"(?<=Id: )!GetAtt Key.Arn", "!ImportValue key", is_open=True
    ),
    Edit("store's key by its id", r"(?<=Id: )!GetAtt Key.Arn", "!Ref Key"),
    Edit("project has another key", r"(?<=EncryptionKey: !GetAtt )Key", "SpareKey", is_open=True),
    Edit("project has no key", r" +EncryptionKey: !GetAtt Key.Arn\n", ""),
    Edit(
        "pipeline may only decrypt",
        r"\[kms.*\](?=  # pipeline)",
        "kms:Decrypt",
        denied(PIPELINE_ENCRYPT),
    ),
    Edit(
        "pipeline may only encrypt",
        r"\[kms.*\](?=  # pipeline)",
        "[kms:Encrypt, 'kms:GenerateDataKey*']",
        denied(PIPELINE_DECRYPT),
    ),
    Edit(
        "build may use another key",
        r"!GetAtt Key.Arn(?=  # build)",
        "!GetAtt SpareKey.Arn",
        denied(BUILD_ENCRYPT, BUILD_DECRYPT),
    ),
    Edit(
        "build may use the key in S3",
        "kms:\\*'\\]",
        "kms:*']\n                Condition: "
        "{StringLike: {'kms:ViaService': 's3.*.amazonaws.com'}}",
    ),
    Edit(
        "deploy may not decrypt",
        r"kms:Decrypt(?=  # deploy)",
        "kms:Encrypt",
        denied(DEPLOY_DECRYPT),
    ),
    # Actions of stages.
    Edit("source of GitHub's first version", "CodeStarSourceConnection", "GitHub"),
    Edit("source nobody knows", "CodeStarSourceConnection", "Bespoke"),
    Edit(
        "deploy without a role of its own",
        r" +RoleArn: !GetAtt DeployRole.Arn\n",
        "",
    ),
    Edit("template of another artifact", "TemplatePath: 'Built", "TemplatePath: 'Checkout"),
    Edit("project of its own source", "Source: {Type: CODEPIPELINE}", "Source: {Type: GITHUB}"),
    # Policies of buckets.
    Edit(
        "the bucket lets the pipeline in",
        r"(?s)Resources:\n(.*)\[s3:GetObject, s3:PutObject\](?=  # pipeline)",
        _POLICY_OF_BUCKET % "PipelineRole" + r"\1[s3:DeleteObject]",
    ),
    Edit(
        "the bucket lets the build in, not the pipeline",
        r"(?s)Resources:\n(.*)\[s3:GetObject, s3:PutObject\](?=  # pipeline)",
        _POLICY_OF_BUCKET % "BuildRole" + r"\1[s3:DeleteObject]",
        denied(PIPELINE_PUT, PIPELINE_GET),
    ),
)

_PIPELINE_S3: Final = r" +- s3:PutObject\n(?= +- s3:GetBucketPolicy)"

COPILOTS: Final = (
    Edit("pipeline may not put", _PIPELINE_S3, "", denied(PIPELINE_PUT)),
    Edit(
        "pipeline may not encrypt",
        r" +- kms:GenerateDataKey\n",
        "",
        denied(PIPELINE_ENCRYPT),
    ),
    Edit(
        "pipeline's grant is for another bucket",
        r"(- s3:GetObjectAcl\n)( +Resource:\n)(?: +- !Join.*fancy-bucket.*\n)+",
        r"\1\2            - 'arn:aws:s3:::another-bucket*'\n",
        denied(PIPELINE_PUT),
    ),
)
"""Edits of Copilot's own pipelines; the roles of their deployments are elsewhere."""

OWN_STACK: Final = STACKS / "pipeline.yml"
COPILOT_STACKS: Final = tuple(
    path
    for path in sorted(CORPUS.glob("*/pipeline/*_template.y*ml"))
    if "CODEBUILD_CLONE_REF" not in path.read_text()
)
"""Without those whose source is a reference to the repository: what it takes is not documented."""
