"""What a report says of the way out: patches, lines, JSON, and one command at the end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.test_samples import ROOT

from copilot_preflight.base.finding import Report
from copilot_preflight.edits.shown import WayOut
from copilot_preflight.overrides.apply import apply
from copilot_preflight.overrides.patches import parse as parsed_patches
from copilot_preflight.read.document import parse
from copilot_preflight.render.formats import render
from copilot_preflight.render.helps import workload_of
from copilot_preflight.render.ways_out import WaysOut
from copilot_preflight.run import check as engine
from copilot_preflight.run import judge

ROLE: dict[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        }
    },
}
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "ContainerDefinitions": [
                    {
                        "Name": "web",
                        "Image": "x",
                        "EnvironmentFiles": [{"Type": "s3", "Value": "arn:aws:s3:::b/web.env"}],
                    }
                ],
            },
        },
        "Role": ROLE,
    }
}
CDK = {
    "Resources": {
        **TEMPLATE["Resources"],
        "Role": {**ROLE, "Metadata": {"aws:cdk:path": "Shop/Web/TaskDef/ExecutionRole/Resource"}},
    }
}


def checked(folder: Path, text: str, name: str = "web.yml", rules: str = "E9711") -> Report:
    (folder / name).write_text(text)
    options = engine.Options(rules=[it for it in engine.Options().rules if it.id == rules])
    return engine.check([name], options)


def way_out(report: Report) -> WayOut:
    (finding,) = report.findings
    return WaysOut(report).of(finding)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_json_in_lines_has_the_lines(tmp_path: Path) -> None:
    """They are those of the file, in its style."""
    help, fix = way_out(checked(tmp_path, json.dumps(TEMPLATE, indent=2), "web.json"))
    sentence, where, *lines = help.split("\n")
    assert sentence == "grant it in a policy of 'Role':"
    assert where.startswith(("line ", "after line ", "lines "))
    assert '+ "Policies": [' in [line.replace("+   ", "+ ") for line in lines]
    assert not [line for line in lines if "!Sub" in line or "- Effect" in line]
    assert fix is not None


def test_json_on_one_line_has_its_values(tmp_path: Path) -> None:
    """A line of a whole template is nothing to read; what is to be written is JSON."""
    help, fix = way_out(checked(tmp_path, json.dumps(TEMPLATE), "web.json"))
    sentence, where, *value = help.split("\n")
    assert sentence == "grant it in a policy of 'Role':"
    assert where == "insert $.Resources.Role.Properties.Policies['-']:"
    policy = json.loads("\n".join(value))
    assert policy["PolicyDocument"]["Statement"][0]["Resource"] == ["arn:aws:s3:::b/web.env"]
    assert fix is not None
    assert not fix.lines


@pytest.mark.parametrize("indent", [None, 1])
def test_what_cdk_wrote_is_named_by_its_construct(tmp_path: Path, indent: int | None) -> None:
    help, _ = way_out(checked(tmp_path, json.dumps(CDK, indent=indent), "Shop.template.json"))
    assert help.split("\n")[0] == (
        "grant it in a policy of 'Role', in construct 'Shop/Web/TaskDef/ExecutionRole/Resource':"
    )


def test_what_has_to_be_filled_in_is_no_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """The help says what it is in angle brackets, where it belongs."""
    monkeypatch.chdir(ROOT)
    help, fix = way_out(engine.check(["sample_templates/broken/efs-mount-denied"]))
    assert "file-system/<Images of gallery.addons.stack.yml>" in help
    assert fix is None


@pytest.mark.parametrize(
    "sample", ["env-file-stale-grant", "env-file-denied", "exec-channel-denied", "efs-mount-denied"]
)
def test_the_patches_of_a_copilot_workload_are_complete(
    sample: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pasted they are a file that Copilot applies to the template."""
    monkeypatch.chdir(ROOT)
    report = engine.check([f"sample_templates/broken/{sample}"])
    for finding in report.findings:
        sentence, *lines = WaysOut(report).of(finding).help.split("\n")
        assert sentence.endswith("/overrides/cfn.patches.yml:")
        patches, faults = parsed_patches(parse("\n".join(lines) + "\n", "cfn.patches.yml"))
        assert not faults
        assert [it.op for it in patches] == ["add"] * len(patches) != []
        assert all(it.path.endswith("/Policies/-") for it in patches)
        template = parse(report.sources[finding.at.file].text, finding.at.file)
        assert len(apply(patches, template).effects) == len(patches)


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        ("# The manifest\nname: web\ntype: Backend Service\n", "web"),
        ("name: 'web' # ours\n", "web"),
        ("name: test\ntype: Environment\n", ""),
        ("name: ../../etc\n", ""),
        ("network:\n  name: web\n", ""),
    ],
)
def test_a_workload_has_the_name_of_its_manifest(manifest: str, name: str) -> None:
    assert workload_of({"Metadata": {"Manifest": manifest}}) == name


@pytest.mark.parametrize("data", [None, [], {}, {"Metadata": "x"}, {"Metadata": {"Manifest": 1}}])
def test_other_data_is_of_no_workload(data: Any) -> None:
    assert workload_of(data) == ""


# --- the command ---------------------------------------------------------------------------------


SAME = "with the options and paths of this run"


def last_lines(report: Report) -> list[str]:
    return render(report, "text").rstrip("\n").split("\n\n")[-1].split("\n")


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["web.yml"], "1 can be fixed: copilot-preflight fix web.yml"),
        (["a b", "it's", "$(rm -rf x)"], "'a b' 'it'\"'\"'s' '$(rm -rf x)'"),
        (["a", "b", "c", "d"], "copilot-preflight fix a b c d"),
        (["--diff"], "copilot-preflight fix -- --diff"),
        ([f"{number}.yml" for number in range(100)], f"copilot-preflight fix, {SAME}"),
        (["\x1b[31m.yml"], f"copilot-preflight fix, {SAME}"),
        (["a\u202eb"], f"copilot-preflight fix, {SAME}"),
    ],
)
def test_the_command_can_be_pasted(tmp_path: Path, paths: list[str], told: str) -> None:
    """It is told once, and no name of a file is more than one word of it."""
    report = checked(tmp_path, json.dumps(TEMPLATE))
    *command, summary = last_lines(report._replace(paths=paths))
    assert summary == "0 calls proved, 1 denied; 1 error in 1 file"
    assert len(command) == 1
    assert command[0].endswith(told)


@pytest.mark.parametrize("paths", [[], ["-"]])
def test_there_is_no_command_for_what_has_no_name(tmp_path: Path, paths: list[str]) -> None:
    report = checked(tmp_path, json.dumps(TEMPLATE))
    assert last_lines(report._replace(paths=paths)) == [
        "0 calls proved, 1 denied; 1 error in 1 file"
    ]


def test_what_needs_a_review_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "sample_templates/broken")
    review = engine.check(["denied-by-key-policy"])
    assert last_lines(review)[0] == (
        "1 can be fixed after a review: copilot-preflight fix --review --diff denied-by-key-policy"
    )
    both = engine.check(["denied-by-key-policy", "env-file-denied"])
    assert last_lines(both)[0].startswith("1 can be fixed, 1 more with --review: ")


# --- what it costs -------------------------------------------------------------------------------


def test_nothing_is_worked_out_that_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A format without helps, and a report without findings, load nothing of it."""

    def fail(*_asked: object) -> None:
        raise AssertionError("somebody asked for a way out")

    report = checked(tmp_path, json.dumps(TEMPLATE))
    monkeypatch.setattr(WaysOut, "of", fail)
    render(report, "gitlab")
    with pytest.raises(AssertionError, match="somebody asked"):
        render(report, "text")
    script = (
        "import sys\n"
        "from copilot_preflight.base.finding import Report\n"
        "from copilot_preflight.render.formats import FORMATS, render\n"
        "[render(Report(1, ()), it) for it in FORMATS]\n"
        "print([it for it in sys.modules if '.edits' in it or it.endswith('.helps')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


def test_many_findings_of_a_large_template_are_shown_in_brief(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ones have their fixes, and the others what is to be written."""
    template = json.loads(json.dumps(TEMPLATE))
    task = template["Resources"].pop("Task")
    template["Resources"].update({f"Task{number}": task for number in range(3)})
    text = json.dumps(template)
    monkeypatch.setattr(judge, "MOST_READ", len(text) + len(text) // 2)
    report = checked(tmp_path, text)
    ways_out = WaysOut(report)
    found = [ways_out.of(it) for it in report.findings]
    assert [it.fix is not None for it in found] == [True, False, False]
    assert all('"Effect": "Allow"' in it.help for it in found)
