"""What names an old revision by its number goes on starting it when the update is over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import stacks
from tests.needs.asked import findings

from copilot_preflight.base.finding import Finding
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.inputs.cli_answers import template_of
from copilot_preflight.rollout.comparison import compare
from copilot_preflight_rules import RULES

TEMPLATE = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: %(family)s
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: web, Image: nginx, Secrets: [{Name: KEY, ValueFrom: %(secret)s}]}
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      Target:
        RoleArn: arn:aws:iam::111122223333:role/schedule
        EcsParameters: {TaskDefinitionArn: %(pinned)s}
""" + stacks.role("{Effect: Allow, Action: ssm:GetParameters, Resource: %(granted)s}")

PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}
HEAD = "arn:aws:ecs:eu-west-1:111122223333:task-definition"
PARAMETERS = "arn:aws:ssm:eu-west-1:111122223333:parameter"


def template(secret: str, pinned: str = f"{HEAD}/nightly:4", family: str = "nightly") -> str:
    """A task that reads one parameter, which its role may read and no other."""
    return TEMPLATE % {
        "family": family,
        "secret": f"{PARAMETERS}/{secret}",
        "granted": f"{PARAMETERS}/{secret}",
        "pinned": pinned,
    }


def compared(before: str, after: str) -> list[Finding]:
    analysis = Analysis(stacks.stack(after, pseudo=PSEUDO), stacks.stack(before, pseudo=PSEUDO))
    return [it for rule in RULES if rule.id in ("E9781", "W9782") for it in rule(analysis)]


def pins_of(found: Finding) -> list[str]:
    return [it.message for it in found.related if "goes on starting" in it.message]


def test_a_schedule_of_some_revision_is_shown() -> None:
    """No file says which number the old revision has: it may be this one."""
    (found,) = compared(template("a"), template("b"))
    assert found.rule == "W9782"
    assert pins_of(found) == [
        "schedule 'Nightly' goes on starting revision 4, which may be the old one"
    ]


@pytest.mark.parametrize(
    "pinned",
    [
        "!Ref Task",
        f"{HEAD}/nightly",
        f"{HEAD}/daily:4",
        f"{HEAD}/nightly-2:4".replace("111122223333", "444455556666"),
        "arn:aws:ecs:eu-west-1:444455556666:task-definition/nightly:4",
        "!ImportValue Task",
    ],
)
def test_what_names_no_revision_of_the_family_is_no_pin(pinned: str) -> None:
    """The newest revision, another family, one in another account, and what nobody knows."""
    (found,) = compared(template("a"), template("b", pinned))
    assert pins_of(found) == []


def answer(folder: Path, revision: int) -> str:
    """What an account answers about the task definition that runs, and about its role."""
    task = {
        "family": "nightly",
        "revision": revision,
        "executionRoleArn": "arn:aws:iam::111122223333:role/pull",
        "containerDefinitions": [
            {
                "name": "web",
                "image": "nginx",
                "secrets": [{"name": "KEY", "valueFrom": f"{PARAMETERS}/a"}],
            }
        ],
    }
    statement = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": f"{PARAMETERS}/a"}
    given = {
        "task.json": {"taskDefinition": task},
        "role.json": {"RoleName": "pull", "PolicyDocument": {"Statement": [statement]}},
        "attached.json": {"AttachedPolicies": []},
    }
    for name, data in given.items():
        (folder / name).write_text(json.dumps(data))
    return template_of([folder / name for name in given])


@pytest.mark.parametrize(("revision", "rule"), [(4, "E9781"), (5, "W9782")])
def test_a_schedule_of_the_revision_that_runs_starts_it_for_certain(
    revision: int, rule: str, tmp_path: Path
) -> None:
    """The account says which revision is the old one, so that the phase comes with the update."""
    before, after = (
        answer(tmp_path, revision),
        template("b").replace("Task:\n", "TaskDefinition:\n", 1),
    )
    old, new = (stacks.stack(text, pseudo=PSEUDO) for text in (before, after))
    (task,) = compare(old, new).tasks
    (later,) = (phase for phase in task.phases if phase.key == "old-revisions-later")
    assert later.is_certain is (rule == "E9781")
    assert [found.rule for found in compared(before, after)] == [rule]


def test_the_same_release_strands_nothing() -> None:
    assert compared(template("a"), template("a")) == []
    assert findings(stacks.stack(template("a"), pseudo=PSEUDO), "E") == []
