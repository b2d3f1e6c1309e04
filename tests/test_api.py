"""The public API: what it exports, what it costs, what it does, as users of it would write it."""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import copilot_preflight
from copilot_preflight import Finding, Place, Report, Severity, api
from copilot_preflight.cli import main as cli
from copilot_preflight.cli.commands.check import check
from copilot_preflight.run import check as engine

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_templates" / "broken" / "env-file-version-locked"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package that has one warning, as the current folder."""
    shutil.copytree(SAMPLE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- what is exported ----------------------------------------------------------------------------


def test_every_export_is_there() -> None:
    """``__all__`` is sorted, complete in ``dir()``, and every name of it can be had."""
    assert sorted(copilot_preflight.__all__) == copilot_preflight.__all__
    assert set(copilot_preflight.__all__) <= set(dir(copilot_preflight))
    for name in copilot_preflight.__all__:
        assert getattr(copilot_preflight, name) is not None


def test_exports_stay_what_they_are_when_modules_are_loaded() -> None:
    """A module of the same name would take the place of what is exported."""
    for name in copilot_preflight.__all__:
        assert f"copilot_preflight.{name}" not in sys.modules
        assert not (ROOT / "src" / "copilot_preflight" / f"{name}.py").exists()
        assert not (ROOT / "src" / "copilot_preflight" / name).exists()


def test_what_is_not_exported_is_not_there() -> None:
    """A name that does not exist is the usual error."""
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        copilot_preflight.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_types_of_a_report_load_no_engine() -> None:
    """Who only reads reports pays for nothing else."""
    script = "import sys, copilot_preflight; copilot_preflight.Report; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True, timeout=120
    )
    assert not {"copilot_preflight.run.check", "yaml", "click"} & set(done.stdout.split())


USER = """\
from pathlib import Path
from typing import Any

import copilot_preflight
from copilot_preflight import Finding, Report, Severity, lint, simulate


def worst(folder: Path) -> list[tuple[str, int, str]]:
    report: Report = lint([folder, "more"], params=["p.json"], scps=["a.json", ["b.json"]])
    found: list[Finding] = [it for it in report.findings if it.severity is Severity.ERROR]
    lines = [report.span(it.at).start.line for it in found]
    return [(it.rule, n, it.call.action if it.call else "") for it, n in zip(found, lines)]


decisions: dict[str, Any] = simulate({"Statement": []}, ["s3:GetObject"], context={"a": "b"})
text: str = copilot_preflight.render_report(lint("x"), "sarif") + copilot_preflight.__version__
"""


def test_users_are_type_checked(tmp_path: Path) -> None:
    """mypy, strict, takes a program that uses the API, and sees through the lazy names."""
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(USER)
    wrong.write_text(
        "import copilot_preflight\ncopilot_preflight.lint(1).findings = copilot_preflight.none\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", right.name, wrong.name],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'rules'}"},
        text=True,
        timeout=300,
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert {line.split(":")[0] for line in errors} == {"wrong.py"}, done.stdout
    codes = sorted(line.rpartition("[")[2].rstrip("]") for line in errors)
    assert codes == ["arg-type", "attr-defined", "misc"]


# --- documentation -------------------------------------------------------------------------------


def test_examples_of_docstrings_run() -> None:
    """The docstrings' examples show what they say."""
    result = doctest.testmod(api)
    assert result.attempted >= 10
    assert result.failed == 0


@pytest.mark.usefixtures("package")
def test_examples_of_the_page_run() -> None:
    """So do those of docs/api.md, in the folder of a package."""
    result = doctest.testfile(str(ROOT / "docs" / "api.md"), module_relative=False)
    assert result.attempted >= 5
    assert result.failed == 0


def test_the_page_names_every_export() -> None:
    """docs/api.md lists all that is exported."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    table = page.partition("## What there is")[2].partition("`help(")[0]
    assert [name for name in copilot_preflight.__all__ if f"`{name}" not in table] == []


# --- lint ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("package")
def test_lint_does_what_check_does(capsys: pytest.CaptureFixture[str]) -> None:
    """The same report, in every format, for a path, a string and several of them."""
    with pytest.raises(SystemExit):
        cli.main(["check", "infrastructure", "--format", "json"])
    expected = capsys.readouterr().out
    template = "infrastructure/web-test.stack.yml"
    given: list[Any] = ["infrastructure", Path("infrastructure"), [Path(template), template]]
    for paths in given:
        report = copilot_preflight.lint(paths)
        assert copilot_preflight.render_report(report, "json") == expected


def test_lint_knows_the_options_of_check() -> None:
    """What says what is checked how can be said in Python, too; the rest is output."""
    options = {str(it.name) for it in check.params}
    arguments = set(api.lint.__annotations__) - {"return"}
    plural = {"parameter": "parameters", "policy": "policies", "scp": "scps", "rcp": "rcps"}
    output = {
        "fail_on", "form", "output", "quiet", "statistics", "verbose", "write_baseline",
        "changed", "no_config", "no_suppressions", "shard", "no_cache", "since", "extend_ignore",
        "color", "group_by", "sort", "max_findings", "proof", "no_summary", "fix",
    }  # fmt: skip
    assert {plural.get(name, name) for name in options - output} == arguments


@pytest.mark.usefixtures("package")
def test_arguments_reach_the_run() -> None:
    """Rules are chosen, remarks asked for, values given, policies provided."""
    lint = copilot_preflight.lint
    assert lint("infrastructure", select=["E9711"]).findings == ()
    assert lint("infrastructure", ignore=["W97"]).findings == ()
    error = lint("infrastructure", parameters={"Nothing": "x"}).errors[0]
    assert error.message.startswith("no template of the run declares parameter 'Nothing'")
    Path("p.json").write_text('{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}')
    denied = lint("infrastructure", scps=["p.json"]).findings
    assert {it.rule for it in denied if it.severity is Severity.ERROR} == {"E9765"}
    assert lint("infrastructure", scps=[["p.json"]], jobs=2).findings == denied
    told = lint("infrastructure", policies={"Nobody": "p.json"}, info=True).notes
    assert told == ("policy 'Nobody': nothing in this run asked for it: is the name right?",)


@pytest.mark.usefixtures("package")
def test_one_file_of_parameters_needs_no_list() -> None:
    """A string is a file, not a list of letters."""
    Path("other.json").write_text('{"Parameters": {"Nothing": "x"}}')
    errors = [
        copilot_preflight.lint("infrastructure", params=given).errors
        for given in ("other.json", Path("other.json"), ["other.json"])
    ]
    assert errors[0] == errors[1] == errors[2]
    assert len(errors[0]) == 1


@pytest.mark.usefixtures("package")
def test_configuration_is_read_where_it_is_named() -> None:
    """No file that happens to lie there changes what a program gets."""
    config = Path(".copilot-preflight.yml")
    config.write_text("ignore: [W9713]\n")
    assert len(copilot_preflight.lint("infrastructure").findings) == 1
    assert copilot_preflight.lint("infrastructure", config=config).findings == ()
    config.write_text("ignroe: [W9713]\n")
    with pytest.raises(ValueError, match=r"^\.copilot-preflight\.yml:1:1: "):
        copilot_preflight.lint("infrastructure", config=config)


@pytest.mark.usefixtures("package")
def test_baseline_is_taken_off() -> None:
    """What was known before is not among the findings."""
    with pytest.raises(SystemExit):
        cli.main(["infrastructure", "--write-baseline", "known.json", "-q"])
    report = copilot_preflight.lint("infrastructure", baseline="known.json")
    assert (len(report.findings), report.suppressed) == (0, 1)


def test_wrong_questions_raise() -> None:
    """A rule that there is not, a format that there is not."""
    with pytest.raises(ValueError, match="no rule 'E1234'"):
        copilot_preflight.lint("x", ignore=["E1234"])
    with pytest.raises(ValueError, match="jobs=0: must be 1 or more"):
        copilot_preflight.lint("x", jobs=0)
    with pytest.raises(ValueError, match="'xml' is not one of"):
        copilot_preflight.render_report(Report(files=0, findings=()), "xml")


def test_span_of_an_unknown_file_is_its_beginning() -> None:
    """A place in a file that the run did not load has no better one."""
    start, end = Report(files=0, findings=()).span(Place("nowhere.yml", ("Resources",)))
    assert start == end == (1, 1)


def test_progress_counts_what_is_read_and_judged(package: Path) -> None:
    """First templates of which nobody knows how many there will be, then how many are done."""
    shutil.copy(package / "infrastructure" / "web-test.stack.yml", package / "other.yml")
    told: list[tuple[int, int, str]] = []
    engine.check(["."], engine.Options(progress=lambda *step: told.append(step)))
    first, second = "other.yml", "infrastructure/web-test.stack.yml"
    assert told == [(1, 0, first), (2, 0, second), (1, 2, first), (2, 2, second)]


# --- simulate ------------------------------------------------------------------------------------


def test_simulate_takes_policies_as_they_come(tmp_path: Path) -> None:
    """A mapping, a text and a file; the layers are heard."""
    policy = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy))
    nothing: dict[str, Any] = {"Statement": []}

    def decisions(given: Any, **layers: Any) -> list[str]:
        answer = copilot_preflight.simulate(given, ["s3:GetObject"], **layers)
        return [result["EvalDecision"] for result in answer["EvaluationResults"]]

    for form in (policy, json.dumps(policy), file, [policy, nothing]):
        assert decisions(form) == ["allowed"]
    deny = {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    assert decisions(policy, scps=[policy, deny]) == ["explicitDeny"]
    assert decisions(policy, boundary=nothing) == ["implicitDeny"]
    caller = "arn:aws:iam::111122223333:role/web"
    public = {"Statement": {**policy["Statement"][0], "Principal": "*"}}
    owned = {"caller": caller, "resource_owner": "111122223333"}
    assert decisions([], resource_policy=public, **owned) == ["allowed"]


PUBLIC = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("Statement: [", "PolicyInputList.1:1:13: "),
        ("[]", "PolicyInputList.1:1:1: a policy is a map that has Statement"),
        (Path("nowhere.json"), "nowhere.json: cannot read: "),
        ({"Statement": "all"}, "PolicyInputList.1:1:15: must be a map, found a string"),
    ],
)
def test_simulate_refuses_what_is_no_policy(policy: api.Policy, told: str) -> None:
    """With the place, as far as there is one."""
    with pytest.raises(ValueError, match=told.replace(".", r"\.")):
        copilot_preflight.simulate(policy, ["s3:GetObject"])


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"actions": ["s3:Getobjct"]}, "no action of s3: did you mean 's3:GetObject'?"),
        ({"actions": ["s3:Get*"]}, "has a wildcard"),
        ({"resources": ["bucket"]}, "'bucket' is no ARN"),
        ({"caller": "web"}, "'web' is neither an ARN nor a service"),
        ({"resource_owner": "shop"}, "'shop' is no account"),
        ({"resource_policy": PUBLIC}, "resource_policy needs caller"),
        ({"resource_handling_option": "EC2"}, "'EC2' is no scenario that AWS lists"),
        ({"scps": [{"Statement": {"Effect": "Alow"}}]}, "Scp.1:1:26: Effect must be Allow or Deny"),
        ({"template": "nowhere.yml", "role": "App"}, "nowhere.yml: cannot read"),
    ],
)
def test_simulate_refuses_what_aws_would(asked: dict[str, Any], told: str) -> None:
    """A mistyped name is no call, and its denial would mean nothing."""
    with pytest.raises(ValueError, match=re.escape(told)):
        copilot_preflight.simulate((), **{"actions": ["s3:GetObject"], **asked})


TEMPLATE = """
Parameters: {Name: {Type: String}}
Resources:
  Files: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Name}}
  App:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: files
          PolicyDocument:
            Statement: {Effect: Allow, Action: 's3:Get*', Resource: !Sub '${Files.Arn}/*'}
"""


def test_simulate_takes_a_role_out_of_a_template(tmp_path: Path) -> None:
    """With its parameters, as ``lint`` has them."""
    template, values = tmp_path / "stack.yml", tmp_path / "values.json"
    template.write_text(TEMPLATE)
    values.write_text('{"Parameters": {"Name": "files"}}')

    def decision(resource: str, **given: Any) -> str:
        answer = copilot_preflight.simulate(
            (), ["s3:GetObject"], [resource], template=template, role="App", **given
        )
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    known = "arn:aws:s3:::files/a"
    assert decision("${Files.Arn}/a") == "allowed"
    assert decision(known) == "undetermined"
    assert decision(known, params=values) == "allowed"
    assert decision(known, parameters={"Name": "others"}, region="eu-west-1") == "implicitDeny"
    deny = {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    assert decision(known, parameters={"Name": "files"}, boundary=deny) == "explicitDeny"


def test_findings_are_what_is_exported() -> None:
    """The classes of a report are those that a program imports."""
    assert Finding is copilot_preflight.Finding
    assert Finding.__module__ == "copilot_preflight.base.finding"


def test_what_is_excluded_is_not_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("web.yml", "old/web.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Resources: {T: {Type: AWS::SNS::Topic}}", encoding="utf-8")
    assert copilot_preflight.lint(".", exclude="old/").files == 1
    assert copilot_preflight.lint(".", exclude=["old/", "w*.yml"]).files == 0
    with pytest.raises(ValueError, match=r"exclude='': a pattern cannot be empty"):
        copilot_preflight.lint(".", exclude="")
