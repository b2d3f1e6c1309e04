"""``copilot-preflight simulate``: options and output of ``aws iam simulate-custom-policy``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.cli import main as cli

POLICY = """\
{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"},
    {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
     "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
  ]
}
"""
OBJECT = "arn:aws:s3:::b/k"
ROLE = "arn:aws:iam::111122223333:role/app"
ALL = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
TO_ALL = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
)
SAMPLES = Path(__file__).resolve().parents[2] / "sample_templates"

Simulate = Callable[..., Any]


@pytest.fixture
def simulate(capsys: pytest.CaptureFixture[str]) -> Simulate:
    """Runs the command and gives its results, or for a failure its exit status and message."""

    def run(*arguments: str) -> Any:
        with pytest.raises(SystemExit) as ended:
            cli.main(["simulate", *arguments])
        out, err = capsys.readouterr()
        if ended.value.code:
            assert out == ""
            return ended.value.code, err
        assert err == ""
        answer = json.loads(out)
        assert answer["IsTruncated"] is False
        return answer["EvaluationResults"]

    return run


def granting(**elements: Any) -> str:
    made = {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}
    return json.dumps({"Version": "2012-10-17", "Statement": [made]})


def test_the_answer_has_the_keys_of_the_aws_cli(simulate: Simulate) -> None:
    """One result for each call, with the statement that allows it and where that stands."""
    (result,) = simulate(
        "--policy-input-list", POLICY, "--action-names", "s3:GetObject", "--resource-arns", OBJECT
    )
    told = result.pop("Statements")
    assert result == {
        "EvalActionName": "s3:GetObject",
        "EvalResourceName": OBJECT,
        "EvalDecision": "allowed",
        "MatchedStatements": [
            {
                "SourcePolicyId": "PolicyInputList.1",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 4, "Column": 5},
                "EndPosition": {"Line": 4, "Column": 92},
            }
        ],
        "MissingContextValues": ["aws:SecureTransport"],
        "EvalDecisionDetails": {},
        "ResourceSpecificResults": [
            {
                "EvalResourceName": OBJECT,
                "EvalResourceDecision": "allowed",
                "MatchedStatements": result["MatchedStatements"],
                "MissingContextValues": ["aws:SecureTransport"],
            }
        ],
    }
    assert [(it.get("Sid"), it["Effect"], it["Matched"], it["Why"]) for it in told] == [
        ("Read", "Allow", True, "every element matches"),
        (None, "Deny", False, "Bool aws:SecureTransport does not hold"),
    ]


def test_several_values_follow_one_name(simulate: Simulate) -> None:
    """Every action is tried on every resource, in the order given, and has one result."""
    results = simulate(
        "--action-names",
        "s3:GetObject",
        "s3:PutObject",
        "--policy-input-list",
        POLICY,
        ALL.replace('"*"', '"sns:*"', 1),
        "--resource-arns",
        OBJECT,
        "arn:aws:s3:::c/k",
    )
    calls = [
        (it["EvalActionName"], one["EvalResourceName"], one["EvalResourceDecision"])
        for it in results
        for one in it["ResourceSpecificResults"]
    ]
    assert calls == [
        ("s3:GetObject", OBJECT, "allowed"),
        ("s3:GetObject", "arn:aws:s3:::c/k", "implicitDeny"),
        ("s3:PutObject", OBJECT, "implicitDeny"),
        ("s3:PutObject", "arn:aws:s3:::c/k", "implicitDeny"),
    ]
    told = results[0]["ResourceSpecificResults"][0]["Statements"]
    assert {it["SourcePolicyId"] for it in told} == {"PolicyInputList.1", "PolicyInputList.2"}


def test_several_resources_have_one_result(simulate: Simulate) -> None:
    """An action's result is the most restrictive one, with what led to it; the rest is below."""
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                {
                    "Effect": "Deny",
                    "Action": "s3:*",
                    "Resource": "arn:aws:s3:::${aws:username}/*",
                },
                {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::c/*"},
            ],
        }
    )
    (result,) = simulate(
        "--policy-input-list", policy, "--action-names", "s3:GetObject", "--resource-arns", OBJECT,
        "arn:aws:s3:::c/k", "arn:aws:s3:::c/l",
    )  # fmt: skip
    specific = result.pop("ResourceSpecificResults")
    (denial,) = result.pop("MatchedStatements")
    assert result == {
        "EvalActionName": "s3:GetObject",
        "EvalResourceName": "*",
        "EvalDecision": "explicitDeny",
        "MissingContextValues": ["aws:username"],
        "EvalDecisionDetails": {},
        "DecidedBy": "identity-based policy",
    }
    assert [it["EvalResourceDecision"] for it in specific] == [
        "allowed",
        "explicitDeny",
        "explicitDeny",
    ]
    assert specific[1]["MatchedStatements"] == specific[2]["MatchedStatements"] == [denial]
    assert specific[0]["MatchedStatements"] != [denial]
    assert [it["MissingContextValues"] for it in specific] == [["aws:username"]] * 3
    assert [len(it["Statements"]) for it in specific] == [3, 3, 3]
    assert "DecidedBy" not in specific[0]


def test_without_a_resource_there_is_nothing_below(simulate: Simulate) -> None:
    """As in AWS, neither details nor results of single resources belong to all resources."""
    (result,) = simulate("--policy-input-list", ALL, "--action-names", "s3:GetObject")
    assert set(result) == {
        "EvalActionName",
        "EvalResourceName",
        "EvalDecision",
        "MatchedStatements",
        "MissingContextValues",
        "Statements",
    }


@pytest.mark.parametrize(
    ("identity", "principal", "details"),
    [
        ("s3:*", ROLE, {"Resource Policy": "allowed", "IAM Policy": "allowed"}),
        ("sns:*", ROLE, {"Resource Policy": "allowed", "IAM Policy": "implicitDeny"}),
        ("s3:*", ROLE + "2", {"Resource Policy": "implicitDeny", "IAM Policy": "allowed"}),
        ("s3:*", "111122223333", {"Resource Policy": "allowed", "IAM Policy": "allowed"}),
    ],
)
def test_across_accounts_each_kind_of_policy_is_told(
    simulate: Simulate, identity: str, principal: str, details: dict[str, str]
) -> None:
    """EvalDecisionDetails say what each side decides, for all resources and for each."""
    (result,) = simulate(
        "--policy-input-list", granting(Action=identity), "--caller-arn", ROLE,
        "--resource-policy", granting(Principal={"AWS": principal}),
        "--resource-owner", "444455556666", "--action-names", "s3:GetObject",
        "--resource-arns", OBJECT, "arn:aws:s3:::b/l",
    )  # fmt: skip
    assert result["EvalDecisionDetails"] == details
    assert [it["EvalDecisionDetails"] for it in result["ResourceSpecificResults"]] == [details] * 2


def test_across_accounts_no_resource_policy_denies(simulate: Simulate) -> None:
    """A resource elsewhere that has no policy of its own admits nobody."""
    call = ("--caller-arn", ROLE, "--action-names", "sqs:SendMessage", "--resource-arns")
    queue = "arn:aws:sqs:eu-west-1:444455556666:q"
    (result,) = simulate("--policy-input-list", ALL, *call, queue)
    assert result["EvalDecisionDetails"] == {
        "Resource Policy": "implicitDeny",
        "IAM Policy": "allowed",
    }
    assert result["DecidedBy"] == "resource-based policy"


def test_an_scp_ends_the_simulation(simulate: Simulate) -> None:
    """Where an SCP does not allow a call, AWS tells no details of the other policies."""
    (result,) = simulate(
        "--policy-input-list", ALL, "--caller-arn", ROLE, "--scp", granting(Action="sns:*"),
        "--resource-owner", "444455556666", "--action-names", "s3:GetObject",
        "--resource-arns", OBJECT,
    )  # fmt: skip
    assert "EvalDecisionDetails" not in result
    assert "EvalDecisionDetails" not in result["ResourceSpecificResults"][0]
    assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


def test_a_boundary_that_is_not_known_is_neither(simulate: Simulate, template: str) -> None:
    """What a boundary outside the template allows is null, not false."""
    (result,) = simulate(
        "--template", template, "--role", "Limited", "--action-names", "s3:GetObject"
    )
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": None}


def test_levels_of_an_organization_come_as_in_the_aws_cli(
    simulate: Simulate, tmp_path: Path
) -> None:
    """Policies of one level allow together; every level has to allow."""

    def levels(*of: list[str]) -> str:
        return json.dumps([{"ServiceControlPolicyInputList": level} for level in of])

    call = ("--policy-input-list", ALL, "--action-names", "s3:GetObject")
    option = "--ordered-organization-policy-input-list"
    file = tmp_path / "levels.json"
    file.write_text(levels([granting(Action="sns:*"), ALL], [ALL]), encoding="utf-8")
    (together,) = simulate(*call, option, f"file://{file}")
    (apart,) = simulate(*call, option, levels([granting(Action="sns:*")], [ALL]))
    (denied,) = simulate(*call, option, levels([ALL], [ALL, granting(Effect="Deny")]))
    assert together["EvalDecision"] == "allowed"
    assert (apart["EvalDecision"], apart["DecidedBy"]) == ("implicitDeny", "service control policy")
    (matched,) = denied["MatchedStatements"]
    assert matched["SourcePolicyId"] == "OrderedOrganizationPolicyInputList.2.2"


def test_a_resource_policy_has_the_name_that_aws_gives_it(simulate: Simulate) -> None:
    """There is one policy of a resource only: its name has no number."""
    (result,) = simulate(
        "--resource-policy", granting(Principal="*"), "--caller-arn", ROLE,
        "--action-names", "s3:GetObject",
    )  # fmt: skip
    (matched,) = result["MatchedStatements"]
    assert (matched["SourcePolicyId"], matched["SourcePolicyType"]) == (
        "ResourcePolicy",
        "Resource Policy",
    )


def test_a_repeated_option_and_a_list_of_policies_do_the_same(simulate: Simulate) -> None:
    """Policies may come one by one, or as the JSON list of strings that the AWS CLI takes."""
    call = ("--action-names", "s3:PutObject")
    listed = simulate("--policy-input-list", json.dumps([POLICY, ALL]), *call)
    repeated = simulate("--policy-input-list", POLICY, "--policy-input-list", ALL, *call)
    assert listed == repeated
    assert listed[0]["EvalDecision"] == "allowed"


@pytest.mark.parametrize(
    "action", ["s3GetObject", "s3:", ":GetObject", "s3:GetObject,s3:PutObject"]
)
def test_what_is_no_action_is_refused(simulate: Simulate, action: str) -> None:
    """A mistyped one would be denied, or allowed by a star, as if it were a call."""
    status, told = simulate("--policy-input-list", ALL, "--action-names", action)
    assert status == 2
    assert told.startswith(f"error: invalid value for --action-names: '{action}' is no action")


@pytest.mark.parametrize("arn", ["bucket", "arn:aws:s3", "b/k"])
def test_what_is_no_resource_is_refused(simulate: Simulate, arn: str) -> None:
    """AWS takes ARNs there, and a star."""
    status, told = simulate(
        "--policy-input-list", ALL, "--action-names", "s3:GetObject", "--resource-arns", OBJECT, arn
    )
    assert status == 2
    assert told.startswith(f"error: invalid value for --resource-arns: '{arn}' is no ARN")


def test_policies_come_from_files(simulate: Simulate, tmp_path: Path) -> None:
    """A policy behind file:// is read, and its statements stand in that file."""
    file = tmp_path / "policy.json"
    file.write_text(POLICY, encoding="utf-8")
    (result,) = simulate(
        "--policy-input-list",
        f"file://{file}",
        "--action-names",
        "s3:GetObject",
        "--resource-arns",
        OBJECT,
    )
    (matched,) = result["MatchedStatements"]
    assert matched["SourcePolicyId"] == str(file)
    assert matched["StartPosition"]["Line"] == 4


@pytest.mark.parametrize(
    "entry",
    [
        "ContextKeyName=aws:securetransport,ContextKeyValues=false,ContextKeyType=boolean",
        'ContextKeyName="aws:SecureTransport",ContextKeyValues="false","false"',
        '{"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": [false]}',
        '[{"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["false"]}]',
    ],
)
def test_context_entries_are_shorthand_or_json(simulate: Simulate, entry: str) -> None:
    """A key that is given counts as sent, and is no longer missing."""
    (result,) = simulate(
        "--policy-input-list", POLICY, "--action-names", "s3:GetObject", "--context-entries", entry
    )
    assert result["EvalDecision"] == "explicitDeny"
    assert result["MissingContextValues"] == []
    assert [it["StartPosition"]["Line"] for it in result["MatchedStatements"]] == [5]
    assert result["DecidedBy"] == "identity-based policy"


def test_missing_values_include_those_of_variables(simulate: Simulate) -> None:
    """A policy variable that is not given matches nothing, and is listed as it is spelt."""
    policy = granting(Resource="arn:aws:s3:::b/${aws:PrincipalTag/Team}/*")
    (result,) = simulate(
        "--policy-input-list",
        policy,
        "--action-names",
        "s3:GetObject",
        "--resource-arns",
        "arn:aws:s3:::b/x/k",
    )
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["aws:PrincipalTag/Team"]
    assert result["Statements"][0]["Why"] == "no resource covers it"


@pytest.mark.parametrize("owner", ["444455556666", "arn:aws:iam::444455556666:root"])
def test_the_owner_is_an_account_or_its_root(simulate: Simulate, owner: str) -> None:
    """Across accounts both policies must allow; within one, either."""
    call = ("--action-names", "s3:GetObject", "--caller-arn", ROLE)
    grant = granting(Principal={"AWS": ROLE})
    (here,) = simulate("--resource-policy", grant, *call)
    (there,) = simulate("--resource-policy", grant, *call, "--resource-owner", owner)
    assert here["EvalDecision"] == "allowed"
    assert (there["EvalDecision"], there["DecidedBy"]) == ("implicitDeny", "identity-based policy")


@pytest.mark.parametrize(
    ("option", "layer", "detail"),
    [
        (
            "--permissions-boundary-policy-input-list",
            "permissions boundary",
            {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}},
        ),
        (
            "--scp",
            "service control policy",
            {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}},
        ),
        ("--session-policy", "session policy", {}),
    ],
)
def test_every_ceiling_has_an_option(
    simulate: Simulate, option: str, layer: str, detail: dict[str, Any]
) -> None:
    """A layer that does not allow a call is named, with AWS's detail where AWS has one."""
    other = granting(Action="sns:*")
    (result,) = simulate(
        "--policy-input-list", ALL, "--action-names", "s3:GetObject", option, other
    )
    assert (result["EvalDecision"], result["DecidedBy"]) == ("implicitDeny", layer)
    assert result.items() >= detail.items()


def test_an_endpoint_is_a_ceiling_too(simulate: Simulate) -> None:
    """The policy of an endpoint says of whom it speaks."""
    (result,) = simulate(
        "--policy-input-list", ALL, "--caller-arn", ROLE, "--action-names", "s3:GetObject",
        "--endpoint-policy", granting(Action="sns:*", Principal="*"),
    )  # fmt: skip
    assert (result["EvalDecision"], result["DecidedBy"]) == ("implicitDeny", "VPC endpoint policy")


def test_an_rcp_only_denies(simulate: Simulate) -> None:
    """RCPFullAWSAccess, which nobody can detach, allows whatever an RCP is silent about."""
    call = ("--policy-input-list", ALL, "--action-names", "s3:GetObject", "--rcp")
    (silent,) = simulate(*call, granting(Effect="Deny", Action="sqs:*", Principal="*"))
    (denied,) = simulate(*call, granting(Effect="Deny", Action="s3:*", Principal="*"))
    assert silent["EvalDecision"] == "allowed"
    assert (denied["EvalDecision"], denied["DecidedBy"]) == (
        "explicitDeny",
        "resource control policy",
    )


def test_a_statement_for_somebody_else_says_so(simulate: Simulate) -> None:
    """A resource policy's statement matches only whom its Principal names."""
    (result,) = simulate(
        "--resource-policy",
        granting(Principal={"AWS": ROLE + "2"}),
        "--action-names",
        "s3:GetObject",
        "--caller-arn",
        ROLE,
    )
    (statement,) = result["Statements"]
    assert (statement["Matched"], statement["Why"]) == (False, "no principal names the caller")


TEMPLATE = """\
Resources:
  App:
    Type: AWS::IAM::Role
    Properties:
      RoleName: app
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::b/*'}
  Limited:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      PermissionsBoundary: arn:aws:iam::111122223333:policy/limits
      Policies:
        - PolicyName: all
          PolicyDocument: {Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}
"""


@pytest.fixture
def template(tmp_path: Path) -> str:
    file = tmp_path / "stack.yml"
    file.write_text(TEMPLATE, encoding="utf-8")
    return str(file)


def test_a_role_comes_out_of_a_template(simulate: Simulate, template: str) -> None:
    """The policies of a role in a template are its identity policies, with their positions."""
    (result,) = simulate(
        "--template",
        template,
        "--role",
        "App",
        "--action-names",
        "s3:GetObject",
        "--resource-arns",
        OBJECT,
    )
    assert result["EvalDecision"] == "allowed"
    (matched,) = result["MatchedStatements"]
    assert matched["SourcePolicyId"] == "read"
    assert matched["StartPosition"] == {"Line": 11, "Column": 17}


def test_a_role_whose_account_is_not_known_is_of_the_account_of_the_resource(
    simulate: Simulate, template: str
) -> None:
    """A template does not say in which account it is deployed: nothing is across accounts."""
    call = ("--template", template, "--role", "App", "--action-names", "s3:GetObject")
    on = ("--resource-arns", "arn:aws:s3:::b/*", "arn:aws:sqs:eu-west-1:111122223333:q")
    (result,) = simulate(*call, *on)
    decisions = [it["EvalResourceDecision"] for it in result["ResourceSpecificResults"]]
    assert decisions == ["allowed", "implicitDeny"]
    (foreign,) = simulate(*call, "--resource-arns", OBJECT, "--resource-owner", "444455556666")
    assert foreign["EvalDecision"] == "undetermined"


def test_what_is_not_known_of_a_role_leaves_the_answer_open(
    simulate: Simulate, template: str
) -> None:
    """A boundary outside the template is undetermined and named, unless it is provided."""
    call = ("--template", template, "--role", "Limited", "--action-names", "s3:GetObject")
    (missing,) = simulate(*call)
    assert (missing["EvalDecision"], missing["DecidedBy"]) == (
        "undetermined",
        "permissions boundary",
    )
    assert missing["MissingFacts"] == [
        {"Kind": "boundary", "Name": "arn:aws:iam::111122223333:policy/limits"}
    ]
    (given,) = simulate(*call, "--permissions-boundary-policy-input-list", ALL)
    assert given["EvalDecision"] == "allowed"


def test_the_roles_of_the_samples_can_be_simulated(simulate: Simulate) -> None:
    """Every role of a sample answers, with its statements explained."""
    samples = [
        p for p in sorted(SAMPLES.rglob("*.yml")) if "ExecutionRole:" in p.read_text("utf-8")
    ]
    assert samples
    for sample in samples[:4]:
        (result,) = simulate(
            "--template", str(sample), "--role", "ExecutionRole", "--action-names", "s3:GetObject"
        )
        assert result["Statements"]
        assert all(statement["Why"] for statement in result["Statements"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--policy-input-list", "{"], "PolicyInputList.1:1:2: "),
        (["--policy-input-list", ALL, '{"Statement": ]}'], "PolicyInputList.2:1:15: "),
        (["--policy-input-list", '{"a": 1}'], "PolicyInputList.1:1:1: a policy is a map that has"),
        (["--policy-input-list", "[1]"], "PolicyInputList.1:1:2: a list of policies holds them"),
        (["--policy-input-list", "file://no/such.json"], "no/such.json: cannot read: "),
        (["--template", "{template}", "--role", "Nobody"], "has no role 'Nobody'"),
        (["--template", "{template}"], "--template and --role go together"),
        (["--role", "App"], "--template and --role go together"),
        (["--context-entries", "[1"], "--context-entries"),
        (["--context-entries", '[{"a": 1}]'], "an entry is {ContextKeyName: string"),
        (["--context-entries", "nonsense"], "'nonsense' has no ContextKeyName"),
        (["--no-such-option", "x"], "--no-such-option"),
        (["--policy-source-arn", ROLE], "--template FILE --role LOGICAL_ID takes them out of its"),
        (["--resource-policy", TO_ALL], "--resource-policy needs --caller-arn"),
        (["--caller-arn", "app"], "'app' is neither an ARN nor a service"),
        (["--resource-owner", "shop"], "'shop' is no account"),
        (["--ordered-organization-policy-input-list", "["], "--ordered-organization-policy"),
        (["--ordered-organization-policy-input-list", "[1]"], "a level is {ServiceControl"),
    ],
)
def test_bad_input_is_one_line(
    simulate: Simulate, template: str, arguments: list[str], message: str
) -> None:
    """What cannot be read ends the command with 2 and says where it stands."""
    given = [it.replace("{template}", template) for it in arguments]
    code, error = simulate("--action-names", "s3:GetObject", *given)
    assert code == 2
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1


def test_actions_are_required(simulate: Simulate) -> None:
    """A simulation of nothing is a mistake of usage."""
    code, error = simulate("--policy-input-list", ALL)
    assert code == 2
    assert "--action-names" in error


def test_the_command_is_cheap_to_have() -> None:
    """The command line does not load the simulator, nor the evaluator, before it is asked for."""
    script = (
        "import sys, copilot_preflight.cli.main;"
        "print([m for m in sys.modules if m.startswith('copilot_preflight.') "
        "and m.split('.')[1] in ('simulate', 'iam', 'document', 'stack', 'model')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert ran.stdout.strip() == "[]"
