"""How ``simulate`` prints its answer, and what its exit status says of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.cli.conftest import Run, Write

POLICY = """\
{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}]}
"""
CALL = (
    "simulate", "--policy-input-list", POLICY, "--action-names", "s3:GetObject", "s3:PutObject",
    "--resource-arns", "arn:aws:s3:::b/k",
)  # fmt: skip
PAIRS = "EvaluationResults[].[EvalActionName,EvalDecision]"


@pytest.fixture(autouse=True)
def _columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


# What awscli 1.44's own formatter makes of the same answer.
TEXT = """\
EVALUATIONRESULTS\t\ts3:GetObject\tallowed\tarn:aws:s3:::b/k
MATCHEDSTATEMENTS\tPolicyInputList.1\tIAM Policy
ENDPOSITION\t90\t2
STARTPOSITION\t3\t2
RESOURCESPECIFICRESULTS\tallowed\tarn:aws:s3:::b/k
MATCHEDSTATEMENTS\tPolicyInputList.1\tIAM Policy
ENDPOSITION\t90\t2
STARTPOSITION\t3\t2
STATEMENTS\tAllow\tTrue\tRead\tPolicyInputList.1\tIAM Policy\tevery element matches
ENDPOSITION\t90\t2
STARTPOSITION\t3\t2
EVALUATIONRESULTS\tidentity-based policy\ts3:PutObject\timplicitDeny\tarn:aws:s3:::b/k
RESOURCESPECIFICRESULTS\tidentity-based policy\timplicitDeny\tarn:aws:s3:::b/k
STATEMENTS\tAllow\tFalse\tRead\tPolicyInputList.1\tIAM Policy\tno action covers s3:PutObject
ENDPOSITION\t90\t2
STARTPOSITION\t3\t2
"""


def test_text(run: Run) -> None:
    """The lines of the AWS CLI: a name in capitals, then the values between tabs."""
    result = run(*CALL, "--output", "text")
    assert (result.status, result.out, result.err) == (0, TEXT, "")


TABLE = """\
----------------------------------------------------------
|                  SimulateCustomPolicy                  |
+-------------------------+------------------------------+
|  DecidedBy              |  identity-based policy       |
|  EvalActionName         |  s3:PutObject                |
|  EvalDecision           |  implicitDeny                |
|  EvalResourceName       |  arn:aws:s3:::b/k            |
+-------------------------+------------------------------+
||               ResourceSpecificResults                ||
|+--------------------------+---------------------------+|
||  DecidedBy               |  identity-based policy    ||
||  EvalResourceDecision    |  implicitDeny             ||
||  EvalResourceName        |  arn:aws:s3:::b/k         ||
|+--------------------------+---------------------------+|
||                      Statements                      ||
|+--------------------+---------------------------------+|
||  Effect            |  Allow                          ||
||  Matched           |  False                          ||
||  Sid               |  Read                           ||
||  SourcePolicyId    |  PolicyInputList.1              ||
||  SourcePolicyType  |  IAM Policy                     ||
||  Why               |  no action covers s3:PutObject  ||
|+--------------------+---------------------------------+|
|||                    EndPosition                     |||
||+----------------------------+-----------------------+||
|||  Column                    |  90                   |||
|||  Line                      |  2                    |||
||+----------------------------+-----------------------+||
|||                   StartPosition                    |||
||+----------------------------+-----------------------+||
|||  Column                    |  3                    |||
|||  Line                      |  2                    |||
||+----------------------------+-----------------------+||
"""


def test_table(run: Run) -> None:
    """Sections inside of each other; columns that are too wide stand one below the other."""
    result = run(*CALL, "--output", "table", "--query", "EvaluationResults[1]")
    assert (result.status, result.out, result.err) == (0, TABLE, "")


@pytest.mark.parametrize(
    ("query", "form", "told"),
    [
        (PAIRS, "text", "s3:GetObject\tallowed\ns3:PutObject\timplicitDeny\n"),
        (
            PAIRS,
            "table",
            "-----------------------------------\n"
            "|       SimulateCustomPolicy      |\n"
            "+----------------+----------------+\n"
            "|  s3:GetObject  |  allowed       |\n"
            "|  s3:PutObject  |  implicitDeny  |\n"
            "+----------------+----------------+\n",
        ),
        (
            "EvaluationResults[].{Action: EvalActionName, Decision: EvalDecision}",
            "table",
            "-----------------------------------\n"
            "|       SimulateCustomPolicy      |\n"
            "+----------------+----------------+\n"
            "|     Action     |    Decision    |\n"
            "+----------------+----------------+\n"
            "|  s3:GetObject  |  allowed       |\n"
            "|  s3:PutObject  |  implicitDeny  |\n"
            "+----------------+----------------+\n",
        ),
        ("EvaluationResults[0].EvalDecision", "json", '"allowed"\n'),
        ("EvaluationResults[0].EvalDecision", "text", "allowed\n"),
        (
            "EvaluationResults[0].EvalDecision",
            "table",
            "------------------------\n"
            "| SimulateCustomPolicy |\n"
            "+----------------------+\n"
            "|  allowed             |\n"
            "+----------------------+\n",
        ),
        ("EvaluationResults[].EvalDecision", "text", "allowed\timplicitDeny\n"),
        ("Nothing", "json", "null\n"),
        ("Nothing", "text", "None\n"),
        ("Nothing", "table", ""),
        ("EvaluationResults[?EvalDecision=='undetermined']", "json", "[]\n"),
        ("EvaluationResults[?EvalDecision=='undetermined']", "text", ""),
        ("IsTruncated", "json", "false\n"),
    ],
)
def test_query(run: Run, query: str, form: str, told: str) -> None:
    """A part of the answer, in every format."""
    result = run(*CALL, "--query", query, "--output", form)
    assert (result.status, result.out, result.err) == (0, told, "")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("EvaluationResults[", "'EvaluationResults[': "),
        ("nope(@)", "'nope(@)': unknown function: nope()"),
        ("length(`1`)", "'length(`1`)': in function length(), "),
        ("", "'': invalid JMESPath expression: "),
    ],
)
def test_a_broken_query(run: Run, query: str, told: str) -> None:
    """What JMESPath cannot read or do ends the command."""
    result = run(*CALL, "--query", query)
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.startswith(f"error: invalid value for --query: {told}")


def test_an_output_that_there_is_not(run: Run) -> None:
    """Its name is refused before anything is simulated."""
    result = run(*CALL, "--output", "yaml")
    assert (result.status, result.out) == (2, "")
    assert "'yaml' is not one of 'json', 'text', 'table'" in result.err


def test_a_table_is_as_wide_as_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is longer than its column goes on below; nothing is lost, and no line is longer."""
    key = "k" * 150
    call = ("simulate", "--policy-input-list", POLICY, "--action-names", "s3:GetObject")
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        result = run(*call, "--resource-arns", f"arn:aws:s3:::b/{key}", "--output", "table")
        assert {len(line) for line in result.out.splitlines()} == {columns}
    rows = run(
        *call, "--resource-arns", f"arn:aws:s3:::b/{key}", "--output", "table",
        "--query", "EvaluationResults[].[EvalResourceName]",
    ).out.splitlines()[3:-1]  # fmt: skip
    assert "".join(row.strip("| ") for row in rows) == f"arn:aws:s3:::b/{key}"


def test_many_columns_stand_one_below_the_other(run: Run) -> None:
    """Rows of more columns than a table can have become a section each."""
    names = ",".join(f"c{n}: EvalActionName" for n in range(9))
    result = run(*CALL, "--output", "table", "--query", f"EvaluationResults[].{{{names}}}")
    assert max(map(len, result.out.splitlines())) <= 80
    assert result.out.count("s3:GetObject") == result.out.count("s3:PutObject") == 9


@pytest.mark.parametrize("form", ["json", "text", "table"])
def test_what_a_terminal_would_obey_is_spelt_out(run: Run, form: str) -> None:
    """A name with a tab, a line break or an escape sequence cannot forge a line."""
    name = "arn:aws:s3:::b/k\t\x1b[31m\nEVALUATIONRESULTS"
    result = run(
        "simulate", "--policy-input-list", POLICY, "--action-names", "s3:GetObject",
        "--resource-arns", name, "--output", form,
        "--query", "EvaluationResults[].EvalResourceName", "--fail-on-denied",
    )  # fmt: skip
    assert "\x1b" not in result.out
    assert "\\t" in result.out
    if form == "text":
        assert result.out == "arn:aws:s3:::b/k\\t\\x1b[31m\\nEVALUATIONRESULTS\n"


# --- the exit status ------------------------------------------------------------------------------

OPEN = """\
Resources:
  App:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      PermissionsBoundary: arn:aws:iam::111122223333:policy/limits
      Policies:
        - PolicyName: all
          PolicyDocument: {Statement: {Effect: Allow, Action: 's3:*', Resource: '*'}}
"""


def test_fail_on_denied(run: Run) -> None:
    """The answer is printed as ever; a line on standard error names the calls, and the status is 1.

    What --query leaves of the answer does not count.
    """
    result = run(*CALL, "--fail-on-denied", "--query", PAIRS, "--output", "text")
    assert (result.status, result.out, result.err) == (
        1,
        "s3:GetObject\tallowed\ns3:PutObject\timplicitDeny\n",
        "not allowed: 1 of 2 calls: s3:PutObject on arn:aws:s3:::b/k (implicitDeny)\n",
    )
    quiet = run(*CALL, "--fail-on-denied", "--query", "Nothing")
    assert (quiet.status, quiet.err) == (1, result.err)
    assert run(*CALL).status == 0


def test_fail_on_denied_passes_what_is_allowed(run: Run) -> None:
    """Nothing is said where every call is allowed."""
    result = run(
        "simulate", "--policy-input-list", POLICY, "--action-names", "s3:GetObject",
        "--resource-arns", "arn:aws:s3:::b/k", "--fail-on-denied", "--query", "Nothing",
    )  # fmt: skip
    assert (result.status, result.out, result.err) == (0, "null\n", "")


def test_fail_on_denied_counts_every_resource(run: Run) -> None:
    """One action on several resources is several calls; of many, the first five are named."""
    on = [f"arn:aws:s3:::b/{n}" for n in range(3)] + [f"arn:aws:s3:::c/{n}" for n in range(7)]
    result = run(
        "simulate", "--policy-input-list", POLICY, "--action-names", "s3:GetObject",
        "--resource-arns", *on, "--fail-on-denied",
    )  # fmt: skip
    told = ", ".join(f"s3:GetObject on arn:aws:s3:::c/{n} (implicitDeny)" for n in range(5))
    assert result.err == f"not allowed: 7 of 10 calls: {told} and 2 more\n"
    assert result.status == 1


def test_fail_on_denied_does_not_pass_what_is_undetermined(run: Run, write: Write) -> None:
    """Nobody knows what the boundary says: that is no permission."""
    write({"stack.yml": OPEN})
    call = (
        "simulate",
        "--template",
        "stack.yml",
        "--role",
        "App",
        "--action-names",
        "s3:GetObject",
    )
    result = run(*call, "--fail-on-denied")
    assert (result.status, result.err) == (
        1, "not allowed: 1 of 1 calls: s3:GetObject on * (undetermined)\n",
    )  # fmt: skip
    assert run(*call).status == 0


def test_fail_on_denied_is_no_match_for_bad_input(run: Run) -> None:
    """What cannot be simulated is 2, as everywhere."""
    assert run("simulate", "--action-names", "s3:Getobjct", "--fail-on-denied").status == 2


def test_jmespath_is_loaded_for_a_query_only() -> None:
    """Whoever asks for no part of the answer does not wait for it."""
    script = (
        "import sys\nfrom copilot_preflight.cli.main import main\n"
        f"try:\n    main({[*CALL, '--output', 'text']!r} + sys.argv[1:])\n"
        "except SystemExit:\n    print('jmespath' in sys.modules)"
    )
    for more, loaded in ((), "False"), (("--query", PAIRS), "True"):
        done = subprocess.run(
            [sys.executable, "-c", script, *more],
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        assert done.stdout.splitlines()[-1] == loaded


def test_the_default_is_json(run: Run) -> None:
    """The whole answer, as it always was."""
    assert run(*CALL).out == run(*CALL, "--output", "json").out
    assert json.loads(run(*CALL).out)["IsTruncated"] is False
