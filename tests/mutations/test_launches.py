"""A stack whose launches are all allowed is silent; each change to it is told at what asks."""

from __future__ import annotations

import re

import pytest
from tests import stacks
from tests.mutations.launches import MUTATIONS, STACK
from tests.mutations.replacements import Mutation
from tests.needs.asked import findings

from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.resolve.run import Run
from copilot_preflight_rules import RULES

HERE = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}


MINE = [rule for rule in RULES if rule.id in ("E9749", "I9790")]


def check(text: str, pseudo: dict[str, str]) -> tuple[set[tuple[str, str]], set[str]]:
    """The errors, by the launch and the actions that are denied, and the launches that are open."""
    analysis = Analysis(stacks.stack(text, pseudo=pseudo))
    errors: list[tuple[str, str]] = []
    undecided: set[str] = set()
    for finding in (it for rule in MINE for it in rule(analysis)):
        launch = str(finding.at.path[1])
        if finding.rule == "I9790":
            undecided.add(launch)
        else:
            denied = finding.message.partition(", which the launch of")[0]
            assert f"'{launch}'" in finding.message
            errors.append((launch, " ".join(re.findall(r"(?<![:\w])\w+:\w+(?= |,)", denied))))
    assert len(errors) == len(set(errors))
    return set(errors), undecided


@pytest.mark.parametrize("pseudo", [HERE, {}], ids=["known", "unknown"])
def test_the_stack_itself_is_silent(pseudo: dict[str, str]) -> None:
    """The CDK's grants, those of AWS's guides and consoles, and its own policy."""
    assert check(STACK, pseudo) == (set(), set())
    assert findings(stacks.stack(STACK, pseudo=pseudo)) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation(mutation: Mutation) -> None:
    """These errors and no others, wherever the stack is deployed."""
    text = STACK
    for old, new in mutation.edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    assert check(text, {}) == (set(mutation.errors), set(mutation.open))


def test_mutations_have_names_of_their_own() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names))


ELSEWHERE = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {ExecutionRoleArn: !GetAtt Pull.Arn}
  Pull: {Type: AWS::IAM::Role}
Outputs:
  Task: {Value: !Ref Task, Export: {Name: task}}
  Pull: {Value: !GetAtt Pull.Arn, Export: {Name: pull}}
"""
JOBS = """
Resources:
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties:
      Target: arn:aws:ecs:eu-west-1:111122223333:cluster/jobs
      RoleArn: !GetAtt Role.Arn
      TargetParameters: {EcsTaskParameters: {TaskDefinitionArn: !ImportValue task}}
""" + stacks.role(
    "{Effect: Allow, Action: ecs:RunTask, Resource: !ImportValue task}",
    "{Effect: Allow, Action: iam:PassRole, Resource: %s}",
)


@pytest.mark.parametrize(
    ("granted", "is_denied"), [("!ImportValue pull", False), ("!GetAtt Role.Arn", True)]
)
def test_a_task_of_another_template(granted: str, is_denied: bool) -> None:
    """What a stack exports is found by its name: the task definition, and the role behind it."""
    run = Run()
    jobs = stacks.stack(JOBS % granted, run=run, file="jobs.yml")
    stacks.stack(ELSEWHERE, run=run, file="tasks.yml")
    found = [(it.rule, it.cause) for it in findings(jobs, "EI") if it.rule != "E9732"]
    assert found == [("E9749", "other-resource")] * is_denied


def test_what_lacks_the_same_for_several_launches_is_told_once() -> None:
    """The launch that comes first has the finding, which shows the other one."""
    schedule = STACK.partition("  Schedule:\n")[2].partition("  ScheduleRole:")[0]
    text = STACK.replace("  ScheduleRole:", f"  Again:\n{schedule}  ScheduleRole:")
    granted = "Action: ecs:RunTask\n                Resource: ["
    text = text.replace(granted, granted.replace("RunTask", "StartTask"))
    (found,) = findings(stacks.stack(text), "E")
    assert [it.message for it in found.related if "too" in it.message] == [
        "the launch of task definition 'Task' by schedule 'Again' needs it too"
    ]
