"""The templates of a run come first: the account has no say in what they make themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests import stacks

from copilot_preflight.base.finding import Report
from copilot_preflight.base.symbolic import Text
from copilot_preflight.evidence.reading import read
from copilot_preflight.model.account_names import may_be_made
from copilot_preflight.model.account_roles import role_as_deployed
from copilot_preflight.model.account_storage import key_of_alias
from copilot_preflight.model.file_systems import file_system
from copilot_preflight.model.keys import key_with_arn
from copilot_preflight.model.roles import role_named, roles, trust_named
from copilot_preflight.resolve.outside import Outside
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.view import View
from copilot_preflight.run.check import check
from copilot_preflight.run.options import Options

ACCOUNT = "111122223333"
SAMPLES = Path(__file__).parents[2] / "sample_templates"
DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [DENY]}
RESOURCE_POLICY = json.dumps({"Statement": [{**DENY, "Principal": "*"}]})


def _hostile(data: Mapping[str, Any]) -> dict[str, Any]:
    """Answers that deny everything to, and in, whatever a template makes, as it may be deployed."""
    roles: list[dict[str, Any]] = []
    files: dict[str, Any] = {"all.json": {"RoleDetailList": roles, "Policies": []}}
    for logical_id, raw in (data.get("Resources") or {}).items():
        kind = raw.get("Type") if isinstance(raw, dict) else None
        properties = raw.get("Properties") if isinstance(raw, dict) else None
        own = properties if isinstance(properties, dict) else {}
        made_up = f"stack-{logical_id}-1A2B3C4D5E6F"
        if kind == "AWS::IAM::Role":
            roles += (
                {
                    "RoleName": name,
                    "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
                    "AssumeRolePolicyDocument": DOCUMENT,
                    "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": DOCUMENT}],
                    "AttachedManagedPolicies": [],
                }
                for name in (own.get("RoleName"), made_up, logical_id)
                if isinstance(name, str)
            )
        if kind == "AWS::S3::Bucket":
            for name in (own.get("BucketName"), made_up.lower(), logical_id):
                if isinstance(name, str):
                    files[f"{name}/get-bucket-policy.json"] = {"Policy": RESOURCE_POLICY}
        if kind == "AWS::SecretsManager::Secret":
            name = own.get("Name") if isinstance(own.get("Name"), str) else made_up
            arn = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:{name}-AbCdEf"
            files[f"{logical_id}.json"] = {
                "ARN": arn,
                "Name": name,
                "ResourcePolicy": RESOURCE_POLICY,
            }
    return files


def _decided(report: Report) -> dict[tuple[str, str, str], str]:
    return {
        (str(it.at), it.action, it.resource): it.outcome
        for it in report.proof or ()
        if it.outcome != "undetermined"
    }


CHOSEN = [
    *sorted(SAMPLES.glob("clean/*"))[::2],
    *sorted(SAMPLES.glob("broken/*"))[::6],
]


@pytest.mark.parametrize("folder", CHOSEN, ids=lambda it: it.name)
def test_what_templates_decide_stays(folder: Path, tmp_path: Path) -> None:
    """Answers that would deny everything change nothing of what is in the run."""
    options = Options(shows_proof=True)
    before = check([str(folder)], options)
    for template in before.templates:
        source = before.sources[template]
        for name, data in _hostile(getattr(source, "data", {})).items():
            path = tmp_path / Path(template).name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(data))
    if not any(tmp_path.iterdir()):
        pytest.skip("no template")
    after = check([str(folder)], options._replace(evidence=[tmp_path]))
    assert [it for it in after.errors if it not in before.errors] == []
    assert {key: _decided(after)[key] for key in _decided(before)} == _decided(before)
    assert [it.message for it in after.findings if it not in before.findings] == []


# --- roles ----------------------------------------------------------------------------------------

Make = Callable[..., View]

TRUST = {
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
}
MANAGED = f"arn:aws:iam::{ACCOUNT}:policy/limits"


@pytest.fixture
def view(tmp_path: Path) -> Make:
    """A template next to an account with role ``exec`` and its policies ``own`` and ``limits``."""
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    role = {
        "RoleName": "exec",
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/exec",
        "RoleId": "AROA1",
        "AssumeRolePolicyDocument": TRUST,
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Statement": allow}}],
        "AttachedManagedPolicies": [{"PolicyName": "limits", "PolicyArn": MANAGED}],
    }
    (tmp_path / "all.json").write_text(json.dumps({"RoleDetailList": [role]}))
    account = read([tmp_path]).account

    def make(*templates: str) -> View:
        run = Run(Outside(account=account))
        made = [
            stacks.stack(f"Resources:\n{text}", run=run, file=f"{number}.yml")
            for number, text in enumerate(templates)
        ]
        return View(made[0])

    return make


NOTHING = "  Topic: {Type: AWS::SNS::Topic}\n"
NAMED = "  Role:\n    Type: AWS::IAM::Role\n    Properties: {RoleName: %s}\n"


@pytest.mark.parametrize(
    ("templates", "is_found"),
    [
        ([NOTHING], True),
        ([NAMED % "exec"], True),  # the template's own
        ([NOTHING, NAMED % "other"], True),
        ([NAMED % "exec", NAMED % "exec"], True),
        ([NOTHING, NAMED % "exec", NAMED % "exec"], False),  # which of the two, none can tell
        ([NOTHING, NAMED % "!Sub '${AWS::StackName}-x'"], True),
        ([NOTHING, NAMED % "!ImportValue name"], False),  # it may be that one
        ([NOTHING, "  Role: {Type: AWS::IAM::Role}\n"], True),
    ],
)
def test_whose_role_it_is(view: Make, templates: list[str], is_found: bool) -> None:
    """That of a template, if one has it or may have it; else the account's."""
    here = view(*templates)
    role = role_named(here, Text.of("exec"))
    assert (role is not None) == is_found
    assert (trust_named(here, Text.of("exec")) is not None) == is_found
    if role is not None:
        is_templates = "RoleName: exec" in templates[0]
        assert (role.place.file == "0.yml") == is_templates


POLICY = """\
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: {name}
      Roles: [{role}]
      PolicyDocument: {{Statement: {{Effect: Allow, Action: 's3:PutObject', Resource: '*'}}}}
"""


def _actions(here: View) -> tuple[list[str], list[str]]:
    role = role_named(here, Text.of("exec"))
    assert role is not None
    actions = [str(it.text) for each in role.statements for it in each.actions]
    return actions, [fact.name for fact in role.unread]


LIMITS = f"aws iam get-policy-version --policy-arn {MANAGED}"


ATTACHED = """\
  Mine:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [exec]
      {named}
      PolicyDocument: {{Statement: {{Effect: Allow, Action: 's3:PutObject', Resource: '*'}}}}
"""


@pytest.mark.parametrize(
    ("policy", "actions", "unread"),
    [
        ("", ["s3:GetObject"], [LIMITS]),
        (POLICY.format(name="more", role="exec"), ["s3:GetObject", "s3:PutObject"], [LIMITS]),
        (POLICY.format(name="own", role="exec"), ["s3:PutObject"], ["own", LIMITS]),
        (POLICY.format(name="own", role="other"), ["s3:GetObject"], [LIMITS]),
        (POLICY.format(name="own", role="!ImportValue x"), [], ["own", LIMITS, "Policy"]),
        (
            POLICY.format(name="z", role="other")
            + POLICY.replace("Policy:", "P2:", 1).format(name="own", role="exec"),
            ["s3:PutObject"],
            ["own", LIMITS],
        ),
        (
            ATTACHED.format(named="ManagedPolicyName: limits"),
            ["s3:GetObject", "s3:PutObject"],
            ["limits"],
        ),
        (
            ATTACHED.format(named="ManagedPolicyName: other"),
            ["s3:GetObject", "s3:PutObject"],
            [LIMITS],
        ),
        (ATTACHED.format(named="Path: /"), ["s3:GetObject", "s3:PutObject"], [LIMITS]),
        (
            POLICY.format(name="own", role="!Ref Role") + "  Role: {Type: AWS::IAM::Role}\n",
            ["s3:GetObject"],
            [LIMITS],
        ),
    ],
)
def test_policies_that_templates_attach(
    view: Make, policy: str, actions: list[str], unread: list[str]
) -> None:
    """They come on top, and take the place of one of the same name, whatever that says today."""
    assert _actions(view(NOTHING + policy)) == (actions, unread)


MINE = """\
  Mine:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {{Statement: {{Effect: Deny, Action: '*', Resource: '*'}}}}
{named}
"""


@pytest.mark.parametrize(
    ("named", "is_found"),
    [("", True), ("      ManagedPolicyName: limits", False), ("      ManagedPolicyName: x", True)],
)
def test_a_managed_policy_that_a_template_makes(
    view: Make, tmp_path: Path, named: str, is_found: bool
) -> None:
    """What the account has of it is what it was before."""
    allow = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": {"Statement": allow}}
    (tmp_path / "get-policy-version.limits.json").write_text(json.dumps({"PolicyVersion": version}))
    details = {"PolicyName": "limits", "Arn": MANAGED, "DefaultVersionId": "v1"}
    (tmp_path / "get-policy.json").write_text(json.dumps({"Policy": details}))
    here = view(NOTHING, MINE.format(named=named))
    run = Run(Outside(account=read([tmp_path]).account))
    for stack in here.run.stacks:
        run.add(stack.package)
    actions, unread = _actions(View(run.stacks[0]))
    assert ("s3:ListBucket" in actions, unread) == (is_found, [] if is_found else [LIMITS])


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("stack-Bucket-1a2b3c4d5e6f".lower(), True),
        ("stack-bucket", False),
        ("files", False),
        ("given", True),
    ],
)
def test_names_that_cloudformation_makes_up(view: Make, name: str, may: bool) -> None:
    """They have the logical id in them, and random letters at the end."""
    text = "  Bucket: {Type: AWS::S3::Bucket}\n  Other:\n    Type: AWS::S3::Bucket\n"
    here = view(f"{text}    Properties: {{BucketName: given}}\n")
    assert may_be_made(here, "AWS::S3::Bucket", name) == may


# --- keys -----------------------------------------------------------------------------------------

KEY_ID = "0f1c2d3e-0000-0000-0000-000000000001"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY_ID}"
OWN_KEY = "  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: []}}}\n"


@pytest.mark.parametrize(
    ("templates", "made", "is_found"),
    [
        ([NOTHING], None, True),
        ([OWN_KEY], None, True),  # a template names its own by their logical ids
        ([NOTHING, OWN_KEY], None, False),  # whose id may be this one
        ([NOTHING, OWN_KEY], KEY_ID, False),
        ([NOTHING, OWN_KEY], "another", True),
        ([NOTHING, OWN_KEY, OWN_KEY.replace("Key:", "Other:", 1)], "another", False),
    ],
)
def test_keys_of_other_templates(
    tmp_path: Path, templates: list[str], made: str | None, is_found: bool
) -> None:
    """A key's id says nothing of its logical id; the answers on stacks do."""
    answers: list[Any] = [
        {"KeyMetadata": {"KeyId": KEY_ID, "Arn": KEY}},
        {"Policy": RESOURCE_POLICY.replace('"*"', '"kms:*"', 1)},
    ]
    if made is not None:
        resource = {"StackName": "s", "LogicalResourceId": "Key", "PhysicalResourceId": made}
        answers.append({"StackResources": [{**resource, "ResourceType": "AWS::KMS::Key"}]})
    for number, data in enumerate(answers):
        (tmp_path / f"{number}.json").write_text(json.dumps(data))
    run = Run(Outside(account=read([tmp_path]).account))
    for number, text in enumerate(templates):
        stacks.stack(f"Resources:\n{text}", run=run, file=f"{number}.yml")
    found = key_with_arn(View(run.stacks[0]), Text.of(KEY))
    assert (found is not None) == is_found
    if found is not None:
        assert [it.effect for it in found.policy] == ["Deny"]


@pytest.mark.parametrize(
    ("made", "name", "is_found"),
    [
        ([("a", "another"), ("b", KEY_ID)], "a", True),
        ([("a", "another"), ("b", KEY_ID)], "b", False),
        ([("a", "another"), ("b", KEY_ID)], "c", True),  # it is that of another stack
        ([("a", "another")], "c", False),
    ],
)
def test_a_key_of_a_template_whose_stack_is_known(
    tmp_path: Path, made: list[tuple[str, str]], name: str, is_found: bool
) -> None:
    """That some stack has made another key of such a logical id says nothing of the template's."""
    answers: list[Any] = [
        {"KeyMetadata": {"KeyId": KEY_ID, "Arn": KEY}},
        {"Policy": RESOURCE_POLICY.replace('"*"', '"kms:*"', 1)},
    ]
    for stack, key in made:
        resource = {"StackName": stack, "LogicalResourceId": "Key", "PhysicalResourceId": key}
        answers.append({"StackResources": [{**resource, "ResourceType": "AWS::KMS::Key"}]})
    for number, data in enumerate(answers):
        (tmp_path / f"{number}.json").write_text(json.dumps(data))
    run = Run(Outside(account=read([tmp_path]).account))
    stacks.stack(f"Resources:\n{NOTHING}", run=run, file="own.yml")
    pseudo = {"AWS::StackName": name}
    stacks.stack(f"Resources:\n{OWN_KEY}", run=run, file="other.yml", pseudo=pseudo)
    found = key_with_arn(View(run.stacks[0]), Text.of(KEY))
    assert (found is not None) == is_found


FILES = "  Files: {Type: AWS::EFS::FileSystem}\n"


@pytest.mark.parametrize(
    ("templates", "made", "is_found"),
    [
        ([NOTHING], None, True),
        ([FILES], None, True),
        ([NOTHING, FILES], None, False),
        ([NOTHING, FILES], "fs-1", False),
        ([NOTHING, FILES], "fs-2", True),
    ],
)
def test_file_systems_of_other_templates(
    tmp_path: Path, templates: list[str], made: str | None, is_found: bool
) -> None:
    """Their ids say as little of their logical ids as those of keys do."""
    answers: list[Any] = [{"FileSystemId": "fs-1", "Policy": RESOURCE_POLICY}]
    if made is not None:
        resource = {"StackName": "s", "LogicalResourceId": "Files", "PhysicalResourceId": made}
        answers.append({"StackResources": [{**resource, "ResourceType": "AWS::EFS::FileSystem"}]})
    for number, data in enumerate(answers):
        (tmp_path / f"{number}.json").write_text(json.dumps(data))
    run = Run(Outside(account=read([tmp_path]).account))
    for number, text in enumerate(templates):
        stacks.stack(f"Resources:\n{text}", run=run, file=f"{number}.yml")
    found = file_system(View(run.stacks[0]), Text.of("fs-1"))
    assert (found is not None) == is_found


@pytest.mark.parametrize(("region", "is_found"), [("eu-west-1", True), ("us-east-1", False)])
def test_an_alias_of_another_region(tmp_path: Path, region: str, is_found: bool) -> None:
    """The stack's own region may have another key under the name, or none."""
    alias = {"AliasName": "alias/app", "TargetKeyId": KEY_ID}
    alias["AliasArn"] = KEY.replace(f"key/{KEY_ID}", "alias/app")
    for number, data in enumerate(
        ({"Aliases": [alias]}, {"KeyMetadata": {"KeyId": KEY_ID, "Arn": KEY}})
    ):
        (tmp_path / f"{number}.json").write_text(json.dumps(data))
    run = Run(Outside(account=read([tmp_path]).account))
    own = stacks.stack(f"Resources:\n{NOTHING}", run=run, pseudo={"AWS::Region": region})
    found = key_of_alias(View(own), Text.of("alias/app"))
    assert (found is not None) == is_found


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("stack-Bucket-1A2B3C4D5E6F", True),
        ("stack-Bucket", False),
        ("stack-Bucket-", False),
        ("stack-Bucket-1a2b_c4d5e6f", False),
        ("stack-BucketOfImages-1A2B3C4D5E6F", True),
        ("stack-BucketOfImag-1A2B3C4D5E6F", True),  # cut: a name has so many characters
        ("stack-BucketO-1A2B3C4D5E6F", False),  # too little to show what it is
        ("stack-BucketOfImagesX-1A2B3C4D5E6F", False),
        ("stack-OfImages-1A2B3C4D5E6F", False),
    ],
)
def test_made_up_names(view: Make, name: str, may: bool) -> None:
    """By the logical id, or what is left of it, and by the random end."""
    kind = "AWS::SNS::Topic"
    text = "".join(f"  {it}: {{Type: {kind}}}\n" for it in ("Bucket", "BucketOfImages"))
    here = view(text.replace(kind, "AWS::IAM::Role"))
    assert may_be_made(here, "AWS::IAM::Role", name) == may


@pytest.mark.parametrize(
    ("reference", "arn"),
    [
        ("web", "arn:${AWS::Partition}:iam::${AWS::AccountId}:role${path of role 'web'}web"),
        (f"arn:aws:iam::{ACCOUNT}:role/team/web", f"arn:aws:iam::{ACCOUNT}:role/team/web"),
    ],
)
def test_a_role_of_which_only_the_name_is_known(tmp_path: Path, reference: str, arn: str) -> None:
    """Its ARN is what the template says, or has a path that nobody knows."""
    answer = {"RoleName": "web", "PolicyName": "p", "PolicyDocument": DOCUMENT}
    (tmp_path / "a.json").write_text(json.dumps(answer))
    run = Run(Outside(account=read([tmp_path]).account))
    here = View(stacks.stack(f"Resources:\n{NOTHING}", run=run))
    role = role_named(here, Text.of(reference))
    assert role is not None
    assert (str(role.arn), str(role.id), role.trust) == (arn, "", ())
    assert [fact.name.split(" --")[0] for fact in role.unread] == [
        "aws iam get-role",
        "aws iam list-role-policies",
        "aws iam list-attached-role-policies",
    ]


@pytest.mark.parametrize(("logical_id", "is_same"), [("Mine", True), ("Other", False)])
def test_a_policy_with_a_name_that_was_made_up(
    tmp_path: Path, logical_id: str, is_same: bool
) -> None:
    """It is what the account has under the logical id of the template's, if anything."""
    name = "stack-Mine-1A2B3C4D5E6F"
    policy = f"arn:aws:iam::{ACCOUNT}:policy/{name}"
    role = {
        "RoleName": "exec",
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/exec",
        "AssumeRolePolicyDocument": TRUST,
        "RolePolicyList": [],
        "AttachedManagedPolicies": [{"PolicyName": name, "PolicyArn": policy}],
    }
    (tmp_path / "all.json").write_text(json.dumps({"RoleDetailList": [role]}))
    run = Run(Outside(account=read([tmp_path]).account))
    text = ATTACHED.format(named="Path: /").replace("Mine", logical_id)
    _, unread = _actions(View(stacks.stack(f"Resources:\n{text}", run=run)))
    missing = f"aws iam get-policy-version --policy-arn {policy}"
    assert unread == ([name] if is_same else [missing])


# --- what a template's role is today --------------------------------------------------------------

STACK = """\
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: []
  Role:
    Type: AWS::IAM::Role
"""
MADE_UP = f"arn:aws:iam::{ACCOUNT}:role/prod-Role-1A2B3C4D5E6F"


def _runs(revision: int, role: str) -> dict[str, Any]:
    arn = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/web:{revision}"
    task = {"family": "web", "revision": revision, "executionRoleArn": role}
    return {"taskDefinition": {**task, "taskDefinitionArn": arn}}


def _service(revision: int) -> dict[str, Any]:
    arn = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/web:{revision}"
    return {"services": [{"serviceArn": f"s{revision}", "taskDefinition": arn}]}


@pytest.mark.parametrize(
    ("answers", "is_found"),
    [
        ([], False),
        ([_runs(1, MADE_UP)], True),
        ([_runs(1, "other"), _runs(2, MADE_UP)], True),
        ([_runs(1, MADE_UP), _runs(2, "other")], False),
        ([_runs(1, MADE_UP), _service(1)], True),
        ([_runs(1, MADE_UP), _runs(2, "other"), _service(1)], True),
        ([_runs(1, MADE_UP), _runs(2, MADE_UP), _service(1), _service(2)], True),
        ([_runs(1, MADE_UP), _runs(2, f"{MADE_UP}X"), _service(1), _service(2)], False),
        ([_runs(1, MADE_UP.replace("-Role-", "-Others-")), _service(1)], False),
        ([_runs(1, MADE_UP), _service(2)], True),
    ],
)
def test_the_role_of_running_tasks(tmp_path: Path, answers: list[Any], is_found: bool) -> None:
    """It is what the template's role is deployed as, where its name was made up for that."""
    names = (MADE_UP, f"{MADE_UP}X", MADE_UP.replace("-Role-", "-Others-"))
    found = [
        {"RoleName": it.rpartition("/")[2], "Arn": it, "AssumeRolePolicyDocument": TRUST}
        for it in names
    ]
    for number, data in enumerate([{"Roles": found}, *answers]):
        (tmp_path / f"{number}.json").write_text(json.dumps(data))
    run = Run(Outside(account=read([tmp_path]).account))
    here = View(stacks.stack(f"Resources:\n{STACK}", run=run))
    (own,) = roles(here)
    deployed = role_as_deployed(here, own)
    assert (None if deployed is None else str(deployed.arn)) == (MADE_UP if is_found else None)
