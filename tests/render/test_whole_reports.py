"""Whole reports in the formats for programs, and what their readers hold them to."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

import copilot_preflight
from copilot_preflight.base.finding import Finding, Place, Report, Severity
from copilot_preflight.edits.fix import Fix, fix_of
from copilot_preflight.edits.text.changes import changed, text_changes
from copilot_preflight.read.document import Document
from copilot_preflight.read.jsonpath import spell
from copilot_preflight.render import sarif
from copilot_preflight.render.formats import FORMATS, render
from copilot_preflight.render.rule_pages import pages_of
from copilot_preflight.render.ways_out import WaysOut
from copilot_preflight.run import check as engine
from copilot_preflight_rules import RULES

ROOT = Path(__file__).parents[2]
PACKAGE = Path(copilot_preflight.__file__).parent
SARIF = Path(__file__).parent / "schemas/sarif-2.1.0.json"
REPORT = PACKAGE / "data/schemas/report-v1.schema.json"

EMPTY = Report(0, [])


def valid(document: Any, schema: Path) -> None:
    loaded = json.loads(schema.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(loaded)
    validator.check_schema(loaded)
    validator(loaded, format_checker=validator.FORMAT_CHECKER).validate(document)


@pytest.fixture(scope="module")
def samples() -> Report:
    """The report on all samples, with what cannot be decided."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        report = engine.check(["sample_templates"], engine.Options(info=True))
    assert {finding.rule for finding in report.findings} > {"E9712", "W9735", "I9790"}
    return report


@pytest.fixture(params=["everything", "samples", "nothing"])
def any_report(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.chdir(ROOT)
    report = EMPTY if request.param == "nothing" else request.getfixturevalue(request.param)
    assert isinstance(report, Report)
    return report


# --- the whole output ----------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["junit", "github", "gitlab", "markdown"])
def test_the_whole_report(format: str, everything: Report, snapshot: SnapshotAssertion) -> None:
    """All that a report can have, as a program reads it."""
    assert render(everything, format) == snapshot


def test_the_whole_sarif_report(
    everything: Report, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages of the rules, which stand in it whole, are left out of the pin."""
    monkeypatch.setattr(sarif, "__version__", "1.2.3")
    shown = re.sub(r'("(text|markdown)": ")# .*"', r'\1# the page"', render(everything, "sarif"))
    assert shown == snapshot


@pytest.mark.parametrize("format", FORMATS)
def test_no_report_quotes_a_secret(everything: Report, format: str) -> None:
    """The line that a secret stands on is in no format, not even as context of another place."""
    secret = [finding for finding in everything.findings if finding.is_secret]
    shown = Report(1, secret, sources=everything.sources, templates=everything.templates)
    assert "AWS_SECRET_ACCESS_KEY" in render(shown, format)
    assert "topsecret" not in render(shown, format)


@pytest.mark.parametrize("format", FORMATS)
def test_a_report_is_the_same_in_every_run(everything: Report, format: str) -> None:
    """Nothing depends on the time, or on the folder that it is made in."""
    assert render(everything, format) == render(everything, format)
    assert str(Path.cwd()) not in render(everything, format)


# --- JSON ----------------------------------------------------------------------------------------


def test_json_is_as_its_schema_says(any_report: Report) -> None:
    """The published schema describes every report, whole."""
    valid(json.loads(render(any_report, "json")), REPORT)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["version"], 2),
        (["summary", "error"], -1),
        (["findings", 0, "rule"], "X1"),
        (["findings", 0, "start", "line"], 0),
        (["findings", 0, "severity"], "fatal"),
        (["findings", 0, "call"], {}),
        (["findings", 0, "more"], "a key that the contract does not have"),
        (["findings", 0, "related", 0, "path"], "Resources"),
        (["errors", 0, "line"], None),
    ],
)
def test_the_schema_refuses_what_is_no_report(
    everything: Report, path: list[str | int], value: Any
) -> None:
    """A schema that takes anything would say nothing."""
    document = node = json.loads(render(everything, "json"))
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        valid(document, REPORT)


# --- SARIF ---------------------------------------------------------------------------------------


def run_of(report: Report) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(render(report, "sarif"))["runs"][0]
    return run


def test_sarif_is_as_the_standard_says(any_report: Report) -> None:
    """Reports are valid under the schema of SARIF 2.1.0."""
    valid(json.loads(render(any_report, "sarif")), SARIF)


def test_sarif_refers_to_what_is_there(any_report: Report) -> None:
    """Numbers of rules and files, and links in messages, lead to what they mean."""
    run = run_of(any_report)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        related = result.get("relatedLocations", [])
        links = re.findall(r"(?<!\\)\]\((\d+)\)", result["message"]["text"])
        assert [int(link) for link in links] == [location["id"] for location in related]
        for location in [*result["locations"], *related]:
            meant = location["physicalLocation"]["artifactLocation"]
            found = run["artifacts"][meant["index"]]["location"]
            assert found == {key: meant[key] for key in found}


def test_sarif_tells_apart_what_github_tells_apart(any_report: Report) -> None:
    """No two results have the same fingerprint."""
    prints = [
        result["partialFingerprints"][sarif.FINGERPRINT] for result in run_of(any_report)["results"]
    ]
    assert len(set(prints)) == len(prints)
    assert len(prints) == len(any_report.findings) + any_report.suppressed


def test_sarif_tells_what_is_suppressed(everything: Report) -> None:
    """Suppressed findings are results with their suppression, and all others say they have none."""
    told = [len(result["suppressions"]) for result in run_of(everything)["results"]]
    assert told == [0] * len(everything.findings) + [1] * everything.suppressed
    assert not [
        it for it in run_of(everything._replace(silenced=()))["results"] if "suppressions" in it
    ]


def test_sarif_for_github_leaves_out_what_is_suppressed(
    everything: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code scanning would open an alert for it."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert render(everything, "sarif") == render(everything._replace(silenced=()), "sarif")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_what_github_takes(rule: Any) -> None:
    """A title, a description of at most 1024 characters, and the whole page."""
    told = pages_of([Finding(Place("a.yml", ()), "m", rule=rule.id, name=rule.name)])[rule.id]
    assert (told.name, told.title, told.url) == (rule.name, rule.title, rule.url)
    assert told.page.startswith(f"# {rule.id} {rule.name}\n\n{told.description.splitlines()[0]}\n")
    assert len(told.description.splitlines()) > 1
    assert len(told.description) <= 1024


def test_sarif_lists_the_rules_of_its_results_in_catalogue_order(samples: Report) -> None:
    """Only what has found something: a page for each rule would make every report big."""
    found = {finding.rule for finding in samples.findings}
    rules = [rule["id"] for rule in run_of(samples)["tool"]["driver"]["rules"]]
    assert rules == [rule.id for rule in RULES if rule.id in found]


def test_a_rule_that_is_not_ours_is_named(everything: Report) -> None:
    """Other rules than ours have no page, and are told all the same."""
    strange = everything.findings[0]._replace(rule="E9999", name="of-others")
    run = run_of(Report(1, [strange], sources=everything.sources))
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"]) == ("E9999", "of-others")
    assert rule["shortDescription"] == rule["fullDescription"] == {"text": "of-others"}
    assert "help" not in rule


Characters = tuple[int, int, str]


def written(text: str, changes: Iterable[Characters]) -> str:
    """A text with changes of characters, all of the text as it is."""
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def offset(text: str, line: int, column: int) -> int:
    starts = [0, *(it.end() for it in re.finditer(r"\r\n|\r|\n", text))]
    return starts[line - 1] + column - 1


def of_json(text: str, edits: Iterable[dict[str, Any]]) -> Iterator[Characters]:
    for it in edits:
        yield offset(text, **it["start"]), offset(text, **it["end"]), it["text"]


def of_sarif(text: str, replacements: Iterable[dict[str, Any]]) -> Iterator[Characters]:
    for it in replacements:
        region = it["deletedRegion"]
        start = offset(text, region["startLine"], region["startColumn"])
        end = offset(text, region["endLine"], region["endColumn"])
        yield start, end, it.get("insertedContent", {"text": ""})["text"]


def fix_in(report: Report, finding: Finding) -> Fix:
    def data_of(file: str) -> Any:
        source = report.sources[file]
        assert isinstance(source, Document)
        return source.data

    fix = fix_of(finding, data_of)
    assert fix is not None
    return fix


def test_every_fix_says_the_same_in_every_way(samples: Report) -> None:
    """Edits and operations of JSON, and replacements of SARIF, come to the text of the fix."""
    documents = json.loads(render(samples, "json"))["findings"]
    results = run_of(samples)["results"]
    count = 0
    for finding, told, result in zip(samples.findings, documents, results, strict=False):
        if told["fix"] is None:
            assert "fixes" not in result
            continue
        count += 1
        fix = fix_in(samples, finding)
        (shown,) = result["fixes"]
        for file, change in zip(fix.files, shown["artifactChanges"], strict=True):
            text = samples.sources[file].text
            new = changed(text, text_changes(text, [it for it in fix.edits if it.file == file]))
            edits = [it for it in told["fix"]["edits"] if it["file"] == file]
            assert written(text, of_json(text, edits)) == new != text
            assert written(text, of_sarif(text, change["replacements"])) == new
            assert change["artifactLocation"]["uri"] == file
        assert [tuple(it.values()) for it in told["fix"]["operations"]] == [
            (it.file, it.operation.value, spell(it.path), it.value) for it in fix.edits
        ]
        described = shown["description"]["text"]
        assert described.startswith(fix.title)
        assert described.endswith(sarif.REVIEW) is (told["fix"]["applicability"] == "review")
    assert count > 20


def test_a_suggestion_is_the_lines_as_they_will_be(samples: Report) -> None:
    """What GitHub writes in the place of the lines that are named gives the text of the fix."""
    ways_out, count = WaysOut(samples), 0
    for finding in samples.findings:
        fix = ways_out.of(finding).fix
        found = re.search(
            r"lines? (\d+)(?: to (\d+))? of `(.*)`:\n\n(```+)suggestion\n((?:.*?\n)??)\4\n",
            render(samples._replace(findings=[finding], errors=()), "markdown"),
            re.DOTALL,
        )
        if found is None:
            assert fix is None or len(fix.lines) != 1
            continue
        assert fix is not None
        count += 1
        text = samples.sources[found[3]].text
        lines = text.split("\n")
        lines[int(found[1]) - 1 : int(found[2] or found[1])] = found[5].split("\n")[:-1]
        changes = [
            (offset(text, *it.span.start), offset(text, *it.span.end), it.text)
            for it in fix.changes
        ]
        assert "\n".join(lines) == written(text, changes)
    assert count > 10


# --- JUnit ---------------------------------------------------------------------------------------


def outcomes(suite: ET.Element) -> Iterator[str]:
    for case in suite.iter("testcase"):
        yield case[0].tag if len(case) else "passed"


def test_junit_counts_what_it_has(any_report: Report) -> None:
    """The counts of each suite and of the whole are true, and no two cases have the same name."""
    whole = ET.fromstring(render(any_report, "junit"))
    for suite in [whole, *whole.iter("testsuite")]:
        got = list(outcomes(suite))
        assert suite.attrib["tests"] == str(len(got))
        assert suite.attrib["failures"] == str(got.count("failure"))
        assert suite.attrib["errors"] == str(got.count("error"))
    names = [(it.attrib["classname"], it.attrib["name"]) for it in whole.iter("testcase")]
    assert len(set(names)) == len(names)
    failing = any_report.count(Severity.ERROR) + any_report.count(Severity.WARNING)
    assert whole.attrib["failures"] == str(failing)
    assert whole.attrib["errors"] == str(len(any_report.errors))


def test_junit_has_a_suite_for_every_file(samples: Report) -> None:
    """A clean file has a case that passes."""
    whole = ET.fromstring(render(samples, "junit"))
    suites = list(whole.iter("testsuite"))
    silent = {suite.attrib["name"] for suite in suites if list(outcomes(suite)) == ["passed"]}
    names = [suite.attrib["name"] for suite in suites]
    assert set(samples.templates) <= set(names)
    assert len(set(names)) == len(names)
    told = {finding.at.file for finding in samples.findings}
    assert silent >= set(samples.templates) - told != set()


# --- GitLab --------------------------------------------------------------------------------------


def test_gitlab_has_what_gitlab_takes(any_report: Report) -> None:
    """The properties of its documentation, and fingerprints that differ."""
    issues = json.loads(render(any_report, "gitlab"))
    assert len(issues) == len(any_report.findings) + len(any_report.errors)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["lines"]["begin"] >= 1


@pytest.mark.parametrize(
    ("format", "variable"),
    [("sarif", "GITHUB_WORKSPACE"), ("github", "GITHUB_WORKSPACE"), ("gitlab", "CI_PROJECT_DIR")],
)
def test_files_are_told_from_the_root_of_the_checkout(
    everything: Report,
    format: str,
    variable: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A job that works in a folder of the checkout has its findings shown in the right files."""
    (tmp_path / "api").mkdir()
    monkeypatch.chdir(tmp_path / "api")
    assert "api/web.stack.yml" not in render(everything, format)
    monkeypatch.setenv(variable, str(tmp_path))
    assert "api/web.stack.yml" in render(everything, format)
