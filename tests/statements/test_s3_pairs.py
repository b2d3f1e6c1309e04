"""The S3 statements of a template, and the half of the bucket/object pair that each reaches."""

from __future__ import annotations

import pytest
from tests import stacks

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.policy import Entry
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.statements.s3_pairs import BUCKET, OBJECTS, is_s3, mismatches, s3_statements

NAME = Hole("Name", excludes=":/*?", nonempty=True)
TEMPLATE = """
Parameters: {{Env: {{Type: String}}}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsTest: !Equals [!Ref Env, test]
Resources:
  Bucket: {{Type: AWS::S3::Bucket}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: P
          PolicyDocument: {{Statement: {0}}}
"""


def stack(statements: str, more: str = "") -> Stack:
    return stacks.stack(TEMPLATE.format(statements) + more)


def entry(*parts: str | Hole) -> Entry:
    return Entry(Text.of(*parts), Place("t.yml", ()))


def allow(actions: str, resources: str) -> str:
    return f"{{Effect: Allow, Action: {actions}, Resource: {resources}}}"


@pytest.mark.parametrize(
    ("pattern", "objects", "bucket"),
    [
        ("s3:GetObject", True, False),
        ("S3:getobject*", True, False),
        ("s3:ListBucket", False, True),
        ("s3:GetBucket*", False, True),
        ("s3:Get*", False, False),
        ("s3:*", False, False),
        ("*", False, False),
        ("s3:ListAllMyBuckets", False, False),
        ("s3:NoSuchAction", False, False),
        ("kms:Decrypt", False, False),
    ],
)
def test_actions_of_one_half(pattern: str, objects: bool, bucket: bool) -> None:
    """A pattern belongs to a half if each of its expansions acts on nothing else."""
    assert OBJECTS.is_only_use_of(entry(pattern)) is objects
    assert BUCKET.is_only_use_of(entry(pattern)) is bucket


@pytest.mark.parametrize(
    ("parts", "misses_objects", "misses_bucket"),
    [
        (("arn:aws:s3:::b",), True, False),
        (("arn:aws:s3:::b/*",), False, True),
        (("arn:aws:s3:::b/",), True, True),
        (("arn:aws:s3:::b*",), False, False),
        (("arn:aws:s3:::*",), False, False),
        (("*",), False, False),
        (("arn:aws:s3:::", NAME), True, False),
        (("arn:aws:s3:::", NAME, "/k"), False, True),
        (("arn:aws:s3:::", Hole("Anything")), False, False),
        (("arn:aws:kms:::key/x",), True, True),
        (("arn:aws:s3:eu-west-1:111122223333:accesspoint/ap",), False, False),
    ],
)
def test_arns_of_one_half(
    parts: tuple[str | Hole, ...], misses_objects: bool, misses_bucket: bool
) -> None:
    """An ARN misses a half where it can match nothing of it; access points are left alone."""
    assert OBJECTS.is_missed_by(entry(*parts)) is misses_objects
    assert BUCKET.is_missed_by(entry(*parts)) is misses_bucket


@pytest.mark.parametrize(
    ("action", "answer"), [("s3:Get*", True), ("S3:x", True), ("*", True), ("s3*", False)]
)
def test_what_counts_as_s3(action: str, answer: bool) -> None:
    """Actions of S3, and those of every service."""
    assert is_s3(entry(action)) is answer


def test_statements_of_every_holder() -> None:
    """Roles, users, groups, policies, bucket policies and endpoints may hold S3 statements."""
    document = f"{{Statement: [{allow('s3:GetObject', 'x')}]}}"
    more = "".join(
        f"  R{index}: {{Type: '{kind}', Properties: {{{key}: {document}}}}}\n"
        for index, (kind, key) in enumerate(
            [
                ("AWS::IAM::Policy", "PolicyDocument"),
                ("AWS::IAM::ManagedPolicy", "PolicyDocument"),
                ("AWS::S3::BucketPolicy", "PolicyDocument"),
                ("AWS::EC2::VPCEndpoint", "PolicyDocument"),
                ("AWS::SSO::PermissionSet", "InlinePolicy"),
            ]
        )
    )
    more += f"""
  User: {{Type: AWS::IAM::User, Properties: {{Policies: [{{PolicyDocument: {document}}}]}}}}
"""
    found = list(s3_statements(stack(f"[{allow('kms:*', 'x')}]", more)))
    assert len(found) == 6


def test_statements_in_their_scenarios() -> None:
    """A statement under a condition is seen once, in a scenario that has it."""
    found = stack(
        "[!If [IsProd, "
        + allow("s3:GetObject", "!If [IsTest, a, b]")
        + ", "
        + allow("s3:PutObject", "c")
        + "]]"
    )
    statements = {str(s.statement.actions[0].text): s.statement for s in s3_statements(found)}
    assert sorted(statements) == ["s3:GetObject", "s3:PutObject"]
    assert all(not s.conditions for s in statements.values())
    # Production is not the test environment: nothing is left to decide.
    assert [str(r.text) for r in statements["s3:GetObject"].resources] == ["b"]


def test_mismatches() -> None:
    """Actions on one half with ARNs of the other, unless a statement beside makes up for it."""
    wrong = allow("s3:GetObject", "!GetAtt Bucket.Arn")
    right = allow("s3:GetObject", "!Sub '${Bucket.Arn}/*'")
    (found,) = mismatches(stack(f"[{wrong}]"), OBJECTS)
    assert str(found.resource.text) == "arn:${AWS::Partition}:s3:::${Bucket}"
    assert [str(action.text) for action in found.actions] == ["s3:GetObject"]
    assert list(mismatches(stack(f"[{wrong}, {right}]"), OBJECTS)) == []
    assert list(mismatches(stack(f"[{wrong}]"), BUCKET)) == []
    assert list(mismatches(stack(f"[{right}]"), OBJECTS)) == []


@pytest.mark.parametrize(
    ("actions", "wrong"),
    [
        ("[s3:PutObject, s3:ListBucketMultipartUploads]", []),
        ("['s3:*MultipartUpload', S3:listbucketmultipartuploads]", []),
        ("s3:ListBucketMultipartUploads", ["s3:ListBucketMultipartUploads"]),
        ("[s3:PutObject, s3:ListBucket, s3:ListBucketMultipartUploads]", ["s3:ListBucket"]),
        ("[s3:PutObject, s3:GetObject, s3:GetBucketVersioning]", []),
        ("s3:GetBucketVersioning", ["s3:GetBucketVersioning"]),
    ],
)
def test_what_stands_beside_object_actions_for_nothing(actions: str, wrong: list[str]) -> None:
    """Uploads and artifacts need neither: where objects are granted, nothing is missing."""
    found = mismatches(stack(allow(actions, "arn:aws:s3:::b/*")), BUCKET)
    assert [str(action.text) for it in found for action in it.actions] == wrong
