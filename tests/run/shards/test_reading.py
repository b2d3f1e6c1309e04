"""The JSON of a shard that anybody could have written: refused in one line, or harmless."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.amount import examples

from copilot_preflight.base.finding import Report
from copilot_preflight.render.formats import FORMATS, render
from copilot_preflight.run import check as engine
from copilot_preflight.run.options import Options
from copilot_preflight.run.shards import reading
from copilot_preflight.run.shards.joining import joined
from copilot_preflight.run.shards.reading import read
from copilot_preflight.run.shards.share import Shard
from copilot_preflight.run.shards.values import ShardError

ROOT = Path(__file__).parents[3]
SAMPLE = "sample_templates/broken/env-file-denied"

HOSTILE = [
    "\x1b[31mred\x1b]8;;https://evil.test\x07link",
    "\n::add-mask::x\n::error::y",
    "::set-env name=A::b",
    "##[error]x ##vso[task.setvariable variable=a]b",
    "[click](https://evil.test) <img src=x> ![](https://evil.test)",
    "\u202e\u2066\ud800\x00",
    "]]> &lt; <testcase name='x'/> -->",
    "../../../../etc/passwd",
    "x" * 5000,
]


@pytest.fixture(scope="module")
def whole() -> Any:
    """The report of the one shard of a run, as JSON."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        options = Options(info=True, shard=Shard(1, 1))
        return json.loads(render(engine.check([SAMPLE], options), "json"))


def report_of(folder: Path, text: str | bytes) -> Report:
    file = folder / "s.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return joined([read(str(file))])


def refused(folder: Path, text: str | bytes) -> str:
    with pytest.raises(ShardError) as caught:
        report_of(folder, text)
    said = str(caught.value).removeprefix(str(folder / "s.json"))
    assert "\n" not in said
    assert len(said) < 300
    return said


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = (
        data.items() if isinstance(data, dict) else enumerate(data if type(data) is list else ())
    )
    for key, item in items:
        yield from places(item, (*path, key))


def put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(data)
    node = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return changed


def assert_harmless(report: Report) -> None:
    for form in FORMATS:
        text = render(report, form)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800]", text)
        assert not re.search(r"##\w*\[", text)
        begins = [line.strip() for line in text.splitlines() if line.strip().startswith("::")]
        ours = [
            it for it in begins if re.match(r"::(:|(error|warning|notice) (file|line|title)=)", it)
        ]
        assert begins == ours


@pytest.mark.parametrize("line", [[], [1], 1, {}])
def test_a_line_that_is_cut_short_is_refused(tmp_path: Path, whole: Any, line: Any) -> None:
    file = next(iter(whole["shard"]["lines"]))
    cut = put(whole, ("shard", "lines", file), [line])
    assert "$.shard.lines" in refused(tmp_path, json.dumps(cut))


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [-1, 0, 1, 2, 3.5, 10**9, 10**30, float("nan"), float("inf"), [], {}, "", [[]]]
    ),
    st.sampled_from(HOSTILE),
)


@settings(max_examples=examples(400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_anything_anywhere_is_refused_or_harmless(tmp_path: Path, whole: Any, data: Any) -> None:
    """One or two values are exchanged: there is one line, or a report that nobody obeys."""
    changed = whole
    for _ in range(data.draw(st.integers(1, 2))):
        inside = [path for path in places(changed["shard"]) if path]
        path = data.draw(st.sampled_from(inside))
        changed = {**changed, "shard": put(changed["shard"], path, data.draw(ANYTHING))}
        if not isinstance(changed["shard"], dict):
            break
    told = ""
    try:
        report = report_of(tmp_path, json.dumps(changed))
    except ShardError as error:
        told = str(error)
    if told:
        assert "\n" not in told
    else:
        assert_harmless(report)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_harmless(tmp_path: Path, whole: Any, text: str) -> None:
    """In every text at once, but for what must be one of a few words."""
    shard = copy.deepcopy(whole["shard"])
    for finding in shard["findings"]:
        finding |= {"message": text, "label": text, "cause": text, "help": text, "call": [text] * 4}
        finding["related"] = [[place, text] for place, _ in finding["related"]]
    shard["templates"] = [[number, text, sound] for number, _, sound in shard["templates"]]
    shard["places"] = [[text, [text, 0], key, where] for _, _, key, where in shard["places"]]
    shard["lines"] = {text: [[n, len(text), [0, text]] for n in range(1, 60)]}
    shard["errors"] = [[0, [text, 1, 1, text]]]
    report = report_of(tmp_path, json.dumps({**whole, "shard": shard}))
    assert len(report.findings) >= 1
    assert_harmless(report)


def test_names_and_pages_are_those_of_the_rule(tmp_path: Path, whole: Any) -> None:
    """A link to somewhere else cannot be told."""
    text = json.dumps(whole).replace("https://github.com/copilot", "https://evil.test/copilot")
    assert "evil.test" not in render(report_of(tmp_path, text), "sarif").replace("\\/", "/")
    shard = put(whole["shard"], ("findings", 0, "rule"), "E0000")
    told = refused(tmp_path, json.dumps({**whole, "shard": shard}))
    assert told == ": $.shard.findings[0].rule must be the id of a rule, found a string"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1:1: no JSON: expecting value"),
        ("{", ":1:2: no JSON: expecting property name enclosed in double quotes"),
        (b"\xff\xfe\xfa", ": no JSON: 'utf-16-le' codec can't decode byte 0xfa in position 2"),
        ("[" * 200_000, ": lists and maps nest too deeply"),
        ("1" * 10_000, ": no JSON: exceeds the limit"),
        ("[]", ": no report: it must be what 'check --shard --format json' writes"),
        ('{"findings": []}', ": $ lacks 'version'"),
        ('{"version": 2, "findings": []}', ": a report of another version of the format"),
        ('{"version": 1, "findings": [], "tool": {"name": "x"}}',
         ": $.tool.name must be one of copilot-preflight, found a string"),
    ],
)  # fmt: skip
def test_what_is_no_report(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert refused(tmp_path, text).startswith(said)


def test_a_report_of_a_whole_run(tmp_path: Path, whole: Any) -> None:
    """It has nothing to be joined by."""
    text = json.dumps({key: value for key, value in whole.items() if key != "shard"})
    assert refused(tmp_path, text) == (
        ": a report of a whole run: only those of 'check --shard' are joined"
    )


def test_lines_that_nobody_has(tmp_path: Path, whole: Any) -> None:
    """A few bytes cannot claim text without end."""
    for lines in ([[1, 10**12, [0, "x"]]], [[n, 9_000_000, [0, "x"]] for n in (1, 2)]):
        shard = {**whole["shard"], "lines": {"a": lines}}
        assert "$.shard.lines[0]" in refused(tmp_path, json.dumps({**whole, "shard": shard}))


def test_templates_that_do_not_add_up(tmp_path: Path, whole: Any) -> None:
    """Twice the same, or none where there must be one."""
    for templates in ([[0, "a", True], [0, "b", True]], [[5, "a", True]]):
        shard = {**whole["shard"], "templates": templates}
        told = refused(tmp_path, json.dumps({**whole, "shard": shard}))
        assert told == ": the templates of its run do not add up"


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is not waited for, a device not read, and a file of any size is not loaded."""
    names = [str(tmp_path), str(tmp_path / "none"), "a\0b"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        names += [str(tmp_path / "pipe"), "/dev/zero"]
    large = tmp_path / "large"
    large.write_text("x" * 100)
    monkeypatch.setattr(reading, "LARGEST", 99)
    for name in [*names, str(large)]:
        with pytest.raises(ShardError):
            read(name)
