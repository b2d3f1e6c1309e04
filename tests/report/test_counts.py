"""A check and its picture count the same calls: in a report, in each format, for each template."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from copilot_preflight.base.finding import CallCounts
from copilot_preflight.render import json as as_json
from copilot_preflight.render import text as as_text
from copilot_preflight.report.formats import render
from copilot_preflight.report.gather import observe
from copilot_preflight.report.joining import joined
from copilot_preflight.report.model import Outcome, Picture, summary
from copilot_preflight.run.check import Checked, Options, checked
from copilot_preflight_rules import CATALOGUE

PROJECT = Path(__file__).parents[2]
CORPUS = PROJECT.parent / "shared" / "corpus"
_ALL = PROJECT / "sample_templates"
_CORPUS = sorted(it for it in CORPUS.iterdir() if it.is_dir()) if CORPUS.is_dir() else []


def _drawn(path: Path) -> tuple[Checked, Picture]:
    options = Options(rules=CATALOGUE, info=True, shows_proof=True, observe=observe)
    found = checked([str(path)], options)
    return found, joined((it.observed for it in found.judged), found.report, found.hidden)


def _as_check(counts: dict[Outcome, int]) -> CallCounts:
    return CallCounts(counts["allowed"], counts["denied"], counts["undecided"])


@pytest.mark.parametrize("path", [_ALL, *_CORPUS], ids=lambda it: it.name)
def test_every_template_is_counted_alike(path: Path) -> None:
    found, picture = _drawn(path)
    assert {it.file: it.calls for it in found.judged} == {
        it.file: _as_check({**it.counts}) for it in picture.stacks
    }
    assert any(found.report.calls)
    assert _as_check({**picture.counts}) == found.report.calls
    proved = [it.outcome for it in found.report.proof or ()]
    assert CallCounts(*map(proved.count, CallCounts._fields)) == found.report.calls


@pytest.mark.parametrize(
    ("name", "calls", "last"),
    [
        ("execution-role-missing", (0, 7, 0), "0 calls proved, 7 denied; 1 error in 1 file"),
        ("task-role-missing", (2, 4, 0), "2 calls proved, 4 denied; 1 error in 1 file"),
        ("reference-unknown", (0, 0, 5), "0 calls proved, 5 undecided; 1 error, 2 info in 1 file"),
    ],
)
def test_calls_without_a_role_count_in_every_format(
    name: str, calls: tuple[int, int, int], last: str
) -> None:
    found, picture = _drawn(_ALL / "broken" / name)
    allowed, denied, undecided = calls
    told = summary({"allowed": allowed, "denied": denied, "undecided": undecided})

    assert as_text.summary(found.report) == last
    counts = json.loads(as_json.render(found.report))["summary"]["calls"]
    assert counts == {
        "allowed": allowed, "denied": denied, "undetermined": undecided, "not_judged": 0
    }  # fmt: skip
    for form in ("svg", "markdown"):
        assert told in render(picture, form)
    assert told in render(picture._replace(stacks=picture.stacks * 2), "mermaid")
    page = render(picture, "html")
    shown = {it[2]: int(it[1]) for it in re.finditer(r"<b>(\d+)</b> (\w+)</li>", page)}
    assert shown == {"allowed": allowed, "denied": denied, "undecided": undecided}


_ON_INSTANCES = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [EC2]
      ContainerDefinitions: [{Name: web, Image: public.ecr.aws/nginx/nginx}]
      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: fs-0123456789abcdef0
            TransitEncryption: ENABLED
            AuthorizationConfig: {IAM: ENABLED}
"""


def test_a_call_of_no_role_that_needs_none_is_neither_counted_nor_drawn(tmp_path: Path) -> None:
    """On instances, a file system may be mounted with the role of the instance."""
    (tmp_path / "web.yml").write_text(_ON_INSTANCES, encoding="utf-8")
    found, picture = _drawn(tmp_path)
    needs = found.analyses[found.report.templates[0]].needs
    assert [(it.kind, it.role_value, it.needs_role) for it in needs] == [("efs-mount", None, False)]
    assert found.report.calls == CallCounts()
    assert _as_check({**picture.counts}) == CallCounts()
