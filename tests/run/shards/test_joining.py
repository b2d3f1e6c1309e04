"""Shards, joined: byte for byte the report of one run, whatever was cut and wherever."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.amount import examples, some

from copilot_preflight.base.finding import DataPath, Finding, Place, Position, Report, Span
from copilot_preflight.render.formats import FORMATS, GROUPINGS, Look, render
from copilot_preflight.run import check as engine
from copilot_preflight.run.options import Options
from copilot_preflight.run.shards.excerpts import Excerpt, lines_of, quoted
from copilot_preflight.run.shards.joining import joined
from copilot_preflight.run.shards.reading import Part, read
from copilot_preflight.run.shards.share import Shard, parsed

ROOT = Path(__file__).parents[3]
SAMPLES, CORPUS = ROOT / "sample_templates", ROOT.parent / "shared" / "corpus"
FOLDERS = sorted(str(it.relative_to(ROOT)) for it in SAMPLES.glob("*/*") if it.is_dir())
STACKS = sorted(map(str, CORPUS.rglob("*.stack.yml")))


def part(paths: Sequence[str], options: Options, shard: Shard, folder: Path) -> Part:
    """What a shard says, by way of its file."""
    report = engine.check(paths, options._replace(shard=shard))
    file = folder / f"shard-{shard.number}.json"
    file.write_text(render(report, "json"), encoding="utf-8")
    return read(str(file))


def assert_same(one: Report, other: Report, width: int = 100) -> None:
    for form in FORMATS:
        assert render(one, form) == render(other, form)
    for look in (
        Look(width=width),
        Look(colour=True, width=width, wraps=True, has_links=True, is_live=True),
        *(Look(group_by=it) for it in GROUPINGS),
    ):
        texts = [render(it, "text", look) for it in (one, other)]
        assert texts[0] == texts[1]
    assert tuple(one.notes) == tuple(other.notes)
    assert one.errors == other.errors


def assert_joins(paths: Sequence[str], of: int, folder: Path, width: int, options: Options) -> None:
    parts = [part(paths, options, Shard(n, of), folder) for n in range(1, of + 1)]
    random.Random(of).shuffle(parts)
    assert_same(engine.check(paths, options), joined(parts), width)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def cdk(name: str, **metadata: str) -> dict[str, Any]:
    """A stack whose execution role may not read its file, as the CDK writes it or anybody else."""
    role = {"Statement": {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                          "Action": "sts:AssumeRole"}}  # fmt: skip
    file = {"Type": "s3", "Value": {"Fn::Sub": f"arn:aws:s3:::files/{name}.env"}}
    return {
        "Resources": {
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "ContainerDefinitions": [{"Name": "web", "EnvironmentFiles": [file]}],
                },
                **({"Metadata": metadata} if metadata else {}),
            },
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": role}},
        }
    }


@pytest.mark.parametrize("of", [1, 2, 5])
@pytest.mark.parametrize("indent", [None, 1])
def test_constructs_join(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: int, indent: int | None
) -> None:
    """What made a resource is named as in one run, and so is the resource on a long line."""
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    for name in "abc":
        made = {"aws:cdk:path": f"Shop/{name}/Task/Resource"} if name < "c" else {}
        text = json.dumps(cdk(name, **made), indent=indent)
        Path("out", f"{name}.template.json").write_text(text, encoding="utf-8")
    one = render(engine.check(["out"]), "text")
    assert "in: 'Task' (construct 'Shop/a/Task/Resource')" in one
    assert_joins(["out"], of, tmp_path, 80, Options())


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    folders=st.lists(st.sampled_from(FOLDERS), min_size=1, max_size=9, unique=True),
    stacks=st.lists(st.sampled_from(STACKS or FOLDERS), max_size=5, unique=True),
    of=st.integers(1, 6),
    width=st.integers(40, 120),
    info=st.booleans(),
    jobs=st.sampled_from([1, 1, 2]),
)
def test_any_split_joins_to_one_run(
    tmp_path: Path,
    folders: list[str],
    stacks: list[str],
    of: int,
    width: int,
    info: bool,
    jobs: int,
) -> None:
    """In every format, with the source in the text, though its shards are all that is read."""
    options = Options(info=info, jobs=jobs)
    assert_joins([*folders, *stacks], of, tmp_path, width, options)


def test_samples_join_to_one_run(tmp_path: Path) -> None:
    """The suppressions, manifests and policies of samples together."""
    suppressed = "sample_templates/broken/unused-suppression"
    assert suppressed in FOLDERS
    folders = [suppressed, *some(FOLDERS, every=4)]
    assert_joins(folders, 5, tmp_path, 100, Options(info=True))


# --- shares --------------------------------------------------------------------------------------


SIZES = st.dictionaries(st.text(max_size=8), st.integers(0, 50_000), max_size=60)


@given(SIZES, st.integers(1, 12))
def test_shares_are_disjoint_whole_and_balanced(sizes: dict[str, int], of: int) -> None:
    """Each file is in one share, and no share has more than another by more than one file."""
    shares = [Shard(number, of).share(sizes) for number in range(1, of + 1)]
    assert sorted(file for share in shares for file in share) == sorted(sizes)
    loads = [sum(sizes[file] + 1000 for file in share) for share in shares]
    assert max(loads) - min(loads) <= max(sizes.values(), default=0) + 1000


@given(SIZES, st.integers(1, 12), st.randoms())
def test_shares_do_not_depend_on_the_order(
    sizes: dict[str, int], of: int, random: random.Random
) -> None:
    """Paths may be told in another order on another machine."""
    other = list(sizes.items())
    random.shuffle(other)
    assert Shard(1, of).share(sizes) == Shard(1, of).share(dict(other))


@pytest.mark.parametrize(
    "text",
    ["", "/", "1", "0/8", "9/8", "1/0", "0/0", "-1/8", "+1/8", "1/8/2", "1.0/8", " 1/8", "1/ 8",
     "a/b", "1/10000", "1/99999999999999999999", "\u0661/\u0668", "\u00b9/8"],
)  # fmt: skip
def test_what_is_no_share(text: str) -> None:
    """Anything but two whole numbers, the first from 1 to the second."""
    assert parsed(text) is None


@pytest.mark.parametrize(("text", "number", "of"), [("1/1", 1, 1), ("8/8", 8, 8), ("02/10", 2, 10)])
def test_what_is_a_share(text: str, number: int, of: int) -> None:
    assert parsed(text) == Shard(number, of)


class Whole(NamedTuple):
    """A file of which everything is known, with the one place in it."""

    text: str
    at: Span

    def span(self, _path: DataPath, *, key: bool = False) -> Span:
        assert not key
        return self.at


# --- lines ---------------------------------------------------------------------------------------


@settings(max_examples=examples(300))
@given(
    before=st.integers(0, 400),
    length=st.integers(1, 700),
    after=st.integers(0, 400),
    filling=st.sampled_from(["a", "\t", "字", "\u0301", "#[", " ", "\x1b"]),
    width=st.integers(40, 120),
)
def test_a_long_line_is_shown_as_if_it_were_there(
    before: int, length: int, after: int, filling: str, width: int
) -> None:
    """Of a template on one line no more is kept than reports show, and that looks the same."""
    words = "k" * length
    text = json.dumps({filling * before: words, "z": filling * after}, ensure_ascii=False)
    text = text.replace("\\t", "\t").replace("\\u001b", "\x1b")
    start = text.index(words)
    finding = Finding(Place("web.json", ("k",)), "wrong", "here", rule="E9711", name="denied")

    span = Span(Position(1, start + 1), Position(1, start + len(words) + 1))
    whole, kept = Whole(text, span), Excerpt()
    kept.put(finding.at, span)
    wanted = {number: [at] for _, number, at in quoted(finding, {"web.json": whole})}
    for number, line in lines_of(text, wanted):
        assert sum(len(piece) for _, piece in line.pieces) <= 4 * 120
        kept.lines.put(number, line)
    reports = [Report(1, [finding], sources={"web.json": source}) for source in (whole, kept)]
    assert render(reports[0], "text", width=width) == render(reports[1], "text", width=width)
