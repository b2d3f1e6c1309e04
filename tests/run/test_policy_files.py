"""Files with policies: the forms that they may have, and what is wrong with others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam.policy import Fact
from copilot_preflight.resolve.outside import Outside
from copilot_preflight.run.policy_files import PolicyReader

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
PUBLIC = {**READ, "Principal": "*"}
BOUNDARY = Text.of("arn:aws:iam::111122223333:policy/Boundary")


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def read(folder: Path, text: str, name: str = "Boundary") -> tuple[Outside, list[str]]:
    """What a file provides under a name, and the faults as the user sees them."""
    path = folder / "p.json"
    path.write_text(text, encoding="utf-8")
    reader = PolicyReader()
    provided = reader.outside([(name, path)])
    return provided, [
        f"{Path(fault.file).name}:{fault.line}:{fault.column}: {fault.message}"
        for fault in reader.faults
    ]


# --- forms ----------------------------------------------------------------------------------------

INNER = json.dumps(document(READ))
PUBLIC_INNER = json.dumps(document(PUBLIC))
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
REPOSITORY = "arn:aws:ecr:eu-west-1:111122223333:repository/web"


@pytest.mark.parametrize(
    ("name", "asked", "data"),
    [
        ("Boundary", BOUNDARY, document(READ)),
        ("Boundary", BOUNDARY, {"Statement": READ}),
        ("Boundary", BOUNDARY, {"PolicyVersion": {"Document": document(READ), "VersionId": "v1"}}),
        ("Boundary", BOUNDARY, {"Document": document(READ), "VersionId": "v1"}),
        ("Boundary", BOUNDARY, INNER),
        ("shared", Text.of("shared"), {"Policy": PUBLIC_INNER}),
        ("1234", Text.of("1234"), {"Policy": PUBLIC_INNER, "PolicyName": "default"}),
        (SECRET, Text.of(SECRET), {"ARN": SECRET, "ResourcePolicy": PUBLIC_INNER}),
        (REPOSITORY, Text.of(REPOSITORY), {"repositoryName": "web", "policyText": PUBLIC_INNER}),
    ],
)
def test_forms(tmp_path: Path, name: str, asked: Text, data: Any) -> None:
    """A policy is read as it is, or as the AWS CLI prints it."""
    provided, faults = read(tmp_path, json.dumps(data), name)
    assert faults == []
    found = provided.find(asked)
    assert found is not None
    (statement,) = found.statements
    assert [str(entry.text) for entry in statement.actions] == ["s3:GetObject"]
    assert statement.policy == name


def test_yaml(tmp_path: Path) -> None:
    """A policy may be YAML, and each of its parts is found at its own place."""
    text = """\
Statement:
  - Effect: Allow
    Action: [s3:GetObject]
    Resource: '*'
    Condition: {Bool: {'aws:SecureTransport': true}, NumericLessThan: {'s3:max-keys': 10}}
"""
    provided, faults = read(tmp_path, text)
    assert faults == []
    found = provided.find(BOUNDARY)
    assert found is not None
    (statement,) = found.statements
    assert [(c.key, str(c.values[0].text)) for c in statement.clauses] == [
        ("aws:SecureTransport", "true"),
        ("s3:max-keys", "10"),
    ]
    assert statement.actions[0].place.path == ("Statement", 0, "Action", 0)


def test_places_in_a_string_are_the_strings(tmp_path: Path) -> None:
    """A policy inside a string is shown where the string stands."""
    path = tmp_path / "p.json"
    path.write_text('{\n  "Policy": ' + json.dumps(PUBLIC_INNER) + "\n}", encoding="utf-8")
    reader = PolicyReader()
    found = reader.outside([("shared", path)]).find(Text.of("shared"))
    assert found is not None
    start, _ = reader.documents[str(path)].span(found.statements[0].actions[0].place.path)
    assert start == (2, 13)


# --- what is wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: file is empty"),
        ("{", "1:2: "),
        ("[]", "1:1: no policy here: it must be a map that has Statement, or the AWS CLI's output"),
        ('{"Resources": {}}', "1:1: no policy here: it must be a map that has Statement"),
        ('{"Policy": 5}', "1:12: no policy here"),
        ('{"Policy": "{"}', "1:12: the policy in this string is broken: "),
        ('{"Policy": "text"}', "1:12: no policy here"),
        ('{"Statement": 5}', "1:15: must be a map, found 5"),
        ('{"Statement": []}', "1:15: a policy must have at least one statement"),
        ('{"Statement": ["x"]}', "1:16: must be a map, found a string"),
        ('{"Statement": {"Action": "*"}}', "1:15: Effect must be Allow or Deny"),
        ('{"Statement": {"Effect": "allow"}}', "1:26: Effect must be Allow or Deny"),
        ('{"Statement": {"Effect": "Allow"}}', "1:15: a statement must have Action or NotAction"),
        (
            '{"Statement": {"Effect": "Allow", "Actions": "*"}}',
            "1:35: 'Actions' is no element of a policy's statement: did you mean 'Action'?",
        ),
        ('{"Statement": {"Action": ["*", {"a": 1}]}}', "1:32: must be a string, found a map"),
        ('{"Statement": {"Action": null}}', "1:26: must be a string, found nothing"),
        ('{"Statement": {"Condition": {"Bool": "x"}}}', "1:38: must be a map, found a string"),
        (
            "Statement:\n  Effect: Allow\n  Action: s3:GetObject\n  Resource: !Ref Bucket\n",
            "4:13: Ref means nothing outside a template: write out what it returns",
        ),
        (
            "Statement: !If [IsProd, a, b]",
            "1:12: Fn::If means nothing outside a template: write out what it returns",
        ),
    ],
)
def test_broken_policies(tmp_path: Path, text: str, told: str) -> None:
    """What AWS would refuse is refused, at its place: it must not be taken for a policy."""
    provided, faults = read(tmp_path, text)
    assert len(faults) == 1
    assert faults[0].startswith(f"p.json:{told}")
    assert provided.policies == ()


@pytest.mark.parametrize(
    ("name", "statements", "told"),
    [
        (BOUNDARY.literal, [PUBLIC], "a managed policy cannot have a Principal"),
        ("arn:aws:s3:::shared", [READ], "a policy of a resource must say of whom: no Principal"),
        ("name", [READ, PUBLIC], "a policy cannot have a Principal"),
        ("name", [PUBLIC, READ], "a policy must say of whom: no Principal"),
    ],
)
def test_policies_of_another_kind(
    tmp_path: Path, name: str, statements: Sequence[Any], told: str
) -> None:
    """Principals belong into the policies of resources, all of them, and into no other."""
    _, faults = read(tmp_path, json.dumps(document(*statements)), name)
    assert [fault.partition(": ")[2] for fault in faults] == [told]


@pytest.mark.parametrize(
    "name",
    [
        "arn:aws:iam::111122223333:role/worker",
        "arn:aws:s3:::shared/*",
        "arn:aws:s3:::",
        "arn:aws:kms:eu-west-1:111122223333:1234",
        "arn:aws:lambda:eu-west-1:111122223333:function:f",
        "arn:aws",
        "a b",
        "a/b",
        "",
    ],
)
def test_names_of_nothing(tmp_path: Path, name: str) -> None:
    """A role, an object, a typo: nothing of which a policy can be provided."""
    _, faults = read(tmp_path, INNER, name)
    assert faults == [
        f"--policy:0:0: '{name}' is no name or ARN of a managed policy, bucket or key, nor the ARN "
        "of a secret, repository or file system"
    ]


def test_a_name_is_given_once(tmp_path: Path) -> None:
    """Of two policies under one name none is left out in silence."""
    path = tmp_path / "p.json"
    path.write_text(INNER, encoding="utf-8")
    reader = PolicyReader()
    reader.outside([("Boundary", path), ("Boundary", path)])
    assert [fault.message for fault in reader.faults] == ["'Boundary' is given twice"]


# --- the organization -----------------------------------------------------------------------------


def levels(folder: Path, option: str, *groups: Sequence[Any]) -> tuple[Outside, list[str]]:
    """The levels of which each group holds the policies; None is a file that is not there."""
    paths = []
    for level, group in enumerate(groups):
        paths.append([folder / f"{level}-{index}.json" for index in range(len(group))])
        for path, data in zip(paths[-1], group, strict=True):
            if data is not None:
                path.write_text(json.dumps(data), encoding="utf-8")
    reader = PolicyReader()
    provided = reader.outside([], **{option: paths})
    return provided, [fault.message for fault in reader.faults]


def test_levels(tmp_path: Path) -> None:
    """The policies of one level add up; each level is a set of its own."""
    one, two = document(READ), {"Policy": {"PolicySummary": {}, "Content": INNER}}
    provided, faults = levels(tmp_path, "scps", [one, document(DENY)], [two])
    assert faults == []
    assert [[s.effect for s in level.statements] for level in provided.scps] == [
        ["Allow", "Deny"],
        ["Allow"],
    ]
    assert provided.rcps == ()


def test_full_access_stands_beside_policies_that_only_deny(tmp_path: Path) -> None:
    """FullAWSAccess, which AWS attaches, is seldom provided and there all the same."""
    provided, _ = levels(tmp_path, "scps", [document(DENY)])
    (level,) = provided.scps
    assert [(s.effect, s.policy.rpartition("/")[2]) for s in level.statements] == [
        ("Deny", "0-0.json"),
        ("Allow", "FullAWSAccess"),
    ]


def test_a_level_of_which_a_file_is_missing_may_say_anything(tmp_path: Path) -> None:
    """Neither a Deny nor an Allow may be missed in silence."""
    provided, faults = levels(tmp_path, "scps", [document(DENY), None])
    assert faults == ["cannot read: no such file or directory"]
    (level,) = provided.scps
    assert [s.effect for s in level.statements] == ["Deny"]
    path = tmp_path / "0-1.json"
    assert level.unread == (Fact("document", f"service control policy '{path}'"),)


def test_resource_control_policies(tmp_path: Path) -> None:
    """RCPs have principals, SCPs have none: one is not taken for the other."""
    everyone = {**DENY, "Principal": "*"}
    provided, faults = levels(tmp_path, "rcps", [document(everyone)])
    assert faults == []
    assert [[s.effect for s in level.statements] for level in provided.rcps] == [["Deny"]]
    assert levels(tmp_path, "rcps", [document(DENY)])[1] == [
        "a resource control policy must say of whom: no Principal"
    ]
    assert levels(tmp_path, "scps", [document(everyone)])[1] == [
        "a service control policy cannot have a Principal"
    ]
