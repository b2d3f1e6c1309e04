"""A grant in YAML and as data, and what it says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from copilot_preflight.base.finding import Place
from copilot_preflight.edits.grant import Clause, Grant, PolicyOwner
from copilot_preflight.edits.spelling import EVERYBODY, Spelling
from copilot_preflight.iam.layers import Layer
from copilot_preflight.read.document import parse

ROLE = PolicyOwner(Layer.IDENTITY, "role 'R'", Place("t.yml", ("Resources", "R"), True), "R", "web")
BOUNDARY = PolicyOwner(Layer.BOUNDARY, "permissions boundary 'B'")
KEY = PolicyOwner(Layer.RESOURCE, "the policy of key 'K'")
READ = "s3:GetObject"
OBJECTS = "arn:aws:s3:::files/*"
IN_ROLE = Spelling("R.Arn", "Fn::GetAtt")


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


@pytest.mark.parametrize(
    ("grant", "yaml", "plain"),
    [
        (
            Grant(ROLE, (READ,), (OBJECTS, "*")),
            "  Action: s3:GetObject\n  Resource:\n    - arn:aws:s3:::files/*\n    - '*'",
            {"Action": READ, "Resource": [OBJECTS, "*"]},
        ),
        (
            Grant(ROLE, (READ, "s3:PutObject"), ("${Bucket.Arn}/*",)),
            "  Action:\n    - s3:GetObject\n    - s3:PutObject\n"
            "  Resource:\n    - !Sub '${Bucket.Arn}/*'",
            {"Action": [READ, "s3:PutObject"], "Resource": [sub("${Bucket.Arn}/*")]},
        ),
        (
            Grant(ROLE, ("ecr:Get", "ecr:Put"), ("*",), in_line=True),
            "  Action: [ecr:Get, ecr:Put]\n  Resource:\n    - '*'",
            {"Action": ["ecr:Get", "ecr:Put"], "Resource": ["*"]},
        ),
        (
            Grant(KEY, ("kms:Decrypt",), ("*",), EVERYBODY),
            "  Principal: '*'\n  Action: kms:Decrypt\n  Resource:\n    - '*'",
            {"Principal": "*", "Action": "kms:Decrypt", "Resource": ["*"]},
        ),
        (
            Grant(KEY, ("ecr:Get", "ecr:Put"), (), IN_ROLE, in_line=True),
            "  Principal: {AWS: !GetAtt R.Arn}\n  Action: [ecr:Get, ecr:Put]",
            {
                "Principal": {"AWS": {"Fn::GetAtt": ["R", "Arn"]}},
                "Action": ["ecr:Get", "ecr:Put"],
            },
        ),
        (
            Grant(
                ROLE,
                ("s3:ListBucket",),
                ("arn:aws:s3:::files",),
                condition=(
                    Clause("StringLike", "s3:prefix", ("in/*", "${Env}/*")),
                    Clause("StringLike", "s3:delimiter", "/"),
                    Clause("StringEquals", "aws:ResourceAccount", "${AWS::AccountId}"),
                ),
            ),
            "  Action: s3:ListBucket\n  Resource:\n    - arn:aws:s3:::files\n"
            "  Condition:\n    StringLike:\n      s3:prefix:\n        - 'in/*'\n"
            "        - !Sub '${Env}/*'\n      s3:delimiter: '/'\n"
            "    StringEquals:\n      aws:ResourceAccount: !Sub '${AWS::AccountId}'",
            {
                "Action": "s3:ListBucket",
                "Resource": ["arn:aws:s3:::files"],
                "Condition": {
                    "StringLike": {"s3:prefix": ["in/*", sub("${Env}/*")], "s3:delimiter": "/"},
                    "StringEquals": {"aws:ResourceAccount": sub("${AWS::AccountId}")},
                },
            },
        ),
    ],
)
def test_a_statement_is_the_same_in_yaml_and_as_data(
    grant: Grant, yaml: str, plain: dict[str, Any]
) -> None:
    """The YAML is an item of a list, and is read as the data."""
    assert grant.yaml == f"- Effect: Allow\n{yaml}"
    assert grant.plain == {"Effect": "Allow", **plain}
    assert parse(grant.yaml, "x.yml").data == [grant.plain]


def test_a_grant_says_what_it_makes_possible() -> None:
    """Each action on each resource, by whoever the statement lets in."""
    two = Grant(ROLE, (READ, "s3:PutObject"), (OBJECTS, "arn:aws:s3:::more/*"))
    assert [str(permission) for permission in two.permissions] == [
        "role 'R' may s3:GetObject on 'arn:aws:s3:::files/*'",
        "role 'R' may s3:PutObject on 'arn:aws:s3:::files/*'",
        "role 'R' may s3:GetObject on 'arn:aws:s3:::more/*'",
        "role 'R' may s3:PutObject on 'arn:aws:s3:::more/*'",
    ]


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        (Grant(KEY, ("kms:Decrypt",), (), EVERYBODY), "everybody may kms:Decrypt"),
        (Grant(KEY, ("kms:Decrypt",), (), IN_ROLE), "R.Arn may kms:Decrypt"),
        (
            Grant(BOUNDARY, (READ,), ("*",)),
            "whoever is under permissions boundary 'B' may s3:GetObject on '*'",
        ),
    ],
)
def test_a_grant_says_whom_it_lets_in(grant: Grant, said: str) -> None:
    """A resource's policy names them; a boundary only allows what is granted elsewhere."""
    assert [*map(str, grant.permissions)] == [said]


def test_gaps_of_all_parts_are_those_of_the_grant() -> None:
    """Resources, conditions and principals may have to be filled in, each gap once."""
    condition = (Clause("StringLike", "s3:prefix", "${some thing}/*"),)
    unknown = Spelling("<the ARN of role 'x'>", open=True)
    grant = Grant(KEY, (READ,), ("arn:aws:s3:::${A bucket}", "${B bucket}"), unknown, condition)
    assert grant.gaps == ("<bucket>", "${some thing}", "<the ARN of role 'x'>")
    assert Grant(ROLE, (READ,), ("arn:${AWS::Partition}:s3:::x",), IN_ROLE).gaps == ()


def test_how_actions_are_written_makes_no_other_grant() -> None:
    """Two statements that say the same are one, whichever way their actions are written."""
    one, two = (Grant(ROLE, ("a:B", "a:C"), ("*",), in_line=flag) for flag in (True, False))
    assert one == two
    assert len({one, two}) == 1


def test_copilot_writes_anew_what_it_writes() -> None:
    """The policy of a Copilot workload is changed by an override, any other one where it is."""
    override = ", by copilot/web/overrides/cfn.patches.yml"
    assert ROLE.where == f"a policy of 'R'{override}"
    assert ROLE._replace(workload="").where == "a policy of 'R'"
