"""``--proof``: every call, with the statements and layers that decide it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options

Run = Callable[..., Any]
Write = Callable[..., Path]

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "src" / "copilot_preflight" / "data" / "schemas" / "report-v1.schema.json"


@pytest.fixture
def stacks(write: Write, templates: Any, env_file: str) -> Path:
    """A stack whose calls are allowed, one with a denied call, one that nobody can decide."""
    names = ("clean", "denied", "undetermined")
    values = json.dumps({"EnvFileARN": env_file})
    return write(
        {
            **{f"{name}.yml": getattr(templates, name) for name in names},
            **{f"{name}.params.json": values for name in names},
        }
    )


def line_of(file: Path, words: str) -> int:
    """The line of a file on which some words stand."""
    lines = file.read_text("utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_an_allowed_call_names_its_statement(run: Run, stacks: Path) -> None:
    """Who calls what on what, why, and the line of the statement that allows it."""
    out = run("clean.yml", "--proof").out
    statement = line_of(stacks / "clean.yml", "s3:GetObject")
    role = line_of(stacks / "clean.yml", "  ExecutionRole:")
    lines = out.splitlines()
    assert lines[0] == "clean.yml"
    assert lines[1] == f"  execution role 'ExecutionRole', line {role}"
    assert any(line.startswith("      allowed   s3:GetObject") for line in lines)
    assert f"identity-based policy allows it: line {statement}" in out
    assert lines[-1] == run("clean.yml").out.splitlines()[-1]


def test_json_has_every_call_that_is_counted(run: Run, stacks: Path) -> None:
    """The list and the counts are of the same calls, and the document keeps to its schema."""
    told = json.loads(run(str(stacks), "--proof", "--format", "json").out)
    jsonschema.validate(told, json.loads(SCHEMA.read_text("utf-8")))
    counts = {name: n for name, n in told["summary"]["calls"].items() if name != "not_judged"}
    assert counts == Counter(call["outcome"] for call in told["proof"])
    assert set(counts) == {"allowed", "denied", "undetermined"}
    assert min(counts.values()) > 0
    (denied,) = (it for it in told["proof"] if it["outcome"] == "denied")
    assert (denied["action"], denied["file"].split("/")[-1]) == ("s3:GetObject", "denied.yml")
    *_, own = denied["layers"]
    assert own == {"layer": "identity-based policy", "answer": "silent", "statements": []}
    (undecided,) = (it for it in told["proof"] if it["outcome"] == "undetermined")
    assert undecided["missing"]


@pytest.mark.usefixtures("stacks")
def test_without_the_option_json_is_as_ever(run: Run) -> None:
    """The key is there with the option alone."""
    assert "proof" not in json.loads(run("clean.yml", "--format", "json").out)


def test_workers_prove_the_same(stacks: Path) -> None:
    """The calls of templates that others judge come with their lines."""
    options = Options(shows_proof=True)
    alone = checked([str(stacks)], options).report
    apart = checked([str(stacks)], options._replace(jobs=2)).report
    assert apart.proof == alone.proof
    assert apart.proof
    places = [place for call in apart.proof for place in call.places]
    assert [*map(apart.span, places)] == [*map(alone.span, places)]


@pytest.mark.usefixtures("stacks")
@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        (("--quiet",), "--proof and --quiet exclude each other"),
        (("--shard", "1/2"), "--proof and --shard exclude each other"),
        (("--format", "sarif"), "--proof is shown as text and as json, not as sarif"),
    ],
)
def test_what_cannot_show_a_proof_is_refused(run: Run, more: tuple[str, ...], wrong: str) -> None:
    """Nobody should look for it in vain."""
    result = run("clean.yml", "--proof", *more)
    assert (result.status, result.out) == (2, "")
    assert wrong in result.err


def test_values_of_secret_parameters_are_no_part_of_it(run: Run, write: Write) -> None:
    """What a NoEcho parameter holds is a hole in the resource of a call, too."""
    write({"a.yml": SECRETIVE})
    for form in ("text", "json"):
        out = run("a.yml", "--proof", "--parameter", "Name=topsecretname", "--format", form).out
        assert "topsecretname" not in out
        assert "${Name}" in out


SECRETIVE = """
Parameters:
  Name: {Type: String, NoEcho: true}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles: [{Type: s3, Value: !Sub 'arn:aws:s3:::b/${Name}.env'}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: files
          PolicyDocument:
            Statement: {Effect: Allow, Action: 's3:*', Resource: '*'}
"""
