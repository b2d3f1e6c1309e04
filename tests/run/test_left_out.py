"""A template that turns out broken is reported, and counts for no other template of the run."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from tests import stacks

from copilot_preflight.base.finding import Report
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.run import check
from copilot_preflight.run.judge import Judge, Judged
from copilot_preflight.run.options import Options

TRUST = "{Statement: {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, \
Action: 'sts:AssumeRole'}}"

TASK = stacks.task(
    "Image: nginx\nEnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::shop/web.env'}]"
)
ASKS = f"""
Resources:
{TASK}
  Role:
    Type: AWS::IAM::Role
    Properties: {{RoleName: exec, AssumeRolePolicyDocument: {TRUST}}}
"""
GRANTS = """
Resources:
  Grant:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: files
      Roles: [exec]
      PolicyDocument:
        Statement:
          Effect: Allow
          Action: s3:Get*
          Resource: ['arn:aws:s3:::shop/*', 'arn:aws:s3:::shop']
"""
BROKEN = """
  Broken:
    Type: AWS::S3::BucketPolicy
    Properties: {Bucket: shop, PolicyDocument: [oops]}
"""
BROKEN_FOR_ITSELF = """
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: [a], Image: {'Fn::Sub': [1]}}]}
"""


def checked(folder: Path, texts: dict[str, str], jobs: int = 1) -> Report:
    for name, text in texts.items():
        (folder / name).write_text(text)
    return check.check([str(folder / name) for name in texts], Options(jobs=jobs))


def rules(report: Report) -> list[tuple[str, str]]:
    return sorted((finding.rule, Path(finding.at.file).name) for finding in report.findings)


def test_the_grants_of_a_sound_template_count(tmp_path: Path) -> None:
    """The good twin: a policy in another template lets the role in."""
    report = checked(tmp_path, {"a.yml": ASKS, "b.yml": GRANTS})
    assert (rules(report), report.errors) == ([], ())


@pytest.mark.parametrize("defect", [BROKEN, BROKEN_FOR_ITSELF], ids=["for all", "for itself"])
@pytest.mark.parametrize("order", [*itertools.permutations(["a.yml", "b.yml", "c.yml"])], ids=str)
def test_the_grants_of_a_broken_template_do_not_count(
    tmp_path: Path, order: tuple[str, ...], defect: str
) -> None:
    """Whoever is judged first, and whoever meets the defect: the call is not allowed by it."""
    texts = {"a.yml": ASKS, "b.yml": GRANTS + defect, "c.yml": "Resources: {}"}
    report = checked(tmp_path, {name: texts[name] for name in order})
    assert rules(report) == [("E9711", "a.yml")]
    assert [Path(error.file).name for error in report.errors] == ["b.yml"]


def test_a_broken_template_is_left_out_in_every_process(tmp_path: Path) -> None:
    """The report is the same in several processes, also for what was judged before."""
    texts = {f"a{n}.yml": ASKS.replace("exec", f"exec{n}") for n in range(6)}
    grants = {f"b{n}.yml": GRANTS.replace("exec", f"exec{n}") for n in range(6)}
    texts |= grants
    texts["b3.yml"] += BROKEN_FOR_ITSELF
    reports = []
    for jobs in (1, 2):
        report = checked(tmp_path, texts, jobs)
        assert rules(report) == [("E9711", "a3.yml")]
        found = [(str(f.at), f.message) for f in report.findings]
        reports.append(json.dumps([found, [str(error) for error in report.errors]]))
    assert reports[0] == reports[1]


def test_templates_are_judged_again_once_for_all_that_are_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever depends on several broken templates waits until all are known."""
    judged: list[str] = []
    one = Judge.one

    def counted(judge: Judge, stack: Stack) -> Judged:
        judged.append(Path(stack.file).name)
        return one(judge, stack)

    monkeypatch.setattr(Judge, "one", counted)
    texts = {"a.yml": ASKS, "b.yml": GRANTS}
    texts |= {f"c{n}.yml": GRANTS + BROKEN_FOR_ITSELF for n in range(5)}
    report = checked(tmp_path, texts)
    assert len(report.errors) == 5
    assert sorted(judged) == ["a.yml", "a.yml", "b.yml", *(f"c{n}.yml" for n in range(5))]
