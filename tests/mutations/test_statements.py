"""The statements of a stack that is right, changed one at a time, and what is found then.

Whatever is said of the changed stack is pinned: the rule, the cause, and the text of the line that
it points at.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.run import check as engine

BUCKET = "arn:aws:s3:::shop-artifacts"
FOLDER = f"{BUCKET}/manual/env-files/web.env"
FILE = f"{FOLDER}/{'0f1c' * 16}.env"
HERE = "eu-west-1:111122223333"
TRUST = "{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}"
STACK = f"""
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      TaskRoleArn: !GetAtt TaskRole.Arn
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles: [{{Type: s3, Value: '{FILE}'}}]
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {TRUST}
      Policies:
        - PolicyName: Start
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: ecr:GetAuthorizationToken
                Resource: '*'  # registry
              - Effect: Allow
                Action: ecr:BatchGetImage
                Resource: arn:aws:ecr:{HERE}:repository/web
              - Effect: Allow
                Action: s3:GetObject
                Resource: {FOLDER}/*
              - Effect: Allow
                Action: s3:GetBucketLocation
                Resource: {BUCKET}
              - Effect: Allow
                Action: [logs:CreateLogStream, logs:PutLogEvents]
                Resource: arn:aws:logs:{HERE}:log-group:/copilot/web:*
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {TRUST}
      Policies:
        - PolicyName: Work
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: 'arn:aws:secretsmanager:{HERE}:secret:db/password-??????'
              - Effect: Allow
                Action: [kms:Decrypt]
                Resource: arn:aws:kms:{HERE}:key/*
              - Effect: Allow
                Action: ssm:GetParameters
                Resource: arn:aws:ssm:{HERE}:parameter/web/*
              - Effect: Allow
                Action: s3:GetObject
                Resource: arn:aws:s3:::reports/daily/*
              - Effect: Allow
                Action: s3:ListBucket
                Resource: arn:aws:s3:::reports
                Condition: {{StringLike: {{s3:prefix: daily/*}}}}
              - {{Effect: Deny, Action: 'iam:*', Resource: '*'}}
"""
LISTING = STACK[
    STACK.index("              - Effect: Allow\n                Action: s3:ListBucket") :
]
LISTING = LISTING[: LISTING.index("              - {Effect: Deny")]


class Change(NamedTuple):
    """A text, what takes its place, and (rule, cause, part of the line) of each finding."""

    old: str
    new: str
    found: tuple[tuple[str, str, str], ...] = ()


def never(cause: str, line: str) -> tuple[tuple[str, str, str], ...]:
    return (("E9755", cause, line),)


CHANGES = {
    "nothing": Change("", ""),
    # --- E9755
    "the group without its streams": Change(
        "/copilot/web:*", "/copilot/web", never("log-stream", "log-group:/copilot/web")
    ),
    "the group's streams, spelt out": Change("/copilot/web:*", "/copilot/web:log-stream:copilot/*"),
    "every group": Change("log-group:/copilot/web:*", "*"),
    "the secret without its suffix": Change(
        "-??????", "", never("secret-suffix", "secret:db/password")
    ),
    "the secret with its suffix": Change("-??????", "-a1B2c3"),
    "the secret with a star": Change("-??????", "*"),
    "the secret with a field": Change(
        "-??????", "-a1B2c3:user::", never("secret-field", "secret:db/password-a1B2c3:user::")
    ),
    "the key by its alias": Change("key/*", "alias/web", never("key-alias", "alias/web")),
    "an alias beside its own actions": Change(
        f"Action: [kms:Decrypt]\n                Resource: arn:aws:kms:{HERE}:key/*",
        f"Action: kms:UpdateAlias\n                Resource: arn:aws:kms:{HERE}:alias/web",
    ),
    "two slashes": Change(
        "parameter/web/*", "parameter//web/*", never("double-slash", "parameter//web/*")
    ),
    "the login on a repository": Change(
        "'*'  # registry",
        f"arn:aws:ecr:{HERE}:repository/web",
        never("needs-everything", "repository/web"),
    ),
    "an image": Change(
        "repository/web", "repository/web:1", never("other-kind", "repository/web:1")
    ),
    "the list of secrets on one of them": Change(
        "secretsmanager:GetSecretValue",
        "[secretsmanager:GetSecretValue, secretsmanager:ListSecrets]",
        never("needs-everything", "secret:db/password"),
    ),
    "the list of parameters on a path": Change(
        "ssm:GetParameters",
        "[ssm:GetParameters, ssm:DescribeParameters]",
        never("needs-everything", "parameter/web/*"),
    ),
    "what the CDK grants on parameters": Change(
        "ssm:GetParameters",
        "[ssm:DescribeParameters, ssm:GetParameters, ssm:GetParameter, ssm:GetParameterHistory]",
    ),
    "the list of buckets on one of them": Change(
        "s3:ListBucket\n",
        "[s3:ListBucket, s3:ListAllMyBuckets]\n",
        never("needs-everything", "Resource: arn:aws:s3:::reports"),
    ),
    "an access point": Change(
        "arn:aws:s3:::reports/daily/*",
        f"arn:aws:s3:{HERE}:accesspoint/reports",
        never("access-point", "accesspoint/reports"),
    ),
    "the objects behind an access point": Change(
        "arn:aws:s3:::reports/daily/*",
        f"arn:aws:s3:{HERE}:accesspoint/reports/object/daily/*",
    ),
    # --- W9758
    "one letter too many": Change(
        "Action: ssm:GetParameters",
        "Action: [ssm:GetParameters, ssm:GetParametersByPaths]",
        (("W9758", "action-unknown", "ssm:GetParametersByPaths"),),
    ),
    "a wildcard behind a slip": Change(
        "Action: [kms:Decrypt]",
        "Action: [kms:Decrypt, 'kms:GenreateDataKey*']",
        (("W9758", "action-unknown", "kms:GenreateDataKey*"),),
    ),
    "a Deny of what there is not": Change(
        "Action: 'iam:*'",
        "Action: ['iam:*', 'sts:AssumeRolls']",
        (("W9758", "action-unknown", "sts:AssumeRolls"),),
    ),
    "small letters": Change("ssm:GetParameters", "SSM:getparameters"),
    "a wildcard for some": Change("[kms:Decrypt]", "['kms:*crypt']"),
    "the Deny of a secret by its name": Change(
        "- {Effect: Deny, Action: 'iam:*', Resource: '*'}",
        "- Effect: Deny\n                Action: secretsmanager:PutSecretValue\n"
        f"                Resource: arn:aws:secretsmanager:{HERE}:secret:db/password",
        never("secret-suffix", "secret:db/password"),
    ),
    # --- I9756
    "no listing": Change(
        LISTING, "", (("I9756", "missing-object-looks-denied", "reports/daily/*"),)
    ),
    "the listing of another bucket": Change(
        "Resource: arn:aws:s3:::reports\n",
        "Resource: arn:aws:s3:::other\n",
        (("I9756", "missing-object-looks-denied", "reports/daily/*"),),
    ),
    "the listing of everything": Change(LISTING, LISTING.replace("arn:aws:s3:::reports", "'*'")),
    "List by a wildcard": Change("s3:ListBucket", "s3:List*"),
    "writing alone": Change(
        "Action: s3:GetObject\n                Resource: arn:aws:s3:::reports",
        "Action: s3:PutObject\n                Resource: arn:aws:s3:::reports",
    ),
    # --- W9754
    "every action on the folder": Change(
        f"s3:GetObject\n                Resource: {FOLDER}",
        f"S3:*\n                Resource: {FOLDER}",
        (("W9754", "too-broad", "Action: S3:*"),),
    ),
    "the folder of every file": Change(f"{FOLDER}/*", f"{BUCKET}/manual/env-files/*"),
    "the whole bucket": Change(f"{FOLDER}/*", f"{BUCKET}/*"),
    "every bucket, by any spelling": Change(
        f"{FOLDER}/*", "arn:aws:s3:*", (("W9754", "too-broad", "arn:aws:s3:*"),)
    ),
    "every bucket but one": Change(
        f"Resource: {FOLDER}/*",
        "NotResource: arn:aws:s3:::secrets/*",
        (("W9754", "too-broad", "NotResource"),),
    ),
    "every action but some": Change(
        f"Action: s3:GetObject\n                Resource: {FOLDER}/*",
        f"NotAction: iam:*\n                Resource: {FOLDER}/*",
        (("W9754", "too-broad", "NotAction"),),
    ),
}


def check(folder: Path, text: str) -> Report:
    (folder / "web.yml").write_text(text, encoding="utf-8")
    return engine.check([str(folder / "web.yml")], engine.Options(info=True))


def found(report: Report, text: str) -> list[tuple[str, str, str]]:
    """(rule, cause, line) of the findings of the rules that are judged here."""
    lines = text.splitlines()
    return sorted(
        (it.rule, it.cause, lines[report.sources[it.at.file].span(it.at.path).start.line - 1])
        for it in report.findings
        if it.rule in ("E9755", "I9756", "W9754", "E9751", "E9752", "W9753", "W9758")
    )


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_statement(name: str, tmp_path: Path) -> None:
    """A change says what it says, at the line that was changed, and nothing else."""
    change = CHANGES[name]
    assert change.old in STACK
    text = STACK.replace(change.old, change.new, 1) if change.old else STACK
    found_now = found(check(tmp_path, text), text)
    assert [it[:2] for it in found_now] == [it[:2] for it in change.found]
    assert all(part[2] in line[2] for part, line in zip(change.found, found_now, strict=True))


@pytest.mark.parametrize(
    ("granted", "rules"),
    [
        ("arn::s3:::shop-artifacts/manual/*", ["E9711"]),
        ("arn:aws:s3::shop-artifacts/manual/*", ["E9711"]),
        ("arn:nothing:s3:::shop-artifacts", ["E9751"]),
    ],
)
def test_a_call_that_is_denied_for_it_says_more(
    granted: str, rules: list[str], tmp_path: Path
) -> None:
    """One mistake is told once: by the file that cannot be read, where there is one."""
    text = STACK.replace(f"{FOLDER}/*", granted, 1)
    assert [it.rule for it in check(tmp_path, text).findings if it.rule[0] == "E"] == rules


def help_of(folder: Path, text: str, rule: str) -> str:
    found: list[Finding] = [it for it in check(folder, text).findings if it.rule == rule]
    (finding,) = found
    return finding.help


def test_the_listing_that_is_shown(tmp_path: Path) -> None:
    """I9756 shows the listing of the prefixes that may be read, and of no others."""
    assert help_of(tmp_path, STACK.replace(LISTING, ""), "I9756") == (
        "where the code must tell a missing object from a denied one:\n"
        "- Effect: Allow\n"
        "  Action: s3:ListBucket\n"
        "  Resource:\n"
        "    - arn:aws:s3:::reports\n"
        "  Condition:\n"
        "    StringLike:\n"
        "      s3:prefix:\n"
        "        - 'daily/*'"
    )
    whole = STACK.replace(LISTING, "").replace("reports/daily/*", "reports/*")
    assert "Condition" not in help_of(tmp_path, whole, "I9756")


def test_the_statement_that_an_alias_decides(tmp_path: Path) -> None:
    """E9755 shows the condition that does what the alias was meant to do."""
    text = STACK.replace("key/*", "alias/web")
    assert help_of(tmp_path, text, "E9755").splitlines()[-7:] == [
        "- Effect: Allow",
        "  Action: kms:Decrypt",
        "  Resource:",
        f"    - arn:aws:kms:{HERE}:key/*",
        "  Condition:",
        "    ForAnyValue:StringLike:",
        "      kms:ResourceAliases: 'alias/web'",
    ]


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        ("!Ref Bucket", "name the resource by its ARN: !GetAtt Bucket.Arn"),
        ("!Sub '${Bucket}/*'", "name the resource by its ARN: !Sub '${Bucket.Arn}/*'"),
        ("s3://reports", "name the resource by its ARN"),
        ("arn::s3:::reports", "let the stack tell its partition: "
         "!Sub 'arn:${AWS::Partition}:s3:::reports'"),
    ],
)  # fmt: skip
def test_what_iam_refuses(resource: str, shown: str, tmp_path: Path) -> None:
    """E9755 shows the ARN where the name of a resource, or no partition, stands in its place."""
    text = STACK.replace("Resource: arn:aws:s3:::reports\n", f"Resource: {resource}\n")
    text += "  Bucket: {Type: AWS::S3::Bucket}\n"
    assert help_of(tmp_path, text, "E9755") == shown


def test_the_narrow_statement_is_shown_or_named(tmp_path: Path) -> None:
    """W9754 shows what to write; where that stands already, it says which policy it is."""
    broad = "              - {Effect: Allow, Action: 's3:*', Resource: '*'}\n"
    first = "              - Effect: Allow\n                Action: ecr:GetAuth"
    text = STACK.replace(first, broad + first)
    already = "take it away: 'Start' grants the environment files already"
    assert help_of(tmp_path, text, "W9754") == already
    alone = text.replace(f"{FOLDER}/*", "arn:aws:s3:::other/*")
    assert help_of(tmp_path, alone, "W9754") == (
        "grant the files and their buckets instead:\n"
        "- Effect: Allow\n"
        "  Action: s3:GetObject\n"
        "  Resource:\n"
        f"    - {FOLDER}/*\n"
        "- Effect: Allow\n"
        "  Action: s3:GetBucketLocation\n"
        "  Resource:\n"
        f"    - {BUCKET}"
    )


@pytest.mark.parametrize(
    ("service", "names"),
    [
        ("lambda.amazonaws.com", ["I9756"]),
        ("ec2.amazonaws.com", ["I9756"]),
        ("codebuild.amazonaws.com", []),
        ("ecs-tasks.amazonaws.com", []),  # nobody names it: it may be an execution role
    ],
)
def test_roles_that_run_code(service: str, names: list[str], tmp_path: Path) -> None:
    """Who reads under a role tells whether a missing object matters."""
    text = f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {{Effect: Allow, Principal: {{Service: {service}}}, Action: sts:AssumeRole}}
      Policies:
        - PolicyName: P
          PolicyDocument:
            Statement: {{Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::reports/a'}}
"""
    assert [it.rule for it in check(tmp_path, text).findings] == names
