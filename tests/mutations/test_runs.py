"""Stacks that are checked together with the stacks that they take from."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from tests.mutations.edits import drop_decrypts, drop_policy, execution_role, statement
from tests.mutations.harness import (
    BUCKET,
    RULES_OF_FILES,
    Found,
    Site,
    Stack,
    copilot_stacks,
    found_in,
    own_stacks,
)

from copilot_preflight.run import check as engine

STACKS = [s for s in (*own_stacks(), *copilot_stacks()[::8]) if s.is_copilot]


def check(site: Site, folder: Path, **beside: str) -> dict[str, list[Found]]:
    """The errors and W9720 of all stacks of a run, by file."""
    (folder / "fe-test.stack.yml").write_text(site.text)
    for name, text in beside.items():
        (folder / f"{name}.yml").write_text(dedent(text))
    paths = sorted(map(str, folder.glob("*.yml")))
    options = engine.Options(
        rules=RULES_OF_FILES, info=True, parameters=site.parameters, pseudo=site.stack.pseudo
    )
    report = engine.check(paths, options)
    assert not report.errors
    return {
        Path(path).name: [
            f for f in found_in(report, path) if f.rule not in ("W9713", "E9717", "W9714")
        ]
        for path in paths
    }


def the_bucket(name: str, rest: str = "") -> str:
    return f"""
        Resources:
          Key:
            Type: AWS::KMS::Key
            Properties:
              KeyPolicy:
                Statement:
                  - Effect: Allow
                    Principal: {{AWS: !Sub 'arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:root'}}
                    Action: kms:*
                    Resource: '*'
          Bucket:
            Type: AWS::S3::Bucket
            Properties:
              BucketName: {name}
              {rest}
    """


ENCRYPTED = (
    "BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault:"
    " {SSEAlgorithm: aws:kms, KMSMasterKeyID: !GetAtt Key.Arn}}]}"
)


@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_bucket_of_another_stack_tells_how_it_encrypts(stack: Stack, tmp_path: Path) -> None:
    """A customer's key on the bucket counts from wherever in the run the bucket is."""
    site = Site(stack, stack.files[0])
    for edit in (drop_decrypts,):
        edit(site)
    found = check(site, tmp_path, bucket=the_bucket(BUCKET, ENCRYPTED))["fe-test.stack.yml"]
    inside = [file for file in stack.files if file.bucket == BUCKET]
    denied = [f.line for f in found if f.rule == "E9715"]
    assert {site.number("value", file) for file in inside} <= set(denied)


@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_bucket_of_another_stack_without_a_key_needs_no_decryption(
    stack: Stack, tmp_path: Path
) -> None:
    """What the bucket is known to do goes before what Copilot's templates let expect."""
    site = Site(stack, stack.files[0])
    drop_decrypts(site)
    found = check(site, tmp_path, bucket=the_bucket(BUCKET))["fe-test.stack.yml"]
    inside = {site.number("value", file) for file in stack.files if file.bucket == BUCKET}
    assert not [f for f in found if f.line in inside]


@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_lifecycle_rule_of_another_stack(stack: Stack, tmp_path: Path) -> None:
    """Copilot's bucket for single tasks deletes env files after a day; a service's must not."""
    site = Site(stack, stack.files[0])
    rule = "{Status: Enabled, Prefix: manual/env-files, ExpirationInDays: 1}"
    bucket = the_bucket(BUCKET, f"LifecycleConfiguration: {{Rules: [{rule}]}}")
    found = check(site, tmp_path, bucket=bucket)["fe-test.stack.yml"]
    inside = {site.number("value", file) for file in stack.files if file.bucket == BUCKET}
    assert {f.line for f in found if f.rule == "W9720"} == inside


def the_policies(statement: str, on_key: str = "") -> str:
    """The bucket of the artifacts with its key, its policy, and a role for those who may read."""
    bucket = the_bucket(BUCKET, ENCRYPTED)
    if on_key:
        bucket = bucket.replace("Statement:", f"Statement:\n                  - {on_key}")
    return (
        bucket
        + f"""
          Reader:
            Type: AWS::IAM::Role
          Policy:
            Type: AWS::S3::BucketPolicy
            Properties:
              Bucket: !Ref Bucket
              PolicyDocument:
                Statement: [{statement}]
    """
    )


REFUSAL = (
    "{Effect: Deny, Principal: '*', Action: '*', Resource: '*', "
    "Condition: {ArnNotEquals: {aws:PrincipalArn: %s}}}"
)
READERS = "[!GetAtt Reader.Arn, !ImportValue the-execution-role]"
ROLE_EXPORT = """
  Role:
    Value: !GetAtt <role>.Arn
    Export: {Name: the-execution-role}
"""


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize(
    ("on_bucket", "on_key", "rules"),
    [
        (REFUSAL % "!GetAtt Reader.Arn", "", {"E9761"}),
        (REFUSAL % READERS, "", set()),
        ("", REFUSAL % "!GetAtt Reader.Arn", {"E9762"}),
        ("", REFUSAL % READERS, set()),
        (REFUSAL % "!GetAtt Reader.Arn", REFUSAL % "!GetAtt Reader.Arn", {"E9761", "E9762"}),
        (REFUSAL % "!Ref Somebody", "", {"I9790"}),
    ],
)
def test_policies_of_another_stack_deny(
    stack: Stack, on_bucket: str, on_key: str, rules: set[str], tmp_path: Path
) -> None:
    """The policies of bucket and key count from wherever in the run they are."""
    site = Site(stack, stack.files[0])
    drop_decrypts(site)
    statement("- {Effect: Allow, Action: kms:Decrypt, Resource: '*'}")(site)
    if "Outputs:" in site.text:
        site.add_to("Outputs", dedent(ROLE_EXPORT))
    else:
        site.add_section("Outputs:" + ROLE_EXPORT)
    policies = (
        f"{dedent(the_policies(on_bucket, on_key))}\nParameters: {{Somebody: {{Type: String}}}}"
    )
    found = check(site, tmp_path, bucket=policies)["fe-test.stack.yml"]
    inside = {site.number("value", file) for file in stack.files if file.bucket == BUCKET}
    assert {(f.rule, f.line) for f in found} == {(rule, line) for rule in rules for line in inside}


def the_role(statement: str) -> str:
    return f"""
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              Policies:
                - PolicyName: Read
                  PolicyDocument:
                    Statement:
                      - {statement}
              AssumeRolePolicyDocument:
                Statement:
                  - Effect: Allow
                    Action: sts:AssumeRole
                    Principal: {{Service: ecs-tasks.amazonaws.com}}
        Outputs:
          Role:
            Value: !GetAtt Role.Arn
            Export: {{Name: the-execution-role}}
    """


@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_execution_role_of_another_stack_with_the_grant(stack: Stack, tmp_path: Path) -> None:
    """An imported role is judged where the run holds the stack that exports it."""
    site = Site(stack, stack.files[0])
    execution_role("!ImportValue the-execution-role")(site)
    grant = "{Effect: Allow, Action: ['s3:Get*', 'kms:Decrypt'], Resource: '*'}"
    assert check(site, tmp_path, roles=the_role(grant))["fe-test.stack.yml"] == []


@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_execution_role_of_another_stack_without_the_grant(stack: Stack, tmp_path: Path) -> None:
    """The denial is told where the file is asked for."""
    site = Site(stack, stack.files[0])
    execution_role("!ImportValue the-execution-role")(site)
    grant = "{Effect: Allow, Action: ['s3:Put*', 'kms:Decrypt'], Resource: '*'}"
    found = check(site, tmp_path, roles=the_role(grant))["fe-test.stack.yml"]
    expected = sorted(("E9711", site.number("value", file)) for file in stack.files)
    assert sorted((f.rule, f.line) for f in found) == expected


ADDONS = """
    Parameters:
      App: {Type: String}
      Env: {Type: String}
      Name: {Type: String}
    Resources:
      EnvFilesPolicy:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: [s3:GetObject, s3:GetBucketLocation]
                Resource: '*'
    Outputs:
      EnvFilesPolicy:
        Value: !Ref EnvFilesPolicy
"""


@pytest.mark.parametrize("place", ["task role", "execution role"])
def test_policy_of_the_addons(place: str, tmp_path: Path) -> None:
    """Copilot attaches an addon's policy to the task role, where it is of no use to ECS."""
    stack = own_stacks()[0]
    site = Site(stack, stack.files[0])
    drop_policy(site)
    site.add_to(
        "Resources",
        """
        AddonsStack:
          Type: AWS::CloudFormation::Stack
          Properties:
            Parameters: {App: !Ref AppName, Env: !Ref EnvName, Name: !Ref WorkloadName}
            TemplateURL: https://s3.amazonaws.com/bucket/addons.yml
        """,
    )
    role = stack.task_role if place == "task role" else stack.role
    policies = role.block(r"^ +Policies:")
    assert policies is not None
    lists = "ManagedPolicyArns:\n  - !GetAtt AddonsStack.Outputs.EnvFilesPolicy"
    managed = role.block(r"^ +ManagedPolicyArns:")
    if managed is None:
        site.before(policies, lists)
    else:
        site.replace(managed, lists)
    found = check(site, tmp_path, **{"fe.addons.stack": ADDONS})["fe-test.stack.yml"]
    value = site.number("value", site.file)
    if place == "task role":
        assert [(f.rule, f.line) for f in found] == [("E9733", value)]
    else:
        assert not [f for f in found if f.line == value]
