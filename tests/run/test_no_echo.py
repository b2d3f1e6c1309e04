"""No value of a NoEcho parameter is shown, wherever it ends up; what is decided stays the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.base.finding import Finding, InputError, Place, Report
from copilot_preflight.edits.edit import Help
from copilot_preflight.edits.fix import fix_of
from copilot_preflight.edits.shown import WayOut
from copilot_preflight.read.document import Document
from copilot_preflight.render.formats import FORMATS, render
from copilot_preflight.render.ways_out import WaysOut
from copilot_preflight.run import check as engine
from copilot_preflight.run.no_echo import Hidden

HASH = "0f1c" * 16
HEAD = """\
Parameters:
  Given: {Type: String, NoEcho: true}
  Stated: {Type: String, NoEcho: 'true', Default: hunter2stated}
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
        - PolicyName: files
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::granted/*'}
"""
TASK = """\
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: x
"""


def checked(folder: Path, asked: str, given: str, more: str = "") -> Report:
    """The report on a task that asks for something with a parameter whose value is a secret."""
    (folder / "web-test.stack.yml").write_text(f"{HEAD}{more}{TASK}          {asked}\n")
    values = {"Parameters": {"Given": given}}
    (folder / "web-test.params.json").write_text(json.dumps(values))
    return engine.check([str(folder)], engine.Options(info=True))


def shown(report: Report) -> Iterable[str]:
    yield from (render(report, form) for form in FORMATS)
    yield from (repr(finding) for finding in report.findings)
    yield from map(repr, report.silenced)


FILE = "EnvironmentFiles: [{Type: s3, Value: %s}]"
SECRET = "Secrets: [{Name: A, ValueFrom: %s}]"
CASES = {
    "bucket": (FILE % "!Sub 'arn:aws:s3:::${Given}/x.env'", "hunter2bucket"),
    "key": (FILE % "!Join ['', ['arn:aws:s3:::files/', !Ref Given, .env]]", "hunter2/hunter2key"),
    "arn": (FILE % "!Ref Given", f"arn:aws:s3:::hunter2bucket/hunter2/{HASH}.env"),
    "hash": (FILE % "!Sub 'arn:aws:s3:::granted2/${Given}.env'", HASH),
    "digest in a name": (FILE % "!Sub 'arn:aws:s3:::files/${Given}.env'", f"hunter2-{HASH}"),
    "part": (FILE % "!Select [1, !Split [',', !Ref Given]]", "x,arn:aws:s3:::hunter2bucket/key"),
    "default": (FILE % "!Sub 'arn:aws:s3:::${Stated}/x.env'", "unused"),
    "parameter": (SECRET % "!Ref Given", "hunter2secret"),
    "secret": (
        SECRET % "!Ref Given",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hunter2name-AbCdEf",
    ),
    "invalid": (FILE % "!Ref Given", "hunter2 is no ARN"),
    "odd": (FILE % "!Sub 'arn:aws:s3:::${Given}/x.env'", "hunter2'\n\"::add-mask::\u017fK"),
}


@pytest.mark.parametrize("name", CASES)
def test_no_report_shows_a_secret_value(tmp_path: Path, name: str) -> None:
    """In whatever format, in the finding itself, and in the statements of its way out."""
    asked, value = CASES[name]
    report = checked(tmp_path, asked, value)
    assert report.findings
    for text in shown(report):
        assert "hunter2" not in text
        assert HASH[:8] not in text
        assert "111122223333" not in text


def test_what_is_decided_does_not_depend_on_it(tmp_path: Path) -> None:
    """The value still counts: what is granted to it is allowed, and another one is denied."""
    asked = FILE % "!Sub 'arn:aws:s3:::${Given}/x.env'"
    denied = [it.rule for it in checked(tmp_path, asked, "hunter2bucket").findings]
    allowed = [it.rule for it in checked(tmp_path, asked, "granted").findings]
    assert "E9711" in denied
    assert "E9711" not in allowed


def test_the_way_out_can_be_pasted(tmp_path: Path) -> None:
    """A whole value is what the template calls it; a part of one is nothing that deploys."""
    asked = FILE % "!Sub 'arn:aws:s3:::${Given}/x.env'"
    found = checked(tmp_path, asked, "hunter2bucket").findings
    help = next(it.help for it in found if it.rule == "E9711")
    assert "- !Sub 'arn:aws:s3:::${Given}/x.env'" in help
    part = Hidden([("arn:aws:s3:::hunter2bucket/key", "Given")])
    assert part.text("arn:aws:s3:::hunter2bucket") == "arn:aws:s3:::${part of Given}"


def way_out(report: Report, rule: str) -> WayOut:
    found = next(it for it in report.findings if it.rule == rule)
    return WaysOut(report).of(found)


def data_of(report: Report, file: str) -> Any:
    source = report.sources[file]
    assert isinstance(source, Document)
    return source.data


def test_what_had_a_value_in_it_is_no_fix(tmp_path: Path) -> None:
    """A hole in the place of a value is for reading: no program may write it into a file."""
    asked = FILE % "!Sub 'arn:aws:s3:::${Given}/x.env'"
    report = checked(tmp_path, asked, "hunter2bucket")
    found = next(it for it in report.findings if it.rule == "E9711")
    assert isinstance(found.remedy, Help)
    assert found.remedy.is_masked
    assert fix_of(found, partial(data_of, report)) is None
    assert way_out(report, "E9711") == WayOut(found.help)
    plain = checked(tmp_path, FILE % "arn:aws:s3:::files/x.env", "hunter2bucket")
    assert way_out(plain, "E9711").fix is not None


def test_a_fix_next_to_a_value_is_not_shown(tmp_path: Path) -> None:
    """Its text may repeat what stands there; the statement itself may be shown."""
    asked = FILE % "arn:aws:s3:::files/x.env"
    report = checked(tmp_path, asked, "hunter2given", "      Description: hunter2given\n")
    help, fix = way_out(report, "E9711")
    assert fix is None
    assert "- Effect: Allow" in help
    assert not any("hunter2given" in it for it in shown(report))
    found = next(it for it in report.findings if it.rule == "E9711")
    assert fix_of(found, partial(data_of, report)) is not None


def test_what_another_process_has_shown_is_shown_anew(tmp_path: Path) -> None:
    """A process that judges a template does not know which values are to be hidden."""
    asked = FILE % "!Sub 'arn:aws:s3:::${Given}/x.env'"
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        checked(tmp_path / str(number), asked, "hunter2bucket")
    options = engine.Options(info=True, jobs=2, shows_ways_out=True)
    report = engine.check([str(tmp_path)], options)
    assert len([it for it in report.findings if it.rule == "E9711"]) == 2
    assert not any("hunter2bucket" in it for it in shown(report))


def test_lines_that_hold_a_value_are_not_quoted(tmp_path: Path) -> None:
    """Neither where it is given nor where another line repeats it, however it is spelt."""
    more = "  # the password is hunter2secret\n"
    report = checked(tmp_path, SECRET % "!Ref Given", "hunter2secret", more)
    text = render(report, "text")
    assert "web-test.params.json:1:26: the value of Given" in text
    assert "hunter2" not in text
    given = tmp_path / "web-test.params.json"
    given.write_text(given.read_text().replace("hunter2", "\\u0068unter2"))
    assert "unter2" not in render(engine.check([str(tmp_path)]), "text")


def test_addons_hide_their_own(tmp_path: Path) -> None:
    """An addons template has NoEcho parameters that its parent knows nothing of."""
    more = """\
  AddonsStack:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: x, Parameters: {App: hunter2app}}
"""
    (tmp_path / "web.addons.stack.yml").write_text("""\
Parameters: {App: {Type: String, NoEcho: true}}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref App}}
Outputs:
  Arn: {Value: !GetAtt Bucket.Arn}
""")
    asked = FILE % "!Sub '${AddonsStack.Outputs.Arn}/x.env'"
    report = checked(tmp_path, asked, "unused", more)
    assert "${App}" in render(report, "json")
    assert not any("hunter2" in render(report, form) for form in ("json", "sarif", "junit"))


@pytest.mark.parametrize(
    ("value", "text", "hidden"),
    [
        ("hunter2", "'hunter2' and Hunter2", "'${Pw}' and ${Pw}"),
        ("hunter2", "xhunter2y", "x${Pw}y"),
        ("abc", "abc", "abc"),
        ("true", "IsLoud is true", "IsLoud is true"),
        ("hunter2secretvalue", "hunter2s… and hunt…", "${part of Pw} and ${part of Pw}"),
        ("one1,two2", "'two2' of one11", "'${part of Pw}' of one11"),
        ("arn:aws:iam::123456789012:role/hunter2", "role 'hunter2'", "role '${part of Pw}'"),
        ("a.b*c", "axbbc a.b*c", "axbbc ${Pw}"),
        ("É-pass-K", "É-pass-K É-pass-\u212a", "${Pw} É-pass-\u212a"),
        ("password", "${Password} password", "${${Pw}} ${Pw}"),
    ],
)
def test_values_become_holes(value: str, text: str, hidden: str) -> None:
    """Whole values anywhere, parts where they stand alone, beginnings where a text is cut."""
    assert Hidden([(value, "Pw")]).text(text) == hidden


def test_everything_that_is_told_passes_through() -> None:
    """Errors and notes too."""
    found = Finding(Place("a.yml", ()), "no hunter2", rule="E9711")
    report = Report(1, [found], [InputError("a.yml", 1, 1, "hunter2")], notes=["hunter2"])
    assert "hunter2" not in repr(Hidden([("hunter2", "Pw")]).report(report))
