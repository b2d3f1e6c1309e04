"""Helps that other processes have worked out are kept packed."""

from __future__ import annotations

import pickle
from pathlib import Path

from tests.test_samples import ROOT

from copilot_preflight.base.finding import Finding, Report
from copilot_preflight.edits.packed import PackedHelp, unpacked
from copilot_preflight.render.formats import render
from copilot_preflight.render.helps import Writer
from copilot_preflight.run import check as engine

SAMPLE = "sample_templates/broken/action-unknown"


def report_of(sample: str) -> Report:
    return engine.check([str(ROOT / sample)])


def with_help(report: Report) -> Finding:
    return next(it for it in report.findings if it.remedy is not None)


def test_a_packed_help_says_what_it_said() -> None:
    report = report_of(SAMPLE)
    finding, writer = with_help(report), Writer(report.sources)
    kept = writer.kept(finding)
    assert isinstance(kept.remedy, PackedHelp)
    assert kept.help == ""
    assert writer.of(kept) == writer.of(finding)
    assert writer.applicability_of(kept) == writer.applicability_of(finding) == "review"
    again = unpacked(pickle.loads(pickle.dumps(kept)))
    assert again._replace(remedy=None) == finding._replace(remedy=None)
    assert again.remedy is not None
    assert finding.remedy is not None
    assert again.remedy.text == kept.remedy.text == finding.remedy.text


def test_it_is_small() -> None:
    report = report_of(SAMPLE)
    kept = Writer(report.sources).kept(with_help(report))
    assert isinstance(kept.remedy, PackedHelp)
    assert len(kept.remedy.packed) < 0.6 * len(pickle.dumps(kept.remedy.help))


def test_a_sentence_alone_is_not_packed() -> None:
    finding = with_help(report_of(SAMPLE))._replace(remedy=None)
    assert Writer({}).kept(finding) is finding
    assert unpacked(finding) is finding


def test_findings_of_other_processes_share_their_words(tmp_path: Path) -> None:
    """A rule says the same of each of ten thousand templates."""
    text = next((ROOT / SAMPLE).rglob("*.stack.yml")).read_text()
    for number in range(4):
        (tmp_path / f"web{number}-test.stack.yml").write_text(text)
    options = engine.Options(jobs=2, shows_ways_out=True)
    report = engine.check([str(tmp_path)], options)
    first, *others = (it for it in report.findings if isinstance(it.remedy, PackedHelp))
    alike = [it for it in others if it.message == first.message]
    assert len(alike) == 2  # the first template is judged in this process
    for finding in alike:
        assert finding.message is first.message
        assert finding.call is first.call
        assert finding.at.path is first.at.path
    alone = engine.check([str(tmp_path)], options._replace(jobs=1))
    assert render(report, "text") == render(alone, "text")
