"""What ``simulate`` refuses, as AWS's simulator does: one line, the place, and exit status 2."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cli.conftest import Run, Write

ALL = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
SEE = " (see 'copilot-preflight simulate --help')\n"
EC2 = "arn:aws:ec2:eu-west-1:111122223333:"


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("s3:Getobjct", "'s3:Getobjct' is no action of s3: did you mean 's3:GetObject'?"),
        ("s3:HeadObject", "'s3:HeadObject' is no action of s3: did you mean 's3:GetObject'?"),
        ("s3:Xyzzyx", "'s3:Xyzzyx' is no action of s3"),
        ("sqs:SendMesage", "'sqs:SendMesage' is no action of sqs: did you mean 'sqs:SendMessage'?"),
        (
            "secretmanager:GetSecretValue",
            "'secretmanager:GetSecretValue': AWS has no service 'secretmanager': did you mean "
            "'secretsmanager'?",
        ),
        ("s3:Get*", "'s3:Get*' has a wildcard: name each action by itself, such as s3:GetObject"),
        ("s3:GetObjec?", "'s3:GetObjec?' has a wildcard: name each action by itself, such as "
         "s3:GetObject"),
        ("*", "'*' is no action: give them as s3:GetObject, with spaces between several"),
    ],
)  # fmt: skip
def test_an_action_that_there_is_not(run: Run, action: str, told: str) -> None:
    """A mistyped action is no call at all: a denial of it would mean nothing."""
    result = run("simulate", "--policy-input-list", ALL, "--action-names", action)
    assert (result.status, result.out) == (2, "")
    assert result.err == f"error: invalid value for --action-names: {told}{SEE}"


@pytest.mark.parametrize(
    "action",
    ["s3:GetObject", "S3:GETOBJECT", "sqs:SendMessage", "ec2:RunInstances", "ses:SendEmail"],
)
def test_an_action_that_there_is(run: Run, action: str) -> None:
    """Actions of every service are known, and letter case is ignored, as in IAM."""
    result = run("simulate", "--policy-input-list", ALL, "--action-names", action)
    assert (result.status, result.err) == (0, "")


def policy(**elements: Any) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", **elements}})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"Statement": [{"Effect": "Alow", "Action": "*", "Resource": "*"}]}',
            "1:27: Effect must be Allow or Deny, found 'Alow': did you mean 'Allow'?",
        ),
        (
            '{"Statement": {"Effect": "deny", "Action": "*", "Resource": "*"}}',
            "1:26: Effect must be Allow or Deny, found 'deny': did you mean 'Deny'?",
        ),
        (
            '{"Statement": {"Effect": ["Deny"], "Action": "*", "Resource": "*"}}',
            "1:26: Effect must be Allow or Deny, found a list",
        ),
        (
            '{"Statement": {"Action": "*", "Resource": "*"}}',
            "1:15: Effect must be Allow or Deny, and there is none",
        ),
        (
            '{"Statement": {"Effect": "Allow", "Action": "*", "Resourse": "*"}}',
            "1:50: 'Resourse' is no element of a policy's statement: did you mean 'Resource'?",
        ),
        (policy(Action="*"), "1:15: a statement must have Resource or NotResource"),
        (policy(Resource="*"), "1:15: a statement must have Action or NotAction"),
        (
            policy(Action="*", Resource="*", Principal="*"),
            "1:15: a policy of a role or user cannot have a Principal",
        ),
        (
            '{"Versoin": "2012-10-17", "Statement": []}',
            "1:2: 'Versoin' is no element of a policy: did you mean 'Version'?",
        ),
        (
            '{"Version": "2012-10-18", "Statement": []}',
            "1:13: Version must be 2012-10-17 or 2008-10-17, found '2012-10-18'",
        ),
        ('{"Statment": []}', "1:1: a policy is a map that has Statement, found 'Statment'"),
        ('{"Statement": "all"}', "1:15: must be a map, found a string"),
    ],
)
def test_a_policy_that_aws_would_refuse(run: Run, text: str, told: str) -> None:
    """AWS calls it MalformedPolicyDocument."""
    result = run("simulate", "--policy-input-list", text, "--action-names", "s3:GetObject")
    assert (result.status, result.out) == (2, "")
    assert result.err == f"error: PolicyInputList.1:{told}\n"


def test_the_place_is_that_in_the_file(run: Run, write: Write) -> None:
    """A policy in a file is named by that, with its own line and column."""
    write({"p.json": ALL, "b.json": '{"Statement": [\n  {"Effect": "Alow"}]}'})
    for option in ("--policy-input-list", "--scp", "--permissions-boundary-policy-input-list"):
        result = run("simulate", option, "file://b.json", "--action-names", "s3:GetObject")
        assert (result.status, result.err) == (
            2, "error: b.json:2:14: Effect must be Allow or Deny, found 'Alow': did you mean "
            "'Allow'?\n",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--resource-policy", "ResourcePolicy:1:15: a policy of a resource must say of whom"),
        ("--rcp", "Rcp.1:1:15: a resource control policy must say of whom: no Principal"),
    ],
)
def test_a_policy_without_principals(run: Run, option: str, told: str) -> None:
    """The policy of a resource that names nobody would grant nothing, in silence."""
    caller = ("--caller-arn", "arn:aws:iam::111122223333:role/app")
    result = run("simulate", option, ALL, *caller, "--action-names", "s3:GetObject")
    assert result.status == 2
    assert result.err.startswith(f"error: {told}")


def test_a_policy_without_statements_grants_nothing(run: Run) -> None:
    """It is no mistake of spelling: it says what it means."""
    nothing = '{"Version": "2012-10-17", "Statement": []}'
    call = ("--action-names", "s3:GetObject", "--query", "EvaluationResults[0].EvalDecision")
    assert run("simulate", "--policy-input-list", nothing, *call).out == '"implicitDeny"\n'


# --- ResourceHandlingOption -----------------------------------------------------------------------

GIVEN = tuple(
    f"{EC2}{kind}/x" for kind in ("instance", "image", "security-group", "network-interface")
)


def handled(run: Run, scenario: str, *resources: str) -> tuple[int, str]:
    result = run(
        "simulate", "--policy-input-list", ALL, "--action-names", "ec2:RunInstances",
        "--resource-handling-option", scenario, "--resource-arns", *resources,
        "--query", "length(EvaluationResults[0].ResourceSpecificResults)",
    )  # fmt: skip
    return result.status, result.out + result.err


@pytest.mark.parametrize(
    ("scenario", "more"),
    [
        ("EC2-VPC-InstanceStore", ()),
        ("EC2-VPC-InstanceStore-Subnet", ("subnet",)),
        ("EC2-VPC-EBS", ("volume",)),
        ("EC2-VPC-EBS-Subnet", ("subnet", "volume")),
    ],
)
def test_a_scenario_needs_its_resources(run: Run, scenario: str, more: tuple[str, ...]) -> None:
    """Each scenario that AWS documents passes with its resources, and not without any of them."""
    resources = [*GIVEN, *(f"{EC2}{kind}/x" for kind in more)]
    assert handled(run, scenario, *resources) == (0, f"{len(resources)}\n")
    for missing in resources:
        status, told = handled(run, scenario, *(it for it in resources if it != missing))
        kind = missing.removeprefix(EC2).partition("/")[0]
        assert status == 2
        assert told.endswith(f"; there is no ARN of: {kind}{SEE}")


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("EC2-VPC-EBB", ": did you mean 'EC2-VPC-EBS'?"),
        (
            "all",
            ": it must be one of EC2-VPC-InstanceStore, EC2-VPC-InstanceStore-Subnet, EC2-VPC-EBS, "
            "EC2-VPC-EBS-Subnet",
        ),
    ],
)
def test_a_scenario_that_aws_does_not_list(run: Run, scenario: str, told: str) -> None:
    """A value that AWS does not know is refused."""
    assert handled(run, scenario, *GIVEN) == (
        2,
        f"error: invalid value for --resource-handling-option: '{scenario}' is no scenario that "
        f"AWS lists{told}{SEE}",
    )


# --- --cli-input-json -----------------------------------------------------------------------------

INPUT = {
    "PolicyInputList": [ALL],
    "PermissionsBoundaryPolicyInputList": [policy(Action="s3:Get*", Resource="*")],
    "ActionNames": ["s3:GetObject", "s3:PutObject"],
    "ResourceArns": ["arn:aws:s3:::b/k"],
    "ResourcePolicy": policy(
        Effect="Deny",
        Principal="*",
        Action="s3:GetObject",
        Resource="*",
        Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}},
    ),
    "ResourceOwner": "arn:aws:iam::111122223333:root",
    "CallerArn": "arn:aws:iam::111122223333:user/ann",
    "ContextEntries": [
        {
            "ContextKeyName": "aws:PrincipalTag/team",
            "ContextKeyValues": ["red"],
            "ContextKeyType": "string",
        }
    ],
    "ResourceHandlingOption": "",
    "MaxItems": 0,
    "Marker": "",
}
DECISIONS = ("--query", "EvaluationResults[].[EvalActionName,EvalDecision,DecidedBy]", "--output",
             "text")  # fmt: skip


def test_the_input_holds_every_parameter(run: Run, write: Write) -> None:
    """The AWS CLI's skeleton, filled: inline, from a file by its path, and by file://."""
    write({"in.json": json.dumps(INPUT)})
    told = (
        "s3:GetObject\texplicitDeny\tresource-based policy\n"
        "s3:PutObject\timplicitDeny\tpermissions boundary\n"
    )
    for given in (json.dumps(INPUT), "in.json", "file://in.json"):
        result = run("simulate", "--cli-input-json", given, *DECISIONS)
        assert (result.status, result.out, result.err) == (0, told, "")


def test_options_win_over_the_input(run: Run) -> None:
    """Each option takes the place of its parameter, and of no other."""
    result = run(
        "simulate", "--cli-input-json", json.dumps(INPUT), "--action-names", "s3:GetObject",
        "--context-entries", "ContextKeyName=aws:PrincipalTag/team,ContextKeyValues=blue",
        *DECISIONS,
    )  # fmt: skip
    assert result.out == "s3:GetObject\tallowed\tNone\n"


def test_levels_of_an_organization_are_part_of_the_input(run: Run) -> None:
    """Every level has to allow a call."""
    other = policy(Action="sns:*", Resource="*")
    levels = [{"ServiceControlPolicyInputList": [it]} for it in (ALL, other)]
    given = {
        "PolicyInputList": [ALL],
        "ActionNames": ["s3:GetObject"],
        "OrderedOrganizationPolicyInputList": levels,
    }
    result = run("simulate", "--cli-input-json", json.dumps(given), *DECISIONS)
    assert result.out == "s3:GetObject\timplicitDeny\tservice control policy\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"ActionName": []}', "1:2: unknown key 'ActionName': did you mean 'ActionNames'?"),
        ('{"PolicySourceArn": "x"}', "1:2: unknown key 'PolicySourceArn'"),
        ('{"ActionNames": "s3:GetObject"}', "1:17: must be a list, found 's3:GetObject'"),
        ('{"ActionNames": [1]}', "1:18: must be a string, found 1"),
        (
            '{\n  "ActionNames": ["s3:GetObject",\n   "s3:Getobjct"]}',
            "3:4: 's3:Getobjct' is no action of s3: did you mean 's3:GetObject'?",
        ),
        ('{"ActionNames": ["s3:GetObject"], "ResourceArns": ["b"]}', "1:52: 'b' is no ARN"),
        ('{"ActionNames": ["s3:GetObject"], "CallerArn": "b"}', "1:48: 'b' is neither an ARN"),
        ('{"ActionNames": ["s3:GetObject"], "ResourceOwner": "b"}', "1:52: 'b' is no account"),
        (
            '{"ActionNames": ["s3:GetObject"], "ResourceHandlingOption": "EC2"}',
            "1:61: 'EC2' is no scenario that AWS lists",
        ),
        (
            '{"ContextEntries": [{"ContextKeyNam": "a"}]}',
            "1:22: unknown key 'ContextKeyNam': did you mean 'ContextKeyName'?",
        ),
        ('{"ContextEntries": [{"ContextKeyName": "a", "ContextKeyType": "txt"}]}', "1:63: must be"),
        ('{"MaxItems": 5}', "1:14: the answer is never cut into pages: drop 'MaxItems'"),
        ('{"Marker": "x"}', "1:12: the answer is never cut into pages: drop 'Marker'"),
        ("{", "1:2: "),
    ],
)  # fmt: skip
def test_broken_input(run: Run, text: str, told: str) -> None:
    """One line with the place in the input."""
    result = run("simulate", "--cli-input-json", text)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: --cli-input-json:{told}")
    assert result.err.count("\n") == 1


def test_a_broken_policy_in_the_input_has_its_own_place(run: Run) -> None:
    """Policies are strings in the input: the place is that in the policy, under AWS's name."""
    given = json.dumps({"PolicyInputList": [ALL, "{}"], "ActionNames": ["s3:GetObject"]})
    result = run("simulate", "--cli-input-json", given)
    assert result.err == "error: PolicyInputList.2:1:1: a policy is a map that has Statement\n"


@pytest.mark.parametrize("given", ["no.json", "[]", "list.json"])
def test_input_that_is_none(run: Run, write: Write, given: str) -> None:
    """A file that is not there, and a list."""
    write({"list.json": "[]"})
    result = run("simulate", "--cli-input-json", given)
    assert (result.status, result.err.count("\n")) == (2, 1)


def test_actions_may_be_nowhere(run: Run) -> None:
    """Neither an option nor the input names an action."""
    result = run("simulate", "--cli-input-json", json.dumps({"PolicyInputList": [ALL]}))
    assert (result.status, result.err) == (
        2, f"error: missing option --action-names, or ActionNames of --cli-input-json{SEE}",
    )  # fmt: skip
