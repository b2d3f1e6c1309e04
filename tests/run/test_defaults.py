"""A default is not a value: what is true only with one is a warning that names the parameter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.stacks import stack

from copilot_preflight.base.finding import Finding, Severity
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.resolve.parameters import is_placeholder
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.run import check, defaults
from copilot_preflight.run.defaults import Defaults
from copilot_preflight.run.judge import findings_of
from copilot_preflight.run.options import Options
from copilot_preflight_rules.env_file_denied import env_file_denied

STACK = """
Parameters:
  Granted: {Type: String, Default: granted}
  Asked: {Type: String, Default: asked}
  Unused: {Type: String, Default: unused}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: nginx
          EnvironmentFiles: [{Type: s3, Value: ASKED}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
      Policies:
        - PolicyName: files
          PolicyDocument:
            Statement:
              {Effect: Allow, Action: ['s3:GetObject', 's3:GetBucketLocation'], Resource: GRANTED}
"""
ASKED, GRANTED = "!Sub 'arn:aws:s3:::${Asked}/web.env'", "!Sub 'arn:aws:s3:::${Granted}*'"


def found(
    folder: Path,
    granted: str = GRANTED,
    asked: str = ASKED,
    text: str = STACK,
    *,
    parameters: str = "",
    assume: bool = False,
) -> list[tuple[str, Severity, str]]:
    """Rule, severity and the end of the message of every finding."""
    template = folder / "web-test.stack.yml"
    template.write_text(text.replace("GRANTED", granted).replace("ASKED", asked))
    if parameters:
        (folder / "web-test.params.json").write_text(parameters)
    report = check.check([str(template)], Options(assume_defaults=assume))
    assert report.errors == ()
    return [
        (each.rule, each.severity, each.message.rpartition(", with the default")[2])
        for each in report.findings
    ]


def test_what_two_defaults_lead_to_is_a_warning(tmp_path: Path) -> None:
    """The message names the parameters that decide, and no other."""
    ((rule, severity, names),) = found(tmp_path)
    assert (rule, severity) == ("E9711", Severity.WARNING)
    assert sorted(names.removeprefix(" of ").split(" and ")) == ["Asked", "Granted"]


def test_only_the_deciding_parameter_is_named(tmp_path: Path) -> None:
    """A parameter that changes nothing is left out of the sentence."""
    asked = "!Sub 'arn:aws:s3:::fixed/${Asked}.env'"
    granted = "!Sub 'arn:aws:s3:::${Granted}*'"
    assert found(tmp_path, granted, asked) == [("E9711", Severity.WARNING, " of Granted")]


def test_what_holds_whatever_the_value_is_an_error(tmp_path: Path) -> None:
    """The bucket is another one for every value of the parameters."""
    asked = "!Sub 'arn:aws:s3:::fixed/${Asked}.env'"
    findings = found(tmp_path, "!Sub 'arn:aws:s3:::other/${Granted}/*'", asked)
    assert ("E9711", Severity.ERROR) in [finding[:2] for finding in findings]


@pytest.mark.parametrize(
    ("asked", "parameters", "times"),
    [("arn:aws:s3:::a/web.env", None, 0), (ASKED, None, 1), (ASKED, {"Unused": "x"}, 0)],
)
def test_nothing_is_judged_again_where_no_default_was_taken(
    asked: str, parameters: dict[str, str] | None, times: int
) -> None:
    """Most stacks have defaults, of ports and sizes, and no finding comes near them.

    Nor where a file gives the parameters: what it leaves out has its default for certain.
    """
    run, judged = Run(), []
    text = STACK.replace("GRANTED", "arn:aws:s3:::other/*").replace("ASKED", asked)
    own = stack(text, parameters, run=run)

    def again(other: Stack) -> list[Finding]:
        judged.append(other.run)
        return []

    findings = findings_of(Analysis(own), [env_file_denied])
    assert [each.rule for each in Defaults(run, again).marked(own, findings)] == ["E9711"]
    assert len(judged) == times


def test_a_default_that_lets_the_role_in_is_silent(tmp_path: Path) -> None:
    """The good twin: nothing is reported, as before."""
    text = STACK.replace("Default: granted", "Default: asked")
    assert found(tmp_path, text=text) == []


def test_a_parameter_file_makes_the_values_complete(tmp_path: Path) -> None:
    """CloudFormation takes the defaults of what it leaves out: an error."""
    parameters = '{"Parameters": {"Unused": "x"}}'
    ((rule, severity, _),) = found(tmp_path, parameters=parameters)
    assert (rule, severity) == ("E9711", Severity.ERROR)


def test_defaults_may_be_taken_for_values(tmp_path: Path) -> None:
    """So the user says that they are what is deployed."""
    ((rule, severity, _),) = found(tmp_path, assume=True)
    assert (rule, severity) == ("E9711", Severity.ERROR)


def test_a_placeholder_is_never_a_value(tmp_path: Path) -> None:
    """Neither for an error nor for a warning, whatever the option."""
    text = STACK.replace("Default: granted", "Default: changeme")
    assert found(tmp_path, text=text) == []
    assert found(tmp_path, text=text, assume=True) == []


@pytest.mark.parametrize(
    "default",
    [
        "xxxxx",
        "XXX",
        "changeme",
        "CHANGE_ME",
        "<secret suffix>",
        "TODO",
        "tbd",
        "your-bucket",
        "...",
        "****",  # what a snapshot has for the default of a NoEcho parameter
    ],
)
def test_placeholders(default: str) -> None:
    """What people write where a value belongs."""
    assert is_placeholder(default)


@pytest.mark.parametrize(
    "default", ["x", "xx", "*", "prod", "todo-app", "change", "yourbucket", "a<b>"]
)
def test_values_that_look_a_little_like_placeholders(default: str) -> None:
    """Short or longer names may well be deployed."""
    assert not is_placeholder(default)


PUBLIC = """
Parameters:
  DjangoKeyId: {Type: String, Default: DEFAULT, Description: suffix of the ARN of the secret}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
      Policies:
        - PolicyName: secrets
          PolicyDocument:
            Statement:
              Effect: Allow
              Action: secretsmanager:GetSecretValue
              Resource: !Sub 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:k-${DjangoKeyId}'
"""


def test_a_suffix_that_is_a_placeholder(tmp_path: Path) -> None:
    """A grant of a public template, which drew two false errors: silent with a placeholder."""
    assert found(tmp_path, text=PUBLIC.replace("DEFAULT", "xxxxx")) == []


def test_a_suffix_that_is_no_suffix(tmp_path: Path) -> None:
    """With another default that cannot be a suffix, a warning."""
    assert found(tmp_path, text=PUBLIC.replace("DEFAULT", "eu9w2")) == [
        ("E9755", Severity.WARNING, " of DjangoKeyId")
    ]


def test_copies_of_a_large_run_do_not_stay_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stacks are judged once more without defaults, and put down again."""
    put_down: list[tuple[bool, int]] = []
    putting_down = Run.put_down

    def noted(run: Run, keep: int | None = None) -> Sequence[Stack]:
        idle = putting_down(run, keep)
        put_down.append((keep == 0, len(idle)))
        return idle

    monkeypatch.setattr(Run, "put_down", noted)
    for number in range(3):
        text = STACK.replace("GRANTED", GRANTED).replace("ASKED", ASKED)
        (tmp_path / f"web{number}.yml").write_text(text)
    monkeypatch.setattr(defaults, "MOST_IN_USE", 3)
    assert check.check([str(tmp_path)]).findings
    assert not any(is_copy for is_copy, _ in put_down)
    monkeypatch.setattr(defaults, "MOST_IN_USE", 2)
    assert check.check([str(tmp_path)]).findings
    copies = [stacks for is_copy, stacks in put_down if is_copy]
    assert len(copies) >= 3
    assert all(copies)
