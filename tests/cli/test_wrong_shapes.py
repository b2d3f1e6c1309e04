"""Templates in which any one value is of another kind than the one that belongs there.

``everything.yml`` has one of everything that is read. A value that does not fit is an error with a
place, or a finding, or of no consequence; it is never a fault of ours, and never goes on for ever.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.amount import EVERYWHERE, examples

from copilot_preflight.base.finding import DataPath, Report
from copilot_preflight.read import document
from copilot_preflight.render.formats import FORMATS, render
from copilot_preflight.render.helps import Writer
from copilot_preflight.render.text import error_line
from copilot_preflight.run import check as engine

Write = Callable[..., Path]

EVERYTHING = Path(__file__).with_name("everything.yml")
RUNNERS = Path(__file__).parents[1] / "fuzz" / "runners.yml"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
HASH = "0f1c" * 16

MISFITS: tuple[Any, ...] = (
    # plain values
    [], {}, None, True, 0, -1, 1.5, 10**60, "", "x", "*", "a.b", "${", "${}", "${x", "${a.b.c}",
    "²", "\x7f\u202e", [[[]]], [None], {"": None}, {"a": {"b": [1]}}, "x" * 20_000, ["x"] * 2_000,
    "{{resolve:ssm:x}}", "{{resolve:", "arn:aws:s3:::", "arn:::::", ":" * 50, "/" * 50, "*?" * 500,
    # functions of a wrong shape
    {"Ref": 5}, {"Ref": None}, {"Ref": []}, {"Ref": "Nothing"}, {"Ref": "AWS::NoValue"},
    {"Ref": "AWS::Nothing"}, {"Fn::If": []}, {"Fn::If": ["X", 1, 2]}, {"Fn::If": [{}, 1, 2]},
    {"Fn::If": ["IsProd", {"Ref": "AWS::NoValue"}, {"Ref": "AWS::NoValue"}]}, {"Fn::If": "IsProd"},
    {"Fn::Sub": [1]}, {"Fn::Sub": ["${a}", {"a": []}]}, {"Fn::Sub": ["${a}", "a"]}, {"Fn::Sub": {}},
    {"Fn::Sub": "${AWS::NoValue}${}${.}${..}${Key.}${Nothing.Arn}"}, {"Fn::Join": "x"},
    {"Fn::Join": [[], []]}, {"Fn::Join": [",", {"Ref": "Names"}]}, {"Fn::Join": ["", [{}, None]]},
    {"Fn::GetAtt": []}, {"Fn::GetAtt": "Key"}, {"Fn::GetAtt": ["Key", {}]}, {"Fn::GetAtt": "Key.x"},
    {"Fn::GetAtt": ["Nothing", "Arn"]}, {"Fn::GetAtt": [{}, "Arn"]}, {"Fn::GetAtt": "a.Outputs.b"},
    {"Fn::Select": [-1, []]}, {"Fn::Select": ["²", ["a"]]}, {"Fn::Select": [9, ["a"]]},
    {"Fn::Select": ["9" * 5_000, ["a"]]}, {"Fn::Select": [0, {"Ref": "Names"}]},
    {"Fn::Select": 0}, {"Fn::FindInMap": []}, {"Fn::FindInMap": [[], {}, 1]},
    {"Fn::FindInMap": ["Stages", "dev", "x"]}, {"Fn::Split": 3}, {"Fn::Split": ["", ""]},
    {"Fn::Split": [{}, []]}, {"Fn::Split": [",", None]},
    {"Fn::ImportValue": {}}, {"Fn::ImportValue": ["Shared"]}, {"Fn::Base64": []}, {"Fn::Cidr": 5},
    {"Fn::GetAZs": []}, {"Fn::Transform": "x"}, {"Fn::Nothing": {}},
    {"Fn::ForEach::X": [1, [], {}]},
    {"Condition": "IsBig"}, {"Condition": []}, {"Fn::Not": []}, {"Fn::And": [{}]}, {"Fn::Or": "x"},
    {"Fn::Equals": ["a"]}, {"Fn::Equals": [[], {}]}, {"Fn::Not": [{"Condition": "IsBig"}]},
    # of a right shape, where another one belongs
    {"Ref": "ExecutionRole"}, {"Ref": "Bucket"}, {"Ref": "EnvFileARN"}, {"Ref": "Names"},
    {"Fn::GetAtt": ["ExecutionRole", "Arn"]}, {"Fn::ImportValue": "Shared"},
    {"Fn::GetAtt": ["AddonsStack", "Outputs.AccessPolicy"]},
    {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}, {"Type": "s3", "Value": {}},
)  # fmt: skip


def paths_of(node: Any, path: DataPath = ()) -> Iterator[DataPath]:
    """The path of every node of some data."""
    yield path
    children: Any = ()
    if isinstance(node, (dict, list)):
        children = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in children:
        yield from paths_of(child, (*path, key))


def with_misfit(node: Any, path: DataPath, misfit: Any) -> Any:
    """A copy of some data with another value at a path."""
    if not path:
        return misfit
    copy: Any = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = with_misfit(node[path[0]], path[1:], misfit)
    return copy


def is_told_well(report: Report) -> None:
    """Asserts that everything in a report stands in its file and can be shown."""
    assert report.files or report.errors
    lines = {name: source.text.split("\n") for name, source in report.sources.items()}
    # The ways out are worked out once for all formats, as for a report of several processes.
    kept = report._replace(findings=list(map(Writer(report.sources).kept, report.findings)))
    texts = {form: render(kept, form) for form in FORMATS}
    for form, text in texts.items():
        assert text or (form == "github" and not report.findings and not report.errors)
    shown = json.loads(texts["json"])
    places = [p for finding in shown["findings"] for p in (finding, *finding["related"])]
    for place in places:
        for position in (place["start"], place["end"]):
            assert 1 <= position["line"] <= len(lines[place["file"]])
            line = lines[place["file"]][position["line"] - 1]
            assert 1 <= position["column"] <= len(line) + 1
    for error in report.errors:
        assert "fault of copilot-preflight" not in error.message
        assert error_line(error).isprintable()
        given = error.file == "--parameter"  # of a parameter that has lost its declaration
        assert given or 1 <= error.line <= len(lines.get(error.file, [""]))


def check(folder: Path, data: Any, **options: Any) -> Report:
    """The report on data, written as a template."""
    path = folder / "t.json"
    path.write_text(json.dumps(data, indent=1))
    return engine.check([str(path)], engine.Options(info=True, **options))


def values_for(data: Any) -> dict[str, str]:
    """Values for the env-file parameters of a template."""
    return {
        name: f"arn:aws:s3:::artifacts/manual/env-files/{name}.env/{HASH}.env"
        for name in data["Parameters"]
        if "EnvFileARN" in name
    }


def test_everything_is_read(tmp_path: Path) -> None:
    """The template that is broken below is sound, and reaches most of the rules' ways."""
    data = document.read(EVERYTHING).data
    report = check(tmp_path, data)
    assert not report.errors
    assert len({finding.rule for finding in report.findings}) >= 5


@pytest.mark.parametrize("misfit", range(len(MISFITS)), ids=lambda i: repr(MISFITS[i])[:40])
def test_misfit_anywhere(tmp_path: Path, misfit: int) -> None:
    """A value of the wrong kind in a place drawn at random: no fault, and a report that holds.

    Without the values of the parameters there are many scenarios, which takes five times as long,
    and six times as long again with a look for what rests on defaults: some are checked so.
    """
    data = document.read(EVERYTHING).data
    everywhere = list(paths_of(data))
    given = values_for(data) | {"Stage": "prod", "ArtifactKeyARN": "x"}
    draw = random.Random(misfit)
    for case in range(4 if EVERYWHERE else 1 + (misfit % 4 == 1)):
        broken = with_misfit(data, draw.choice(everywhere), MISFITS[misfit])
        parameters = {} if case % 2 else given
        assume = not EVERYWHERE and misfit % 48 != 1
        is_told_well(check(tmp_path, broken, parameters=parameters, assume_defaults=assume))


SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Metadata")
DEEP: tuple[DataPath, ...] = (
    ("Resources", "TaskDefinition", "Properties", "ContainerDefinitions"),
    ("Resources", "TaskDefinition", "Properties", "ContainerDefinitions", 0),
    ("Resources", "TaskDefinition", "Properties", "ContainerDefinitions", 0, "EnvironmentFiles"),
    ("Resources", "TaskDefinition", "Properties", "ContainerDefinitions", 0, "EnvironmentFiles", 1),
    ("Resources", "TaskDefinition", "Properties", "ExecutionRoleArn"),
    ("Resources", "ExecutionRole", "Properties", "AssumeRolePolicyDocument"),
    ("Resources", "ExecutionRole", "Properties", "Policies"),
    ("Resources", "ExecutionRole", "Properties", "Policies", 0),
    ("Resources", "ExecutionRole", "Properties", "Policies", 0, "PolicyDocument"),
    ("Resources", "ExecutionRole", "Properties", "Policies", 0, "PolicyDocument", "Statement"),
    ("Resources", "ExecutionRole", "Properties", "Policies", 0, "PolicyDocument", "Statement", 1),
    ("Resources", "ExecutionRole", "Properties", "ManagedPolicyArns"),
    ("Resources", "Policy", "Properties", "Roles"),
    ("Resources", "Managed", "Properties", "PolicyDocument", "Statement", 0, "Condition"),
    ("Resources", "Bucket", "Properties", "BucketEncryption"),
    ("Resources", "Bucket", "Properties", "LifecycleConfiguration", "Rules", 0),
    ("Resources", "BucketPolicy", "Properties", "PolicyDocument", "Statement", 0, "Principal"),
)


@pytest.mark.parametrize("path", DEEP, ids=lambda path: ".".join(map(str, path[1:])))
def test_misfits_in_the_places_that_are_read_most(tmp_path: Path, path: DataPath) -> None:
    """Where access is decided, more of the wrong kinds of value are tried."""
    data = document.read(EVERYTHING).data
    for misfit in random.Random(str(path)).sample(MISFITS, len(MISFITS) if EVERYWHERE else 6):
        broken = with_misfit(data, path, misfit)
        is_told_well(check(tmp_path, broken, parameters={"Stage": "dev", **values_for(data)}))


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("misfit", [[], ["x"], "x", 5, True])
def test_section_of_a_wrong_kind(tmp_path: Path, section: str, misfit: Any) -> None:
    """A section that is no map is an error, whatever else the template holds."""
    data = {**document.read(EVERYTHING).data, section: misfit}
    report = check(tmp_path, data)
    assert [error.message.split(",")[0] for error in report.errors] == [f"{section} must be a map"]
    assert not report.findings


@pytest.fixture(scope="module")
def real_stacks() -> list[Path]:
    return sorted(path for path in CORPUS.rglob("*.y*ml") if "Resources:" in path.read_text())


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize("seed", range(8))
def test_misfit_in_a_real_stack(tmp_path: Path, real_stacks: list[Path], seed: int) -> None:
    """Copilot's own stacks, with one value of another kind."""
    draw = random.Random(seed)
    for stack in draw.sample(real_stacks, 3):
        data = document.read(stack).data
        for path in draw.sample(list(paths_of(data)), 4):
            is_told_well(check(tmp_path, with_misfit(data, path, draw.choice(MISFITS))))


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20).filter(str.isprintable),
    st.sampled_from(["*", "s3:*", "Allow", "Deny", "IsProd", "ExecutionRole", "AWS::NoValue"]),
)
functions = "Ref Fn::If Fn::Sub Fn::Join Fn::Select Fn::Split Fn::GetAtt Fn::Equals Fn::FindInMap"
words = "Condition Statement Effect Action Resource Principal Service Value Type Properties x"
keys = st.sampled_from(f"{functions} {words}".split())
nested = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=2),
    max_leaves=12,
)


@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10_000), misfit=nested)
def test_any_data_anywhere(tmp_path: Path, seed: int, misfit: Any) -> None:
    """Any nested data in any place."""
    data = document.read(EVERYTHING).data
    everywhere = list(paths_of(data))
    path = everywhere[seed % len(everywhere)]
    is_told_well(check(tmp_path, with_misfit(data, path, misfit), parameters={"Stage": "test"}))


@pytest.mark.parametrize("seed", range(3))
def test_misfit_in_what_else_runs_containers(tmp_path: Path, seed: int) -> None:
    """Launches, builds, jobs and services beyond task definitions, with one value of another kind.

    An empty list is where most of them differ: a property that is there, and holds nothing.
    """
    data = document.read(RUNNERS).data
    draw = random.Random(seed)
    everywhere = list(paths_of(data["Resources"], ("Resources",)))[1:]
    for misfit in ([], *draw.sample(MISFITS, 20 if EVERYWHERE else 1)):
        is_told_well(check(tmp_path, with_misfit(data, draw.choice(everywhere), misfit)))
